"""A mapped netlist as timing arcs: of its cells, and of the whole design with the hierarchy taken away."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

WEIGHTS = {"LUT": 1, "DSP48E2": 1, "CARRY": 0.5, "MUXF": 0.5, "INV": 0}  # levels, by the start of a primitive's name
CLOCKS = re.compile(r"W?CLK|CLKARDCLK|CLKBWRCLK")
COMBINATIONAL = ("LUT", "INV", "CARRY", "MUXF")
# Through a DSP from a pin to P: blocks, and the register that may stand in one. Its arc is then cut in two.
MULTIPLY = [("A2_DATA->A2A1", ""), ("A2A1->U", ""), ("U->U_DATA", "MREG")]
ADD = [("U_DATA->ALU_OUT", ""), ("ALU_OUT->P", "PREG")]
DSP = {
    "A": [("A->A2_DATA", "AREG"), *MULTIPLY, *ADD],
    "B": [("B->B2_DATA", "BREG"), *MULTIPLY, *ADD],
    "D": [("D->D_DATA", "DREG"), ("D_DATA->AD", "ADREG"), *MULTIPLY[1:], *ADD],
    "INMODE": [("control", "INMODEREG"), *MULTIPLY, *ADD],
    "C": [("C->C_DATA", "CREG"), *ADD],
    "PCIN": ADD,
}
DSP |= {"ACIN": DSP["A"], "BCIN": DSP["B"]}
DSP |= {name: [("control", f"{name}REG"), *ADD] for name in ("OPMODE", "ALUMODE", "CARRYIN", "CARRYINSEL")}
REGISTERS = {register for way in DSP.values() for _, register in way if register}


class Arc(NamedTuple):
    """From each of the nets `inputs` to each of the nets `outputs`; without inputs, from a register."""

    inputs: list[int]
    outputs: list[int]
    levels: float
    ns: tuple[tuple[str, str], ...] = ()  # the delays on the way, keys of `delays`; none: a wire
    ends: bool = False  # the inputs go to a register, and `outputs` are what it drives
    cell: str = ""
    direct: str = ""  # a driver from which the inputs come on a wire of their own: "CARRY", "LUT", "DSP"
    instance: int = 0


class Module:
    """A module of a netlist: arcs of its cells, and the modules in it as (instance, module, {port: bits})."""

    def __init__(self, name: str, netlist: dict):
        data = netlist["modules"][name]
        self.name, self.ports, self.netnames = name, data["ports"], data["netnames"]
        self.arcs: list[Arc] = []
        self.loads: list[tuple[int, str]] = []  # a bit and the cell that listens to it, once a pin
        self.children: list[tuple[str, str, dict[str, list]]] = []
        used = {bit for port in self.ports.values() for bit in port["bits"]}
        for cell_name, cell in data["cells"].items():
            kind, pins, directions = cell["type"], cell["connections"], cell["port_directions"]
            if kind in netlist["modules"]:
                self.children.append((cell_name, kind, pins))
                used.update(bit for bits in pins.values() for bit in bits)
            elif kind != "$scopeinfo":
                try:
                    arcs = [*_arcs(kind, pins, directions, cell["parameters"])]
                except KeyError:
                    raise ValueError(f"cell {cell_name} of {name} is a {kind}, no Xilinx primitive we know") from None
                known = (
                    arcs if not kind.startswith(COMBINATIONAL) else [arc for arc in arcs if arc.inputs]
                )  # no constants
                self.arcs += [arc._replace(cell=kind) for arc in known]
                bits = (bit for port in pins if directions[port] == "input" for bit in pins[port])
                self.loads += [(bit, kind) for bit in bits if isinstance(bit, int)]
        used.update(bit for bit, _ in self.loads)
        for index, arc in enumerate(self.arcs):
            if not arc.ends:
                self.arcs[index] = arc._replace(outputs=[bit for bit in arc.outputs if bit in used])
        self.arcs = [arc for arc in self.arcs if arc.ends or arc.outputs]

    @cached_property
    def names(self) -> dict[int, str]:
        """{bit: net}, that of the source rather than one that Yosys made up."""
        found = {}
        for name, net in sorted(self.netnames.items(), key=lambda item: (item[1]["hide_name"], len(item[0]))):
            for position, bit in enumerate(net["bits"]):
                found.setdefault(bit, f"{name}[{position}]" if len(net["bits"]) > 1 else name)
        return found


class Design:
    """A netlist without its hierarchy: arcs between nets, which are whole numbers.

    `fanout` is how many pins listen to a net, in all instances; wires and absorbed inverters pass it on.
    """

    def __init__(self, netlist: dict, top: str):
        modules, waiting = {}, [top]
        while waiting:
            name = waiting.pop()
            if name not in modules:
                modules[name] = Module(name, netlist)
                waiting += [kind for _, kind, _ in modules[name].children]
        self.instances: list[tuple[str, Module, dict[int, int]]] = []  # path, module, {bit: net}
        self.arcs: list[Arc] = []
        self.fanout: list[int] = []
        self._needs_lut: list[bool] = []
        waiting_instances: list[tuple[str, str, dict[int, int]]] = [("", top, {})]
        while waiting_instances:
            path, kind, known = waiting_instances.pop()
            self._add(path, modules[kind], known)
            for instance, child, pins in modules[kind].children:
                inside = self._inside(modules[child].ports, pins, known)
                waiting_instances.append((join(path, instance), child, inside))
        self._absorb_wires()

    def _net(self, bit: int, known: dict[int, int]) -> int:
        if bit not in known:
            known[bit] = len(self.fanout)
            self.fanout.append(0)
            self._needs_lut.append(False)
        return known[bit]

    def _add(self, path: str, module: Module, known: dict[int, int]) -> None:
        index = len(self.instances)
        self.instances.append((path, module, known))
        for arc in module.arcs:
            inputs, outputs = [self._net(bit, known) for bit in arc[0]], [self._net(bit, known) for bit in arc[1]]
            self.arcs.append(Arc(inputs, outputs, *arc[2:-1], index))
        for bit, kind in module.loads:
            net = self._net(bit, known)
            if kind != "INV":
                self.fanout[net] += 1
                self._needs_lut[net] |= not kind.startswith(("LUT", "FD"))
        if not path:
            for port in module.ports.values():
                nets = [self._net(bit, known) for bit in port["bits"] if isinstance(bit, int)]
                if port["direction"] == "input":
                    self.arcs.append(Arc([], nets, 0, (("FD", "C->Q"),), cell="input"))
                    continue
                for net in nets:
                    self.arcs.append(Arc([net], [], 0, (("FD", "D setup"),), ends=True, cell="output"))
                    self.fanout[net] += 1

    def _inside(self, ports: dict, pins: dict[str, list], known: dict[int, int]) -> dict[int, int]:
        """{bit: net} of the ports of an instance."""
        inside: dict[int, int] = {}
        outputs = [port for port in pins if ports[port]["direction"] == "output"]
        for port in [*(pins.keys() - outputs), *outputs]:
            for bit, outer in zip(ports[port]["bits"], pins[port], strict=True):
                if isinstance(bit, int) and isinstance(outer, int):
                    net = self._net(outer, known)
                    if bit in inside:  # an input that is an output, too, or two outputs that are the same
                        self.arcs.append(Arc([inside[bit]], [net], 0, instance=len(self.instances) - 1))
                    inside.setdefault(bit, net)
        return inside

    def _absorb_wires(self) -> None:
        """Make an inverter a wire where what it drives can invert by itself, and give wires one fan-out."""
        same = list(range(len(self.fanout)))

        def root(net: int) -> int:
            while same[net] != net:
                same[net] = net = same[same[net]]
            return net

        for index, arc in enumerate(self.arcs):
            if arc.cell == "INV" and not self._needs_lut[arc.outputs[0]]:
                self.arcs[index] = arc = arc._replace(ns=())
            elif arc.cell == "INV":
                self.fanout[arc.inputs[0]] += 1
            if not arc.ns and arc.inputs and arc.outputs:
                same[root(arc.outputs[0])] = root(arc.inputs[0])
        for net in range(len(self.fanout)):
            if root(net) != net:
                self.fanout[root(net)] += self.fanout[net]
        self.fanout = [self.fanout[root(net)] for net in range(len(self.fanout))]

    @cached_property
    def _bits(self) -> dict[int, dict[int, int]]:
        return {}

    def name(self, index: int, net: int) -> str:
        """Name of a net where the arc `index` drives it."""
        instance = self.arcs[index].instance
        path, module, known = self.instances[instance]
        if instance not in self._bits:
            self._bits[instance] = {outer: bit for bit, outer in reversed(known.items())}
        return join(path, module.names[self._bits[instance][net]])


def join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _arcs(kind: str, pins: dict[str, list], directions: dict[str, str], parameters: dict) -> Iterator[Arc]:
    """Arcs of a cell. Raises KeyError for a kind it does not know."""

    def nets(ports: Iterable[str], bits: slice = slice(None)) -> list[int]:
        return [bit for port in ports for bit in pins.get(port, [])[bits] if isinstance(bit, int)]  # "0": a constant

    sources = [port for port in pins if directions[port] == "input" and not CLOCKS.fullmatch(port)]
    outputs = nets(port for port in pins if directions[port] == "output")
    if kind.startswith("FD"):
        yield Arc([], outputs, 0, (("FD", "C->Q"),))
        for port in set(sources) - {"C"}:
            yield Arc(nets([port]), outputs, 0, (("FD", f"{port if port in ('D', 'CE') else 'R'} setup"),), ends=True)
    elif kind.startswith(("RAMB", "URAM")):
        cell = kind[:4]
        for port in pins:
            if directions[port] == "output":
                register = parameters.get(f"DO{'B' if 'BDOUT' in port or port.endswith('BDOUTP') else 'A'}_REG", "0")
                arc = "CLK->DOUT registered" if cell == "RAMB" and int(register, 2) else "CLK->DOUT"
                yield Arc([], nets([port]), 0, ((cell, arc),))
        yield Arc(nets(sources), outputs, 0, ((cell, "setup"),), ends=True)
    elif kind.startswith(("RAM", "SRL")):
        cell, out = kind[:3], "O" if kind.startswith("RAM") else "Q"
        yield Arc([], outputs, 1 if re.match("RAM[0-9]", kind) else 0, ((cell, f"CLK->{out}"),))
        yield Arc(nets(sources), outputs, 0, ((cell, "setup"),), ends=True)
        address = nets(port for port in sources if port.startswith(("A", "DPRA")))
        if address:
            yield Arc(address, outputs, 1, ((cell, f"A->{out}"),))
    elif kind.startswith("CARRY"):
        yield from _carry(nets, len(pins["S"]))
    elif kind.startswith("MUXF"):
        yield Arc(nets(["I0", "I1"]), outputs, WEIGHTS["MUXF"], (("MUXF", "I->O"),), direct="LUT")
        yield Arc(nets(["S"]), outputs, WEIGHTS["MUXF"], (("MUXF", "S->O"),))
    elif kind == "DSP48E2":
        registers = {name for name in REGISTERS if int(str(parameters.get(name, 1)), 2)}
        yield from _dsp({port: nets([port]) for port in sources}, outputs, registers)
    elif re.match("LUT[1-6]|INV$", kind):
        yield Arc(nets(sources), outputs, WEIGHTS[kind[:3]], (("LUT1" if kind == "INV" else kind[:4], "I->O"),))
    else:
        raise KeyError(kind)


def _carry(nets, bits: int) -> Iterator[Arc]:
    """A carry chain, bit by bit: what is added at a bit goes to its carry and to the bits above it."""
    weight = WEIGHTS["CARRY"]
    for i in range(bits):
        carry, total = nets(["CO"], slice(i, i + 1)), nets(["O"], slice(i, i + 1))
        for outputs, to, highest in ((carry, "CO", i + 1), (total, "O", i)):
            if outputs:
                through = f"CI->{to}" if to == "CO" else f"CI->O[{min(i, 3)}]"
                yield Arc(nets(["CI"]), outputs, weight, (("CARRY", through),), direct="CARRY")
                yield Arc(nets(["CYINIT"]), outputs, weight, (("CARRY", f"CYINIT->{to}"),))
                yield Arc(nets(["S"], slice(i + 1)), outputs, weight, (("CARRY", f"S->{to}"),))
                yield Arc(nets(["DI"], slice(highest)), outputs, weight, (("CARRY", f"DI->{to}"),))


def _dsp(pins: dict[str, list[int]], outputs: list[int], registers: set[str]) -> Iterator[Arc]:
    """A DSP, cut where it has registers: from its pins to the first, between two, and from the last to its outputs."""
    weight = WEIGHTS["DSP48E2"]
    starts = {(("DSP48E2", "CLK->P"),): 0} if "PREG" in registers else {}
    for port, inputs in pins.items():
        if not inputs:
            continue
        if port.startswith(("CE", "RST")):
            yield Arc(inputs, outputs, 0, (("DSP48E2", "A register setup"),), ends=True)
            continue
        way: list[str] = []
        levels, at_pin, direct = weight, True, "DSP" if port in ("PCIN", "ACIN", "BCIN") else ""
        for block, register in DSP[port]:
            if register not in registers:
                way.append(block)
                continue
            kind = register[0] if register in ("MREG", "PREG") else "A"
            end = tuple(("DSP48E2", step) for step in [*way, f"{kind} register setup"])
            if at_pin:
                yield Arc(inputs, outputs, weight if way else 0, end, ends=True, direct=direct)
            else:
                yield Arc([], outputs, 0, end, ends=True)
            way, at_pin = ["CLK->P" if kind == "P" else f"CLK->{kind} register"], False
            levels = 0 if kind == "P" else weight
        through = tuple(("DSP48E2", step) for step in way)
        if at_pin:
            yield Arc(inputs, outputs, levels, through, direct=direct)
        else:
            starts[through] = levels
    for through, levels in starts.items():
        yield Arc([], outputs, levels, through)
