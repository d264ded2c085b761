// The slots of an adaptive threshold: of each group of rows, the pixels that stay move to the front, new ones come behind
//
// Above the group's level all stay, of the fillers, above the next lower one only, the first `room`; `base` in all. Where
// that leads is found in the four cycles before, while pixels move, so that the loop through the slots is short: of which
// sort a pixel is, how many fillers are before it, whether it stays, and where it goes. New pixels come with all of these,
// found in two cycles from what adaptive_level says of older ones. _1 to _4 are of the groups that come so many cycles after
// that of `valid`, if they do; new pixels are of the first. With the event's last rows the slots are handed on, visible one
// cycle later until the next event's.
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
  parameter int LEVEL_BITS = LEVELS > 1 ? $clog2(LEVELS) : 1,
  parameter int PLACE = $clog2(SLOTS + 1)
) (
  input  logic clk,
  input  logic rst,
  input  logic [SLOTS-1:0] take,
  input  logic [SLOTS-1:0][PIXEL-1:0] new_pixel,
  input  logic [SLOTS-1:0][ROW_BITS-1:0] new_row,
  input  logic [SLOTS-1:0][COLUMN_BITS-1:0] new_column,
  input  logic valid,
  input  logic last,
  input  logic [COUNT-1:0] base,
  input  logic [PLACE-1:0] new_base_1,       // older pixels than those of `valid` that stay in _1
  input  logic [COUNT-1:0] new_quota_1,      // so many fillers of `valid` stay in _1, or in _2
  input  logic [COUNT-1:0] new_quota_2,
  input  logic [LEVEL_BITS-1:0] level_2,
  input  logic [COUNT-1:0] room_2,
  input  logic [LEVEL_BITS-1:0] level_3,
  input  logic [COUNT-1:0] new_fillers_3,    // older fillers than those of `valid`
  input  logic [LEVEL_BITS-1:0] level_4,
  output logic [SLOTS-1:0][PIXEL-1:0] pixel,
  output logic [SLOTS-1:0][ROW_BITS-1:0] row,
  output logic [SLOTS-1:0][COLUMN_BITS-1:0] column
);
  localparam int KEPT = ROW_BITS + COLUMN_BITS + PIXEL + LEVELS;
  localparam int AHEAD = 1 + PLACE + 1 + 2 + COUNT + 2;
  function automatic logic [1:0] sort_of(logic [LEVELS-1:0] above, logic [LEVEL_BITS-1:0] level);  // {filler, main}
    sort_of = {level != 0 && above[level-1'b1] && !above[level], above[level]};
  endfunction

  // Of each slot: {row, column, pixel, above each level}, and {whether it stays, and where; whether it stays in _1; its
  // sort for _2, and the fillers before it; its sort for _3}
  logic [SLOTS-1:0][KEPT-1:0] kept, fresh;
  logic [SLOTS-1:0][PLACE:0] place;                          // with whether it stays on top
  logic [SLOTS-1:0] stays_1;
  logic [SLOTS-1:0][1:0] sort_2, sort_3, fresh_1, fresh_2, fresh_3;  // {filler, main}
  logic [SLOTS-1:0][COUNT-1:0] fillers_2;
  logic [SLOTS-1:0][AHEAD-1:0] moved;                        // the same a cycle later, but for the moves
  logic [5:0][SLOTS-1:0] marked;                             // new fillers for _4, _3, _2, mains for _2; slots' fillers, stays
  logic [SLOTS-1:0][5:0][PLACE-1:0] ahead;                   // so many of these are before this
  logic [SLOTS-1:0][3:0][PLACE-1:0] new_ahead;
  logic unused;
  always_comb begin
    unused = 1'b0;
    for (int i = 0; i < 6; i++) unused ^= marked[i][SLOTS-1];
  end
  for (genvar o = 0; o < SLOTS; o++) begin : slots
    logic [LEVELS-1:0] above;
    logic [1:0] new_1, new_2, new_3;
    logic [PLACE-1:0] new_place;
    logic new_stays;
    for (genvar k = 0; k < LEVELS; k++) begin : levels
      above_flat #(.BITS(BITS), .IS_SIGNED(IS_SIGNED), .LEVEL(LEVEL[k*BITS+:BITS])) u_above (
        .code(new_pixel[o][BITS-1:0]), .none(!take[o]), .above(above[k]));
    end
    assign new_1 = sort_of(above, level_2);
    assign new_2 = sort_of(above, level_3);
    assign new_3 = sort_of(above, level_4);
    assign {marked[5][o], marked[4][o], marked[3][o], marked[2][o]} = {new_3[1], new_2[1], new_1};
    assign {marked[1][o], marked[0][o]} = {sort_3[o][1], stays_1[o]};
    for (genvar i = 0; i < 6; i++) begin : numbers
      if (o == 0) begin : first
        assign ahead[o][i] = '0;
      end else begin : later
        count_ones #(.INPUTS(o), .BITS(PLACE)) u_count (.bits(marked[i][o-1:0]), .count(ahead[o][i]));
      end
    end
    always_ff @(posedge clk) begin
      fresh[o] <= {new_row[o], new_column[o], new_pixel[o], above};
      {fresh_3[o], fresh_2[o], fresh_1[o], new_ahead[o]} <= {new_3, new_2, new_1, ahead[o][5:2]};
    end
    assign moved[o] = {
      stays_1[o], ahead[o][0], sort_2[o][0] || sort_2[o][1] && fillers_2[o] < room_2,
      sort_3[o], COUNT'(ahead[o][1]), sort_of(kept[o][LEVELS-1:0], level_4)};
    assign new_stays = fresh_1[o][0] || fresh_1[o][1] && COUNT'(new_ahead[o][1]) < new_quota_1;
    assign new_place = new_base_1 + new_ahead[o][0] + (
      COUNT'(new_ahead[o][1]) < new_quota_1 ? new_ahead[o][1] : PLACE'(new_quota_1));

    // What comes here: of the slots from this one on, the one that goes here, or a new pixel
    localparam int FROM = SLOTS - o;
    localparam int INDEX = FROM > 1 ? $clog2(FROM) : 1;
    logic [FROM-1:0] goes_here;
    logic [INDEX-1:0] index;
    logic [FROM*(AHEAD+KEPT)-1:0] all;
    logic [AHEAD-1:0] ahead_moved, ahead_next;
    logic [KEPT-1:0] kept_moved, kept_next;
    ranks_equal #(.COUNT(FROM), .RANK(PLACE + 1), .SLOT((1 << PLACE) + o)) u_here (.rank(place[SLOTS-1:o]), .equal(goes_here));
    always_comb begin
      index = '0;
      for (int j = 0; j < FROM; j++) index |= goes_here[j] ? INDEX'(j) : '0;
    end
    for (genvar j = 0; j < FROM; j++) begin : sources
      assign all[j*(AHEAD+KEPT)+:AHEAD+KEPT] = {moved[o+j], kept[o+j]};
    end
    wide_mux #(.INPUTS(FROM), .BITS(AHEAD + KEPT)) u_mover (.d(all), .select(index), .y({ahead_moved, kept_moved}));
    assign kept_next = COUNT'(o) < base ? kept_moved : fresh[o];
    assign ahead_next = !valid ? moved[o] : COUNT'(o) < base ? ahead_moved : {
      new_stays, new_place, fresh_2[o][0] || fresh_2[o][1] && COUNT'(new_ahead[o][2]) < new_quota_2,
      fresh_3[o], new_fillers_3 + COUNT'(new_ahead[o][3]), sort_of(fresh[o][LEVELS-1:0], level_4)};

    always_ff @(posedge clk) begin
      {place[o], stays_1[o], sort_2[o], fillers_2[o], sort_3[o]} <= ahead_next;
      if (valid) kept[o] <= kept_next;
      if (rst || valid && last) begin // no pixel stays, none counts
        {place[o], stays_1[o], sort_2[o], sort_3[o]} <= '0;
        kept[o][LEVELS-1:0] <= '0;
      end
      if (valid && last) begin
        {column[o], pixel[o]} <= kept_next[LEVELS+:COLUMN_BITS+PIXEL];
        row[o] <= kept_next[LEVELS+COLUMN_BITS+PIXEL+:ROW_BITS] & {ROW_BITS{kept_next[0]}};
      end
    end
  end
endmodule
