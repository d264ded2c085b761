// Index of the last one reached of COUNT places, a power of two, in ascending order: reached[0 .. index]. Combinational.
// Each bit of the index, from the highest on, looks only at the thresholds at which it changes.
module last_reached #(
  parameter int COUNT = 8,
  parameter int INDEX = COUNT > 1 ? $clog2(COUNT) : 1
) (
  input  logic [COUNT-1:0] reached,  // bit 0 is not looked at
  output logic [INDEX-1:0] index
);
  logic unused;
  assign unused = reached[0];
  if (COUNT == 1) begin : one
    assign index = '0;
  end else begin : several
    assign index[INDEX-1] = reached[COUNT/2];
    for (genvar i = INDEX - 2; i >= 0; i--) begin : bits
      localparam int CASES = COUNT >> (i + 1);
      logic [CASES-1:0] threshold;
      for (genvar k = 0; k < CASES; k++) begin : cases
        assign threshold[k] = reached[(2*k+1)<<i];
      end
      wide_mux #(.INPUTS(CASES), .BITS(1)) u_bit (.d(threshold), .select(index[INDEX-1:i+1]), .y(index[i]));
    end
  end
endmodule
