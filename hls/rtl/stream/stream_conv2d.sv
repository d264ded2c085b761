// Convolution of one window a cycle with constant weights: y[f] = BIAS[f] + sum_t W[t][f] x[t], exact
//
// x: TAPS values, in order (row, column, channel). A filter is a list of terms, COUNT[f] of its TERMS, in ascending SHIFT:
// either the nonzero canonical signed digits of its weights, (-1)^NEGATIVE 2^SHIFT x[TAP], so that only adders are left;
// or, where FACTOR_BITS > 0, the nonzero weights FACTOR themselves, each a multiplier for a DSP.
// GROUP terms (a power of two) are a module of their own, with a sum of PART_BITS: tools take time that grows faster than
// a module does. LEVELS + 1 cycles, and two more for the multipliers.
module stream_conv2d #(
  parameter int TAPS = 49,
  parameter int BITS = 8,
  parameter bit IS_SIGNED = 0,
  parameter int FILTERS = 1,
  parameter int TERMS = 1,
  parameter int LEVELS = 0,
  parameter int GROUP = 64,
  parameter int PART_BITS = 16,
  parameter int SUM_BITS = 20,
  parameter int FACTOR_BITS = 0,
  parameter logic [FILTERS*16-1:0] COUNT = {FILTERS{16'd1}},
  parameter logic [FILTERS*TERMS*16-1:0] TAP = '0,
  parameter logic [FILTERS*TERMS*8-1:0] SHIFT = '0,
  parameter logic [FILTERS*TERMS-1:0] NEGATIVE = '0,
  parameter logic [FILTERS*TERMS*(FACTOR_BITS > 0 ? FACTOR_BITS : 1)-1:0] FACTOR = '0,
  parameter logic [FILTERS*SUM_BITS-1:0] BIAS = '0
) (
  input  logic clk,
  input  logic rst,
  input  logic [3:0] in_token,
  input  logic [TAPS*BITS-1:0] in_data,
  output logic [3:0] out_token,
  output logic [FILTERS*SUM_BITS-1:0] out_data
);
  localparam int FIRST_LEVELS = LEVELS < $clog2(GROUP) ? LEVELS : $clog2(GROUP);
  localparam int MOST_PARTS = (TERMS + GROUP - 1) / GROUP;
  localparam int FACTOR_SIZE = FACTOR_BITS > 0 ? FACTOR_BITS : 1;

  // Shift and sign of the first term of every group of filter f.
  function automatic logic [8*MOST_PARTS-1:0] shifts(int f);
    shifts = '0;
    for (int g = 0; g < MOST_PARTS; g++) shifts[8*g+:8] = SHIFT[8*(f*TERMS+g*GROUP)+:8];
  endfunction
  function automatic logic [MOST_PARTS-1:0] signs(int f);
    signs = '0;
    for (int g = 0; g < MOST_PARTS; g++) signs[g] = NEGATIVE[f*TERMS+g*GROUP];
  endfunction

  for (genvar f = 0; f < FILTERS; f++) begin : filters
    localparam int USED = 32'(COUNT[16*f+:16]);
    localparam int PARTS = (USED + GROUP - 1) / GROUP;
    localparam logic [8*MOST_PARTS-1:0] PART_SHIFT = shifts(f);
    localparam logic [MOST_PARTS-1:0] PART_NEGATIVE = signs(f);
    logic [PARTS*PART_BITS-1:0] sums;
    for (genvar p = 0; p < PARTS; p++) begin : parts
      localparam int FROM = f * TERMS + p * GROUP;
      localparam int HERE = USED - p * GROUP < GROUP ? USED - p * GROUP : GROUP;
      stream_partial_sum #(
        .TAPS(TAPS), .BITS(BITS), .IS_SIGNED(IS_SIGNED), .TERMS(HERE), .LEVELS(FIRST_LEVELS), .SUM_BITS(PART_BITS),
        .FACTOR_BITS(FACTOR_BITS), .TAP(TAP[16*FROM+:16*HERE]), .SHIFT(SHIFT[8*FROM+:8*HERE]),
        .NEGATIVE(NEGATIVE[FROM+:HERE]), .FACTOR(FACTOR[FACTOR_SIZE*FROM+:FACTOR_SIZE*HERE])
      ) part (.clk(clk), .x(in_data), .sum(sums[p*PART_BITS+:PART_BITS]));
    end
    stream_adder_tree #(
      .TERMS(PARTS), .BITS(PART_BITS), .LEVELS(LEVELS - FIRST_LEVELS), .SUM_BITS(SUM_BITS),
      .NEGATIVE(PART_NEGATIVE[PARTS-1:0]), .SHIFT(PART_SHIFT[8*PARTS-1:0]), .BIAS(BIAS[f*SUM_BITS+:SUM_BITS])
    ) tree (.clk(clk), .x(sums), .sum(out_data[f*SUM_BITS+:SUM_BITS]));
  end

  stream_token_delay #(.CYCLES(LEVELS + (FACTOR_BITS > 0 ? 3 : 1))) token (
    .clk(clk), .rst(rst), .in_token(in_token), .out_token(out_token));
endmodule
