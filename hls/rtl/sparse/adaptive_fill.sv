// Which pixels of ROWS rows are let into slots: those above the level, and the first `quota` of the fillers, which are above
// the next lower level only. Three cycles, of which the first two find the row in which the quota runs out, the third how
// many fillers every four of its columns may take.
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
  output logic [ROWS-1:0][WIDTH-1:0] chosen
);
  localparam int BLOCKS = (WIDTH + 15) / 16;
  localparam int LANES = BLOCKS * 16;
  localparam int GROUPS = BLOCKS * 4;
  logic [ROWS-1:0][WIDTH-1:0] main, main_1, main_3, filler, filler_1, filler_3;
  logic [ROWS-1:0][BLOCKS:0][BITS-1:0] upto, upto_1;         // fillers of the row before each block
  for (genvar r = 0; r < ROWS; r++) begin : rows
    logic [LANES-1:0] padded;
    assign padded = LANES'(filler[r]);
    assign upto[r][0] = '0;
    for (genvar c = 0; c < WIDTH; c++) begin : columns
      logic [LEVELS-1:0] levels;
      assign levels = above[r][c];
      assign main[r][c] = levels[level];
      assign filler[r][c] = level != 0 && levels[level-1'b1] && !main[r][c];
    end
    for (genvar b = 0; b < BLOCKS; b++) begin : blocks
      logic [5:0] n;
      logic [BITS-1:0] count;
      count_few #(.INPUTS(16)) u_count (.bits(padded[16*b+:16]), .count(n));
      assign count = {32'(n) >> (BITS - 1) != 0, (BITS - 1)'(n)};
      add_counts #(.COUNT(2), .BITS(BITS)) u_upto (.counts({count, upto[r][b]}), .sum(upto[r][b+1]));
    end
  end
  always_ff @(posedge clk) {main_1, filler_1, upto_1} <= {main, filler, upto};

  // Second cycle: rows of which all fillers are taken, and that of which only the first `left` are
  logic [ROWS-1:0] whole, whole_2, whole_3, part, part_2, part_3;
  logic [ROWS-1:0][BITS-1:0] totals;
  logic [ROWS:0][BITS-1:0] before_row;
  logic [BITS-1:0] quota_1, left, left_2;
  logic [ROWS-1:0][WIDTH-1:0] filler_2;
  logic [ROWS-1:0][BLOCKS:0][BITS-1:0] upto_2;
  assign before_row[0] = '0;
  prefix_counts #(.COUNT(ROWS), .BITS(BITS)) u_prefix (.counts(totals), .sums(before_row[ROWS:1]));
  for (genvar r = 0; r < ROWS; r++) begin : prefixes
    assign totals[r] = upto_1[r][BLOCKS];
    assign whole[r] = before_row[r+1] <= quota_1;
    assign part[r] = !whole[r] && (r == 0 || whole[r > 0 ? r - 1 : 0]);
  end
  always_comb begin
    left = '0;
    for (int r = 0; r < ROWS; r++) left |= part[r] ? quota_1 - before_row[r] : '0;
  end
  always_ff @(posedge clk) {quota_1, whole_2, part_2, left_2} <= {quota, whole, part, left};
  delay #(.BITS(ROWS * WIDTH), .CYCLES(1)) u_filler (.clk, .d(filler_1), .q(filler_2));
  delay #(.BITS(ROWS * (BLOCKS + 1) * BITS), .CYCLES(1)) u_upto (.clk, .d(upto_1), .q(upto_2));

  // Third cycle: of that row, what each group of four columns may take
  logic [LANES-1:0] line, line_3;
  logic [BLOCKS:0][BITS-1:0] line_upto;
  logic [GROUPS-1:0][2:0] share, share_3;
  always_comb begin
    {line, line_upto} = '0;
    for (int r = 0; r < ROWS; r++)
      if (part_2[r]) begin
        line |= LANES'(filler_2[r]);
        line_upto |= upto_2[r];
      end
  end
  for (genvar g = 0; g < GROUPS; g++) begin : groups
    logic [5:0] inner;              // fillers of the block before this group
    logic [BITS-1:0] of_block, rest;
    if (g % 4 == 0) begin : first
      assign inner = '0;
    end else begin : later
      count_few #(.INPUTS(g % 4 * 4)) u_inner (.bits(line[g/4*16+:g%4*4]), .count(inner));
    end
    assign of_block = line_upto[g/4] < left_2 ? left_2 - line_upto[g/4] : '0;
    assign rest = of_block - BITS'(inner);
    assign share[g] = 32'(inner) >= 32'(of_block) ? 3'd0 : 32'(rest) > 4 ? 3'd4 : 3'(rest);
  end
  delay #(.BITS(2 * ROWS * WIDTH), .CYCLES(2)) u_bits (.clk, .d({main_1, filler_1}), .q({main_3, filler_3}));
  always_ff @(posedge clk) {line_3, share_3, whole_3, part_3} <= {line, share, whole_2, part_2};

  logic [LANES-1:0] allowed;
  logic unused;
  assign unused = ^{line_upto[BLOCKS], before_row[ROWS], allowed};
  for (genvar l = 0; l < LANES; l++) begin : lanes
    logic [2:0] earlier;            // fillers of the group before this one
    always_comb begin
      earlier = '0;
      for (int k = l / 4 * 4; k < l; k++) earlier += 3'(line_3[k]);
    end
    assign allowed[l] = earlier < share_3[l/4];
  end
  for (genvar r = 0; r < ROWS; r++) begin : chosen_rows
    assign chosen[r] = main_3[r] | filler_3[r] & ({WIDTH{whole_3[r]}} | {WIDTH{part_3[r]}} & WIDTH'(allowed));
  end
endmodule
