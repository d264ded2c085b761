// The weights between two slots: those at the offset of a neighbour (row, column) from the centre of the kernel, 0 if it is
// outside the kernel or empty. One cycle, with OFFSET one more, a register behind the subtractions. TABLE holds a bit plane
// of 2^(filter group, row, column bits) entries for each bit of a word, at the low bits of the offset, which may be
// negative: for kernels up to 8 x 8 one LUT6 a bit.
module conv_tap #(
  parameter int ROW_BITS = 6,
  parameter int COLUMN_BITS = 6,
  parameter int KERNEL_HEIGHT = 7,
  parameter int KERNEL_WIDTH = 7,
  parameter int GROUP_BITS = 0,   // of the filter group
  parameter bit OFFSET = 0,
  parameter int WORD = 8,
  parameter int H = KERNEL_HEIGHT > 1 ? $clog2(KERNEL_HEIGHT) : 1,
  parameter int W = KERNEL_WIDTH > 1 ? $clog2(KERNEL_WIDTH) : 1,
  parameter int ADDRESS = GROUP_BITS + H + W,
  parameter logic [(WORD<<ADDRESS)-1:0] TABLE = '0
) (
  input  logic clk,
  input  logic [(GROUP_BITS > 0 ? GROUP_BITS : 1)-1:0] group,
  input  logic [ROW_BITS-1:0] centre_row,
  input  logic [COLUMN_BITS-1:0] centre_column,
  input  logic [ROW_BITS-1:0] row,
  input  logic [COLUMN_BITS-1:0] column,
  output logic [WORD-1:0] weights
);
  localparam int G = GROUP_BITS > 0 ? GROUP_BITS : 1;
  // Which low bits of an offset are inside the kernel, when it is negative and when it is not
  localparam logic [(1<<H)-1:0] BELOW = ~('1 >> KERNEL_HEIGHT / 2), ABOVE = ~('1 << (KERNEL_HEIGHT - KERNEL_HEIGHT / 2));
  localparam logic [(1<<W)-1:0] LEFT = ~('1 >> KERNEL_WIDTH / 2), RIGHT = ~('1 << (KERNEL_WIDTH - KERNEL_WIDTH / 2));
  logic [ROW_BITS+1:0] down, down_then;  // two's complement
  logic [COLUMN_BITS+1:0] right, right_then;
  logic [G-1:0] group_then;
  logic filled, near;
  logic [ADDRESS-1:0] address;
  logic [WORD-1:0] word;
  assign down = {2'b0, row} - {2'b0, centre_row};
  assign right = {2'b0, column} - {2'b0, centre_column};
  if (OFFSET) begin : cut
    always_ff @(posedge clk) {down_then, right_then, group_then, filled} <= {down, right, group, row != '0};
  end else begin : through
    assign {down_then, right_then, group_then, filled} = {down, right, group, row != '0};
  end
  assign near = filled
                  && ((down_then[ROW_BITS+1:H] == '0 && ABOVE[down_then[H-1:0]])
                      || (down_then[ROW_BITS+1:H] == '1 && BELOW[down_then[H-1:0]]))
                  && ((right_then[COLUMN_BITS+1:W] == '0 && RIGHT[right_then[W-1:0]])
                      || (right_then[COLUMN_BITS+1:W] == '1 && LEFT[right_then[W-1:0]]));
  assign address = ADDRESS'({group_then, down_then[H-1:0], right_then[W-1:0]});
  for (genvar b = 0; b < WORD; b++) begin : planes
    localparam logic [(1<<ADDRESS)-1:0] PLANE = TABLE[(b<<ADDRESS)+:(1<<ADDRESS)];
    assign word[b] = PLANE[address];
  end
  always_ff @(posedge clk) weights <= near ? word : '0;
endmodule
