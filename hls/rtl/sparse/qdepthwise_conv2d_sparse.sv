// Sparsity-preserving depthwise convolution over all pairs of slots: every channel has a kernel of its own
//
//     sum[i][c] = bias[c] + sum_j [row_j != 0] W[(row, column)_j - (row, column)_i][c] x[j][c]
//
// PIXELS slots with all CHANNELS at once: a beat a cycle from `start` on. Coordinates must be stable for all beats from
// `start`, `features` one cycle later; the first beat of sums is there LATENCY = 2 (3 with CUT) cycles after `start`, before a
// register, with `active`: which of its slots are. The sums of inactive slots mean nothing.
module qdepthwise_conv2d_sparse #(
  parameter int SLOTS = 20,           // a multiple of PIXELS; the last may be always empty
  parameter int PIXELS = 4,
  parameter int CHANNELS = 1,
  parameter int ROW_BITS = 6,
  parameter int COLUMN_BITS = 6,
  parameter int KERNEL_HEIGHT = 7,
  parameter int KERNEL_WIDTH = 7,
  parameter int X_BITS = 8,
  parameter bit X_SIGNED = 0,
  parameter int W_BITS = 8,
  parameter int LEVELS = 2,
  parameter int CUT = 0,
  parameter int SUM_BITS = 24,
  parameter bit DSP = 1,
  parameter int WORD = CHANNELS * W_BITS,  // weights of an offset
  parameter int ADDRESS = 6,
  parameter logic [(WORD<<ADDRESS)-1:0] TABLE = '0,
  parameter logic [CHANNELS*SUM_BITS-1:0] BIAS = '0
) (
  input  logic clk,
  input  logic start,
  input  logic [SLOTS*ROW_BITS-1:0] row,
  input  logic [SLOTS*COLUMN_BITS-1:0] column,
  input  logic [SLOTS*CHANNELS*X_BITS-1:0] features,
  output logic [PIXELS-1:0] active,
  output logic [PIXELS*CHANNELS*SUM_BITS-1:0] sum
);
  localparam int GROUPS = SLOTS / PIXELS;
  localparam int LATENCY = CUT > 0 ? 3 : 2;
  logic [(GROUPS > 1 ? $clog2(GROUPS) : 1)-1:0] slot_group;
  logic channel_group, unused;
  logic [PIXELS*ROW_BITS-1:0] centre_row;
  logic [PIXELS*COLUMN_BITS-1:0] centre_column;
  logic [PIXELS-1:0] now;
  logic [LATENCY*PIXELS-1:0] actives;
  logic [CHANNELS*SLOTS*X_BITS-1:0] by_channel;

  beat_counter #(.OUTER(GROUPS), .INNER(1)) u_beat (.clk, .start, .outer(slot_group), .inner(channel_group));
  assign unused = channel_group;
  wide_mux #(.INPUTS(GROUPS), .BITS(PIXELS * ROW_BITS)) u_row (.d(row), .select(slot_group), .y(centre_row));
  wide_mux #(.INPUTS(GROUPS), .BITS(PIXELS * COLUMN_BITS)) u_column (.d(column), .select(slot_group), .y(centre_column));
  for (genvar c = 0; c < CHANNELS; c++) begin : channels
    for (genvar n = 0; n < SLOTS; n++) begin : slots
      assign by_channel[(c*SLOTS+n)*X_BITS+:X_BITS] = features[(n*CHANNELS+c)*X_BITS+:X_BITS];
    end
  end
  for (genvar p = 0; p < PIXELS; p++) begin : lanes
    logic [ROW_BITS:0] corner_row;
    logic [COLUMN_BITS:0] corner_column;
    logic [SLOTS*WORD-1:0] weights;
    assign now[p] = centre_row[p*ROW_BITS+:ROW_BITS] != '0;
    assign corner_row = {1'b0, centre_row[p*ROW_BITS+:ROW_BITS]} - (ROW_BITS + 1)'(KERNEL_HEIGHT / 2);
    assign corner_column = {1'b0, centre_column[p*COLUMN_BITS+:COLUMN_BITS]} - (COLUMN_BITS + 1)'(KERNEL_WIDTH / 2);
    for (genvar n = 0; n < SLOTS; n++) begin : slots
      conv_tap #(
        .ROW_BITS(ROW_BITS), .COLUMN_BITS(COLUMN_BITS), .KERNEL_HEIGHT(KERNEL_HEIGHT), .KERNEL_WIDTH(KERNEL_WIDTH),
        .WORD(WORD), .TABLE(TABLE)
      ) u_tap (
        .clk, .group(1'b0), .corner_row, .corner_column, .row(row[n*ROW_BITS+:ROW_BITS]),
        .column(column[n*COLUMN_BITS+:COLUMN_BITS]), .weights(weights[n*WORD+:WORD]));
    end
    for (genvar c = 0; c < CHANNELS; c++) begin : units
      logic [SLOTS*W_BITS-1:0] w;
      for (genvar n = 0; n < SLOTS; n++) begin : terms
        assign w[n*W_BITS+:W_BITS] = weights[n*WORD+c*W_BITS+:W_BITS];
      end
      dot_product #(
        .TERMS(SLOTS), .X_BITS(X_BITS), .X_SIGNED(X_SIGNED), .W_BITS(W_BITS), .LEVELS(LEVELS), .CUT(CUT),
        .SUM_BITS(SUM_BITS), .DSP(DSP)
      ) u_dot (
        .clk, .x(by_channel[c*SLOTS*X_BITS+:SLOTS*X_BITS]), .w, .bias(BIAS[c*SUM_BITS+:SUM_BITS]),
        .sum(sum[(p*CHANNELS+c)*SUM_BITS+:SUM_BITS]));
    end
  end
  always_ff @(posedge clk) actives <= {actives[(LATENCY-1)*PIXELS-1:0], now};
  assign active = actives[LATENCY*PIXELS-1-:PIXELS];
endmodule
