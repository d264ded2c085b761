// Pixels in, one a beat; after the last image of a row of images, what pushes it out
//
// All stream_* modules pass tokens {last, first, flush, valid} with their data. `valid` carries a pixel (or cell, or
// value) of an image, `first` and `last` mark the ends of the image. A line buffer needs tokens after the last pixel to
// come to the end of its image: those of the next image if it follows at once. If it does not, the source is stopped
// (in_ready low) and `flush` tokens without data go in until everything in flight is `done`.
// LAST: the last pixel that can reach the logits; pools, strides and 'valid' padding may leave some at the end.
// PACE: cycles between two tokens at least. A pixel taken in one cycle is out in the next.
module stream_input #(
  parameter int PIXELS = 3969,
  parameter int LAST = PIXELS - 1,
  parameter int BITS = 8,
  parameter int PACE = 1
) (
  input  logic clk,
  input  logic rst,
  input  logic in_valid,
  output logic in_ready,
  input  logic [BITS-1:0] in_data,
  input  logic done,
  output logic [3:0] out_token,
  output logic [BITS-1:0] out_data
);
  localparam int COUNT = PIXELS > 1 ? $clog2(PIXELS) : 1;
  localparam int PAUSE = PACE > 1 ? $clog2(PACE) : 1;

  logic [COUNT-1:0] position;
  logic [PAUSE-1:0] pause;
  logic [7:0] in_flight;  // images begun whose logits are not out
  logic flushing, waiting, take, flush, first;

  assign first = position == '0;
  assign waiting = in_flight != '0 && (flushing || (first && !in_valid));
  assign in_ready = pause == '0 && !(flushing && in_flight != '0);
  assign take = in_valid && in_ready;
  assign flush = waiting && pause == '0;

  always_ff @(posedge clk) begin
    out_token <= rst ? '0 : {position == COUNT'(LAST), first, flush, take};
    out_data <= in_data;
    if (rst) begin
      position <= '0;
      pause <= '0;
      in_flight <= '0;
      flushing <= 1'b0;
    end else begin
      if (take) position <= position == COUNT'(PIXELS - 1) ? '0 : position + 1'b1;
      if (flushing && done && in_flight == 8'd1) pause <= '0;  // nothing is left that tokens could come too close to
      else if (take || flush) pause <= PAUSE'(PACE - 1);
      else if (pause != '0) pause <= pause - 1'b1;
      in_flight <= in_flight + 8'(take && first) - 8'(done);
      if (pause == '0) flushing <= waiting;
    end
  end
endmodule
