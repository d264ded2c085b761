// Dense layer: y[u] = BIAS[u] + sum_i W[i][u] x[i], exact, the inputs one a token
//
// UNITS / PHASES units at a time: an input stays for PHASES cycles, in each of which it is multiplied by the next row of
// a weight ROM outside (row PHASES * i + p holds the units of phase p; read in one cycle) and added to its units' sums,
// which go round in a ring. After the last input the sums leave, the units of a phase a token.
// Multipliers are DSPs, or without MULTIPLIER adder trees over the bits of the weight.
module stream_dense #(
  parameter int INPUTS = 243,
  parameter int UNITS = 16,
  parameter int PHASES = 2,
  parameter int BITS = 25,
  parameter bit IS_SIGNED = 0,
  parameter int WEIGHT_BITS = 8,
  parameter int SUM_BITS = 42,
  parameter bit MULTIPLIER = 0,
  parameter logic [UNITS*SUM_BITS-1:0] BIAS = '0
) (
  input  logic clk,
  input  logic rst,
  input  logic [3:0] in_token,
  input  logic [BITS-1:0] in_data,
  output logic [$clog2(INPUTS*PHASES+1)-1:0] address,
  input  logic [UNITS/PHASES*WEIGHT_BITS-1:0] weights,
  output logic [3:0] out_token,
  output logic [UNITS/PHASES*SUM_BITS-1:0] out_data
);
  localparam int LANES = UNITS / PHASES;
  localparam int PHASE = PHASES > 1 ? $clog2(PHASES) : 1;
  localparam int VALUE = BITS + (IS_SIGNED ? 0 : 1);
  localparam int PRODUCT = VALUE + WEIGHT_BITS;
  localparam int LEVELS = $clog2(WEIGHT_BITS);
  localparam int LATENCY = MULTIPLIER ? 2 : LEVELS;

  logic in_last, in_first, unused_flush, in_valid;
  assign {in_last, in_first, unused_flush, in_valid} = in_token;

  // Read: the input waits while its rows of weights come.
  logic [PHASE-1:0] phase;
  logic [VALUE-1:0] x_0, x_1;
  logic first_0, last_0, active;
  logic [3:0] token_1, token;  // beside weights, beside products
  always_ff @(posedge clk) begin
    if (in_valid) begin
      x_0 <= VALUE'({IS_SIGNED && in_data[BITS-1], in_data});
      {last_0, first_0} <= {in_last, in_first};
      address <= in_first ? '0 : address + 1'b1;
    end else if (active && phase != PHASE'(PHASES - 1)) address <= address + 1'b1;
    x_1 <= x_0;
    token_1 <= rst ? '0 : {last_0, first_0, 1'b0, active};
    if (rst || in_valid) phase <= '0;
    else if (active) phase <= phase + 1'b1;
    active <= !rst && (in_valid || (active && phase != PHASE'(PHASES - 1)));
  end
  stream_token_delay #(.CYCLES(LATENCY)) beside (.clk(clk), .rst(rst), .in_token(token_1), .out_token(token));

  // Multiply; bit b of a weight is worth 2^b, its sign bit -2^(WEIGHT_BITS-1).
  function automatic logic [8*WEIGHT_BITS-1:0] ascending();
    for (int b = 0; b < WEIGHT_BITS; b++) ascending[8*b+:8] = 8'(b);
  endfunction
  localparam logic [WEIGHT_BITS-1:0] SIGN = WEIGHT_BITS'(1) << (WEIGHT_BITS - 1);
  logic [LANES*PRODUCT-1:0] products;
  for (genvar u = 0; u < LANES; u++) begin : multipliers
    logic signed [WEIGHT_BITS-1:0] w;
    assign w = weights[u*WEIGHT_BITS+:WEIGHT_BITS];
    if (MULTIPLIER) begin : dsp
      (* use_dsp = "yes" *) logic signed [PRODUCT-1:0] product;
      logic [PRODUCT-1:0] registered, ready;
      assign product = $signed(x_1) * w;
      always_ff @(posedge clk) {ready, registered} <= {registered, product};
      assign products[u*PRODUCT+:PRODUCT] = ready;
    end else begin : adders
      logic [WEIGHT_BITS*VALUE-1:0] partial;
      for (genvar b = 0; b < WEIGHT_BITS; b++) begin : bits
        assign partial[b*VALUE+:VALUE] = w[b] ? x_1 : '0;
      end
      stream_adder_tree #(
        .TERMS(WEIGHT_BITS), .BITS(VALUE), .LEVELS(LEVELS), .SUM_BITS(PRODUCT), .WHOLE(0), .NEGATIVE(SIGN), .SHIFT(ascending())
      ) tree (.clk(clk), .x(partial), .sum(products[u*PRODUCT+:PRODUCT]));
    end
  end

  // Add: the units of this phase come to the end of the ring when it is their turn.
  logic add, first, last, unused;
  logic [PHASE-1:0] turn;
  logic [PHASES*LANES*SUM_BITS-1:0] ring;
  logic [LANES*SUM_BITS-1:0] biases, sums;
  assign {last, first, unused, add} = token;
  always_comb begin
    biases = BIAS[LANES*SUM_BITS-1:0];
    for (int p = 1; p < PHASES; p++) if (turn == PHASE'(p)) biases = BIAS[p*LANES*SUM_BITS+:LANES*SUM_BITS];
  end
  for (genvar u = 0; u < LANES; u++) begin : adders
    logic [SUM_BITS-1:0] so_far;
    assign so_far = first ? biases[u*SUM_BITS+:SUM_BITS] : ring[((PHASES-1)*LANES+u)*SUM_BITS+:SUM_BITS];
    assign sums[u*SUM_BITS+:SUM_BITS] = so_far + SUM_BITS'($signed(products[u*PRODUCT+:PRODUCT]));
  end
  always_ff @(posedge clk) begin
    if (add) ring <= (PHASES * LANES * SUM_BITS)'({ring, sums});
    if (rst) turn <= '0;
    else if (add) turn <= turn == PHASE'(PHASES - 1) ? '0 : turn + 1'b1;
    out_token <= rst ? '0 : {turn == PHASE'(PHASES - 1), turn == '0, 1'b0, add && last};
  end
  assign out_data = ring[LANES*SUM_BITS-1:0];
endmodule
