// Some of the terms of a convolution's filter, added up relative to sign and shift of the first: see stream_conv2d
//
// LEVELS cycles, and two more for the multipliers.
module stream_partial_sum #(
  parameter int TAPS = 49,
  parameter int BITS = 8,
  parameter bit IS_SIGNED = 0,
  parameter int TERMS = 32,
  parameter int LEVELS = 5,
  parameter int SUM_BITS = 20,
  parameter int FACTOR_BITS = 0,
  parameter logic [TERMS*16-1:0] TAP = '0,
  parameter logic [TERMS*8-1:0] SHIFT = '0,
  parameter logic [TERMS-1:0] NEGATIVE = '0,
  parameter logic [TERMS*(FACTOR_BITS > 0 ? FACTOR_BITS : 1)-1:0] FACTOR = '0
) (
  input  logic clk,
  input  logic [TAPS*BITS-1:0] x,
  output logic signed [SUM_BITS-1:0] sum
);
  localparam int VALUE = BITS + (IS_SIGNED ? 0 : 1);
  localparam int WIDE = VALUE + FACTOR_BITS;

  logic [TERMS*WIDE-1:0] terms;
  for (genvar k = 0; k < TERMS; k++) begin : operands
    localparam int SOURCE = 32'(TAP[16*k+:16]);
    logic signed [VALUE-1:0] value;
    assign value = VALUE'({IS_SIGNED && x[SOURCE*BITS+BITS-1], x[SOURCE*BITS+:BITS]});
    if (FACTOR_BITS == 0) begin : digit
      assign terms[k*WIDE+:WIDE] = value;
    end else begin : weight
      localparam logic signed [FACTOR_BITS-1:0] W = FACTOR[FACTOR_BITS*k+:FACTOR_BITS];
      (* use_dsp = "yes" *) logic signed [WIDE-1:0] product;
      logic [WIDE-1:0] registered, ready;
      assign product = value * W;
      always_ff @(posedge clk) {ready, registered} <= {registered, product};
      assign terms[k*WIDE+:WIDE] = ready;
    end
  end
  stream_adder_tree #(
    .TERMS(TERMS), .BITS(WIDE), .LEVELS(LEVELS), .SUM_BITS(SUM_BITS), .WHOLE(0), .NEGATIVE(NEGATIVE), .SHIFT(SHIFT)
  ) tree (.clk(clk), .x(terms), .sum(sum));
endmodule
