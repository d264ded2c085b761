// Activation of a stream of beats, VALUES numbers each: round half to even and saturate (see quantize). Combinational, or
// with BUFFER = 1 followed by a slot_buffer, so that a layer that needs all slots at once finds them there.
module activation #(
  parameter int PIXELS = 4,
  parameter int CHANNELS = 1,         // of a beat
  parameter int IN_BITS = 24,
  parameter bit IN_SIGNED = 1,
  parameter int IN_FRACTION = 13,
  parameter int OUT_BITS = 8,
  parameter int OUT_FRACTION = 6,
  parameter bit OUT_SIGNED = 0,
  parameter bit SYMMETRIC = 0,
  parameter bit HALF_ADDED = 0,
  parameter bit BUFFER = 0,
  parameter int SLOT_GROUPS = 5,
  parameter int CHANNEL_GROUPS = 1,
  parameter int VALUES = PIXELS * CHANNELS
) (
  input  logic clk,
  input  logic last,
  input  logic [PIXELS-1:0] active,
  input  logic [VALUES*IN_BITS-1:0] x,
  output logic [(BUFFER?SLOT_GROUPS*CHANNEL_GROUPS:1)*VALUES*OUT_BITS-1:0] y
);
  localparam int SIGNED_BITS = IN_BITS + (IN_SIGNED ? 0 : 1);
  logic [VALUES*OUT_BITS-1:0] beat;
  for (genvar i = 0; i < VALUES; i++) begin : values
    quantize #(
      .IN_BITS(SIGNED_BITS), .IN_FRACTION(IN_FRACTION), .OUT_BITS(OUT_BITS), .OUT_FRACTION(OUT_FRACTION),
      .OUT_SIGNED(OUT_SIGNED), .SYMMETRIC(SYMMETRIC), .HALF_ADDED(HALF_ADDED)
    ) u_grid (
      .x(SIGNED_BITS'({IN_SIGNED && x[(i+1)*IN_BITS-1], x[i*IN_BITS+:IN_BITS]})), .y(beat[i*OUT_BITS+:OUT_BITS]));
  end
  if (BUFFER) begin : all
    slot_buffer #(
      .PIXELS(PIXELS), .CHANNELS(CHANNELS), .SLOT_GROUPS(SLOT_GROUPS), .CHANNEL_GROUPS(CHANNEL_GROUPS), .BITS(OUT_BITS)
    ) u_slots (.clk, .last, .active, .beat, .features(y));
  end else begin : stream
    logic unused;
    assign unused = ^{clk, last, active};
    assign y = beat;
  end
endmodule
