// sum = BIAS + sum_k (-1)^NEGATIVE[k] 2^SHIFT[k] x[k], exact: products with constants, as adders of the constants' digits
//
// A binary tree of LEVELS levels, with a register after level l where CUTS[l] is set. Its leaves are the bias, if there is one
// or the first term is negative, and the terms, in ascending SHIFT: 2^LEVELS at most. A node holds its sum relative to
// sign and shift of its first leaf: adders are as narrow as their operands, and nothing is ever negated.
module shift_add #(
  parameter int TERMS = 3,
  parameter int BITS = 9,  // of a signed x[k]
  parameter int LEVELS = 2,
  parameter logic [31:0] CUTS = '0,
  parameter int SUM_BITS = 16,
  parameter logic [TERMS-1:0] NEGATIVE = '0,
  parameter logic [8*TERMS-1:0] SHIFT = '0,
  parameter logic [SUM_BITS-1:0] BIAS = '0
) (
  input  logic clk,
  input  logic [TERMS*BITS-1:0] x,
  output logic signed [SUM_BITS-1:0] sum
);
  localparam int OWN = BIAS != '0 || NEGATIVE[0] ? 1 : 0;  // leaves before the terms
  localparam int LEAVES = TERMS + OWN;
  localparam logic [8*LEAVES-1:0] SHIFTS = (8 * LEAVES)'(SHIFT) << 8 * OWN;
  localparam logic [LEAVES-1:0] NEGATIVES = LEAVES'(NEGATIVE) << OWN;

  // Bits of a node over the leaves first .. last - 1: |sum| <= 2^(BITS - 1) * weight; none needs more than the sum.
  function automatic int width(int first, int last);
    logic [63:0] weight;
    weight = '0;
    for (int k = first; k < last; k++) weight = weight + (64'd1 << (SHIFTS[8*k+:8] - SHIFTS[8*first+:8]));
    width = BITS;
    for (int b = 0; b < 64; b++) if ((64'd1 << b) < weight) width = BITS + b + 1;
    if (first < OWN || (width > SUM_BITS && SUM_BITS > BITS)) width = SUM_BITS;
  endfunction

  for (genvar l = 0; l <= LEVELS; l++) begin : level
    for (genvar i = 0; i << l < LEAVES; i++) begin : node
      localparam int FIRST = i << l;
      localparam int LAST = (i + 1) << l < LEAVES ? (i + 1) << l : LEAVES;
      localparam int WIDTH = width(FIRST, LAST);
      // Whatever of the last node is beyond SUM_BITS repeats its sign: the bound counts in powers of two.
      /* verilator lint_off UNUSEDSIGNAL */
      logic signed [WIDTH-1:0] value, result;
      /* verilator lint_on UNUSEDSIGNAL */
      if (l == 0 && i < OWN) begin : bias
        assign result = BIAS;
      end else if (l == 0) begin : leaf
        assign result = x[(i-OWN)*BITS+:BITS];
      end else if (FIRST + (1 << (l - 1)) >= LEAVES) begin : alone
        assign result = level[l-1].node[2*i].value;
      end else begin : pair
        localparam int MIDDLE = FIRST + (1 << (l - 1));
        localparam int APART = 32'(SHIFTS[8*MIDDLE+:8]) - 32'(SHIFTS[8*FIRST+:8]);
        logic signed [WIDTH-1:0] left, right;
        assign left = WIDTH'(level[l-1].node[2*i].value);
        assign right = WIDTH'(level[l-1].node[2*i+1].value) <<< APART;
        add #(.BITS(WIDTH), .SUBTRACT(NEGATIVES[FIRST] != NEGATIVES[MIDDLE])) u_add (.a(left), .b(right), .y(result));
      end
      if (CUTS[l]) begin : cut
        always_ff @(posedge clk) value <= result;
      end else begin : through
        assign value = result;
      end
    end
  end

  assign sum = SUM_BITS'(level[LEVELS].node[0].value) <<< SHIFTS[7:0];
  if (CUTS == '0) begin : combinational
    logic unused;
    assign unused = clk;
  end
endmodule
