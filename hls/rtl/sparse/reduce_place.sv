// In which of four places is the active one that counts as NUMBER (modulo 4), when the first active one counts as `first`?
// One LUT6 for each bit of the answer, in a module of its own, so that no mapper trades them for more LUTs of fewer inputs.
module reduce_place #(
  parameter int NUMBER = 0
) (
  input  logic [1:0] first,
  input  logic [3:0] active,
  output logic [1:0] place,
  output logic found
);
  function automatic logic [63:0] table_of(int answer);  // 0, 1: bits of the place; 2: there is one
    int number;
    table_of = '0;
    for (int k = 0; k < 64; k++) begin
      number = k / 16;
      for (int i = 0; i < 4; i++)
        if ((k >> i) % 2 == 1) begin
          if (number % 4 == NUMBER) table_of[k] = answer == 2 || (i >> answer) % 2 == 1;
          number = number + 1;
        end
    end
  endfunction
  localparam logic [63:0] LOW = table_of(0);
  localparam logic [63:0] HIGH = table_of(1);
  localparam logic [63:0] FOUND = table_of(2);
  assign place = {HIGH[{first, active}], LOW[{first, active}]};
  assign found = FOUND[{first, active}];
endmodule
