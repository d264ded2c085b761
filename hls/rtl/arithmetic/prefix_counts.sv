// sums[k] = counts[0] + ... + counts[k], each exact below its top bit, which means "at least so many". Combinational,
// ceil(log2(COUNT)) adders deep.
module prefix_counts #(
  parameter int COUNT = 8,
  parameter int BITS = 6
) (
  input  logic [COUNT-1:0][BITS-1:0] counts,
  output logic [COUNT-1:0][BITS-1:0] sums
);
  localparam int LEVELS = COUNT > 1 ? $clog2(COUNT) : 1;
  logic [LEVELS:0][COUNT-1:0][BITS-1:0] prefix;
  assign prefix[0] = counts;
  assign sums = prefix[LEVELS];
  for (genvar i = 0; i < COUNT; i++) begin : places
    for (genvar k = 0; k < LEVELS; k++) begin : levels
      if ((i >> k) % 2 == 1) begin : right
        add_counts #(.COUNT(2), .BITS(BITS)) u_sum (.counts({prefix[k][((i>>k)<<k)-1], prefix[k][i]}), .sum(prefix[k+1][i]));
      end else begin : left
        assign prefix[k+1][i] = prefix[k][i];
      end
    end
  end
endmodule
