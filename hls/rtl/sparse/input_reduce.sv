// Input reduction: the first SLOTS active pixels of the image, in raster order, as compact arrays
//
//     features[n] = image[p_n],   (row[n], column[n]) of p_n, 1-based;   (0, .) = empty slot
//     active(p)  <=>  channel 0 of image[p] > THRESHOLD
//
// ROWS rows enter a cycle. An active pixel's slot is its rank, known from prefix counts of bits alone: pixels move to their
// rank modulo 4 in groups of four, and each slot takes the group, block and row whose ranks hold it. out_valid is high
// three cycles after the event's last rows; the outputs stay until the next event's. (Radix-4 rank routing: no pass a
// pixel, no data-dependent control.)
module input_reduce #(
  parameter int WIDTH = 63,
  parameter int PIXEL = 8,          // bits of all channels of a pixel
  parameter int BITS = 8,           // bits of channel 0, the lowest
  parameter bit IS_SIGNED = 0,
  parameter logic [BITS-1:0] THRESHOLD = '0,  // not negative, so that a pixel of zeros is never active
  parameter int ROWS = 8,
  parameter int SLOTS = 20,
  parameter int ROW_BITS = 6,
  parameter int COLUMN_BITS = 6
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
  // A lane's number is the 1-based column, unless that took a block more for one column
  localparam int FIRST = WIDTH % 16 == 0 ? 1 : 0;
  localparam int BLOCKS = (WIDTH - FIRST) / 16 + 1;
  localparam int PAIRS = (BLOCKS + 1) / 2;
  localparam int RANK = SLOTS > 8 ? $clog2(SLOTS) + 1 : 4;  // exact below the top bit, which means "at least so many"
  localparam int SLOTS_16 = SLOTS < 16 ? SLOTS : 16;
  localparam int LEVELS = ROWS > 1 ? $clog2(ROWS) : 1;
  localparam int PAD = 1 << LEVELS;

  function automatic logic [RANK-1:0] add(logic [RANK-1:0] a, logic [RANK-1:0] b);
    logic [RANK-1:0] sum;
    sum = {1'b0, a[RANK-2:0]} + {1'b0, b[RANK-2:0]};
    add = {a[RANK-1] | b[RANK-1] | sum[RANK-1], sum[RANK-2:0]};
  endfunction
  function automatic logic [RANK-1:0] saturated(logic [5:0] n);
    saturated = {32'(n) >> (RANK - 1) != 0, (RANK - 1)'(n)};
  endfunction

  logic [2:1] valid, last;  // of the pipeline stages
  always_ff @(posedge clk) begin
    valid <= rst ? '0 : {valid[1], in_valid};
    last <= {last[1], in_last};
    out_valid <= valid[2] && last[2] && !rst;
  end

  // Stage 1: active pixels of each block and pair of blocks
  logic [ROWS-1:0][BLOCKS-1:0][15:0][PIXEL-1:0] lane;
  logic [ROWS-1:0][2*PAIRS-1:0][4:0] total;
  logic [ROWS-1:0][BLOCKS:0][1:0] ahead, ahead_1;            // active pixels of the row before each block, modulo 4
  logic [ROWS-1:0][PAIRS-1:0][5:0] single, pair;             // of a pair's first block; of both
  logic [ROWS-1:0][2*PAIRS:0][RANK-1:0] upto;                // active pixels of the row before each block
  logic [ROWS-1:0][BLOCKS-1:0][RANK-1:0] upto_2, rank;       // rank of the first pixel of each block
  logic [ROWS:0][RANK-1:0] row_rank, row_rank_2;             // of each row, and of the row after them
  logic [ROWS-1:0][BLOCKS-1:0][3:0][3:0][PIXEL+1:0] candidate;
  logic [ROWS-1:0][BLOCKS-1:0][SLOTS_16-1:0][1:0] from_group;
  for (genvar r = 0; r < ROWS; r++) begin : row_of_blocks
    assign lane[r] = (BLOCKS * 16 * PIXEL)'({in_rows[r], {PIXEL{1'b0}}} >> (FIRST * PIXEL));
    assign ahead[r][0] = '0;
    assign upto[r][0] = '0;
    for (genvar b = 0; b < BLOCKS; b++) begin : blocks
      localparam logic [15:0] USED = 16'({{WIDTH{1'b1}}, 1'b0} >> (FIRST + 16 * b));
      reduce_block #(.PIXEL(PIXEL), .BITS(BITS), .IS_SIGNED(IS_SIGNED), .THRESHOLD(THRESHOLD), .USED(USED),
                     .SLOTS(SLOTS_16)) u_block (
        .clk, .pixel(lane[r][b]), .total(total[r][b]), .first_rank_1(rank_4[r] + ahead_1[r][b]),
        .first_rank_2(rank[r][b][3:0]), .candidate(candidate[r][b]), .from_group(from_group[r][b]));
      assign ahead[r][b+1] = ahead[r][b] + total[r][b][1:0];
      assign rank[r][b] = add(row_rank_2[r], upto_2[r][b]);
    end
    if (BLOCKS % 2 == 1) begin : no_block
      assign total[r][BLOCKS] = '0;
    end
    always_ff @(posedge clk) ahead_1[r] <= ahead[r];
    for (genvar k = 0; k < PAIRS; k++) begin : sums
      always_ff @(posedge clk) begin
        single[r][k] <= {1'b0, total[r][2*k]};
        pair[r][k] <= {1'b0, total[r][2*k]} + {1'b0, total[r][2*k+1]};
      end
      assign upto[r][2*k+1] = add(upto[r][2*k], saturated(single[r][k]));
      assign upto[r][2*k+2] = add(upto[r][2*k], saturated(pair[r][k]));
    end
  end

  // Stage 2: rank of the first pixel of every row; `seen` pixels came in earlier rows of the event. Modulo 4 it is known
  // earlier, by sums of two bits that are one LUT6 deep, and goes on to the blocks.
  logic [RANK-1:0] seen;
  logic [LEVELS:0][PAD-1:0][RANK-1:0] prefix;                // prefix[LEVELS][r]: pixels in rows 0 .. r of these
  /* verilator lint_off UNUSEDSIGNAL */  // the sum over all rows is not needed
  logic [LEVELS:0][PAD-1:0][1:0] prefix_4;                   // the same modulo 4
  /* verilator lint_on UNUSEDSIGNAL */
  logic [ROWS-1:0][1:0] rank_4;
  for (genvar r = 0; r < PAD; r++) begin : prefixes
    assign prefix[0][r] = r < ROWS ? upto[r % ROWS][2*PAIRS] : '0;
    assign prefix_4[0][r] = r < ROWS ? ahead_1[r % ROWS][BLOCKS] : '0;
    for (genvar k = 0; k < LEVELS; k++) begin : levels
      if ((r >> k) % 2 == 1) begin : right
        assign prefix[k+1][r] = add(prefix[k][((r>>k)<<k)-1], prefix[k][r]);
        assign prefix_4[k+1][r] = prefix_4[k][((r>>k)<<k)-1] + prefix_4[k][r];
      end else begin : left
        assign prefix[k+1][r] = prefix[k][r];
        assign prefix_4[k+1][r] = prefix_4[k][r];
      end
    end
  end
  assign row_rank[0] = seen;
  assign rank_4[0] = seen[1:0];
  for (genvar r = 1; r <= ROWS; r++) begin : ranks
    assign row_rank[r] = add(seen, prefix[LEVELS][r-1]);
    if (r < ROWS) begin : known_early
      assign rank_4[r] = seen[1:0] + prefix_4[LEVELS][r-1];
    end
  end
  always_ff @(posedge clk) begin
    if (rst || valid[1] && last[1]) seen <= '0;
    else if (valid[1]) seen <= row_rank[ROWS];
    row_rank_2 <= row_rank;
    for (int r = 0; r < ROWS; r++) upto_2[r] <= upto[r][BLOCKS-1:0];
  end

  // Stage 3: each slot takes its group, block and row
  logic [ROW_BITS-1:0] first_row;  // 1-based row of the first of these rows
  always_ff @(posedge clk)
    if (rst || valid[2] && last[2]) first_row <= ROW_BITS'(1);
    else if (valid[2]) first_row <= first_row + ROW_BITS'(ROWS);
  for (genvar o = 0; o < SLOTS; o++) begin : slots
    logic [ROWS*BLOCKS*4*(PIXEL+2)-1:0] at;  // what every block of every row has for this slot
    logic [ROWS*BLOCKS*2-1:0] group;
    logic [ROWS*BLOCKS-1:0] reached;
    for (genvar r = 0; r < ROWS; r++) begin : rows
      for (genvar b = 0; b < BLOCKS; b++) begin : blocks
        assign at[(r*BLOCKS+b)*4*(PIXEL+2)+:4*(PIXEL+2)] = candidate[r][b][o%4];
        assign group[(r*BLOCKS+b)*2+:2] = from_group[r][b][o%16];
        assign reached[r*BLOCKS+b] = rank[r][b] <= RANK'(o);
      end
    end
    reduce_slot #(.ROWS(ROWS), .BLOCKS(BLOCKS), .PIXEL(PIXEL), .FIRST_COLUMN(FIRST),
                  .ROW_BITS(ROW_BITS), .COLUMN_BITS(COLUMN_BITS)) u_slot (
      .clk, .rst, .valid(valid[2]), .last(last[2]), .first_row, .reached, .passed(row_rank_2[ROWS] <= RANK'(o)), .candidate(at),
      .from_group(group), .pixel(features[o]), .row(row[o]), .column(column[o]));
  end
endmodule
