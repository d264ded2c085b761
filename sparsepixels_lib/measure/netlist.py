"""A mapped netlist as a timing graph: the arcs of its cells between nets, the hierarchy taken away."""

from functools import cached_property

from .cells import Arc, cell_arcs


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
                    arcs = cell_arcs(kind, pins, directions, cell["parameters"])
                except KeyError:
                    raise ValueError(f"cell {cell_name} of {name} is a {kind}, no Xilinx primitive we know") from None
                self.arcs += [arc._replace(cell=kind) for arc in arcs]
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


class TimingGraph:
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
        self._bits: dict[int, dict[int, int]] = {}  # of the instances that were asked for names: {net: bit}
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
        for port in sorted(pins, key=lambda port: port in outputs):
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

    def name(self, index: int, net: int) -> str:
        """Name of a net where the arc `index` drives it."""
        instance = self.arcs[index].instance
        path, module, known = self.instances[instance]
        if instance not in self._bits:
            self._bits[instance] = {outer: bit for bit, outer in reversed(known.items())}
        return join(path, module.names[self._bits[instance][net]])


def join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
