"""The input reduction in SystemVerilog, simulated, against plain loops over the image."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from sparsepixels_lib.measure.simulation import simulate
from sparsepixels_lib.network.probes import corner_images
from sparsepixels_lib.numerics.codes import Codes, ap_fixed

RTL = Path(__file__).parents[1] / "hls" / "rtl"
SOURCES = (
    "delay",
    "delayed_rows",
    "above_level",
    "rank_sums",
    "ranks_reached",
    "reduce_rows",
    "reduce_take",
    "wide_mux",
    "image_rows",
    "streamed_rows",
    "input_reduce",
    "reduce_block",
    "reduce_place",
    "reduce_slot",
    "last_reached",
)
SOURCE = {
    "image": """image_rows #(.HEIGHT({height}), .WIDTH({width}), .PIXEL(16), .ROWS({rows}), .INTERVAL({ii})) u_rows (
    .clk, .rst, .in_valid, .in_ready, .in_data, .out_valid(valid), .out_last(last), .out_rows(some));""",
    "rows": """streamed_rows #(.BEATS({beats}), .INTERVAL({ii})) u_rows (
    .clk, .rst, .in_valid, .in_ready, .out_valid(valid), .out_last(last));
  assign some = in_data;""",
}
TOP = """
module top (
  input logic clk, input logic rst, input logic in_valid, output logic in_ready, input logic [{beat}*8-1:0] in_data,
  output logic out_valid, output logic [{n}*40-1:0] out_data, output logic [0:0] layer_valid
);
  logic valid, last;
  logic [{rows}*{width}*16-1:0] some;
  logic [{n}-1:0][15:0] features;
  logic [{n}-1:0][6:0] row, column;
  {source}
  input_reduce #(.WIDTH({width}), .PIXEL(16), .BITS(8), .IS_SIGNED({signed}), .THRESHOLD(8'd{threshold}), .ROWS({rows}),
    .SLOTS({n}), .ROW_BITS(7), .COLUMN_BITS(7), .CUT_ABOVE(1'd{above}), .CUT_TAKE(1'd{take}),
    .SUM_CUTS(8'd{sums})) u_reduce (
    .clk, .rst, .in_valid(valid), .in_last(last), .in_rows(some), .out_valid, .features, .row, .column);
  for (genvar k = 0; k < {n}; k++) begin : slots
    assign out_data[40*k+:40] = {{3'b0, column[k], 3'b0, row[k], 2'b0, features[k][15:8], 2'b0, features[k][7:0]}};
  end
  assign layer_valid = out_valid;
endmodule
"""


@dataclass(frozen=True)
class Reduction:
    """What `simulate` reads of a project: two channels of 8 bits; four logits a slot: two pixels, row, column."""

    folder: Path
    image_shape: tuple[int, int, int]
    logits: int
    ii: int
    interface: str
    beats: int
    beat: int
    pixel: Codes
    top: str = "top"
    logit: Codes = ap_fixed(10, 10, True)

    @property
    def layers(self) -> dict[str, str]:
        return {"u_reduce": "input reduction"}

    @property
    def sources(self) -> list[Path]:
        return sorted(self.folder.glob("rtl/*.sv"))


def first_pixels(codes: np.ndarray, n: int, threshold: int) -> list[tuple[int, int, int, int]]:
    """(channel 0, channel 1, row, column) of the first n pixels whose channel 0 is above the threshold."""
    height, width, _ = codes.shape
    found = [
        (*codes[y, x].tolist(), y + 1, x + 1) for y in range(height) for x in range(width) if codes[y, x, 0] > threshold
    ]
    return found[:n]


@dataclass(frozen=True)
class Case:
    """An image, how it enters, and what the reduction does with it."""

    height: int
    width: int
    rows: int
    n: int
    threshold: int = 0
    interface: str = "image"
    pause: int = 0  # cycles between two events at least
    signed: bool = False
    above: int = 0  # registers more
    take: int = 0
    sums: int = 0  # a bit each


@pytest.mark.parametrize(
    "case",
    [
        Case(9, 8, 4, 5),
        Case(13, 35, 3, 20, 102),
        Case(6, 63, 1, 33),
        Case(9, 32, 4, 12, pause=2),
        Case(5, 24, 6, 16, interface="rows"),
        Case(11, 19, 2, 3, 15, interface="rows", pause=3, signed=True),
        Case(9, 37, 4, 18, above=1, take=1, sums=0b111),
        Case(7, 21, 3, 6, above=1, sums=0b1),
        Case(13, 33, 11, 6, sums=0b100),
        Case(20, 34, 16, 5, take=1),
    ],
    ids=[
        "one block",
        "several blocks and a threshold",
        "a row a cycle, many slots",
        "whole blocks, with a pause",
        "one beat of rows",
        "beats of rows with a pause, signed",
        "every cut",
        "some cuts",
        "two groups of rows",
        "two groups of rows, aligned",
    ],
)
def test_slots_hold_the_first_active_pixels_in_raster_order(tmp_path, case):
    height, width, rows, n = case.height, case.width, case.rows, case.n
    chunks = -(-height // rows)
    ii = chunks + case.pause
    beats, beat = (1, height) if case.interface == "image" else (chunks, rows)
    pixel = ap_fixed(8, 0, case.signed)
    project = Reduction(tmp_path, (height, width, 2), 4 * n, ii, case.interface, beats, beat * width * 2, pixel)
    (tmp_path / "rtl").mkdir()
    for source in SOURCES:
        (tmp_path / "rtl" / f"{source}.sv").write_text(next(RTL.rglob(f"{source}.sv")).read_text())
    values = {"height": height, "width": width, "rows": rows, "n": n, "threshold": case.threshold, "ii": ii}
    values |= {"above": case.above, "take": case.take, "sums": case.sums}
    source = SOURCE[case.interface].format(beats=beats, **values)
    top = TOP.format(beat=project.beat, source=source, signed=int(case.signed), **values)
    (tmp_path / "rtl" / "top.sv").write_text(top)

    rng = np.random.default_rng(n)
    random = rng.integers(0, 256, (300, height, width, 2)) * (
        rng.random((300, height, width, 1)) < rng.random((300, 1, 1, 1)) ** 3
    )
    corners = np.clip(np.rint(corner_images(height, width, 2, n).astype(float) * 256), 0, 255)
    codes = np.concatenate([random, corners]).astype(int) - (128 if case.signed else 0)
    result = simulate(project, codes / 256)
    disturbed = simulate(project, codes / 256, gaps=0.3, reset_at={7: 1, 90: ii, 91: 0})
    for image, *both in zip(codes, result.logits, disturbed.logits, strict=True):
        expected = [(a % 256, b % 256, y, x) for a, b, y, x in first_pixels(image, n, case.threshold)]
        for got in both:
            slots = got.astype(int).reshape(n, 4)
            assert [tuple(slot) for slot in slots[: len(expected)].tolist()] == expected
            assert not slots[len(expected) :, 2].any()  # row 0: empty
    assert result.ii == (ii, ii)
    assert set(result.latency[:1]) == {chunks + 3 + case.above + case.take + case.sums.bit_count()}
