// Average or maximum over non-overlapping POOL_HEIGHT x POOL_WIDTH cells: CELL_ROWS rows of CELLS are wanted
//
//     y[cell] = sum or max of x over the cell;   average: times sum_k (-1)^NEGATIVE[k] 2^SHIFT[k], the digits of
//                                                the reciprocal code round(2^k / area)
//
// A pixel a token in, a cell a token out. A cell is reduced along the row first; between its rows its partial result
// waits in a line as long as a row of cells. `flush` tokens pass as rarely as cells would.
// 1 cycle after the cell's last pixel for the maximum, LEVELS + 2 for the average.
module stream_pool2d #(
  parameter int CHANNELS = 3,
  parameter int BITS = 8,
  parameter bit IS_SIGNED = 0,
  parameter int HEIGHT = 63,
  parameter int WIDTH = 63,
  parameter int POOL_HEIGHT = 7,
  parameter int POOL_WIDTH = 7,
  parameter int CELL_ROWS = HEIGHT / POOL_HEIGHT,
  parameter int CELLS = WIDTH / POOL_WIDTH,
  parameter bit AVERAGE = 1,
  parameter int REDUCED_BITS = 14,  // of the exact sum or the maximum
  parameter int TERMS = 1,
  parameter int LEVELS = 0,
  parameter logic [TERMS-1:0] NEGATIVE = '0,
  parameter logic [8*TERMS-1:0] SHIFT = '0,
  parameter int OUT_BITS = 25
) (
  input  logic clk,
  input  logic rst,
  input  logic [3:0] in_token,
  input  logic [CHANNELS*BITS-1:0] in_data,
  output logic [3:0] out_token,
  output logic [CHANNELS*OUT_BITS-1:0] out_data
);
  localparam int ROWS = CELL_ROWS * POOL_HEIGHT;
  localparam int COLUMNS = CELLS * POOL_WIDTH;
  localparam int Y = HEIGHT > 1 ? $clog2(HEIGHT) : 1;
  localparam int X = WIDTH > 1 ? $clog2(WIDTH) : 1;
  localparam int PY = POOL_HEIGHT > 1 ? $clog2(POOL_HEIGHT) : 1;
  localparam int PX = POOL_WIDTH > 1 ? $clog2(POOL_WIDTH) : 1;

  logic unused, in_first, in_flush, in_valid;
  assign {unused, in_first, in_flush, in_valid} = in_token;

  // The position of the pixel that comes next, in the image and in its cell
  logic [Y-1:0] next_y, y;
  logic [X-1:0] next_x, x;
  logic [PY-1:0] next_py, py;
  logic [PX-1:0] next_px, px;
  logic row_ends, cell_row_ends, cell_ends;
  assign {y, x, py, px} = in_valid && in_first ? '0 : {next_y, next_x, next_py, next_px};
  assign row_ends = x == X'(WIDTH - 1);
  assign cell_row_ends = px == PX'(POOL_WIDTH - 1);
  assign cell_ends = cell_row_ends && py == PY'(POOL_HEIGHT - 1) && 32'(y) < ROWS && 32'(x) < COLUMNS;
  always_ff @(posedge clk)
    if (rst) {next_y, next_x, next_py, next_px} <= '0;
    else if (in_valid && row_ends) begin
      {next_x, next_px} <= '0;
      next_y <= y + 1'b1;
      next_py <= py == PY'(POOL_HEIGHT - 1) ? '0 : py + 1'b1;
    end else if (in_valid || in_flush) begin
      next_x <= x + X'(in_valid);
      {next_y, next_py} <= {y, py};
      next_px <= cell_row_ends ? '0 : px + 1'b1;
    end

  logic [3:0] token;
  always_ff @(posedge clk)
    if (rst) token <= '0;
    else
      token <= {
        y == Y'(ROWS - 1) && x == X'(COLUMNS - 1), y == Y'(POOL_HEIGHT - 1) && x == X'(POOL_WIDTH - 1),
        in_flush && cell_row_ends, in_valid && cell_ends
      };

  logic new_cell;
  assign new_cell = px == '0 && py == '0;
  for (genvar c = 0; c < CHANNELS; c++) begin : channels
    logic [REDUCED_BITS-1:0] value, so_far, reduced, result;
    logic [CELLS*REDUCED_BITS-1:0] line;
    assign value = REDUCED_BITS'($signed({IS_SIGNED && in_data[(c+1)*BITS-1], in_data[c*BITS+:BITS]}));
    assign so_far = px == '0 ? line[CELLS*REDUCED_BITS-1-:REDUCED_BITS] : result;
    if (AVERAGE) begin : add
      assign reduced = new_cell ? value : so_far + value;
    end else begin : compare
      logic greater;
      assign greater = $signed({IS_SIGNED && value[REDUCED_BITS-1], value})
                     > $signed({IS_SIGNED && so_far[REDUCED_BITS-1], so_far});
      assign reduced = new_cell || greater ? value : so_far;
    end
    always_ff @(posedge clk) if (in_valid) result <= reduced;
    always_ff @(posedge clk)
      if (in_valid && cell_row_ends && 32'(x) < COLUMNS) line <= (CELLS * REDUCED_BITS)'({line, reduced});

    if (AVERAGE) begin : scale
      logic unused_sign;
      stream_adder_tree #(
        .TERMS(TERMS), .BITS(REDUCED_BITS + 1), .LEVELS(LEVELS), .SUM_BITS(OUT_BITS + 1),
        .NEGATIVE(NEGATIVE), .SHIFT(SHIFT)
      ) reciprocal (.clk(clk), .x({TERMS{IS_SIGNED && result[REDUCED_BITS-1], result}}), .sum({unused_sign, out_data[c*OUT_BITS+:OUT_BITS]}));
    end else begin : plain
      assign out_data[c*OUT_BITS+:OUT_BITS] = result;
    end
  end
  if (AVERAGE) begin : wait_for_scale
    stream_token_delay #(.CYCLES(LEVELS + 1)) beside (.clk(clk), .rst(rst), .in_token(token), .out_token(out_token));
  end else begin : at_once
    assign out_token = token;
  end
endmodule
