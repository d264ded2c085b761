"""Whole numbers of the RTL: how wide an exact sum gets, the digits of a constant, parameters as Verilog literals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

Term = tuple[int, int, bool, int]  # tap, shift, negative, factor
PART = 32768  # bits of a literal


@dataclass(frozen=True)
class Codes:
    """Numbers low .. high times 2^-fraction, and the bits that hold them: two's complement if some are negative."""

    fraction: int
    low: int
    high: int

    @property
    def signed(self) -> bool:
        return self.low < 0

    @property
    def bits(self) -> int:
        return bits(self.low, self.high)


def bits(low: int, high: int) -> int:
    """Bits of two's complement, or of unsigned numbers if there are no negative ones."""
    return max((-low - 1).bit_length(), high.bit_length()) + 1 if low < 0 else max(high.bit_length(), 1)


def weighted(kernel: np.ndarray, bias: list[int], x: Codes, fraction: int, at_most: int | None = None) -> Codes:
    """What `bias[u] + sum_i kernel[i][u] x[i]` can be, with a sign always; `at_most` groups of inputs are not zero.

    `kernel` (inputs, units), or with `at_most` (groups, inputs of a group, units), of Python's whole numbers.
    """
    kernel = kernel if at_most else kernel[:, None]
    ends = kernel * x.low, kernel * x.high
    low, high = (pick(*ends).sum(axis=1) for pick in (np.minimum, np.maximum))
    if at_most:  # only the worst of them, and none where fewer is worse
        low, high = np.sort(np.minimum(low, 0), axis=0)[:at_most], np.sort(np.maximum(high, 0), axis=0)[-at_most:]
    low, high = low.sum(axis=0) + bias, high.sum(axis=0) + bias
    return Codes(fraction, min(int(low.min()), -1), max(int(high.max()), 0))


def digits(weights: Iterable[int]) -> list[Term]:
    """The canonical signed digits of the weights: no two neighbouring ones, so about a third of the bits."""
    terms = []
    for tap, w in enumerate(weights):
        half = w >> 1
        carry = half ^ (w + half)
        for negative, places in ((False, (w + half) & carry), (True, half & carry)):
            terms += [(s, negative, tap) for s in range(places.bit_length()) if places >> s & 1]
    return [(tap, s, negative, 0) for s, negative, tap in sorted(terms)] or [(0, 0, False, 0), (0, 0, True, 0)]


def factors(weights: Iterable[int]) -> list[Term]:
    """The nonzero weights themselves, each a multiplication."""
    return [(tap, 0, False, w) for tap, w in enumerate(weights) if w] or [(0, 0, False, 0)]


def levels(units: list[list[Term]]) -> int:
    """Levels of the binary adder tree of the unit with the most terms."""
    return (max(map(len, units)) - 1).bit_length()


def code(values: Iterable[int], width: int) -> int:
    """Values side by side, the first lowest."""
    return sum((int(v) & (1 << width) - 1) << i * width for i, v in enumerate(values))


def literal(number: int, width: int) -> str:
    """A whole number of `width` bits in Verilog; in parts, because tools take no literal above 65,536 bits."""
    parts = [
        f"{min(PART, width - at)}'h{number >> at & (1 << min(PART, width - at)) - 1:x}" for at in range(0, width, PART)
    ]
    return parts[0] if len(parts) == 1 else f"{{{', '.join(reversed(parts))}}}"


def packed(values: Iterable[int], width: int) -> str:
    """Values side by side as a literal."""
    values = list(values)
    return literal(code(values, width), len(values) * width)


def planes(words: list[int], width: int, address: int) -> str:
    """A table of at most 2^address words as a literal, bit plane by bit plane: bit b of word k at b 2^address + k."""
    table = 0
    for b in range(width):
        table |= sum((word >> b & 1) << k for k, word in enumerate(words)) << (b << address)
    return literal(table, width << address)


def tree_parameters(units: list[list[Term]], factor_bits: int) -> dict:
    """The parameters of `dense` (and of `stream_conv2d`) that list the terms of each unit."""
    terms = max(map(len, units))
    padded = [term for unit in units for term in unit + [(0, 0, False, 0)] * (terms - len(unit))]
    return {
        "TERMS": terms, "LEVELS": levels(units), "FACTOR_BITS": factor_bits,
        "COUNT": packed(map(len, units), 16), "TAP": packed([t[0] for t in padded], 16),
        "SHIFT": packed([t[1] for t in padded], 8), "NEGATIVE": packed([t[2] for t in padded], 1),
        "FACTOR": packed([t[3] for t in padded], max(factor_bits, 1)),
    }  # fmt: skip
