// The weights of a slot in the dense layer behind the flattening, those of its position, LOOKUP = 2 + EARLY cycles after its
// coordinates; `somewhere`, whether it has one, a cycle before them. An empty slot and a partial window have none, and
// their weights mean nothing.
//
// The position is ROWS[row] + COLUMNS[column]; their top bits say whether there is one. These tables are a bit plane for
// every bit of their words. TABLE has 2^(channel group, position bits) words: up to 64 a bit plane for every bit of them,
// a LUT each; more, a word behind the other, are in block RAM, whose address register is its own. EARLY: a register in
// front of that.
module position_weights #(
  parameter int ROW_BITS = 6,
  parameter int COLUMN_BITS = 6,
  parameter int POSITION_BITS = 7,
  parameter logic [((POSITION_BITS+1)<<ROW_BITS)-1:0] ROWS = '0,
  parameter logic [((POSITION_BITS+1)<<COLUMN_BITS)-1:0] COLUMNS = '0,
  parameter int GROUP_BITS = 0,  // of the channel group
  parameter int WORD = 8,
  parameter bit EARLY = 0,
  parameter int ADDRESS = GROUP_BITS + POSITION_BITS,
  parameter logic [(WORD<<ADDRESS)-1:0] TABLE = '0
) (
  input  logic clk,
  input  logic [(GROUP_BITS > 0 ? GROUP_BITS : 1)-1:0] group,
  input  logic [ROW_BITS-1:0] row,
  input  logic [COLUMN_BITS-1:0] column,
  output logic somewhere,
  output logic [WORD-1:0] weights
);
  logic [POSITION_BITS:0] from_row, from_column;
  logic [POSITION_BITS-1:0] position;
  logic [ADDRESS-1:0] address, address_then;
  logic there, there_then;
  for (genvar b = 0; b <= POSITION_BITS; b++) begin : tables
    localparam logic [(1<<ROW_BITS)-1:0] ROW_PLANE = ROWS[(b<<ROW_BITS)+:(1<<ROW_BITS)];
    localparam logic [(1<<COLUMN_BITS)-1:0] COLUMN_PLANE = COLUMNS[(b<<COLUMN_BITS)+:(1<<COLUMN_BITS)];
    assign from_row[b] = ROW_PLANE[row];
    assign from_column[b] = COLUMN_PLANE[column];
  end
  assign position = from_row[POSITION_BITS-1:0] + from_column[POSITION_BITS-1:0];
  assign address = ADDRESS'({group, position});
  assign there = from_row[POSITION_BITS] && from_column[POSITION_BITS];
  if (EARLY) begin : cut
    always_ff @(posedge clk) {address_then, there_then} <= {address, there};
  end else begin : through
    assign {address_then, there_then} = {address, there};
  end
  always_ff @(posedge clk) somewhere <= there_then;
  if (ADDRESS > 6) begin : block_ram
    (* rom_style = "block" *) logic [WORD-1:0] words[1<<ADDRESS];
    logic [WORD-1:0] word;
    initial for (int k = 0; k < 1 << ADDRESS; k++) words[k] = TABLE[k*WORD+:WORD];
    always_ff @(posedge clk) begin
      word <= words[address_then];
      weights <= word;
    end
  end else begin : luts
    logic [ADDRESS-1:0] known;
    logic [WORD-1:0] word;
    for (genvar b = 0; b < WORD; b++) begin : planes
      localparam logic [(1<<ADDRESS)-1:0] PLANE = TABLE[(b<<ADDRESS)+:(1<<ADDRESS)];
      assign word[b] = PLANE[known];
    end
    always_ff @(posedge clk) begin
      known <= address_then;
      weights <= word;
    end
  end
endmodule
