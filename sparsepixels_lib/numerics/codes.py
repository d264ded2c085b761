"""The one number format: whole numbers low .. high, times 2^-fraction.

A quantizer's format, the type in C++, what a sum can be and what flows between two modules of the RTL are all this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Codes:
    """The numbers k 2^-fraction for whole k from `low` to `high`: two's complement if some are negative.

    One whose codes fill their bits is a type `ap_fixed<bits, integer>` (see `ap_fixed`), rounding half to even and
    saturating where it quantizes.
    """

    low: int
    high: int
    fraction: int = 0

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"Codes from {self.low} to {self.high}: low first; a format by its bits is ap_fixed(...).")

    @property
    def signed(self) -> bool:
        return self.low < 0

    @property
    def symmetric(self) -> bool:
        """Whether the most negative code of its bits is left out."""
        return self.low == -self.high < 0

    @property
    def bits(self) -> int:
        """Bits of two's complement, or of unsigned numbers if there are no negative ones; at least 1."""
        if self.signed:
            return max((-self.low - 1).bit_length(), self.high.bit_length()) + 1
        return max(self.high.bit_length(), 1)

    @property
    def integer(self) -> int:
        """Bits before the binary point, the sign bit counted, as in ap_fixed."""
        return self.bits - self.fraction

    @property
    def lsb(self) -> float:
        return 2.0**-self.fraction

    @property
    def min(self) -> float:
        return self.low * self.lsb

    @property
    def max(self) -> float:
        return self.high * self.lsb

    @property
    def largest(self) -> int:
        """The largest size of a code."""
        return max(-self.low, self.high)

    def fixed(self) -> Codes:
        """The narrowest ap_fixed type that holds all of them."""
        return ap_fixed(self.bits, self.integer, self.signed)

    def holds(self, other: Codes) -> bool:
        """Whether every number of `other` is one of these."""
        finer = self.fraction - other.fraction
        return finer >= 0 and self.low <= other.low << finer and other.high << finer <= self.high

    def quantize(self, x: Any) -> np.ndarray:
        """`x` (any shape) on this grid, in float64: exact, because scaling by a power of two is."""
        return np.clip(np.rint(np.asarray(x, np.float64) / self.lsb) * self.lsb, self.min, self.max)

    def floor(self, threshold: float) -> float:
        """The largest number on this grid that is not above `threshold`."""
        return float(np.floor(threshold / self.lsb) * self.lsb)

    def cut(self, threshold: float, dtype: Any = np.float32) -> float:
        """The largest number of `dtype` whose quantised value is not above `threshold`.

        A quantizer is monotone, so "quantised pixel > threshold" is "pixel > cut": one comparison an image.
        """
        last_off = self.floor(threshold)
        middle = last_off + 0.5 * self.lsb  # what `dtype` need not hold
        cut, ties_round_up = dtype(middle), last_off / self.lsb % 2 == 1
        above = float(cut) > middle or (float(cut) == middle and ties_round_up)
        return float(np.nextafter(cut, dtype(-np.inf)) if above else cut)

    def __str__(self) -> str:
        return f"ap_{'' if self.signed else 'u'}fixed<{self.bits},{self.integer}>"


def ap_fixed(bits: int, integer: int, signed: bool, symmetric: bool = False) -> Codes:
    """All codes of `ap_fixed<bits, integer>` (`ap_ufixed` if not signed).

    `integer` counts the sign bit. `symmetric` leaves the most negative code out.
    """
    low = -(2 ** (bits - 1)) + symmetric if signed else 0
    return Codes(low, 2 ** (bits - signed) - 1, bits - integer)


def weighted_sum(kernel: np.ndarray, bias: Any, x: Codes, fraction: int, at_most: int | None = None) -> Codes:
    """What `bias[u] + sum_i kernel[i][u] x[i]` can be, with a sign always; `at_most` groups of inputs are not zero.

    `kernel` (inputs, units), or with `at_most` (groups, inputs of a group, units), of whole numbers: Python's, or
    floats that hold them exactly.
    """
    kernel = kernel if at_most else kernel[:, None]
    ends = kernel * x.low, kernel * x.high
    low, high = (pick(*ends).sum(axis=1) for pick in (np.minimum, np.maximum))
    if at_most:  # only the worst of them, and none where fewer is worse
        low, high = np.sort(np.minimum(low, 0), axis=0)[:at_most], np.sort(np.maximum(high, 0), axis=0)[-at_most:]
    low, high = low.sum(axis=0) + bias, high.sum(axis=0) + bias
    return Codes(min(int(low.min()), -1), max(int(high.max()), 0), fraction)


def reciprocal_code(area: int, k: int) -> tuple[int, int]:
    """1 / area in hardware, round(2^k / area) / 2^k, as (code, fraction bits) without spare zeros."""
    code = round(2**k / area)
    spare = min(max((code & -code).bit_length() - 1, 0), k)  # a power of two needs no fraction bits below its own
    return code >> spare, k - spare


def reciprocal(area: int, k: int) -> float:
    """round(2^k / area) / 2^k; exact for powers of two."""
    code, fraction = reciprocal_code(area, k)
    return code / 2.0**fraction
