// sum of COUNT signed numbers x and of `last`: a tree of adders that grow by a bit a level, along which the wider `last` goes
// from one odd number out to the next; where CARRIES is set also of the bits of `carry`, one into each adder.
// CUTS: with bit l a register after level l, 0 being the numbers themselves; there are ceil(log2(COUNT + 1)) levels.
module adder_tree #(
  parameter int COUNT = 19,
  parameter int BITS = 17,
  parameter int SUM_BITS = 24,  // wide enough for the sum: the caller has computed the bound
  parameter bit CARRIES = 0,
  parameter logic [31:0] CUTS = '0
) (
  input  logic clk,
  input  logic [COUNT*BITS-1:0] x,
  input  logic [SUM_BITS-1:0] last,
  input  logic [COUNT-1:0] carry,
  output logic [SUM_BITS-1:0] sum
);
  localparam int PAIRS = COUNT / 2;
  localparam int WIDE = BITS + 1 < SUM_BITS ? BITS + 1 : SUM_BITS;
  logic [COUNT*BITS-1:0] leaves;
  logic [COUNT-1:0] carries;
  logic [SUM_BITS-1:0] later, next;
  if (CUTS[0]) begin : cut
    always_ff @(posedge clk) {leaves, carries, later} <= {x, carry, last};
  end else begin : through
    assign {leaves, carries, later} = {x, carry, last};
  end
  if (COUNT % 2 == 0) begin : no_odd_one
    assign next = later;
  end else if (CARRIES) begin : odd_one_with_carry
    logic unused;
    assign {next, unused} = {SUM_BITS'($signed(leaves[(COUNT-1)*BITS+:BITS])), 1'b1} + {later, carries[PAIRS]};
  end else begin : odd_one
    assign next = SUM_BITS'($signed(leaves[(COUNT-1)*BITS+:BITS])) + later;
  end
  if (PAIRS > 0) begin : tree
    logic [PAIRS*WIDE-1:0] pairs;
    for (genvar i = 0; i < PAIRS; i++) begin : level
      logic [WIDE-1:0] a, b;
      assign a = WIDE'($signed(leaves[2*i*BITS+:BITS]));
      assign b = WIDE'($signed(leaves[(2*i+1)*BITS+:BITS]));
      if (CARRIES) begin : with_carry
        logic unused;
        assign {pairs[i*WIDE+:WIDE], unused} = {a, 1'b1} + {b, carries[i]};
      end else begin : plain
        assign pairs[i*WIDE+:WIDE] = a + b;
      end
    end
    adder_tree #(.COUNT(PAIRS), .BITS(WIDE), .SUM_BITS(SUM_BITS), .CARRIES(CARRIES), .CUTS(CUTS >> 1)) u_rest (
      .clk, .x(pairs), .last(next), .carry(carries[COUNT-1-:PAIRS]), .sum);
  end else if (CUTS[1]) begin : last_cut
    always_ff @(posedge clk) sum <= next;
  end else begin : done
    assign sum = next;
  end
  logic unused_here;
  assign unused_here = ^{clk, carries};
endmodule
