// y = a + b, or a - b. A module of its own, because tools keep the borders of modules: what stands in one they join to sums of
// many numbers, which takes longer than adders one behind the other.
module add #(
  parameter int BITS = 16,
  parameter bit SUBTRACT = 0
) (
  input  logic [BITS-1:0] a,
  input  logic [BITS-1:0] b,
  output logic [BITS-1:0] y
);
  assign y = SUBTRACT ? a - b : a + b;
endmodule
