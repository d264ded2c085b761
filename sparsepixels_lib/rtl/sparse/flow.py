"""What flows between two layers of a sparse network, and the nets and registers that carry it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...numerics.codes import Codes
from .. import timing
from . import layers as units
from . import logic
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

    def __init__(self, stages: list[Stage], design, interval: int = 0):
        self.stages, self.design, self.period = stages, design, design.period
        first = stages[0].step
        self.channels, self.n, self.shape = first.channels, first.slots, first.image
        rows = max(design.rows // (first.patch or (1, 1))[0], 1)  # of patches
        self.chunks = -(-self.shape[0] // rows)
        self.rows = rows if design.interface == "rows" else -(-self.shape[0] // self.chunks)
        self.used: dict[str, set[str]] = {"pixels": set(), "multipliers": set()}  # knob: layers that it is a knob of
        self.ii = max(self._interval(), interval)
        self.needed = self.ii  # cycles between events, for all that is read to be there still
        self.since = timing.Since()  # the last register in front of `net`
        self.top = Top()
        self.x: Codes | None = None
        self.net, self.active, self.time, self.beats = "", "", 0, None
        self.vector = self.half = False  # half: x has half an LSB of the next grid in it
        self.bank: Bank | None = None

    def _interval(self) -> int:
        """Cycles between events: those of the slowest layer, if nothing `needed` more. The dense layer behind the
        flattening takes the beats of the layer before it, if there is one."""
        own = [s for s in self.stages if s.kind in ON_SLOTS]
        own = own or [s for s in self.stages if s.kind == "flatten_dense"]
        return max(self.chunks, *(self._beats_of(stage).count for stage in own))

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
        net, (elements, products) = f"{name}_out", logic.constant_elements(parameters)
        mask = self._registers(name, elements)
        cuts = {"MULTIPLY": (mask >> 1) & ((1 << max(products - 1, 0)) - 1), "CUTS": mask >> products & ~(not products)}
        self.top.declare(**{net: parameters["UNITS"] * out.bits})
        later = register + (mask >> 1).bit_count()
        self._delay_active(net, later)
        self.time += later
        ports = {"x": self.net, "y": net}
        done = self.time + (self.beats.count - 1 if self.beats else 0)
        self.top.instance("dense", name, parameters | cuts | {"REGISTER": int(register)}, ports, group, go(done))
        self.x, self.net, self.since = out, net, timing.Since() if register else self.since

    def _registers(self, name: str, elements: list[timing.Element]) -> int:
        """Where registers must be in logic behind `net`, whose own register is made if it needs one; `since` is then
        behind that logic."""
        mask, since = timing.registers(name, elements, self.period, self.since)
        if mask & 1:
            self._register()
        self.since = since
        return mask

    def _from_slots(
        self,
        module,
        stage: Stage,
        beats: Beats,
        parameters,
        out: Codes,
        lookup: int,
        hold: int,
        latency: int,
        ports,
        port: str,
    ) -> None:
        """A layer that reads all slots, `lookup` cycles after their coordinates, and gives a beat a cycle, `latency`
        later. Coordinates are read for `hold` cycles more than there are beats."""
        name, start = stage.name, max(self.time - lookup, self.bank.first)
        self._keep(start + lookup, beats.count)
        active, net = f"{name}_active", f"{name}_out"
        self.top.declare(**{active: beats.pixels, net: beats.values * out.bits})
        features = self._slots(self.net, beats, self.channels * self.x.bits)
        ports = {"features": features, "active": active, port: net} | ports
        kind = "pool" if stage.kind == "pool" else "sparse conv"
        group = f"{kind} {sum(g.startswith(kind) for g in self.top.groups.values()) + 1}"
        time = start + lookup + latency
        self._slots_instance(module, stage, start, hold, beats, parameters, ports, group, time + beats.count - 1)
        self.x, self.net, self.active, self.time, self.beats = out, net, active, time, beats

    def _keep(self, start: int, count: int) -> None:
        """Features that are read for `count` cycles from `start` on: in a copy if they do not last so long."""
        if start + count > self.time + self.ii:
            net = f"{self.net}_kept"
            self.top.declare(**{net: self.n * self.channels * self.x.bits})
            self.top.registers({net: f"{self.n * self.channels * self.x.bits}'({self.net})"}, when=go(start - 1))
            self.net, self.time, self.since = net, start, timing.Since()

    def _slots_instance(
        self, module, stage: Stage, start: int, hold: int, beats: Beats, parameters, ports, group, done: int
    ) -> None:
        """An instance that reads the coordinates of all slots for `hold` cycles more than it has beats."""
        bits = [size.bit_length() for size in self.shape]
        self.needed = max(self.needed, beats.count + hold)
        while start + beats.count + hold - 1 > self.bank.last and self.needed <= self.ii:  # a copy that lasts longer
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
        self._round(name, out, collected)
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
            self.time, self.beats, self.since = last + 1, None, timing.Since()

    def _round(self, name: str, out: Codes, collected: bool) -> None:
        """The registers that a quantizer needs, and its first half, an adder, where they must come apart."""
        elements = timing.rounding(self.x.bits, self.x.fraction - out.fraction, out.bits, self.half)
        if self.beats:
            elements[-1] = timing.both(elements[-1], timing.gate())  # of slots that are empty
        if self._fits(elements):
            self._registers(name, [timing.both(*elements)])
            return
        half = 1 << self.x.fraction - out.fraction - 1
        values = self.beats.values if self.beats else self.channels * (1 if self.vector else self.n)
        parameters, x = units.constant(np.eye(values, dtype=object), [half] * values, self.x, 0, False)
        self._dense(f"{name}_half", parameters, Codes(x.low, x.high, self.x.fraction), register=True, group="")
        self.half = True
        self._registers(name, elements[-1:])

    def _fits(self, elements: list[timing.Element]) -> bool:
        """Whether all of them stand between two registers."""
        since = timing.Since().then(timing.both(*elements))
        return since.total + elements[-1].setup <= timing.stage_ns(self.period)

    def _collect(self, stage: Stage) -> None:
        """All slots of a stream that no activation has collected."""
        if self.beats is None:
            return
        self._registers(stage.name, [timing.gate()])
        beats, name = self.beats, f"slots_for_{stage.name}"
        self.top.declare(**{name: beats.values * beats.count * self.x.bits})
        last = self.time + beats.count - 1
        groups = {"SLOT_GROUPS": beats.slot_groups, "CHANNEL_GROUPS": beats.channel_groups}
        parameters = {"PIXELS": beats.pixels, "CHANNELS": beats.channels, **groups, "BITS": self.x.bits}
        ports = {"last": go(last), "active": self.active, "beat": self.net, "features": name}
        self.top.instance("slot_buffer", f"u_{name}", parameters, ports)
        self.net, self.time, self.beats, self.since = name, last + 1, None, timing.Since()
        self._spare(name, beats)

    def _spare(self, name: str, beats: Beats) -> None:
        """Slots beyond n, in the last beat of a collected stream, are always empty."""
        slot = beats.channels * beats.channel_groups * self.x.bits
        total = beats.slot_groups * beats.pixels * slot
        if not self.vector and total > self.n * slot:
            self.top.unused(f"{name}_spare", f"{self.net}[{total - 1}:{self.n * slot}]")

    def _beats(self, stage: Stage, lookup: int) -> None:
        """A stream of beats from all slots, for a flattening with neither a convolution nor a pooling before it, and
        `lookup` cycles between its coordinates and them."""
        beats, name = self._beats_of(stage), f"beats_for_{stage.name}"
        width = self.channels * self.x.bits
        select, inner = f"{name}_select", f"{name}_inner"
        choice = timing.select(beats.slot_groups, 2 * beats.pixels * width)
        self._registers(stage.name, [choice])
        time = max(self.time, self.bank.first + lookup)
        self._keep(time, beats.count)
        self.time = time
        self.top.declare(**{name: beats.pixels * width, select: max((beats.slot_groups - 1).bit_length(), 1), inner: 1})
        ports = {"start": go(self.time), "outer": select, "inner": inner}
        self.top.instance("beat_counter", f"{name}_counter", {"OUTER": beats.slot_groups}, ports)
        self.top.unused(name, inner)
        ports = {"d": self._slots(self.net, beats, width), "select": select, "y": name}
        self.top.instance(
            "wide_mux", f"u_{name}", {"INPUTS": beats.slot_groups, "BITS": beats.pixels * width}, ports, clock=False
        )
        self.net, self.active, self.beats = name, "'1", beats

    def _register(self) -> None:
        """A register behind `net`."""
        values = self.beats.values if self.beats else self.channels * (1 if self.vector else self.n)
        net = f"{self.net}_then"
        self.top.declare(**{net: values * self.x.bits})
        size = "" if self.beats or self.vector else f"{values * self.x.bits}'"  # a buffer may have spare slots
        self.top.registers({net: f"{size}({self.net})"})
        self._delay_active(net, 1)
        self.net, self.time, self.since = net, self.time + 1, timing.Since()

    def _delay_active(self, name: str, cycles: int) -> None:
        """`active` as much later as a stream."""
        for k in range(cycles if self.beats and self.active != "'1" else 0):
            net = f"{name}_active_{k + 1}"
            self.top.declare(**{net: self.beats.pixels})
            self.top.registers({net: self.active})
            self.active = net

    def _slots(self, net: str, beats: Beats, width: int) -> str:
        """The first n slots of `width` bits of a net, and empty ones up to a multiple of the pixels of a beat."""
        total = beats.slot_groups * beats.pixels * width
        return f"{total}'({net})" if total == self.n * width else f"{total}'({self.n * width}'({net}))"


def go(cycle: int) -> str:
    """The net that is high in a cycle of the schedule."""
    return f"go[{cycle}]"
