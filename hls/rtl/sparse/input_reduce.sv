// Input reduction: the first SLOTS active pixels of the image, in raster order, as compact arrays
//
//     features[n] = image[p_n],   (row[n], column[n]) of p_n, 1-based;   (0, .) = empty slot
//     active(p)  <=>  channel 0 of image[p] > THRESHOLD
//
// ROWS rows enter a cycle. out_valid is high three cycles after the event's last rows, and one more for CUT_ABOVE, a register
// behind the comparison, and the cuts of reduce_rows; the outputs stay until the next event's.
module input_reduce #(
  parameter int WIDTH = 63,
  parameter int PIXEL = 8,          // bits of all channels of a pixel
  parameter int BITS = 8,           // bits of channel 0, the lowest
  parameter bit IS_SIGNED = 0,
  parameter logic [BITS-1:0] THRESHOLD = '0,  // not negative, so that a pixel of zeros is never active
  parameter int ROWS = 8,
  parameter int SLOTS = 20,
  parameter int ROW_BITS = 6,
  parameter int COLUMN_BITS = 6,
  parameter bit CUT_ABOVE = 0,
  parameter bit CUT_TAKE = 0,
  parameter logic [7:0] SUM_CUTS = '0
) (
  input  logic clk,
  input  logic rst,
  input  logic in_valid,
  input  logic in_last,
  input  logic [ROWS-1:0][WIDTH-1:0][PIXEL-1:0] in_rows,
  output logic out_valid,
  output logic [SLOTS-1:0][PIXEL-1:0] features,
  output logic [SLOTS-1:0][ROW_BITS-1:0] row,
  output logic [SLOTS-1:0][COLUMN_BITS-1:0] column
);
  localparam int RANK = SLOTS > 8 ? $clog2(SLOTS) + 1 : 4;  // as in reduce_rows
  logic [ROWS-1:0][WIDTH-1:0][PIXEL-1:0] rows_1;
  logic [ROWS-1:0][WIDTH-1:0] active, active_1;
  logic valid_1, last_1, ranks_valid, ranks_last, slots_valid, slots_last, unused;
  logic [1:0] tag;
  for (genvar r = 0; r < ROWS; r++) begin : rows_of_pixels
    for (genvar c = 0; c < WIDTH; c++) begin : pixels
      above_level #(.BITS(BITS), .IS_SIGNED(IS_SIGNED), .LEVEL(THRESHOLD)) u_above (
        .code(in_rows[r][c][BITS-1:0]), .above(active[r][c]));
    end
  end
  delayed_rows #(.BITS(ROWS * WIDTH * (1 + PIXEL)), .CYCLES(32'(CUT_ABOVE))) u_cut_active (
    .clk, .rst, .in_valid, .in_last, .in_data({active, in_rows}), .out_valid(valid_1), .out_last(last_1),
    .out_data({active_1, rows_1}));

  logic [RANK-1:0] seen, after;     // `seen` pixels came in earlier rows of the event
  logic [SLOTS-1:0] take;
  logic [SLOTS-1:0][PIXEL-1:0] pixel;
  logic [SLOTS-1:0][ROW_BITS-1:0] taken_row;
  logic [SLOTS-1:0][COLUMN_BITS-1:0] taken_column;
  reduce_rows #(.WIDTH(WIDTH), .PIXEL(PIXEL), .ROWS(ROWS), .SLOTS(SLOTS), .ROW_BITS(ROW_BITS),
                .COLUMN_BITS(COLUMN_BITS), .CUT_TAKE(CUT_TAKE), .SUM_CUTS(SUM_CUTS)) u_rows (
    .clk, .rst, .in_valid(valid_1), .in_last(last_1), .in_tag(1'b0), .active(active_1), .in_rows(rows_1), .ranks_valid,
    .ranks_last, .ranks_tag(tag[0]), .base(seen), .after, .slots_valid, .slots_last, .slots_tag(tag[1]), .take, .pixel,
    .row(taken_row), .column(taken_column));
  assign unused = ^tag;
  always_ff @(posedge clk) begin
    if (rst || ranks_valid && ranks_last) seen <= '0;
    else if (ranks_valid) seen <= after;
    out_valid <= slots_valid && slots_last && !rst;
  end
  for (genvar o = 0; o < SLOTS; o++) begin : slots
    reduce_slot #(.PIXEL(PIXEL), .ROW_BITS(ROW_BITS), .COLUMN_BITS(COLUMN_BITS)) u_slot (
      .clk, .rst, .valid(slots_valid), .last(slots_last), .take(take[o]), .new_pixel(pixel[o]), .new_row(taken_row[o]),
      .new_column(taken_column[o]), .pixel(features[o]), .row(row[o]), .column(column[o]));
  end
endmodule
