"""What every layer of a standard CNN becomes as streaming RTL: a module of hls/rtl, and its parameters.

What flows between two layers and how often, how wide an exact sum gets, the digits of the weights: all follow from the
quantizers and the weights.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil, prod

import numpy as np
import tensorflow as tf
from qkeras import QActivation, QConv2D, QDense

from ...network.ranges import RECIPROCAL_BITS, quantized_weights, weight_format
from ...numerics.codes import Codes, bits, code, digits, factors, levels, packed, tree_parameters, weighted
from ...numerics.fixed_point import Fixed, fixed, reciprocal_code

keras = tf.keras
POOLS = (keras.layers.AveragePooling2D, keras.layers.MaxPooling2D)
GROUP = 64  # terms of a convolution in a module


@dataclass(frozen=True)
class Stream:
    """What flows between two layers: `tokens` an event of `values` numbers each, `interval` cycles apart at least.

    A number is a code of `bits` bits in low .. high, times 2^-fraction. `image` is (H, W), None after flatten.
    """

    tokens: int
    values: int
    interval: int
    image: tuple[int, int] | None
    bits: int
    fraction: int
    low: int
    high: int

    @property
    def signed(self) -> bool:
        return self.low < 0

    @property
    def width(self) -> int:
        """Bits of a token."""
        return self.values * self.bits

    def holding(self, low: int, high: int, **changes) -> Stream:
        """The same tokens with numbers in low .. high."""
        return replace(self, bits=bits(low, high), low=low, high=high, **changes)


@dataclass(frozen=True)
class Instance:
    """One layer of the top: its module in hls/rtl with parameters {name: value}, and what leaves it."""

    name: str
    group: str
    module: str
    parameters: dict
    source: Stream
    out: Stream
    weights: list[int] | None = None  # rows of the ROM of a dense layer
    row_bits: int = 0


def instances(layers: list, pixel: Fixed, shape: tuple[int, int, int], dsp: Callable[[str], bool]) -> list[Instance]:
    """The layers of the RTL in order of the data, for Keras `layers` from behind the input's quantizer to the logits.

    `pixel` and `shape` (H, W, C) are the image's, `dsp` says of a layer's name whether its multipliers are DSPs. Raises
    ValueError, by name, for a layer that has no streaming module.
    """
    height, width, channels = shape
    pace, (wanted, (rows, columns)) = _pace(layers, shape), _wanted(layers, (height, width))
    stream = Stream(height * width, channels, pace, (height, width), pixel.bits, pixel.fraction, *_codes(pixel))
    last = (rows - 1) * width + columns - 1
    parameters = {"PIXELS": stream.tokens, "LAST": last, "BITS": stream.width, "PACE": pace}
    found = [Instance("feed", "zero pad", "stream_input", parameters, stream, stream)]
    seen = Counter()
    last_dense = [layer.name for layer in layers if type(layer) is QDense][-1:]
    for layer in layers:
        kind, source = type(layer), found[-1].out
        seen[kind] += 1
        if kind is QConv2D:
            found.append(_window(layer, source, wanted[layer.name]))
            found.append(_conv(layer, found[-1].out, f"conv {seen[kind]}", dsp(layer.name)))
        elif kind is QActivation:
            found.append(_activation(layer, source, f"relu {seen[kind]}" if source.image else "mlp"))
        elif kind in POOLS:
            found.append(_pool(layer, source, wanted[layer.name], f"pool {sum(seen[pool] for pool in POOLS)}"))
        elif kind is QDense:
            if source.image:
                raise ValueError(f"{layer.name!r}: put a Flatten before a dense layer.")
            if source.values > 1:
                found.append(_flatten(f"serial_{layer.name}", "mlp", source, source.tokens))
            found.append(_dense(layer, found[-1].out, layer.name in last_dense, dsp(layer.name)))
        elif kind is keras.layers.Flatten:
            if source.image:
                found.append(_flatten(layer.name, "flatten", source, 1))
        elif kind is not keras.layers.Activation:  # in the middle it can only be linear
            raise ValueError(
                f"{layer.name!r} ({kind.__name__}) has no streaming RTL: this is for standard CNNs, "
                "and sparse networks have an emitter of their own."
            )
    if found[-1].out.tokens > 1 or found[-1].out.image:
        raise ValueError(f"{layers[-1].name!r} would give the logits: that must be a QDense or its activation.")
    return found


def _wanted(layers: list, shape: tuple[int, int]) -> tuple[dict[str, tuple[int, int]], tuple[int, int]]:
    """The rows and columns of every layer's image, and of the input, that can reach the logits: the first of each."""
    found, wanted = {}, None
    for layer in reversed(layers):
        if len(layer.output_shape) < 4:
            continue
        found[layer.name] = wanted = wanted or layer.output_shape[1:3]
        if type(layer) in POOLS:
            wanted = wanted[0] * layer.pool_size[0], wanted[1] * layer.pool_size[1]
        elif type(layer) is QConv2D:
            ends = zip(wanted, layer.strides, layer.kernel_size, _before(layer), layer.input_shape[1:3], strict=True)
            wanted = tuple(min((out - 1) * stride + size - pad, length) for out, stride, size, pad, length in ends)
    return found, wanted or shape


def _before(layer) -> tuple[int, int]:
    """Zeros above and left of the image of a convolution."""
    if layer.padding != "same":
        return 0, 0
    ends = zip(layer.output_shape[1:3], layer.strides, layer.kernel_size, layer.input_shape[1:3], strict=True)
    above, left = (max((out - 1) * stride + size - length, 0) // 2 for out, stride, size, length in ends)
    return above, left


def _pace(layers: list, shape: tuple[int, int, int]) -> int:
    """Cycles a pixel, so that whatever sends one value a cycle keeps up: Flatten with the channels of a cell, and what
    passes on the units of a hidden dense layer with two events as close as the tokens of the cells allow."""
    values, spread, flat, pace = shape[2], 1, 1, 1
    for layer in layers:
        if type(layer) is QConv2D:
            values = layer.filters
        elif type(layer) in POOLS:
            spread *= layer.pool_size[1]
        elif type(layer) is keras.layers.Flatten:
            flat, pace = layer.output_shape[-1], ceil(values / spread)
    hidden = max((layer.units for layer in layers if type(layer) is QDense and layer is not layers[-1]), default=1)
    while flat * (pace * spread // values) < hidden:
        pace += 1
    return pace


def _window(layer, source: Stream, wanted: tuple[int, int]) -> Instance:
    top, left = _before(layer)
    (height, width), (rows, columns) = source.image, layer.kernel_size
    lag = (rows - 1 - top) * width + columns - 1 - left
    if lag >= height * width:
        raise ValueError(
            f"{layer.name!r}: a kernel of {rows} x {columns} pixels needs all {height} x {width} pixels of its image "
            "before the first output; a streaming convolution is no use there."
        )
    keep = [sum(1 << i * stride for i in range(out)) for out, stride in zip(wanted, layer.strides, strict=True)]
    last = [(out - 1) * stride for out, stride in zip(wanted, layer.strides, strict=True)]
    parameters = {
        "BITS": source.width, "HEIGHT": height, "WIDTH": width,
        "KERNEL_HEIGHT": rows, "KERNEL_WIDTH": columns, "TOP": top, "LEFT": left,
        "KEEP_ROWS": packed([keep[0]], height), "KEEP_COLUMNS": packed([keep[1]], width),
        "LAST_ROW": last[0], "LAST_COLUMN": last[1],
    }  # fmt: skip
    out = replace(source, tokens=prod(wanted), values=rows * columns * source.values, image=wanted)
    return Instance(f"zp2d_{layer.name}", "zero pad", "stream_window", parameters, source, out)


def _conv(layer, source: Stream, group: str, dsp: bool) -> Instance:
    kernel, bias, fraction = _weight_codes(layer, source)
    kernel = kernel.reshape(-1, layer.filters)
    filters = [factors(w) if dsp else digits(w) for w in kernel.T.tolist()]
    out = source.holding(*_bounds(kernel, bias, source), fraction=fraction, values=layer.filters)
    factor = bits(int(min(kernel.min(), -1)), int(kernel.max())) if dsp else 0
    operand = source.bits + (not source.signed) + factor
    parameters = {
        "TAPS": source.values, "BITS": source.bits, "IS_SIGNED": int(source.signed), "FILTERS": layer.filters,
        **tree_parameters(filters, factor), "GROUP": GROUP, "PART_BITS": min(_part_bits(filters, operand), out.bits),
        "SUM_BITS": out.bits, "BIAS": packed(bias, out.bits),
    }  # fmt: skip
    return Instance(layer.name, group, "stream_conv2d", parameters, source, out)


def _part_bits(filters: list, operand: int) -> int:
    """Bits of the sum of any GROUP terms in a row, relative to the first one's shift."""
    parts = [terms[i : i + GROUP] for terms in filters for i in range(0, len(terms), GROUP)]
    return max(operand + (len(part) - 1).bit_length() + part[-1][1] - part[0][1] for part in parts)


def _pool(layer, source: Stream, wanted: tuple[int, int], group: str) -> Instance:
    (height, width), (rows, columns) = source.image, layer.pool_size
    average = type(layer) is keras.layers.AveragePooling2D
    area = rows * columns
    factor, fraction = reciprocal_code(area, RECIPROCAL_BITS) if average else (1, 0)
    cells = replace(source, tokens=prod(wanted), image=wanted, interval=source.interval * columns)
    reduced = cells.holding(source.low * area, source.high * area) if average else cells
    out = reduced.holding(reduced.low * factor, reduced.high * factor, fraction=source.fraction + fraction)
    terms = digits([factor])
    parameters = {
        "CHANNELS": source.values, "BITS": source.bits, "IS_SIGNED": int(source.signed),
        "HEIGHT": height, "WIDTH": width, "POOL_HEIGHT": rows, "POOL_WIDTH": columns, "CELL_ROWS": wanted[0],
        "CELLS": wanted[1], "AVERAGE": int(average), "REDUCED_BITS": reduced.bits,
        "TERMS": len(terms), "LEVELS": levels([terms]),
        "NEGATIVE": packed([t[2] for t in terms], 1), "SHIFT": packed([t[1] for t in terms], 8),
        "OUT_BITS": out.bits,
    }  # fmt: skip
    return Instance(layer.name, group, "stream_pool2d", parameters, source, out)


def _activation(layer, source: Stream, group: str) -> Instance:
    grid = fixed(layer.quantizer)
    low, high = _codes(grid)
    out = replace(source, bits=grid.bits, fraction=grid.fraction, low=low, high=high)
    parameters = {
        "VALUES": source.values, "IN_BITS": source.bits, "IN_FRACTION": source.fraction, "OUT_BITS": grid.bits,
        "OUT_FRACTION": grid.fraction, "IS_SIGNED": int(source.signed), "OUT_SIGNED": int(grid.signed),
        "SYMMETRIC": int(grid.symmetric),
    }  # fmt: skip
    return Instance(layer.name, group, "stream_quantize", parameters, source, out)


def _flatten(name: str, group: str, source: Stream, burst: int) -> Instance:
    """A burst of tokens, one value a token: as far apart as the next burst allows."""
    spacing = source.interval // source.values if burst == 1 and source.image else 1
    out = replace(source, tokens=source.tokens * source.values, values=1, interval=spacing, image=None)
    parameters = {"VALUES": source.values, "TOKENS": burst, "BITS": source.bits, "SPACING": spacing}
    return Instance(name, group, "stream_flatten", parameters, source, out)


def _dense(layer, source: Stream, last: bool, dsp: bool) -> Instance:
    kernel, bias, fraction = _weight_codes(layer, source)
    phases = 1 if last else max(p for p in range(1, source.interval + 1) if layer.units % p == 0)
    lanes, weight_bits = layer.units // phases, bits(int(min(kernel.min(), -2)), int(kernel.max()))
    out = source.holding(*_bounds(kernel, bias, source), fraction=fraction, tokens=phases, values=lanes, interval=1)
    parameters = {
        "INPUTS": source.tokens, "UNITS": layer.units, "PHASES": phases, "BITS": source.bits,
        "IS_SIGNED": int(source.signed), "WEIGHT_BITS": weight_bits, "SUM_BITS": out.bits,
        "MULTIPLIER": int(dsp), "BIAS": packed(bias, out.bits),
    }  # fmt: skip
    rows = [code(row, weight_bits) for row in kernel.reshape(-1, lanes).tolist()]
    return Instance(layer.name, "mlp", "stream_dense", parameters, source, out, rows, lanes * weight_bits)


def _weight_codes(layer, source: Stream) -> tuple[np.ndarray, list[int], int]:
    """Kernel and bias as Python's whole numbers on the grid of the sum, and that grid's fraction bits."""
    kernel, bias = quantized_weights(layer)
    k = weight_format(layer, "kernel").fraction
    b = weight_format(layer, "bias").fraction if layer.use_bias else 0
    fraction = max(source.fraction + k, b)
    whole = np.frompyfunc(int, 1, 1)
    kernel, bias = whole(np.ldexp(kernel, fraction - source.fraction)), whole(np.ldexp(bias, fraction))
    return kernel, bias.tolist(), fraction


def _bounds(kernel: np.ndarray, bias: list[int], source: Stream) -> tuple[int, int]:
    """The least and the largest sum over any inputs of the stream."""
    sums = weighted(kernel.reshape(-1, len(bias)), bias, Codes(source.fraction, source.low, source.high), 0)
    return sums.low, sums.high


def _codes(grid: Fixed) -> tuple[int, int]:
    return int(grid.min / grid.lsb), int(grid.max / grid.lsb)
