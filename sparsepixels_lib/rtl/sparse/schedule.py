"""The layers of a sparse network put together: which net goes where, and in which clock cycle each layer begins.

hls/rtl holds the operations and `layers` their parameters. Nothing waits for anything at run time: from the cycle in
which the input reduction is done (cycle 0 of the schedule), a shift register tells every layer when to begin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ...numerics.codes import Codes, reciprocal_code
from .. import timing
from ..verilog import bit_planes
from . import layers as units
from . import logic
from .chain import Stage
from .flow import Bank, Flow, go


class SparseTop(Flow):
    """The top module of a network, a method for each kind of stage."""

    def __init__(self, stages: list[Stage], design, interval: int = 0):
        super().__init__(stages, design, interval)
        # Of the dense layer behind the flattening: the cell of every coordinate, the image of the cells, and a constant
        # factor (code, fraction bits, area)
        self.cells = [list(range(size + 1)) for size in self.shape]
        self.cell_shape, self.factor = self.shape, (1, 0, 1)
        for stage in stages:
            if not hasattr(self, stage.kind):
                raise ValueError(f"{stage.name!r} ({stage.kind}) has no RTL in a sparse network.")
            getattr(self, stage.kind)(stage)
        design.check_layers(self.used)
        if self.needed > self.ii:  # events further apart, so that slots stay until all that read them have done so
            self.__init__(stages, design, self.needed)

    def reduce(self, stage: Stage) -> None:
        step, design, (height, width) = stage.step, self.design, self.shape
        pixel, (p, q) = step.grid, step.patch or (1, 1)
        name, group, bits = stage.name, "input reduction", self.channels * pixel.bits
        cuts = logic.reduction_cuts(step, self.rows, self.period)
        source = {"rst": "rst", "in_valid": "in_valid", "in_ready": "in_ready"}
        valid, rows = {"out_valid": "rows_valid", "out_last": "rows_last"}, "some_rows"
        self.top.declare(rows_valid=1, rows_last=1)
        if design.interface == "rows":
            module, rows, ports, parameters = "streamed_rows", "in_data", source | valid, {"BEATS": self.chunks}
        else:
            module, of_image = "image_rows", pixel.bits if step.patch else bits
            ports = source | {"in_data": "in_data"} | valid | {"out_rows": rows}
            parameters = {"HEIGHT": height * p, "WIDTH": width * q, "PIXEL": of_image, "ROWS": self.rows * p}
            self.top.declare(some_rows=self.rows * p * width * q * of_image)
        done = "rows_valid && rows_last"
        self.top.instance(module, "rows", parameters | {"INTERVAL": self.ii}, ports, group, done)
        if step.patch:
            of_image, rows, valid = rows, "patch_rows", {"out_valid": "patch_valid", "out_last": "patch_last"}
            self.top.declare(patch_valid=1, patch_last=1, patch_rows=self.rows * width * bits)
            parameters = units.patches(step, self.rows, self.period)
            ports = {"rst": "rst", "in_valid": "rows_valid", "in_last": "rows_last", "in_rows": of_image}
            ports |= valid | {"out_rows": rows}
            self.top.instance("patch_pixels", "patches", parameters, ports, group, "patch_valid && patch_last")
        nets = {port: f"{name}_{port}" for port in ("features", "row", "column")}
        sizes = bits, height.bit_length(), width.bit_length()
        self.top.declare(**{net: self.n * size for net, size in zip(nets.values(), sizes, strict=True)})
        ports = {"rst": "rst", "in_valid": valid["out_valid"], "in_last": valid["out_last"], "in_rows": rows}
        module, parameters = units.reduction(step, self.rows)
        self.top.instance(module, name, parameters | cuts, ports | {"out_valid": "go[0]"} | nets, group, "go[0]")
        self.x, self.net, self.bank = pixel, nets["features"], Bank(nets["row"], nets["column"], 0, self.ii - 1)

    def conv(self, stage: Stage) -> None:
        self._convolution("qconv2d_sparse", stage, units.convolution)
        self.channels = stage.step.out_channels

    def depthwise(self, stage: Stage) -> None:
        self._convolution("qdepthwise_conv2d_sparse", stage, units.depthwise)

    def _convolution(self, module: str, stage: Stage, unit: Callable) -> None:
        self._collect(stage)
        beats, dsp = self._beats_of(stage), self._dsp(stage.name)
        parameters, sums, half = unit(stage.step, self.x, stage.grid_after, beats, dsp, self.n, self.period)
        depthwise = "FILTERS" not in parameters
        sizes, weights = (
            [size.bit_length() for size in self.shape],
            self.channels * (1 if depthwise else beats.channels),
        )
        looks = logic.lookup_elements(beats, sizes, self.n, weights * parameters["W_BITS"])
        look, _ = timing.registers(stage.name, looks, self.period)
        offset = look >> 1 & 1
        listeners = max(13, beats.pixels * (1 if depthwise else beats.channels - parameters["PAIRS"]))
        elements, products = logic.dot_elements(parameters, self.n * (1 if depthwise else self.channels), listeners)
        mask = self._registers(stage.name, elements)
        cuts = {
            "OFFSET": offset, "MULTIPLY": (mask >> 1) & ((1 << products - 1) - 1),
            "CUTS": mask >> products,
        }  # fmt: skip
        latency, lookup = (mask >> 1).bit_count(), 1 + offset
        self._from_slots(module, stage, beats, parameters | cuts, sums, lookup, 0, latency, {}, "sum")
        self.half = half

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
        looks = logic.cells_elements(beats, [size.bit_length() for size in shape], sum(nets.values()), self.n)
        look, _ = timing.registers(step.name, looks, self.period)
        mask = self._registers(step.name, logic.pooling_elements(parameters, self.n))
        own, lookup = look >> 2 & 1, 1 + (look >> 1).bit_count()
        cuts = {"CELLS": look >> 1 & 1, "OWN": own, "SAME": look >> 3 & 1, "CUTS": mask >> 1}
        start = max(self.time - lookup, self.bank.first)
        self.top.declare(**{ports[port]: beats.slot_groups * beats.pixels * bits for port, bits in nets.items()})
        more = {"last": go(start + lookup + beats.count - 2)} | ports
        latency = (mask >> 1).bit_count()
        self._from_slots("pooling2d_sparse", stage, beats, parameters | cuts, out, lookup, own, latency, more, "y")
        fraction = self.x.fraction + k
        if code != 1:
            kernel = np.eye(beats.values, dtype=object) * code
            scale, out = units.constant(kernel, [0] * beats.values, out, 0, self._dsp(step.name, constant=True))
            self._dense(f"{step.name}_scale", scale, out, register=False, group=self.top.groups[step.name])
        self.x = replace(self.x, fraction=fraction)
        if step.grid:
            self._quantize(f"{step.name}_rounded", "", step.grid, stage.collected)
        self.cells = [[table[cell] for cell in seen] for table, seen in zip(tables, self.cells, strict=True)]
        self.cell_shape = image
        if (
            stage.collected
        ):  # who comes next needs the cells of all slots; a flattening finds them from the pixels itself
            first = start + lookup + beats.count - 1
            self.bank, self.shape = Bank(*ports.values(), first, first + self.ii - 1), image
            self.cells = [list(range(size + 1)) for size in image]
            for net, size in zip(ports.values(), image, strict=True):
                total, bits = beats.slot_groups * beats.pixels, size.bit_length()
                if total > self.n:
                    self.top.unused(f"{net}_spare", f"{net}[{total * bits - 1}:{self.n * bits}]")
        else:
            self.top.unused(f"{step.name}_cells", *ports.values())

    def fused_average(self, stage: Stage) -> None:
        """An average that the dense layer behind the flattening applies: cells of the pixels, and a constant factor."""
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
            self._beats(stage, 1)
        name, beats, (code, k, area) = stage.name, self.beats, self.factor
        kernel, bias, fraction = stage.step.on_grid(self.x, k)
        bias, self.half = units.rounding_bias(bias, fraction, stage.grid_after)
        parameters, sums = units.flatten_dense(
            kernel, bias if code == 1 else [0] * len(bias), self.x, beats, *self.cells, self.cell_shape, area,
            self._dsp(name), self.n, self.period,
        )  # fmt: skip
        looks = logic.position_elements(parameters, beats, [size.bit_length() for size in self.shape])
        look, _ = timing.registers(name, looks, self.period)
        own, early, lookup = look >> 1 & 1, look >> 2 & 1, 2 + (look >> 1).bit_count()
        self._registers(name, [timing.gate()])  # of features at slots without a position
        while self.time - lookup + 1 < self.bank.first:
            self._register()
        mask, dot = logic.accumulated(name, parameters, beats, self.period)
        start, due = self.time - lookup + 1, self.time + 1 + dot.pop("cycles")
        out, done = f"{name}_out", due + beats.count
        self.top.declare(**{out: len(bias) * sums.bits})
        ports = {"first": go(due - 1), "active": self.active, "x": self.net, "sum": out}
        cuts = {"OWN": own, "EARLY": early} | dot
        module = "sparse_flatten_dense"
        self._slots_instance(module, stage, start, own, beats, parameters | cuts, ports, "mlp", done)
        self.x, self.net, self.time, self.beats = Codes(sums.low, sums.high, fraction), out, done, None
        self.channels, self.vector, self.since = len(bias), True, timing.Since()
        if code != 1:
            kernel = np.eye(len(bias), dtype=object) * code
            scale, out = units.constant(kernel, bias, self.x, fraction, self._dsp(name))
            self._dense(f"{name}_scale", scale, out, register=not stage.grid_after, group="mlp")

    def dense(self, stage: Stage) -> None:
        kernel, bias, fraction = stage.step.on_grid(self.x)
        bias, self.half = units.rounding_bias(bias, fraction, stage.grid_after)
        dsp = self._dsp(stage.name, constant=True)
        parameters, out = units.constant(kernel, bias, self.x, fraction, dsp)
        self._dense(stage.name, parameters, out, register=True, group="mlp")
        self.channels = len(bias)
