// The activation of VALUES numbers a token: each rounded half to even and saturated (see quantize). 1 cycle.
module stream_quantize #(
  parameter int VALUES = 1,
  parameter int IN_BITS = 20,
  parameter int IN_FRACTION = 12,
  parameter int OUT_BITS = 8,
  parameter int OUT_FRACTION = 6,
  parameter bit IS_SIGNED = 1,  // what comes in
  parameter bit OUT_SIGNED = 0,
  parameter bit SYMMETRIC = 0
) (
  input  logic clk,
  input  logic rst,
  input  logic [3:0] in_token,
  input  logic [VALUES*IN_BITS-1:0] in_data,
  output logic [3:0] out_token,
  output logic [VALUES*OUT_BITS-1:0] out_data
);
  for (genvar i = 0; i < VALUES; i++) begin : values
    logic [OUT_BITS-1:0] y;
    quantize #(
      .IN_BITS(IN_BITS + 1), .IN_FRACTION(IN_FRACTION), .OUT_BITS(OUT_BITS), .OUT_FRACTION(OUT_FRACTION),
      .OUT_SIGNED(OUT_SIGNED), .SYMMETRIC(SYMMETRIC)
    ) grid (.x({IS_SIGNED && in_data[(i+1)*IN_BITS-1], in_data[i*IN_BITS+:IN_BITS]}), .y(y));
    always_ff @(posedge clk) out_data[i*OUT_BITS+:OUT_BITS] <= y;
  end
  always_ff @(posedge clk) out_token <= rst ? '0 : in_token;
endmodule
