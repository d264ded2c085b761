// Which of COUNT ascending ranks is the last one not above SLOT: the row, or block, that holds slot SLOT. Combinational.
// Comparing with a constant is one LUT6 for ranks of up to six bits.
module last_reached #(
  parameter int COUNT = 8,
  parameter int RANK = 6,
  parameter int SLOT = 0,
  parameter int INDEX = COUNT > 1 ? $clog2(COUNT) : 1
) (
  input  logic [COUNT-1:0][RANK-1:0] rank,
  output logic [INDEX-1:0] index
);
  logic [(1<<INDEX)-1:0] reached;
  for (genvar k = 0; k < (1 << INDEX); k++) begin : compare
    if (k < COUNT) begin : used
      assign reached[k] = rank[k] <= RANK'(SLOT);
    end else begin : unused
      assign reached[k] = 1'b0;
    end
  end
  for (genvar i = 0; i < INDEX; i++) begin : bits
    // Bit i of the index: look only at those thresholds at which it changes; the highest reached one decides.
    always_comb begin
      index[i] = 1'b0;
      for (int k = 1; k < (1 << INDEX); k++)
        if (k % (1 << i) == 0 && reached[k]) index[i] = 1'(k >> i);
    end
  end
endmodule
