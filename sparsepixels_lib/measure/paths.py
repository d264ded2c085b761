"""The longest path to every register of a design: one pass in topological order, whatever an arc is worth."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from .netlist import Arc, Design

Step = tuple[int, int]  # an arc, and the net by which the path enters it; -1: by none, it starts there


class Paths:
    """Arrival at every net of `design`, when passing the arc number i costs `delays[i]` and reaching an arc by a net
    what `wire(net, arc)` says.

    Raises ValueError for a combinational loop, with the nets in it.
    """

    def __init__(self, design: Design, delays: list[float], wire: Callable[[int, Arc], float] | None = None) -> None:
        self.design, self.delays, self.wire = design, delays, wire
        self.arrival = [0.0] * len(design.fanout)
        self.driver: dict[int, Step] = {}
        for index in order(design):
            arc = design.arcs[index]
            before, origin = self.entry(arc)
            for net in arc.outputs:
                if net not in self.driver or before + delays[index] > self.arrival[net]:
                    self.arrival[net], self.driver[net] = before + delays[index], (index, origin)

    def entry(self, arc: Arc) -> tuple[float, int]:
        """When the last signal enters an arc, and by which net."""
        arrival, wire = self.arrival, self.wire
        if wire is None:
            return max(((arrival[net], net) for net in arc.inputs), default=(0.0, -1))
        return max(((arrival[net] + wire(net, arc), net) for net in arc.inputs), default=(0.0, -1))

    def worst(self) -> dict[int, tuple[float, Step]]:
        """{instance: (the longest path that ends in it, its last step)}."""
        found: dict[int, tuple[float, Step]] = {}
        for index, arc in enumerate(self.design.arcs):
            if arc.ends and (arc.inputs or self.delays[index]):
                before, net = self.entry(arc)
                instance = arc.instance
                if not arc.outputs and net in self.driver:
                    instance = self.design.arcs[self.driver[net][0]].instance
                if before + self.delays[index] >= found.get(instance, (0.0,))[0]:
                    found[instance] = before + self.delays[index], (index, net)
        return found

    def back(self, end: Step) -> Iterator[Step]:
        """The steps of a path from its `end` back to its start."""
        yield end
        while end[1] in self.driver:
            end = self.driver[end[1]]
            yield end


def order(design: Design) -> list[int]:
    """The arcs that end at no register, each after all that drive its inputs."""
    loads, drivers = defaultdict(list), Counter()
    for index, arc in enumerate(design.arcs):
        if not arc.ends:
            drivers.update(arc.outputs)
            for net in arc.inputs:
                loads[net].append(index)
    missing = {
        index: sum(net in drivers for net in arc.inputs) for index, arc in enumerate(design.arcs) if not arc.ends
    }
    ready, done = [index for index, count in missing.items() if not count], []
    while ready:
        index = ready.pop()
        del missing[index]
        done.append(index)
        for net in design.arcs[index].outputs:
            drivers[net] -= 1
            if not drivers[net]:  # as many times as it is known of arcs, of a cell with several
                for load in loads[net]:
                    missing[load] -= 1
                    if not missing[load]:
                        ready.append(load)
    if missing:
        raise ValueError(f"{_loop(design, set(missing))}: a combinational loop; put a register into it")
    return done


def _loop(design: Design, waiting: set[int]) -> str:
    """The nets of one loop, found by asking again and again what an arc waits for."""
    makers = {net: index for index in waiting for net in design.arcs[index].outputs}
    index, names = next(iter(waiting)), {}
    while index not in names:
        net = next(net for net in design.arcs[index].inputs if net in makers)
        names[index] = design.name(makers[net], net)
        index = makers[net]
    loop = list(names.values())[list(names).index(index) :]
    return " <- ".join(dict.fromkeys(loop[:8]))
