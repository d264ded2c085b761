// What one slot takes of ROWS rows: the pixel of the row and block whose ranks hold it. `found` has, of each place {row,
// block}, the one candidate that is left for slots with this number modulo 16: LUTs of their own for the first of these
// slots, which joins eight of them in F7, F8, F9; SHARED: for a later one, which takes LUTs to join them. Combinational,
// unless there is a CUT.
module reduce_take #(
  parameter int ROWS = 8,
  parameter int BLOCKS = 4,
  parameter int PIXEL = 8,
  parameter int FIRST_COLUMN = 1,                         // number of the first block's first column: 0 or 1
  parameter int ROW_BITS = 6,
  parameter int COLUMN_BITS = 6,
  parameter bit ALIGNED = 0,                              // first_row is 1 more than a multiple of ROWS, a power of two
  parameter bit SHARED = 0,
  parameter bit CUT = 0,                                  // a register behind the joined candidates
  parameter int BLOCK_BITS = BLOCKS > 1 ? $clog2(BLOCKS) : 0,
  parameter int PLACES = (ROWS > 1 ? 1 << $clog2(ROWS) : 1) << BLOCK_BITS
) (
  input  logic clk,
  input  logic [ROW_BITS-1:0] first_row,                  // 1-based row of the first of these rows
  input  logic [ROW_BITS-1:0] next_row,                   // and of the first after them
  input  logic [PLACES-1:0] reached,                      // the rank of the place's first pixel is not above the slot
  input  logic passed,                                    // that of the first pixel after these rows is not, either
  input  logic [PLACES-1:0][PIXEL+1:0] found,             // {column in the group, pixel}
  input  logic [PLACES-1:0][1:0] group,
  output logic take,
  output logic [PIXEL+ROW_BITS+COLUMN_BITS-1:0] taken     // {pixel, row, column}
);
  localparam int INDEX = PLACES > 1 ? $clog2(PLACES) : 1;
  localparam int PARTS = PLACES > 8 && !SHARED ? PLACES / 8 : 1;
  localparam int JOINED = PLACES / PARTS;
  localparam int JOINED_BITS = JOINED > 1 ? $clog2(JOINED) : 1;
  localparam int SIZE = PIXEL + 2;
  localparam int LOG = ROWS > 1 ? $clog2(ROWS) : 1;
  logic [PARTS-1:0][SIZE-1:0] part, part_1;
  logic [INDEX-1:0] index, index_1;
  logic [1:0] chosen_group, group_1;
  logic [SIZE-1:0] chosen;
  logic [ROW_BITS-1:0] row;
  logic [COLUMN_BITS-1:0] column;

  last_reached #(.COUNT(PLACES)) u_index (.reached, .index);
  wide_mux #(.INPUTS(PLACES), .BITS(2)) u_group (.d(group), .select(index), .y(chosen_group));
  for (genvar p = 0; p < PARTS; p++) begin : parts
    logic [JOINED*SIZE-1:0] of_part;
    for (genvar j = 0; j < JOINED; j++) begin : places
      assign of_part[j*SIZE+:SIZE] = found[j*PARTS+p];
    end
    wide_mux #(.INPUTS(JOINED), .BITS(SIZE), .LEAF(SHARED ? 4 : 1)) u_join (
      .d(of_part), .select(JOINED_BITS'(index >> $clog2(PARTS))), .y(part[p]));
  end
  delay #(.BITS(PARTS * SIZE + INDEX + 3), .CYCLES(32'(CUT))) u_cut (
    .clk, .d({part, index, chosen_group, reached[0] && !passed}), .q({part_1, index_1, group_1, take}));
  wide_mux #(.INPUTS(PARTS), .BITS(SIZE)) u_part (
    .d(part_1), .select(index_1[(PARTS > 1 ? $clog2(PARTS) : 1)-1:0]), .y(chosen));
  assign taken = {chosen[PIXEL-1:0], row, column};
  assign column = COLUMN_BITS'({32'(index_1) % (1 << BLOCK_BITS), group_1, chosen[PIXEL+:2]}) + COLUMN_BITS'(FIRST_COLUMN);
  if (ALIGNED && ROWS == 1 << LOG) begin : aligned        // no carry chain
    logic [LOG-1:0] in_these;
    logic unused;
    assign unused = ^{first_row, next_row};
    assign in_these = LOG'(index_1 >> BLOCK_BITS);
    assign row = ROW_BITS'({(&in_these ? next_row : first_row) >> LOG, in_these + 1'b1});
  end else begin : any
    logic unused;
    assign unused = ^next_row;
    assign row = first_row + ROW_BITS'(index_1 >> BLOCK_BITS);
  end
endmodule
