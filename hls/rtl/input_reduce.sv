// Input reduction: the first SLOTS active pixels of the image, in raster order, as compact arrays
//
//     features[n] = image[p_n],   (row[n], column[n]) of p_n, 1-based;   (0, .) = empty slot
//     active(p)  <=>  channel 0 of image[p] > THRESHOLD
//
// ROWS rows enter a cycle. An active pixel's slot is its rank, known from prefix counts of bits alone: every row routes
// its pixels by rank modulo 4, modulo 16 and then slot, and each slot takes the row whose ranks hold it. out_valid is high
// four cycles after the event's last rows; the outputs stay until the next event's. (Radix-4 rank routing: no pass a
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
  localparam int BLOCKS = WIDTH / 16 + 1;  // column c stands in lane c + 1, so that a lane's number is the 1-based column
  localparam int LANES = 16 * BLOCKS;
  localparam int SLOT_RANK = $clog2(SLOTS + 1) + 1;
  localparam int RANK = SLOT_RANK > 5 ? SLOT_RANK : 5;  // exact below the top bit, which means "at least so many"
  localparam int COUNT = $clog2(LANES + 1) > RANK ? $clog2(LANES + 1) : RANK;
  localparam int LEVELS = ROWS > 1 ? $clog2(ROWS) : 1;
  localparam int PAD = 1 << LEVELS;

  function automatic logic [RANK-1:0] saturated(logic [COUNT-1:0] n);
    saturated = {|n[COUNT-1:RANK-1], n[RANK-2:0]};
  endfunction
  function automatic logic [RANK-1:0] add(logic [RANK-1:0] a, logic [RANK-1:0] b);
    logic [RANK-1:0] sum;
    sum = {1'b0, a[RANK-2:0]} + {1'b0, b[RANK-2:0]};
    add = {a[RANK-1] | b[RANK-1] | sum[RANK-1], sum[RANK-2:0]};
  endfunction

  logic [3:1] valid, last;  // of the three pipeline stages
  always_ff @(posedge clk) begin
    valid <= rst ? '0 : {valid[2:1], in_valid};
    last <= {last[2:1], in_last};
    out_valid <= valid[3] && last[3] && !rst;
  end

  // Stage 1, and the routing of stage 3, in blocks of sixteen columns; here their sums along each row
  logic [ROWS-1:0][BLOCKS-1:0][RANK-1:0] rank, rank_2, rank_3;        // rank of the first pixel of each block
  logic [ROWS-1:0][BLOCKS-1:0][15:0][PIXEL+3:0] ordered;
  logic [ROWS-1:0][LANES-1:0][PIXEL-1:0] lane;
  logic [ROWS-1:0][BLOCKS-1:0][4:0] total;
  logic [ROWS-1:0][BLOCKS:0][COUNT-1:0] upto;
  logic [ROWS-1:0][BLOCKS:0][RANK-1:0] upto_1;
  for (genvar r = 0; r < ROWS; r++) begin : row_of_blocks
    assign lane[r] = (LANES * PIXEL)'({in_rows[r], PIXEL'(0)});
    assign upto[r][0] = '0;
    for (genvar b = 0; b < BLOCKS; b++) begin : blocks
      reduce_block #(.PIXEL(PIXEL), .BITS(BITS), .IS_SIGNED(IS_SIGNED), .THRESHOLD(THRESHOLD)) u_block (
        .clk, .valid(in_valid), .pixel(lane[r][16*b+15:16*b]), .total(total[r][b]),
        .first_rank(rank_2[r][b][3:0]), .y(ordered[r][b]));
      assign upto[r][b+1] = upto[r][b] + COUNT'(total[r][b]);
    end
    for (genvar b = 0; b <= BLOCKS; b++) begin : sums
      always_ff @(posedge clk) upto_1[r][b] <= saturated(upto[r][b]);
    end
  end

  // Stage 2: rank of the first pixel of every row and block; `seen` pixels came in earlier rows of the event
  logic [RANK-1:0] seen;
  logic [LEVELS:0][PAD-1:0][RANK-1:0] prefix;                // prefix[LEVELS][r]: pixels in rows 0 .. r of these
  logic [ROWS:0][RANK-1:0] above;                            // pixels in the rows above r of these
  logic [ROWS:0][RANK-1:0] row_rank, row_rank_2, row_rank_3;
  for (genvar r = 0; r < PAD; r++) begin : prefixes
    if (r < ROWS) begin : used
      assign prefix[0][r] = upto_1[r][BLOCKS];
    end else begin : unused
      assign prefix[0][r] = '0;
    end
    for (genvar k = 0; k < LEVELS; k++) begin : levels
      if ((r >> k) % 2 == 1) begin : right
        assign prefix[k+1][r] = add(prefix[k][((r>>k)<<k)-1], prefix[k][r]);
      end else begin : left
        assign prefix[k+1][r] = prefix[k][r];
      end
    end
  end
  for (genvar r = 0; r <= ROWS; r++) begin : ranks
    if (r == 0) begin : first
      assign above[r] = '0;
    end else begin : others
      assign above[r] = prefix[LEVELS][r-1];
    end
    assign row_rank[r] = add(seen, above[r]);
    if (r < ROWS) begin : blocks
      for (genvar b = 0; b < BLOCKS; b++) begin : block
        assign rank[r][b] = add(add(seen, upto_1[r][b]), above[r]);
      end
    end
  end
  always_ff @(posedge clk) begin
    if (rst || valid[1] && last[1]) seen <= '0;
    else if (valid[1]) seen <= row_rank[ROWS];
    rank_2 <= rank;
    rank_3 <= rank_2;
    row_rank_2 <= row_rank;
    row_rank_3 <= row_rank_2;
  end

  // Stage 4: each slot takes its block of the row, and its row
  logic [ROW_BITS-1:0] first_row;  // 1-based row of the first of these rows
  always_ff @(posedge clk)
    if (rst || valid[3] && last[3]) first_row <= ROW_BITS'(1);
    else if (valid[3]) first_row <= first_row + ROW_BITS'(ROWS);
  for (genvar o = 0; o < SLOTS; o++) begin : slots
    logic [ROWS*BLOCKS*(PIXEL+4)-1:0] at;  // what every block of every row has for this slot
    for (genvar r = 0; r < ROWS; r++) begin : rows
      for (genvar b = 0; b < BLOCKS; b++) begin : blocks
        assign at[(r*BLOCKS+b)*(PIXEL+4)+:PIXEL+4] = ordered[r][b][o%16];
      end
    end
    reduce_slot #(.SLOT(o), .ROWS(ROWS), .BLOCKS(BLOCKS), .PIXEL(PIXEL), .RANK(RANK), .ROW_BITS(ROW_BITS),
                  .COLUMN_BITS(COLUMN_BITS)) u_slot (
      .clk, .rst, .valid(valid[3]), .last(last[3]), .first_row, .rank(rank_3), .row_rank(row_rank_3), .at,
      .pixel(features[o]), .row(row[o]), .column(column[o]));
  end
endmodule
