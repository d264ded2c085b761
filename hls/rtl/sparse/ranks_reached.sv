// Which of COUNT ranks are not above SLOT. In a module of its own, so that no mapper makes one long chain of the
// comparisons of all slots: for ranks of up to six bits each is one LUT6.
module ranks_reached #(
  parameter int COUNT = 32,
  parameter int RANK = 6,
  parameter int SLOT = 0
) (
  input  logic [COUNT-1:0][RANK-1:0] rank,
  output logic [COUNT-1:0] reached
);
  for (genvar k = 0; k < COUNT; k++) begin : ranks
    assign reached[k] = rank[k] <= RANK'(SLOT);
  end
endmodule
