// UltraScale+ primitives that Yosys instantiates and has no simulation model of, written after the vendor's user guides, as
// far as they are used here; Yosys' own models of LUTs, registers, carry chains and wide multiplexers stand beside them when
// a mapped netlist is simulated. What is not modelled stops the compilation, or makes the outputs mean nothing.
`define TO_F(x) x``0 = '0, x``1 = '0, x``2 = '0, x``3 = '0, x``4 = '0, x``5 = '0, x``6 = '0, x``7 = '0, \
  x``8 = '0, x``9 = '0, x``A = '0, x``B = '0, x``C = '0, x``D = '0, x``E = '0, x``F = '0
`define FROM_F(x) x``F, x``E, x``D, x``C, x``B, x``A, x``9, x``8, x``7, x``6, x``5, x``4, x``3, x``2, x``1, x``0

// UG579: P = A B + C, PCIN or 0; the register behind the multiplier or none.
module DSP48E2 #(
  parameter int ACASCREG = 1, ADREG = 1, ALUMODEREG = 1, AREG = 1, BCASCREG = 1, BREG = 1, CARRYINREG = 1,
  parameter int CARRYINSELREG = 1, CREG = 1, DREG = 1, INMODEREG = 1, MREG = 1, OPMODEREG = 1, PREG = 1,
  parameter A_INPUT = "DIRECT", B_INPUT = "DIRECT", USE_MULT = "MULTIPLY", USE_SIMD = "ONE48",
  parameter AMULTSEL = "A", BMULTSEL = "B"
) (
  input logic CLK, CEM, RSTM, input logic signed [29:0] A, ACIN, input logic signed [17:0] B, BCIN,
  input logic signed [47:0] C, PCIN, input logic [26:0] D, input logic [4:0] INMODE, input logic [3:0] ALUMODE,
  input logic [8:0] OPMODE, input logic [2:0] CARRYINSEL, input logic CARRYIN, output logic signed [47:0] P, PCOUT
);
  if (AREG + BREG + CREG + PREG + OPMODEREG + ALUMODEREG + INMODEREG + CARRYINREG + CARRYINSELREG != 0)
    $error("registers that there are none of");
  logic signed [44:0] product, m;
  logic signed [47:0] z;
  assign product = 45'($signed(A[26:0])) * 45'(B);
  if (MREG == 1) always_ff @(posedge CLK) if (RSTM) m <= '0; else if (CEM) m <= product;
  if (MREG == 0) assign m = product;
  assign z = OPMODE[6:4] == 3'b011 ? C : OPMODE[6:4] == 3'b001 ? PCIN : '0;
  assign P = OPMODE[3:0] == 4'b0101 && OPMODE[8:7] == 0 && ALUMODE == 0 ? z + 48'(m) + 48'(CARRYIN) : 'x;
  assign PCOUT = P;
endmodule

// UG573, of a block RAM of K times 18 Kib: the read port A, without an output register. A word of WIDTH bits has a ninth of
// them as parity, if it has at least 9; words are aligned, so the lowest bits of an address do not count. A word of the full
// width has its upper half on the outputs B.
module block_rom #(
  parameter int K = 1,
  parameter int WIDTH = 36 * K,
  parameter logic [K*16384-1:0] DATA = '0,
  parameter logic [K*2048-1:0] PARITY = '0,
  parameter int ADDRESS = K == 2 ? 15 : 14
) (
  input  logic clk, enable, undefined,
  input  logic [ADDRESS-1:0] address,
  output logic [32*K-1:0] data,
  output logic [4*K-1:0] parity
);
  localparam int P_BITS = WIDTH / 9;
  localparam int D_BITS = WIDTH - P_BITS;
  logic [ADDRESS-1:0] word;
  assign word = address >> $clog2(D_BITS);
  if (D_BITS > 32 * K || D_BITS != 1 << $clog2(D_BITS)) $error("a block RAM with words of %0d bits", WIDTH);
  always_ff @(posedge clk) if (enable) data <= undefined ? 'x : (32 * K)'(DATA[word*D_BITS+:D_BITS]);
  if (P_BITS == 0) begin : without_parity
    assign parity = 'x;
  end else begin : with_parity
    always_ff @(posedge clk) if (enable) parity <= undefined ? 'x : (4 * K)'(PARITY[word*P_BITS+:P_BITS]);
  end
endmodule

module RAMB18E2 #(
  parameter int READ_WIDTH_A = 0, READ_WIDTH_B = 0, WRITE_WIDTH_A = 0, WRITE_WIDTH_B = 0, DOA_REG = 1, DOB_REG = 1,
  parameter WRITE_MODE_A = "NO_CHANGE", WRITE_MODE_B = "NO_CHANGE",
  parameter logic [17:0] INIT_A = '0, INIT_B = '0, SRVAL_A = '0, SRVAL_B = '0,
  parameter logic [255:0] INITP_00 = '0, INITP_01 = '0, INITP_02 = '0, INITP_03 = '0,
  parameter logic [255:0] INITP_04 = '0, INITP_05 = '0, INITP_06 = '0, INITP_07 = '0,
  parameter logic [255:0] `TO_F(INIT_0), `TO_F(INIT_1), `TO_F(INIT_2), `TO_F(INIT_3)
) (
  input  logic CLKARDCLK, CLKBWRCLK, ENARDEN, ENBWREN, ADDRENA, ADDRENB, REGCEAREGCE, REGCEB, SLEEP,
  input  logic RSTRAMARSTRAM, RSTRAMB, RSTREGARSTREG, RSTREGB,
  input  logic [13:0] ADDRARDADDR, ADDRBWRADDR, input logic [15:0] DINADIN, DINBDIN, input logic [1:0] DINPADINP, DINPBDINP,
  input  logic [1:0] WEA, input logic [3:0] WEBWE,
  output logic [15:0] DOUTADOUT, DOUTBDOUT, output logic [1:0] DOUTPADOUTP, DOUTPBDOUTP
);
  if (READ_WIDTH_B + WRITE_WIDTH_A + WRITE_WIDTH_B + DOA_REG + DOB_REG != 0) $error("a block RAM that is no plain ROM");
  block_rom #(
    .WIDTH(READ_WIDTH_A), .DATA({`FROM_F(INIT_3), `FROM_F(INIT_2), `FROM_F(INIT_1), `FROM_F(INIT_0)}),
    .PARITY({INITP_07, INITP_06, INITP_05, INITP_04, INITP_03, INITP_02, INITP_01, INITP_00})
  ) u_rom (
    .clk(CLKARDCLK), .enable(ENARDEN), .undefined(RSTRAMARSTRAM || SLEEP || !ADDRENA), .address(ADDRARDADDR),
    .data({DOUTBDOUT, DOUTADOUT}), .parity({DOUTPBDOUTP, DOUTPADOUTP}));
endmodule

module RAMB36E2 #(
  parameter int READ_WIDTH_A = 0, READ_WIDTH_B = 0, WRITE_WIDTH_A = 0, WRITE_WIDTH_B = 0, DOA_REG = 1, DOB_REG = 1,
  parameter WRITE_MODE_A = "NO_CHANGE", WRITE_MODE_B = "NO_CHANGE",
  parameter logic [35:0] INIT_A = '0, INIT_B = '0, SRVAL_A = '0, SRVAL_B = '0,
  parameter logic [255:0] `TO_F(INITP_0), `TO_F(INIT_0), `TO_F(INIT_1), `TO_F(INIT_2), `TO_F(INIT_3),
  parameter logic [255:0] `TO_F(INIT_4), `TO_F(INIT_5), `TO_F(INIT_6), `TO_F(INIT_7)
) (
  input  logic CLKARDCLK, CLKBWRCLK, ENARDEN, ENBWREN, ADDRENA, ADDRENB, REGCEAREGCE, REGCEB, SLEEP,
  input  logic RSTRAMARSTRAM, RSTRAMB, RSTREGARSTREG, RSTREGB,
  input  logic [14:0] ADDRARDADDR, ADDRBWRADDR, input logic [31:0] DINADIN, DINBDIN, input logic [3:0] DINPADINP, DINPBDINP,
  input  logic [3:0] WEA, input logic [7:0] WEBWE,
  output logic [31:0] DOUTADOUT, DOUTBDOUT, output logic [3:0] DOUTPADOUTP, DOUTPBDOUTP
);
  if (READ_WIDTH_B + WRITE_WIDTH_A + WRITE_WIDTH_B + DOA_REG + DOB_REG != 0) $error("a block RAM that is no plain ROM");
  block_rom #(
    .K(2), .WIDTH(READ_WIDTH_A), .PARITY({`FROM_F(INITP_0)}),
    .DATA({`FROM_F(INIT_7), `FROM_F(INIT_6), `FROM_F(INIT_5), `FROM_F(INIT_4),
           `FROM_F(INIT_3), `FROM_F(INIT_2), `FROM_F(INIT_1), `FROM_F(INIT_0)})
  ) u_rom (
    .clk(CLKARDCLK), .enable(ENARDEN), .undefined(RSTRAMARSTRAM || SLEEP || !ADDRENA), .address(ADDRARDADDR),
    .data({DOUTBDOUT, DOUTADOUT}), .parity({DOUTPBDOUTP, DOUTPADOUTP}));
endmodule
