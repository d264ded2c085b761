// Which of COUNT ranks are SLOT. In a module of its own for the reason of ranks_reached.
module ranks_equal #(
  parameter int COUNT = 8,
  parameter int RANK = 4,
  parameter int SLOT = 0
) (
  input  logic [COUNT-1:0][RANK-1:0] rank,
  output logic [COUNT-1:0] equal
);
  for (genvar k = 0; k < COUNT; k++) begin : ranks
    assign equal[k] = rank[k] == RANK'(SLOT);
  end
endmodule
