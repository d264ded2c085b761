// Largest of COUNT > 1 numbers, a binary tree with a register behind every EVERY levels and behind the last.
module max_pipeline #(
  parameter int COUNT = 9,
  parameter int BITS = 8,
  parameter bit IS_SIGNED = 0,
  parameter int EVERY = 2,
  parameter int LEFT = EVERY        // levels until the next register
) (
  input  logic clk,
  input  logic [COUNT*BITS-1:0] x,
  output logic [BITS-1:0] largest
);
  localparam int HALF = (COUNT + 1) / 2;
  localparam bit CUT = LEFT == 1 || COUNT <= 2;
  logic [HALF*BITS-1:0] pairs, next;
  for (genvar i = 0; i < HALF; i++) begin : level
    if (2 * i + 1 < COUNT) begin : pair
      logic [BITS-1:0] a, b, sign;
      assign a = x[2*i*BITS+:BITS];
      assign b = x[(2*i+1)*BITS+:BITS];
      assign sign = BITS'(IS_SIGNED) << (BITS - 1);
      assign pairs[i*BITS+:BITS] = (a ^ sign) > (b ^ sign) ? a : b;
    end else begin : alone
      assign pairs[i*BITS+:BITS] = x[2*i*BITS+:BITS];
    end
  end
  delay #(.BITS(HALF * BITS), .CYCLES(32'(CUT))) u_cut (.clk, .d(pairs), .q(next));
  if (HALF == 1) begin : last
    assign largest = next;
  end else begin : rest
    max_pipeline #(.COUNT(HALF), .BITS(BITS), .IS_SIGNED(IS_SIGNED), .EVERY(EVERY), .LEFT(CUT ? EVERY : LEFT - 1)) u_rest (
      .clk, .x(next), .largest);
  end
endmodule
