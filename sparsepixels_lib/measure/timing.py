"""Static timing analysis of a mapped netlist in ns: what stands between its registers, cell by cell and net by net.

`ns` is what synthesis would estimate, nothing being placed: the delays of `delays` along the slowest path, from clock
to setup. `routed` is what to expect after routing. docs/timing.md says what both rest on, and how far that was tested.
"""

from typing import NamedTuple

from ..rtl.timing import ROUTED, UNCERTAINTY
from .cells import Arc
from .delays import Delay, delays, net
from .netlist import TimingGraph
from .paths import Paths, Step


class Element(NamedTuple):
    """A cell or a net on a path."""

    what: str  # "LUT5 I->O", "net, fan-out 12"
    net: str  # that comes out of the cell, or is passed
    ns: float
    basis: str  # "measured", "composed" or "assumed"


class WorstPath(NamedTuple):
    """The slowest path that ends in an instance; the inputs and outputs of the top count as flip-flops, too."""

    ns: float  # from clock to setup, estimated
    assumed: float  # the share of it, 0 to 1, that rests on assumed delays
    start: str  # instance path and name, "conv1.lane[3].product[7]"; a port of the top is "in_data[5]"
    end: str
    instance: str  # path of the instance in which it ends, "" for the top; for an output of the top, what drives it
    module: str  # what that is an instance of
    cells: str  # on the way, "6 LUT, 1 DSP, 3 CARRY"
    elements: list[Element]


def routed(ns: float, uncertainty: float = UNCERTAINTY) -> float:
    """The period in ns that a path estimated as `ns` needs after routing, with the `uncertainty` of the clock in ns."""
    return ROUTED * ns + uncertainty


def worst_paths(netlist: dict | TimingGraph, top: str = "") -> list[WorstPath]:
    """The slowest path that ends in each instance of a design, the slowest first; it may have crossed others.

    `netlist` and `top`, what starts and ends paths, and the errors are those of `logic_levels`; the paths within a DSP
    between two of its registers count, too. The fan-out of a net is that in the whole design, across its hierarchy.
    """
    graph = netlist if isinstance(netlist, TimingGraph) else TimingGraph(netlist, top)
    known, wires = delays(), _Wires(graph)
    paths = Paths(graph, [sum(known[key].ns for key in arc.ns) for arc in graph.arcs], wires)
    found = []
    for ns, steps, fields in paths.worst():
        elements = _elements(graph, wires, steps)
        assumed = sum(element.ns for element in elements if element.basis == "assumed")
        found.append(WorstPath(ns, assumed / ns, **fields, elements=elements))
    return sorted(found, key=lambda path: -path.ns)


def report_path(path: WorstPath) -> str:
    """A path as a timing report prints it: a line an element with its ns, their sum so far, basis and net."""
    width = max(len(element.what) for element in path.elements)
    lines = [
        f"{path.ns:.3f} ns estimated, {routed(path.ns):.2f} ns to expect after routing; "
        f"{100 * path.assumed:.0f} % of the estimate is assumed",
        f"from {path.start}",
        f"to   {path.end}",
        f"{'element':{width}}     ns    sum  basis     net",
    ]
    so_far = 0.0
    for element in path.elements:
        so_far += element.ns
        lines.append(f"{element.what:{width}} {element.ns:6.3f} {so_far:6.3f}  {element.basis:8}  {element.net}")
    return "\n".join(lines)


class _Wires:
    """What a net takes on its way to an arc: by its fan-out, or less on a wire of its own."""

    OWN = {  # of the drivers: the wire, and what stands in front of the arc when another drives it
        "CARRY": (("CARRY",), "in a carry chain", ("CARRY", "to CI from elsewhere")),
        "LUT": (("LUT", "MUXF"), "to a wide multiplexer", ("LUT1", "I->O")),
        "DSP": (("DSP",), "from a DSP to the next", None),
    }

    def __init__(self, graph: TimingGraph) -> None:
        self.fanout = graph.fanout
        self.nets = [net(fanout).ns for fanout in graph.fanout]
        self.drivers: dict[int, str] = {}
        for arc in graph.arcs:
            if not arc.ends and arc.ns:
                self.drivers.update(dict.fromkeys(arc.outputs, arc.cell))

    def __call__(self, number: int, arc: Arc) -> float:
        if not arc.direct:
            return self.nets[number] if arc.ns else 0.0
        return sum(delay.ns for _, delay in self.elements(number, arc))

    def elements(self, number: int, arc: Arc) -> list[tuple[str, Delay]]:
        """The net, and what else stands in front of the arc."""
        if not arc.ns:
            return []
        found = [(f"net, fan-out {self.fanout[number]}", net(self.fanout[number]))]
        if arc.direct:
            drivers, own, detour = self.OWN[arc.direct]
            # a multiplexer shares a slice with one LUT: a net to several leaves it
            if self.drivers.get(number, "").startswith(drivers) and (arc.direct != "LUT" or self.fanout[number] == 1):
                return [(f"net {own}", delays()["net", own])]
            if detour:
                found.append((" ".join(detour), delays()[detour]))
        return found


def _elements(graph: TimingGraph, wires: _Wires, steps: list[Step]) -> list[Element]:
    """The path whose `steps` are from the end to the start, from the start to the end."""
    elements: list[Element] = []
    end, entered = steps[-1]
    name = graph.name(end, entered) if entered >= 0 else ""
    for place in reversed(range(len(steps))):
        index, entered = steps[place]
        arc = graph.arcs[index]
        if entered >= 0:
            elements += [Element(what, name, *delay) for what, delay in wires.elements(entered, arc)]
        out = steps[place - 1][1] if place else (arc.outputs or [entered])[0]
        name = graph.name(index, out)
        elements += [Element(f"{arc.cell} {key[1]}", name, *delays()[key]) for key in arc.ns]
    return elements
