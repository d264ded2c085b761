// Line buffers and zero padding: the ROWS x COLUMNS window of every output pixel
//
//     window[dy][dx] = x[row + dy - TOP][column + dx - LEFT], 0 outside the image
//
// One token in, one window out: KERNEL_HEIGHT - 1 lines of the image are kept, and the newest pixel is LAG tokens ahead of
// the output. So the last windows of an image leave while the first pixels of the next one (or flush tokens) come in; a
// pixel is inside or outside by the counters of the output position alone, whatever the line buffers hold.
// KEEP_ROWS and KEEP_COLUMNS mark the output positions that strides and 'valid' padding leave. 2 cycles.
module stream_window #(
  parameter int BITS = 8,
  parameter int HEIGHT = 63,
  parameter int WIDTH = 63,
  parameter int KERNEL_HEIGHT = 7,
  parameter int KERNEL_WIDTH = 7,
  parameter int TOP = 3,
  parameter int LEFT = 3,
  parameter logic [HEIGHT-1:0] KEEP_ROWS = '1,
  parameter logic [WIDTH-1:0] KEEP_COLUMNS = '1,
  parameter int LAST_ROW = HEIGHT - 1,
  parameter int LAST_COLUMN = WIDTH - 1
) (
  input  logic clk,
  input  logic rst,
  input  logic [3:0] in_token,
  input  logic [BITS-1:0] in_data,
  output logic [3:0] out_token,
  output logic [KERNEL_HEIGHT*KERNEL_WIDTH*BITS-1:0] out_data
);
  localparam int LAG = (KERNEL_HEIGHT - 1 - TOP) * WIDTH + KERNEL_WIDTH - 1 - LEFT;
  localparam int LEAD = $clog2(LAG + 2);
  localparam int ROW = HEIGHT > 1 ? $clog2(HEIGHT) : 1;
  localparam int COLUMN = WIDTH > 1 ? $clog2(WIDTH) : 1;

  logic unused, in_first, in_flush, in_valid, step;
  assign {unused, in_first, in_flush, in_valid} = in_token;
  assign step = in_valid || in_flush;

  // Where the output is: it starts LAG tokens after the image's first, and runs on without a gap.
  logic [LEAD-1:0] lead, tokens;
  logic [ROW-1:0] row;
  logic [COLUMN-1:0] column;
  logic start, running, at_end, goes_on, fresh, passed;
  assign tokens = in_valid && in_first ? '0 : lead;  // of this image, before this one
  assign start = tokens == LEAD'(LAG);
  assign at_end = row == ROW'(LAST_ROW) && column == COLUMN'(LAST_COLUMN);
  assign goes_on = start || (running && !at_end);
  always_ff @(posedge clk) begin
    fresh <= !rst && step && goes_on;
    passed <= !rst && in_flush && !goes_on;
    if (rst) begin
      lead <= LEAD'(LAG + 1);  // no image
      running <= 1'b0;
    end else if (step) begin
      if (tokens != LEAD'(LAG + 1)) lead <= tokens + 1'b1;
      running <= goes_on;
      column <= start || column == COLUMN'(WIDTH - 1) ? '0 : column + 1'b1;
      if (start) row <= '0;
      else if (column == COLUMN'(WIDTH - 1)) row <= row + 1'b1;
    end
  end

  // Lines and taps move with every token; line[dy] delays by one image row.
  logic [KERNEL_HEIGHT-1:0][BITS-1:0] newest;
  logic [KERNEL_HEIGHT-1:0][KERNEL_WIDTH-1:0][BITS-1:0] taps;  // [dy][0] is the newest
  assign newest[KERNEL_HEIGHT-1] = in_data;
  for (genvar dy = 0; dy < KERNEL_HEIGHT - 1; dy++) begin : lines
    logic [WIDTH*BITS-1:0] line;
    always_ff @(posedge clk) if (step) line <= (WIDTH * BITS)'({line, newest[dy+1]});
    assign newest[dy] = line[WIDTH*BITS-1-:BITS];
  end
  for (genvar dy = 0; dy < KERNEL_HEIGHT; dy++) begin : shifts
    always_ff @(posedge clk) if (step) taps[dy] <= (KERNEL_WIDTH * BITS)'({taps[dy], newest[dy]});
  end

  // Zero outside the image: a synchronous clear, no logic in the data.
  for (genvar dy = 0; dy < KERNEL_HEIGHT; dy++) begin : window_rows
    localparam logic [HEIGHT-1:0] ALL = '1;
    localparam logic [HEIGHT-1:0] INSIDE = dy < TOP ? ALL << (TOP - dy) : ALL >> (dy - TOP);
    for (genvar dx = 0; dx < KERNEL_WIDTH; dx++) begin : window_columns
      localparam logic [WIDTH-1:0] ACROSS = '1;
      localparam logic [WIDTH-1:0] BESIDE = dx < LEFT ? ACROSS << (LEFT - dx) : ACROSS >> (dx - LEFT);
      always_ff @(posedge clk)
        if (!(INSIDE[row] && BESIDE[column])) out_data[(dy*KERNEL_WIDTH+dx)*BITS+:BITS] <= '0;
        else out_data[(dy*KERNEL_WIDTH+dx)*BITS+:BITS] <= taps[dy][KERNEL_WIDTH-1-dx];
    end
  end
  always_ff @(posedge clk)
    if (rst) out_token <= '0;
    else out_token <= {at_end, row == '0 && column == '0, passed, fresh && KEEP_ROWS[row] && KEEP_COLUMNS[column]};
endmodule
