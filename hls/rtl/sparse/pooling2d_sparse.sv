// Pooling over the cells of the image that hold active pixels: the average (an exact sum, times a constant later) or the
// maximum of the slots of a cell, in the slot of the cell's first pixel; the other slots become empty.
//
// A table maps a row (a column) to that of its cell, 1-based; 0: a pixel in a dropped partial window, which empties its
// slot. PIXELS slots a beat, a beat a cycle from `start` on. Coordinates must be stable for all beats from `start`,
// `features` one cycle later. The first values are there LATENCY cycles after `start`, before a register: 1 for the sum,
// 2 for the maximum. `active` says which of a beat's slots hold a cell. `cell_row` and `cell_column` are whole one cycle after
// `last`, which marks the last beat of coordinates, and stay until the next event's.
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
  logic [SELECT-1:0] beat;
  logic unused_inner;
  logic [SLOTS*CELL-1:0] cells, homes;
  logic [PIXELS*CELL-1:0] own;
  logic [PIXELS-1:0] home;
  logic [PIXELS*SLOTS-1:0] prior, same, taken;

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
    assign cells[n*CELL+:CELL] = ROW_KEPT[row[n*ROW_BITS+:ROW_BITS]] && COLUMN_KEPT[column[n*COLUMN_BITS+:COLUMN_BITS]]
                                 ? {r, c} : '0;
  end
  wide_mux #(.INPUTS(BEATS), .BITS(PIXELS * CELL)) u_own (.d(cells), .select(beat), .y(own));

  // A slot is the home of its cell if no slot before it has the same: compare with all, look at those before.
  for (genvar p = 0; p < PIXELS; p++) begin : lanes
    for (genvar n = 0; n < SLOTS; n++) begin : pairs
      assign same[p*SLOTS+n] = own[p*CELL+:CELL] == cells[n*CELL+:CELL];
      /* verilator lint_off CMPCONST */  // in the last beats there is nothing to compare with
      assign prior[p*SLOTS+n] = same[p*SLOTS+n] && (n < p || 32'(beat) > (n - p) / PIXELS);
      /* verilator lint_on CMPCONST */
    end
    assign home[p] = own[p*CELL+:CELL] != '0 && prior[p*SLOTS+:SLOTS] == '0;
  end
  always_ff @(posedge clk) taken <= same;
  slot_buffer #(.PIXELS(PIXELS), .CHANNELS(1), .SLOT_GROUPS(BEATS), .BITS(CELL)) u_cells (
    .clk, .last, .active(home), .beat(own), .features(homes));
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
        adder_tree #(.COUNT(SLOTS), .BITS(SIGNED_X), .SUM_BITS(OUT_BITS + 1)) u_sum (.clk, .x(of_cell), .sum);
        assign y[(p*CHANNELS+c)*OUT_BITS+:OUT_BITS] = sum[OUT_BITS-1:0];
      end else begin : compare
        logic signed [SIGNED_X-1:0] largest;
        max_tree #(.COUNT(SLOTS), .BITS(SIGNED_X), .CUT(2)) u_max (.clk, .x(of_cell), .largest);
        assign y[(p*CHANNELS+c)*OUT_BITS+:OUT_BITS] = largest[OUT_BITS-1:0];
        if (SIGNED_X > OUT_BITS) begin : sign
          logic unused;
          assign unused = largest[OUT_BITS];
        end
      end
    end
  end
  logic [PIXELS-1:0] active_1, active_2;
  always_ff @(posedge clk) begin
    active_1 <= home;
    active_2 <= active_1;
  end
  assign active = AVERAGE ? active_1 : active_2;
endmodule
