// Sparsity-preserving depthwise convolution over all pairs of slots: every channel has a kernel of its own
//
//     sum[i][c] = bias[c] + sum_j [row_j != 0] W[(row, column)_j - (row, column)_i][c] x[j][c]
//
// A qconv2d_sparse of one filter for every channel, with its timing: PIXELS slots with all CHANNELS at once, a beat a cycle.
module qdepthwise_conv2d_sparse #(
  parameter int CHANNELS = 1,
  parameter int SLOTS = 20,           // a multiple of PIXELS; the last may be always empty
  parameter bit DSP = 1,
  parameter int PIXELS = 4,
  parameter int KERNEL_HEIGHT = 7,
  parameter int KERNEL_WIDTH = 7,
  parameter bit X_SIGNED = 0,
  parameter int ROW_BITS = 6,
  parameter int COLUMN_BITS = 6,
  parameter int X_BITS = 8,
  parameter int W_BITS = 8,
  parameter int SUM_BITS = 24,
  parameter bit OFFSET = 0,
  parameter bit CASCADE = 0,
  parameter logic [31:0] MULTIPLY = '0,
  parameter logic [31:0] CUTS = '0,
  parameter int ADDRESS = 6,
  parameter logic [((CHANNELS*W_BITS)<<ADDRESS)-1:0] TABLE = '0,  // of bits, the lowest channel first
  parameter logic [CHANNELS*SUM_BITS-1:0] BIAS = '0
) (
  input  logic clk,
  input  logic start,
  input  logic [SLOTS*CHANNELS*X_BITS-1:0] features,
  input  logic [SLOTS*ROW_BITS-1:0] row,
  input  logic [SLOTS*COLUMN_BITS-1:0] column,
  output logic [PIXELS*CHANNELS*SUM_BITS-1:0] sum,
  output logic [PIXELS-1:0] active
);
  localparam int PLANES = W_BITS << ADDRESS;
  logic [CHANNELS*PIXELS-1:0] actives;  // the same of every channel
  logic unused;
  for (genvar c = 0; c < CHANNELS; c++) begin : channels
    logic [SLOTS*X_BITS-1:0] x;
    logic [PIXELS*SUM_BITS-1:0] sums;
    for (genvar n = 0; n < SLOTS; n++) begin : slots
      assign x[n*X_BITS+:X_BITS] = features[(n*CHANNELS+c)*X_BITS+:X_BITS];
    end
    qconv2d_sparse #(
      .SLOTS(SLOTS), .PIXELS(PIXELS), .ROW_BITS(ROW_BITS), .COLUMN_BITS(COLUMN_BITS), .KERNEL_HEIGHT(KERNEL_HEIGHT),
      .KERNEL_WIDTH(KERNEL_WIDTH), .X_BITS(X_BITS), .X_SIGNED(X_SIGNED), .W_BITS(W_BITS),
      .SUM_BITS(SUM_BITS), .DSP(DSP), .OFFSET(OFFSET), .CASCADE(CASCADE), .MULTIPLY(MULTIPLY), .CUTS(CUTS),
      .ADDRESS(ADDRESS), .TABLE(TABLE[c*PLANES+:PLANES]),
      .BIAS(BIAS[c*SUM_BITS+:SUM_BITS])
    ) u_conv (.clk, .start, .row, .column, .features(x), .active(actives[c*PIXELS+:PIXELS]), .sum(sums));
    for (genvar p = 0; p < PIXELS; p++) begin : pixels
      assign sum[(p*CHANNELS+c)*SUM_BITS+:SUM_BITS] = sums[p*SUM_BITS+:SUM_BITS];
    end
  end
  assign active = actives[PIXELS-1:0];
  assign unused = ^actives;
endmodule
