// Sends the events of images.hex back to back and compares every result with logits.hex. Run it in the project's folder.
// It ends with "PASS" and exit code 0, or with $fatal. For xsim, Questa, or verilator --binary --timing.
module testbench;
  localparam int EVENTS = @@events;
  localparam int BEATS = @@beats;        // of an event
  localparam int IN_BITS = @@in_bits;
  localparam int OUT_BITS = @@out_bits;
  localparam int PATIENCE = @@patience;  // cycles without a result

  logic [IN_BITS-1:0] images[EVENTS*BEATS];
  logic [OUT_BITS-1:0] logits[EVENTS];
  initial begin
    $readmemh("testbench/images.hex", images);
    $readmemh("testbench/logits.hex", logits);
  end

  logic clk = 1'b0;
  always #5 clk = ~clk;  // in units of the simulator: only cycles are counted

  int cycle = 0, sent = 0, received = 0, wrong = 0, first = 0, last = 0;
  logic rst, in_valid, in_ready, out_valid;
  logic [IN_BITS-1:0] in_data;
  logic [OUT_BITS-1:0] out_data;
  logic [@@layers-1:0] layer_valid;
  assign rst = cycle < 4;
  assign in_valid = !rst && sent < EVENTS * BEATS;
  assign in_data = in_valid ? images[sent] : '0;

  @@top dut (.*);

  always @(posedge clk) begin
    cycle <= cycle + 1;
    if (in_valid && in_ready) sent <= sent + 1;
    if (rst) last <= cycle;
    else if (out_valid) begin
      if (received >= EVENTS) $fatal(1, "FAIL: more results than events");
      if (out_data !== logits[received]) begin
        $display("event %0d: logits %h, expected %h", received, out_data, logits[received]);
        wrong <= wrong + 1;
      end
      if (received == 0) first <= cycle;
      received <= received + 1;
      last <= cycle;
    end else if (received < EVENTS && cycle - last > PATIENCE)
      $fatal(1, "FAIL: event %0d has no result after %0d cycles", received, PATIENCE);
    else if (received == EVENTS && cycle - last > first) begin  // nothing more may come
      $display("%0d events, latency of the first %0d cycles", EVENTS, first - 3);  // both ends counted
      if (EVENTS > 1) $display("mean initiation interval %.2f cycles", real'(last - first) / real'(EVENTS - 1));
      if (wrong != 0) $fatal(1, "FAIL: %0d of %0d events are wrong", wrong, EVENTS);
      $display("PASS");
      $finish;
    end
  end
endmodule
