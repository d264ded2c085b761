"""The longest path to every register of a timing graph: one pass in topological order, whatever an arc is worth."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .cells import Arc, short
from .netlist import TimingGraph

Step = tuple[int, int]  # an arc, and the net by which the path enters it; -1: by none, it starts there


class Paths:
    """When the last signal reaches every net of `graph`, if to pass the arc number i takes `delays[i]`, and to reach
    an arc by a net what `wire(net, arc)` says: levels or ns.

    Raises ValueError for a combinational loop, with the nets in it.
    """

    def __init__(
        self, graph: TimingGraph, delays: Sequence[float], wire: Callable[[int, Arc], float] | None = None
    ) -> None:
        self.graph, self.delays, self.wire = graph, delays, wire
        self.arrival = [0.0] * len(graph.fanout)
        self.driver: dict[int, Step] = {}
        for index in _order(graph):
            arc = graph.arcs[index]
            before, origin = self._entry(arc)
            for net in arc.outputs:
                if net not in self.driver or before + delays[index] > self.arrival[net]:
                    self.arrival[net], self.driver[net] = before + delays[index], (index, origin)

    def _entry(self, arc: Arc) -> tuple[float, int]:
        """When the last signal enters an arc, and by which net."""
        arrival, wire = self.arrival, self.wire
        if wire is None:
            return max(((arrival[net], net) for net in arc.inputs), default=(0.0, -1))
        return max(((arrival[net] + wire(net, arc), net) for net in arc.inputs), default=(0.0, -1))

    def worst(self) -> Iterator[tuple[float, list[Step], dict[str, Any]]]:
        """Of each instance in which a path ends the longest: how long, its steps from the end to the start, and the
        fields `start`, `end`, `instance`, `module` and `cells` of a `TimingPath`.
        """
        found: dict[int, tuple[float, Step]] = {}
        arcs = self.graph.arcs
        for index, arc in enumerate(arcs):
            if arc.ends and (arc.inputs or self.delays[index]):
                before, net = self._entry(arc)
                instance = arc.instance
                if not arc.outputs and net in self.driver:
                    instance = arcs[self.driver[net][0]].instance
                if before + self.delays[index] >= found.get(instance, (0.0,))[0]:
                    found[instance] = before + self.delays[index], (index, net)
        for instance, (length, end) in found.items():
            steps = [end]
            while steps[-1][1] in self.driver:
                steps.append(self.driver[steps[-1][1]])
            yield length, steps, self._fields(instance, steps)

    def _fields(self, instance: int, steps: list[Step]) -> dict[str, Any]:
        graph, (end, net) = self.graph, steps[0]
        start = (steps[-1][0], steps[-2][1]) if len(steps) > 1 else steps[0]
        passed = Counter(short(graph.arcs[index].cell) for index, _ in steps[1:] if graph.arcs[index].levels)
        path, module, _ = graph.instances[instance]
        last = (graph.arcs[end].outputs or [net])[0]
        return {
            "start": graph.name(*start) if start[1] >= 0 else graph.name(end, last),
            "end": graph.name(end, last),
            "instance": path,
            "module": module.name,
            "cells": ", ".join(f"{count} {cell}" for cell, count in passed.items()),
        }


def _order(graph: TimingGraph) -> list[int]:
    """The arcs that end at no register, each after all that drive its inputs."""
    loads, drivers = defaultdict(list), Counter()
    for index, arc in enumerate(graph.arcs):
        if not arc.ends:
            drivers.update(arc.outputs)
            for net in arc.inputs:
                loads[net].append(index)
    missing = {index: sum(net in drivers for net in arc.inputs) for index, arc in enumerate(graph.arcs) if not arc.ends}
    ready, done = [index for index, count in missing.items() if not count], []
    while ready:
        index = ready.pop()
        del missing[index]
        done.append(index)
        for net in graph.arcs[index].outputs:
            drivers[net] -= 1
            if not drivers[net]:  # as many times as it is known of arcs, of a cell with several
                for load in loads[net]:
                    missing[load] -= 1
                    if not missing[load]:
                        ready.append(load)
    if missing:
        raise ValueError(f"{_loop(graph, set(missing))}: a combinational loop; put a register into it")
    return done


def _loop(graph: TimingGraph, waiting: set[int]) -> str:
    """The nets of one loop, found by asking again and again what an arc waits for."""
    makers = {net: index for index in waiting for net in graph.arcs[index].outputs}
    index, names = next(iter(waiting)), {}
    while index not in names:
        net = next(net for net in graph.arcs[index].inputs if net in makers)
        names[index] = graph.name(makers[net], net)
        index = makers[net]
    loop = list(names.values())[list(names).index(index) :]
    return " <- ".join(dict.fromkeys(loop[:8]))
