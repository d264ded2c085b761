// Dense layer with constant weights: y[u] = BIAS[u] + sum_i W[i][u] x[i], exact, all at once
//
// A unit is a list of terms, COUNT[u] of its TERMS: either the nonzero canonical signed digits of its weights,
// (-1)^NEGATIVE 2^SHIFT x[TAP], so that only adders are left; or, where FACTOR_BITS > 0, the nonzero weights FACTOR
// themselves, each a multiplier for a DSP, with registers MULTIPLY as in multiply. A unit of one such weight that a DSP can
// hold adds its bias there. CUTS as in shift_add; with REGISTER the sums are registered.
module dense #(
  parameter int INPUTS = 16,
  parameter int BITS = 8,
  parameter bit IS_SIGNED = 0,
  parameter int UNITS = 1,
  parameter int TERMS = 1,
  parameter int LEVELS = 0,
  parameter logic [31:0] CUTS = '0,
  parameter bit REGISTER = 1,
  parameter int SUM_BITS = 20,
  parameter int FACTOR_BITS = 0,
  parameter logic [31:0] MULTIPLY = '0,
  parameter logic [UNITS*16-1:0] COUNT = {UNITS{16'd1}},
  parameter logic [UNITS*TERMS*16-1:0] TAP = '0,
  parameter logic [UNITS*TERMS*8-1:0] SHIFT = '0,
  parameter logic [UNITS*TERMS-1:0] NEGATIVE = '0,
  parameter logic [UNITS*TERMS*(FACTOR_BITS > 0 ? FACTOR_BITS : 1)-1:0] FACTOR = '0,
  parameter logic [UNITS*SUM_BITS-1:0] BIAS = '0
) (
  input  logic clk,
  input  logic [INPUTS*BITS-1:0] x,
  output logic [UNITS*SUM_BITS-1:0] y
);
  localparam int VALUE = BITS + (IS_SIGNED ? 0 : 1);
  localparam int WIDE = VALUE + FACTOR_BITS;
  localparam bit FITS = VALUE > FACTOR_BITS ? VALUE <= 27 && FACTOR_BITS <= 18 : VALUE <= 18 && FACTOR_BITS <= 27;
  localparam bit ALONE = FACTOR_BITS > 0 && TERMS == 1 && FITS && SUM_BITS <= 48;
  logic [UNITS*SUM_BITS-1:0] sums;
  for (genvar u = 0; u < UNITS; u++) begin : units
    localparam int USED = 32'(COUNT[16*u+:16]);
    logic [USED*WIDE-1:0] terms;
    for (genvar k = 0; k < USED; k++) begin : operands
      localparam int SOURCE = 32'(TAP[16*(u*TERMS+k)+:16]);
      logic signed [VALUE-1:0] value;
      assign value = VALUE'({IS_SIGNED && x[SOURCE*BITS+BITS-1], x[SOURCE*BITS+:BITS]});
      if (FACTOR_BITS == 0) begin : digit
        assign terms[k*WIDE+:WIDE] = value;
      end else begin : weight
        localparam logic signed [FACTOR_BITS-1:0] W = FACTOR[FACTOR_BITS*(u*TERMS+k)+:FACTOR_BITS];
        if (ALONE) begin : with_bias
          assign terms[k*WIDE+:WIDE] = '0;
          multiply_add #(
            .COUNT(1), .X_BITS(VALUE), .W_BITS(FACTOR_BITS), .M(MULTIPLY[0]), .P_BITS(SUM_BITS),
            .ADDEND(BIAS[u*SUM_BITS+:SUM_BITS])
          ) u_product (.clk, .x(value), .w(W), .p(sums[u*SUM_BITS+:SUM_BITS]));
        end else begin : product
          multiply #(.X_BITS(VALUE), .W_BITS(FACTOR_BITS), .DSP(1), .REGISTERS(MULTIPLY)) u_product (
            .clk, .x(value), .w(W), .p(terms[k*WIDE+:WIDE]));
        end
      end
    end
    if (!ALONE) begin : added
      shift_add #(
        .TERMS(USED), .BITS(WIDE), .LEVELS(LEVELS), .CUTS(CUTS), .SUM_BITS(SUM_BITS),
        .NEGATIVE(NEGATIVE[u*TERMS+:USED]), .SHIFT(SHIFT[8*u*TERMS+:8*USED]), .BIAS(BIAS[u*SUM_BITS+:SUM_BITS])
      ) u_sum (.clk, .x(terms), .sum(sums[u*SUM_BITS+:SUM_BITS]));
    end else begin : done
      logic unused;
      assign unused = ^terms;
    end
  end
  if (REGISTER) begin : registered
    always_ff @(posedge clk) y <= sums;
  end else begin : combinational
    assign y = sums;
  end
endmodule
