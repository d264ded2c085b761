"""An emitted SystemVerilog project: where its sources are, and what its ports carry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .fixed_point import Fixed


@dataclass(frozen=True)
class RtlProject:
    """Generated RTL in `folder`/rtl, with the ports that hls/rtl/project/README.md describes.

    `layers` {instance in the top: group of the published reports}, in the order of the data. An event is `beats` beats
    of `beat` values of the format `pixel`; its result is `logits` numbers of the format `logit`. `interface` is "image"
    (all at once, held until taken), "rows" or "pixels". `ii`: clock cycles between events, as designed.
    """

    folder: Path
    top: str
    layers: dict[str, str]
    image_shape: tuple[int, int, int]
    pixel: Fixed
    interface: str
    beat: int
    beats: int
    logits: int
    logit: Fixed
    ii: int

    @property
    def sources(self) -> list[Path]:
        """All SystemVerilog files, by name."""
        return sorted(self.folder.glob("rtl/*.sv"))
