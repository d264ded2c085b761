// The sum of COUNT counts, each exact below its top bit, which means "at least so many". Combinational, a tree of sums of
// two or three: their carries are saved, in LUTs in front of one carry chain.
module add_counts #(
  parameter int COUNT = 14,
  parameter int BITS = 6
) (
  input  logic [COUNT-1:0][BITS-1:0] counts,
  output logic [BITS-1:0] sum
);
  localparam int THIRD = (COUNT + 2) / 3;
  if (COUNT == 1) begin : one
    assign sum = counts;
  end else begin : several
    logic [THIRD*BITS-1:0] thirds;
    for (genvar k = 0; k < THIRD; k++) begin : adders
      localparam int FIRST = COUNT * k / THIRD;
      localparam int SIZE = COUNT * (k + 1) / THIRD - FIRST;
      logic [BITS-1:0] exact;
      logic above;
      if (SIZE == 3) begin : three
        logic [BITS-1:0] a, b, c;
        logic [BITS-2:0] digits, carries;
        assign {c, b, a} = counts[FIRST+:3];
        assign digits = a[BITS-2:0] ^ b[BITS-2:0] ^ c[BITS-2:0];
        assign carries = a[BITS-2:0] & b[BITS-2:0] | (a[BITS-2:0] ^ b[BITS-2:0]) & c[BITS-2:0];
        assign exact = {1'b0, digits} + {1'b0, carries[BITS-3:0], 1'b0};
        assign above = a[BITS-1] | b[BITS-1] | c[BITS-1] | carries[BITS-2];
      end else if (SIZE == 2) begin : two
        logic [BITS-1:0] a, b;
        assign {b, a} = counts[FIRST+:2];
        assign exact = {1'b0, a[BITS-2:0]} + {1'b0, b[BITS-2:0]};
        assign above = a[BITS-1] | b[BITS-1];
      end else begin : alone
        assign {above, exact} = {1'b0, counts[FIRST]};
      end
      assign thirds[k*BITS+:BITS] = {above | exact[BITS-1], exact[BITS-2:0]};
    end
    add_counts #(.COUNT(THIRD), .BITS(BITS)) u_rest (.counts(thirds), .sum);
  end
endmodule
