"""The layers of a sparse network put together: which net goes where, and in which clock cycle each layer begins.

hls/rtl holds the operations and sparse_units.py their parameters. Nothing waits for anything at run time: from the
cycle in which the input reduction is done (cycle 0 of the schedule), a shift register tells every layer when to begin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...numerics.codes import Codes, reciprocal_code
from ..verilog import bit_planes
from . import layers as units
from .chain import Stage
from .layers import Beats
from .top import Top


@dataclass
class _Bank:
    """Coordinates of all slots: nets that are valid from cycle `first` to `last` of the schedule."""

    row: str
    column: str
    first: int
    last: int


class SparseTop:
    """The top module of a network as it grows, a method for each kind of step; and what flows between two layers.

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
        self.bank: _Bank | None = None
        # Of the dense layer behind the flattening: the cell of every coordinate, the image of the cells, and a constant
        # factor (code, fraction bits, area)
        self.cells = [list(range(size + 1)) for size in self.shape]
        self.cell_shape, self.factor = self.shape, (1, 0, 1)
        for stage in stages:
            getattr(self, stage.kind)(stage)
        design.check_layers(self.used)

    def _interval(self) -> int:
        """Cycles between events: those of the slowest layer. Features are read a cycle after the coordinates, so the
        slots of the reduction, which last as long as an interval, must outlast one that reads them by a cycle. A head
        takes the beats of the layer before it, if there is one."""
        own = [s for s in self.stages if s.kind in ("conv", "pool")]
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

    def reduce(self, stage: Stage) -> None:
        pixel, design, width = stage.step.grid, self.design, self.shape[1]
        name, group, bits = stage.name, "input reduction", self.channels * pixel.bits
        source = {"rst": "rst", "in_valid": "in_valid", "in_ready": "in_ready"}
        done = {"out_valid": "rows_valid", "out_last": "rows_last"}
        self.top.declare(rows_valid=1, rows_last=1)
        if design.interface == "rows":
            module, rows, ports, parameters = "streamed_rows", "in_data", source | done, {"BEATS": self.chunks}
        else:
            module, rows = "image_rows", "some_rows"
            ports = source | {"in_data": "in_data"} | done | {"out_rows": rows}
            parameters = {"HEIGHT": self.shape[0], "WIDTH": width, "PIXEL": bits, "ROWS": design.rows}
            self.top.declare(some_rows=design.rows * width * bits)
        self.top.instance(module, "rows", parameters | {"INTERVAL": self.ii}, ports, group, "rows_valid && rows_last")
        nets = {port: f"{name}_{port}" for port in ("features", "row", "column")}
        sizes = bits, *(s.bit_length() for s in self.shape)
        self.top.declare(**{net: self.n * size for net, size in zip(nets.values(), sizes, strict=True)})
        ports = {"rst": "rst", "in_valid": "rows_valid", "in_last": "rows_last", "in_rows": rows, "out_valid": "go[0]"}
        parameters = units.reduction(stage.step, design.rows)
        self.top.instance("input_reduce", name, parameters, ports | nets, group, "go[0]")
        self.x, self.net, self.bank = pixel, nets["features"], _Bank(nets["row"], nets["column"], 0, self.ii - 1)

    def conv(self, stage: Stage) -> None:
        self._collect(stage)
        beats = self._beats_of(stage)
        parameters, sums, self.half = units.convolution(
            stage.step, self.x, stage.grid_after, beats, self._dsp(stage.name), self.n
        )
        cut = 1 if self.x.bits > 9 else 0
        self._from_slots("qconv2d_sparse", stage, beats, parameters | {"CUT": cut}, sums, 3 if cut else 2, {}, "sum")
        self.channels = beats.channels * beats.channel_groups

    def pool(self, stage: Stage) -> None:
        self._collect(stage)
        step, beats, shape = stage.step, self._beats_of(stage), self.shape
        parameters, out, code, k = units.pooling(step, self.x, beats.pixels, self.n)
        tables = [units.cells(size, pool) for size, pool in zip(shape, step.pool, strict=True)]
        image = step.out_image
        for axis, table, size in zip(("ROW", "COLUMN"), tables, image, strict=True):
            bits = size.bit_length()
            parameters |= {
                f"CELL_{axis}_BITS": bits,
                f"{axis}S": bit_planes(table, bits, (len(table) - 1).bit_length()),
            }
        nets = {"cell_row": image[0].bit_length(), "cell_column": image[1].bit_length()}
        ports = {port: f"{step.name}_{port}" for port in nets}
        start = max(self.time - 1, self.bank.first)
        self.top.declare(**{ports[port]: beats.slot_groups * beats.pixels * bits for port, bits in nets.items()})
        average = parameters["AVERAGE"]
        more = {"last": _go(start + beats.count - 1)} | ports
        self._from_slots("pooling2d_sparse", stage, beats, parameters, out, 1 if average else 2, more, "y")
        if code != 1:
            self._register(step.name, beats.values * out.bits, beats.pixels)
            kernel = np.eye(beats.values, dtype=object) * code
            scale, out = units.constant(kernel, [0] * beats.values, out, 0, self._dsp(step.name, constant=True))
            self._dense(f"{step.name}_scale", scale, out, register=False, group=self.top.groups[step.name])
        self.x = Codes(out.low, out.high, self.x.fraction + k)
        if step.grid:
            self._quantize(f"{step.name}_rounded", "", step.grid, stage.collected)
        self.cells = [[table[cell] for cell in seen] for table, seen in zip(tables, self.cells, strict=True)]
        self.cell_shape = image
        if stage.collected:  # who comes next needs the cells of all slots; a head finds them from the pixels itself
            first = start + beats.count
            self.bank, self.shape = _Bank(*ports.values(), first, first + self.ii - 1), image
            self.cells = [list(range(size + 1)) for size in image]
            for net, size in zip(ports.values(), image, strict=True):
                total, bits = beats.slot_groups * beats.pixels, size.bit_length()
                if total > self.n:
                    self.top.unused(f"{net}_spare", f"{net}[{total * bits - 1}:{self.n * bits}]")
        else:
            self.top.unused(f"{step.name}_cells", *ports.values())

    def fused_average(self, stage: Stage) -> None:
        """An average that the head applies: the cells of the pixels, and a constant factor."""
        pools = stage.step.pool
        tables = [units.cells(size, pool) for size, pool in zip(self.cell_shape, pools, strict=True)]
        self.cells = [[table[cell] for cell in seen] for table, seen in zip(tables, self.cells, strict=True)]
        self.cell_shape = tuple(size // pool for size, pool in zip(self.cell_shape, pools, strict=True))
        area = pools[0] * pools[1]
        self.factor = *reciprocal_code(area, stage.step.reciprocal_bits), area

    def activation(self, stage: Stage) -> None:
        group = "mlp" if self.vector else f"relu {sum(g.startswith('relu') for g in self.top.groups.values()) + 1}"
        self._quantize(stage.name, group, stage.step.grid, stage.collected)

    def flatten_dense(self, stage: Stage) -> None:
        if self.beats is None:
            self._beats(stage)
        name, beats, (code, k, area) = stage.name, self.beats, self.factor
        kernel, bias, fraction = stage.step.on_grid(self.x, k)
        bias, self.half = units.rounding_bias(bias, fraction, stage.grid_after)
        parameters, sums = units.flatten_dense(
            kernel, bias if code == 1 else [0] * len(bias), self.x, beats, *self.cells, self.cell_shape, area,
            self._dsp(name), self.n,
        )  # fmt: skip
        cut, out = 1 if self.x.bits > 9 else 0, f"{name}_out"
        start, done = self.time - 1, self.time + beats.count + 2 + cut
        self.top.declare(**{out: len(bias) * sums.bits})
        ports = {"active": self.active, "x": self.net, "sum": out}
        self._slots_instance("sparse_flatten_dense", stage, start, beats, parameters | {"CUT": cut}, ports, "mlp", done)
        self.x, self.net, self.time, self.beats = Codes(sums.low, sums.high, fraction), out, done, None
        self.channels, self.vector = len(bias), True
        if code != 1:
            kernel = np.eye(len(bias), dtype=object) * code
            scale, self.x = units.constant(kernel, bias, self.x, fraction, self._dsp(name))
            self._dense(f"{name}_scale", scale, self.x, register=not stage.grid_after, group="mlp")

    def dense(self, stage: Stage) -> None:
        kernel, bias, fraction = stage.step.on_grid(self.x)
        bias, self.half = units.rounding_bias(bias, fraction, stage.grid_after)
        dsp = self._dsp(stage.name, constant=True)
        parameters, self.x = units.constant(kernel, bias, self.x, fraction, dsp)
        self.channels = len(bias)
        self._dense(stage.name, parameters, self.x, register=True, group="mlp")

    def _dense(self, name: str, parameters: dict, out: Codes, *, register: bool, group: str) -> None:
        net = f"{name}_out"
        self.top.declare(**{net: parameters["UNITS"] * out.bits})
        self.time += register + (not parameters["CUTS"].endswith("'h0"))
        ports = {"x": self.net, "y": net}
        done = self.time + (self.beats.count - 1 if self.beats else 0)
        self.top.instance("dense", name, parameters | {"REGISTER": int(register)}, ports, group, _go(done))
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
        kind = "sparse conv" if stage.kind == "conv" else "pool"
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
            self.top.registers({net: f"{self.n * b}'({bank})" for net, bank, b in old}, when=_go(capture))
            self.bank = _Bank(*nets, capture + 1, capture + self.ii)
        nets = {"row": self.bank.row, "column": self.bank.column}
        coordinates = {port: self._slots(net, beats, b) for (port, net), b in zip(nets.items(), bits, strict=True)}
        slots = {"SLOTS": beats.slot_groups * beats.pixels, "ROW_BITS": bits[0], "COLUMN_BITS": bits[1]}
        ports = {"start": _go(start)} | coordinates | ports
        self.top.instance(module, stage.name, slots | parameters, ports, group, _go(done))

    def _quantize(self, name: str, group: str, out: Codes, collected: bool) -> None:
        whole = Beats(1, self.channels) if self.vector else Beats(self.n, self.channels)
        beats, buffer = self.beats or whole, self.vector or (collected and self.beats is not None)
        last = self.time + beats.count - 1
        parameters = units.quantizer(self.x, out, beats, self.half, buffer)
        net = f"{name}_out"
        self.top.declare(**{net: beats.values * (beats.count if buffer else 1) * out.bits})
        stream = self.beats is not None
        ports = {"last": _go(last) if stream else "1'b1", "active": self.active if stream else "'1"}
        source = self.net if stream or self.vector else f"{self.n * self.channels * self.x.bits}'({self.net})"
        done = _go(last + 1 if buffer else last)
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
        ports = {"last": _go(last), "active": self.active, "beat": self.net, "features": name}
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
        """A stream of beats from all slots, for a head with neither a convolution nor a pooling before it."""
        beats, name = self._beats_of(stage), f"beats_for_{stage.name}"
        width = self.channels * self.x.bits
        select, inner = f"{name}_select", f"{name}_inner"
        self.time = max(self.time, self.bank.first + 1)
        self.top.declare(**{name: beats.pixels * width, select: max((beats.slot_groups - 1).bit_length(), 1), inner: 1})
        ports = {"start": _go(self.time), "outer": select, "inner": inner}
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


def _go(cycle: int) -> str:
    return f"go[{cycle}]"
