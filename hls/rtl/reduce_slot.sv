// Slot SLOT of the input reduction: takes its pixel from the row and block whose ranks hold it, and keeps it until the
// event's last rows, when it is handed on (visible one cycle later, until the next event's). row = 0: empty.
module reduce_slot #(
  parameter int SLOT = 0,
  parameter int ROWS = 8,
  parameter int BLOCKS = 4,
  parameter int PIXEL = 8,
  parameter int RANK = 6,
  parameter int ROW_BITS = 6,
  parameter int COLUMN_BITS = 6
) (
  input  logic clk,
  input  logic rst,
  input  logic valid,
  input  logic last,
  input  logic [ROW_BITS-1:0] first_row,                  // 1-based row of the first of these rows
  input  logic [ROWS-1:0][BLOCKS-1:0][RANK-1:0] rank,     // of the first pixel of each block
  input  logic [ROWS:0][RANK-1:0] row_rank,               // of the first pixel of each row, and of the row after them
  input  logic [ROWS*BLOCKS*(PIXEL+4)-1:0] at,            // {column in the block, pixel} of each block that may fill this slot
  output logic [PIXEL-1:0] pixel,
  output logic [ROW_BITS-1:0] row,
  output logic [COLUMN_BITS-1:0] column
);
  localparam int BLOCK_BITS = BLOCKS > 1 ? $clog2(BLOCKS) : 0;
  localparam int SIZE = BLOCK_BITS + 4 + PIXEL;           // {1-based column, pixel}
  localparam int INDEX = ROWS > 1 ? $clog2(ROWS) : 1;
  logic [ROWS*SIZE-1:0] candidate;
  logic [INDEX-1:0] chosen;
  logic [SIZE-1:0] taken;
  logic take, filled;
  logic [ROW_BITS+SIZE-1:0] kept, next;

  for (genvar r = 0; r < ROWS; r++) begin : rows
    if (BLOCKS == 1) begin : one
      assign candidate[r*SIZE+:SIZE] = at[r*SIZE+:SIZE];
    end else begin : several
      logic [BLOCK_BITS-1:0] b;
      last_reached #(.COUNT(BLOCKS), .RANK(RANK), .SLOT(SLOT)) u_block (.rank(rank[r]), .index(b));
      wide_mux #(.INPUTS(BLOCKS), .BITS(PIXEL + 4)) u_mux (
        .d(at[r*BLOCKS*(PIXEL+4)+:BLOCKS*(PIXEL+4)]), .select(b), .y(candidate[r*SIZE+:PIXEL+4]));
      assign candidate[r*SIZE+PIXEL+4+:BLOCK_BITS] = b;
    end
  end
  last_reached #(.COUNT(ROWS), .RANK(RANK), .SLOT(SLOT)) u_row (.rank(row_rank[ROWS-1:0]), .index(chosen));
  wide_mux #(.INPUTS(ROWS), .BITS(SIZE)) u_mux (.d(candidate), .select(chosen), .y(taken));

  assign take = row_rank[0] <= RANK'(SLOT) && row_rank[ROWS] > RANK'(SLOT);
  assign next = take ? {first_row + ROW_BITS'(chosen), taken} : kept;
  always_ff @(posedge clk) begin
    if (rst || valid && last) filled <= 1'b0;
    else if (valid && take) filled <= 1'b1;
    if (valid && take) kept <= next;
    if (valid && last) begin
      pixel <= next[PIXEL-1:0];
      column <= COLUMN_BITS'(next[SIZE-1:PIXEL]);
      row <= take || filled ? next[SIZE+:ROW_BITS] : '0;
    end
  end
endmodule
