// sum = BIAS + sum_k (-1)^NEGATIVE[k] 2^SHIFT[k] x[k], exact: products with constants, as adders of the constants' digits
//
// A binary tree of LEVELS >= ceil(log2 TERMS) levels, with a register after level l where CUTS[l] is set; the bias is added
// behind the last level, before a register of the caller's. Terms stand in ascending SHIFT, and a node holds its sum
// relative to sign and shift of its first term: adders are as narrow as their operands, and nothing is ever negated.
module shift_add #(
  parameter int TERMS = 3,
  parameter int BITS = 9,  // of a signed x[k]
  parameter int LEVELS = 2,
  parameter logic [LEVELS:0] CUTS = '0,
  parameter int SUM_BITS = 16,
  parameter logic [TERMS-1:0] NEGATIVE = '0,
  parameter logic [8*TERMS-1:0] SHIFT = '0,
  parameter logic [SUM_BITS-1:0] BIAS = '0
) (
  input  logic clk,
  input  logic [TERMS*BITS-1:0] x,
  output logic signed [SUM_BITS-1:0] sum
);
  // Bits of a node over the terms first .. last - 1: |sum| <= 2^(BITS - 1) * weight; none needs more than the sum.
  function automatic int width(int first, int last);
    logic [63:0] weight;
    weight = '0;
    for (int k = first; k < last; k++) weight = weight + (64'd1 << (SHIFT[8*k+:8] - SHIFT[8*first+:8]));
    width = BITS;
    for (int b = 0; b < 64; b++) if ((64'd1 << b) < weight) width = BITS + b + 1;
    if (width > SUM_BITS && SUM_BITS > BITS) width = SUM_BITS;
  endfunction

  for (genvar l = 0; l <= LEVELS; l++) begin : level
    for (genvar i = 0; i << l < TERMS; i++) begin : node
      localparam int FIRST = i << l;
      localparam int LAST = (i + 1) << l < TERMS ? (i + 1) << l : TERMS;
      localparam int WIDTH = width(FIRST, LAST);
      // Whatever of the last node is beyond SUM_BITS repeats its sign: the bound counts in powers of two.
      /* verilator lint_off UNUSEDSIGNAL */
      logic signed [WIDTH-1:0] value, result;
      /* verilator lint_on UNUSEDSIGNAL */
      if (l == 0) begin : leaf
        assign result = x[i*BITS+:BITS];
      end else if (FIRST + (1 << (l - 1)) >= TERMS) begin : alone
        assign result = level[l-1].node[2*i].value;
      end else begin : pair
        localparam int MIDDLE = FIRST + (1 << (l - 1));
        localparam int APART = 32'(SHIFT[8*MIDDLE+:8]) - 32'(SHIFT[8*FIRST+:8]);
        logic signed [WIDTH-1:0] left, right;
        assign left = WIDTH'(level[l-1].node[2*i].value);
        assign right = WIDTH'(level[l-1].node[2*i+1].value) <<< APART;
        assign result = NEGATIVE[FIRST] == NEGATIVE[MIDDLE] ? left + right : left - right;
      end
      if (CUTS[l]) begin : cut
        always_ff @(posedge clk) value <= result;
      end else begin : through
        assign value = result;
      end
    end
  end

  logic signed [SUM_BITS-1:0] total;
  assign total = SUM_BITS'(level[LEVELS].node[0].value) <<< SHIFT[7:0];
  assign sum = NEGATIVE[0] ? $signed(BIAS) - total : $signed(BIAS) + total;
  if (CUTS == '0) begin : combinational
    logic unused;
    assign unused = clk;
  end
endmodule
