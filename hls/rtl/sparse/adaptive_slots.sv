// The slots of an adaptive threshold: of each group of rows, the pixels that stay move to the front, new ones come behind
//
// Above the group's level all stay, of the fillers, above the next lower one only, the first `room`; `base` in all. Where a
// pixel moves to is how many it has of either before it, found a cycle earlier (for next_level), so that the loop through
// the slots is short. With the event's last rows they are handed on, visible one cycle later until the next event's.
module adaptive_slots #(
  parameter int SLOTS = 8,
  parameter int LEVELS = 4,
  parameter int PIXEL = 8,
  parameter int BITS = 8,           // of channel 0, the lowest
  parameter bit IS_SIGNED = 0,
  parameter logic [LEVELS*BITS-1:0] LEVEL = '0,
  parameter int ROW_BITS = 6,
  parameter int COLUMN_BITS = 6,
  parameter int COUNT = 5,
  parameter int LEVEL_BITS = LEVELS > 1 ? $clog2(LEVELS) : 1
) (
  input  logic clk,
  input  logic rst,
  input  logic valid,
  input  logic last,
  input  logic [LEVEL_BITS-1:0] level,
  input  logic [LEVEL_BITS-1:0] next_level,  // of the group that comes in the next cycle, if one does
  input  logic [COUNT-1:0] room,
  input  logic [COUNT-1:0] base,
  input  logic [SLOTS-1:0] take,
  input  logic [SLOTS-1:0][PIXEL-1:0] new_pixel,
  input  logic [SLOTS-1:0][ROW_BITS-1:0] new_row,
  input  logic [SLOTS-1:0][COLUMN_BITS-1:0] new_column,
  output logic [SLOTS-1:0][PIXEL-1:0] pixel,
  output logic [SLOTS-1:0][ROW_BITS-1:0] row,
  output logic [SLOTS-1:0][COLUMN_BITS-1:0] column
);
  localparam int PLACE = $clog2(SLOTS + 1);
  localparam int KEPT = ROW_BITS + COLUMN_BITS + PIXEL + LEVELS;
  localparam int MOVED = 2 * PLACE + KEPT;
  logic [SLOTS-1:0][KEPT-1:0] kept, taken, next;             // {row, column, pixel, above each level}; row 0: empty
  logic [SLOTS-1:0][2*PLACE-1:0] counts, passed, new_passed, next_counts;  // {fillers, pixels above the level} before this
  logic [2*PLACE-1:0] all_passed;                            // of all slots
  logic [SLOTS-1:0] next_main, next_filler, new_main, new_filler, stays;
  logic [SLOTS-1:0][PLACE-1:0] place;

  logic unused;
  assign unused = ^{new_main[SLOTS-1], new_filler[SLOTS-1]};
  count_ones #(.INPUTS(SLOTS), .BITS(PLACE)) u_mains (.bits(next_main), .count(all_passed[PLACE-1:0]));
  count_ones #(.INPUTS(SLOTS), .BITS(PLACE)) u_fillers (.bits(next_filler), .count(all_passed[2*PLACE-1:PLACE]));
  for (genvar o = 0; o < SLOTS; o++) begin : slots
    logic [LEVELS-1:0] above, new_above;
    logic [PLACE-1:0] mains, fillers, kept_fillers;
    for (genvar k = 0; k < LEVELS; k++) begin : levels
      logic higher;
      above_level #(.BITS(BITS), .IS_SIGNED(IS_SIGNED), .LEVEL(LEVEL[k*BITS+:BITS])) u_above (
        .code(new_pixel[o][BITS-1:0]), .above(higher));
      assign new_above[k] = higher && take[o];
    end
    assign above = kept[o][LEVELS-1:0];
    assign {fillers, mains} = counts[o];
    assign taken[o] = {new_row[o], new_column[o], new_pixel[o], new_above};

    // Which of what is here stays, and where it goes
    logic main, filler;
    assign main = above[level];
    assign filler = level != 0 && above[level-1'b1] && !main;
    assign stays[o] = main || filler && COUNT'(fillers) < room;
    assign kept_fillers = COUNT'(fillers) < room ? fillers : PLACE'(room);
    assign place[o] = mains + kept_fillers;

    // The same numbers for the next group
    assign next_main[o] = above[next_level];
    assign next_filler[o] = next_level != 0 && above[next_level-1'b1] && !next_main[o];
    assign new_main[o] = new_above[next_level];
    assign new_filler[o] = next_level != 0 && new_above[next_level-1'b1] && !new_main[o];
    if (o == 0) begin : first
      assign {passed[o], new_passed[o]} = '0;
    end else begin : later
      count_ones #(.INPUTS(o), .BITS(PLACE)) u_mains (.bits(next_main[o-1:0]), .count(passed[o][PLACE-1:0]));
      count_ones #(.INPUTS(o), .BITS(PLACE)) u_fillers (.bits(next_filler[o-1:0]), .count(passed[o][2*PLACE-1:PLACE]));
      count_ones #(.INPUTS(o), .BITS(PLACE)) u_new_mains (.bits(new_main[o-1:0]), .count(new_passed[o][PLACE-1:0]));
      count_ones #(.INPUTS(o), .BITS(PLACE)) u_new_fillers (
        .bits(new_filler[o-1:0]), .count(new_passed[o][2*PLACE-1:PLACE]));
    end

    // What comes here: of the slots from this one on, the one that goes here, or a new pixel
    localparam int FROM = SLOTS - o;
    localparam int INDEX = FROM > 1 ? $clog2(FROM) : 1;
    logic [INDEX-1:0] index;
    logic [FROM*MOVED-1:0] all;
    logic [MOVED-1:0] mover;
    always_comb begin
      index = '0;
      for (int j = 0; j < FROM; j++) index |= stays[o+j] && place[o+j] == PLACE'(o) ? INDEX'(j) : '0;
    end
    for (genvar j = 0; j < FROM; j++) begin : sources
      assign all[j*MOVED+:MOVED] = {passed[o+j], kept[o+j]};
    end
    wide_mux #(.INPUTS(FROM), .BITS(MOVED)) u_mover (.d(all), .select(index), .y(mover));
    assign {next_counts[o], next[o]} = COUNT'(o) < base ? mover : {
      all_passed[2*PLACE-1:PLACE] + new_passed[o][2*PLACE-1:PLACE], all_passed[PLACE-1:0] + new_passed[o][PLACE-1:0], taken[o]};

    always_ff @(posedge clk) begin
      counts[o] <= valid ? next_counts[o] : passed[o];
      if (valid) kept[o] <= next[o];
      if (rst || valid && last) kept[o][LEVELS-1:0] <= '0;   // no pixel stays, none counts
      if (valid && last) begin
        {column[o], pixel[o]} <= next[o][LEVELS+:COLUMN_BITS+PIXEL];
        row[o] <= next[o][0] ? next[o][LEVELS+COLUMN_BITS+PIXEL+:ROW_BITS] : '0;
      end
    end
  end
endmodule
