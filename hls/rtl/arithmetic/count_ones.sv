// How many of INPUTS bits are set. Combinational.
module count_ones #(
  parameter int INPUTS = 20,
  parameter int BITS = $clog2(INPUTS + 1)
) (
  input  logic [INPUTS-1:0] bits,
  output logic [BITS-1:0] count
);
  if (INPUTS <= 36) begin : few
    logic [5:0] n;
    logic unused;
    assign unused = ^n;
    count_few #(.INPUTS(INPUTS)) u_few (.bits, .count(n));
    assign count = BITS'(n);
  end else begin : many
    localparam int HALF = INPUTS / 2;
    logic [BITS-1:0] low, high;
    count_ones #(.INPUTS(HALF), .BITS(BITS)) u_low (.bits(bits[HALF-1:0]), .count(low));
    count_ones #(.INPUTS(INPUTS - HALF), .BITS(BITS)) u_high (.bits(bits[INPUTS-1:HALF]), .count(high));
    assign count = low + high;
  end
endmodule
