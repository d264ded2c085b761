// p = x w, both signed: in DSPs, or in LUTs as radix-4 Booth rows. A row's bit depends on two bits of x, three of w and
// the sum so far: one LUT6 and a carry, a third of what a plain product takes.
//
// REGISTERS: with bit 0 a register in the DSPs; a factor too wide for one is taken apart, with bit 1 a register before the
// parts are added. Of Booth rows, with bit d one behind row d. A cycle each; without any, combinational.
module multiply #(
  parameter int X_BITS = 9,
  parameter int W_BITS = 8,
  parameter bit DSP = 1,
  parameter logic [31:0] REGISTERS = '0
) (
  input  logic clk,
  input  logic signed [X_BITS-1:0] x,
  input  logic signed [W_BITS-1:0] w,
  output logic signed [X_BITS+W_BITS-1:0] p
);
  localparam int WIDE = X_BITS > W_BITS ? X_BITS : W_BITS;
  localparam int NARROW = X_BITS > W_BITS ? W_BITS : X_BITS;
  localparam int LIMB = 26;
  if (DSP && WIDE <= 27 && NARROW <= 18) begin : dsp
    multiply_add #(.COUNT(1), .X_BITS(X_BITS), .W_BITS(W_BITS), .M(REGISTERS[0])) u_dsp (.clk, .x, .w, .p);
  end else if (DSP && NARROW <= 18) begin : dsps
    localparam int TOP = WIDE - LIMB;
    logic signed [WIDE-1:0] wide;
    logic signed [NARROW-1:0] narrow;
    logic signed [LIMB+NARROW:0] low, low_kept;
    logic signed [TOP+NARROW-1:0] high, high_kept;
    if (X_BITS > W_BITS) begin : x_wide
      assign {wide, narrow} = {x, w};
    end else begin : w_wide
      assign {wide, narrow} = {w, x};
    end
    multiply #(.X_BITS(LIMB + 1), .W_BITS(NARROW), .REGISTERS(32'(REGISTERS[0]))) u_low (
      .clk, .x({1'b0, wide[LIMB-1:0]}), .w(narrow), .p(low));
    multiply #(.X_BITS(TOP), .W_BITS(NARROW), .REGISTERS(32'(REGISTERS[0]))) u_high (
      .clk, .x(wide[WIDE-1:LIMB]), .w(narrow), .p(high));
    if (REGISTERS[1]) begin : cut
      always_ff @(posedge clk) {high_kept, low_kept} <= {high, low};
    end else begin : through
      assign {high_kept, low_kept} = {high, low};
    end
    assign p = {high_kept + (TOP + NARROW)'(low_kept >>> LIMB), low_kept[LIMB-1:0]};
  end else if (DSP) begin : inferred
    logic unused;
    (* use_dsp = "yes" *) logic signed [X_BITS+W_BITS-1:0] product;
    assign unused = clk;
    assign product = x * w;
    assign p = product;
  end else begin : booth
    localparam int ROWS = (W_BITS + 1) / 2;
    localparam int ROW = X_BITS + 2;
    for (genvar d = 0; d < ROWS; d++) begin : rows
      /* verilator lint_off UNUSEDSIGNAL */  // what the last row has no use for, and the carry of `added`
      logic signed [X_BITS-1:0] x_in, x_out;
      logic signed [2*ROWS:0] w_in, w_out;  // w with a 0 below
      logic [2*ROWS-1:0] low_in, low, low_out;
      logic [ROW-1:0] sum_in, sum_out;
      logic [ROW:0] added;
      /* verilator lint_on UNUSEDSIGNAL */
      logic [2:0] digit;
      logic signed [ROW-1:0] magnitude, term;
      if (d == 0) begin : first
        assign x_in = x;
        assign w_in = (2 * ROWS + 1)'($signed({w, 1'b0}));
        assign low_in = '0;
        assign sum_in = '0;
      end else begin : others
        assign x_in = rows[d-1].x_out;
        assign w_in = rows[d-1].w_out;
        assign low_in = rows[d-1].low_out;
        assign sum_in = ROW'($signed(rows[d-1].sum_out[ROW-1:2]));
      end
      assign digit = w_in[2*d+2:2*d];
      // 0, 1 or 2 times x; when negative its complement, and the missing 1 comes in as carry
      assign magnitude = digit[1] ^ digit[0] ? ROW'(x_in) : digit == 3'b100 || digit == 3'b011 ? ROW'(x_in) <<< 1 : '0;
      assign term = digit[2] ? ~magnitude : magnitude;
      assign added = {sum_in, 1'b1} + {term, digit[2]};
      always_comb begin
        low = low_in;
        low[2*d+:2] = added[2:1];
      end
      if (REGISTERS[d] && d < ROWS - 1) begin : cut
        always_ff @(posedge clk) {x_out, w_out, low_out, sum_out} <= {x_in, w_in, low, added[ROW:1]};
      end else begin : through
        assign {x_out, w_out, low_out, sum_out} = {x_in, w_in, low, added[ROW:1]};
      end
    end
    /* verilator lint_off UNUSEDSIGNAL */  // an odd W_BITS leaves one at the top
    logic [2*ROWS+X_BITS-1:0] all;
    /* verilator lint_on UNUSEDSIGNAL */
    assign all = {rows[ROWS-1].sum_out[2+:X_BITS], rows[ROWS-1].low_out};
    assign p = all[X_BITS+W_BITS-1:0];
    if (REGISTERS == '0) begin : combinational
      logic unused;
      assign unused = clk;
    end
  end
endmodule
