// Flatten and the dense layer behind it, without the flattened image: every slot looks up the weights of its own position
//
//     sum[u] = BIAS[u] + sum_slots sum_c W[position(row, column)][c][u] x[c]
//
// An average pooling in between needs no stage of its own: the position is then that of the cell, and its constant factor
// is applied to the sum. Tables as in position_weights; where there is no position, the features become 0.
//
// Beats of PIXELS slots and CHANNELS channels, channel groups first, one a cycle from `start` on; `x` and `active` come
// LOOKUP - 1 = 1 + OWN + EARLY cycles later (OWN: a register behind the choice of the pixels; EARLY as in position_weights).
// `first` comes one cycle before the first beat is added up: LOOKUP - 1 and the registers of MULTIPLY and CUTS (see
// dot_product) after `start`. A cycle after the last one is, `sum` is whole, for that one cycle.
module sparse_flatten_dense #(
  parameter int SLOTS = 20,           // a multiple of PIXELS; the last may be always empty
  parameter int PIXELS = 4,
  parameter int CHANNELS = 3,
  parameter int CHANNEL_GROUPS = 1,
  parameter int ROW_BITS = 6,
  parameter int COLUMN_BITS = 6,
  parameter int POSITION_BITS = 7,
  parameter logic [((POSITION_BITS+1)<<ROW_BITS)-1:0] ROWS = '0,
  parameter logic [((POSITION_BITS+1)<<COLUMN_BITS)-1:0] COLUMNS = '0,
  parameter int UNITS = 16,
  parameter int PAIRS = 0,            // of units that share products
  parameter int X_BITS = 8,
  parameter bit X_SIGNED = 0,
  parameter int W_BITS = 8,
  parameter int SHIFT = 18,
  parameter bit OWN = 0,
  parameter bit EARLY = 0,
  parameter bit CASCADE = 0,
  parameter logic [31:0] MULTIPLY = '0,
  parameter logic [31:0] CUTS = '0,
  parameter int SUM_BITS = 23,
  parameter bit DSP = 1,
  parameter int WORD = UNITS * W_BITS + PAIRS,  // weights of one channel
  parameter int ADDRESS = POSITION_BITS,        // + channel group
  parameter logic [((CHANNELS*WORD)<<ADDRESS)-1:0] WEIGHTS = '0,  // as TABLE of position_weights
  parameter logic [UNITS*SUM_BITS-1:0] BIAS = '0
) (
  input  logic clk,
  input  logic start,
  input  logic first,
  input  logic [SLOTS*ROW_BITS-1:0] row,
  input  logic [SLOTS*COLUMN_BITS-1:0] column,
  input  logic [PIXELS-1:0] active,
  input  logic [PIXELS*CHANNELS*X_BITS-1:0] x,
  output logic [UNITS*SUM_BITS-1:0] sum
);
  localparam int GROUPS = SLOTS / PIXELS;
  localparam int TERMS = PIXELS * CHANNELS;
  localparam int GROUP_BITS = CHANNEL_GROUPS > 1 ? $clog2(CHANNEL_GROUPS) : 1;
  localparam int PAIR_WORD = 2 * W_BITS + 1;
  logic [(GROUPS > 1 ? $clog2(GROUPS) : 1)-1:0] slot_group;
  logic [GROUP_BITS-1:0] channel_group;
  logic [PIXELS*ROW_BITS-1:0] chosen_row, own_row;
  logic [PIXELS*COLUMN_BITS-1:0] chosen_column, own_column;
  logic [GROUP_BITS-1:0] own_group;
  logic [TERMS*WORD-1:0] weights;
  logic [TERMS*X_BITS-1:0] features;
  logic [PIXELS-1:0] somewhere;

  beat_counter #(.OUTER(GROUPS), .INNER(CHANNEL_GROUPS)) u_beat (
    .clk, .start, .outer(slot_group), .inner(channel_group));
  wide_mux #(.INPUTS(GROUPS), .BITS(PIXELS * ROW_BITS)) u_row (.d(row), .select(slot_group), .y(chosen_row));
  wide_mux #(.INPUTS(GROUPS), .BITS(PIXELS * COLUMN_BITS)) u_column (.d(column), .select(slot_group), .y(chosen_column));
  if (OWN) begin : cut
    always_ff @(posedge clk) {own_row, own_column, own_group} <= {chosen_row, chosen_column, channel_group};
  end else begin : through
    assign {own_row, own_column, own_group} = {chosen_row, chosen_column, channel_group};
  end
  for (genvar p = 0; p < PIXELS; p++) begin : lanes
    position_weights #(
      .ROW_BITS(ROW_BITS), .COLUMN_BITS(COLUMN_BITS), .POSITION_BITS(POSITION_BITS), .ROWS(ROWS), .COLUMNS(COLUMNS),
      .GROUP_BITS(CHANNEL_GROUPS > 1 ? GROUP_BITS : 0), .WORD(CHANNELS * WORD), .EARLY(EARLY), .TABLE(WEIGHTS)
    ) u_weights (
      .clk, .group(own_group), .row(own_row[p*ROW_BITS+:ROW_BITS]),
      .column(own_column[p*COLUMN_BITS+:COLUMN_BITS]), .somewhere(somewhere[p]),
      .weights(weights[p*CHANNELS*WORD+:CHANNELS*WORD]));
    always_ff @(posedge clk)
      features[p*CHANNELS*X_BITS+:CHANNELS*X_BITS] <= active[p] && somewhere[p] ? x[p*CHANNELS*X_BITS+:CHANNELS*X_BITS] : '0;
  end

  // The first beat of an event adds to the bias, the others to the sum so far: in the tree, or behind it where there are
  // registers in its last part.
  localparam bit BEHIND = CUTS >> 1 != '0;
  for (genvar k = 0; k < UNITS - PAIRS; k++) begin : units
    localparam bit PAIR = k < PAIRS;
    localparam int SIZE = PAIR ? PAIR_WORD : W_BITS;
    localparam int FROM = PAIR ? k * PAIR_WORD : PAIRS * PAIR_WORD + (k - PAIRS) * W_BITS;
    localparam int UNIT = PAIR ? 2 * k : k + PAIRS;
    localparam int SUMS = (PAIR ? 2 : 1) * SUM_BITS;
    logic [TERMS*SIZE-1:0] w;
    logic [SUMS-1:0] so_far, beat;
    for (genvar t = 0; t < TERMS; t++) begin : terms
      assign w[t*SIZE+:SIZE] = weights[t*WORD+FROM+:SIZE];
    end
    dot_product #(
      .TERMS(TERMS), .X_BITS(X_BITS), .X_SIGNED(X_SIGNED), .W_BITS(W_BITS), .PAIR(PAIR), .SHIFT(SHIFT),
      .SUM_BITS(SUM_BITS), .DSP(DSP), .CASCADE(CASCADE), .MULTIPLY(MULTIPLY), .CUTS(CUTS)
    ) u_dot (.clk, .x(features), .w, .bias(BEHIND ? '0 : so_far), .sum(beat));
    for (genvar s = 0; s < SUMS; s += SUM_BITS) begin : sums
      accumulate #(.BITS(SUM_BITS), .INCLUDED(!BEHIND), .BIAS(BIAS[UNIT*SUM_BITS+s+:SUM_BITS])) u_sum (
        .clk, .first, .beat(beat[s+:SUM_BITS]), .so_far(so_far[s+:SUM_BITS]), .sum(sum[UNIT*SUM_BITS+s+:SUM_BITS]));
    end
  end
endmodule
