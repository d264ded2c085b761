// All slots of an event from a stream of BEATS = (slot groups) x (channel groups) beats: beat g CHANNEL_GROUPS + f holds
// slots g PIXELS .. and channels f CHANNELS .. of them. Inactive slots become 0. `last` marks the last beat; `features` are
// whole one cycle later and stay until the next event's last beat.
module slot_buffer #(
  parameter int PIXELS = 4,
  parameter int CHANNELS = 1,
  parameter int SLOT_GROUPS = 5,
  parameter int CHANNEL_GROUPS = 1,
  parameter int BITS = 8
) (
  input  logic clk,
  input  logic last,
  input  logic [PIXELS-1:0] active,
  input  logic [PIXELS*CHANNELS*BITS-1:0] beat,
  output logic [SLOT_GROUPS*PIXELS*CHANNEL_GROUPS*CHANNELS*BITS-1:0] features
);
  localparam int BEATS = SLOT_GROUPS * CHANNEL_GROUPS;
  localparam int SLOT = CHANNELS * BITS;
  localparam int WORD = PIXELS * SLOT;
  logic [BEATS*WORD-1:0] all;  // the oldest beat lowest
  if (BEATS > 1) begin : earlier
    logic [(BEATS-1)*WORD-1:0] kept;
    for (genvar p = 0; p < PIXELS; p++) begin : slots
      always_ff @(posedge clk) kept[(BEATS-2)*WORD+p*SLOT+:SLOT] <= active[p] ? beat[p*SLOT+:SLOT] : '0;
    end
    if (BEATS > 2) begin : shift
      always_ff @(posedge clk) kept[(BEATS-2)*WORD-1:0] <= kept[(BEATS-1)*WORD-1:WORD];
    end
    assign all = {beat, kept};
  end else begin : only
    assign all = beat;
  end
  for (genvar b = 0; b < BEATS; b++) begin : beats
    for (genvar p = 0; p < PIXELS; p++) begin : slots
      localparam int TO = ((b / CHANNEL_GROUPS * PIXELS + p) * CHANNEL_GROUPS + b % CHANNEL_GROUPS) * SLOT;
      if (b == BEATS - 1) begin : newest
        always_ff @(posedge clk) if (last) features[TO+:SLOT] <= active[p] ? all[b*WORD+p*SLOT+:SLOT] : '0;
      end else begin : older
        always_ff @(posedge clk) if (last) features[TO+:SLOT] <= all[b*WORD+p*SLOT+:SLOT];
      end
    end
  end
endmodule
