"""A design small enough to be checked by hand, with the ports of an emitted project, for every input interface.

Two logits: the sum of all pixels of an image (5, 7, 2), and its negative. One cycle a beat ("image": three cycles, with
in_ready in the third), then the sum's register, then the output's.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sparsepixels_lib.numerics.codes import Codes, ap_fixed

BEATS = {"image": (70, 1, 3), "rows": (28, 3, 1), "pixels": (2, 35, 1)}  # values a beat, beats, cycles a beat
LATENCY = {"image": 5, "rows": 5, "pixels": 37}  # cycles of all beats and the two of the registers, all counted
II = {"image": 3, "rows": 3, "pixels": 35}

SOURCE = """
module tiny (
  input logic clk, input logic rst, input logic in_valid, output logic in_ready, input logic [BEAT*8-1:0] in_data,
  output logic out_valid, output logic [33:0] out_data, output logic [1:0] layer_valid
);
  logic [16:0] sum, partial;
  logic [5:0] count;
  logic sum_valid, last;
  always_comb begin
    partial = count == 0 ? 17'd0 : sum;
    if (CYCLES == 1 || count == 0) for (int i = 0; i < BEAT; i++) partial = partial + 17'(in_data[8*i+:8]);
    last = 32'(count) == BEATS * CYCLES - 1;
    in_ready = CYCLES == 1 || last;
    layer_valid = {out_valid, sum_valid};
  end
  always_ff @(posedge clk) begin
    if (in_valid) begin
      sum   <= partial;
      count <= last ? 6'd0 : count + 6'd1;
    end
    sum_valid <= in_valid && last;
    out_valid <= sum_valid;
    out_data  <= {-sum, sum};
    if (rst) begin
      count <= 6'd0;
      sum_valid <= 1'b0;
      out_valid <= 1'b0;
    end
  end
endmodule
"""


@dataclass(frozen=True)
class Tiny:
    """What `simulate` and `write_project_files` read of a project."""

    folder: Path
    interface: str
    beat: int
    beats: int
    ii: int
    top: str = "tiny"
    period: float = 4.5
    image_shape: tuple[int, int, int] = (5, 7, 2)
    pixel: Codes = ap_fixed(8, 1, False)
    logits: int = 2
    logit: Codes = ap_fixed(17, 10, True)
    about: str = "Sums, at the small design point."

    @property
    def layers(self) -> dict[str, str]:
        return {"sum": "input reduction", "negative": "mlp"}

    @property
    def sources(self) -> list[Path]:
        return sorted(self.folder.glob("rtl/*.sv"))


def tiny(folder: Path, interface: str = "rows", change: tuple[str, str] = ("", "")) -> Tiny:
    """The project, in `folder`; `change` (old, new) spoils its source."""
    beat, beats, cycles = BEATS[interface]
    assert change[0] in SOURCE
    source = SOURCE.replace(*change) if change[0] else SOURCE
    for name, value in {"BEATS": beats, "BEAT": beat, "CYCLES": cycles}.items():
        source = source.replace(name, str(value))
    (folder / "rtl").mkdir(parents=True)
    (folder / "rtl" / "tiny.sv").write_text(source)
    return Tiny(folder, interface, beat, beats, II[interface])


def some_images(count: int = 40) -> np.ndarray:
    """Images of multiples of 1/128 from 0 to 255/128, which 8 bits hold exactly."""
    return np.random.default_rng(1).integers(0, 256, (count, 5, 7, 2)) / 128


def sums(images: np.ndarray) -> np.ndarray:
    total = images.sum(axis=(1, 2, 3))
    return np.stack([total, -total], axis=1)
