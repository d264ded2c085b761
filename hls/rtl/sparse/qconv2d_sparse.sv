// Sparsity-preserving convolution over all pairs of slots
//
//     sum[i][f] = bias[f] + sum_j [row_j != 0] sum_c W[(row, column)_j - (row, column)_i][c][f] x[j][c]
//
// PIXELS slots and FILTERS of them at once, filter groups first: a beat a cycle from `start` on. Coordinates must be stable
// for all beats from `start`, `features` from LOOKUP = 1 + OFFSET cycles later; the
// first beat of sums comes LOOKUP and the registers of MULTIPLY and CUTS (see dot_product) after `start`, with `active`:
// which of its slots are. The sums of inactive slots mean nothing.
module qconv2d_sparse #(
  parameter int SLOTS = 20,           // a multiple of PIXELS; the last may be always empty
  parameter int PIXELS = 4,
  parameter int CHANNELS = 1,
  parameter int FILTERS = 1,          // computed at once
  parameter int FILTER_GROUPS = 1,
  parameter int PAIRS = 0,
  parameter int ROW_BITS = 6,
  parameter int COLUMN_BITS = 6,
  parameter int KERNEL_HEIGHT = 7,
  parameter int KERNEL_WIDTH = 7,
  parameter int X_BITS = 8,
  parameter bit X_SIGNED = 0,
  parameter int W_BITS = 8,
  parameter int SHIFT = 18,
  parameter bit OFFSET = 0,
  parameter bit CASCADE = 0,
  parameter logic [31:0] MULTIPLY = '0,
  parameter logic [31:0] CUTS = '0,
  parameter int SUM_BITS = 24,
  parameter bit DSP = 1,
  parameter int WORD = FILTERS * W_BITS + PAIRS,
  parameter int ADDRESS = 6,
  parameter logic [((CHANNELS*WORD)<<ADDRESS)-1:0] TABLE = '0,
  parameter logic [FILTER_GROUPS*FILTERS*SUM_BITS-1:0] BIAS = '0
) (
  input  logic clk,
  input  logic start,
  input  logic [SLOTS*ROW_BITS-1:0] row,
  input  logic [SLOTS*COLUMN_BITS-1:0] column,
  input  logic [SLOTS*CHANNELS*X_BITS-1:0] features,
  output logic [PIXELS-1:0] active,
  output logic [PIXELS*FILTERS*SUM_BITS-1:0] sum
);
  localparam int GROUPS = SLOTS / PIXELS;
  localparam int GROUP_BITS = FILTER_GROUPS > 1 ? $clog2(FILTER_GROUPS) : 0;
  localparam int PARTS = 1 + 32'(OFFSET) + $countones(MULTIPLY) + 32'(CUTS[0]);
  localparam int LATENCY = PARTS + $countones(CUTS >> 1);
  localparam int F = GROUP_BITS > 0 ? GROUP_BITS : 1;
  logic [(GROUPS > 1 ? $clog2(GROUPS) : 1)-1:0] slot_group, next_slot_group;
  logic [F-1:0] filter_group;
  logic [PIXELS*ROW_BITS-1:0] centre_row;
  logic [PIXELS*COLUMN_BITS-1:0] centre_column;
  logic [FILTERS*SUM_BITS-1:0] bias;
  logic [PIXELS-1:0] now;
  logic [LATENCY*PIXELS-1:0] actives;

  beat_counter #(.OUTER(GROUPS), .INNER(FILTER_GROUPS)) u_beat (
    .clk, .start, .outer(slot_group), .inner(filter_group));
  assign next_slot_group = 32'(filter_group) == FILTER_GROUPS - 1 ? slot_group + 1'b1 : slot_group;
  first_or_next #(.GROUPS(GROUPS), .BITS(PIXELS * ROW_BITS)) u_row (
    .clk, .start, .next(next_slot_group), .d(row), .y(centre_row));
  first_or_next #(.GROUPS(GROUPS), .BITS(PIXELS * COLUMN_BITS)) u_column (
    .clk, .start, .next(next_slot_group), .d(column), .y(centre_column));
  if (FILTER_GROUPS > 1) begin : biases
    logic [(PARTS+1)*F-1:0] filter_groups;  // the highest is the one whose bias is due
    assign filter_groups[F-1:0] = filter_group;
    always_ff @(posedge clk) filter_groups[PARTS*F+F-1:F] <= filter_groups[PARTS*F-1:0];
    wide_mux #(.INPUTS(FILTER_GROUPS), .BITS(FILTERS * SUM_BITS)) u_bias (
      .d(BIAS), .select(filter_groups[PARTS*F+:F]), .y(bias));
  end else begin : one_bias
    assign bias = BIAS;
  end
  for (genvar p = 0; p < PIXELS; p++) begin : lanes
    assign now[p] = centre_row[p*ROW_BITS+:ROW_BITS] != '0;
    conv_lane #(
      .SLOTS(SLOTS), .CHANNELS(CHANNELS), .FILTERS(FILTERS), .PAIRS(PAIRS), .GROUP_BITS(GROUP_BITS), .ROW_BITS(ROW_BITS),
      .COLUMN_BITS(COLUMN_BITS), .KERNEL_HEIGHT(KERNEL_HEIGHT), .KERNEL_WIDTH(KERNEL_WIDTH), .X_BITS(X_BITS),
      .X_SIGNED(X_SIGNED), .W_BITS(W_BITS), .SHIFT(SHIFT), .SUM_BITS(SUM_BITS), .DSP(DSP),
      .OFFSET(OFFSET), .CASCADE(CASCADE), .MULTIPLY(MULTIPLY), .CUTS(CUTS), .ADDRESS(ADDRESS), .TABLE(TABLE)
    ) u_lane (
      .clk, .group(filter_group), .centre_row(centre_row[p*ROW_BITS+:ROW_BITS]),
      .centre_column(centre_column[p*COLUMN_BITS+:COLUMN_BITS]), .row, .column, .features, .bias,
      .sum(sum[p*FILTERS*SUM_BITS+:FILTERS*SUM_BITS]));
  end
  always_ff @(posedge clk) actives <= (LATENCY * PIXELS)'({actives, now});
  assign active = actives[LATENCY*PIXELS-1-:PIXELS];
endmodule
