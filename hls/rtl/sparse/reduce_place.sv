// In which of four places is the active one that counts as NUMBER (modulo 4), when the first active one counts as `first`?
// A bit of the answer: ANSWER 0, 1: that bit of the place; 2: there is one. One LUT6, in a module of its own, so that no
// mapper trades it for more LUTs of fewer inputs.
module reduce_place #(
  parameter int NUMBER = 0,
  parameter int ANSWER = 0
) (
  input  logic [1:0] first,
  input  logic [3:0] active,
  output logic answer
);
  function automatic logic [63:0] table_of();
    int number;
    table_of = '0;
    for (int k = 0; k < 64; k++) begin
      number = k / 16;
      for (int i = 0; i < 4; i++)
        if ((k >> i) % 2 == 1) begin
          if (number % 4 == NUMBER) table_of[k] = ANSWER == 2 || (i >> ANSWER) % 2 == 1;
          number = number + 1;
        end
    end
  endfunction
  localparam logic [63:0] TABLE = table_of();
  assign answer = TABLE[{first, active}];
endmodule
