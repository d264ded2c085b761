// y = x on the grid of ap_(u)fixed<OUT_BITS, ., AP_RND_CONV, AP_SAT>: round half to even, saturate
//
// A negative x gives 0 when y is unsigned, so this is the ReLU too. SYMMETRIC leaves the most negative code out.
// HALF_ADDED: x holds half an LSB of y already (in a bias, say), and no adder is left here. Of the result, at least
// 2 bits, the lowest is found by itself: it is the latest. Purely combinational.
module quantize #(
  parameter int IN_BITS = 20,
  parameter int IN_FRACTION = 12,
  parameter int OUT_BITS = 8,
  parameter int OUT_FRACTION = 6,
  parameter bit OUT_SIGNED = 0,
  parameter bit SYMMETRIC = 0,
  parameter bit HALF_ADDED = 0
) (
  input  logic signed [IN_BITS-1:0] x,
  output logic [OUT_BITS-1:0] y
);
  localparam int DOWN = IN_FRACTION > OUT_FRACTION ? IN_FRACTION - OUT_FRACTION : 0;
  localparam int UP = OUT_FRACTION > IN_FRACTION ? OUT_FRACTION - IN_FRACTION : 0;
  localparam int SUM = (IN_BITS > DOWN ? IN_BITS : DOWN) + 1;  // x + half cannot overflow
  localparam int WIDE = (SUM - DOWN + UP > OUT_BITS ? SUM - DOWN + UP : OUT_BITS) + 1;
  localparam int MAGNITUDE = OUT_SIGNED ? OUT_BITS - 1 : OUT_BITS;

  logic signed [SUM-1:0] sum;
  logic signed [WIDE-1:0] rounded;            // but for the lowest bit
  /* verilator lint_off UNUSEDSIGNAL */       // whose lowest bit is found by itself
  logic [OUT_BITS-1:0] clipped;
  /* verilator lint_on UNUSEDSIGNAL */
  logic negative, fits, odd, set;
  assign rounded = WIDE'(sum >>> DOWN) <<< UP;
  assign negative = rounded[WIDE-1];
  assign fits = rounded[WIDE-1:MAGNITUDE] == {(WIDE - MAGNITUDE) {negative}};
  if (!OUT_SIGNED) begin : positive
    assign clipped = negative ? '0 : fits ? rounded[OUT_BITS-1:0] : '1;
    assign odd = fits && !negative && rounded[0];
    assign set = !fits && !negative;
  end else begin : both_signs
    assign clipped = fits ? rounded[OUT_BITS-1:0] : {negative, {MAGNITUDE{~negative}}};
    assign odd = fits && rounded[0];
    assign set = !fits && !negative || SYMMETRIC && negative && clipped[MAGNITUDE-1:0] >> 1 == '0;
  end
  assign y[OUT_BITS-1:1] = clipped[OUT_BITS-1:1];
  if (DOWN > 0) begin : round
    localparam logic signed [SUM-1:0] HALF = HALF_ADDED ? '0 : SUM'(1) << (DOWN - 1);
    assign sum = SUM'(x) + HALF;
    round_even #(.DOWN(DOWN)) u_lowest (.dropped(sum[DOWN-1:0]), .odd, .set, .lowest(y[0]));
  end else begin : exact
    assign sum = SUM'(x);
    assign y[0] = odd || set;
  end
endmodule
