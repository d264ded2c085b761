"""What a QKeras quantizer means: its fixed-point format, or an error that says why it has none.

QKeras itself computes in float32, so it double-rounds wide sums; training lives with that, exact evaluation
must not.
"""

from __future__ import annotations

from numbers import Real
from typing import Any

from qkeras.quantizers import get_quantizer, quantized_bits, quantized_relu

from .codes import Codes, ap_fixed
from .whole import is_whole

MAX_BITS = 32  # float64 holds the product of two such numbers and sums of some hundreds


def fixed(quantizer: Any) -> Codes:
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
        _require(
            is_whole(value, least) and value <= most,
            q,
            f"{name}={value!r} must be a whole number from {least} to {most}",
        )
    _require(not q.use_stochastic_rounding, q, "stochastic rounding has no hardware here")
    _require(float(q.qnoise_factor) == 1.0, q, f"qnoise_factor is {float(q.qnoise_factor):g}, and must be 1")
    return ap_fixed(int(q.bits), int(q.integer) + signed, signed, symmetric)


def _require(condition: bool, quantizer: Any, why: str) -> None:
    if not condition:
        raise ValueError(f"Quantizer {quantizer} cannot be emitted exactly: {why}.")
