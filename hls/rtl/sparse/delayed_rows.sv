// Rows of an event, with valid and last, CYCLES cycles later; 0: at once.
module delayed_rows #(
  parameter int BITS = 4032,
  parameter int CYCLES = 1
) (
  input  logic clk,
  input  logic rst,
  input  logic in_valid,
  input  logic in_last,
  input  logic [BITS-1:0] in_data,
  output logic out_valid,
  output logic out_last,
  output logic [BITS-1:0] out_data
);
  delay #(.BITS(BITS + 1), .CYCLES(CYCLES)) u_data (.clk, .d({in_last, in_data}), .q({out_last, out_data}));
  if (CYCLES == 0) begin : at_once
    logic unused;
    assign unused = rst;
    assign out_valid = in_valid;
  end else begin : later
    logic [CYCLES:0] valid;
    assign valid[0] = in_valid;
    always_ff @(posedge clk) valid[CYCLES:1] <= rst ? '0 : valid[CYCLES-1:0];
    assign out_valid = valid[CYCLES];
  end
endmodule
