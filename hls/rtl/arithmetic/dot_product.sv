// sum = bias + sum_t x[t] w[t], a new one every cycle: products and LEVELS levels of adders, a register, the rest of the
// tree; with CUT = k > 0 a second register after the k-th level of the rest. 1 + (CUT > 0) cycles; the last part of the
// tree is combinational, so that who uses the sum decides where it is registered. `bias` comes in one cycle after x and w.
//
// PAIR: w[t] holds two weights, {high - (low < 0), low}, one product gives both sums: x (high 2^SHIFT + low). The sums of
// 2^LEVELS products must fit SHIFT bits; `sum` and `bias` are then {high, low}.
module dot_product #(
  parameter int TERMS = 20,
  parameter int X_BITS = 8,
  parameter bit X_SIGNED = 0,
  parameter int W_BITS = 8,
  parameter bit PAIR = 0,
  parameter int SHIFT = 18,
  parameter int LEVELS = 2,
  parameter int CUT = 0,
  parameter int SUM_BITS = 24,
  parameter bit DSP = 1,
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
  localparam int PRODUCT = SIGNED_X + FACTOR;
  localparam int GROUP = 1 << LEVELS;
  localparam int PARTS = (TERMS + GROUP - 1) / GROUP;
  localparam int PART = PRODUCT + LEVELS;
  localparam int LOW = PAIR ? SHIFT : PART;     // bits of one part of the (low) sum
  localparam int HIGH = PAIR ? PART - SHIFT + 1 : PART;
  localparam int WIDEST = LOW > HIGH ? LOW : HIGH;
  localparam int LEAF = WIDEST > SUM_BITS ? SUM_BITS : WIDEST;

  logic [PARTS*GROUP*PRODUCT-1:0] product;
  logic [PARTS*PART-1:0] part;
  for (genvar t = 0; t < PARTS * GROUP; t++) begin : terms
    if (t < TERMS) begin : used
      logic signed [SIGNED_X-1:0] factor_x;
      logic signed [FACTOR-1:0] factor_w;
      assign factor_x = SIGNED_X'({X_SIGNED && x[(t+1)*X_BITS-1], x[t*X_BITS+:X_BITS]});
      if (PAIR) begin : two
        assign factor_w = {w[t*WORD+W_BITS+:W_BITS+1], {(SHIFT - W_BITS) {w[t*WORD+W_BITS-1]}}, w[t*WORD+:W_BITS]};
      end else begin : one
        assign factor_w = w[t*WORD+:W_BITS];
      end
      multiply #(.X_BITS(SIGNED_X), .W_BITS(FACTOR), .DSP(DSP)) u_product (
        .x(factor_x), .w(factor_w), .p(product[t*PRODUCT+:PRODUCT]));
    end else begin : none
      assign product[t*PRODUCT+:PRODUCT] = '0;
    end
  end
  for (genvar k = 0; k < PARTS; k++) begin : parts
    logic signed [PART-1:0] first;
    adder_tree #(.COUNT(GROUP), .BITS(PRODUCT), .SUM_BITS(PART)) u_first (
      .clk, .x(product[k*GROUP*PRODUCT+:GROUP*PRODUCT]), .sum(first));
    always_ff @(posedge clk) part[k*PART+:PART] <= first;
  end

  for (genvar s = 0; s < SUMS; s++) begin : sums
    localparam int WIDE = LEAF > SUM_BITS ? LEAF : SUM_BITS;
    localparam int LEAVES = PARTS + 1 + (s == 1 ? 1 : 0);
    logic [LEAVES*WIDE-1:0] leaves;
    for (genvar k = 0; k < PARTS; k++) begin : parts_of_it
      if (!PAIR) begin : whole
        assign leaves[k*WIDE+:WIDE] = WIDE'($signed(part[k*PART+:PART]));
      end else if (s == 0) begin : low
        assign leaves[k*WIDE+:WIDE] = WIDE'($signed(part[k*PART+:SHIFT]));
      end else begin : high
        assign leaves[k*WIDE+:WIDE] = WIDE'($signed(part[k*PART+SHIFT+:PART-SHIFT]));
      end
    end
    assign leaves[PARTS*WIDE+:WIDE] = WIDE'($signed(bias[s*SUM_BITS+:SUM_BITS]));
    if (s == 1) begin : borrowed  // a negative low sum has taken 1 from the high one
      logic [WIDE-1:0] taken;
      always_comb begin
        taken = '0;
        for (int k = 0; k < PARTS; k++) taken = taken + WIDE'(part[k*PART+SHIFT-1]);
      end
      assign leaves[(PARTS+1)*WIDE+:WIDE] = taken;
    end
    adder_tree #(.COUNT(LEAVES), .BITS(WIDE), .SUM_BITS(SUM_BITS), .CUT(CUT)) u_rest (
      .clk, .x(leaves), .sum(sum[s*SUM_BITS+:SUM_BITS]));
  end
endmodule
