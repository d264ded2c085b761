// Sixteen neighbouring columns of one row: offers each slot, by its number modulo 16, the active pixel of that rank.
//
// First cycle: active = channel 0 > THRESHOLD, and counts. Second: an active pixel's rank modulo 4 is known, and within each
// group of four columns it moves to that position (candidate, registered) by 4:1 multiplexers, one LUT6 a bit. Third: which
// group has what a slot wants (from_group): the pixels of one rank modulo 4 have consecutive rank / 4, so that both steps ask
// the same question, that of reduce_place. Candidates that no active pixel claims hold arbitrary values, and so does
// from_group for slots that this block does not fill: who reads them knows the ranks.
module reduce_block #(
  parameter int PIXEL = 8,                       // bits of all channels of a pixel
  parameter int BITS = 8,                        // bits of channel 0, the lowest
  parameter bit IS_SIGNED = 0,
  parameter logic [BITS-1:0] THRESHOLD = '0,
  parameter logic [15:0] USED = '1,              // columns that the image has
  parameter int SLOTS = 16                       // at most 16
) (
  input  logic clk,
  input  logic [15:0][PIXEL-1:0] pixel,
  output logic [4:0] total,                      // active pixels, combinational
  input  logic [1:0] first_rank_1,               // a cycle later: rank of the first active pixel, modulo 4
  input  logic [3:0] first_rank_2,               // two cycles later: the same modulo 16
  output logic [3:0][3:0][PIXEL+1:0] candidate,  // [rank modulo 4][group] = {column in the group, pixel}
  output logic [SLOTS-1:0][1:0] from_group
);
  // Plain logic where Yosys would take carry chains, which are deeper and larger than a few LUT6
  function automatic logic is_active(logic [BITS-1:0] code);
    is_active = 1'b0;
    for (int i = 0; i < BITS; i++)
      if (i == BITS - 1 && IS_SIGNED) is_active = !code[i] && is_active;
      else is_active = THRESHOLD[i] ? code[i] && is_active : code[i] || is_active;
  endfunction
  function automatic logic [3:0] add(logic [2:0] a, logic [2:0] b);
    logic carry_1, carry_2;
    carry_1 = a[0] & b[0];
    carry_2 = a[1] & b[1] | (a[1] ^ b[1]) & carry_1;
    add = {a[2] & b[2] | (a[2] ^ b[2]) & carry_2, a[2] ^ b[2] ^ carry_2, a[1] ^ b[1] ^ carry_1, a[0] ^ b[0]};
  endfunction

  logic [15:0] active, active_1;
  logic [15:0][PIXEL-1:0] pixel_1;
  logic [3:0][2:0] n;                            // active pixels of each group
  logic [3:0] n01, n23;
  logic [3:0][1:0] earlier;                      // active pixels before each group, modulo 4
  logic [3:0][3:0] offered;                      // [rank modulo 4][group]: there is such a pixel
  for (genvar l = 0; l < 16; l++) begin : lanes
    assign active[l] = USED[l] && is_active(pixel[l][BITS-1:0]);
  end
  for (genvar g = 0; g < 4; g++) begin : counts
    logic [3:0] a;
    assign a = active[4*g+3:4*g];
    assign n[g] = {&a, ~&a & (a[3] & a[2] | a[1] & a[0] | (a[3] ^ a[2]) & (a[1] ^ a[0])), ^a};
  end
  assign n01 = add(n[0], n[1]);
  assign n23 = add(n[2], n[3]);
  assign total = {1'b0, n01} + {1'b0, n23};
  always_ff @(posedge clk) begin
    active_1 <= active;
    pixel_1 <= pixel;
    earlier <= {n01[1:0] + n[2][1:0], n01[1:0], n[0][1:0], 2'd0};
  end

  for (genvar g = 0; g < 4; g++) begin : groups
    logic [1:0] first;
    assign first = earlier[g] + first_rank_1;
    for (genvar q = 0; q < 4; q++) begin : positions
      logic found;
      logic [1:0] place;
      logic [PIXEL-1:0] y;
      reduce_place #(.NUMBER(q)) u_place (.first, .active(active_1[4*g+3:4*g]), .place, .found);
      wide_mux #(.INPUTS(4), .BITS(PIXEL)) u_mux (.d(pixel_1[4*g+3:4*g]), .select(place), .y);
      always_ff @(posedge clk) begin
        candidate[q][g] <= {place, y};
        offered[q][g] <= found;
      end
    end
  end

  if (SLOTS < 4) begin : few_slots
    logic unused;
    assign unused = ^offered[3:(SLOTS < 4 ? SLOTS : 3)];
  end
  for (genvar o = 0; o < SLOTS; o++) begin : slots
    logic [1:0] first;                           // rank / 4 of the first pixel whose rank modulo 4 is that of o
    logic unused;
      /* verilator lint_off CMPCONST */  // nothing is above the largest code of a rank modulo 4
    assign first = first_rank_2[3:2] + 2'(first_rank_2[1:0] > 2'(o % 4));
      /* verilator lint_on CMPCONST */
    reduce_place #(.NUMBER(o / 4)) u_place (
      .first, .active(offered[o%4]), .place(from_group[o]), .found(unused));
  end
endmodule
