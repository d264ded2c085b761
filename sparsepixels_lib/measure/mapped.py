"""An emitted project as Yosys has mapped it, for simulation: what synthesis makes of it must compute the same."""

import shutil
from dataclasses import replace

from ..paths import rtl_modules
from ..rtl.project import RtlProject
from ..tools import yosys


def mapped(project: RtlProject) -> RtlProject:
    """The netlist of primitives that Yosys maps `project` to, as a project that `simulate` and `check_rtl` take.

    It is in project.folder/"mapped": a Verilog module for each mapped one, Yosys' models of LUTs, registers, carry
    chains and multiplexers, and ours of DSPs and block RAM (hls/rtl/simulation). Ports, cycles and vectors are those of
    `project`. Nothing of it is for synthesis, and it has no delays: only whether the logic is right is seen.

    Raises what `tools.yosys.netlist` raises; `simulate` raises RuntimeError for a primitive, or a use of one, that no
    model knows.
    """
    folder = project.folder / "mapped"
    shutil.rmtree(folder / "rtl", ignore_errors=True)
    (folder / "rtl").mkdir(parents=True)
    netlist = yosys.netlist(project.sources, project.top, log=folder / f"{project.top}.log")
    yosys.write_verilog(netlist, folder / "rtl" / f"{project.top}.sv", project.top)
    shutil.copyfile(yosys.models(), folder / "rtl" / "cells_sim.sv")
    shutil.copy(rtl_modules() / "simulation" / "primitives.sv", folder / "rtl")
    return replace(project, folder=folder)
