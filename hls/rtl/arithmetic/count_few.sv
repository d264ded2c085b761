// How many of at most 36 bits are set. Six bits are three LUT6, and the sums of six such numbers, digit by digit, three more
// each; in modules of their own, because Yosys would add bit by bit. Combinational.
module count_few #(
  parameter int INPUTS = 36
) (
  input  logic [INPUTS-1:0] bits,
  output logic [5:0] count
);
  function automatic logic [63:0] table_of(int digit);
    for (int k = 0; k < 64; k++)
      table_of[k] = ((k % 2 + k / 2 % 2 + k / 4 % 2 + k / 8 % 2 + k / 16 % 2 + k / 32) >> digit) % 2 == 1;
  endfunction
  localparam logic [63:0] ONES = table_of(0);
  localparam logic [63:0] TWOS = table_of(1);
  localparam logic [63:0] FOURS = table_of(2);
  if (INPUTS <= 6) begin : six
    logic [5:0] address;
    assign address = 6'(bits);
    assign count = {3'd0, FOURS[address], TWOS[address], ONES[address]};
  end else begin : sixes
    localparam int PARTS = (INPUTS + 5) / 6;
    logic [PARTS*6-1:0] padded;
    logic [3*PARTS-1:0] digits;
    logic [17:0] sums;
    logic unused;
    assign padded = (PARTS * 6)'(bits);
    for (genvar p = 0; p < PARTS; p++) begin : parts
      logic [5:0] n;
      logic none;
      assign none = ^n[5:3];
      count_few #(.INPUTS(6)) u_six (.bits(padded[6*p+:6]), .count(n));
      assign {digits[2*PARTS+p], digits[PARTS+p], digits[p]} = n[2:0];
    end
    for (genvar d = 0; d < 3; d++) begin : columns
      count_few #(.INPUTS(PARTS)) u_column (.bits(digits[d*PARTS+:PARTS]), .count(sums[6*d+:6]));
    end
    assign unused = ^{sums[5:3], sums[11:9], sums[17:15]};
    assign count = 6'(sums[2:0]) + {2'd0, sums[8:6], 1'd0} + {1'd0, sums[14:12], 2'd0};
  end
endmodule
