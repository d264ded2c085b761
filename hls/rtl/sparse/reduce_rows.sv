// Active pixels of ROWS rows, by rank: which of them each slot takes, where those before them have taken `base` slots
//
// A slot is the rank of its pixel, known from prefix counts of bits alone: pixels move to their rank modulo 4 in groups of
// four, and each slot takes the group, block and row whose ranks hold it. (Radix-4 rank routing: no pass a pixel, no
// data-dependent control.) Rows enter with valid, last and a tag; a cycle later the same are at the ranks, where `base` is
// asked for, and another one later at the slots. CUT_TAKE adds a register behind the candidates of eight places, and so does
// each of SUM_CUTS, in rank_sums.
module reduce_rows #(
  parameter int WIDTH = 63,
  parameter int PIXEL = 8,          // bits of all channels of a pixel
  parameter int ROWS = 8,
  parameter int SLOTS = 20,
  parameter int ROW_BITS = 6,
  parameter int COLUMN_BITS = 6,
  parameter int TAG = 1,
  parameter bit CUT_TAKE = 0,
  parameter logic [7:0] SUM_CUTS = '0,
  parameter int RANK = SLOTS > 8 ? $clog2(SLOTS) + 1 : 4  // exact below the top bit, which means "at least so many"
) (
  input  logic clk,
  input  logic rst,
  input  logic in_valid,
  input  logic in_last,
  input  logic [TAG-1:0] in_tag,
  input  logic [ROWS-1:0][WIDTH-1:0] active,
  input  logic [ROWS-1:0][WIDTH-1:0][PIXEL-1:0] in_rows,
  output logic ranks_valid,
  output logic ranks_last,
  output logic [TAG-1:0] ranks_tag,
  input  logic [RANK-1:0] base,
  output logic [RANK-1:0] after,    // rank of the first pixel after these rows, combinational
  output logic slots_valid,
  output logic slots_last,
  output logic [TAG-1:0] slots_tag,
  output logic [SLOTS-1:0] take,
  output logic [SLOTS-1:0][PIXEL-1:0] pixel,
  output logic [SLOTS-1:0][ROW_BITS-1:0] row,
  output logic [SLOTS-1:0][COLUMN_BITS-1:0] column
);
  // A lane's number is the 1-based column, unless that took a block more for one column
  localparam int FIRST = WIDTH % 16 == 0 ? 1 : 0;
  localparam int BLOCKS = (WIDTH - FIRST) / 16 + 1;
  localparam int PAIRS = (BLOCKS + 1) / 2;
  localparam int SLOTS_16 = SLOTS < 16 ? SLOTS : 16;
  localparam int ROW_LEVELS = ROWS > 1 ? $clog2(ROWS) : 0;
  localparam int PAD = 1 << ROW_LEVELS;
  localparam int SIZE = PIXEL + 2;
  localparam int BLOCK_BITS = BLOCKS > 1 ? $clog2(BLOCKS) : 0;
  // Slots look for their place in groups of rows, of 32 blocks at most
  localparam int GROUP = BLOCK_BITS > 4 ? 1 : ROWS < 32 >> BLOCK_BITS ? ROWS : 32 >> BLOCK_BITS;
  localparam int GROUPS = (ROWS + GROUP - 1) / GROUP;
  localparam int PLACES = (GROUP > 1 ? 1 << $clog2(GROUP) : 1) << BLOCK_BITS;  // of a group of rows: {row, block}
  localparam int TAKEN = PIXEL + ROW_BITS + COLUMN_BITS;
  localparam int SUMS = $countones(SUM_CUTS);
  localparam int RANKS_AT = 1 + SUMS;
  localparam int SLOTS_AT = RANKS_AT + 1 + 32'(CUT_TAKE);

  function automatic logic [1:0] add_4(logic [1:0] a, logic [1:0] b);  // plain logic: Yosys would take a carry chain
    add_4 = {a[1] ^ b[1] ^ (a[0] & b[0]), a[0] ^ b[0]};
  endfunction
  function automatic logic [RANK-1:0] saturated(logic [5:0] n);
    saturated = {32'(n) >> (RANK - 1) != 0, (RANK - 1)'(n)};
  endfunction

  logic [SLOTS_AT:1] valid;
  always_ff @(posedge clk) valid <= rst ? '0 : {valid[SLOTS_AT-1:1], in_valid};
  assign ranks_valid = valid[RANKS_AT];
  assign slots_valid = valid[SLOTS_AT];
  delay #(.BITS(1 + TAG), .CYCLES(RANKS_AT)) u_to_ranks (.clk, .d({in_last, in_tag}), .q({ranks_last, ranks_tag}));
  delay #(.BITS(1 + TAG), .CYCLES(SLOTS_AT - RANKS_AT)) u_to_slots (
    .clk, .d({ranks_last, ranks_tag}), .q({slots_last, slots_tag}));

  // Stage 1: active pixels of each pair of blocks, and of its first block
  logic [ROWS-1:0][BLOCKS-1:0][15:0] lane_active;
  logic [ROWS-1:0][BLOCKS-1:0][15:0][PIXEL-1:0] lane;
  logic [ROWS-1:0][2*PAIRS-1:0][4:0] total;
  logic [ROWS-1:0][BLOCKS-1:0][1:0] total_4;                 // modulo 4, registered
  logic [ROWS-1:0][BLOCKS:0][1:0] ahead;                     // active pixels of the row before each block, modulo 4
  logic [ROWS-1:0][PAIRS-1:0][1:0][RANK-1:0] count, upto;    // of a pair's first block, and of both: pixels; ranks behind
  logic [ROWS*BLOCKS-1:0][RANK-1:0] rank;                    // of the first pixel of each block
  logic [ROWS-1:0][BLOCKS-1:0][3:0] rank_16;
  logic [ROWS-1:0][BLOCKS-1:0][1:0] before_4, before_4_1;    // active pixels of these rows before each block, modulo 4
  logic [ROWS-1:0][BLOCKS-1:0][3:0][3:0][SIZE-1:0] candidate;
  logic [ROWS-1:0][BLOCKS-1:0][SLOTS_16-1:0][1:0] from_group;
  for (genvar r = 0; r < ROWS; r++) begin : row_of_blocks
    assign lane_active[r] = (BLOCKS * 16)'({active[r], 1'b0} >> FIRST);
    assign lane[r] = (BLOCKS * 16 * PIXEL)'({in_rows[r], {PIXEL{1'b0}}} >> (FIRST * PIXEL));
    assign ahead[r][0] = '0;
    for (genvar b = 0; b < BLOCKS; b++) begin : blocks
      localparam logic [15:0] USED = 16'({{WIDTH{1'b1}}, 1'b0} >> (FIRST + 16 * b));
      reduce_block #(.PIXEL(PIXEL), .USED(USED), .SLOTS(SLOTS_16), .WAIT(SUMS)) u_block (
        .clk, .active(lane_active[r][b]), .pixel(lane[r][b]), .total(total[r][b]),
        .first_rank_1(add_4(base[1:0], before_4_1[r][b])), .first_rank_2(rank_16[r][b]), .candidate(candidate[r][b]),
        .from_group(from_group[r][b]));
      assign ahead[r][b+1] = add_4(ahead[r][b], total_4[r][b]);
      always_ff @(posedge clk) total_4[r][b] <= total[r][b][1:0];
    end
    if (BLOCKS % 2 == 1) begin : no_block
      assign total[r][BLOCKS] = '0;
    end
    for (genvar k = 0; k < PAIRS; k++) begin : pairs
      always_ff @(posedge clk) begin
        count[r][k][0] <= saturated({1'b0, total[r][2*k]});
        count[r][k][1] <= saturated({1'b0, total[r][2*k]} + {1'b0, total[r][2*k+1]});
      end
    end
  end

  // Stage 2: the rank of the first pixel of every block. Modulo 4 it is known earlier, by sums of two bits over rows that
  // are one LUT6 deep, and goes on to the blocks.
  rank_sums #(.PAIRS(ROWS * PAIRS), .RANK(RANK), .CUTS(SUM_CUTS)) u_sums (.clk, .count, .base, .rank(upto));
  assign after = upto[ROWS-1][PAIRS-1][1];
  /* verilator lint_off UNUSEDSIGNAL */  // the sum over all rows is not needed
  logic [ROW_LEVELS:0][PAD-1:0][1:0] rows_4;                 // rows_4[ROW_LEVELS][r]: pixels in rows 0 .. r, modulo 4
  /* verilator lint_on UNUSEDSIGNAL */
  for (genvar k = 0; k <= ROW_LEVELS; k++) begin : levels_4
    for (genvar r = 0; r < PAD; r++) begin : rows
      if (k == 0) begin : own
        assign rows_4[0][r] = r < ROWS ? ahead[r % ROWS][BLOCKS] : '0;
      end else if ((r >> (k - 1)) % 2 == 1) begin : right
        assign rows_4[k][r] = add_4(rows_4[k-1][((r>>(k-1))<<(k-1))-1], rows_4[k-1][r]);
      end else begin : left
        assign rows_4[k][r] = rows_4[k-1][r];
      end
    end
  end
  for (genvar r = 0; r < ROWS; r++) begin : ranks
    for (genvar b = 0; b < BLOCKS; b++) begin : blocks
      localparam int I = r * BLOCKS + b;
      if (b > 0) begin : next
        assign rank[I] = upto[r][(b-1)/2][(b-1)%2];
      end else if (r > 0) begin : first
        assign rank[I] = upto[r-1][PAIRS-1][1];
      end else begin : very_first
        assign rank[I] = base;
      end
      always_ff @(posedge clk) rank_16[r][b] <= rank[I][3:0];
      if (r == 0) begin : of_row
        assign before_4[r][b] = ahead[r][b];
      end else begin : of_rows
        assign before_4[r][b] = add_4(rows_4[ROW_LEVELS][r-1], ahead[r][b]);
      end
    end
  end
  delay #(.BITS(ROWS * BLOCKS * 2), .CYCLES(SUMS)) u_before (.clk, .d(before_4), .q(before_4_1));

  // Stage 3: each slot takes its group, block and row, of the last group of rows that begins with no later rank
  logic [GROUPS-1:0][ROW_BITS-1:0] first_row, next_row;      // 1-based, of each group of rows; and of those that come next
  for (genvar g = 0; g < GROUPS; g++) begin : first_rows
    assign next_row[g] = first_row[g] + ROW_BITS'(ROWS);
    always_ff @(posedge clk)
      if (rst || slots_valid && slots_last) first_row[g] <= ROW_BITS'(1 + g * GROUP);
      else if (slots_valid) first_row[g] <= next_row[g];
  end
  logic [SLOTS_16-1:0][GROUPS-1:0][PLACES-1:0][SIZE-1:0] found;  // what every place has for slots of this number modulo 16
  logic [SLOTS_16-1:0][GROUPS-1:0][PLACES-1:0][1:0] group;
  for (genvar o = 0; o < SLOTS; o++) begin : slots
    logic [ROWS*BLOCKS:0] reached, reached_next;
    logic [GROUPS-1:0] takes;
    logic [GROUPS*TAKEN-1:0] taken, last_taken;              // of each group of rows; of the last up to it
    ranks_reached #(.COUNT(ROWS * BLOCKS + 1), .RANK(RANK), .SLOT(o)) u_reached (
      .rank({after, rank}), .reached(reached_next));
    always_ff @(posedge clk) reached <= reached_next;
    for (genvar g = 0; g < GROUPS; g++) begin : groups
      logic [PLACES-1:0] reached_here;
      for (genvar k = 0; k < PLACES; k++) begin : places
        localparam int R = g * GROUP + (k >> BLOCK_BITS);
        localparam int B = k % (1 << BLOCK_BITS);
        if (R < ROWS && B < BLOCKS) begin : used
          assign reached_here[k] = reached[R*BLOCKS+B];
          if (o < 16) begin : first_of_these_slots
            assign group[o][g][k] = from_group[R][B][o];
            wide_mux #(.INPUTS(4), .BITS(SIZE)) u_mux (
              .d(candidate[R][B][o%4]), .select(group[o][g][k]), .y(found[o][g][k]));
          end
        end else begin : unused
          assign reached_here[k] = 1'b0;
          if (o < 16) begin : first_of_these_slots
            assign group[o][g][k] = '0;
            assign found[o][g][k] = '0;
          end
        end
      end
      localparam int NEXT = (g + 1) * GROUP < ROWS ? (g + 1) * GROUP : ROWS;
      reduce_take #(.ROWS(GROUP), .BLOCKS(BLOCKS), .PIXEL(PIXEL), .FIRST_COLUMN(FIRST), .ROW_BITS(ROW_BITS),
                    .ALIGNED(ROWS % GROUP == 0), .COLUMN_BITS(COLUMN_BITS), .SHARED(o >= 16),
                    .CUT(CUT_TAKE)) u_take (
        .clk, .first_row(first_row[g]), .next_row(g + 1 < GROUPS ? first_row[(g+1)%GROUPS] : next_row[0]),
        .reached(reached_here), .passed(reached[NEXT*BLOCKS]), .found(found[o%16][g]),
        .group(group[o%16][g]), .take(takes[g]), .taken(taken[g*TAKEN+:TAKEN]));
      if (g == 0) begin : only
        assign last_taken[0+:TAKEN] = taken[0+:TAKEN];
      end else begin : later
        assign last_taken[g*TAKEN+:TAKEN] = takes[g] ? taken[g*TAKEN+:TAKEN] : last_taken[(g-1)*TAKEN+:TAKEN];
      end
    end
    assign take[o] = |takes;
    assign {pixel[o], row[o], column[o]} = last_taken[(GROUPS-1)*TAKEN+:TAKEN];
  end
endmodule
