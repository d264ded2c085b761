"""An emitted SystemVerilog project: where its sources are, and what its ports carry."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..numerics.codes import Codes
from ..paths import rtl_modules


@dataclass(frozen=True)
class RtlProject:
    """Generated RTL in `folder`/rtl, with the ports that hls/rtl/project/README.md describes.

    `layers` {instance in the top: group of the published reports}, in the order of the data. An event is `beats` beats
    of `beat` values of the format `pixel`; its result is `logits` numbers of the format `logit`. `interface` is "image"
    (all at once, held until taken), "rows" or "pixels". `ii`: clock cycles between events, as designed; `period`: ns
    of a cycle, as designed. `about`: the
    network and its design point, in a sentence. `vectors`: images (B, H, W, C) and the logits (B, L) that
    `exact_predict` has for them, with which `simulate` compares before it answers for the first time.
    """

    folder: Path
    top: str
    layers: dict[str, str]
    image_shape: tuple[int, int, int]
    pixel: Codes
    interface: str
    beat: int
    beats: int
    logits: int
    logit: Codes
    ii: int
    period: float = 5.0
    about: str = ""
    vectors: tuple[np.ndarray, np.ndarray] | None = field(default=None, compare=False, repr=False)

    @property
    def sources(self) -> list[Path]:
        """All SystemVerilog files, by name."""
        return sorted(self.folder.glob("rtl/*.sv"))


FILES = {"README.md": ".", "testbench.sv": "testbench", "clock.xdc": "constraints"}
FILES |= {"synth.tcl": "vivado", "place_and_route.tcl": "vivado"}
VECTORS = "testbench/images.hex", "testbench/logits.hex"
README = "Generated SystemVerilog of a CNN"  # in every README.md of a project
TOP = re.compile(r"// \w+: a (sparse|standard) CNN")  # the first line of a top module, and what else is generated
OTHER = re.compile(r"// (Layer|Weights of layer) ")


def is_project(folder: Path) -> bool:
    """Whether `folder` holds an emitted project, complete or interrupted."""
    tops = (TOP.match(_start(path)) for path in folder.glob("rtl/*"))
    return README in _start(folder / "README.md", 5) or any(tops)


def clear_project(folder: Path) -> Path:
    """The folder `folder`/rtl, made or emptied of an earlier project, for a top module to be written there first.

    Raises FileExistsError, naming it, for a file that is no project's where those of a project belong.
    """
    rtl, library = folder / "rtl", {path.name for path in rtl_modules().rglob("*.sv")}
    if rtl.exists() and not rtl.is_dir() or folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{rtl} cannot be a folder, a file has that name or its parent's: name another folder")
    heads, known = {path: _start(path) for path in sorted(rtl.glob("*"))}, is_project(folder)
    written = [folder / place / name for name, place in FILES.items()] + [folder / name for name in VECTORS]
    ours = {path for path, head in heads.items() if path.name in library or TOP.match(head) or OTHER.match(head)}
    if foreign := sorted(heads.keys() - ours) if known else [*heads, *filter(Path.exists, written)]:
        raise FileExistsError(f"{foreign[0]} is of no emitted project and would be lost: name another folder")
    shutil.rmtree(rtl, ignore_errors=True)
    rtl.mkdir(parents=True)
    return rtl


def copy_modules(modules: Iterable[str], folder: Path) -> None:
    """Copy modules of hls/rtl, and those that they instantiate, into `folder`."""
    known, found, waiting = {path.stem: path for path in rtl_modules().rglob("*.sv")}, set(), list(modules)
    while waiting:
        if (module := waiting.pop()) not in found:
            found.add(module)
            text = re.sub("//.*", "", known[module].read_text())
            waiting += known.keys() & set(re.findall(r"\b(\w+) (?=#\(|\w+ \()", text))
    for module in sorted(found):
        shutil.copy(known[module], folder)


def _start(path: Path, lines: int = 1) -> str:
    """The first lines of a file, nothing of what is none."""
    if not path.is_file():
        return ""
    with path.open(errors="replace") as file:
        return "".join(line for line, _ in zip(file, range(lines), strict=False))
