// How many pixels of ROWS rows are above one level: of every three parts of a row of at most 36 pixels two cycles later,
// and of the rows up to each four cycles later. Counts are exact below their top bit.
module adaptive_counts #(
  parameter int ROWS = 8,
  parameter int WIDTH = 63,
  parameter int BITS = 5,
  parameter int PER_ROW = (WIDTH + 35) / 36,
  parameter int PARTS = (ROWS * PER_ROW + 2) / 3
) (
  input  logic clk,
  input  logic [ROWS-1:0][WIDTH-1:0] above,
  output logic [PARTS-1:0][BITS-1:0] part,
  output logic [ROWS-1:0][BITS-1:0] upto
);
  logic [ROWS*PER_ROW-1:0][17:0] digits, digits_1;           // {fours, twos, ones} of every six
  logic [PARTS*3-1:0][BITS-1:0] some;
  logic [ROWS-1:0][BITS-1:0] total, total_2, four, four_3, sum;
  for (genvar i = 0; i < ROWS * PER_ROW; i++) begin : parts
    logic [35:0] bits;
    logic [2:0] ones, twos, fours;
    logic [5:0] n;
    assign bits = 36'(above[i/PER_ROW] >> (i % PER_ROW * 36));
    for (genvar s = 0; s < 6; s++) begin : sixes
      count_six u_six (.bits(bits[6*s+:6]), .count({digits[i][12+s], digits[i][6+s], digits[i][s]}));
    end
    count_six u_ones (.bits(digits_1[i][5:0]), .count(ones));
    count_six u_twos (.bits(digits_1[i][11:6]), .count(twos));
    count_six u_fours (.bits(digits_1[i][17:12]), .count(fours));
    add_digits u_sum (.ones, .twos, .fours, .count(n));
    assign some[i] = {32'(n) >> (BITS - 1) != 0, (BITS - 1)'(n)};
  end
  for (genvar i = ROWS * PER_ROW; i < PARTS * 3; i++) begin : none
    assign some[i] = '0;
  end
  for (genvar p = 0; p < PARTS; p++) begin : sums
    logic [BITS-1:0] three;
    add_counts #(.COUNT(3), .BITS(BITS)) u_three (.counts(some[3*p+:3]), .sum(three));
    always_ff @(posedge clk) part[p] <= three;
  end

  // Of the rows up to each: of every four first
  for (genvar r = 0; r < ROWS; r++) begin : rows
    add_counts #(.COUNT(PER_ROW), .BITS(BITS)) u_total (.counts(some[r*PER_ROW+:PER_ROW]), .sum(total[r]));
    add_counts #(.COUNT(r % 4 + 1), .BITS(BITS)) u_four (.counts(total_2[r:r/4*4]), .sum(four[r]));
    logic [(r/4+1)*BITS-1:0] groups;
    assign groups[r/4*BITS+:BITS] = four_3[r];
    for (genvar g = 0; g < r / 4; g++) begin : earlier
      assign groups[g*BITS+:BITS] = four_3[4*g+3];
    end
    add_counts #(.COUNT(r / 4 + 1), .BITS(BITS)) u_sum (.counts(groups), .sum(sum[r]));
  end
  always_ff @(posedge clk) {digits_1, total_2, four_3, upto} <= {digits, total, four, sum};
endmodule
