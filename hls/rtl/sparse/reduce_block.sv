// Sixteen neighbouring columns of one row: offers each slot, by its number modulo 16, the active pixel of that rank.
//
// First cycle: counts of active pixels. Second, or WAIT cycles later: an active pixel's rank modulo 4 is known, and within
// each group of four columns it moves to that position (candidate, registered) by 4:1 multiplexers, one LUT6 a bit. Third:
// which group has what a slot wants (from_group): the pixels of one rank modulo 4 have consecutive rank / 4, so that both
// steps ask the same question, that of reduce_place. Candidates that no active pixel claims hold arbitrary values, and so
// does from_group for slots that this block does not fill: who reads them knows the ranks.
module reduce_block #(
  parameter int PIXEL = 8,                       // bits of all channels of a pixel
  parameter logic [15:0] USED = '1,              // columns that the image has
  parameter int SLOTS = 16,                      // at most 16
  parameter int WAIT = 0
) (
  input  logic clk,
  input  logic [15:0] active,
  input  logic [15:0][PIXEL-1:0] pixel,
  output logic [4:0] total,                      // active pixels, combinational
  input  logic [1:0] first_rank_1,               // in the second cycle: rank of the first active pixel, modulo 4
  input  logic [3:0] first_rank_2,               // in the third: the same modulo 16
  output logic [3:0][3:0][PIXEL+1:0] candidate,  // [rank modulo 4][group] = {column in the group, pixel}
  output logic [SLOTS-1:0][1:0] from_group
);
  // Plain logic where Yosys would take carry chains, which are deeper and larger than a few LUT6
  function automatic logic [3:0] add(logic [2:0] a, logic [2:0] b);
    logic carry_1, carry_2;
    carry_1 = a[0] & b[0];
    carry_2 = a[1] & b[1] | (a[1] ^ b[1]) & carry_1;
    add = {a[2] & b[2] | (a[2] ^ b[2]) & carry_2, a[2] ^ b[2] ^ carry_2, a[1] ^ b[1] ^ carry_1, a[0] ^ b[0]};
  endfunction
  function automatic logic [2:0] add_low(logic [1:0] a, logic [1:0] b);
    add_low = 3'(add({1'b0, a}, {1'b0, b}));
  endfunction

  logic [15:0] used, active_1;
  logic [15:0][PIXEL-1:0] pixel_1;
  logic [3:0][2:0] n;                            // active pixels of each group
  logic [3:0] n01, n23;
  logic [2:0] low;
  logic [3:0][1:0] counted, earlier;              // active pixels before each group, modulo 4
  logic [3:0][3:0] offered;                      // [rank modulo 4][group]: there is such a pixel
  assign used = active & USED;
  for (genvar g = 0; g < 4; g++) begin : counts
    logic [3:0] a;
    assign a = used[4*g+3:4*g];
    assign n[g] = {&a, ~&a & (a[3] & a[2] | a[1] & a[0] | (a[3] ^ a[2]) & (a[1] ^ a[0])), ^a};
  end
  assign n01 = add(n[0], n[1]);
  assign n23 = add(n[2], n[3]);
  assign low = add_low(n01[1:0], n23[1:0]);      // known earlier than the rest
  assign total = {{1'b0, n01[3:2]} + {1'b0, n23[3:2]} + {2'b0, low[2]}, low[1:0]};
  assign counted = {2'(add_low(n01[1:0], n[2][1:0])), n01[1:0], n[0][1:0], 2'd0};
  delay #(.BITS(16 * PIXEL), .CYCLES(1 + WAIT)) u_pixels (.clk, .d(pixel), .q(pixel_1));
  delay #(.BITS(16), .CYCLES(1 + WAIT)) u_active (.clk, .d(used), .q(active_1));
  delay #(.BITS(8), .CYCLES(1 + WAIT)) u_counted (.clk, .d(counted), .q(earlier));

  for (genvar g = 0; g < 4; g++) begin : groups
    logic [1:0] first;
    assign first = earlier[g] + first_rank_1;
    for (genvar q = 0; q < 4; q++) begin : positions
      logic [2:0] place;                         // and whether there is one
      logic [PIXEL-1:0] y;
      for (genvar k = 0; k < 3; k++) begin : answers
        reduce_place #(.NUMBER(q), .ANSWER(k)) u_place (.first, .active(active_1[4*g+3:4*g]), .answer(place[k]));
      end
      wide_mux #(.INPUTS(4), .BITS(PIXEL)) u_mux (.d(pixel_1[4*g+3:4*g]), .select(place[1:0]), .y);
      always_ff @(posedge clk) begin
        candidate[q][g] <= {place[1:0], y};
        offered[q][g] <= place[2];
      end
    end
  end

  if (SLOTS < 4) begin : few_slots
    logic unused;
    assign unused = ^offered[3:(SLOTS < 4 ? SLOTS : 3)];
  end
  for (genvar o = 0; o < SLOTS; o++) begin : slots
    logic [1:0] first;                           // rank / 4 of the first pixel whose rank modulo 4 is that of o
      /* verilator lint_off CMPCONST */  // nothing is above the largest code of a rank modulo 4
    assign first = first_rank_2[3:2] + 2'(first_rank_2[1:0] > 2'(o % 4));
      /* verilator lint_on CMPCONST */
    for (genvar k = 0; k < 2; k++) begin : answers
      reduce_place #(.NUMBER(o / 4), .ANSWER(k)) u_place (.first, .active(offered[o%4]), .answer(from_group[o][k]));
    end
  end
endmodule
