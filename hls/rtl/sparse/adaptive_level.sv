// The adaptive threshold after each group of rows, from counts of the pixels above each level alone
//
//     level: the lowest that at most SLOTS pixels so far are above, else the highest; `room`: the slots that those above it
//     leave to fillers, the pixels above the next lower level only, first come first served
//     base: of the slots' pixels, so many stay; quota: so many fillers of these rows are let in
//
// Counts only grow, so the level only rises, and what it needs of earlier rows the slots hold. Counts are exact below their
// top bit. Two cycles: sums, then these.
module adaptive_level #(
  parameter int LEVELS = 4,
  parameter int SLOTS = 8,
  parameter int BITS = 5,           // of a count; SLOTS + 1 is below the top bit
  parameter int LEVEL_BITS = LEVELS > 1 ? $clog2(LEVELS) : 1
) (
  input  logic clk,
  input  logic rst,
  input  logic valid,
  input  logic last,
  input  logic [LEVELS-1:0][BITS-1:0] count,  // of these rows
  output logic out_valid,
  output logic out_last,
  output logic [LEVEL_BITS-1:0] level,
  output logic [BITS-1:0] room,
  output logic [BITS-1:0] base,
  output logic [BITS-1:0] quota
);
  logic [LEVELS-1:0][BITS-1:0] seen, earlier, sum, so_far;
  logic valid_1;
  for (genvar k = 0; k < LEVELS; k++) begin : sums
    add_counts #(.COUNT(2), .BITS(BITS)) u_sum (.counts({count[k], seen[k]}), .sum(sum[k]));
  end
  always_ff @(posedge clk) begin
    valid_1 <= valid && !rst;
    out_valid <= valid_1 && !rst;
    if (rst || valid && last) seen <= '0;
    else if (valid) seen <= sum;
    earlier <= seen;
    so_far <= sum;
  end
  delay #(.BITS(1), .CYCLES(2)) u_last (.clk, .d(last), .q(out_last));

  logic [LEVELS-1:0] few, at;       // at most SLOTS are above the level; it is the one
  logic [BITS-1:0] above, above_earlier, lower_earlier, left, stay;
  logic [LEVEL_BITS-1:0] number;
  for (genvar k = 0; k < LEVELS; k++) begin : levels
    assign few[k] = k == LEVELS - 1 || so_far[k] <= BITS'(SLOTS);
    if (k == 0) begin : lowest
      assign at[k] = few[k];
    end else begin : higher
      assign at[k] = few[k] && !few[k-1];
    end
  end
  always_comb begin
    {number, above, above_earlier} = '0;
    lower_earlier = at[0] ? '1 : '0;  // there are no fillers: all of the base are above the level
    for (int k = 0; k < LEVELS; k++) begin
      number |= LEVEL_BITS'(at[k] ? k : 0);
      above |= at[k] ? so_far[k] : '0;
      above_earlier |= at[k] ? earlier[k] : '0;
      if (k > 0) lower_earlier |= at[k] ? earlier[k-1] : '0;
    end
    left = !at[0] && above <= BITS'(SLOTS) ? BITS'(SLOTS) - above : '0;
    stay = above_earlier + left;
  end
  always_ff @(posedge clk) begin
    level <= number;
    room <= left;
    base <= lower_earlier < stay ? lower_earlier : stay;
    quota <= lower_earlier < stay ? stay - lower_earlier : '0;
  end
endmodule
