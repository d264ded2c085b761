// Largest of COUNT signed numbers, a binary tree. CUTS: with bit l a register after level l, 0 being the numbers themselves.
module max_tree #(
  parameter int COUNT = 20,
  parameter int BITS = 9,
  parameter logic [31:0] CUTS = '0
) (
  input  logic clk,
  input  logic [COUNT*BITS-1:0] x,
  output logic signed [BITS-1:0] largest
);
  localparam int HALF = (COUNT + 1) / 2;
  logic [COUNT*BITS-1:0] leaves;
  if (CUTS[0]) begin : cut
    always_ff @(posedge clk) leaves <= x;
  end else begin : through
    logic unused;
    assign unused = clk;
    assign leaves = x;
  end
  if (COUNT == 1) begin : one
    assign largest = leaves;
  end else begin : tree
    logic [HALF*BITS-1:0] pairs;
    for (genvar i = 0; i < HALF; i++) begin : level
      if (2 * i + 1 < COUNT) begin : pair
        logic signed [BITS-1:0] a, b;
        assign a = leaves[2*i*BITS+:BITS];
        assign b = leaves[(2*i+1)*BITS+:BITS];
        assign pairs[i*BITS+:BITS] = a > b ? a : b;
      end else begin : alone
        assign pairs[i*BITS+:BITS] = leaves[2*i*BITS+:BITS];
      end
    end
    max_tree #(.COUNT(HALF), .BITS(BITS), .CUTS(CUTS >> 1)) u_rest (.clk, .x(pairs), .largest);
  end
endmodule
