"""An emitted SystemVerilog project: where its sources are, and what its ports carry."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from .fixed_point import Fixed


@dataclass(frozen=True)
class RtlProject:
    """Generated RTL in `folder`/rtl, with the ports that hls/rtl/project/README.md describes.

    `layers` {instance in the top: group of the published reports}, in the order of the data. An event is `beats` beats
    of `beat` values of the format `pixel`; its result is `logits` numbers of the format `logit`. `interface` is "image"
    (all at once, held until taken), "rows" or "pixels". `ii`: clock cycles between events, as designed. `about`: the
    network and its design point, in a sentence.
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
    about: str = ""

    @property
    def sources(self) -> list[Path]:
        """All SystemVerilog files, by name."""
        return sorted(self.folder.glob("rtl/*.sv"))


FILES = {"README.md": ".", "testbench.sv": "testbench", "clock.xdc": "constraints", "synth.tcl": "vivado"}


def fresh(folder: Path) -> Path:
    """The folder `folder`/rtl, made or emptied of an earlier project, for a top module to be written there first.

    Raises FileExistsError when something else is in the place of a project's files.
    """
    rtl = folder / "rtl"
    found = sorted(rtl.iterdir()) if rtl.exists() else []
    heads = (path.open().readline() for path in found if path.suffix == ".sv")
    if found and not any(re.match(r"// \w+: a (sparse|standard) CNN", head) for head in heads):
        raise FileExistsError(f"{rtl} has files that are no emitted project, as {found[0].name}: name another folder")
    foreign = [path for name, place in FILES.items() if (path := folder / place / name).exists()]
    if not found and foreign:
        raise FileExistsError(f"{foreign[0]} is of no emitted project and would be replaced: name another folder")
    shutil.rmtree(rtl, ignore_errors=True)
    rtl.mkdir(parents=True)
    return rtl
