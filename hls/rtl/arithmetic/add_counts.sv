// The sum of COUNT counts, each exact below its top bit, which means "at least so many". Combinational, a binary tree.
module add_counts #(
  parameter int COUNT = 14,
  parameter int BITS = 6
) (
  input  logic [COUNT-1:0][BITS-1:0] counts,
  output logic [BITS-1:0] sum
);
  localparam int HALF = (COUNT + 1) / 2;
  if (COUNT == 1) begin : one
    assign sum = counts;
  end else begin : pairs
    logic [HALF*BITS-1:0] halves;
    for (genvar k = 0; k < HALF; k++) begin : adders
      if (2 * k + 1 < COUNT) begin : pair
        logic [BITS-1:0] a, b, exact;
        assign a = counts[2*k];
        assign b = counts[2*k+1];
        assign exact = {1'b0, a[BITS-2:0]} + {1'b0, b[BITS-2:0]};
        assign halves[k*BITS+:BITS] = {a[BITS-1] | b[BITS-1] | exact[BITS-1], exact[BITS-2:0]};
      end else begin : alone
        assign halves[k*BITS+:BITS] = counts[2*k];
      end
    end
    add_counts #(.COUNT(HALF), .BITS(BITS)) u_rest (.counts(halves), .sum);
  end
endmodule
