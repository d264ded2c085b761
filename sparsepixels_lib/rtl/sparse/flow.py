"""What flows between two layers of a sparse network, and the nets and registers that carry it."""

from __future__ import annotations

from dataclasses import dataclass

from ...numerics.codes import Codes
from . import layers as units
from .chain import ON_SLOTS, Stage
from .layers import Beats
from .top import Top


@dataclass
class Bank:
    """Coordinates of all slots: nets that are valid from cycle `first` to `last` of the schedule."""

    row: str
    column: str
    first: int
    last: int


class Flow:
    """The top module as it grows, and what leaves the last layer.

    `net` carries the numbers `x` of `channels` channels: all slots (or, behind the first dense layer, a vector), whole
    from cycle `time` on; or, where `beats` is not None, a beat of some slots a cycle, the first in cycle `time`, with
    the net `active` saying which slots of the beat count. Slots have coordinates in images of `shape` (H, W).
    """

    def __init__(self, stages: list[Stage], design):
        self.stages, self.design = stages, design
        first = stages[0].step
        self.channels, self.n, self.shape = first.channels, first.slots, first.image
        self.chunks = -(-self.shape[0] // design.rows)
        self.used: dict[str, set[str]] = {"pixels": set(), "multipliers": set()}  # knob: layers that it is a knob of
        self.ii = self._interval()
        self.top = Top()
        self.x: Codes | None = None
        self.net, self.active, self.time, self.beats = "", "", 0, None
        self.vector = self.half = False  # half: x has half an LSB of the next grid in it
        self.bank: Bank | None = None

    def _interval(self) -> int:
        """Cycles between events: those of the slowest layer. Features are read a cycle after the coordinates, so the
        slots of the reduction, which last as long as an interval, must outlast one that reads them by a cycle. The
        dense layer behind the flattening takes the beats of the layer before it, if there is one."""
        own = [s for s in self.stages if s.kind in ON_SLOTS]
        own = own or [s for s in self.stages if s.kind == "flatten_dense"]
        counts = [self._beats_of(stage).count for stage in own]
        return max(self.chunks, *counts, counts[0] + 1)

    def _beats_of(self, stage: Stage) -> Beats:
        self.used["pixels"].add(stage.name)
        pixels = min(self.design.of("pixels", stage.name), self.n)
        channels = filters = stage.step.out_channels if stage.kind == "conv" else self.channels
        if stage.kind == "conv":
            filters = units.filters_at_once(self.design, channels)
        return Beats(pixels, filters, -(-self.n // pixels), channels // filters)

    def _dsp(self, name: str, *, constant: bool = False) -> bool:
        """Whether multipliers are DSPs; constants of few digits are adders unless told otherwise."""
        self.used["multipliers"].add(name)
        kind = self.design.of("multipliers", name)
        return kind == "dsp" or kind == "auto" and not (constant and self.x.bits <= 9)

    def _dense(self, name: str, parameters: dict, out: Codes, *, register: bool, group: str) -> None:
        net = f"{name}_out"
        self.top.declare(**{net: parameters["UNITS"] * out.bits})
        self.time += register + (not parameters["CUTS"].endswith("'h0"))
        ports = {"x": self.net, "y": net}
        done = self.time + (self.beats.count - 1 if self.beats else 0)
        self.top.instance("dense", name, parameters | {"REGISTER": int(register)}, ports, group, go(done))
        self.net = net

    def _from_slots(
        self, module, stage: Stage, beats: Beats, parameters, out: Codes, latency: int, ports, port: str
    ) -> None:
        """A layer that reads all slots and gives a beat a cycle."""
        name, start = stage.name, max(self.time - 1, self.bank.first)
        active, net = f"{name}_active", f"{name}_out"
        self.top.declare(**{active: beats.pixels, net: beats.values * out.bits})
        features = self._slots(self.net, beats, self.channels * self.x.bits)
        ports = {"features": features, "active": active, port: net} | ports
        kind = "pool" if stage.kind == "pool" else "sparse conv"
        group = f"{kind} {sum(g.startswith(kind) for g in self.top.groups.values()) + 1}"
        self._slots_instance(module, stage, start, beats, parameters, ports, group, start + latency + beats.count - 1)
        self.x, self.net, self.active, self.time, self.beats = out, net, active, start + latency, beats

    def _slots_instance(
        self, module, stage: Stage, start: int, beats: Beats, parameters, ports, group, done: int
    ) -> None:
        """An instance that reads the coordinates of all slots for as many cycles as it has beats."""
        bits = [size.bit_length() for size in self.shape]
        while start + beats.count - 1 > self.bank.last:  # a copy that lasts longer
            capture = min(start - 1, self.bank.last)
            nets = f"row_{capture + 1}", f"column_{capture + 1}"
            self.top.declare(**{net: self.n * b for net, b in zip(nets, bits, strict=True)})
            old = zip(nets, (self.bank.row, self.bank.column), bits, strict=True)
            self.top.registers({net: f"{self.n * b}'({bank})" for net, bank, b in old}, when=go(capture))
            self.bank = Bank(*nets, capture + 1, capture + self.ii)
        nets = {"row": self.bank.row, "column": self.bank.column}
        coordinates = {port: self._slots(net, beats, b) for (port, net), b in zip(nets.items(), bits, strict=True)}
        slots = {"SLOTS": beats.slot_groups * beats.pixels, "ROW_BITS": bits[0], "COLUMN_BITS": bits[1]}
        ports = {"start": go(start)} | coordinates | ports
        self.top.instance(module, stage.name, slots | parameters, ports, group, go(done))

    def _quantize(self, name: str, group: str, out: Codes, collected: bool) -> None:
        whole = Beats(1, self.channels) if self.vector else Beats(self.n, self.channels)
        beats, buffer = self.beats or whole, self.vector or (collected and self.beats is not None)
        last = self.time + beats.count - 1
        parameters = units.quantizer(self.x, out, beats, self.half, buffer)
        net = f"{name}_out"
        self.top.declare(**{net: beats.values * (beats.count if buffer else 1) * out.bits})
        stream = self.beats is not None
        ports = {"last": go(last) if stream else "1'b1", "active": self.active if stream else "'1"}
        source = self.net if stream or self.vector else f"{self.n * self.channels * self.x.bits}'({self.net})"
        done = go(last + 1 if buffer else last)
        self.top.instance("activation", name, parameters, ports | {"x": source, "y": net}, group, done)
        self.x, self.net, self.half = out, net, False
        if buffer:
            self._spare(name, beats)
            self.time, self.beats = last + 1, None

    def _collect(self, stage: Stage) -> None:
        """All slots of a stream that no activation has collected."""
        if self.beats is None:
            return
        beats, name = self.beats, f"slots_for_{stage.name}"
        self.top.declare(**{name: beats.values * beats.count * self.x.bits})
        last = self.time + beats.count - 1
        groups = {"SLOT_GROUPS": beats.slot_groups, "CHANNEL_GROUPS": beats.channel_groups}
        parameters = {"PIXELS": beats.pixels, "CHANNELS": beats.channels, **groups, "BITS": self.x.bits}
        ports = {"last": go(last), "active": self.active, "beat": self.net, "features": name}
        self.top.instance("slot_buffer", f"u_{name}", parameters, ports)
        self.net, self.time, self.beats = name, last + 1, None
        self._spare(name, beats)

    def _spare(self, name: str, beats: Beats) -> None:
        """Slots beyond n, in the last beat of a collected stream, are always empty."""
        slot = beats.channels * beats.channel_groups * self.x.bits
        total = beats.slot_groups * beats.pixels * slot
        if not self.vector and total > self.n * slot:
            self.top.unused(f"{name}_spare", f"{self.net}[{total - 1}:{self.n * slot}]")

    def _beats(self, stage: Stage) -> None:
        """A stream of beats from all slots, for a flattening with neither a convolution nor a pooling before it."""
        beats, name = self._beats_of(stage), f"beats_for_{stage.name}"
        width = self.channels * self.x.bits
        select, inner = f"{name}_select", f"{name}_inner"
        self.time = max(self.time, self.bank.first + 1)
        self.top.declare(**{name: beats.pixels * width, select: max((beats.slot_groups - 1).bit_length(), 1), inner: 1})
        ports = {"start": go(self.time), "outer": select, "inner": inner}
        self.top.instance("beat_counter", f"{name}_counter", {"OUTER": beats.slot_groups}, ports)
        self.top.unused(name, inner)
        ports = {"d": self._slots(self.net, beats, width), "select": select, "y": name}
        self.top.instance(
            "wide_mux", f"u_{name}", {"INPUTS": beats.slot_groups, "BITS": beats.pixels * width}, ports, clock=False
        )
        self.net, self.active, self.beats = name, "'1", beats

    def _register(self, name: str, bits: int, pixels: int) -> None:
        nets = f"{name}_out_1", f"{name}_active_1"
        self.top.declare(**{nets[0]: bits, nets[1]: pixels})
        self.top.registers({nets[0]: self.net, nets[1]: self.active})
        (self.net, self.active), self.time = nets, self.time + 1

    def _slots(self, net: str, beats: Beats, width: int) -> str:
        """The first n slots of `width` bits of a net, and empty ones up to a multiple of the pixels of a beat."""
        total = beats.slot_groups * beats.pixels * width
        return f"{total}'({net})" if total == self.n * width else f"{total}'({self.n * width}'({net}))"


def go(cycle: int) -> str:
    """The net that is high in a cycle of the schedule."""
    return f"go[{cycle}]"
