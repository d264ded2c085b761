// Active pixels of ROWS rows, by rank: which of them each slot takes, where those before them have taken `base` slots
//
// A slot is the rank of its pixel, known from prefix counts of bits alone: pixels move to their rank modulo 4 in groups of
// four, and each slot takes the group, block and row whose ranks hold it. (Radix-4 rank routing: no pass a pixel, no
// data-dependent control.) Rows enter with valid, last and a tag; a cycle later the same are at the ranks, where `base` is
// asked for, and another one later at the slots. Each of CUTS adds a register: {behind the candidates of eight places,
// before the index, behind the sums over rows, behind those of a row}.
module reduce_rows #(
  parameter int WIDTH = 63,
  parameter int PIXEL = 8,          // bits of all channels of a pixel
  parameter int ROWS = 8,
  parameter int SLOTS = 20,
  parameter int ROW_BITS = 6,
  parameter int COLUMN_BITS = 6,
  parameter int TAG = 1,
  parameter logic [3:0] CUTS = '0,
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
  localparam int LEVELS = ROWS > 1 ? $clog2(ROWS) : 1;
  localparam int PAD = 1 << LEVELS;
  localparam int SIZE = PIXEL + 2;
  localparam int BLOCK_BITS = BLOCKS > 1 ? $clog2(BLOCKS) : 0;
  localparam int PLACES = (ROWS > 1 ? PAD : 1) << BLOCK_BITS;  // {row, block}
  localparam int CUT_ROW = 32'(CUTS[0]);
  localparam int CUT_ROWS = 32'(CUTS[1]);
  localparam int CUT_INDEX = 32'(CUTS[2]);
  localparam int RANKS_AT = 1 + CUT_ROW + CUT_ROWS;
  localparam int EARLY = LEVELS > 1 ? LEVELS - 1 : 0;  // levels of the sums over rows in front of their register
  localparam int SLOTS_AT = RANKS_AT + 1 + CUT_INDEX + 32'(CUTS[3]);

  function automatic logic [RANK-1:0] add(logic [RANK-1:0] a, logic [RANK-1:0] b);
    logic [RANK-1:0] sum;
    sum = {1'b0, a[RANK-2:0]} + {1'b0, b[RANK-2:0]};
    add = {a[RANK-1] | b[RANK-1] | sum[RANK-1], sum[RANK-2:0]};
  endfunction
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

  // Stage 1: active pixels of each block and pair of blocks
  logic [ROWS-1:0][BLOCKS-1:0][15:0] lane_active;
  logic [ROWS-1:0][BLOCKS-1:0][15:0][PIXEL-1:0] lane;
  logic [ROWS-1:0][2*PAIRS-1:0][4:0] total;
  logic [ROWS-1:0][BLOCKS:0][1:0] ahead, ahead_1, ahead_2, ahead_3;  // active pixels before each block, modulo 4
  logic [ROWS-1:0][PAIRS-1:0][5:0] single, pair;                     // of a pair's first block; of both
  logic [ROWS-1:0][2*PAIRS:0][RANK-1:0] upto, upto_1, upto_2;        // active pixels of the row before each block
  logic [ROWS-1:0][BLOCKS-1:0][RANK-1:0] rank;                       // of the first pixel of each block
  logic [ROWS-1:0][1:0] rank_4;
  logic [ROWS:0][RANK-1:0] row_rank;                                 // of each row, and of the row after them
  logic [RANK-1:0] after_3;
  logic [ROWS-1:0][BLOCKS-1:0][3:0][3:0][SIZE-1:0] candidate, candidate_1;
  logic [ROWS-1:0][BLOCKS-1:0][SLOTS_16-1:0][1:0] from_group, from_group_1;
  for (genvar r = 0; r < ROWS; r++) begin : row_of_blocks
    assign lane_active[r] = (BLOCKS * 16)'({active[r], 1'b0} >> FIRST);
    assign lane[r] = (BLOCKS * 16 * PIXEL)'({in_rows[r], {PIXEL{1'b0}}} >> (FIRST * PIXEL));
    assign ahead[r][0] = '0;
    assign upto[r][0] = '0;
    for (genvar b = 0; b < BLOCKS; b++) begin : blocks
      localparam logic [15:0] USED = 16'({{WIDTH{1'b1}}, 1'b0} >> (FIRST + 16 * b));
      reduce_block #(.PIXEL(PIXEL), .USED(USED), .SLOTS(SLOTS_16), .WAIT(CUT_ROW + CUT_ROWS)) u_block (
        .clk, .active(lane_active[r][b]), .pixel(lane[r][b]), .total(total[r][b]),
        .first_rank_1(add_4(rank_4[r], ahead_3[r][b])), .first_rank_2(rank[r][b][3:0]), .candidate(candidate[r][b]),
        .from_group(from_group[r][b]));
      assign ahead[r][b+1] = add_4(ahead[r][b], total[r][b][1:0]);
      always_ff @(posedge clk) rank[r][b] <= add(row_rank[r], upto_2[r][b]);
    end
    if (BLOCKS % 2 == 1) begin : no_block
      assign total[r][BLOCKS] = '0;
    end
    for (genvar k = 0; k < PAIRS; k++) begin : sums
      always_ff @(posedge clk) begin
        single[r][k] <= {1'b0, total[r][2*k]};
        pair[r][k] <= {1'b0, total[r][2*k]} + {1'b0, total[r][2*k+1]};
      end
      assign upto[r][2*k+1] = add(upto[r][2*k], saturated(single[r][k]));
      assign upto[r][2*k+2] = add(upto[r][2*k], saturated(pair[r][k]));
    end
  end
  always_ff @(posedge clk) ahead_1 <= ahead;

  // Stage 2: rank of the first pixel of every row. Modulo 4 it is known earlier, by sums of two bits that are one LUT6 deep,
  // and goes on to the blocks.
  localparam int AHEAD = ROWS * (BLOCKS + 1) * 2;
  localparam int UPTO = ROWS * (2 * PAIRS + 1) * RANK;
  logic [LEVELS:0][PAD-1:0][RANK-1:0] prefix;                // prefix[LEVELS][r]: pixels in rows 0 .. r of these
  /* verilator lint_off UNUSEDSIGNAL */  // the sum over all rows is not needed
  logic [LEVELS:0][PAD-1:0][1:0] prefix_4;                   // the same modulo 4
  logic [LEVELS:0][PAD-1:0][RANK-1:0] prefix_cut;            // both behind their register
  logic [LEVELS:0][PAD-1:0][1:0] prefix_4_cut;
  logic [PAD-1:0][RANK-1:0] prefix_1;
  logic [PAD-1:0][1:0] prefix_4_1;
  /* verilator lint_on UNUSEDSIGNAL */
  delay #(.BITS(AHEAD), .CYCLES(CUT_ROW)) u_cut_ahead (.clk, .d(ahead_1), .q(ahead_2));
  delay #(.BITS(UPTO), .CYCLES(CUT_ROW)) u_cut_upto (.clk, .d(upto), .q(upto_1));
  for (genvar k = 0; k <= LEVELS; k++) begin : prefixes
    if (k == EARLY) begin : cut
      delay #(.BITS(PAD * (RANK + 2)), .CYCLES(CUT_ROWS)) u_cut (
        .clk, .d({prefix[k], prefix_4[k]}), .q({prefix_cut[k], prefix_4_cut[k]}));
    end else begin : through
      assign {prefix_cut[k], prefix_4_cut[k]} = {prefix[k], prefix_4[k]};
    end
    for (genvar r = 0; r < PAD; r++) begin : rows
      if (k == 0) begin : own
        assign prefix[0][r] = r < ROWS ? upto_1[r % ROWS][2*PAIRS] : '0;
        assign prefix_4[0][r] = r < ROWS ? ahead_2[r % ROWS][BLOCKS] : '0;
      end else if ((r >> (k - 1)) % 2 == 1) begin : right
        localparam int LEFT = ((r >> (k - 1)) << (k - 1)) - 1;
        assign prefix[k][r] = add(prefix_cut[k-1][LEFT], prefix_cut[k-1][r]);
        assign prefix_4[k][r] = add_4(prefix_4_cut[k-1][LEFT], prefix_4_cut[k-1][r]);
      end else begin : left
        assign prefix[k][r] = prefix_cut[k-1][r];
        assign prefix_4[k][r] = prefix_4_cut[k-1][r];
      end
    end
  end
  delay #(.BITS(AHEAD + UPTO), .CYCLES(CUT_ROWS)) u_cut_sums (.clk, .d({ahead_2, upto_1}), .q({ahead_3, upto_2}));
  assign {prefix_1, prefix_4_1} = {prefix_cut[LEVELS], prefix_4_cut[LEVELS]};
  assign row_rank[0] = base;
  assign rank_4[0] = base[1:0];
  for (genvar r = 1; r <= ROWS; r++) begin : ranks
    assign row_rank[r] = add(base, prefix_1[r-1]);
    if (r < ROWS) begin : known_early
      assign rank_4[r] = add_4(base[1:0], prefix_4_1[r-1]);
    end
  end
  assign after = row_rank[ROWS];
  always_ff @(posedge clk) after_3 <= after;

  // Stage 3: each slot takes its group, block and row
  logic [ROW_BITS-1:0] first_row, next_row;  // 1-based row of the first of these rows, of the first after them
  assign next_row = first_row + ROW_BITS'(ROWS);
  always_ff @(posedge clk)
    if (rst || slots_valid && slots_last) first_row <= ROW_BITS'(1);
    else if (slots_valid) first_row <= next_row;
  delay #(.BITS(ROWS * BLOCKS * 16 * SIZE), .CYCLES(CUT_INDEX)) u_cut_candidates (.clk, .d(candidate), .q(candidate_1));
  delay #(.BITS(ROWS * BLOCKS * SLOTS_16 * 2), .CYCLES(CUT_INDEX)) u_cut_groups (.clk, .d(from_group), .q(from_group_1));
  logic [SLOTS_16-1:0][PLACES-1:0][SIZE-1:0] found;          // what every place has for a slot of this number modulo 16
  logic [SLOTS_16-1:0][PLACES-1:0][1:0] group;
  for (genvar o = 0; o < SLOTS; o++) begin : slots
    logic [ROWS*BLOCKS-1:0] own_reached;
    logic [PLACES-1:0] reached, reached_1;
    logic passed;
    ranks_reached #(.COUNT(ROWS * BLOCKS), .RANK(RANK), .SLOT(o)) u_reached (.rank, .reached(own_reached));
    for (genvar k = 0; k < PLACES; k++) begin : places
      localparam int R = k >> BLOCK_BITS;
      localparam int B = k % (1 << BLOCK_BITS);
      if (R < ROWS && B < BLOCKS) begin : used
        assign reached[k] = own_reached[R*BLOCKS+B];
        if (o < 16) begin : first_of_these_slots
          assign group[o][k] = from_group_1[R][B][o];
          wide_mux #(.INPUTS(4), .BITS(SIZE)) u_mux (
            .d(candidate_1[R][B][o%4]), .select(group[o][k]), .y(found[o][k]));
        end
      end else begin : unused
        assign reached[k] = 1'b0;
        if (o < 16) begin : first_of_these_slots
          assign group[o][k] = '0;
          assign found[o][k] = '0;
        end
      end
    end
    delay #(.BITS(PLACES + 1), .CYCLES(CUT_INDEX)) u_cut_reached (
      .clk, .d({after_3 <= RANK'(o), reached}), .q({passed, reached_1}));
    reduce_take #(.ROWS(ROWS), .BLOCKS(BLOCKS), .PIXEL(PIXEL), .FIRST_COLUMN(FIRST), .ROW_BITS(ROW_BITS),
                  .COLUMN_BITS(COLUMN_BITS), .SHARED(o >= 16), .CUT(CUTS[3])) u_take (
      .clk, .first_row, .next_row, .reached(reached_1), .passed, .found(found[o%16]), .group(group[o%16]), .take(take[o]),
      .pixel(pixel[o]), .row(row[o]), .column(column[o]));
  end
endmodule
