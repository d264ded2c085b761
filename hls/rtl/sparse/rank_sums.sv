// Ranks behind each block of columns: `base`, and the active pixels of all blocks up to this one, in raster order
//
// Blocks come in pairs, with the counts of the first block and of both. A level joins three groups of pairs, the last one
// two, and adds `base`: always an adder of three numbers. Each of CUTS is a register in front of that level, the first one
// bit 0. Numbers are exact below their top bit, which means "at least so many".
module rank_sums #(
  parameter int PAIRS = 16,
  parameter int RANK = 6,
  parameter logic [7:0] CUTS = '0
) (
  input  logic clk,
  input  logic [PAIRS-1:0][1:0][RANK-1:0] count,
  input  logic [RANK-1:0] base,                    // later by all of CUTS
  output logic [PAIRS-1:0][1:0][RANK-1:0] rank
);
  function automatic int power(int exponent);
    power = 1;
    for (int k = 0; k < exponent; k++) power = 3 * power;
  endfunction
  function automatic int levels(int pairs);
    levels = 1;
    for (int size = 2; size < pairs; size = 3 * size) levels = levels + 1;
  endfunction
  localparam int LEVELS = levels(PAIRS);

  // Carries are saved: more numbers take LUTs in front of one carry chain
  function automatic logic [2*RANK-1:0] saved(logic [RANK-1:0] a, logic [RANK-1:0] b, logic [RANK-1:0] c);
    logic [RANK-2:0] digits, carries;
    digits = a[RANK-2:0] ^ b[RANK-2:0] ^ c[RANK-2:0];
    carries = a[RANK-2:0] & b[RANK-2:0] | (a[RANK-2:0] ^ b[RANK-2:0]) & c[RANK-2:0];
    saved = {a[RANK-1] | b[RANK-1] | c[RANK-1] | carries[RANK-2], carries[RANK-3:0], 1'b0, 1'b0, digits};
  endfunction
  function automatic logic [RANK-1:0] add(logic [2*RANK-1:0] two);
    logic [RANK-1:0] sum;
    sum = {1'b0, two[RANK+:RANK-1]} + {1'b0, two[RANK-2:0]};
    add = {two[2*RANK-1] | two[RANK-1] | sum[RANK-1], sum[RANK-2:0]};
  endfunction

  logic [LEVELS:0][PAIRS-1:0][1:0][RANK-1:0] upto; // of the pair's group of 3^level pairs
  logic [LEVELS-1:0][PAIRS-1:0][1:0][RANK-1:0] here; // behind the register
  assign upto[0] = count;
  assign rank = upto[LEVELS];
  for (genvar k = 0; k < LEVELS; k++) begin : sums
    localparam int SIZE = power(k);
    delay #(.BITS(PAIRS * 2 * RANK), .CYCLES(32'(CUTS[k]))) u_cut (.clk, .d(upto[k]), .q(here[k]));
    for (genvar i = 0; i < 2 * PAIRS; i++) begin : blocks
      localparam int PLACE = i / 2 / SIZE % 3;      // of its group among three
      localparam int FIRST = i / 2 / (3 * SIZE) * 3 * SIZE + SIZE - 1;
      logic [RANK-1:0] own;
      assign own = here[k][i/2][i%2];
      if (k == LEVELS - 1 && PLACE == 0) begin : last_first
        assign upto[k+1][i/2][i%2] = add({base, own});
      end else if (k == LEVELS - 1) begin : last_second
        assign upto[k+1][i/2][i%2] = add(saved(here[k][FIRST][1], own, base));
      end else if (PLACE == 0) begin : first
        assign upto[k+1][i/2][i%2] = own;
      end else if (PLACE == 1) begin : second
        assign upto[k+1][i/2][i%2] = add({here[k][FIRST][1], own});
      end else begin : third
        assign upto[k+1][i/2][i%2] = add(saved(here[k][FIRST][1], here[k][FIRST+SIZE][1], own));
      end
    end
  end
endmodule
