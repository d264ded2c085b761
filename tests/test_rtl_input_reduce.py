"""The input reduction in SystemVerilog, simulated, against plain loops over the image."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from networks import corner_images

from sparsepixels_lib.fixed_point import Fixed
from sparsepixels_lib.simulation import simulate

RTL = Path(__file__).parents[1] / "hls" / "rtl"
SOURCES = ("wide_mux", "image_rows", "input_reduce", "reduce_block", "reduce_slot", "last_reached")
TOP = """
module top (
  input logic clk, input logic rst, input logic in_valid, output logic in_ready, input logic [{beat}*8-1:0] in_data,
  output logic out_valid, output logic [{n}*40-1:0] out_data, output logic [0:0] layer_valid
);
  logic valid, last;
  logic [{rows}*{width}*16-1:0] some;
  logic [{n}-1:0][15:0] features;
  logic [{n}-1:0][6:0] row, column;
  image_rows #(.HEIGHT({height}), .WIDTH({width}), .PIXEL(16), .ROWS({rows}), .INTERVAL({ii})) u_rows (
    .clk, .rst, .in_valid, .in_ready, .in_data, .out_valid(valid), .out_last(last), .out_rows(some));
  input_reduce #(.WIDTH({width}), .PIXEL(16), .BITS(8), .THRESHOLD(8'd{threshold}), .ROWS({rows}), .SLOTS({n}),
    .ROW_BITS(7), .COLUMN_BITS(7)) u_reduce (
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
    top: str = "top"
    interface: str = "image"
    beats: int = 1
    pixel: Fixed = Fixed(8, 0, False)
    logit: Fixed = Fixed(10, 10, True)

    @property
    def beat(self) -> int:
        return int(np.prod(self.image_shape))

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


@pytest.mark.parametrize(
    ("height", "width", "rows", "n", "threshold"),
    [(9, 8, 4, 5, 0), (13, 35, 3, 20, 102), (6, 63, 1, 33, 0)],
    ids=["one block", "several blocks and a threshold", "a row a cycle, many slots"],
)
def test_slots_hold_the_first_active_pixels_in_raster_order(tmp_path, height, width, rows, n, threshold):
    ii = -(-height // rows)
    project = Reduction(tmp_path, (height, width, 2), 4 * n, ii)
    (tmp_path / "rtl").mkdir()
    for source in SOURCES:
        (tmp_path / "rtl" / f"{source}.sv").write_text((RTL / f"{source}.sv").read_text())
    values = {"height": height, "width": width, "rows": rows, "n": n, "threshold": threshold, "ii": ii}
    (tmp_path / "rtl" / "top.sv").write_text(TOP.format(beat=project.beat, **values))

    rng = np.random.default_rng(n)
    random = rng.integers(0, 256, (300, height, width, 2)) * (
        rng.random((300, height, width, 1)) < rng.random((300, 1, 1, 1)) ** 3
    )
    corners = np.clip(np.rint(corner_images(height, width, 2, n).astype(float) * 256), 0, 255)
    codes = np.concatenate([random, corners]).astype(int)
    result = simulate(project, codes / 256)
    slots = result.logits.astype(int).reshape(len(codes), n, 4)
    for image, got in zip(codes, slots, strict=True):
        expected = first_pixels(image, n, threshold)
        assert [tuple(slot) for slot in got[: len(expected)].tolist()] == expected
        assert not got[len(expected) :, 2].any()  # row 0: empty
    assert result.ii == (ii, ii)
    assert set(result.latency[:1]) == {ii + 4}
