"""What the layers of a sparse network become as RTL: parameters of modules in hls/rtl, and the numbers they give.

Sums get the bits that the weights of a step need, and no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from ...numerics.codes import Codes, reciprocal_code, weighted_sum
from .. import timing
from ..constants import csd_terms, factor_terms, signed_bits, tree_parameters
from ..steps import Step
from ..verilog import bit_planes, code, packed

PAIR_SHIFT = 18  # two 8-bit weights share a DSP: the second times 2^18
DSP_INPUTS = 27, 18  # bits, both signed
LUT_ADDRESS = 6  # bits: a table with more is in block RAM


@dataclass(frozen=True)
class Beats:
    """How a stream carries slots: `pixels` slots and `channels` of each a beat, channel groups first."""

    pixels: int
    channels: int
    slot_groups: int = 1
    channel_groups: int = 1

    @property
    def count(self) -> int:
        return self.slot_groups * self.channel_groups

    @property
    def values(self) -> int:
        return self.pixels * self.channels


def filters_at_once(design, n_filt: int) -> int:
    """The most filters that a design allows and that divide them all into equal groups."""
    limit = min(design.filters or n_filt, n_filt)
    return max(f for f in range(1, limit + 1) if n_filt % f == 0)


def reduction(step: Step, rows: int) -> tuple[str, dict]:
    """The module that reduces images, `rows` rows of pixels a cycle, and its parameters."""
    (height, width), channels, pixel = step.image, step.channels, step.grid
    several, levels = len(step.levels) > 1, packed(step.levels, pixel.bits)
    chosen = {"LEVELS": len(step.levels), "LEVEL": levels} if several else {"THRESHOLD": levels}
    return "adaptive_reduce" if several else "input_reduce", {
        "WIDTH": width, "PIXEL": channels * pixel.bits, "BITS": pixel.bits, "IS_SIGNED": int(pixel.signed),
        **chosen, "ROWS": rows, "SLOTS": step.slots, "ROW_BITS": height.bit_length(),
        "COLUMN_BITS": width.bit_length(),
    }  # fmt: skip


def patches(step: Step, rows: int, period: float) -> dict:
    """Parameters of patch_pixels, for `rows` rows of patches a cycle: as many levels between registers as fit, two at
    most; the first ones are behind the choice of rows."""
    (p, q), pixel = step.patch, step.grid
    levels, room = timing.compare(pixel.bits).ns, timing.stage_ns(period) - timing.CLOCK - timing.SETUP
    return {
        "ROWS": rows, "WIDTH": step.image[1], "P": p, "Q": q, "BITS": pixel.bits, "IS_SIGNED": int(pixel.signed),
        "FIRST": 1 if room - 1.3 < 2 * levels else 2, "EVERY": 1 if room < 2 * levels else 2,
    }  # fmt: skip


def convolution(
    step: Step, x: Codes, after: Codes | None, beats: Beats, dsp: bool, n: int, period: float
) -> tuple[dict, Codes, bool]:
    """Parameters of qconv2d_sparse, its sums, and whether half an LSB of the grid `after` it is in them."""
    kernel, bias, fraction = step.on_grid(x)
    kernel = _within(kernel, step.image)
    height, width, channels, n_filt = kernel.shape
    bias, half = rounding_bias(bias, fraction, after)
    sums = weighted_sum(kernel.reshape(-1, channels, n_filt), bias, x, fraction, min(n, height * width))
    w_bits, pairs = packing(kernel, x, beats.channels, dsp)
    row_bits, column_bits = (max((size - 1).bit_length(), 1) for size in (height, width))
    address, word = (beats.channel_groups - 1).bit_length() + row_bits + column_bits, beats.channels * w_bits + pairs
    words = [0] * (1 << address)
    for g, dy, dx in np.ndindex(beats.channel_groups, height, width):
        down, right = (dy - height // 2) % (1 << row_bits), (dx - width // 2) % (1 << column_bits)
        taken = kernel[dy, dx, :, g * beats.channels : (g + 1) * beats.channels]
        words[(g << row_bits | down) << column_bits | right] = word_of(taken, w_bits, pairs)
    return (
        {
            "PIXELS": beats.pixels, "CHANNELS": channels, "FILTERS": beats.channels,
            "FILTER_GROUPS": beats.channel_groups, "PAIRS": pairs, "KERNEL_HEIGHT": height, "KERNEL_WIDTH": width,
            "X_BITS": x.bits, "X_SIGNED": int(x.signed), "W_BITS": w_bits, "SHIFT": PAIR_SHIFT,
            "SUM_BITS": sums.bits, "DSP": int(dsp), "ADDRESS": address,
            "TABLE": bit_planes(words, channels * word, address), "BIAS": packed(bias, sums.bits),
            "CASCADE": int(cascades(x, w_bits, pairs, dsp, n * channels, period)),
        },
        sums,
        half,
    )  # fmt: skip


def depthwise(
    step: Step, x: Codes, after: Codes | None, beats: Beats, dsp: bool, n: int, period: float
) -> tuple[dict, Codes, bool]:
    """Parameters of qdepthwise_conv2d_sparse, and the others of `convolution`."""
    kernel, bias, fraction = step.on_grid(x)
    kernel = _within(kernel, step.image)[..., 0]
    height, width, channels = kernel.shape
    bias, half = rounding_bias(bias, fraction, after)
    sums = weighted_sum(kernel.reshape(-1, 1, channels), bias, x, fraction, min(n, height * width))
    w_bits = signed_bits(kernel)
    row_bits, column_bits = (max((size - 1).bit_length(), 1) for size in (height, width))
    words = [0] * (1 << row_bits + column_bits)
    for dy, dx in np.ndindex(height, width):
        down, right = (dy - height // 2) % (1 << row_bits), (dx - width // 2) % (1 << column_bits)
        words[down << column_bits | right] = code(kernel[dy, dx].tolist(), w_bits)
    return (
        {
            "PIXELS": beats.pixels, "CHANNELS": channels, "KERNEL_HEIGHT": height, "KERNEL_WIDTH": width,
            "X_BITS": x.bits, "X_SIGNED": int(x.signed), "W_BITS": w_bits,
            "SUM_BITS": sums.bits, "DSP": int(dsp), "ADDRESS": row_bits + column_bits,
            "TABLE": bit_planes(words, channels * w_bits, row_bits + column_bits), "BIAS": packed(bias, sums.bits),
            "CASCADE": int(cascades(x, w_bits, 0, dsp, n, period)),
        },
        sums,
        half,
    )  # fmt: skip


def _within(kernel: np.ndarray, image: tuple[int, int]) -> np.ndarray:
    """Of a kernel that reaches beyond the image from everywhere in it, only what can meet a pixel: differences of
    coordinates have no bits for more."""
    sizes = zip(kernel.shape, image, strict=False)
    return kernel[tuple(slice(max(k // 2 - size + 1, 0), k // 2 + size) for k, size in sizes)]


def pooling(step: Step, x: Codes, pixels: int, n: int) -> tuple[dict, Codes, int, int]:
    """Parameters of pooling2d_sparse, its sums or maxima, and the constant factor that is still to be applied: its code
    and fraction bits."""
    area, average = step.pool[0] * step.pool[1], step.kind == "average"
    most = min(n, area) if average else 1
    out = Codes(x.low * most, x.high * most, x.fraction)
    parameters = {
        "PIXELS": pixels, "CHANNELS": step.channels, "AVERAGE": int(average), "X_BITS": x.bits,
        "X_SIGNED": int(x.signed), "OUT_BITS": out.bits,
    }  # fmt: skip
    return parameters, out, *(reciprocal_code(area, step.reciprocal_bits) if average else (1, 0))


def cells(size: int, pool: int) -> list[int]:
    """The cell of each coordinate 0 .. size, 1-based; 0 for none and for a dropped partial window."""
    return [0] + [i // pool + 1 if i // pool < size // pool else 0 for i in range(size)]


def quantizer(x: Codes, out: Codes, beats: Beats, half: bool, buffer: bool) -> dict:
    """Parameters of activation."""
    down = x.fraction - out.fraction
    return {
        "PIXELS": beats.pixels, "CHANNELS": beats.channels, "IN_BITS": x.bits, "IN_SIGNED": int(x.signed),
        "IN_FRACTION": max(down, 0), "OUT_BITS": out.bits, "OUT_FRACTION": max(-down, 0),
        "OUT_SIGNED": int(out.signed), "SYMMETRIC": int(out.symmetric), "HALF_ADDED": int(half),
        "BUFFER": int(buffer), "SLOT_GROUPS": beats.slot_groups, "CHANNEL_GROUPS": beats.channel_groups,
    }  # fmt: skip


def flatten_dense(
    kernel: np.ndarray,
    bias: list[int],
    x: Codes,
    beats: Beats,
    rows: list[int],
    columns: list[int],
    shape: tuple[int, int],
    area: int,
    dsp: bool,
    n: int,
    period: float,
) -> tuple[dict, Codes]:
    """Parameters of sparse_flatten_dense, and its sums.

    `kernel` (H W C, units) for images `shape` (H, W) of cells; `rows` and `columns` give the cell of each coordinate,
    and `area` coordinates share one.
    """
    (height, width), units = shape, kernel.shape[-1]
    channels = beats.channels * beats.channel_groups
    kernel = kernel.reshape(height * width, channels, units)
    sums = weighted_sum(np.repeat(kernel, area, axis=0), bias, x, 0, n)
    w_bits, pairs = packing(kernel, x, units, dsp)
    position = max((height * width - 1).bit_length(), 1)
    address, word = (beats.channel_groups - 1).bit_length() + position, units * w_bits + pairs
    words = [0] * (1 << address)
    for g, at in np.ndindex(beats.channel_groups, height * width):
        words[g << position | at] = word_of(kernel[at, g * beats.channels : (g + 1) * beats.channels], w_bits, pairs)
    table = packed if address > LUT_ADDRESS else partial(bit_planes, address=address)
    somewhere = 1 << position
    tables = [
        bit_planes(
            [(cell - 1) * step | somewhere if cell else 0 for cell in table],
            position + 1,
            (len(table) - 1).bit_length(),
        )
        for table, step in ((rows, width), (columns, 1))
    ]
    return {
        "PIXELS": beats.pixels, "CHANNELS": beats.channels, "CHANNEL_GROUPS": beats.channel_groups,
        "POSITION_BITS": position, "ROWS": tables[0], "COLUMNS": tables[1], "UNITS": units, "PAIRS": pairs,
        "X_BITS": x.bits, "X_SIGNED": int(x.signed), "W_BITS": w_bits, "SHIFT": PAIR_SHIFT,
        "SUM_BITS": sums.bits, "DSP": int(dsp), "ADDRESS": address,
        "WEIGHTS": table(words, beats.channels * word), "BIAS": packed(bias, sums.bits),
        "CASCADE": int(cascades(x, w_bits, pairs, dsp, beats.values, period)),
    }, sums  # fmt: skip


def constant(kernel: np.ndarray, bias: list[int], x: Codes, fraction: int, dsp: bool) -> tuple[dict, Codes]:
    """Parameters of dense with `kernel` (inputs, units), and its sums."""
    units = [(factor_terms if dsp else csd_terms)(w) for w in kernel.T.tolist()]
    out = weighted_sum(kernel, bias, x, fraction)
    factor_bits = signed_bits(kernel) if dsp else 0
    parameters = {"INPUTS": len(kernel), "BITS": x.bits, "IS_SIGNED": int(x.signed), "UNITS": len(units)}
    parameters |= tree_parameters(units, factor_bits)
    leaf = any(bias) or any(
        unit[0][2] for unit in units
    )  # the bias is one, and so is 0 where the first term is negative
    parameters["LEVELS"] = (parameters["TERMS"] - 1 + leaf).bit_length()
    return parameters | {"SUM_BITS": out.bits, "BIAS": packed(bias, out.bits)}, out


def rounding_bias(bias: list[int], fraction: int, after: Codes | None) -> tuple[list[int], bool]:
    """The bias with half an LSB of the grid that comes next, so that rounding needs no adder; whether it has one."""
    half = after is not None and fraction > after.fraction
    return [b + (1 << fraction - after.fraction - 1) if half else b for b in bias], half


def cascades(x: Codes, w_bits: int, pairs: int, dsp: bool, terms: int, period: float) -> bool:
    """Whether DSPs add products two by two: if they can hold them, and if a cycle is long enough."""
    x_bits, factor = x.bits + (not x.signed), PAIR_SHIFT + w_bits + 1 if pairs else w_bits
    held = max(x_bits, factor) <= DSP_INPUTS[0] and min(x_bits, factor) <= DSP_INPUTS[1]
    return dsp and held and terms > 1 and timing.cascade_fits(period)


def packing(kernel: np.ndarray, x: Codes, units: int, dsp: bool) -> tuple[int, int]:
    """Bits of a weight, and how many pairs of `units` share products."""
    weights = Codes(int(min(kernel.min(), -1)), int(kernel.max()))
    width = weights.bits
    fits = x.largest * weights.largest << 1 < 1 << PAIR_SHIFT - 1
    fits &= PAIR_SHIFT + width + 1 <= DSP_INPUTS[0] and x.bits + (not x.signed) <= DSP_INPUTS[1]
    return width, units // 2 if dsp and fits else 0


def word_of(kernel: np.ndarray, w_bits: int, pairs: int) -> int:
    """Weights (channels, units) as one word: of each channel pairs {high - (low < 0), low} first, then single ones."""
    word, place = 0, 0
    for values in kernel.tolist():
        for k in range(pairs):
            low, high = values[2 * k : 2 * k + 2]
            word |= (code([low], w_bits) | code([high - (low < 0)], w_bits + 1) << w_bits) << place
            place += 2 * w_bits + 1
        word |= code(values[2 * pairs :], w_bits) << place
        place += w_bits * (len(values) - 2 * pairs)
    return word
