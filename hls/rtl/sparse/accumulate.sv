// The sum of an event's beats: of the first, which `first` announces a cycle before, and BIAS, of every other and the sum
// so far. `beat` is added to `so_far` here; with INCLUDED it has `so_far` in it already. A module of its own, so that every sum has a
// register of its own for `first`, which else had hundreds of listeners.
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
