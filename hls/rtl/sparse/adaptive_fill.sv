// Which pixels of ROWS rows are let into slots: those above the level, and the first `quota` of the fillers, which are above
// the next lower level only. Four cycles: fillers, and the row in which the quota runs out; that row; how many fillers of
// every four of its columns there may be; which.
module adaptive_fill #(
  parameter int ROWS = 8,
  parameter int WIDTH = 63,
  parameter int LEVELS = 4,
  parameter int BITS = 5,           // of a count, exact below the top bit
  parameter int LEVEL_BITS = LEVELS > 1 ? $clog2(LEVELS) : 1
) (
  input  logic clk,
  input  logic [LEVEL_BITS-1:0] level,
  input  logic [BITS-1:0] quota,
  input  logic [ROWS-1:0][WIDTH-1:0][LEVELS-1:0] above,
  input  logic [LEVELS-1:0][ROWS-1:0][BITS-1:0] upto,        // pixels of the rows up to each
  output logic [ROWS-1:0][WIDTH-1:0] chosen
);
  localparam int BLOCKS = (WIDTH + 15) / 16;
  localparam int LANES = BLOCKS * 16;
  localparam int GROUPS = BLOCKS * 4;
  localparam int REST = (BITS > 5 ? BITS : 5) + 2;           // of a difference, with its sign
  logic [ROWS-1:0][WIDTH-1:0] main, main_1, main_3, filler, filler_1, filler_3;
  logic [ROWS-1:0][BLOCKS-1:0][BITS-1:0] count, count_1;     // fillers of each block
  logic [ROWS-1:0][BITS-1:0] missing;                        // fillers of the rows up to each, less the quota and one
  logic [ROWS-1:0][BITS-2:0] left, left_1;                   // of the quota, in front of each row
  logic [ROWS-1:0] whole, whole_1, whole_3, part, part_1, part_3;  // all fillers of the row are taken; only the first `left`
  assign left[0] = quota[BITS-2:0];
  for (genvar r = 0; r < ROWS; r++) begin : rows
    logic [LANES-1:0] padded;
    logic [BITS-1:0] mains, both, digits;
    logic [BITS-2:0] carries;
    assign padded = LANES'(filler[r]);
    for (genvar c = 0; c < WIDTH; c++) begin : columns
      logic [LEVELS-1:0] levels;
      assign levels = above[r][c];
      assign main[r][c] = levels[level];
      assign filler[r][c] = level != 0 && levels[level-1'b1] && !main[r][c];
    end
    for (genvar b = 0; b < BLOCKS; b++) begin : blocks
      logic [5:0] n;
      count_few #(.INPUTS(16)) u_count (.bits(padded[16*b+:16]), .count(n));
      assign count[r][b] = {32'(n) >> (BITS - 1) != 0, (BITS - 1)'(n)};
    end
    always_comb begin
      {mains, both} = '0;
      for (int k = 0; k < LEVELS; k++) begin
        mains |= 32'(level) == k ? upto[k][r] : '0;
        if (k > 0) both |= 32'(level) == k ? upto[k-1][r] : '0;
      end
    end
    // both - mains - quota - 1, with one carry chain; if `both` is only "at least so many", these are more than the quota
    assign digits = both ^ ~mains ^ ~quota;
    assign carries = (BITS - 1)'(both & ~mains | both & ~quota | ~mains & ~quota);
    assign missing[r] = digits + {carries, 1'b1};
    assign whole[r] = missing[r][BITS-1] && !both[BITS-1];
    assign part[r] = !whole[r] && (r == 0 || whole[r > 0 ? r - 1 : 0]);
    if (r > 0) begin : later
      assign left[r] = ~missing[r-1][BITS-2:0];
    end
  end
  always_ff @(posedge clk) {main_1, filler_1, count_1, whole_1, part_1, left_1} <= {main, filler, count, whole, part, left};

  // Second cycle: the row of which only the first fillers are taken
  logic [LANES-1:0] line, line_2, line_3;
  logic [BLOCKS-1:0][BITS-1:0] line_count, line_upto, line_upto_2;  // of each block, in front of each
  logic [BITS-2:0] line_left, line_left_2;
  always_comb begin
    {line, line_count, line_left} = '0;
    for (int r = 0; r < ROWS; r++)
      if (part_1[r]) begin
        line |= LANES'(filler_1[r]);
        line_count |= count_1[r];
        line_left |= left_1[r];
      end
  end
  assign line_upto[0] = '0;
  for (genvar b = 1; b < BLOCKS; b++) begin : blocks
    add_counts #(.COUNT(b), .BITS(BITS)) u_upto (.counts(line_count[b-1:0]), .sum(line_upto[b]));
  end
  always_ff @(posedge clk) {line_2, line_upto_2, line_left_2} <= {line, line_upto, line_left};

  // Third cycle: what is left of the quota for each group of four columns
  logic [GROUPS-1:0][REST-1:0] rest, rest_3;
  for (genvar g = 0; g < GROUPS; g++) begin : groups
    logic [5:0] inner;              // fillers of the block before this group
    if (g % 4 == 0) begin : first
      assign inner = '0;
    end else begin : later
      count_few #(.INPUTS(g % 4 * 4)) u_inner (.bits(line_2[g/4*16+:g%4*4]), .count(inner));
    end
    assign rest[g] = REST'(line_left_2) - REST'(line_upto_2[g/4]) - REST'(inner);
  end
  delay #(.BITS(2 * ROWS * (WIDTH + 1)), .CYCLES(2)) u_bits (
    .clk, .d({main_1, filler_1, whole_1, part_1}), .q({main_3, filler_3, whole_3, part_3}));
  always_ff @(posedge clk) {line_3, rest_3} <= {line_2, rest};

  // Fourth cycle
  logic [LANES-1:0] allowed;
  logic unused;
  assign unused = ^{line_count[BLOCKS-1], allowed};
  for (genvar l = 0; l < LANES; l++) begin : lanes
    logic [REST-1:0] here;
    logic [2:0] earlier, share;     // fillers of the group before this one, and how many there may be
    assign here = rest_3[l/4];
    assign share = here[REST-1] ? 3'd0 : |here[REST-2:2] ? 3'd4 : {1'b0, here[1:0]};
    always_comb begin
      earlier = '0;
      for (int k = l / 4 * 4; k < l; k++) earlier += 3'(line_3[k]);
    end
    assign allowed[l] = earlier < share;
  end
  for (genvar r = 0; r < ROWS; r++) begin : chosen_rows
    always_ff @(posedge clk)
      chosen[r] <= main_3[r] | filler_3[r] & ({WIDTH{whole_3[r]}} | {WIDTH{part_3[r]}} & WIDTH'(allowed));
  end
endmodule
