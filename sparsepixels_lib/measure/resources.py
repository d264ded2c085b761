"""Synthesis without a licence: what an emitted RTL project takes of an UltraScale+, counted by Yosys.

LUTs, flip-flops and DSPs after technology mapping, before place and route. For SystemVerilog of your own,
`python -m sparsepixels_lib.measure.resources FILE.sv ... --top MODULE` prints the same for each of its modules.
"""

import argparse
import hashlib
import json
import re
import time
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import pandas as pd

from ..paths import DEVICE, EMBEDDED
from ..tools import yosys
from ..tools.files import whole_file
from .levels import logic_levels
from .netlist import TimingGraph
from .published import XCU250
from .reports import RESOURCES, tidy
from .timing import Element, WorstPath, report_path, routed, worst_paths

COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)  # what a table does not depend on
SCRIPT = yosys.ELABORATE + yosys.MAP
MAPPED = f"{DEVICE} (xcup mapping, no place and route)"
CELLS = {  # resource: {start of a primitive's name: how many of the resource it is}
    "lut": {"LUT": 1, "SRL": 1, "RAM32X1S": 1, "RAM32X1D": 2, "RAM32M16": 8, "RAM32M": 4, "RAM64X1S": 1}
    | {"RAM64X1D": 2, "RAM64M8": 8, "RAM64M": 4, "RAM128X1S": 2, "RAM128X1D": 4, "RAM256X1S": 4, "RAM512X1S": 8},
    "ff": {"FD": 1},
    "dsp": {"DSP48E2": 1},
    "bram18": {"RAMB18": 1, "RAMB36": 2},
    "muxf": {"MUXF": 1},
    "carry": {"CARRY": 1},
}


def synthesize_open(
    project,
    *,
    committed: str | Path | None = None,
    cache: str | Path | None = None,
    refresh: bool = False,
    progress: bool = True,
    parallel: int = 2,
) -> pd.DataFrame:
    """Per-module table of an emitted project (`rtl.project.RtlProject`), mapped by Yosys to UltraScale+ primitives.

    Rows: the layers of the project in dataflow order, `glue` (what else the top has) and `TOP`, to which all others
    sum. Columns: those of `reports.read_reports`, stage "yosys"; of the paths between registers that end in the layer,
    for TOP of all, `levels` of logic of the deepest (see `logic_levels`), and of the slowest the estimated `ns` and
    the period in ns to expect after routing, `ns_routed` (see `timing`). `worst_path` finds the slowest path of all.
    LUTs that are shift registers or memory are counted, and no two functions share a LUT, which is pessimistic against
    Vivado. Latency and ii are `pd.NA`: the simulation tells them.

    A table of the same sources, Yosys, script and delays is taken from the folder `cache` (by default
    project.folder/"yosys", which has the log, too). `committed` is a file of `write_table`, taken whatever Yosys made
    it, if the sources are the same; it prints which it is. `refresh=True` always synthesizes, in `parallel` processes.

    Raises what `tools.yosys.netlist` raises, and ValueError when a layer is no instance of the top.
    """
    if committed and Path(committed).exists() and not refresh and (table := load_table(committed, project)) is not None:
        return table
    cache = Path(cache or project.folder / "yosys")
    made_by = yosys.version(), SCRIPT, (EMBEDDED / "delays.csv").read_text()
    stored = cache / f"{sources_hash(project, *made_by)[:16]}.json"
    if stored.exists() and not refresh:
        return _restore(json.loads(stored.read_text()))
    log = cache / f"{project.top}.log"
    mapped = yosys.netlist(project.sources, project.top, log=log, progress=progress, parallel=parallel)
    table = _table(mapped, project)
    write_table(stored, project, table)
    return table


def write_table(path: str | Path, project, table: pd.DataFrame, more: dict | None = None) -> None:
    """Store a table of `synthesize_open`, with the hash of its sources, how it was made, and what `more` says."""
    rows = table.reindex(columns=["module", "group", *RESOURCES, "levels", "ns"])
    record = {
        "top": project.top,
        "sources": sources_hash(project),
        "tool": table["tool"].iloc[0],
        "made": time.strftime("%Y-%m-%d"),
        "script": SCRIPT.splitlines(),
        "rows": json.loads(rows.to_json(orient="records")),
        "worst_path": table.attrs.get("worst_path"),
    }
    with whole_file(path) as scratch:
        scratch.write_text(json.dumps(record | (more or {}), indent=1) + "\n")


def load_table(path: str | Path, project) -> pd.DataFrame | None:
    """A table that `write_table` stored; None when the project's sources are no longer those. Prints which it is.

    Raises ValueError when the file is no such table.
    """
    path = Path(path)
    try:
        record = json.loads(path.read_text())
        table = _restore(record)
        if record["sources"] == sources_hash(project):
            print(f"{project.top}: from {path.name}, made with {record['tool']} on {record['made']}")
            return table
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} is no table of write_table: delete it, and it will be synthesized again") from None
    print(f"{project.top}: {path.name} is stale: it was made on {record['made']} from other sources")
    return None


def worst_path(table: pd.DataFrame | str | Path) -> WorstPath:
    """The slowest path of a table of `synthesize_open`, or of a file of `write_table`: `report_path` prints it.

    Raises ValueError for a table that was made before paths were kept.
    """
    found = (json.loads(Path(table).read_text()) if isinstance(table, str | Path) else table.attrs).get("worst_path")
    if not found:
        raise ValueError("the table has no path: synthesize again with refresh=True, or with notebooks/tables.py")
    return WorstPath(**found | {"elements": [Element(*element) for element in found["elements"]]})


def modules(mapped: dict, top: str) -> pd.DataFrame:
    """What each module of a netlist takes, one instance with all that is in it; `top` first.

    Columns: `module`, `instances` in the design, `lut`, `ff`, `dsp`, `bram18`, `muxf`, `carry`; of the paths that end
    in its own registers, in any instance, the most `levels`, and of the slowest `ns`, `ns_routed`, the `assumed` share
    of ns, `start`, `end` and the `cells` between.
    """
    counts = _counts(mapped)
    instances = Counter({top: 1})
    graph = TimingGraph(mapped, top)
    deepest = {path.module: path.levels for path in reversed(logic_levels(graph))}
    paths = worst_paths(graph)
    slowest = {path.module: path for path in reversed(paths)}
    rows = []
    for module in reversed(counts):
        for cell in mapped["modules"][module]["cells"].values():
            instances[cell["type"]] += instances[module]
        row = {"module": yosys.plain(module), "instances": instances[module], **_resources(counts[module])}
        row["levels"] = deepest.get(module)
        if path := slowest.get(module):
            row |= {"ns": path.ns, "ns_routed": routed(path.ns), "assumed": path.assumed}
            row |= {"start": path.start, "end": path.end, "cells": path.cells}
        rows.append(row)
    return _with_path(pd.DataFrame(rows), paths)


def _table(mapped: dict, project) -> pd.DataFrame:
    counts, graph = _counts(mapped), TimingGraph(mapped, project.top)
    cells = mapped["modules"][project.top]["cells"]
    if unknown := [layer for layer in project.layers if layer not in cells]:
        raise ValueError(f"{project.top} has no instance {', '.join(unknown)}, but the project lists it as a layer")
    worst: dict[str, dict[str, float]] = {"TOP": {}, "glue": {}, **{layer: {} for layer in project.layers}}
    deepest, slowest = logic_levels(graph), worst_paths(graph)
    for figure, paths in (("levels", deepest), ("ns", slowest)):
        for path in paths:  # the worst first
            layer = path.instance.split(".")[0]
            for row in ("TOP", layer if layer in project.layers else "glue"):
                worst[row].setdefault(figure, getattr(path, figure))
    total = glue = counts[project.top]
    rows = []
    for layer, group in project.layers.items():
        found = counts[cells[layer]["type"]]
        glue = glue - found
        rows.append({"module": layer, "group": group, **_resources(found), **worst[layer]})
    rows.append({"module": "glue", "group": "fifo", **_resources(glue), **worst["glue"]})
    rows.append({"module": "TOP", "group": "total", **_resources(total), **worst["TOP"]})
    return _with_path(_restore({"rows": rows, "tool": f"Yosys {yosys.version()} ({yosys.package()})"}), slowest)


def _restore(record: dict) -> pd.DataFrame:
    rows = pd.DataFrame(record["rows"]).assign(stage="yosys", tool=record["tool"], device=MAPPED)
    figures = rows.reindex(columns=["levels", "ns"]).astype(float).round(3)
    table = tidy(rows, XCU250).assign(**figures, ns_routed=routed(figures["ns"]).round(3))
    table.attrs["worst_path"] = record.get("worst_path")
    return table


def _with_path(table: pd.DataFrame, paths: list[WorstPath]) -> pd.DataFrame:
    """The table with the slowest of its paths, in the form in which JSON keeps it."""
    table.attrs["worst_path"] = json.loads(json.dumps(paths[0]._asdict())) if paths else None
    return table


def sources_hash(project, *more: str) -> str:
    """Of the RTL of an emitted project without comments and white space, of its name, and of `more` texts."""
    sources = ((path.name, " ".join(COMMENT.sub(" ", path.read_text()).split())) for path in project.sources)
    texts = [project.top, *more, *(text for source in sources for text in source)]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _counts(mapped: dict) -> dict[str, Counter]:
    """{module: {primitive: count}}, all that is in it included; what is inside comes before what it is in."""
    own = {name: Counter(cell["type"] for cell in data["cells"].values()) for name, data in mapped["modules"].items()}
    counts: dict[str, Counter] = {}
    for name in TopologicalSorter({name: [kind for kind in own[name] if kind in own] for name in own}).static_order():
        counts[name] = Counter()
        for kind, number in own[name].items():
            inside = counts[kind] if kind in own else {kind: 1}
            counts[name].update({cell: number * count for cell, count in inside.items()})
    return counts


def _resources(cells: Counter) -> dict[str, int]:
    found = dict.fromkeys(CELLS, 0)
    for cell, count in cells.items():
        for resource, kinds in CELLS.items():
            found[resource] += count * next((size for kind, size in kinds.items() if cell.startswith(kind)), 0)
    return found


def main() -> None:
    """Print `modules` of the SystemVerilog files named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m sparsepixels_lib.measure.resources", description=__doc__)
    parser.add_argument("sources", nargs="+", type=Path, metavar="FILE.sv")
    parser.add_argument("--top", required=True, metavar="MODULE")
    parser.add_argument("--log", type=Path, default=Path("yosys.log"), help="default: yosys.log")
    options = parser.parse_args()
    try:
        mapped = yosys.netlist(options.sources, options.top, log=options.log)
    except (RuntimeError, ValueError, OSError) as error:
        parser.exit(1, f"error: {error}\n")
    except KeyboardInterrupt as stopped:
        parser.exit(130, f"{stopped}\n")
    table = modules(mapped, options.top)
    print(table.round(3).to_string(index=False, na_rep="", max_colwidth=60))
    if table.attrs["worst_path"]:
        print("", report_path(worst_path(table)), sep="\n")


if __name__ == "__main__":
    main()
