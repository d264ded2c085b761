// sum of COUNT signed numbers, a binary tree of adders; with CUT = k > 0 a register after the k-th level,
// which there must be (0: combinational).
module adder_tree #(
  parameter int COUNT = 20,
  parameter int BITS = 17,
  parameter int SUM_BITS = 24,  // wide enough for the sum: the caller has computed the bound
  parameter int CUT = 0
) (
  input  logic clk,
  input  logic [COUNT*BITS-1:0] x,
  output logic signed [SUM_BITS-1:0] sum
);
  localparam int HALF = (COUNT + 1) / 2;
  localparam int WIDE = BITS + 1 < SUM_BITS ? BITS + 1 : SUM_BITS;
  if (COUNT == 1) begin : one
    logic unused;
    assign unused = clk;
    assign sum = SUM_BITS'($signed(x));
  end else begin : tree
    logic [HALF*WIDE-1:0] pairs, next;
    for (genvar i = 0; i < HALF; i++) begin : level
      logic signed [WIDE-1:0] a;
      assign a = WIDE'($signed(x[2*i*BITS+:BITS]));
      if (2 * i + 1 < COUNT) begin : pair
        logic signed [WIDE-1:0] b;
        assign b = WIDE'($signed(x[(2*i+1)*BITS+:BITS]));
        assign pairs[i*WIDE+:WIDE] = a + b;
      end else begin : alone
        assign pairs[i*WIDE+:WIDE] = a;
      end
    end
    if (CUT == 1) begin : cut
      always_ff @(posedge clk) next <= pairs;
    end else begin : through
      assign next = pairs;
    end
    adder_tree #(.COUNT(HALF), .BITS(WIDE), .SUM_BITS(SUM_BITS), .CUT(CUT > 0 ? CUT - 1 : 0)) u_rest (
      .clk, .x(next), .sum);
  end
endmodule
