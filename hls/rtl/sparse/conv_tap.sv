// The weights between two slots: those at the offset of a neighbour (row, column) from the kernel's corner at
// (corner_row, corner_column), 0 if it is outside the kernel or empty. One cycle. TABLE holds a bit plane of
// 2^(filter group, row, column bits) entries for each bit of a word: for kernels up to 8 x 8 one LUT6 a bit.
module conv_tap #(
  parameter int ROW_BITS = 6,
  parameter int COLUMN_BITS = 6,
  parameter int KERNEL_HEIGHT = 7,
  parameter int KERNEL_WIDTH = 7,
  parameter int GROUP_BITS = 0,   // of the filter group
  parameter int WORD = 8,
  parameter int H = KERNEL_HEIGHT > 1 ? $clog2(KERNEL_HEIGHT) : 1,
  parameter int W = KERNEL_WIDTH > 1 ? $clog2(KERNEL_WIDTH) : 1,
  parameter int ADDRESS = GROUP_BITS + H + W,
  parameter logic [(WORD<<ADDRESS)-1:0] TABLE = '0
) (
  input  logic clk,
  input  logic [(GROUP_BITS > 0 ? GROUP_BITS : 1)-1:0] group,
  input  logic [ROW_BITS:0] corner_row,        // two's complement, as is the difference
  input  logic [COLUMN_BITS:0] corner_column,
  input  logic [ROW_BITS-1:0] row,
  input  logic [COLUMN_BITS-1:0] column,
  output logic [WORD-1:0] weights
);
  logic [ROW_BITS:0] down;
  logic [COLUMN_BITS:0] right;
  logic near;
  logic [ADDRESS-1:0] address;
  logic [WORD-1:0] word;
  assign down = {1'b0, row} - corner_row;
  assign right = {1'b0, column} - corner_column;
  assign near = row != '0 && down < (ROW_BITS + 1)'(KERNEL_HEIGHT) && right < (COLUMN_BITS + 1)'(KERNEL_WIDTH);
  assign address = ADDRESS'({group, down[H-1:0], right[W-1:0]});
  for (genvar b = 0; b < WORD; b++) begin : planes
    localparam logic [(1<<ADDRESS)-1:0] PLANE = TABLE[(b<<ADDRESS)+:(1<<ADDRESS)];
    assign word[b] = PLANE[address];
  end
  always_ff @(posedge clk) weights <= near ? word : '0;
endmodule
