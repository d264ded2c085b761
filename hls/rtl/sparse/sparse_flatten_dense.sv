// Flatten and the dense layer behind it, without the flattened image: every slot looks up the weights of its own position
//
//     sum[u] = BIAS[u] + sum_slots sum_c W[position(row, column)][c][u] x[c]
//
// An average pooling in between needs no stage of its own: the position is then that of the cell, and its constant factor
// is applied to the sum. Tables as in position_weights; where there is no position, the features become 0.
//
// Beats of PIXELS slots and CHANNELS channels, channel groups first, one a cycle from `start` on; `x` and `active` come one
// cycle after the coordinates. `sum` is whole BEATS + 3 cycles after `start` (with CUT, 4), for that one cycle.
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
  parameter int LEVELS = 2,
  parameter int CUT = 0,
  parameter int SUM_BITS = 23,
  parameter bit DSP = 1,
  parameter int WORD = UNITS * W_BITS + PAIRS,  // weights of one channel
  parameter int ADDRESS = POSITION_BITS,        // + channel group
  parameter logic [((CHANNELS*WORD)<<ADDRESS)-1:0] WEIGHTS = '0,  // as TABLE of position_weights
  parameter logic [UNITS*SUM_BITS-1:0] BIAS = '0
) (
  input  logic clk,
  input  logic start,
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
  logic [PIXELS*ROW_BITS-1:0] own_row;
  logic [PIXELS*COLUMN_BITS-1:0] own_column;
  logic [TERMS*WORD-1:0] weights;
  logic [TERMS*X_BITS-1:0] features;
  logic [PIXELS-1:0] somewhere;
  logic first;

  beat_counter #(.OUTER(GROUPS), .INNER(CHANNEL_GROUPS)) u_beat (
    .clk, .start, .outer(slot_group), .inner(channel_group));
  wide_mux #(.INPUTS(GROUPS), .BITS(PIXELS * ROW_BITS)) u_row (.d(row), .select(slot_group), .y(own_row));
  wide_mux #(.INPUTS(GROUPS), .BITS(PIXELS * COLUMN_BITS)) u_column (.d(column), .select(slot_group), .y(own_column));
  for (genvar p = 0; p < PIXELS; p++) begin : lanes
    position_weights #(
      .ROW_BITS(ROW_BITS), .COLUMN_BITS(COLUMN_BITS), .POSITION_BITS(POSITION_BITS), .ROWS(ROWS), .COLUMNS(COLUMNS),
      .GROUP_BITS(CHANNEL_GROUPS > 1 ? GROUP_BITS : 0), .WORD(CHANNELS * WORD), .TABLE(WEIGHTS)
    ) u_weights (
      .clk, .group(channel_group), .row(own_row[p*ROW_BITS+:ROW_BITS]),
      .column(own_column[p*COLUMN_BITS+:COLUMN_BITS]), .somewhere(somewhere[p]),
      .weights(weights[p*CHANNELS*WORD+:CHANNELS*WORD]));
    always_ff @(posedge clk)
      features[p*CHANNELS*X_BITS+:CHANNELS*X_BITS] <= active[p] && somewhere[p] ? x[p*CHANNELS*X_BITS+:CHANNELS*X_BITS] : '0;
  end

  // The first beat of an event adds to the bias, the others to the sum so far.
  localparam int DELAY = CUT > 0 ? 4 : 3;
  logic [DELAY:1] starts;
  always_ff @(posedge clk) starts <= DELAY'({starts, start});
  assign first = starts[DELAY];
  for (genvar k = 0; k < UNITS - PAIRS; k++) begin : units
    localparam bit PAIR = k < PAIRS;
    localparam int SIZE = PAIR ? PAIR_WORD : W_BITS;
    localparam int FROM = PAIR ? k * PAIR_WORD : PAIRS * PAIR_WORD + (k - PAIRS) * W_BITS;
    localparam int UNIT = PAIR ? 2 * k : k + PAIRS;
    localparam int SUMS = (PAIR ? 2 : 1) * SUM_BITS;
    logic [TERMS*SIZE-1:0] w;
    logic [SUMS-1:0] so_far, beat, next;
    for (genvar t = 0; t < TERMS; t++) begin : terms
      assign w[t*SIZE+:SIZE] = weights[t*WORD+FROM+:SIZE];
    end
    assign so_far = first ? BIAS[UNIT*SUM_BITS+:SUMS] : sum[UNIT*SUM_BITS+:SUMS];
    dot_product #(
      .TERMS(TERMS), .X_BITS(X_BITS), .X_SIGNED(X_SIGNED), .W_BITS(W_BITS), .PAIR(PAIR), .SHIFT(SHIFT), .LEVELS(LEVELS),
      .CUT(CUT), .SUM_BITS(SUM_BITS), .DSP(DSP)
    ) u_dot (.clk, .x(features), .w, .bias(CUT > 0 ? '0 : so_far), .sum(beat));
    for (genvar s = 0; s < SUMS; s += SUM_BITS) begin : sums
      assign next[s+:SUM_BITS] = CUT > 0 ? beat[s+:SUM_BITS] + so_far[s+:SUM_BITS] : beat[s+:SUM_BITS];
    end
    always_ff @(posedge clk) sum[UNIT*SUM_BITS+:SUMS] <= next;
  end
endmodule
