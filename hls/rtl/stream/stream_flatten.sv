// Values in raster order, one a token: TOKENS tokens of VALUES values each are loaded, then leave one every SPACING cycles
//
// The first value leaves in the cycle after the last of the TOKENS came. The next ones may come SPACING * TOKENS * VALUES
// cycles later.
module stream_flatten #(
  parameter int VALUES = 3,
  parameter int TOKENS = 1,
  parameter int BITS = 25,
  parameter int SPACING = 2
) (
  input  logic clk,
  input  logic rst,
  input  logic [3:0] in_token,
  input  logic [VALUES*BITS-1:0] in_data,
  output logic [3:0] out_token,
  output logic [BITS-1:0] out_data
);
  localparam int ALL = TOKENS * VALUES;
  localparam int COUNT = $clog2(ALL + 1);
  localparam int LOAD = TOKENS > 1 ? $clog2(TOKENS) : 1;
  localparam int PAUSE = SPACING > 1 ? $clog2(SPACING) : 1;

  logic in_last, in_first, unused, in_valid;
  assign {in_last, in_first, unused, in_valid} = in_token;

  logic [ALL*BITS-1:0] values;
  logic [COUNT-1:0] left;
  logic [LOAD-1:0] loaded;
  logic [PAUSE-1:0] pause;
  logic first, last, leaves;
  assign leaves = left != '0 && pause == '0;
  assign out_token = {last && left == COUNT'(1), first && left == COUNT'(ALL), 1'b0, leaves};
  assign out_data = values[BITS-1:0];

  always_ff @(posedge clk) begin
    if (in_valid) values <= (ALL * BITS)'({in_data, values} >> (VALUES * BITS));
    else if (leaves) values <= values >> BITS;
    if (in_valid && loaded == '0) first <= in_first;
    if (in_valid) last <= in_last;
    if (rst) begin
      left <= '0;
      loaded <= '0;
      pause <= '0;
    end else begin
      if (in_valid) loaded <= loaded == LOAD'(TOKENS - 1) ? '0 : loaded + 1'b1;
      if (in_valid && loaded == LOAD'(TOKENS - 1)) left <= COUNT'(ALL);
      else if (leaves) left <= left - 1'b1;
      if (leaves) pause <= PAUSE'(SPACING - 1);
      else if (pause != '0) pause <= pause - 1'b1;
    end
  end
endmodule
