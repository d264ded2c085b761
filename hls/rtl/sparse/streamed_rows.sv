// Rows as a readout delivers them: ROWS rows a beat, BEATS beats an event. Events start at most every INTERVAL >= BEATS
// cycles: in_ready stays low for INTERVAL - BEATS cycles after an event, while later layers still work on it.
module streamed_rows #(
  parameter int BEATS = 8,
  parameter int INTERVAL = 8
) (
  input  logic clk,
  input  logic rst,
  input  logic in_valid,
  output logic in_ready,
  output logic out_valid,
  output logic out_last
);
  localparam int COUNT = INTERVAL > 1 ? $clog2(INTERVAL) : 1;
  logic [COUNT-1:0] beat;
  logic step;
  assign in_ready = 32'(beat) < BEATS;
  assign step = in_valid || !in_ready;
  always_ff @(posedge clk)
    if (rst) beat <= '0;
    else if (step) beat <= beat == COUNT'(INTERVAL - 1) ? '0 : beat + 1'b1;
  assign out_valid = in_valid && in_ready;
  assign out_last = 32'(beat) == BEATS - 1;
endmodule
