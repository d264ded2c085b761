"""How many logic levels lie between two registers of a mapped netlist.

A level is what a signal passes on its way: a LUT or a DSP counts 1, a hop of a carry chain or a wide multiplexer 0.5,
an inverter or a buffer 0. `timing.worst_paths` says the same in nanoseconds.
"""

import re
from collections import Counter
from typing import NamedTuple

from .netlist import Design
from .paths import Paths


class TimingPath(NamedTuple):
    """A path between two registers; the inputs and outputs of the top count as registers, too."""

    levels: float
    start: str  # instance path and name, "conv1.lane[3].product[7]"; a port of the top is "in_data[5]"
    end: str
    instance: str  # path of the instance in which it ends, "" for the top; for an output of the top, what drives it
    module: str  # what that is an instance of
    cells: str  # on the way, "6 LUT, 1 DSP, 3 CARRY"


def logic_levels(netlist: dict | Design, top: str = "") -> list[TimingPath]:
    """The deepest path that ends in each instance of a design, the deepest first; it may have crossed others.

    `netlist` is the dict that `tools.yosys.netlist` returns, or that of Yosys' `write_json` without its library
    cells; `top` the top module. Flip-flops, block RAMs, shift registers and LUT-RAMs start and end paths; to read a
    LUT-RAM or a variable shift register at an address is 1 level. A DSP is 1 level from pin to pin, or between its pins
    and the registers it has inside. An instance in which no path ends is left out.

    Raises ValueError for a cell that is no Xilinx primitive, and for a combinational loop, with the nets in it.
    """
    design = netlist if isinstance(netlist, Design) else Design(netlist, top)
    arcs = design.arcs
    paths = Paths(design, [arc.levels for arc in arcs])
    found = []
    for instance, (levels, end) in paths.worst().items():
        steps = list(paths.back(end))
        passed = Counter(short(arcs[index].cell) for index, _ in steps[1:] if arcs[index].levels)
        path, module, _ = design.instances[instance]
        start = steps[-1][0], (steps[-2][1] if len(steps) > 1 else end[1])
        last = end[0], (arcs[end[0]].outputs or [end[1]])[0]
        cells = ", ".join(f"{count} {cell}" for cell, count in passed.items())
        found.append(TimingPath(levels, design.name(*start), design.name(*last), path, module.name, cells))
    return sorted(found, key=lambda path: -path.levels)


def short(cell: str) -> str:
    """The kind of a cell: LUT for LUT6."""
    return re.sub(r"^(LUT|CARRY|MUXF|DSP|RAM|SRL).*", r"\1", cell)
