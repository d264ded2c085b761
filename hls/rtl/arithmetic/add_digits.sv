// ones + 2 twos + 4 fours, of three bits each: what count_six finds in the digits of six numbers. Combinational, two LUTs
// deep, as plain logic: Yosys would take carry chains.
module add_digits (
  input  logic [2:0] ones,
  input  logic [2:0] twos,
  input  logic [2:0] fours,
  output logic [5:0] count
);
  logic [2:0] middle;               // how many fours there are
  logic carry;
  assign carry = ones[1] & twos[0];
  assign middle[0] = ones[2] ^ twos[1] ^ fours[0] ^ carry;
  assign middle[1] = (ones[2] & twos[1] | (ones[2] ^ twos[1]) & fours[0]) ^ ((ones[2] ^ twos[1] ^ fours[0]) & carry);
  assign middle[2] = ones[2] & twos[1] & fours[0] & carry;
  logic eights, more;
  assign eights = twos[2] ^ fours[1] ^ middle[1];
  assign more = twos[2] & fours[1] | (twos[2] ^ fours[1]) & middle[1];
  assign count = {fours[2] & middle[2] | (fours[2] ^ middle[2]) & more, fours[2] ^ middle[2] ^ more, eights, middle[0],
                  ones[1] ^ twos[0], ones[0]};
endmodule
