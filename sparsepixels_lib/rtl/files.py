"""What makes an emitted RTL project self-contained: README, test bench and vectors, clock, Vivado scripts."""

from pathlib import Path
from string import Template

import numpy as np

from ..paths import DEVICE, rtl_modules
from .ports import beats, pack, timeout_cycles
from .project import FILES


class _Template(Template):
    delimiter = "@@"  # $ and @ are words of SystemVerilog and Tcl


def write_project_files(
    project,
    images: np.ndarray,
    logits: np.ndarray,
    *,
    measured: str = "run the test bench",
    part: str = DEVICE,
) -> list[Path]:
    """Add to the sources of an `RtlProject` all that a stranger needs to check and synthesise them.

    `images` (B, H, W, C), a few tens, and the `logits` (B, L) they must give, from `exact_predict` of the model without
    its last activation, become the test bench's vectors; `measured` says what was (see `Simulation.summary`).
    Returns the files. Raises ValueError for no images, logits of another shape, and logits that the project's format
    cannot hold exactly.
    """
    logits = np.asarray(logits, np.float64)
    if not len(images) or logits.shape != (len(images), project.logits):
        raise ValueError(
            f"{len(images)} images need logits of shape ({len(images)}, {project.logits}) and at least one image; "
            f"got {logits.shape}"
        )
    if (project.logit.quantize(logits) != logits).any():  # also NaN
        raise ValueError(f"The logits are no numbers of {project.logit}: they do not come from this network.")
    texts = _texts(project, len(images), measured, part)
    codes = np.rint(logits / project.logit.lsb).astype(np.int64)
    words = beats(images, project)
    texts[Path("testbench/images.hex")] = _hex(words.reshape(-1, words.shape[-1]), project.beat * project.pixel.bits)
    texts[Path("testbench/logits.hex")] = _hex(pack(codes, project.logit.bits), project.logits * project.logit.bits)
    for name, text in texts.items():
        (project.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (project.folder / name).write_text(text)
    return [project.folder / name for name in texts]


def state_measured(project, measured: str, part: str = DEVICE) -> None:
    """Say in the README of a `project` with vectors what was `measured`."""
    name = Path("README.md")
    (project.folder / name).write_text(_texts(project, len(project.vectors[0]), measured, part)[name])


def _texts(project, events: int, measured: str, part: str) -> dict[Path, str]:
    """{file in the project: its text} of all that is no vector and no source."""
    in_bits, out_bits = project.beat * project.pixel.bits, project.logits * project.logit.bits
    height, width, channels = project.image_shape
    values = {
        "top": project.top,
        "about": project.about,
        "height": height,
        "width": width,
        "channels": channels,
        "pixel": project.pixel,
        "pixel_bits": project.pixel.bits,
        "interface": project.interface,
        "beat": project.beat,
        "beats": project.beats,
        "beats_text": "one beat" if project.beats == 1 else f"{project.beats} beats, each",
        "logits": project.logits,
        "logit": project.logit,
        "logit_bits": project.logit.bits,
        "in_bits": in_bits,
        "out_bits": out_bits,
        "layers": len(project.layers),
        "layer_names": ", ".join(f"`{name}` ({group})" for name, group in project.layers.items()),
        "ii": project.ii,
        "period": f"{project.period:g}",
        "period_ns": f"{project.period:.3f}",
        "measured": measured,
        "events": events,
        "patience": timeout_cycles(project),
        "part": part,
    }
    folder = rtl_modules() / "project"
    return {
        Path(place, name): _Template((folder / name).read_text()).substitute(values) for name, place in FILES.items()
    }


def _hex(words: np.ndarray, bits: int) -> str:
    """Words (lines, words) uint32, lowest first, as lines for $readmemh."""
    digits = -(-bits // 4)
    return "".join(line[::-1].astype(">u4").tobytes().hex()[-digits:] + "\n" for line in words)
