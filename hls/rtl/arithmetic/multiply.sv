// p = x w, both signed: in a DSP, or in LUTs as radix-4 Booth rows. A row's bit depends on two bits of x, three of w and
// the sum so far: one LUT6 and a carry, a third of what a plain product takes. Combinational.
module multiply #(
  parameter int X_BITS = 9,
  parameter int W_BITS = 8,
  parameter bit DSP = 1
) (
  input  logic signed [X_BITS-1:0] x,
  input  logic signed [W_BITS-1:0] w,
  output logic signed [X_BITS+W_BITS-1:0] p
);
  if (DSP) begin : dsp
    (* use_dsp = "yes" *) logic signed [X_BITS+W_BITS-1:0] product;
    assign product = x * w;
    assign p = product;
  end else begin : booth
    localparam int ROWS = (W_BITS + 1) / 2;
    localparam int ROW = X_BITS + 2;
    logic signed [2*ROWS:0] digits;  // w with a 0 below
    /* verilator lint_off UNUSEDSIGNAL */  // a row's two lowest bits are done; an odd W_BITS leaves one at the top
    logic [ROWS*ROW-1:0] sum;
    logic [2*ROWS+X_BITS-1:0] all;
    /* verilator lint_on UNUSEDSIGNAL */
    assign digits = (2 * ROWS + 1)'($signed({w, 1'b0}));
    for (genvar d = 0; d < ROWS; d++) begin : rows
      logic [2:0] digit;
      logic signed [ROW-1:0] before_it, magnitude, term;
      /* verilator lint_off UNUSEDSIGNAL */  // bit 0 only made the carry
      logic [ROW:0] added;
      /* verilator lint_on UNUSEDSIGNAL */
      assign digit = digits[2*d+2:2*d];
      // 0, 1 or 2 times x; when negative its complement, and the missing 1 comes in as carry
      assign magnitude = digit[1] ^ digit[0] ? ROW'(x) : digit == 3'b100 || digit == 3'b011 ? ROW'(x) <<< 1 : '0;
      assign term = digit[2] ? ~magnitude : magnitude;
      if (d == 0) begin : first
        assign before_it = '0;
      end else begin : others
        assign before_it = ROW'($signed(sum[(d-1)*ROW+2+:ROW-2]));
      end
      assign added = {before_it, 1'b1} + {term, digit[2]};
      assign sum[d*ROW+:ROW] = added[ROW:1];
      assign all[2*d+:2] = added[2:1];
    end
    assign all[2*ROWS+:X_BITS] = sum[(ROWS-1)*ROW+2+:X_BITS];
    assign p = all[X_BITS+W_BITS-1:0];
  end
endmodule
