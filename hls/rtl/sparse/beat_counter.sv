// Counts the beats of an event from `start` on: `inner` runs fastest, both are 0 in the cycle of `start`.
module beat_counter #(
  parameter int OUTER = 5,
  parameter int INNER = 1,
  parameter int OUTER_BITS = OUTER > 1 ? $clog2(OUTER) : 1,
  parameter int INNER_BITS = INNER > 1 ? $clog2(INNER) : 1
) (
  input  logic clk,
  input  logic start,
  output logic [OUTER_BITS-1:0] outer,
  output logic [INNER_BITS-1:0] inner
);
  logic [OUTER_BITS-1:0] next_outer;
  logic [INNER_BITS-1:0] next_inner;
  logic wrap;
  assign outer = start ? '0 : next_outer;
  assign inner = start ? '0 : next_inner;
  assign wrap = 32'(inner) == INNER - 1;
  always_ff @(posedge clk) begin
    next_inner <= wrap ? '0 : inner + 1'b1;
    if (wrap) next_outer <= outer + 1'b1;
    else next_outer <= outer;
  end
endmodule
