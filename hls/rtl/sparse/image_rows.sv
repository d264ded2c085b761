// The image, held by the source until in_ready, read ROWS rows a cycle: chunk k holds rows k ROWS .. k ROWS + ROWS-1,
// zeros beyond the last. A source that keeps in_valid high starts an event every INTERVAL >= ceil(HEIGHT / ROWS) cycles.
module image_rows #(
  parameter int HEIGHT = 63,
  parameter int WIDTH = 63,
  parameter int PIXEL = 8,       // bits of all channels of a pixel
  parameter int ROWS = 8,
  parameter int INTERVAL = 8
) (
  input  logic clk,
  input  logic rst,
  input  logic in_valid,
  output logic in_ready,
  input  logic [HEIGHT*WIDTH*PIXEL-1:0] in_data,
  output logic out_valid,
  output logic out_last,
  output logic [ROWS*WIDTH*PIXEL-1:0] out_rows
);
  localparam int CHUNKS = (HEIGHT + ROWS - 1) / ROWS;
  localparam int SELECT = CHUNKS > 1 ? $clog2(CHUNKS) : 1;
  localparam int COUNT = INTERVAL > 1 ? $clog2(INTERVAL) : 1;

  logic [COUNT-1:0] chunk;
  always_ff @(posedge clk)
    if (rst || chunk == COUNT'(INTERVAL - 1) && (out_valid || INTERVAL > CHUNKS)) chunk <= '0;
    else if (in_valid || 32'(chunk) >= CHUNKS) chunk <= chunk + 1'b1;

  assign out_valid = in_valid && 32'(chunk) < CHUNKS;
  assign out_last = 32'(chunk) == CHUNKS - 1;
  assign in_ready = out_valid && out_last;
  localparam int STEP = ROWS * WIDTH * PIXEL;
  logic [CHUNKS*STEP-1:0] padded;
  assign padded = (CHUNKS * STEP)'(in_data);
  for (genvar p = 0; p < ROWS * WIDTH; p++) begin : pixels
    logic [CHUNKS*PIXEL-1:0] same;  // this pixel of every chunk
    for (genvar k = 0; k < CHUNKS; k++) begin : chunks
      assign same[k*PIXEL+:PIXEL] = padded[k*STEP+p*PIXEL+:PIXEL];
    end
    wide_mux #(.INPUTS(CHUNKS), .BITS(PIXEL)) u_mux (.d(same), .select(SELECT'(chunk)), .y(out_rows[p*PIXEL+:PIXEL]));
  end
endmodule
