// sum = BIAS + sum_k (-1)^NEGATIVE[k] 2^SHIFT[k] x[k], exact, a new one every cycle
//
// A binary tree with a register after every adder, and one more where the bias is added: LEVELS + 1 cycles, LEVELS >=
// ceil(log2 TERMS). Terms stand in ascending SHIFT, and a node holds its sum relative to sign and shift of its first
// term: adders are as narrow as their operands, and nothing is ever negated.
// Without WHOLE the last stage is left out: LEVELS cycles, no bias, and `sum` relative to sign and shift of term 0.
module stream_adder_tree #(
  parameter int TERMS = 3,
  parameter int BITS = 9,  // of a signed x[k]
  parameter int LEVELS = 2,
  parameter int SUM_BITS = 16,
  parameter bit WHOLE = 1,
  parameter logic [TERMS-1:0] NEGATIVE = '0,
  parameter logic [8*TERMS-1:0] SHIFT = '0,
  parameter logic [SUM_BITS-1:0] BIAS = '0
) (
  input  logic clk,
  input  logic [TERMS*BITS-1:0] x,
  output logic signed [SUM_BITS-1:0] sum
);
  localparam int ABOVE = WHOLE ? 0 : 32'(SHIFT[7:0]);

  for (genvar l = 0; l <= LEVELS; l++) begin : level
    for (genvar i = 0; i << l < TERMS; i++) begin : node
      localparam int FIRST = i << l;
      localparam int LAST = (i + 1) << l < TERMS ? ((i + 1) << l) - 1 : TERMS - 1;
      localparam int LOW = 32'(SHIFT[8*FIRST+:8]);
      localparam int NEEDED = BITS + $clog2(LAST - FIRST + 1) + 32'(SHIFT[8*LAST+:8]) - LOW;
      localparam int HELD = SUM_BITS + ABOVE - LOW;  // the sum has no more bits, and is exact in them
      localparam int WIDTH = NEEDED < HELD ? NEEDED : HELD;
      logic signed [WIDTH-1:0] value;
      if (l == 0) begin : leaf
        assign value = x[i*BITS+:WIDTH];
        if (WIDTH < BITS) begin : beyond_the_sum
          logic unused;
          assign unused = ^x[i*BITS+WIDTH+:BITS-WIDTH];
        end
      end else if (FIRST + (1 << (l - 1)) >= TERMS) begin : alone
        always_ff @(posedge clk) value <= level[l-1].node[2*i].value;
      end else begin : pair
        localparam int MIDDLE = FIRST + (1 << (l - 1));
        logic signed [WIDTH-1:0] left, right;
        assign left = WIDTH'(level[l-1].node[2*i].value);
        assign right = WIDTH'(level[l-1].node[2*i+1].value) <<< 32'(SHIFT[8*MIDDLE+:8]) - LOW;
        always_ff @(posedge clk) value <= NEGATIVE[FIRST] == NEGATIVE[MIDDLE] ? left + right : left - right;
      end
    end
  end

  if (WHOLE) begin : whole
    logic signed [SUM_BITS-1:0] total;
    assign total = SUM_BITS'(level[LEVELS].node[0].value) <<< SHIFT[7:0];
    always_ff @(posedge clk) sum <= NEGATIVE[0] ? $signed(BIAS) - total : $signed(BIAS) + total;
  end else begin : part
    assign sum = SUM_BITS'(level[LEVELS].node[0].value);
  end
endmodule
