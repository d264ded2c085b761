// The adaptive threshold after each group of rows, from counts of the pixels above each level alone
//
//     level: the lowest that at most SLOTS pixels so far are above, else the highest; `room`: the slots that those above it
//     leave to fillers, the pixels above the next lower level only, first come first served
//     base: of the slots' pixels, so many stay; quota: so many fillers of these rows are let in
//
// Counts only grow, so the level only rises, and what it needs of earlier rows the slots hold. For the rows that come one
// cycle before these, new_base of the pixels that are older than they stay, and new_quota of their fillers do; so many of
// those that come two cycles before, too; for those three cycles before, there are new_fillers older ones, or SLOTS.
//
// Counts are exact below their top bit. Level and quota are there two cycles after the counts, the rest six.
module adaptive_level #(
  parameter int LEVELS = 4,
  parameter int SLOTS = 8,
  parameter int BITS = 5,           // of a count; SLOTS + 1 is below the top bit
  parameter int PARTS = 6,
  parameter int LEVEL_BITS = LEVELS > 1 ? $clog2(LEVELS) : 1
) (
  input  logic clk,
  input  logic rst,
  input  logic valid,
  input  logic last,
  input  logic [LEVELS-1:0][PARTS-1:0][BITS-1:0] part,  // of these rows: counts to be added up
  output logic [LEVEL_BITS-1:0] level,
  output logic [BITS-1:0] quota,
  output logic [BITS-1:0] room,
  output logic [BITS-1:0] base,
  output logic [1:0][BITS-1:0] new_quota,
  output logic [BITS-1:0] new_base,
  output logic [BITS-1:0] new_fillers
);
  // SLOTS less a count, of one LUT a bit
  function automatic logic [BITS-1:0] less(logic [BITS-1:0] count);
    less = '0;
    for (int k = 0; k < SLOTS; k++) less |= count == BITS'(k) ? BITS'(SLOTS - k) : '0;
  endfunction

  // First cycle. Row 0 of `seen`: before these rows; 1, 2, 3: before those that came so many cycles earlier
  logic [3:0][LEVELS-1:0][BITS-1:0] seen, seen_1, seen_2;
  logic [LEVELS-1:0][BITS-1:0] sum, so_far, so_far_2, lower, lower_1;  // lower: earlier ones, but above the next lower level
  for (genvar k = 0; k < LEVELS; k++) begin : sums
    add_counts #(.COUNT(PARTS + 1), .BITS(BITS)) u_sum (.counts({seen[0][k], part[k]}), .sum(sum[k]));
    if (k == 0) begin : lowest
      assign lower[k] = '1;         // there are no fillers
    end else begin : higher
      add_counts #(.COUNT(PARTS + 1), .BITS(BITS)) u_lower (.counts({seen[0][k-1], part[k]}), .sum(lower[k]));
    end
  end
  always_ff @(posedge clk) begin
    if (rst || valid && last) seen[0] <= '0;
    else if (valid) seen[0] <= sum;
    seen[3:1] <= seen[2:0];
    {seen_2, seen_1, so_far_2, so_far, lower_1} <= {seen_1, seen, so_far, sum, lower};
  end

  // Second: the level
  logic [LEVELS-1:0] few, at, at_2; // at most SLOTS are above the level; it is the one
  logic [LEVEL_BITS-1:0] number;
  logic [BITS-1:0] let_in;
  for (genvar k = 0; k < LEVELS; k++) begin : levels
    assign few[k] = k == LEVELS - 1 || so_far[k] <= BITS'(SLOTS);
    if (k == 0) begin : lowest
      assign at[k] = few[k];
    end else begin : higher
      assign at[k] = few[k] && !few[k-1];
    end
  end
  always_comb begin
    {number, let_in} = '0;
    for (int k = 0; k < LEVELS; k++) begin
      number |= LEVEL_BITS'(at[k] ? k : 0);
      if (k > 0) let_in |= at[k] ? less(lower_1[k]) : '0;
    end
  end
  always_ff @(posedge clk) {at_2, level, quota} <= {at, number, let_in};

  // Third and fourth: numbers of that level, and what they leave
  logic [BITS-1:0] above, room_3, room_4, room_5, quota_3, base_4, base_5, main_4, main_5;
  logic [3:0][BITS-1:0] same, same_3, next, next_3;          // of `seen`: above the level, and above the next lower one
  logic [2:0][BITS-1:0] filler, filler_4;                    // older than the rows of one, two or three cycles before
  logic [1:0][BITS-1:0] stay_5;
  logic [BITS-1:0] filler_5;
  always_comb begin
    {above, same, next} = '0;
    for (int k = 0; k < LEVELS; k++)
      if (at_2[k]) begin
        above |= so_far_2[k];
        for (int t = 0; t < 4; t++) begin
          same[t] |= seen_2[t][k];
          if (k > 0) next[t] |= seen_2[t][k-1];
        end
      end
    for (int t = 0; t < 3; t++)
      filler[t] = next_3[t+1][BITS-1] ? BITS'(SLOTS) : next_3[t+1] - same_3[t+1];
  end
  always_ff @(posedge clk) begin
    {same_3, next_3, quota_3} <= {same, next, quota};
    room_3 <= at_2[0] ? '0 : less(above);
    base_4 <= quota_3 == 0 ? same_3[0] + room_3 : next_3[0];
    {room_4, main_4, filler_4} <= {room_3, same_3[1], filler};
  end

  // Fifth and sixth: of the older fillers, no more than there is room for
  always_ff @(posedge clk) begin
    for (int t = 0; t < 2; t++) begin
      stay_5[t] <= filler_4[t] < room_4 ? filler_4[t] : room_4;
      new_quota[t] <= room_5 - stay_5[t];
    end
    {room_5, base_5, main_5, filler_5} <= {room_4, base_4, main_4, filler_4[2]};
    {room, base, new_base, new_fillers} <= {room_5, base_5, main_5 + stay_5[0], filler_5};
  end
endmodule
