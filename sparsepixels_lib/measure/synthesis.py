"""Synthesis of a converted model: with open tools, or with the vendor's, where they are installed."""

import shutil
from pathlib import Path

import pandas as pd
from hls4ml.model import ModelGraph

from ..tools.process import MissingTool
from .open_flow import open_flow
from .reports import read_reports

HLS_TOOLS = {"vitis": "vitis-run", "vivado": "vivado_hls"}  # flow, named as the hls4ml backend: what that backend calls
LOGS = ["build_stdout.log", "build_stderr.log", "vivado_hls.log"]  # the first two by Vitis, the last by Vivado HLS


def available_tools() -> dict[str, str | None]:
    """Where each synthesis tool is, None for one that is not on the PATH."""
    return {tool: shutil.which(tool) for tool in (*HLS_TOOLS.values(), "vivado")}


def synthesize(
    hls_model: ModelGraph, *, flow: str = "auto", csynth: bool = True, vsynth: bool = True, **open_options
) -> pd.DataFrame:
    """Synthesize a converted model: with open tools, or with Vitis or Vivado in minutes to hours. A module a row.

    flow="open" emits SystemVerilog, checks it in simulation and maps it with Yosys: `open_options` and the table are
    those of `open_flow.open_flow`, and nothing but pip-installed packages and g++ is needed. Any other flow is
    the vendor's, and the table that of `reports.read_reports`.

    `csynth` is C-synthesis, which gives latency and an estimate of the resources; `vsynth` is Vivado's logic synthesis
    of its result (with `csynth=False`: of an earlier one). The flow is that of the backend the model was converted for;
    "vitis" or "vivado" insist on one. hls4ml writes the project into the model's output directory and runs the tool
    there; reports and logs of an earlier run are kept as `*.old`.

    Raises MissingTool when a tool is not on the PATH, ValueError when `flow` is not that of the model, and RuntimeError
    with the last line of the tool's log when the tool fails or leaves no report.
    """
    if not hasattr(hls_model, "config"):
        raise TypeError(f"synthesize takes what convert returns, not {type(hls_model).__name__}")
    if flow == "open":
        if not (csynth and vsynth):
            raise ValueError("csynth and vsynth are steps of the vendor's flow: flow='open' has neither")
        return open_flow(hls_model, **open_options)
    if open_options:
        raise TypeError(f"{', '.join(open_options)}: only flow='open' takes that")
    if flow not in ("auto", *HLS_TOOLS):
        raise ValueError(f"flow={flow!r}: choose 'open', or for the vendor's tools 'auto', 'vitis' or 'vivado'")
    if not csynth and not vsynth:
        raise ValueError("csynth=False and vsynth=False leave nothing to do; read_reports reads a finished run")
    tool = _vendor_tool(hls_model.config.backend.name, flow, vsynth)
    folder = Path(hls_model.config.get_output_dir())
    reports = _prepare(hls_model, folder, csynth, vsynth)
    options = {"log_to_stdout": False} if tool == "vitis-run" else {}
    try:
        hls_model.build(csim=False, synth=csynth, vsynth=vsynth, cosim=False, validation=False, **options)
    except Exception as error:
        raise RuntimeError(f"{tool} failed in {folder}: {_last_line(folder)}") from error
    for report in reports:
        if not (folder / report).exists():
            raise RuntimeError(f"{tool} left no {report} in {folder}: {_last_line(folder)}")
    return read_reports(folder)


def _vendor_tool(backend: str, flow: str, vsynth: bool) -> str:
    """The program of a backend. Raises ValueError for another flow than its own, MissingTool for one not installed."""
    if backend.lower() not in HLS_TOOLS or flow not in ("auto", backend.lower()):
        raise ValueError(
            f"flow={flow!r} cannot build a model converted for {backend}: convert it with backend='Vitis' (vitis-run) "
            "or 'Vivado' (vivado_hls), and leave flow='auto'"
        )
    tool = HLS_TOOLS[backend.lower()]
    for needed in [tool, "vivado"] if vsynth else [tool]:
        if not shutil.which(needed):
            raise MissingTool(
                f"{needed} is not on the PATH, so {backend} cannot synthesize this model: source settings64.sh of the "
                "vendor's installation before Python starts, or look at the published figures: "
                "measure.published.modules()"
            )
    return tool


def _prepare(hls_model: ModelGraph, folder: Path, csynth: bool, vsynth: bool) -> list[str]:
    """Write the project into `folder` and put earlier reports aside; the reports that this run must leave."""
    hls_model.write()
    script = folder / "vivado_synth.tcl"  # hls4ml's own asks for the total only
    stock = "report_utilization -file vivado_synth.rpt"
    script.write_text(script.read_text().replace(stock, f"{stock} -hierarchical -hierarchical_depth 1"))
    name = hls_model.config.get_project_name()
    reports = [f"{name}_prj/solution1/syn/report/{name}_csynth.xml"] if csynth else []
    reports += ["vivado_synth.rpt"] if vsynth else []
    for stale in {*reports, *LOGS, "vivado_synth.rpt"}:  # an old report must not pass for the result of this run
        if (folder / stale).exists():
            (folder / stale).replace(folder / f"{stale}.old")
    return reports


def _last_line(folder: Path) -> str:
    lines = [line for log in LOGS if (folder / log).exists() for line in (folder / log).read_text().splitlines()]
    return next((line for line in reversed(lines) if line.strip()), "it wrote no log")
