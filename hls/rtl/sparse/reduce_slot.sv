// A slot of the input reduction: takes its pixel from the row and block whose ranks hold it, and keeps it until the
// event's last rows, when it is handed on (visible one cycle later, until the next event's). row = 0: empty.
module reduce_slot #(
  parameter int ROWS = 8,
  parameter int BLOCKS = 4,
  parameter int PIXEL = 8,
  parameter int FIRST_COLUMN = 1,                         // number of the first block's first column: 0 or 1
  parameter int ROW_BITS = 6,
  parameter int COLUMN_BITS = 6
) (
  input  logic clk,
  input  logic rst,
  input  logic valid,
  input  logic last,
  input  logic [ROW_BITS-1:0] first_row,                  // 1-based row of the first of these rows
  input  logic [ROWS-1:0][BLOCKS-1:0] reached,            // the rank of the block's first pixel is not above the slot
  input  logic passed,                                    // that of the first pixel after these rows is not, either
  input  logic [ROWS-1:0][BLOCKS-1:0][4*(PIXEL+2)-1:0] candidate,  // of the four groups of each block
  input  logic [ROWS-1:0][BLOCKS-1:0][1:0] from_group,
  output logic [PIXEL-1:0] pixel,
  output logic [ROW_BITS-1:0] row,
  output logic [COLUMN_BITS-1:0] column
);
  // Place {row, block}; every place has one candidate left after a 4:1 multiplexer, and eight of those join in F7, F8, F9.
  localparam int BLOCK_BITS = BLOCKS > 1 ? $clog2(BLOCKS) : 0;
  localparam int PLACES = (ROWS > 1 ? 1 << $clog2(ROWS) : 1) << BLOCK_BITS;
  localparam int INDEX = PLACES > 1 ? $clog2(PLACES) : 1;
  localparam int PARTS = PLACES > 8 ? PLACES / 8 : 1;
  localparam int JOINED = PLACES / PARTS;
  localparam int JOINED_BITS = JOINED > 1 ? $clog2(JOINED) : 1;
  localparam int SIZE = PIXEL + 2;
  localparam int KEPT = ROW_BITS + COLUMN_BITS + PIXEL;
  logic [PLACES-1:0] place_reached;
  logic [PLACES-1:0][1:0] group;
  logic [PARTS-1:0][JOINED-1:0][SIZE-1:0] found;
  logic [PARTS-1:0][SIZE-1:0] part;
  logic [INDEX-1:0] index;
  logic [JOINED_BITS-1:0] joined;
  logic [1:0] chosen_group;
  logic [SIZE-1:0] taken;
  logic take, filled;
  logic [KEPT-1:0] kept, next;

  for (genvar k = 0; k < PLACES; k++) begin : places
    localparam int R = k >> BLOCK_BITS;
    localparam int B = k % (1 << BLOCK_BITS);
    if (R < ROWS && B < BLOCKS) begin : used
      assign place_reached[k] = reached[R][B];
      assign group[k] = from_group[R][B];
      wide_mux #(.INPUTS(4), .BITS(SIZE)) u_mux (.d(candidate[R][B]), .select(group[k]), .y(found[k%PARTS][k/PARTS]));
    end else begin : unused
      assign place_reached[k] = 1'b0;
      assign group[k] = '0;
      assign found[k%PARTS][k/PARTS] = '0;
    end
  end
  last_reached #(.COUNT(PLACES)) u_index (.reached(place_reached), .index);
  wide_mux #(.INPUTS(PLACES), .BITS(2)) u_group (.d(group), .select(index), .y(chosen_group));
  assign joined = JOINED_BITS'(index >> $clog2(PARTS));
  for (genvar p = 0; p < PARTS; p++) begin : parts
    wide_mux #(.INPUTS(JOINED), .BITS(SIZE), .LEAF(1)) u_join (
      .d(found[p]), .select(joined), .y(part[p]));
  end
  wide_mux #(.INPUTS(PARTS), .BITS(SIZE)) u_part (
    .d(part), .select(index[(PARTS > 1 ? $clog2(PARTS) : 1)-1:0]), .y(taken));

  assign take = place_reached[0] && !passed;
  assign next = !take ? kept : {
    first_row + ROW_BITS'(index >> BLOCK_BITS),
    COLUMN_BITS'({32'(index) % (1 << BLOCK_BITS), chosen_group, taken[PIXEL+:2]}) + COLUMN_BITS'(FIRST_COLUMN),
    taken[PIXEL-1:0]};
  always_ff @(posedge clk) begin
    if (rst || valid && last) filled <= 1'b0;
    else if (valid && take) filled <= 1'b1;
    if (valid && take) kept <= next;
    if (valid && last) begin
      pixel <= next[PIXEL-1:0];
      column <= next[PIXEL+:COLUMN_BITS];
      row <= take || filled ? next[PIXEL+COLUMN_BITS+:ROW_BITS] : '0;
    end
  end
endmodule
