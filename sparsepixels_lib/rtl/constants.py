"""Multiplication by constants: the terms that a constant becomes, and the parameters of modules that add them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..numerics.codes import Codes
from .verilog import packed

Term = tuple[int, int, bool, int]  # tap, shift, negative, factor


def csd_terms(weights: Iterable[int]) -> list[Term]:
    """The canonical signed digits of the weights: no two neighbouring ones, so about a third of the bits."""
    terms = []
    for tap, w in enumerate(weights):
        half = w >> 1
        carry = half ^ (w + half)
        for negative, places in ((False, (w + half) & carry), (True, half & carry)):
            terms += [(s, negative, tap) for s in range(places.bit_length()) if places >> s & 1]
    return [(tap, s, negative, 0) for s, negative, tap in sorted(terms)] or [(0, 0, False, 0), (0, 0, True, 0)]


def factor_terms(weights: Iterable[int]) -> list[Term]:
    """The nonzero weights themselves, each a multiplication."""
    return [(tap, 0, False, w) for tap, w in enumerate(weights) if w] or [(0, 0, False, 0)]


def signed_bits(kernel: np.ndarray) -> int:
    """Bits of the weights in `kernel`, of Python's whole numbers, as factors: with a sign always."""
    return Codes(int(min(kernel.min(), -1)), int(kernel.max())).bits


def tree_levels(units: list[list[Term]]) -> int:
    """Levels of the binary adder tree of the unit with the most terms."""
    return (max(map(len, units)) - 1).bit_length()


def tree_parameters(units: list[list[Term]], factor_bits: int) -> dict:
    """The parameters of `dense` (and of `stream_conv2d`) that list the terms of each unit."""
    terms = max(map(len, units))
    padded = [term for unit in units for term in unit + [(0, 0, False, 0)] * (terms - len(unit))]
    return {
        "TERMS": terms, "LEVELS": tree_levels(units), "FACTOR_BITS": factor_bits,
        "COUNT": packed(map(len, units), 16), "TAP": packed([t[0] for t in padded], 16),
        "SHIFT": packed([t[1] for t in padded], 8), "NEGATIVE": packed([t[2] for t in padded], 1),
        "FACTOR": packed([t[3] for t in padded], max(factor_bits, 1)),
    }  # fmt: skip
