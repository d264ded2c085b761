// The token {last, first, flush, valid} that goes beside CYCLES stages of a pipeline.
module stream_token_delay #(
  parameter int CYCLES = 3
) (
  input  logic clk,
  input  logic rst,
  input  logic [3:0] in_token,
  output logic [3:0] out_token
);
  logic [4*CYCLES-1:0] passing;
  always_ff @(posedge clk)
    if (rst) passing <= '0;
    else passing <= (4 * CYCLES)'({passing, in_token});
  assign out_token = passing[4*CYCLES-1-:4];
endmodule
