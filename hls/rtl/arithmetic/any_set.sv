// Is one of BITS bits set? In a module of its own, so that it stays a tree of LUT6.
module any_set #(
  parameter int BITS = 6
) (
  input  logic [BITS-1:0] bits,
  output logic any
);
  assign any = |bits;
endmodule
