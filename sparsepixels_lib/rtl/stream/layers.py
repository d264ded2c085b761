"""What every layer of a standard CNN becomes as streaming RTL: a module of hls/rtl, and its parameters.

What flows between two layers and how often, how wide an exact sum gets, the digits of the weights: all follow from the
steps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil, prod

from ...numerics.codes import Codes, reciprocal_code, weighted_sum
from ..constants import csd_terms, factor_terms, signed_bits, tree_levels, tree_parameters
from ..steps import Step
from ..verilog import code, packed

POOLS = "average", "maximum"
GROUP = 64  # terms of a convolution in a module


@dataclass(frozen=True)
class Stream:
    """What flows between two layers: `tokens` an event of `values` numbers each, `interval` cycles apart at least.

    A number is one of `codes`. `image` is (H, W), None after flatten.
    """

    tokens: int
    values: int
    interval: int
    image: tuple[int, int] | None
    codes: Codes

    @property
    def width(self) -> int:
        """Bits of a token."""
        return self.values * self.codes.bits


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


def instances(
    steps: list[Step], pixel: Codes, shape: tuple[int, int, int], dsp: Callable[[str], bool]
) -> list[Instance]:
    """The layers of the RTL in order of the data, for the steps of a standard CNN.

    `pixel` and `shape` (H, W, C) are the image's, `dsp` says of a layer's name whether its multipliers are DSPs. Raises
    ValueError, by name, for a layer that has no streaming module.
    """
    height, width, channels = shape
    pace, (wanted, (rows, columns)) = _pace(steps, channels), _wanted(steps, (height, width))
    stream = Stream(height * width, channels, pace, (height, width), pixel)
    last = (rows - 1) * width + columns - 1
    parameters = {"PIXELS": stream.tokens, "LAST": last, "BITS": stream.width, "PACE": pace}
    found = [Instance("feed", "zero pad", "stream_input", parameters, stream, stream)]
    seen: Counter[str] = Counter()
    last_dense = [step.name for step in steps if step.kind == "dense"][-1:]
    for step in steps:
        source = found[-1].out
        seen[step.kind] += 1
        match step.kind:
            case "conv":
                found.append(_window(step, source, wanted[step.name]))
                found.append(_conv(step, found[-1].out, f"conv {seen['conv']}", dsp(step.name)))
            case "activation":
                found.append(_activation(step, source, f"relu {seen['activation']}" if source.image else "mlp"))
            case "average" | "maximum":
                found.append(_pool(step, source, wanted[step.name], f"pool {sum(seen[pool] for pool in POOLS)}"))
            case "dense":
                if source.image:
                    raise ValueError(f"{step.name!r}: put a Flatten before a dense layer.")
                if source.values > 1:
                    found.append(_flatten(f"serial_{step.name}", "mlp", source, source.tokens))
                found.append(_dense(step, found[-1].out, step.name in last_dense, dsp(step.name)))
            case "flatten":
                found += [_flatten(step.name, "flatten", source, 1)] if source.image else []
            case _:
                raise ValueError(f"{step.name!r} ({step.kind}) has no streaming RTL.")
    if found[-1].out.tokens > 1 or found[-1].out.image:
        raise ValueError(f"{steps[-1].name!r} would give the logits: that must be a QDense or its activation.")
    return found


def _wanted(steps: list[Step], shape: tuple[int, int]) -> tuple[dict[str, tuple[int, int]], tuple[int, int]]:
    """The rows and columns of every layer's image, and of the input, that can reach the logits: the first of each."""
    found, wanted = {}, None
    for step in reversed(steps):
        if not step.out_image:
            continue
        found[step.name] = wanted = wanted or step.out_image
        if step.kind in POOLS:
            wanted = wanted[0] * step.pool[0], wanted[1] * step.pool[1]
        elif step.kind == "conv":
            ends = zip(wanted, step.strides, step.kernel.shape, step.before, step.image, strict=False)
            wanted = tuple(min((out - 1) * stride + size - pad, length) for out, stride, size, pad, length in ends)
    return found, wanted or shape


def _pace(steps: list[Step], channels: int) -> int:
    """Cycles a pixel, so that whatever sends one value a cycle keeps up: Flatten with the channels of a cell, and what
    passes on the units of a hidden dense layer with two events as close as the tokens of the cells allow."""
    values, spread, flat, pace = channels, 1, 1, 1
    for step in steps:
        if step.kind == "conv":
            values = step.out_channels
        elif step.kind in POOLS:
            spread *= step.pool[1]
        elif step.kind == "flatten" and step.image:
            flat, pace = step.out_channels, ceil(values / spread)
    hidden = max((step.out_channels for step in steps if step.kind == "dense" and step is not steps[-1]), default=1)
    while flat * (pace * spread // values) < hidden:
        pace += 1
    return pace


def _window(step: Step, source: Stream, wanted: tuple[int, int]) -> Instance:
    top, left = step.before
    (height, width), (rows, columns) = source.image, step.kernel.shape[:2]
    lag = (rows - 1 - top) * width + columns - 1 - left
    if lag >= height * width:
        raise ValueError(
            f"{step.name!r}: a kernel of {rows} x {columns} pixels needs all {height} x {width} pixels of its image "
            "before the first output; a streaming convolution is no use there."
        )
    keep = [sum(1 << i * stride for i in range(out)) for out, stride in zip(wanted, step.strides, strict=True)]
    last = [(out - 1) * stride for out, stride in zip(wanted, step.strides, strict=True)]
    parameters = {
        "BITS": source.width, "HEIGHT": height, "WIDTH": width,
        "KERNEL_HEIGHT": rows, "KERNEL_WIDTH": columns, "TOP": top, "LEFT": left,
        "KEEP_ROWS": packed([keep[0]], height), "KEEP_COLUMNS": packed([keep[1]], width),
        "LAST_ROW": last[0], "LAST_COLUMN": last[1],
    }  # fmt: skip
    out = replace(source, tokens=prod(wanted), values=rows * columns * source.values, image=wanted)
    return Instance(f"zp2d_{step.name}", "zero pad", "stream_window", parameters, source, out)


def _conv(step: Step, source: Stream, group: str, dsp: bool) -> Instance:
    kernel, bias, fraction = step.on_grid(x := source.codes)
    kernel = kernel.reshape(-1, len(bias))
    filters = [factor_terms(w) if dsp else csd_terms(w) for w in kernel.T.tolist()]
    sums = weighted_sum(kernel, bias, x, fraction)
    factor = signed_bits(kernel) if dsp else 0
    operand = x.bits + (not x.signed) + factor
    parameters = {
        "TAPS": source.values, "BITS": x.bits, "IS_SIGNED": int(x.signed), "FILTERS": len(bias),
        **tree_parameters(filters, factor), "GROUP": GROUP, "PART_BITS": min(_part_bits(filters, operand), sums.bits),
        "SUM_BITS": sums.bits, "BIAS": packed(bias, sums.bits),
    }  # fmt: skip
    out = replace(source, codes=sums, values=len(bias))
    return Instance(step.name, group, "stream_conv2d", parameters, source, out)


def _part_bits(filters: list, operand: int) -> int:
    """Bits of the sum of any GROUP terms in a row, relative to the first one's shift."""
    parts = [terms[i : i + GROUP] for terms in filters for i in range(0, len(terms), GROUP)]
    return max(operand + (len(part) - 1).bit_length() + part[-1][1] - part[0][1] for part in parts)


def _pool(step: Step, source: Stream, wanted: tuple[int, int], group: str) -> Instance:
    (height, width), (rows, columns), x = source.image, step.pool, source.codes
    average, area = step.kind == "average", rows * columns
    factor, fraction = reciprocal_code(area, step.reciprocal_bits) if average else (1, 0)
    reduced = Codes(x.low * area, x.high * area, x.fraction) if average else x
    codes = Codes(reduced.low * factor, reduced.high * factor, x.fraction + fraction)
    out = Stream(prod(wanted), source.values, source.interval * columns, wanted, codes)
    terms = csd_terms([factor])
    parameters = {
        "CHANNELS": source.values, "BITS": x.bits, "IS_SIGNED": int(x.signed),
        "HEIGHT": height, "WIDTH": width, "POOL_HEIGHT": rows, "POOL_WIDTH": columns, "CELL_ROWS": wanted[0],
        "CELLS": wanted[1], "AVERAGE": int(average), "REDUCED_BITS": reduced.bits,
        "TERMS": len(terms), "LEVELS": tree_levels([terms]),
        "NEGATIVE": packed([t[2] for t in terms], 1), "SHIFT": packed([t[1] for t in terms], 8),
        "OUT_BITS": codes.bits,
    }  # fmt: skip
    return Instance(step.name, group, "stream_pool2d", parameters, source, out)


def _activation(step: Step, source: Stream, group: str) -> Instance:
    x, grid = source.codes, step.grid
    parameters = {
        "VALUES": source.values, "IN_BITS": x.bits, "IN_FRACTION": x.fraction, "OUT_BITS": grid.bits,
        "OUT_FRACTION": grid.fraction, "IS_SIGNED": int(x.signed), "OUT_SIGNED": int(grid.signed),
        "SYMMETRIC": int(grid.symmetric),
    }  # fmt: skip
    return Instance(step.name, group, "stream_quantize", parameters, source, replace(source, codes=grid))


def _flatten(name: str, group: str, source: Stream, burst: int) -> Instance:
    """A burst of tokens, one value a token: as far apart as the next burst allows."""
    spacing = source.interval // source.values if burst == 1 and source.image else 1
    out = replace(source, tokens=source.tokens * source.values, values=1, interval=spacing, image=None)
    parameters = {"VALUES": source.values, "TOKENS": burst, "BITS": source.codes.bits, "SPACING": spacing}
    return Instance(name, group, "stream_flatten", parameters, source, out)


def _dense(step: Step, source: Stream, last: bool, dsp: bool) -> Instance:
    kernel, bias, fraction = step.on_grid(x := source.codes)
    units = len(bias)
    phases = 1 if last else max(p for p in range(1, source.interval + 1) if units % p == 0)
    lanes, weight_bits = units // phases, Codes(int(min(kernel.min(), -2)), int(kernel.max())).bits
    sums = weighted_sum(kernel, bias, x, fraction)
    parameters = {
        "INPUTS": source.tokens, "UNITS": units, "PHASES": phases, "BITS": x.bits,
        "IS_SIGNED": int(x.signed), "WEIGHT_BITS": weight_bits, "SUM_BITS": sums.bits,
        "MULTIPLIER": int(dsp), "BIAS": packed(bias, sums.bits),
    }  # fmt: skip
    rows = [code(row, weight_bits) for row in kernel.reshape(-1, lanes).tolist()]
    out = Stream(phases, lanes, 1, None, sums)
    return Instance(step.name, "mlp", "stream_dense", parameters, source, out, rows, lanes * weight_bits)
