// How many of six bits are set: a LUT6 a digit, in a module of its own, because Yosys would add bit by bit. Combinational.
module count_six (
  input  logic [5:0] bits,
  output logic [2:0] count
);
  function automatic logic [63:0] table_of(int digit);
    for (int k = 0; k < 64; k++)
      table_of[k] = ((k % 2 + k / 2 % 2 + k / 4 % 2 + k / 8 % 2 + k / 16 % 2 + k / 32) >> digit) % 2 == 1;
  endfunction
  localparam logic [63:0] ONES = table_of(0);
  localparam logic [63:0] TWOS = table_of(1);
  localparam logic [63:0] FOURS = table_of(2);
  assign count = {FOURS[bits], TWOS[bits], ONES[bits]};
endmodule
