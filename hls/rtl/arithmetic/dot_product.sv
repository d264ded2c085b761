// sum = bias + sum_t x[t] w[t], a new one every cycle: products, two of which the DSPs add where CASCADE is set, and a tree of
// adders. Registers: MULTIPLY in the products (see multiply, multiply_add), CUTS with bit 0 behind them, with bit l after level
// l of the tree; a cycle each. `bias` joins behind the register of bit 0.
//
// PAIR: w[t] holds two weights, {high - (low < 0), low}, one product gives both sums: x (high 2^SHIFT + low). Two products
// must fit SHIFT bits; `sum` and `bias` are then {high, low}.
module dot_product #(
  parameter int TERMS = 20,
  parameter int X_BITS = 8,
  parameter bit X_SIGNED = 0,
  parameter int W_BITS = 8,
  parameter bit PAIR = 0,
  parameter int SHIFT = 18,
  parameter int SUM_BITS = 24,
  parameter bit DSP = 1,
  parameter bit CASCADE = 0,
  parameter logic [31:0] MULTIPLY = '0,
  parameter logic [31:0] CUTS = '0,
  parameter int WORD = PAIR ? 2 * W_BITS + 1 : W_BITS,
  parameter int SUMS = PAIR ? 2 : 1
) (
  input  logic clk,
  input  logic [TERMS*X_BITS-1:0] x,
  input  logic [TERMS*WORD-1:0] w,
  input  logic [SUMS*SUM_BITS-1:0] bias,
  output logic [SUMS*SUM_BITS-1:0] sum
);
  localparam int SIGNED_X = X_BITS + (X_SIGNED ? 0 : 1);
  localparam int FACTOR = PAIR ? SHIFT + W_BITS + 1 : W_BITS;
  localparam int EACH = CASCADE ? 2 : 1;  // products of a part
  localparam int PARTS = (TERMS + EACH - 1) / EACH;
  localparam int PART = SIGNED_X + FACTOR + EACH - 1;

  logic [TERMS*SIGNED_X-1:0] factor_x;
  logic [TERMS*FACTOR-1:0] factor_w;
  for (genvar t = 0; t < TERMS; t++) begin : terms
    assign factor_x[t*SIGNED_X+:SIGNED_X] = SIGNED_X'({X_SIGNED && x[(t+1)*X_BITS-1], x[t*X_BITS+:X_BITS]});
    if (PAIR) begin : two
      assign factor_w[t*FACTOR+:FACTOR] = {
        w[t*WORD+W_BITS+:W_BITS+1], {(SHIFT - W_BITS) {w[t*WORD+W_BITS-1]}}, w[t*WORD+:W_BITS]};
    end else begin : one
      assign factor_w[t*FACTOR+:FACTOR] = w[t*WORD+:W_BITS];
    end
  end
  logic [PARTS*PART-1:0] products, part;
  for (genvar k = 0; k < PARTS; k++) begin : parts
    localparam int AT = k * EACH;
    localparam int COUNT = AT + EACH > TERMS ? 1 : EACH;
    if (CASCADE) begin : dsps
      multiply_add #(.COUNT(COUNT), .X_BITS(SIGNED_X), .W_BITS(FACTOR), .M(MULTIPLY[0]), .P_BITS(PART)) u_products (
        .clk, .x(factor_x[AT*SIGNED_X+:COUNT*SIGNED_X]), .w(factor_w[AT*FACTOR+:COUNT*FACTOR]),
        .p(products[k*PART+:PART]));
    end else begin : single
      multiply #(.X_BITS(SIGNED_X), .W_BITS(FACTOR), .DSP(DSP), .REGISTERS(MULTIPLY)) u_product (
        .clk, .x(factor_x[AT*SIGNED_X+:SIGNED_X]), .w(factor_w[AT*FACTOR+:FACTOR]), .p(products[k*PART+:PART]));
    end
  end
  if (CUTS[0]) begin : cut
    always_ff @(posedge clk) part <= products;
  end else begin : through
    assign part = products;
  end

  for (genvar s = 0; s < SUMS; s++) begin : sums
    localparam int FROM = s * SHIFT;
    localparam int HERE = !PAIR ? PART : s == 0 ? SHIFT : PART - SHIFT;
    localparam int LEAF = HERE < SUM_BITS ? HERE : SUM_BITS;
    logic [PARTS*LEAF-1:0] leaves;
    logic [PARTS-1:0] borrowed;  // a negative low sum has taken 1 from the high one
    for (genvar k = 0; k < PARTS; k++) begin : leaf
      assign leaves[k*LEAF+:LEAF] = part[k*PART+FROM+:LEAF];
      if (s == 1) begin : high
        assign borrowed[k] = part[k*PART+SHIFT-1];
      end else begin : low
        assign borrowed[k] = 1'b0;
      end
    end
    adder_tree #(.COUNT(PARTS), .BITS(LEAF), .SUM_BITS(SUM_BITS), .CARRIES(s == 1), .CUTS(CUTS & ~32'd1)) u_sum (
      .clk, .x(leaves), .last(bias[s*SUM_BITS+:SUM_BITS]), .carry(borrowed), .sum(sum[s*SUM_BITS+:SUM_BITS]));
  end
  logic unused;
  assign unused = ^{clk, part};
endmodule
