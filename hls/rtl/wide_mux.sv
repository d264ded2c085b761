// Multiplexer y = d[select] for up to 32 words: one LUT6 per four inputs and bit, joined by the wide multiplexers F7, F8, F9
// that every slice has. Yosys does not find those by itself; simulation and other tools read the plain description.
// Purely combinational. d beyond INPUTS reads as 0.
module wide_mux #(
  parameter int INPUTS = 8,
  parameter int BITS = 8,
  parameter int SELECT = INPUTS > 1 ? $clog2(INPUTS) : 1
) (
  input  logic [INPUTS-1:0][BITS-1:0] d,
  input  logic [SELECT-1:0] select,
  output logic [BITS-1:0] y
);
  if (INPUTS <= 4) begin : leaf
    logic [4*BITS-1:0] four;
    logic [1:0] s;
    assign four = (4 * BITS)'(d);
    assign s = 2'(select);
    assign y = s[1] ? (s[0] ? four[3*BITS+:BITS] : four[2*BITS+:BITS]) : (s[0] ? four[BITS+:BITS] : four[0+:BITS]);
  end else begin : joined
    localparam int LOW = 1 << (SELECT - 1);
    logic [BITS-1:0] low, high;
    wide_mux #(.INPUTS(LOW), .BITS(BITS)) u_low (.d(d[LOW-1:0]), .select(select[SELECT-2:0]), .y(low));
    wide_mux #(.INPUTS(INPUTS - LOW), .BITS(BITS)) u_high (
      .d(d[INPUTS-1:LOW]), .select(select[(INPUTS-LOW > 1 ? $clog2(INPUTS - LOW) : 1)-1:0]), .y(high));
`ifdef YOSYS
    for (genvar b = 0; b < BITS; b++) begin : bits
      if (SELECT == 3) MUXF7 join (.I0(low[b]), .I1(high[b]), .S(select[2]), .O(y[b]));
      else if (SELECT == 4) MUXF8 join (.I0(low[b]), .I1(high[b]), .S(select[3]), .O(y[b]));
      else MUXF9 join (.I0(low[b]), .I1(high[b]), .S(select[SELECT-1]), .O(y[b]));
    end
`else
    assign y = select[SELECT-1] ? high : low;
`endif
  end
endmodule
