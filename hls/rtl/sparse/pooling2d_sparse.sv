// Pooling over the cells of the image that hold active pixels: the average (an exact sum, times a constant later) or the
// maximum of the slots of a cell, in the slot of the cell's first pixel; the other slots become empty.
//
// A table maps a row (a column) to that of its cell, 1-based; 0: a pixel in a dropped partial window, which empties its
// slot. PIXELS slots a beat, a beat a cycle from `start` on. Coordinates must be stable for all beats from `start`,
// `features` from LOOKUP = 1 + CELLS + OWN + SAME cycles later: registers of the cells, of those of the beat, and of which are
// the same. The first values come LOOKUP and the registers of CUTS (see adder_tree and max_tree) after `start`. `active` says
// which of a beat's slots hold a cell. `cell_row` and `cell_column` are whole one cycle after `last`, which marks the last
// beat LOOKUP - 1 cycles after its coordinates, and stay until the next event's.
module pooling2d_sparse #(
  parameter int SLOTS = 20,           // a multiple of PIXELS; the last may be always empty
  parameter int PIXELS = 4,
  parameter int CHANNELS = 1,
  parameter int ROW_BITS = 6,
  parameter int COLUMN_BITS = 6,
  parameter int CELL_ROW_BITS = 4,
  parameter int CELL_COLUMN_BITS = 4,
  parameter logic [(CELL_ROW_BITS<<ROW_BITS)-1:0] ROWS = '0,
  parameter logic [(CELL_COLUMN_BITS<<COLUMN_BITS)-1:0] COLUMNS = '0,
  parameter bit AVERAGE = 1,
  parameter bit CELLS = 0,
  parameter bit OWN = 0,
  parameter bit SAME = 0,
  parameter logic [31:0] CUTS = '0,
  parameter int X_BITS = 8,
  parameter bit X_SIGNED = 0,
  parameter int OUT_BITS = 14         // of a sum; of a maximum X_BITS
) (
  input  logic clk,
  input  logic start,
  input  logic last,
  input  logic [SLOTS*ROW_BITS-1:0] row,
  input  logic [SLOTS*COLUMN_BITS-1:0] column,
  input  logic [SLOTS*CHANNELS*X_BITS-1:0] features,
  output logic [PIXELS-1:0] active,
  output logic [PIXELS*CHANNELS*OUT_BITS-1:0] y,
  output logic [SLOTS*CELL_ROW_BITS-1:0] cell_row,
  output logic [SLOTS*CELL_COLUMN_BITS-1:0] cell_column
);
  localparam int BEATS = SLOTS / PIXELS;
  localparam int SELECT = BEATS > 1 ? $clog2(BEATS) : 1;
  localparam int CELL = CELL_ROW_BITS + CELL_COLUMN_BITS;
  localparam int SIGNED_X = X_BITS + (X_SIGNED ? 0 : 1);
  localparam logic [SIGNED_X-1:0] LEAST = {1'b1, {(SIGNED_X - 1) {1'b0}}};
  localparam int LATENCY = 1 + $countones(CUTS);  // from the last of these registers
  logic [SELECT-1:0] beat, beat_of_cells, beat_of_own, beat_of_same;
  logic unused_inner;
  logic [SLOTS*CELL-1:0] found, cells, homes;
  logic [PIXELS*CELL-1:0] chosen, own, own_of_same;
  logic [PIXELS-1:0] home;
  logic [PIXELS*SLOTS-1:0] equal, prior, same, taken;
  logic [LATENCY*PIXELS-1:0] actives;

  // Coordinates that have a cell: looked up beside it, not found from it
  function automatic logic [(1<<ROW_BITS)-1:0] rows_kept();
    rows_kept = '0;
    for (int b = 0; b < CELL_ROW_BITS; b++) rows_kept |= ROWS[(b<<ROW_BITS)+:(1<<ROW_BITS)];
  endfunction
  function automatic logic [(1<<COLUMN_BITS)-1:0] columns_kept();
    columns_kept = '0;
    for (int b = 0; b < CELL_COLUMN_BITS; b++) columns_kept |= COLUMNS[(b<<COLUMN_BITS)+:(1<<COLUMN_BITS)];
  endfunction
  localparam logic [(1<<ROW_BITS)-1:0] ROW_KEPT = rows_kept();
  localparam logic [(1<<COLUMN_BITS)-1:0] COLUMN_KEPT = columns_kept();

  beat_counter #(.OUTER(BEATS), .INNER(1)) u_beat (.clk, .start, .outer(beat), .inner(unused_inner));
  for (genvar n = 0; n < SLOTS; n++) begin : slots
    logic [CELL_ROW_BITS-1:0] r;
    logic [CELL_COLUMN_BITS-1:0] c;
    for (genvar b = 0; b < CELL_ROW_BITS; b++) begin : row_planes
      localparam logic [(1<<ROW_BITS)-1:0] PLANE = ROWS[(b<<ROW_BITS)+:(1<<ROW_BITS)];
      assign r[b] = PLANE[row[n*ROW_BITS+:ROW_BITS]];
    end
    for (genvar b = 0; b < CELL_COLUMN_BITS; b++) begin : column_planes
      localparam logic [(1<<COLUMN_BITS)-1:0] PLANE = COLUMNS[(b<<COLUMN_BITS)+:(1<<COLUMN_BITS)];
      assign c[b] = PLANE[column[n*COLUMN_BITS+:COLUMN_BITS]];
    end
    assign found[n*CELL+:CELL] = ROW_KEPT[row[n*ROW_BITS+:ROW_BITS]] && COLUMN_KEPT[column[n*COLUMN_BITS+:COLUMN_BITS]]
                                 ? {r, c} : '0;
  end
  if (CELLS) begin : cells_cut
    always_ff @(posedge clk) {cells, beat_of_cells} <= {found, beat};
  end else begin : cells_through
    assign {cells, beat_of_cells} = {found, beat};
  end
  wide_mux #(.INPUTS(BEATS), .BITS(PIXELS * CELL)) u_own (.d(cells), .select(beat_of_cells), .y(chosen));
  if (OWN) begin : own_cut
    always_ff @(posedge clk) {own, beat_of_own} <= {chosen, beat_of_cells};
  end else begin : own_through
    assign {own, beat_of_own} = {chosen, beat_of_cells};
  end
  if (SAME) begin : same_cut
    always_ff @(posedge clk) {same, own_of_same, beat_of_same} <= {equal, own, beat_of_own};
  end else begin : same_through
    assign {same, own_of_same, beat_of_same} = {equal, own, beat_of_own};
  end

  // A slot is the home of its cell if no slot before it has the same: compare with all, look at those before.
  for (genvar p = 0; p < PIXELS; p++) begin : lanes
    for (genvar n = 0; n < SLOTS; n++) begin : pairs
      assign equal[p*SLOTS+n] = own[p*CELL+:CELL] == cells[n*CELL+:CELL];
      /* verilator lint_off CMPCONST */  // in the last beats there is nothing to compare with
      assign prior[p*SLOTS+n] = same[p*SLOTS+n] && (n < p || 32'(beat_of_same) > (n - p) / PIXELS);
      /* verilator lint_on CMPCONST */
    end
    assign home[p] = own_of_same[p*CELL+:CELL] != '0 && prior[p*SLOTS+:SLOTS] == '0;
  end
  always_ff @(posedge clk) taken <= same;
  slot_buffer #(.PIXELS(PIXELS), .CHANNELS(1), .SLOT_GROUPS(BEATS), .BITS(CELL)) u_cells (
    .clk, .last, .active(home), .beat(own_of_same), .features(homes));
  for (genvar n = 0; n < SLOTS; n++) begin : coordinates
    assign cell_row[n*CELL_ROW_BITS+:CELL_ROW_BITS] = homes[n*CELL+CELL_COLUMN_BITS+:CELL_ROW_BITS];
    assign cell_column[n*CELL_COLUMN_BITS+:CELL_COLUMN_BITS] = homes[n*CELL+:CELL_COLUMN_BITS];
  end

  for (genvar p = 0; p < PIXELS; p++) begin : reduced
    for (genvar c = 0; c < CHANNELS; c++) begin : channels
      logic [SLOTS*SIGNED_X-1:0] of_cell;
      for (genvar n = 0; n < SLOTS; n++) begin : gated
        localparam int FROM = (n * CHANNELS + c) * X_BITS;
        logic [SIGNED_X-1:0] x;
        assign x = SIGNED_X'({X_SIGNED && features[FROM+X_BITS-1], features[FROM+:X_BITS]});
        assign of_cell[n*SIGNED_X+:SIGNED_X] = taken[p*SLOTS+n] ? x : AVERAGE ? '0 : LEAST;
      end
      if (AVERAGE) begin : add
        logic signed [OUT_BITS:0] sum;  // an unsigned sum leaves the sign bit 0
        logic unused;
        assign unused = sum[OUT_BITS];
        adder_tree #(.COUNT(SLOTS), .BITS(SIGNED_X), .SUM_BITS(OUT_BITS + 1), .CUTS(CUTS)) u_sum (
          .clk, .x(of_cell), .last('0), .carry('0), .sum);
        assign y[(p*CHANNELS+c)*OUT_BITS+:OUT_BITS] = sum[OUT_BITS-1:0];
      end else begin : compare
        logic signed [SIGNED_X-1:0] largest;
        max_tree #(.COUNT(SLOTS), .BITS(SIGNED_X), .CUTS(CUTS)) u_max (.clk, .x(of_cell), .largest);
        assign y[(p*CHANNELS+c)*OUT_BITS+:OUT_BITS] = largest[OUT_BITS-1:0];
        if (SIGNED_X > OUT_BITS) begin : sign
          logic unused;
          assign unused = largest[OUT_BITS];
        end
      end
    end
  end
  always_ff @(posedge clk) actives <= (LATENCY * PIXELS)'({actives, home});
  assign active = actives[(LATENCY-1)*PIXELS+:PIXELS];
endmodule
