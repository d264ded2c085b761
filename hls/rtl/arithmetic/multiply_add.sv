// p = x[0] w[0] (+ x[1] w[1] where COUNT is 2) + ADDEND, all signed, in COUNT DSPs that hand the sum on: no adder in LUTs. With
// M a register behind every multiplier, one cycle, else combinational. A factor of at most 27 bits, the other of 18.
// Yosys puts neither the sums nor the register into a DSP by itself; simulation and other tools read the plain description.
module multiply_add #(
  parameter int COUNT = 2,
  parameter int X_BITS = 9,
  parameter int W_BITS = 8,
  parameter bit M = 0,
  parameter int P_BITS = X_BITS + W_BITS + COUNT - 1,
  parameter logic [P_BITS-1:0] ADDEND = '0
) (
  input  logic clk,
  input  logic [COUNT*X_BITS-1:0] x,
  input  logic [COUNT*W_BITS-1:0] w,
  output logic [P_BITS-1:0] p
);
`ifdef YOSYS
  localparam bit X_WIDE = X_BITS > W_BITS;
  localparam int WIDE = X_WIDE ? X_BITS : W_BITS;
  localparam int UP = 27 - WIDE < 48 - P_BITS ? 27 - WIDE : 48 - P_BITS;  // left-aligned: a sign bit has few listeners
  logic [COUNT*48-1:0] sum, out;
  for (genvar k = 0; k < COUNT; k++) begin : products
    logic signed [29:0] a;
    logic signed [17:0] b;
    assign a = {3'b0, X_WIDE ? 27'($signed(x[k*X_BITS+:X_BITS])) : 27'($signed(w[k*W_BITS+:W_BITS]))} << UP;
    assign b = X_WIDE ? 18'($signed(w[k*W_BITS+:W_BITS])) : 18'($signed(x[k*X_BITS+:X_BITS]));
    DSP48E2 #(
      .ACASCREG(0), .ADREG(0), .ALUMODEREG(0), .AREG(0), .BCASCREG(0), .BREG(0), .CARRYINREG(0), .CARRYINSELREG(0), .CREG(0),
      .DREG(0), .INMODEREG(0), .MREG(32'(M)), .OPMODEREG(0), .PREG(0), .A_INPUT("DIRECT"), .B_INPUT("DIRECT"),
      .USE_MULT("MULTIPLY"), .USE_SIMD("ONE48"), .AMULTSEL("A"), .BMULTSEL("B")
    ) u_dsp (
      .CLK(clk), .CEM(1'b1), .RSTM(1'b0), .A(a), .B(b), .C(48'($signed(ADDEND)) << UP), .D(27'b0), .INMODE(5'b0), .ALUMODE(4'b0),
      .OPMODE(k == 0 ? 9'b000110101 : 9'b000010101), .CARRYINSEL(3'b0), .CARRYIN(1'b0), .ACIN(30'b0), .BCIN(18'b0),
      .PCIN(k == 0 ? 48'b0 : out[(k>0?k-1:0)*48+:48]), .PCOUT(out[k*48+:48]), .P(sum[k*48+:48]));
  end
  assign p = sum[(COUNT-1)*48+UP+:P_BITS];
`else
  (* use_dsp = "yes" *) logic signed [COUNT*(X_BITS+W_BITS)-1:0] products, kept;
  for (genvar k = 0; k < COUNT; k++) begin : factors
    localparam int BITS = X_BITS + W_BITS;
    logic signed [BITS-1:0] product;
    assign product = $signed(x[k*X_BITS+:X_BITS]) * $signed(w[k*W_BITS+:W_BITS]);
    assign products[k*BITS+:BITS] = product;
  end
  if (M) begin : registered
    always_ff @(posedge clk) kept <= products;
  end else begin : combinational
    logic unused;
    assign unused = clk;
    assign kept = products;
  end
  always_comb begin
    p = ADDEND;
    for (int k = 0; k < COUNT; k++) p = p + P_BITS'($signed(kept[k*(X_BITS+W_BITS)+:X_BITS+W_BITS]));
  end
`endif
endmodule
