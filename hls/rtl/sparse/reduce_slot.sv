// A slot of the input reduction in raster order: keeps the pixel that it takes until the event's last rows, when it is
// handed on (visible one cycle later, until the next event's). row = 0: empty.
module reduce_slot #(
  parameter int PIXEL = 8,
  parameter int ROW_BITS = 6,
  parameter int COLUMN_BITS = 6
) (
  input  logic clk,
  input  logic rst,
  input  logic valid,
  input  logic last,
  input  logic take,
  input  logic [PIXEL-1:0] new_pixel,
  input  logic [ROW_BITS-1:0] new_row,
  input  logic [COLUMN_BITS-1:0] new_column,
  output logic [PIXEL-1:0] pixel,
  output logic [ROW_BITS-1:0] row,
  output logic [COLUMN_BITS-1:0] column
);
  localparam int KEPT = ROW_BITS + COLUMN_BITS + PIXEL;
  logic [KEPT-1:0] kept, next;
  logic filled;
  assign next = take ? {new_row, new_column, new_pixel} : kept;
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
