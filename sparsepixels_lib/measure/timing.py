"""Static timing analysis of a mapped netlist in nanoseconds: what stands between its registers, cell by cell.

`ns` is an estimate as synthesis gives it, nothing being placed: the delays of `delays` along the worst path, from
clock to setup. `routed` says what to expect after routing. docs/timing.md: what that rests on, and how far it holds.
"""

from typing import NamedTuple

from .delays import Delay, delays, net
from .levels import short
from .netlist import Arc, Design
from .paths import Paths, Step

ROUTED = 1.6  # the largest ratio of a routed design's worst path to its estimate; the others have 1.6 and 1.0
UNCERTAINTY = 0.3  # ns, of the clock


class Element(NamedTuple):
    """A cell, or a net, on a path."""

    what: str  # "LUT5 I->O", "net, fan-out 12"
    name: str  # of the net that comes out, or that is passed
    ns: float
    basis: str  # "measured", "composed" or "assumed"


class WorstPath(NamedTuple):
    """The slowest path that ends in an instance; the inputs and outputs of the top count as flip-flops, too."""

    ns: float  # from clock to setup, estimated
    assumed: float  # of these, what rests on assumed delays
    start: str  # instance path and name, "conv1.lane[3].product[7]"; a port of the top is "in_data[5]"
    end: str
    instance: str  # path of the instance in which it ends, "" for the top; for an output of the top, what drives it
    module: str  # what that is an instance of
    cells: str  # on the way, "6 LUT, 1 DSP, 3 CARRY"
    elements: list[Element]


def routed(ns: float, uncertainty: float = UNCERTAINTY) -> float:
    """The period in ns to expect after routing of a path estimated as `ns`, with the clock's uncertainty in ns."""
    return ROUTED * ns + uncertainty


def worst_paths(netlist: dict | Design, top: str = "") -> list[WorstPath]:
    """The slowest path that ends in each instance of a design, the slowest first; it may have crossed others.

    `netlist` and `top` are those of `logic_levels`, what starts and ends paths is the same, and so are the errors. An
    instance in which no path ends is left out.
    """
    design = netlist if isinstance(netlist, Design) else Design(netlist, top)
    known = delays()
    paths = Paths(design, [sum(known[key].ns for key in arc.ns) for arc in design.arcs], _Wires(design))
    found = [_path(paths, *last) for last in paths.worst().items()]
    return sorted(found, key=lambda path: -path.ns)


class _Wires:
    """What a net takes on its way to an arc: by its fan-out, or less on a wire of its own."""

    OWN = {  # of the drivers: the wire, and what stands in front of the arc when another drives it
        "CARRY": (("CARRY",), "in a carry chain", ("CARRY", "to CI from elsewhere")),
        "LUT": (("LUT", "MUXF"), "to a wide multiplexer", ("LUT1", "I->O")),
        "DSP": (("DSP",), "from a DSP to the next", None),
    }

    def __init__(self, design: Design) -> None:
        self.fanout = design.fanout
        self.nets = [net(fanout).ns for fanout in design.fanout]
        self.drivers: dict[int, str] = {}
        for arc in design.arcs:
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


def _path(paths: Paths, instance: int, found: tuple[float, Step]) -> WorstPath:
    design, (ns, end) = paths.design, found
    arcs, steps = design.arcs, list(paths.back(end))
    elements: list[Element] = []
    last = end[0], (arcs[end[0]].outputs or [end[1]])[0]
    leaves = last
    for index, entered in steps:
        arc = arcs[index]
        out = design.name(*leaves) if leaves[1] >= 0 else ""
        elements += [Element(f"{arc.cell or key[0]} {key[1]}", out, *delays()[key]) for key in reversed(arc.ns)]
        if entered >= 0:
            leaves = paths.driver.get(entered, (index, 0))[0], entered
            found = paths.wire.elements(entered, arc)
            elements += [Element(what, design.name(*leaves), *delay) for what, delay in reversed(found)]
    cells: dict[str, int] = {}
    for index, _ in steps[1:]:
        if arcs[index].levels:
            cells[short(arcs[index].cell)] = cells.get(short(arcs[index].cell), 0) + 1
    path, module, _ = design.instances[instance]
    return WorstPath(
        ns,
        sum(element.ns for element in elements if element.basis == "assumed"),
        design.name(*leaves),
        design.name(*last),
        path,
        module.name,
        ", ".join(f"{count} {cell}" for cell, count in cells.items()),
        elements[::-1],
    )
