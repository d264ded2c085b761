// Input reduction with an adaptive threshold, in one pass over groups of rows: as input_reduce, but active is a pixel whose
// channel 0 is above the lowest of LEVELS levels that at most SLOTS pixels of the image are above, else the highest; slots
// that are left free take the first of those above the next lower level.
//
// Pixels above each level are counted, which gives the level after these rows (adaptive_level), and so which pixels of
// theirs may have a slot (adaptive_fill), which go there by rank (reduce_rows), behind those that stay (adaptive_slots).
// out_valid is high ten cycles after the event's last rows, and one more for CUT_ROWS, a register in front of all,
// CUT_CHOSEN, one in front of reduce_rows, and the cuts of that.
module adaptive_reduce #(
  parameter int WIDTH = 63,
  parameter int PIXEL = 8,          // bits of all channels of a pixel
  parameter int BITS = 8,           // bits of channel 0, the lowest
  parameter bit IS_SIGNED = 0,
  parameter int LEVELS = 4,
  parameter logic [LEVELS*BITS-1:0] LEVEL = '0,  // the lowest first; not negative
  parameter int ROWS = 8,
  parameter int SLOTS = 8,
  parameter int ROW_BITS = 6,
  parameter int COLUMN_BITS = 6,
  parameter bit CUT_ROWS = 0,
  parameter bit CUT_CHOSEN = 0,
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
  localparam int RANK = SLOTS > 8 ? $clog2(SLOTS) + 1 : 4;           // as in reduce_rows
  localparam int COUNT = SLOTS > 6 ? $clog2(SLOTS + 2) + 1 : 4;      // of the same kind, exact up to SLOTS + 1
  localparam int LEVEL_BITS = LEVELS > 1 ? $clog2(LEVELS) : 1;
  localparam int PIXELS = ROWS * WIDTH;
  localparam int PARTS = (PIXELS + 35) / 36;
  localparam int TAG = 2 * COUNT + LEVEL_BITS;

  // Two cycles: pixels above each level
  logic [PIXELS-1:0][PIXEL-1:0] rows, rows_3, rows_6, rows_7;
  logic [PIXELS-1:0][LEVELS-1:0] above, above_3;
  logic [LEVELS-1:0][COUNT-1:0] count;
  logic valid, last, valid_1, last_1, valid_3, last_3, valid_6, last_6, valid_7, last_7, nothing, unused;
  delayed_rows #(.BITS(PIXELS * PIXEL), .CYCLES(32'(CUT_ROWS))) u_cut_rows (
    .clk, .rst, .in_valid, .in_last, .in_data(in_rows), .out_valid(valid), .out_last(last), .out_data(rows));
  for (genvar p = 0; p < PIXELS; p++) begin : pixels
    for (genvar k = 0; k < LEVELS; k++) begin : levels
      above_level #(.BITS(BITS), .IS_SIGNED(IS_SIGNED), .LEVEL(LEVEL[k*BITS+:BITS])) u_above (
        .code(rows[p][BITS-1:0]), .above(above[p][k]));
    end
  end
  for (genvar k = 0; k < LEVELS; k++) begin : counts
    logic [PARTS*36-1:0] marked;
    logic [PARTS*COUNT-1:0] part, part_1;
    for (genvar p = 0; p < PARTS * 36; p++) begin : marks
      assign marked[p] = p < PIXELS ? above[p % PIXELS][k] : 1'b0;
    end
    for (genvar p = 0; p < PARTS; p++) begin : parts
      logic [5:0] n;
      count_few #(.INPUTS(36)) u_count (.bits(marked[36*p+:36]), .count(n));
      assign part[p*COUNT+:COUNT] = {32'(n) >> (COUNT - 1) != 0, (COUNT - 1)'(n)};
    end
    always_ff @(posedge clk) part_1 <= part;
    add_counts #(.COUNT(PARTS), .BITS(COUNT)) u_sum (.counts(part_1), .sum(count[k]));
  end
  delayed_rows #(.BITS(1), .CYCLES(1)) u_valid_1 (
    .clk, .rst, .in_valid(valid), .in_last(last), .in_data(1'b0), .out_valid(valid_1), .out_last(last_1),
    .out_data(nothing));

  // Two more: the level; and three: which pixels may have a slot
  logic [LEVEL_BITS-1:0] level;
  logic [COUNT-1:0] room, base, quota;
  logic [ROWS-1:0][WIDTH-1:0] chosen, chosen_7;
  logic [TAG-1:0] tag_6, tag_7, ranks_tag, slots_tag;
  adaptive_level #(.LEVELS(LEVELS), .SLOTS(SLOTS), .BITS(COUNT)) u_level (
    .clk, .rst, .valid(valid_1), .last(last_1), .count, .out_valid(valid_3), .out_last(last_3), .level, .room, .base, .quota);
  delay #(.BITS(PIXELS * (PIXEL + LEVELS)), .CYCLES(3)) u_to_level (.clk, .d({above, rows}), .q({above_3, rows_3}));
  adaptive_fill #(.ROWS(ROWS), .WIDTH(WIDTH), .LEVELS(LEVELS), .BITS(COUNT)) u_fill (
    .clk, .level, .quota, .above(above_3), .chosen);
  delayed_rows #(.BITS(PIXELS * PIXEL + TAG), .CYCLES(3)) u_to_chosen (
    .clk, .rst, .in_valid(valid_3), .in_last(last_3), .in_data({rows_3, room, base, level}), .out_valid(valid_6),
    .out_last(last_6), .out_data({rows_6, tag_6}));
  delayed_rows #(.BITS(PIXELS * (1 + PIXEL) + TAG), .CYCLES(32'(CUT_CHOSEN))) u_cut_chosen (
    .clk, .rst, .in_valid(valid_6), .in_last(last_6), .in_data({chosen, rows_6, tag_6}), .out_valid(valid_7),
    .out_last(last_7), .out_data({chosen_7, rows_7, tag_7}));

  // Two to their slots
  logic [RANK-1:0] after;
  logic [COUNT-1:0] first;          // slots that stay
  logic ranks_valid, ranks_last, slots_valid, slots_last;
  logic [SLOTS-1:0] take, take_1;
  logic [SLOTS-1:0][PIXEL-1:0] pixel, pixel_1;
  logic [SLOTS-1:0][ROW_BITS-1:0] new_row, row_1;
  logic [SLOTS-1:0][COLUMN_BITS-1:0] new_column, column_1;
  assign first = ranks_tag[LEVEL_BITS+:COUNT];
  reduce_rows #(.WIDTH(WIDTH), .PIXEL(PIXEL), .ROWS(ROWS), .SLOTS(SLOTS), .ROW_BITS(ROW_BITS),
                .COLUMN_BITS(COLUMN_BITS), .TAG(TAG), .CUT_TAKE(CUT_TAKE), .SUM_CUTS(SUM_CUTS)) u_rows (
    .clk, .rst, .in_valid(valid_7), .in_last(last_7), .in_tag(tag_7), .active(chosen_7), .in_rows(rows_7), .ranks_valid,
    .ranks_last, .ranks_tag, .base({|first[COUNT-1:RANK-1], first[RANK-2:0]}), .after, .slots_valid, .slots_last,
    .slots_tag, .take, .pixel, .row(new_row), .column(new_column));

  // And two behind those that stay
  logic valid_9, last_9;
  logic [LEVEL_BITS-1:0] level_9;
  logic [COUNT-1:0] room_9, base_9;
  always_ff @(posedge clk) begin
    {valid_9, out_valid} <= rst ? '0 : {slots_valid, valid_9 && last_9};
    {last_9, room_9, base_9, level_9} <= {slots_last, slots_tag};
    {take_1, pixel_1, row_1, column_1} <= {take, pixel, new_row, new_column};
  end
  adaptive_slots #(.SLOTS(SLOTS), .LEVELS(LEVELS), .PIXEL(PIXEL), .BITS(BITS), .IS_SIGNED(IS_SIGNED), .LEVEL(LEVEL),
                   .ROW_BITS(ROW_BITS), .COLUMN_BITS(COLUMN_BITS), .COUNT(COUNT)) u_slots (
    .clk, .rst, .valid(valid_9), .last(last_9), .level(level_9), .next_level(slots_tag[LEVEL_BITS-1:0]), .room(room_9),
    .base(base_9), .take(take_1), .new_pixel(pixel_1), .new_row(row_1), .new_column(column_1), .pixel(features), .row,
    .column);
  assign unused = ^{nothing, ranks_valid, ranks_last, ranks_tag, after};
endmodule
