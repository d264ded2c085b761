"""From hls4ml's ModelGraph to a SystemVerilog project."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..cpp.emulate import CnnGraph
from ..network.exact import exact_predict
from ..network.graph import is_sparse, pixel_format
from ..network.probes import sample_images
from .design import BALANCED, Design
from .files import write_project_files
from .names import top_name
from .project import RtlProject, clear_project, copy_modules
from .sparse.chain import stages
from .sparse.schedule import SparseTop
from .steps import steps
from .stream.top import emit_standard


def emit_rtl(
    hls_model: CnnGraph, output_dir: str | Path, design: Design = BALANCED, *, vectors: np.ndarray | None = None
) -> RtlProject:
    """Write the SystemVerilog of a network converted by `convert`, from the input to the logits, into `output_dir`.

    A sparse network becomes the modules of hls/rtl named as its layers, a standard CNN streaming ones with line
    buffers; they are in the folder rtl, and beside it what `write_project_files` adds. `vectors` (B, H, W, C), by
    default the 20 `sample_images`, are the images of the test bench. An earlier project in `output_dir` is replaced.

    Raises ValueError, by name, for layers, types and names of layers that have no RTL, and for knobs of layers that
    have no such knob; FileExistsError for a folder with other files where these belong; TypeError for a model that is
    not converted, and for the name of a design; TypeError and ValueError for `vectors` that `exact_predict` refuses,
    and for none. What is refused leaves an earlier project as it was.
    """
    if not isinstance(hls_model, CnnGraph):
        raise TypeError(f"emit_rtl takes what convert returns, not {type(hls_model).__name__}")
    if not isinstance(design, Design):
        raise TypeError(f'emit_rtl takes a Design, such as DESIGNS["balanced"], not {design!r}')
    if not isinstance(output_dir, (str, os.PathLike)) or not str(output_dir):
        raise ValueError(f"output_dir={output_dir!r}: the name of a folder")
    hls_model.check_unchanged()
    model = hls_model.keras_model
    images = sample_images(model) if vectors is None else vectors
    logits = exact_predict(
        model, images
    )  # before an earlier project is touched: what is wrong with images is said here
    if not len(images):
        raise ValueError("vectors: no images for the test bench: give some, or None for 20 of ours")
    project = (_emit_sparse if is_sparse(model) else emit_standard)(hls_model, Path(output_dir), design)
    project = replace(project, vectors=(images, logits))
    write_project_files(project, images, logits)
    return project


def _emit_sparse(hls_model: CnnGraph, folder: Path, design: Design) -> RtlProject:
    keras_model = hls_model.keras_model
    top = top_name(keras_model.name)
    chain = stages(steps(hls_model))
    network, patch = SparseTop(chain, design), chain[0].step.patch or (1, 1)
    (height, width, channels), pixel = keras_model.input_shape[1:], pixel_format(keras_model)
    by_rows = design.interface == "rows"
    rows = network.rows * patch[0]  # of the image
    beat = (rows if by_rows else height) * width * channels
    text = network.top.render(
        top, in_bits=beat * pixel.bits, out_bits=network.channels * network.x.bits, end=network.time, data=network.net
    )
    sources = clear_project(folder)
    (sources / f"{top}.sv").write_text(text)
    copy_modules(network.top.modules, sources)
    return RtlProject(
        folder=folder,
        top=top,
        layers=network.top.groups,
        image_shape=(height, width, channels),
        pixel=pixel,
        interface=design.interface,
        beat=beat,
        beats=-(-height // rows) if by_rows else 1,
        logits=network.channels,
        logit=network.x.fixed(),
        ii=network.ii,
        period=float(design.period),
        about=f"Network `{keras_model.name}`, converted by hls4ml; {design}.",
    )
