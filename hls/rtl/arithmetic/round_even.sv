// The lowest bit of a sum to which half an LSB was added: `set`, or `odd`, but even where nothing of what is dropped is left,
// because the number lay half way. Two LUT6 deep for up to 24 dropped bits; mappers by themselves take three.
module round_even #(
  parameter int DOWN = 21
) (
  input  logic [DOWN-1:0] dropped,
  input  logic odd,
  input  logic set,
  output logic lowest
);
  localparam int PART = (DOWN + 3) / 4;
  logic [3:0] some;
  for (genvar k = 0; k < 4; k++) begin : parts
    any_set #(.BITS(PART)) u_some (.bits(PART'(dropped >> PART * k)), .any(some[k]));
  end
  assign lowest = set || odd && |some;
endmodule
