"""Timing arcs of the Xilinx primitives that Yosys maps to: which pin settles when after which other.

An arc is worth some logic levels, and a list of delays, whose ns are in `delays`.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

WEIGHTS = {"LUT": 1, "DSP48E2": 1, "CARRY": 0.5, "MUXF": 0.5, "INV": 0}  # levels, by the start of a primitive's name
CLOCKS = re.compile(r"W?CLK|CLKARDCLK|CLKBWRCLK")
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


class _Pins:
    """The nets at the pins of a cell."""

    def __init__(self, pins: dict[str, list], directions: dict[str, str]) -> None:
        self.pins = pins
        self.sources = [port for port in pins if directions[port] == "input" and not CLOCKS.fullmatch(port)]
        self.drains = [port for port in pins if directions[port] == "output"]
        self.outputs = self(*self.drains)

    def __call__(self, *ports: str, bits: slice = slice(None)) -> list[int]:
        return [bit for port in ports for bit in self.pins.get(port, [])[bits] if isinstance(bit, int)]  # "0": constant


def short(kind: str) -> str:
    """The family of a primitive: LUT for LUT6."""
    return re.sub(r"^(LUT|CARRY|MUXF|DSP|RAM|SRL).*", r"\1", kind)


def cell_arcs(kind: str, pins: dict[str, list], directions: dict[str, str], parameters: dict) -> list[Arc]:
    """Arcs of a cell in Yosys' JSON form, without those of constants. Raises KeyError for a kind it does not know."""
    nets = _Pins(pins, directions)
    if kind.startswith(("FD", "RAM", "URAM", "SRL")):
        return [arc for arc in _memory(kind, nets, parameters) if arc.inputs or not arc.ends]
    if kind == "DSP48E2":
        return [*_dsp(nets, {name for name in REGISTERS if int(str(parameters.get(name, 1)), 2)})]
    return [arc for arc in _logic(kind, nets) if arc.inputs]


def _logic(kind: str, nets: _Pins) -> Iterator[Arc]:
    if kind.startswith("CARRY"):
        yield from _carry(nets)
    elif kind.startswith("MUXF"):
        yield Arc(nets("I0", "I1"), nets.outputs, WEIGHTS["MUXF"], (("MUXF", "I->O"),), direct="LUT")
        yield Arc(nets("S"), nets.outputs, WEIGHTS["MUXF"], (("MUXF", "S->O"),))
    elif re.match("LUT[1-6]|INV$", kind):
        cell = "LUT1" if kind == "INV" else kind[:4]
        yield Arc(nets(*nets.sources), nets.outputs, WEIGHTS[kind[:3]], ((cell, "I->O"),))
    else:
        raise KeyError(kind)


def _memory(kind: str, nets: _Pins, parameters: dict) -> Iterator[Arc]:
    """A flip-flop, a block RAM, a shift register or a LUT-RAM."""
    if kind.startswith("FD"):
        yield Arc([], nets.outputs, 0, (("FD", "C->Q"),))
        for port in nets.sources:
            if port != "C":
                setup = f"{port if port in ('D', 'CE') else 'R'} setup"
                yield Arc(nets(port), nets.outputs, 0, (("FD", setup),), ends=True)
    elif kind.startswith(("RAMB", "URAM")):
        for port in nets.drains:
            register = int(str(parameters.get("DOB_REG" if "DOUTB" in port or "DOUTPB" in port else "DOA_REG", 0)), 2)
            arc = "CLK->DOUT registered" if register and kind.startswith("RAMB") else "CLK->DOUT"
            yield Arc([], nets(port), 0, ((kind[:4], arc),))
        yield Arc(nets(*nets.sources), nets.outputs, 0, ((kind[:4], "setup"),), ends=True)
    else:
        cell, out, levels = ("RAM", "O", 1) if kind.startswith("RAM") else ("SRL", "Q", 0)
        yield Arc([], nets.outputs, levels, ((cell, f"CLK->{out}"),))
        yield Arc(nets(*nets.sources), nets.outputs, 0, ((cell, "setup"),), ends=True)
        address = nets(*(port for port in nets.sources if port.startswith(("A", "DPRA"))))
        yield Arc(address, nets.outputs, 1, ((cell, f"A->{out}"),))


def _carry(nets: _Pins) -> Iterator[Arc]:
    """A carry chain, bit by bit: what is added at a bit goes to its carry and to the bits above it."""
    weight = WEIGHTS["CARRY"]
    for i in range(len(nets.pins["S"])):
        for to, below in (("CO", i + 1), ("O", i)):
            outputs = nets(to, bits=slice(i, i + 1))
            through = "CI->CO" if to == "CO" else f"CI->O[{min(i, 3)}]"
            yield Arc(nets("CI"), outputs, weight, (("CARRY", through),), direct="CARRY")
            yield Arc(nets("CYINIT"), outputs, weight, (("CARRY", f"CYINIT->{to}"),))
            yield Arc(nets("S", bits=slice(i + 1)), outputs, weight, (("CARRY", f"S->{to}"),))
            yield Arc(nets("DI", bits=slice(below)), outputs, weight, (("CARRY", f"DI->{to}"),))


def _dsp(nets: _Pins, registers: set[str]) -> Iterator[Arc]:
    """A DSP, cut where it has registers: from its pins to the first, between two, and from the last to its outputs."""
    weight, outputs = WEIGHTS["DSP48E2"], nets.outputs
    starts = {(("DSP48E2", "CLK->P"),): 0} if "PREG" in registers else {}
    for port in nets.sources:
        inputs = nets(port)
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
