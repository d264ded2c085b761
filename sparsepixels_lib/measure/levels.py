"""How many logic levels lie between two registers of a mapped netlist.

A level is what a signal passes on its way: a LUT or a DSP counts 1, a hop of a carry chain or a wide multiplexer 0.5,
an inverter or a buffer 0. What a path takes in ns, `timing.worst_paths` estimates.
"""

from typing import NamedTuple

from .netlist import TimingGraph
from .paths import Paths


class TimingPath(NamedTuple):
    """A path between two registers; the inputs and outputs of the top count as registers, too."""

    levels: float
    start: str  # instance path and name, "conv1.lane[3].product[7]"; a port of the top is "in_data[5]"
    end: str
    instance: str  # path of the instance in which it ends, "" for the top; for an output of the top, what drives it
    module: str  # what that is an instance of
    cells: str  # on the way, "6 LUT, 1 DSP, 3 CARRY"


def logic_levels(netlist: dict | TimingGraph, top: str = "") -> list[TimingPath]:
    """The deepest path that ends in each instance of a design, the deepest first; it may have crossed others.

    `netlist` is the dict that `tools.yosys.netlist` returns, or that of Yosys' `write_json` without its library
    cells, and `top` the top module; or the `TimingGraph` of both. Flip-flops, block RAMs, shift registers and LUT-RAMs
    start and end paths; to read a LUT-RAM or a shift register is 1 level. A DSP is 1 level from pin to pin, or between
    its pins and the registers it has inside. An instance in which no path ends is left out.

    Raises ValueError for a cell that is no Xilinx primitive, and for a combinational loop, with the nets in it.
    """
    graph = netlist if isinstance(netlist, TimingGraph) else TimingGraph(netlist, top)
    paths = Paths(graph, [arc.levels for arc in graph.arcs])
    found = [TimingPath(levels, **fields) for levels, _, fields in paths.worst()]
    return sorted(found, key=lambda path: -path.levels)
