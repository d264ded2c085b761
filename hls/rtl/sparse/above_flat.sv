// Is a pixel's code strictly above a constant, and not `none`? As above_level, but of more than 11 bits parts of six are
// compared side by side: more LUTs, two deep for up to 18 bits. Combinational.
module above_flat #(
  parameter int BITS = 16,
  parameter bit IS_SIGNED = 0,
  parameter logic [BITS-1:0] LEVEL = '0   // not negative
) (
  input  logic [BITS-1:0] code,
  input  logic none,
  output logic above
);
  localparam int PARTS = BITS > 11 ? (BITS + 5) / 6 : 1;
  logic not_above;
  assign not_above = none || IS_SIGNED && code[BITS-1];
  if (PARTS == 1) begin : one
    above_level #(.BITS(BITS + 1), .IS_SIGNED(1'b1), .LEVEL({1'b0, LEVEL})) u_above (.code({not_above, code}), .above);
  end else begin : several
    logic [PARTS-1:0] more, least;
    logic found;
    for (genvar p = 0; p < PARTS; p++) begin : parts
      localparam logic [5:0] PART = 6'(LEVEL >> 6 * p);
      logic [5:0] own;
      assign own = 6'(code >> 6 * p);
      above_level #(.BITS(6), .LEVEL(PART)) u_more (.code(own), .above(more[p]));
      if (PART == 0) begin : always_least
        assign least[p] = 1'b1;
      end else begin : compared
        above_level #(.BITS(6), .LEVEL(PART - 6'd1)) u_least (.code(own), .above(least[p]));
      end
    end
    always_comb begin
      found = more[0];
      for (int p = 1; p < PARTS; p++) found = more[p] || least[p] && found;
    end
    assign above = found && !not_above;
    logic unused;
    assign unused = least[0];
  end
endmodule
