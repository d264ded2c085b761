"""From a converted model to cycles and LUTs with tools that pip installs: emit, check by simulation, synthesise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from hls4ml.model.graph import ModelGraph

from ..cpp.emulate import emulate
from ..cpp.nodes import InputReduceNode
from ..network.exact import exact_predict
from ..rtl.design import BALANCED, Design
from ..rtl.emit import emit_rtl
from ..rtl.files import some_images, write_project_files
from ..rtl.project import RtlProject
from .resources import synthesize_open
from .simulation import Simulation, simulate

LEVELS = 12  # logic levels between two registers that the design points keep to


def check_rtl(project: RtlProject, hls_model: ModelGraph, images: np.ndarray) -> tuple[Simulation, Simulation]:
    """Simulate `images` (B, H, W, C) as single events and back to back, and compare the logits with `==`.

    RTL must equal `exact_predict`; a sparse network's compiled C++ must, too (stock hls4ml's average pooling, in a
    standard CNN, rounds otherwise). Returns both simulations. Raises RuntimeError that names the first event that
    differs, and what `simulate` and `emulate` raise.
    """
    expected = exact_predict(hls_model.keras_model, images)
    single, full_rate = simulate(project, images, back_to_back=False), simulate(project, images)
    found = {"RTL": single.logits, "RTL with events back to back": full_rate.logits}
    if any(isinstance(node, InputReduceNode) for node in hls_model.get_layers()):
        found["C++"] = emulate(hls_model, images)
    for name, logits in found.items():
        wrong = (logits != expected).any(axis=1)
        if wrong.any():
            event = int(wrong.argmax())
            raise RuntimeError(
                f"{project.top}: {name} differs from exact_predict in {wrong.sum()} of {len(images)} events, first in "
                f"event {event}: {logits[event]}, not {expected[event]}"
            )
    return single, full_rate


def open_flow(
    hls_model: ModelGraph,
    images: np.ndarray | None = None,
    *,
    design: Design = BALANCED,
    output_dir: str | Path | None = None,
    committed: str | Path | None = None,
    refresh: bool = False,
) -> pd.DataFrame:
    """Emit the RTL of a converted model, check it in simulation and map it with Yosys: what it takes, a module a row.

    The table is that of `yosys.synthesize_open`, with the simulated latency and initiation interval of TOP in clock
    cycles. `images` (B, H, W, C) are simulated, by default 20 random ones; the first 20 become the vectors of the
    project's test bench. The self-contained project is in `output_dir`, by default the folder "rtl" beside the C++
    project. `committed` and `refresh` are those of `synthesize_open`.

    Raises RuntimeError if any logit differs from `exact_predict`, MissingTool without Verilator, Yosys, g++ or make,
    and what `emit_rtl` and `synthesize_open` raise.
    """
    if images is not None and not len(images):
        raise ValueError("no images to simulate: give some, or None for 20 random ones")
    folder = Path(output_dir or Path(hls_model.config.get_output_dir()) / "rtl")
    project = emit_rtl(hls_model, folder, design)
    if images is None:
        images = some_images(hls_model)
    single, full_rate = check_rtl(project, hls_model, images)
    write_project_files(project, images[:20], single.logits[:20], measured=single.summary())
    table = synthesize_open(project, committed=committed, refresh=refresh)
    top = table["module"] == "TOP"
    table.loc[top, ["latency_min", "latency_max"]] = single.latency.min(), single.latency.max()
    if full_rate.ii:
        table.loc[top, "ii"] = full_rate.ii[1]
    if (deepest := table.loc[top, "levels"].item()) > LEVELS:
        print(f"{project.top}: the deepest stage has {deepest:g} logic levels, above {LEVELS}: see the column `levels`")
    return table
