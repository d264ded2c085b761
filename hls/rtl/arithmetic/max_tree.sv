// Largest of COUNT signed numbers, a binary tree; with CUT = k > 0 a register after the k-th level, or behind the last if
// there are fewer (0: combinational).
module max_tree #(
  parameter int COUNT = 20,
  parameter int BITS = 9,
  parameter int CUT = 0
) (
  input  logic clk,
  input  logic [COUNT*BITS-1:0] x,
  output logic signed [BITS-1:0] largest
);
  localparam int HALF = (COUNT + 1) / 2;
  if (COUNT == 1 && CUT > 0) begin : one_cut
    always_ff @(posedge clk) largest <= x;
  end else if (COUNT == 1) begin : one
    logic unused;
    assign unused = clk;
    assign largest = x;
  end else begin : tree
    logic [HALF*BITS-1:0] pairs, next;
    for (genvar i = 0; i < HALF; i++) begin : level
      if (2 * i + 1 < COUNT) begin : pair
        logic signed [BITS-1:0] a, b;
        assign a = x[2*i*BITS+:BITS];
        assign b = x[(2*i+1)*BITS+:BITS];
        assign pairs[i*BITS+:BITS] = a > b ? a : b;
      end else begin : alone
        assign pairs[i*BITS+:BITS] = x[2*i*BITS+:BITS];
      end
    end
    if (CUT == 1) begin : cut
      always_ff @(posedge clk) next <= pairs;
    end else begin : through
      assign next = pairs;
    end
    max_tree #(.COUNT(HALF), .BITS(BITS), .CUT(CUT > 0 ? CUT - 1 : 0)) u_rest (.clk, .x(next), .largest);
  end
endmodule
