"""Vendor synthesis reports as one tidy table: one row a module, the same columns for every tool.

The top module's text report says which modules the design has, and in which order; each module's figures are in its XML
report; logic synthesis is `vivado_synth.rpt`, written with `report_utilization -hierarchical`.
"""

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

RESOURCES = ["bram18", "dsp", "ff", "lut"]
COUNTS = ["latency_min", "latency_max", "ii", *RESOURCES]
COLUMNS = ["module", "group", *COUNTS, *(f"{name}_pct" for name in RESOURCES), "stage", "tool", "device"]

GROUPS = {  # part of the C++ function's name: its group; the first that fits
    "input_reduce": "input reduction",
    "conv2d_sparse": "sparse conv",  # ours
    "sparse_conv": "sparse conv",  # the published firmware's
    "conv": "conv",
    "relu": "relu",
    "pool": "pool",
    "flatten": "flatten",
    "zeropad": "zero pad",
    "dense": "mlp",
    "sigmoid": "mlp",
    "softmax": "mlp",
}


def read_reports(folder: str | Path) -> pd.DataFrame:
    """Per-module table of an hls4ml project that Vivado or Vitis has synthesized.

    Rows: for each stage the instances of the top module in dataflow order, then `FIFO` (all of them together), `glue`
    (the top module's own logic) and `TOP` (the report's own total). A module that is instantiated twice has two rows;
    modules inside modules are part of their parent. In every stage the resources of all other rows sum to those of TOP.
    After logic synthesis that takes a negative row `shared LUTs`: Vivado packs small functions of two modules into one
    LUT and counts it in both.

    Columns: `module` (the instance's name), `group` (the operation, numbered in dataflow order: "sparse conv 1",
    "relu 1", ..., "mlp"; "fifo" for the last rows, "total" for TOP, "other" for what is no layer we know),
    `latency_min`, `latency_max` and `ii` in clock cycles, `bram18`, `dsp`, `ff`, `lut`, their percentage of the device
    (`bram18_pct`, ...), `stage` ("csynth": estimate of the HLS tool; "vsynth": after logic synthesis, before place and
    route), `tool`, `device`. What a report does not say is `pd.NA`.

    Raises FileNotFoundError when a report is missing, ValueError when one is empty, cut short or of another kind.
    """
    folder = Path(folder)
    tops = sorted(folder.glob("*_prj/solution1/syn/report"))
    if len(tops) != 1:
        found = f"{len(tops)} folders" if tops else "no folder"
        raise FileNotFoundError(
            f"{folder} has {found} *_prj/solution1/syn/report: give the folder of one hls4ml project after C-synthesis"
        )
    csynth, available = _read_csynth(tops[0], top=tops[0].parents[2].name.removesuffix("_prj"))
    stages = [csynth]
    if (vsynth := folder / "vivado_synth.rpt").exists():
        stages.append(_read_vsynth(vsynth, csynth.set_index("module")["group"].to_dict()))
    devices = [stage["device"].iloc[0] for stage in stages]
    if not devices[0].replace("-", "").startswith(devices[-1].replace("-", "")):  # Vivado 2020.1 drops dash and grade
        raise ValueError(f"{vsynth} is for {devices[-1]}, C-synthesis for {devices[0]}: run logic synthesis again")
    return tidy(pd.concat(stages), available)


def tidy(rows: pd.DataFrame, available: dict[str, int]) -> pd.DataFrame:
    """`rows` with the table's columns, counts as nullable integers, and percent of `available` (resource: count)."""
    table = rows.reindex(columns=COLUMNS).astype(dict.fromkeys(COUNTS, "Int64")).reset_index(drop=True)
    for name in RESOURCES:
        table[f"{name}_pct"] = 100 * table[name] / available[name]
    return table


def groups(instances: Iterable[str]) -> list[str]:
    """The group of each instance of a top module, given in dataflow order.

    Convolutions and pools count themselves; a relu has the number of the convolution before it, and one after the first
    dense layer belongs to the mlp.
    """
    found: list[str] = []
    count = Counter()
    for instance in instances:
        function = re.split("_(?:ap_|array)", instance)[0]  # the template's arguments follow, and name other operations
        group = next((group for part, group in GROUPS.items() if part in function), "other")
        if group == "relu":
            group = "mlp" if "mlp" in found else f"relu {count['sparse conv'] + count['conv']}"
        elif group in ("sparse conv", "conv", "pool"):
            count[group] += 1
            group = f"{group} {count[group]}"
        found.append(group)
    return found


def _read_csynth(folder: Path, top: str) -> tuple[pd.DataFrame, dict[str, int]]:
    path = folder / f"{top}_csynth.rpt"
    text = _read(path)
    total, available, version, device = _read_xml(folder / f"{top}_csynth.xml")
    product = re.search("== (Vitis|Vivado) HLS Report for", text)
    section = re.search(r"== Utilization Estimates(.*?\|FIFO .*?)\+ Detail:", text, re.S)
    if not (product and section):
        raise ValueError(f"{path} is not the complete C-synthesis report of a top module: run C-synthesis again")
    modules = dict(_instances(path, text, product[1]))
    rows = [{"module": name, **_read_xml(folder / f"{module}_csynth.xml")[0]} for name, module in modules.items()]

    summary = dict(re.findall(r"^\|(\w+) *\|(.*)\|$", section[1], re.M))  # its columns: BRAM_18K, DSP, FF, LUT, URAM
    own = summary.keys() - {"Instance", "FIFO", "Total", "Available"}
    for module, lines in {"FIFO": {"FIFO"}, "glue": own}.items():
        cells = [[0 if cell.strip() == "-" else int(cell) for cell in summary[line].split("|")] for line in lines]
        rows.append({"module": module, **dict(zip(RESOURCES, map(sum, zip(*cells, strict=True)), strict=False))})
    if any(sum(row[name] for row in rows) != total[name] for name in RESOURCES):
        raise ValueError(f"{path}: its modules do not sum to its total, so they are of different runs; run it again")
    rows.append({"module": "TOP", **total})
    table = pd.DataFrame(rows).assign(stage="csynth", tool=f"{product[1]} HLS {version}", device=device)
    return table.assign(group=[*groups(modules), "fifo", "fifo", "total"]), available


def _instances(path: Path, text: str, product: str) -> list[tuple[str, str]]:
    """(instance, module) of the top module, in dataflow order."""
    section = re.search(r"\* Instance: *\n(.*?)\* Loop:", text, re.S)
    if not section:
        raise ValueError(f"{path} has no list of instances: run C-synthesis again")
    pairs = re.findall(r"^ *\|(\w+) *\|(\w+) *\| *[\d?]", section[1], re.M)
    if product == "Vitis":
        return pairs  # listed in dataflow order
    # Vivado HLS lists them in no order; hls4ml numbers the layers, and the number is in the name.
    layers = {pair: re.search(r"_config(\d+)_", pair[0]) for pair in pairs}
    if unknown := [pair[0] for pair, layer in layers.items() if not layer and groups([pair[0]])[0][-1].isdigit()]:
        raise ValueError(f"{path}: {unknown[0]} has no layer number, and Vivado HLS does not tell the order; use Vitis")
    return sorted(pairs, key=lambda pair: int(layers[pair][1]) if layers[pair] else 0)


def _read_xml(path: Path) -> tuple[dict, dict[str, int], str, str]:
    """Counts of one module, what the device has, version of the tool, device."""
    try:
        root = ET.fromstring(_read(path))
        dsp = "DSP48E" if root.find("AreaEstimates/Resources/DSP48E") is not None else "DSP"  # Vivado HLS, Vitis HLS
        tags = dict(zip(RESOURCES, ["BRAM_18K", dsp, "FF", "LUT"], strict=True))
        used, available = (
            {name: int(root.findtext(f"AreaEstimates/{area}/{tag}")) for name, tag in tags.items()}
            for area in ("Resources", "AvailableResources")
        )
        cycles = {"latency_min": "Best-caseLatency", "latency_max": "Worst-caseLatency", "ii": "Interval-max"}
        for name, tag in cycles.items():
            text = root.findtext(f"PerformanceEstimates/SummaryOfOverallLatency/{tag}", "")
            used[name] = int(text) if text.isdigit() else pd.NA  # "undef" or "?" where the tool cannot tell
        return used, available, root.findtext("ReportVersion/Version"), root.findtext("UserAssignments/Part")
    except (ET.ParseError, TypeError, ValueError) as error:
        reason = error if isinstance(error, ET.ParseError) else "it gives no resources"
        raise ValueError(f"{path} is not a complete C-synthesis report ({reason}): run C-synthesis again") from None


def _read_vsynth(path: Path, csynth: dict[str, str]) -> pd.DataFrame:
    """Rows of logic synthesis; `csynth` has the group of every row of C-synthesis."""
    text = _read(path)
    tool, device = re.search(r"Tool Version : (Vivado v\.\S+)", text), re.search(r"Device +: (\S+)", text)
    lines = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("|")]
    header = next(([cell.strip() for cell in line] for line in lines if line and line[0].strip() == "Instance"), None)
    if not (tool and device and header):
        raise ValueError(
            f"{path} is no Vivado report with a table of instances: it must be written by `report_utilization "
            "-hierarchical`, which hls4ml's own script leaves out; `synthesize` puts it in"
        )
    cells = pd.DataFrame([line for line in lines if len(line) == len(header)], columns=header)
    cells = cells[cells["FFs"].str.strip().str.isdigit()]
    depth = cells["Instance"].str.extract("^( *)")[0].str.len() // 2  # 0: the design, 1: what is in it, 2: inside that
    cells = cells.apply(lambda column: column.str.strip())
    dsp = next(name for name in header if name.startswith("DSP"))
    counts = cells[["RAMB36", "RAMB18", dsp, "FFs", "Total LUTs"]].astype(int)
    counts = pd.DataFrame(
        {
            "bram18": 2 * counts["RAMB36"] + counts["RAMB18"],  # one RAMB36 is two BRAM18
            "dsp": counts[dsp],
            "ff": counts["FFs"],
            "lut": counts["Total LUTs"],
        }
    )

    def row(instance: str, module: str) -> str:
        if instance in csynth:
            return instance
        if re.search(r"fifo_w\d|start_for_", module):
            return "FIFO"
        if module == "(top)" or groups([instance]) == ["other"]:
            return "glue"
        raise ValueError(f"{path}: C-synthesis knows no {instance}: they are of different runs; synthesize again")

    names = cells[depth == 1].apply(lambda cell: row(cell["Instance"], cell["Module"]), axis=1)
    table = counts[depth == 1].groupby(names).sum()
    table = table.loc[[name for name in csynth if name in table.index]]
    total = counts[depth == 0].sum()
    shared = total - table.sum()
    if shared[["bram18", "dsp", "ff"]].any() or shared["lut"] > 0:
        raise ValueError(f"{path} is cut short: its rows do not sum to its total; run logic synthesis again")
    if shared["lut"]:
        table.loc["shared LUTs"] = shared
    table.loc["TOP"] = total
    table = table.rename_axis("module").reset_index()
    group = table["module"].map(csynth).fillna("fifo")
    return table.assign(group=group, stage="vsynth", tool=tool[1], device=device[1])


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is missing: run C-synthesis again") from None
