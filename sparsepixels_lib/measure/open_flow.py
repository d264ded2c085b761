"""From a converted model to cycles and LUTs with tools that pip installs: emit, check by simulation, synthesise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from ..cpp.emulate import CnnGraph
from ..rtl.design import BALANCED, Design
from ..rtl.emit import emit_rtl
from ..rtl.files import state_measured
from ..rtl.project import RtlProject
from .check import check_rtl
from .resources import synthesize_open


def open_flow(
    hls_model: CnnGraph,
    images: np.ndarray | None = None,
    *,
    design: Design = BALANCED,
    output_dir: str | Path | None = None,
    committed: str | Path | None = None,
    refresh: bool = False,
) -> pd.DataFrame:
    """Emit the RTL of a converted model, check it in simulation and map it with Yosys: what it takes, a module a row.

    `images` (B, H, W, C) are simulated, by default 20 random ones; the first 20 become the vectors of the project's
    test bench. The self-contained project is in `output_dir`, by default the folder "rtl" beside the C++ project. The
    table, and the other options, are those of `measured`; raises what `emit_rtl` and `measured` raise.
    """
    if images is not None and not len(images):
        raise ValueError("no images to simulate: give some, or None for 20 random ones")
    folder = Path(output_dir or Path(hls_model.config.get_output_dir()) / "rtl")
    project = emit_rtl(hls_model, folder, design, vectors=None if images is None else images[:20])
    return measured(project, hls_model, images, committed=committed, refresh=refresh)


def measured(
    project: RtlProject,
    hls_model: CnnGraph,
    images: np.ndarray | None = None,
    *,
    committed: str | Path | None = None,
    refresh: bool = False,
) -> pd.DataFrame:
    """The table of `resources.synthesize_open` of an emitted project, with simulated cycles: the project is checked
    with `images` (B, H, W, C), by default its own vectors, and its README then says what was measured.

    `committed` and `refresh` are those of `synthesize_open`; latency and ii of TOP are in clock cycles. Raises
    RuntimeError if any logit differs from `exact_predict`, and when a project with a `period` does not keep it (see
    `check_period`), MissingTool without Verilator, Yosys or g++, and what `synthesize_open` raises.
    """
    agreement = check_rtl(project, hls_model, project.vectors[0] if images is None else images).require_equal()
    single, full_rate = agreement.single, agreement.full_rate
    state_measured(project, single.summary())
    table = synthesize_open(project, committed=committed, refresh=refresh)
    top = table["module"] == "TOP"
    table.loc[top, ["latency_min", "latency_max"]] = single.latency.min(), single.latency.max()
    if full_rate.ii:
        table.loc[top, "ii"] = full_rate.ii[1]
    if period := getattr(project, "period", None):
        check_period(table, period)
    return table


def check_period(table: pd.DataFrame, period: float) -> None:
    """Raise RuntimeError when a module of a table of `synthesize_open` needs more than a clock `period` in ns.

    What it needs is `ns_routed`, an estimate: docs/timing.md says how far it holds.
    """
    stages = table[table["module"] != "TOP"].dropna(subset="ns_routed")
    if stages.empty:
        raise RuntimeError("the table does not say what its modules take in ns: synthesize again with refresh=True")
    worst = stages.loc[stages["ns_routed"].idxmax()]
    if worst["ns_routed"] > period:
        raise RuntimeError(
            f"{worst['module']} needs {worst['ns_routed']:.2f} ns after routing (estimate of its slowest path: "
            f"{worst['ns']:.2f} ns), more than the period of {period:g} ns: put a register into it, choose knobs that "
            "compute less in a cycle, or a longer period; measure.report_path(measure.worst_path(table)) shows it"
        )
