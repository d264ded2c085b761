// Are fewer than `limit` of INPUTS bits set? Combinational; of at most seven bits two LUTs deep, in a module of its own.
module fewer_ones #(
  parameter int INPUTS = 7,
  parameter int BITS = 5
) (
  input  logic [INPUTS-1:0] bits,
  input  logic [BITS-1:0] limit,
  output logic fewer
);
  if (INPUTS <= 7) begin : few
    logic [BITS-1:0] rest;          // of the limit, for the first six
    logic [2:0] n;
    if (INPUTS == 7) begin : seventh
      assign rest = limit == 0 ? '0 : limit - BITS'(bits[6]);
    end else begin : none
      assign rest = limit;
    end
    count_six u_six (.bits(6'(bits)), .count(n));
    assign fewer = n < (32'(rest) > 7 ? 3'd7 : 3'(rest));
  end else begin : many
    localparam int COUNT = $clog2(INPUTS + 1);
    logic [COUNT-1:0] n;
    count_ones #(.INPUTS(INPUTS)) u_count (.bits, .count(n));
    assign fewer = 32'(n) < 32'(limit);
  end
endmodule
