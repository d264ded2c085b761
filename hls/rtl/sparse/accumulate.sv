// The sum of an event's beats: that of the first, which `first` announces a cycle before, is added to BIAS, every other to
// the sum so far; with INCLUDED `beat` has `so_far` in it already. Every sum has a register of its own for `first`, which else
// had hundreds of listeners.
module accumulate #(
  parameter int BITS = 24,
  parameter bit INCLUDED = 0,
  parameter logic [BITS-1:0] BIAS = '0
) (
  input  logic clk,
  input  logic first,
  input  logic [BITS-1:0] beat,
  output logic [BITS-1:0] so_far,
  output logic [BITS-1:0] sum
);
  logic now;
  assign so_far = now ? BIAS : sum;
  always_ff @(posedge clk) begin
    now <= first;
    sum <= INCLUDED ? beat : beat + so_far;
  end
endmodule
