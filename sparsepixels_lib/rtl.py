"""From hls4ml's ModelGraph to SystemVerilog: the knobs of a design, and what emits it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hls4ml.model.graph import ModelGraph

from .fixed_point import Fixed
from .hls_layers import InputReduceNode
from .hls_plugin import kernels
from .ranges import pixel_format
from .rtl_project import RtlProject
from .rtl_sparse import SparseTop
from .rtl_standard import emit_standard
from .rtl_top import needed
from .sparse_chain import chain

MULTIPLIERS = ("auto", "dsp", "lut")


def _each(value) -> dict:
    return dict(value) if isinstance(value, Mapping) else {"default": value}


@dataclass(frozen=True)
class Design:
    """The knobs of the hardware; none of them changes a number.

    `rows`: image rows a cycle of the input reduction: ceil(H / rows) cycles an event, LUTs in proportion to rows.
    `pixels`: output pixels a cycle of each convolution and pooling, ceil(N / pixels) cycles an event; multipliers and
    LUTs in proportion. An int, or {layer: int} with "default" for the others. `filters`: of a convolution a cycle, at
    most; None: all. `multipliers`: "lut" (no DSP), "dsp", or "auto": DSPs, but adders where weights are constant and
    have few digits (the dense layers behind the first at 8 bits); one of these or {layer: ...} with "default".
    `interface`: "image", the whole image at once, or "rows", `rows` rows a beat as a readout delivers them.
    For a standard CNN, which takes a pixel a beat, only `multipliers` has a meaning.
    """

    rows: int = 8
    pixels: int | Mapping[str, int] = 4
    filters: int | None = None
    multipliers: str | Mapping[str, str] = "auto"
    interface: str = "image"

    def __post_init__(self):
        numbers = {"rows": self.rows, "filters": 1 if self.filters is None else self.filters}
        numbers |= {f"pixels of {layer}": n for layer, n in _each(self.pixels).items()}
        for name, number in numbers.items():
            if isinstance(number, bool) or not isinstance(number, int) or number < 1:
                raise ValueError(f"{name} a cycle: a whole number from 1 on, not {number!r}")
        for layer, kind in _each(self.multipliers).items():
            if kind not in MULTIPLIERS:
                raise ValueError(f"multipliers of {layer}: one of {', '.join(MULTIPLIERS)}, not {kind!r}")
        if self.interface not in ("image", "rows"):
            raise ValueError(f'interface={self.interface!r}: choose "image" or "rows"')

    def of(self, knob: str, layer: str):
        """The value of `pixels` or `multipliers` for a layer."""
        values = _each(getattr(self, knob))
        return values.get(layer, values.get("default", Design.__dataclass_fields__[knob].default))

    def check_layers(self, names: set[str]) -> None:
        """Raises ValueError when a knob is set for a layer that is not there."""
        for knob in ("pixels", "multipliers"):
            if unknown := set(_each(getattr(self, knob))) - names - {"default"}:
                raise ValueError(f"{knob}: no layer {', '.join(sorted(unknown))}; there are {', '.join(sorted(names))}")


BALANCED = Design()
DESIGNS = {  # the design points of the tables and the hardware notebook
    "fast": Design(pixels=20),
    "balanced": BALANCED,
    "no DSP": Design(multipliers="lut"),
    "small": Design(rows=2, pixels=2, multipliers={"conv1": "lut"}),
}


def emit_rtl(hls_model: ModelGraph, output_dir: str | Path, design: Design = BALANCED) -> RtlProject:
    """Write the SystemVerilog of a network converted by `convert` into `output_dir`/rtl, from the input to the logits.

    A sparse network becomes the modules of hls/rtl named as its layers, a standard CNN streaming ones with line
    buffers. Sources that were in `output_dir`/rtl are replaced. Raises ValueError, by name, for layers and types that
    have no RTL, and for knobs of layers that are not there.
    """
    nodes = list(hls_model.get_layers())
    design.check_layers({node.name for node in nodes})
    if any(isinstance(node, InputReduceNode) for node in nodes):
        return _emit_sparse(hls_model, Path(output_dir), design)
    multipliers = design.of("multipliers", "default")
    return emit_standard(hls_model, output_dir, multipliers="lut" if multipliers == "auto" else multipliers)


def _emit_sparse(hls_model: ModelGraph, folder: Path, design: Design) -> RtlProject:
    keras_model = hls_model.config.config["KerasModel"]
    top = re.sub(r"\W", "_", f"{keras_model.name}_top")
    network, library = SparseTop(chain(hls_model), design), kernels().with_name("rtl")
    shutil.rmtree(folder / "rtl", ignore_errors=True)
    (folder / "rtl").mkdir(parents=True)
    for module in sorted(needed(network.top.modules, library)):
        shutil.copy(library / f"{module}.sv", folder / "rtl")
    (height, width, channels), pixel = keras_model.input_shape[1:], pixel_format(keras_model)
    by_rows = design.interface == "rows"
    beat = (design.rows if by_rows else height) * width * channels
    text = network.top.render(
        top, in_bits=beat * pixel.bits, out_bits=network.channels * network.x.bits, end=network.time, data=network.net
    )
    (folder / "rtl" / f"{top}.sv").write_text(text)
    return RtlProject(
        folder=folder,
        top=top,
        layers=network.top.groups,
        image_shape=(height, width, channels),
        pixel=pixel,
        interface=design.interface,
        beat=beat,
        beats=-(-height // design.rows) if by_rows else 1,
        logits=network.channels,
        logit=Fixed(network.x.bits, network.x.bits - network.x.fraction, network.x.signed),
        ii=network.ii,
    )
