"""How many logic levels lie between two registers of a mapped netlist.

A level is what a signal passes on its way: a LUT or a DSP counts 1, a hop of a carry chain or a wide multiplexer 0.5,
an inverter or a buffer 0. Before anything is placed, that is what decides the clock; routing is left out.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

WEIGHTS = {"LUT": 1, "DSP48E2": 1, "CARRY": 0.5, "MUXF": 0.5, "INV": 0}  # of primitives, by the start of their names


class TimingPath(NamedTuple):
    """A path between two registers; the inputs and outputs of the top count as registers, too."""

    levels: float
    start: str  # instance path and name, "conv1.lane[3].product[7]"; a port of the top is "in_data[5]"
    end: str
    instance: str  # path of the instance in which it ends, "" for the top; for an output of the top, what drives it
    module: str  # what that is an instance of
    cells: str  # on the way, "6 LUT, 1 DSP, 3 CARRY"


class Arc(NamedTuple):
    """Levels from each of the nets `inputs` to each of the nets `outputs`; without inputs, from a register."""

    inputs: list[int]
    outputs: list[int]
    levels: float
    ends: bool = False  # the inputs go to a register, `levels` before it, and `outputs` are what it drives
    cell: str = ""
    instance: int = 0


class Module:
    """A module of a netlist: arcs of its cells, and the modules in it as (instance, module, {port: bits})."""

    def __init__(self, name: str, netlist: dict):
        data = netlist["modules"][name]
        self.name, self.ports, self.netnames = name, data["ports"], data["netnames"]
        self.arcs: list[Arc] = []
        self.children: list[tuple[str, str, dict[str, list]]] = []
        for cell_name, cell in data["cells"].items():
            kind = cell["type"]
            if kind in netlist["modules"]:
                self.children.append((cell_name, kind, cell["connections"]))
            elif kind != "$scopeinfo":
                try:
                    arcs = [*_arcs(kind, cell["connections"], cell["port_directions"], cell["parameters"])]
                except KeyError:
                    raise ValueError(f"cell {cell_name} of {name} is a {kind}, no Xilinx primitive we know") from None
                self.arcs += [arc._replace(cell=kind) for arc in arcs]

    @cached_property
    def names(self) -> dict[int, str]:
        """{bit: net}, that of the source rather than one that Yosys made up."""
        found = {}
        for name, net in sorted(self.netnames.items(), key=lambda item: (item[1]["hide_name"], len(item[0]))):
            for position, bit in enumerate(net["bits"]):
                found.setdefault(bit, f"{name}[{position}]" if len(net["bits"]) > 1 else name)
        return found


def logic_levels(netlist: dict, top: str) -> list[TimingPath]:
    """The deepest path that ends in each instance of a design, the deepest first; it may have crossed others.

    `netlist` is the dict that `tools.yosys.netlist` returns, or that of Yosys' `write_json` without its library
    cells; `top` the top module. Flip-flops, block RAMs, shift registers and LUT-RAMs start and end paths; to read a
    LUT-RAM or a variable shift register at an address is 1 level. A DSP is 1 level from pin to pin, or between its pins
    and the registers it has inside. An instance in which no path ends is left out.

    Raises ValueError for a cell that is no Xilinx primitive, and for a combinational loop, with the nets in it.
    """
    modules, waiting = {}, [top]
    while waiting:
        name = waiting.pop()
        if name not in modules:
            modules[name] = Module(name, netlist)
            waiting += [kind for _, kind, _ in modules[name].children]
    instances, arcs = _flatten(modules, top)
    levels, driver = _propagate(instances, arcs)
    worst: dict[int, tuple[float, int, int]] = {}  # instance: levels, arc that ends, its input
    for index, arc in enumerate(arcs):
        if arc.ends and arc.inputs:
            before, net = max((levels.get(net, 0), net) for net in arc.inputs)
            instance = arc.instance if arc.outputs or net not in driver else arcs[driver[net][0]].instance
            if before + arc.levels >= worst.get(instance, (0,))[0]:
                worst[instance] = before + arc.levels, index, net
    paths = [_path(instances, arcs, driver, instance, *found) for instance, found in worst.items()]
    return sorted(paths, key=lambda path: -path.levels)


def _arcs(kind: str, pins: dict[str, list], directions: dict[str, str], parameters: dict) -> Iterator[Arc]:
    """Arcs of a cell. Raises KeyError for a kind it does not know."""

    def nets(*ports: str, bits: slice = slice(None)) -> list[int]:
        return [bit for port in ports for bit in pins.get(port, [])[bits] if isinstance(bit, int)]  # "0": a constant

    sources = [port for port in pins if directions[port] == "input"]
    inputs, outputs = nets(*sources), nets(*(port for port in pins if directions[port] == "output"))
    if kind.startswith(("FD", "RAMB", "URAM", "RAM", "SRL")):
        yield Arc([], outputs, 1 if re.match("RAM[0-9]", kind) else 0)
        yield Arc(inputs, outputs, 0, ends=True)
        if re.match("RAM[0-9]|SRL", kind):
            yield Arc(nets(*(port for port in sources if port.startswith(("A", "DPRA")))), outputs, 1)
        return
    weight = WEIGHTS[re.match("|".join([*WEIGHTS, ""]), kind)[0]]
    if kind.startswith("CARRY"):  # bit i of the sum knows nothing of the higher bits
        for i in range(len(pins["S"])):
            yield Arc(
                nets("CI", "CYINIT") + nets("S", "DI", bits=slice(i + 1)), nets("O", "CO", bits=slice(i, i + 1)), weight
            )
    elif kind == "DSP48E2":
        registers = {name for name, value in parameters.items() if name.endswith("REG") and int(value, 2)}
        for port in sources:
            own = f"{port}REG" in registers
            inner = "PREG" in registers or ("MREG" in registers and port in ("A", "B", "D"))
            yield Arc(nets(port), outputs, 0 if own else weight, ends=own or inner)
        if registers:
            yield Arc([], outputs, 0 if "PREG" in registers else weight)
    else:
        yield Arc(inputs, outputs, weight)


def _flatten(modules: dict[str, Module], top: str) -> tuple[list[tuple[str, Module, dict[int, int]]], list[Arc]]:
    """The instances (path, module, {bit: net of the design}), and the arcs of all of them."""
    instances, arcs, count = [], [], 0
    waiting = [("", top, {})]
    while waiting:
        path, kind, known = waiting.pop()
        module = modules[kind]

        def net(bit: int, known: dict[int, int] = known) -> int:
            nonlocal count
            if bit not in known:
                known[bit], count = count, count + 1
            return known[bit]

        index = len(instances)
        instances.append((path, module, known))
        for arc in module.arcs:
            inputs, outputs = [net(bit) for bit in arc.inputs], [net(bit) for bit in arc.outputs]
            arcs.append(Arc(inputs, outputs, arc.levels, arc.ends, arc.cell, index))
        for instance, child, pins in module.children:
            inside: dict[int, int] = {}
            ports = modules[child].ports
            outputs = [port for port in pins if ports[port]["direction"] == "output"]
            for port in [*(pins.keys() - outputs), *outputs]:
                for bit, outer in zip(ports[port]["bits"], pins[port], strict=True):
                    if isinstance(bit, int) and isinstance(outer, int):
                        if bit in inside:  # an input that is an output, too, or two outputs that are the same
                            arcs.append(Arc([inside[bit]], [net(outer)], 0, instance=index))
                        inside.setdefault(bit, net(outer))
            waiting.append((_join(path, instance), child, inside))
        if not path:
            for port in module.ports.values():
                nets = [net(bit) for bit in port["bits"] if isinstance(bit, int)]
                driven = port["direction"] == "input"
                arcs += [Arc([], nets, 0)] if driven else [Arc([bit], [], 0, ends=True) for bit in nets]
    return instances, arcs


def _propagate(instances: list, arcs: list[Arc]) -> tuple[dict[int, float], dict[int, tuple[int, int]]]:
    """In topological order: the levels before each net, and (arc, net before it) that they come from."""
    levels: dict[int, float] = {}
    driver: dict[int, tuple[int, int]] = {}
    loads, drivers = defaultdict(list), Counter()
    for index, arc in enumerate(arcs):
        if not arc.ends:
            drivers.update(arc.outputs)
            for net in arc.inputs:
                loads[net].append(index)
    missing = {index: sum(net in drivers for net in arc.inputs) for index, arc in enumerate(arcs) if not arc.ends}
    ready = [index for index, count in missing.items() if not count]
    while ready:
        index = ready.pop()
        del missing[index]
        arc = arcs[index]
        before, origin = max(((levels.get(net, 0), net) for net in arc.inputs), default=(0, -1))
        for net in arc.outputs:
            if net not in levels or before + arc.levels > levels[net]:
                levels[net], driver[net] = before + arc.levels, (index, origin)
            drivers[net] -= 1
            if not drivers[net]:  # as many times as it is known of arcs, of a cell with several
                for load in loads[net]:
                    missing[load] -= 1
                    if not missing[load]:
                        ready.append(load)
    if missing:
        raise ValueError(f"{_loop(instances, arcs, set(missing))}: a combinational loop; put a register into it")
    return levels, driver


def _loop(instances: list, arcs: list[Arc], waiting: set[int]) -> str:
    """The nets of one loop, found by asking again and again what an arc waits for."""
    makers = {net: index for index in waiting for net in arcs[index].outputs}
    index, names = next(iter(waiting)), {}
    while index not in names:
        net = next(net for net in arcs[index].inputs if net in makers)
        names[index] = _name(instances, makers[net], net, arcs)
        index = makers[net]
    loop = list(names.values())[list(names).index(index) :]
    return " <- ".join(dict.fromkeys(loop[:8]))


def _name(instances: list, index: int, net: int, arcs: list[Arc]) -> str:
    """Name of a net where the arc `index` drives it."""
    path, module, known = instances[arcs[index].instance]
    bit = next(bit for bit, outer in known.items() if outer == net)
    return _join(path, module.names[bit])


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _path(
    instances: list, arcs: list[Arc], driver: dict, instance: int, levels: float, end: int, net: int
) -> TimingPath:
    """The path of `levels` levels that enters the arc `end` by `net`."""
    passed: Counter[str] = Counter()
    origin = last = (end, net)
    while last[1] in driver:
        index, before = driver[last[1]]
        origin, last = (index, last[1]), (index, before)
        if arcs[index].levels:
            passed[re.sub(r"^(LUT|CARRY|MUXF|DSP|RAM|SRL).*", r"\1", arcs[index].cell)] += 1
    path, module, _ = instances[instance]
    return TimingPath(
        levels,
        _name(instances, *origin, arcs),
        _name(instances, end, (arcs[end].outputs or [net])[0], arcs),
        path,
        module.name,
        ", ".join(f"{count} {cell}" for cell, count in passed.items()),
    )
