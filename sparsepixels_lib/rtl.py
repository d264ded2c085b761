"""From hls4ml's ModelGraph to SystemVerilog: the knobs of a design, and what emits it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Integral
from pathlib import Path

from .emulation import CnnGraph
from .exact import exact_predict
from .fixed_point import Fixed
from .hls_layers import InputReduceNode
from .hls_plugin import kernels
from .ranges import pixel_format
from .rtl_files import some_images, write_project_files
from .rtl_names import top_name
from .rtl_project import RtlProject, fresh
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
    LUTs in proportion. An int, or {layer: int} with "default" for the others. The dense layer behind the flattening
    takes what the layer before it gives, and an average pooling there is part of it. `filters`: of a convolution a
    cycle, at most: the largest number that divides them into equal groups; None: all. `multipliers`: "lut" (no DSP;
    beyond 8 bits such stages are deeper than 12 logic levels), "dsp", or "auto": DSPs, but adders where weights are
    constant and have few digits (the dense layers behind the first at 8 bits); one of these or {layer: ...} with
    "default". `interface`: "image", the whole image at once, or "rows", `rows` rows a beat as a readout delivers them.
    A standard CNN takes a pixel a beat and has only `multipliers`, where "auto" is "lut"; numbers are not looked at.
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
            if isinstance(number, bool) or not isinstance(number, Integral) or number < 1:
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

    def check_layers(self, layers: Mapping[str, set[str]]) -> None:
        """Raises ValueError when `pixels` or `multipliers` is set for another layer than `layers` {knob: names}."""
        for knob, names in layers.items():
            if unknown := set(_each(getattr(self, knob))) - names - {"default"}:
                having = ", ".join(sorted(names)) or "none"
                raise ValueError(f"{knob}: no knob of {', '.join(sorted(unknown))}; the layers that have it: {having}")


BALANCED = Design()
DESIGNS = {  # the design points of the tables and the hardware notebook; conv1 is the reference networks' first layer
    "fast": Design(pixels=20),
    "balanced": BALANCED,
    "no DSP": Design(multipliers="lut"),
    "small": Design(rows=2, pixels=2, multipliers={"conv1": "lut"}),
}


def emit_rtl(hls_model: CnnGraph, output_dir: str | Path, design: Design = BALANCED) -> RtlProject:
    """Write the SystemVerilog of a network converted by `convert`, from the input to the logits, into `output_dir`.

    A sparse network becomes the modules of hls/rtl named as its layers, a standard CNN streaming ones with line
    buffers; they are in the folder rtl, and beside it what `write_project_files` adds, with 20 images of `some_images`.
    An earlier project in `output_dir` is replaced.

    Raises ValueError, by name, for layers, types and names of layers that have no RTL, and for knobs of layers that
    have no such knob; FileExistsError for a folder with other files where these belong;
    TypeError for a model that is not converted, and for the name of a design.
    """
    if not isinstance(hls_model, CnnGraph):
        raise TypeError(f"emit_rtl takes what convert returns, not {type(hls_model).__name__}")
    if not isinstance(design, Design):
        raise TypeError(f'emit_rtl takes a Design, such as DESIGNS["balanced"], not {design!r}')
    if not isinstance(output_dir, (str, os.PathLike)) or not str(output_dir):
        raise ValueError(f"output_dir={output_dir!r}: the name of a folder")
    hls_model.check_unchanged()
    sparse = any(isinstance(node, InputReduceNode) for node in hls_model.get_layers())
    project = (_emit_sparse if sparse else emit_standard)(hls_model, Path(output_dir), design)
    images = some_images(hls_model)
    project = replace(project, vectors=(images, exact_predict(hls_model.keras_model, images)))
    write_project_files(project, *project.vectors)
    return project


def _emit_sparse(hls_model: CnnGraph, folder: Path, design: Design) -> RtlProject:
    keras_model = hls_model.keras_model
    top = top_name(keras_model.name)
    network, library = SparseTop(chain(hls_model), design), kernels().with_name("rtl")
    (height, width, channels), pixel = keras_model.input_shape[1:], pixel_format(keras_model)
    by_rows = design.interface == "rows"
    beat = (design.rows if by_rows else height) * width * channels
    text = network.top.render(
        top, in_bits=beat * pixel.bits, out_bits=network.channels * network.x.bits, end=network.time, data=network.net
    )
    sources = fresh(folder)
    (sources / f"{top}.sv").write_text(text)
    for module in sorted(needed(network.top.modules, library)):
        shutil.copy(library / f"{module}.sv", sources)
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
        about=f"Network `{keras_model.name}`, converted by hls4ml; {design}.",
    )
