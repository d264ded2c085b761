// How many of at most 36 bits are set: of every six, and of the digits of these numbers again. Combinational.
module count_few #(
  parameter int INPUTS = 36
) (
  input  logic [INPUTS-1:0] bits,
  output logic [5:0] count
);
  localparam int PARTS = (INPUTS + 5) / 6;
  logic [PARTS*6-1:0] padded;
  assign padded = (PARTS * 6)'(bits);
  if (PARTS == 1) begin : one
    assign count[5:3] = '0;
    count_six u_six (.bits(padded), .count(count[2:0]));
  end else begin : several
    logic [3*PARTS-1:0] digits;
    logic [2:0] ones, twos, fours;
    for (genvar p = 0; p < PARTS; p++) begin : parts
      count_six u_six (.bits(padded[6*p+:6]), .count({digits[2*PARTS+p], digits[PARTS+p], digits[p]}));
    end
    count_six u_ones (.bits(6'(digits[0+:PARTS])), .count(ones));
    count_six u_twos (.bits(6'(digits[PARTS+:PARTS])), .count(twos));
    count_six u_fours (.bits(6'(digits[2*PARTS+:PARTS])), .count(fours));
    add_digits u_sum (.ones, .twos, .fours, .count);
  end
endmodule
