"""What the open flow estimates of a design beside what the vendor's tool found when it had placed and routed it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from ..paths import DEVICE
from ..rtl.project import RtlProject, is_project
from .implementation import SCRIPT, Report, read_timing, read_utilization
from .resources import sources_hash

OURS = "ours (Yosys, estimated, not placed)"
VENDOR = "vendor, after routing"
STATES = {"synth": "Synthesized", "route": "Routed"}  # the stage in a report's name: state of the design in it
ROWS = ["clock period [ns]", "delay, estimate after synthesis [ns]", "delay after routing [ns]"]
ROWS += ["hold slack after routing [ns]", "latency [cycles]", "latency [ns]", "LUT", "FF", "DSP", "BRAM18"]
LATENCY = "cycles x the longer of period and delay after routing"
NAN = float("nan")


def estimated(project: RtlProject, table: pd.DataFrame) -> pd.DataFrame:
    """Delay, latency and resources of an emitted project as the open flow has them: the column that `placed` has, too.

    `table` is that of `measured`, or of `synthesize_open`, which knows no cycles. Rows: clock period, delay of the
    slowest stage as estimated after synthesis and after routing (columns `ns` and `ns_routed` of TOP), hold slack,
    latency, LUT, FF, DSP and block RAM in halves; what is not known is NaN. Latency in ns is that in cycles times the
    period, or times the delay after routing where that is longer. Columns: `OURS`, and `source` of the figure.

    Raises ValueError for another table.
    """
    top = table[table["module"] == "TOP"] if "module" in table else table[:0]
    if len(top) != 1 or top["stage"].item() != "yosys":
        raise ValueError("table has no row TOP of Yosys: give the table of measured or synthesize_open")
    top = top.iloc[0]
    delays = _known(top, "ns"), _known(top, "ns_routed")
    resources = [_known(top, name) for name in ("lut", "ff", "dsp", "bram18")]
    column = _column(project.period, *delays, NAN, _known(top, "latency_max"), *resources)
    source = dict.fromkeys(ROWS, top["tool"]) | dict.fromkeys(ROWS[1:3], f"estimated on the netlist of {top['tool']}")
    source |= {"clock period [ns]": "constraint", "latency [cycles]": "simulated", "latency [ns]": LATENCY}
    source |= {row: "not known" for row, value in column.items() if pd.isna(value)}
    return pd.DataFrame({OURS: column, "source": source})


def placed(
    project: RtlProject, table: pd.DataFrame, folder: str | Path | None = None, *, part: str = DEVICE
) -> pd.DataFrame:
    """`estimated`, and beside it the column `VENDOR`: of the reports that vivado/place_and_route.tcl left.

    `folder` holds them, by default project.folder/"vivado"; `part` is the one that the script was run for. The delay is
    period - WNS, after synthesis and after routing; cycles are those simulated of the same sources. A negative hold
    slack is a design that works at no frequency. `source` names the report.

    Raises FileNotFoundError for a folder without an emitted project or without a report, and says which command makes
    it; ValueError for reports of another design, other sources, another part or stage, what `read_timing` and
    `read_utilization` raise, and what `estimated` raises.
    """
    if not is_project(project.folder):
        raise FileNotFoundError(f"{project.folder} holds no emitted project: emit_rtl writes one")
    folder = Path(folder or project.folder / "vivado")
    result = estimated(project, table)
    paths = {stage: [folder / f"post_{stage}_{kind}.rpt" for kind in ("timing", "util")] for stage in STATES}
    timing = {stage: read_timing(path) for stage, (path, _) in paths.items()}
    used = {stage: read_utilization(path) for stage, (_, path) in paths.items()}
    for stage, state in STATES.items():
        for path, report in zip(paths[stage], (timing[stage], used[stage]), strict=True):
            _check(path, report, project.top, part, state)
    if sources_hash(replace(project, folder=folder)) != sources_hash(project):
        raise ValueError(f"{folder} has reports of other sources than {project.folder / 'rtl'}: run `{SCRIPT}` again")

    routed, last = timing["route"], used["route"]
    before, after, util = (path.name for path in (paths["synth"][0], *paths["route"]))
    delays, counts = (timing["synth"].achieved, routed.achieved), (last.lut, last.ff, last.dsp, last.bram18)
    result.insert(1, VENDOR, _column(routed.period, *delays, routed.whs, result[OURS]["latency [cycles]"], *counts))
    reports = [after, before, after, after, "the same cycles", LATENCY, *[util] * len(counts)]
    result["source"] = [f"{ours}; vendor: {theirs}" for ours, theirs in zip(result["source"], reports, strict=True)]
    result.attrs["tool"], result.attrs["device"] = last.tool, last.device
    return result


def _column(period: float, before: float, after: float, hold: float, cycles: float, *resources: float) -> pd.Series:
    """The figures of `ROWS`, counts as integers, with the latency in ns."""
    slowest = period if pd.isna(after) else max(period, after)
    return pd.Series([period, before, after, hold, cycles, cycles * slowest, *resources], ROWS, dtype=object)


def _known(row: pd.Series, name: str) -> float:
    """The figure `name` of a row of a table, NaN where there is none; counts are integers."""
    value = row.get(name)
    return NAN if pd.isna(value) else value.item() if hasattr(value, "item") else value


def _check(path: Path, report: Report, top: str, part: str, state: str) -> None:
    """Raise ValueError unless a report is of the design `top` on `part`, in the state that its name promises."""
    if report.design != top:
        raise ValueError(f"{path} is of the design {report.design}, the project's top is {top}: run `{SCRIPT}` again")
    # A timing report leaves out the speed grade, Vivado 2020.1 a dash and the temperature
    if not part.replace("-", "").startswith(report.device.replace("-", "")):
        raise ValueError(f"{path} is for {report.device}, not for {part}: say part= as -tclargs did, or run it again")
    if report.state not in (state, None):
        raise ValueError(f"{path} is of a design in the state {report.state}, not {state}: run `{SCRIPT}` again")
