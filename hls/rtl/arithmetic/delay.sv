// q is d of CYCLES cycles ago. A module a register, because Yosys would make shift registers of LUTs of them; CYCLES = 0 is
// a wire: what a cut between two stages is where none is needed.
module delay #(
  parameter int BITS = 8,
  parameter int CYCLES = 1
) (
  input  logic clk,
  input  logic [BITS-1:0] d,
  output logic [BITS-1:0] q
);
  if (CYCLES == 0) begin : wires
    logic unused;
    assign unused = clk;
    assign q = d;
  end else begin : registers
    logic [BITS-1:0] earlier;
    delay #(.BITS(BITS), .CYCLES(CYCLES - 1)) u_earlier (.clk, .d, .q(earlier));
    always_ff @(posedge clk) q <= earlier;
  end
endmodule
