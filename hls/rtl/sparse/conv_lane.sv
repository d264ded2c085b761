// One output pixel of the sparse convolution: the weights towards every slot, then a dot product for each unit (a filter,
// or a pair of filters that share their products). The slots' coordinates are read in a cycle, `features`
// LOOKUP = 1 + OFFSET cycles later; the sums are there as many cycles later as MULTIPLY and CUTS, see dot_product, have
// registers.
module conv_lane #(
  parameter int SLOTS = 20,
  parameter int CHANNELS = 1,
  parameter int FILTERS = 1,          // computed at once
  parameter int PAIRS = 0,            // of them, the first 2 PAIRS share products
  parameter int GROUP_BITS = 0,
  parameter int ROW_BITS = 6,
  parameter int COLUMN_BITS = 6,
  parameter int KERNEL_HEIGHT = 7,
  parameter int KERNEL_WIDTH = 7,
  parameter int X_BITS = 8,
  parameter bit X_SIGNED = 0,
  parameter int W_BITS = 8,
  parameter int SHIFT = 18,
  parameter bit OFFSET = 0,           // as in conv_tap
  parameter bit CASCADE = 0,
  parameter logic [31:0] MULTIPLY = '0,
  parameter logic [31:0] CUTS = '0,
  parameter int SUM_BITS = 24,
  parameter bit DSP = 1,
  parameter int WORD = FILTERS * W_BITS + PAIRS,  // weights of one channel
  parameter int ADDRESS = 6,
  parameter logic [((CHANNELS*WORD)<<ADDRESS)-1:0] TABLE = '0
) (
  input  logic clk,
  input  logic [(GROUP_BITS > 0 ? GROUP_BITS : 1)-1:0] group,
  input  logic [ROW_BITS-1:0] centre_row,
  input  logic [COLUMN_BITS-1:0] centre_column,
  input  logic [SLOTS*ROW_BITS-1:0] row,
  input  logic [SLOTS*COLUMN_BITS-1:0] column,
  input  logic [SLOTS*CHANNELS*X_BITS-1:0] features,
  input  logic [FILTERS*SUM_BITS-1:0] bias,
  output logic [FILTERS*SUM_BITS-1:0] sum
);
  localparam int TERMS = SLOTS * CHANNELS;
  localparam int PAIR_WORD = 2 * W_BITS + 1;
  logic [TERMS*WORD-1:0] weights;
  for (genvar n = 0; n < SLOTS; n++) begin : slots
    conv_tap #(
      .ROW_BITS(ROW_BITS), .COLUMN_BITS(COLUMN_BITS), .KERNEL_HEIGHT(KERNEL_HEIGHT), .KERNEL_WIDTH(KERNEL_WIDTH),
      .GROUP_BITS(GROUP_BITS), .OFFSET(OFFSET), .WORD(CHANNELS * WORD), .TABLE(TABLE)
    ) u_tap (
      .clk, .group, .centre_row, .centre_column, .row(row[n*ROW_BITS+:ROW_BITS]),
      .column(column[n*COLUMN_BITS+:COLUMN_BITS]), .weights(weights[n*CHANNELS*WORD+:CHANNELS*WORD]));
  end
  for (genvar u = 0; u < FILTERS - PAIRS; u++) begin : units
    localparam bit PAIR = u < PAIRS;
    localparam int SIZE = PAIR ? PAIR_WORD : W_BITS;
    localparam int FROM = PAIR ? u * PAIR_WORD : PAIRS * PAIR_WORD + (u - PAIRS) * W_BITS;
    localparam int FIRST = PAIR ? 2 * u : u + PAIRS;  // filter
    logic [TERMS*SIZE-1:0] w;
    for (genvar t = 0; t < TERMS; t++) begin : terms
      assign w[t*SIZE+:SIZE] = weights[t*WORD+FROM+:SIZE];
    end
    dot_product #(
      .TERMS(TERMS), .X_BITS(X_BITS), .X_SIGNED(X_SIGNED), .W_BITS(W_BITS), .PAIR(PAIR), .SHIFT(SHIFT),
      .SUM_BITS(SUM_BITS), .DSP(DSP), .CASCADE(CASCADE), .MULTIPLY(MULTIPLY), .CUTS(CUTS)
    ) u_dot (
      .clk, .x(features), .w, .bias(bias[FIRST*SUM_BITS+:(PAIR?2:1)*SUM_BITS]),
      .sum(sum[FIRST*SUM_BITS+:(PAIR?2:1)*SUM_BITS]));
  end
endmodule
