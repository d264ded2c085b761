// Input reduction with an adaptive threshold, in one pass over groups of rows: as input_reduce, but active is a pixel whose
// channel 0 is above the lowest of LEVELS levels that at most SLOTS pixels of the image are above, else the highest; slots
// that are left free take the first of those above the next lower level.
//
// Pixels above each level are counted (adaptive_counts), which gives the level after these rows (adaptive_level), and so which
// pixels of theirs may have a slot (adaptive_fill), which go there by rank (reduce_rows), behind those that stay
// (adaptive_slots). out_valid is high 13 cycles after the event's last rows, and one more for each cut of reduce_rows.
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
  localparam int PLACE = $clog2(SLOTS + 1);
  localparam int LEVEL_BITS = LEVELS > 1 ? $clog2(LEVELS) : 1;
  localparam int PIXELS = ROWS * WIDTH;
  localparam int PARTS = (ROWS * ((WIDTH + 35) / 36) + 2) / 3;        // as in adaptive_counts
  localparam int TAG = 5 * COUNT + LEVEL_BITS;

  // Four cycles: pixels above each level, and the level
  logic [PIXELS-1:0][PIXEL-1:0] rows_8;
  logic [PIXELS-1:0][LEVELS-1:0] above, above_4;
  logic [LEVELS-1:0][PARTS-1:0][COUNT-1:0] part;
  logic [LEVELS-1:0][ROWS-1:0][COUNT-1:0] upto;
  logic [LEVEL_BITS-1:0] level;
  logic [COUNT-1:0] quota;
  logic [TAG-LEVEL_BITS-1:0] numbers;
  logic [COUNT-1:0] fillers_8;
  logic valid_2, last_2, nothing, unused;
  for (genvar p = 0; p < PIXELS; p++) begin : pixels
    for (genvar k = 0; k < LEVELS; k++) begin : levels
      above_level #(.BITS(BITS), .IS_SIGNED(IS_SIGNED), .LEVEL(LEVEL[k*BITS+:BITS])) u_above (
        .code(in_rows[p/WIDTH][p%WIDTH][BITS-1:0]), .above(above[p][k]));
    end
  end
  for (genvar k = 0; k < LEVELS; k++) begin : counts
    logic [PIXELS-1:0] marked;
    for (genvar p = 0; p < PIXELS; p++) begin : marks
      assign marked[p] = above[p][k];
    end
    adaptive_counts #(.ROWS(ROWS), .WIDTH(WIDTH), .BITS(COUNT)) u_counts (.clk, .above(marked), .part(part[k]), .upto(upto[k]));
  end
  delayed_rows #(.BITS(1), .CYCLES(2)) u_valid (
    .clk, .rst, .in_valid, .in_last, .in_data(1'b0), .out_valid(valid_2), .out_last(last_2), .out_data(nothing));
  adaptive_level #(.LEVELS(LEVELS), .SLOTS(SLOTS), .BITS(COUNT), .PARTS(PARTS)) u_level (
    .clk, .rst, .valid(valid_2), .last(last_2), .part, .level, .quota, .room(numbers[0+:COUNT]),
    .base(numbers[COUNT+:COUNT]), .new_quota(numbers[2*COUNT+:2*COUNT]), .new_base(numbers[4*COUNT+:COUNT]),
    .new_fillers(fillers_8));
  delay #(.BITS(PIXELS * LEVELS), .CYCLES(4)) u_above_4 (.clk, .d(above), .q(above_4));

  // Four more: which pixels may have a slot
  logic [ROWS-1:0][WIDTH-1:0] chosen;
  logic [LEVEL_BITS-1:0] level_8;
  logic valid_8, last_8;
  adaptive_fill #(.ROWS(ROWS), .WIDTH(WIDTH), .LEVELS(LEVELS), .BITS(COUNT)) u_fill (
    .clk, .level, .quota, .above(above_4), .upto, .chosen);
  delay #(.BITS(LEVEL_BITS), .CYCLES(4)) u_level_8 (.clk, .d(level), .q(level_8));
  delayed_rows #(.BITS(PIXELS * PIXEL), .CYCLES(8)) u_rows_8 (
    .clk, .rst, .in_valid, .in_last, .in_data(in_rows), .out_valid(valid_8), .out_last(last_8), .out_data(rows_8));

  // Two to their slots
  logic [RANK-1:0] after;
  logic [TAG-1:0] ranks_tag, slots_tag;
  logic ranks_valid, ranks_last, slots_valid, slots_last;
  logic [SLOTS-1:0] take, take_1;
  logic [SLOTS-1:0][PIXEL-1:0] pixel, pixel_1;
  logic [SLOTS-1:0][ROW_BITS-1:0] new_row, row_1;
  logic [SLOTS-1:0][COLUMN_BITS-1:0] new_column, column_1;
  logic [COUNT-1:0] first;          // slots that stay
  assign first = ranks_tag[COUNT+:COUNT];
  reduce_rows #(.WIDTH(WIDTH), .PIXEL(PIXEL), .ROWS(ROWS), .SLOTS(SLOTS), .ROW_BITS(ROW_BITS),
                .COLUMN_BITS(COLUMN_BITS), .TAG(TAG), .CUT_TAKE(CUT_TAKE), .SUM_CUTS(SUM_CUTS)) u_rows (
    .clk, .rst, .in_valid(valid_8), .in_last(last_8), .in_tag({level_8, numbers}), .active(chosen), .in_rows(rows_8),
    .ranks_valid, .ranks_last, .ranks_tag, .base({|first[COUNT-1:RANK-1], first[RANK-2:0]}), .after, .slots_valid,
    .slots_last, .slots_tag, .take, .pixel, .row(new_row), .column(new_column));

  // And three behind those that stay, with numbers of the groups of rows that come in the next cycles
  logic valid_1, last_1, valid_0, last_0;
  logic [COUNT-1:0] base_1, new_quota_1, base_0;
  logic [PLACE-1:0] new_base_1;
  logic [COUNT-1:0] fillers_3, fillers_4;
  logic [LEVEL_BITS-1:0] level_3, level_4;
  delay #(.BITS(LEVEL_BITS + COUNT), .CYCLES($countones(SUM_CUTS) + 32'(CUT_TAKE))) u_level_4 (
    .clk, .d({level_8, fillers_8}), .q({level_4, fillers_4}));
  always_ff @(posedge clk) begin
    {valid_1, valid_0, out_valid} <= rst ? '0 : {slots_valid, valid_1, valid_0 && last_0};
    {last_1, new_quota_1, base_1} <= {slots_last, slots_tag[COUNT+:2*COUNT]};
    new_base_1 <= slots_tag[4*COUNT+:PLACE];
    {last_0, base_0, level_3, fillers_3} <= {last_1, base_1, level_4, fillers_4};
    {take_1, pixel_1, row_1, column_1} <= {take, pixel, new_row, new_column};
  end
  adaptive_slots #(.SLOTS(SLOTS), .LEVELS(LEVELS), .PIXEL(PIXEL), .BITS(BITS), .IS_SIGNED(IS_SIGNED), .LEVEL(LEVEL),
                   .ROW_BITS(ROW_BITS), .COLUMN_BITS(COLUMN_BITS), .COUNT(COUNT)) u_slots (
    .clk, .rst, .take(take_1), .new_pixel(pixel_1), .new_row(row_1), .new_column(column_1), .valid(valid_0),
    .last(last_0), .base(base_0), .new_base_1, .new_quota_1, .new_quota_2(slots_tag[3*COUNT+:COUNT]),
    .level_2(slots_tag[5*COUNT+:LEVEL_BITS]), .room_2(slots_tag[0+:COUNT]), .level_3, .new_fillers_3(fillers_3),
    .level_4, .pixel(features), .row, .column);
  assign unused = ^{nothing, ranks_valid, ranks_last, ranks_tag, slots_tag, after};
endmodule
