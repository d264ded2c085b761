// Patches of P x Q pixels as pixels of 1 + P Q channels: the largest value, lowest, then the values in raster order. With a
// register behind the first FIRST levels of the tree of maxima, behind every EVERY of the others, and behind the last: rows
// come out as many cycles later.
module patch_pixels #(
  parameter int ROWS = 3,           // of patches
  parameter int WIDTH = 21,         // in patches
  parameter int P = 3,
  parameter int Q = 3,
  parameter int BITS = 8,
  parameter bit IS_SIGNED = 0,
  parameter int FIRST = 1,
  parameter int EVERY = 2
) (
  input  logic clk,
  input  logic rst,
  input  logic in_valid,
  input  logic in_last,
  input  logic [ROWS-1:0][P-1:0][WIDTH-1:0][Q-1:0][BITS-1:0] in_rows,
  output logic out_valid,
  output logic out_last,
  output logic [ROWS-1:0][WIDTH-1:0][P*Q:0][BITS-1:0] out_rows
);
  localparam int LEVELS = $clog2(P * Q);
  localparam int CYCLES = LEVELS > FIRST ? 1 + (LEVELS - FIRST + EVERY - 1) / EVERY : 1;
  logic [ROWS*WIDTH*P*Q*BITS-1:0] values, values_1;
  delayed_rows #(.BITS(ROWS * WIDTH * P * Q * BITS), .CYCLES(CYCLES)) u_values (
    .clk, .rst, .in_valid, .in_last, .in_data(values), .out_valid, .out_last, .out_data(values_1));
  for (genvar r = 0; r < ROWS; r++) begin : rows
    for (genvar c = 0; c < WIDTH; c++) begin : patches
      localparam int AT = (r * WIDTH + c) * P * Q * BITS;
      for (genvar y = 0; y < P; y++) begin : lines
        assign values[AT+y*Q*BITS+:Q*BITS] = in_rows[r][y][c];
      end
      max_pipeline #(.COUNT(P * Q), .BITS(BITS), .IS_SIGNED(IS_SIGNED), .EVERY(EVERY), .LEFT(FIRST)) u_largest (
        .clk, .x(values[AT+:P*Q*BITS]), .largest(out_rows[r][c][0]));
      assign out_rows[r][c][P*Q:1] = values_1[AT+:P*Q*BITS];
    end
  end
endmodule
