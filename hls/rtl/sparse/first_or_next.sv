// The slots of a beat, of GROUPS beats: the first with `start`, then those of `next`, the beat that comes in the next cycle.
// They are chosen a cycle ahead, and only which of both is a choice in front of what reads them.
module first_or_next #(
  parameter int GROUPS = 5,
  parameter int BITS = 24,
  parameter int SELECT = GROUPS > 1 ? $clog2(GROUPS) : 1
) (
  input  logic clk,
  input  logic start,
  input  logic [SELECT-1:0] next,
  input  logic [GROUPS*BITS-1:0] d,
  output logic [BITS-1:0] y
);
  logic [BITS-1:0] chosen, ahead;
  wide_mux #(.INPUTS(GROUPS), .BITS(BITS)) u_mux (.d, .select(next), .y(chosen));
  if (GROUPS == 1) begin : first
    logic unused;
    assign unused = clk ^ start ^ (^ahead);
    assign ahead = chosen;
    assign y = d;
  end else begin : later
    always_ff @(posedge clk) ahead <= chosen;
    assign y = start ? d[BITS-1:0] : ahead;
  end
endmodule
