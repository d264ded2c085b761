// Sixteen neighbouring columns of one row: every active pixel moves to position (its rank modulo 16).
//
// Stage 1 says which pixels are active, channel 0 > THRESHOLD, and counts them: `total`, combinational. Two cycles later
// their ranks are known from the counts of all blocks: `first_rank`, modulo 16, of this block's first active pixel. Stage 3
// routes by two levels of 4:1 multiplexers, one LUT6 a bit each; all selects come from ranks, so that no rank travels with
// the pixels. Positions that no active pixel claims hold arbitrary values: who reads them knows the ranks.
// y[p] = {group of four, column in the group, pixel}, registered.
module reduce_block #(
  parameter int PIXEL = 8,          // bits of all channels of a pixel
  parameter int BITS = 8,           // bits of channel 0, the lowest
  parameter bit IS_SIGNED = 0,
  parameter logic [BITS-1:0] THRESHOLD = '0
) (
  input  logic clk,
  input  logic valid,
  input  logic [15:0][PIXEL-1:0] pixel,
  output logic [4:0] total,
  input  logic [3:0] first_rank,
  output logic [15:0][PIXEL+3:0] y
);
  logic [15:0] active, active_1, active_2;
  logic [15:0][PIXEL-1:0] pixel_1, pixel_2;
  logic [3:0][2:0] n;                                // active pixels of each group of four
  logic [3:0][3:0] earlier, earlier_1, earlier_2;    // active pixels before each group
  for (genvar l = 0; l < 16; l++) begin : lanes
    if (IS_SIGNED) begin : signed_pixel
      assign active[l] = valid && $signed(pixel[l][BITS-1:0]) > $signed(THRESHOLD);
    end else begin : unsigned_pixel
      assign active[l] = valid && pixel[l][BITS-1:0] > THRESHOLD;
    end
  end
  for (genvar g = 0; g < 4; g++) begin : groups
    logic [3:0] a;
    assign a = active[4*g+3:4*g];
    assign n[g] = {&a, ~&a & (a[3] & a[2] | a[1] & a[0] | (a[3] ^ a[2]) & (a[1] ^ a[0])), ^a};
  end
  assign earlier[0] = '0;
  assign earlier[1] = {1'b0, n[0]};
  assign earlier[2] = {1'b0, n[0]} + {1'b0, n[1]};
  assign earlier[3] = earlier[2] + {1'b0, n[2]};
  assign total = ({2'b0, n[0]} + {2'b0, n[1]}) + ({2'b0, n[2]} + {2'b0, n[3]});
  always_ff @(posedge clk) begin
    active_1 <= active;
    active_2 <= active_1;
    pixel_1 <= pixel;
    pixel_2 <= pixel_1;
    earlier_1 <= earlier;
    earlier_2 <= earlier_1;
  end

  // Which of a group's four columns holds rank q (modulo 4), for each {first rank, active bits}: planes of two LUT6.
  function automatic logic [127:0] column_table(int q);
    int rank;
    column_table = '0;
    for (int k = 0; k < 64; k++) begin
      rank = k / 16;
      for (int i = 0; i < 4; i++)
        if ((k >> i) % 2 == 1) begin
          if (rank % 4 == q) begin
            column_table[k] = i % 2 == 1;
            column_table[64+k] = i / 2 == 1;
          end
          rank = rank + 1;
        end
    end
  endfunction

  logic [3:0][4:0] start;                 // rank of each group's first pixel, not yet modulo 16
  logic [3:0][3:0][PIXEL+1:0] in_group;   // [rank modulo 4][group] = {column, pixel}
  logic [15:0][PIXEL+3:0] ordered;
  for (genvar g = 0; g < 4; g++) begin : group
    assign start[g] = {1'b0, first_rank} + {1'b0, earlier_2[g]};
    for (genvar q = 0; q < 4; q++) begin : position
      localparam logic [127:0] COLUMN = column_table(q);
      logic [5:0] key;
      logic [1:0] column;
      assign key = {start[g][1:0], active_2[4*g+3:4*g]};
      assign column = {COLUMN[{1'b1, key}], COLUMN[{1'b0, key}]};
      wide_mux #(.INPUTS(4), .BITS(PIXEL)) u_mux (
        .d(pixel_2[4*g+3:4*g]), .select(column), .y(in_group[q][g][PIXEL-1:0]));
      assign in_group[q][g][PIXEL+1:PIXEL] = column;
    end
  end
  for (genvar p = 0; p < 16; p++) begin : slot
    logic wrapped;
    logic [4:0] rank;
    logic [3:1] reached;
    logic [1:0] g;
    if (p < 15) begin : may_wrap
      assign wrapped = 4'(p) < first_rank;
    end else begin : never
      assign wrapped = 1'b0;
    end
    assign rank = {wrapped, 4'(p)};
    for (genvar k = 1; k < 4; k++) begin : compare
      assign reached[k] = rank >= start[k];
    end
    assign g = {reached[2], reached[3] | (reached[1] & ~reached[2])};
    wide_mux #(.INPUTS(4), .BITS(PIXEL + 2)) u_mux (
      .d(in_group[p%4]), .select(g), .y(ordered[p][PIXEL+1:0]));
    assign ordered[p][PIXEL+3:PIXEL+2] = g;
  end
  always_ff @(posedge clk) y <= ordered;
endmodule
