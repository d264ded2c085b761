"""Fixed-point formats: what a QKeras quantizer means as an `ap_fixed` type, computed in float64.

QKeras itself computes in float32, so it double-rounds wide sums; training lives with that, exact evaluation
must not.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
from qkeras.quantizers import get_quantizer, quantized_bits, quantized_relu


@dataclass(frozen=True)
class Fixed:
    """`ap_fixed<bits, integer>` (`ap_ufixed` if not signed), round half to even, saturate.

    `integer` counts the sign bit, as in ap_fixed. `symmetric` leaves the most negative code out.
    """

    bits: int
    integer: int
    signed: bool
    symmetric: bool = False

    @property
    def fraction(self) -> int:
        return self.bits - self.integer

    @property
    def lsb(self) -> float:
        return 2.0**-self.fraction

    @property
    def max(self) -> float:
        return (2 ** (self.bits - self.signed) - 1) * self.lsb

    @property
    def min(self) -> float:
        return (-(2 ** (self.bits - 1)) + self.symmetric) * self.lsb if self.signed else 0.0

    def quantize(self, x: np.ndarray) -> np.ndarray:
        """`x` (any shape) on this grid, in float64: exact, because scaling by a power of two is."""
        return np.clip(np.rint(np.asarray(x, np.float64) / self.lsb) * self.lsb, self.min, self.max)

    def floor(self, threshold: float) -> float:
        """The largest number on this grid that is not above `threshold`."""
        return float(np.floor(threshold / self.lsb) * self.lsb)

    def cut(self, threshold: float, dtype=np.float32) -> float:
        """The largest number of `dtype` whose quantised value is not above `threshold`.

        A quantizer is monotone, so "quantised pixel > threshold" is "pixel > cut": one comparison an image.
        """
        last_off = self.floor(threshold)
        middle = dtype(last_off + 0.5 * self.lsb)
        ties_round_up = last_off / self.lsb % 2 == 1
        return float(np.nextafter(middle, dtype(-np.inf)) if ties_round_up else middle)

    def __str__(self) -> str:
        return f"ap_{'' if self.signed else 'u'}fixed<{self.bits},{self.integer}>"


MAX_BITS = 32  # float64 holds the product of two such numbers and sums of some hundreds


def fixed(quantizer) -> Fixed:
    """The format of a QKeras quantizer given as object, string or config.

    Known are `quantized_bits` (alpha 1 or None) and `quantized_relu`, of 1 to 32 bits with the binary point among them.
    Raises ValueError for every option whose hardware would not compute the same numbers.
    """
    try:
        q = get_quantizer(quantizer)
    except Exception as error:  # QKeras evaluates strings: whatever is wrong in them
        raise ValueError(f"{quantizer!r} is no quantizer: {error}.") from None
    if type(q) is quantized_bits:
        unscaled = q.alpha is None or isinstance(q.alpha, Real) and q.alpha == 1
        _require(unscaled, q, f"alpha={q.alpha!r}: a scale is not a fixed-point format; write alpha=1")
        for name in ("keep_negative", "symmetric"):
            _require(getattr(q, name) in (0, 1), q, f"{name}={getattr(q, name)!r} must be 0 or 1")
        signed, symmetric = bool(q.keep_negative), bool(q.symmetric and q.keep_negative)
        _require(not signed or q.bits != 1, q, "one bit is a binary network, which is not supported")
    elif type(q) is quantized_relu:
        _require(q.negative_slope == 0, q, "a leaky ReLU is not supported")
        _require(not q.use_sigmoid, q, "use_sigmoid is not supported")
        _require(q.is_quantized_clip or q.relu_upper_bound is None, q, "relu_upper_bound is not supported")
        signed = symmetric = False
        _require(q.bits < 31, q, "QKeras computes its quantized_relu in 32 bits, and gives NaN from 31 on")
    else:
        raise ValueError(
            f"{quantizer!r} is no quantizer this library can emit: "
            "use quantized_bits(b, i, alpha=1) or quantized_relu(b, i)."
        )
    for name, least, most in (("bits", 1 + signed, MAX_BITS), ("integer", 0, q.bits - signed)):
        value = getattr(q, name)
        whole = isinstance(value, Integral) and not isinstance(value, bool) and least <= value <= most
        _require(whole, q, f"{name}={value!r} must be a whole number from {least} to {most}")
    _require(not q.use_stochastic_rounding, q, "stochastic rounding has no hardware here")
    _require(float(q.qnoise_factor) == 1.0, q, f"qnoise_factor is {float(q.qnoise_factor):g}, and must be 1")
    return Fixed(int(q.bits), int(q.integer) + signed, signed, symmetric)


def _require(condition: bool, quantizer, why: str) -> None:
    if not condition:
        raise ValueError(f"Quantizer {quantizer} cannot be emitted exactly: {why}.")


def reciprocal_code(area: int, k: int) -> tuple[int, int]:
    """1 / area in hardware, round(2^k / area) / 2^k, as (code, fraction bits) without spare zeros."""
    code = round(2**k / area)
    spare = min(max((code & -code).bit_length() - 1, 0), k)  # a power of two needs no fraction bits below its own
    return code >> spare, k - spare


def reciprocal(area: int, k: int) -> float:
    """round(2^k / area) / 2^k; exact for powers of two."""
    code, fraction = reciprocal_code(area, k)
    return code / 2**fraction
