// Is a pixel's code strictly above a constant? Combinational. A LUT6 for the lowest six bits and one for each five more, in
// modules of their own: Yosys would take carry chains or more LUTs.
module above_level #(
  parameter int BITS = 8,
  parameter bit IS_SIGNED = 0,
  parameter logic [BITS-1:0] LEVEL = '0   // not negative, so that a pixel of zeros is not above it
) (
  input  logic [BITS-1:0] code,
  output logic above
);
  localparam int TOP = BITS > 6 ? (BITS - 7) % 5 + 1 : BITS;  // bits that are compared here
  localparam int REST = BITS - TOP;
  logic lower, value;
  if (REST > 0) begin : rest
    above_level #(.BITS(REST), .LEVEL(LEVEL[REST-1:0])) u_rest (.code(code[REST-1:0]), .above(lower));
  end else begin : none
    assign lower = 1'b0;
  end
  always_comb begin
    value = lower;
    for (int i = REST; i < BITS; i++)
      if (i == BITS - 1 && IS_SIGNED) value = !code[i] && value;
      else value = LEVEL[i] ? code[i] && value : code[i] || value;
  end
  assign above = value;
endmodule
