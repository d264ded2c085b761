// Multiplexer y = d[select]: one LUT6 per four inputs and bit, joined by the wide multiplexers F7, F8, F9 that every slice
// has. Yosys does not find those by itself; simulation and other tools read the plain description. The inputs are halved by
// the lowest select bit, so that the highest one works first: it is the early one where an index is found bit by bit.
// LEAF = 1: the inputs are LUTs of their own already. Purely combinational; y means nothing for select >= INPUTS.
module wide_mux #(
  parameter int INPUTS = 8,
  parameter int BITS = 8,
  parameter int SELECT = INPUTS > 1 ? $clog2(INPUTS) : 1,
  parameter int LEAF = 4
) (
  input  logic [INPUTS-1:0][BITS-1:0] d,
  input  logic [SELECT-1:0] select,
  output logic [BITS-1:0] y
);
  if (INPUTS == 1) begin : through
    logic unused;
    assign unused = ^select;
    assign y = d[0];
  end else if (INPUTS <= LEAF) begin : leaf
    logic [4*BITS-1:0] four;
    logic [1:0] s;
    assign four = (4 * BITS)'(d);
    assign s = 2'(select);
    assign y = s[1] ? (s[0] ? four[3*BITS+:BITS] : four[2*BITS+:BITS]) : (s[0] ? four[BITS+:BITS] : four[0+:BITS]);
  end else begin : joined
    localparam int EVEN = (INPUTS + 1) / 2;
    localparam int ODD = INPUTS / 2;
    localparam int EVEN_SELECT = EVEN > 1 ? $clog2(EVEN) : 1;
    localparam int ODD_SELECT = ODD > 1 ? $clog2(ODD) : 1;
    logic [EVEN*BITS-1:0] d_even;
    logic [ODD*BITS-1:0] d_odd;
    logic [BITS-1:0] even, odd;
    for (genvar k = 0; k < EVEN; k++) begin : evens
      assign d_even[k*BITS+:BITS] = d[2*k];
    end
    for (genvar k = 0; k < ODD; k++) begin : odds
      assign d_odd[k*BITS+:BITS] = d[2*k+1];
    end
    wide_mux #(.INPUTS(EVEN), .BITS(BITS), .LEAF(LEAF)) u_even (
      .d(d_even), .select(EVEN_SELECT'(select >> 1)), .y(even));
    wide_mux #(.INPUTS(ODD), .BITS(BITS), .LEAF(LEAF)) u_odd (
      .d(d_odd), .select(ODD_SELECT'(select >> 1)), .y(odd));
`ifdef YOSYS
    localparam int LEVEL = SELECT + (LEAF == 1 ? 2 : 0);
    for (genvar b = 0; b < BITS; b++) begin : bits
      if (LEVEL == 3) MUXF7 join (.I0(even[b]), .I1(odd[b]), .S(select[0]), .O(y[b]));
      else if (LEVEL == 4) MUXF8 join (.I0(even[b]), .I1(odd[b]), .S(select[0]), .O(y[b]));
      else if (LEVEL == 5) MUXF9 join (.I0(even[b]), .I1(odd[b]), .S(select[0]), .O(y[b]));
      else assign y[b] = select[0] ? odd[b] : even[b];
    end
`else
    assign y = select[0] ? odd : even;
`endif
  end
endmodule
