"""What stands between two places in the modules of hls/rtl/sparse where registers can be, in the order of the data.

Registers go where the rule of `timing` finds a cycle full; masks count them as the parameters of the modules do.
"""

from __future__ import annotations

import math

from .. import timing
from ..steps import Step
from .layers import DSP_INPUTS, LUT_ADDRESS, PAIR_SHIFT, Beats

ADAPTIVE = 2.9  # ns, of the slowest stage of an adaptive threshold, which no register cuts


def dot_elements(parameters: dict, terms: int, listeners: int = 13) -> tuple[list[timing.Element], int]:
    """The logic of a dot_product of so many terms, whose features have so many listeners, or else whose weights' signs
    have, and how many of its elements are the products."""
    p = parameters
    factor = PAIR_SHIFT + p["W_BITS"] + 1 if p.get("PAIRS") else p["W_BITS"]
    products = timing.products(p["X_BITS"] + (not p["X_SIGNED"]), factor, bool(p["DSP"]), bool(p["CASCADE"]), listeners)
    parts = -(-terms // (1 + p["CASCADE"]))
    return products + [timing.adder(p["SUM_BITS"])] * parts.bit_length(), len(products)


def accumulated(name: str, parameters: dict, beats: Beats, period: float) -> tuple[int, dict]:
    """Registers of a dot_product whose sums of a beat are added up, in its tree or behind it."""
    elements, products = dot_elements(parameters, beats.values)
    adder = timing.adder(parameters["SUM_BITS"])
    parts = -(-beats.values // (1 + parameters["CASCADE"]))
    so_far = timing.Element(timing.net(parameters["SUM_BITS"]) - 0.19)
    mask, _ = timing.registers(name, elements, period)
    looped = timing.both(so_far, *[adder] * parts.bit_count())
    inside = timing.Since().then(looped).total + timing.SETUP <= timing.stage_ns(period)
    if mask >> products + 1 or not inside:
        mask, _ = timing.registers(name, [*elements, adder], period)
        mask |= (0 if mask >> products + 1 else 1) << len(elements)
        timing.registers(name, [timing.both(so_far, adder)], period)
    cuts = {"MULTIPLY": (mask >> 1) & ((1 << products - 1) - 1), "CUTS": mask >> products}
    return mask, cuts | {"cycles": (mask >> 1).bit_count()}


def constant_elements(parameters: dict) -> tuple[list[timing.Element], int]:
    """The logic of `dense`, and how many of its elements are products."""
    p, products = parameters, []
    x_bits = p["BITS"] + (not p["IS_SIGNED"])
    if p["FACTOR_BITS"]:
        products = timing.products(x_bits, p["FACTOR_BITS"], True, listeners=10)  # the sign bit of the sum
    fit = max(x_bits, p["FACTOR_BITS"]) <= DSP_INPUTS[0] and min(x_bits, p["FACTOR_BITS"]) <= DSP_INPUTS[1]
    alone = products and p["TERMS"] == 1 and fit and p["SUM_BITS"] <= 48  # the bias is added in the DSP
    return products + [timing.adder(p["SUM_BITS"])] * (0 if alone else p["LEVELS"]), len(products)


def lookup_elements(beats: Beats, sizes: list[int], n: int, listeners: int) -> list[timing.Element]:
    """From the coordinates of all slots to weights: the pixels of the beat, offsets, which are in the kernel."""
    bits = max(sizes)
    choice = timing.select(beats.slot_groups, 2 * beats.pixels * sum(sizes))
    if beats.count == 1:
        choice = timing.Element(0.0)
    offset = timing.both(timing.Element(timing.net(n)), timing.adder(bits + 2))
    inside = timing.Element(timing.net(8) + 2 * timing.LUT + timing.net(listeners), 0.0, 0.23)
    return [choice, timing.Element(offset.ns - 0.19, offset.ripple), inside]


def cells_elements(beats: Beats, sizes: list[int], cell: int, n: int) -> list[timing.Element]:
    """From the coordinates of all slots to those that are homes of cells: cells, those of the beat, which are the same,
    and which of these come first."""
    cells = timing.both(timing.table(max(sizes), 4), timing.gate())
    choice = timing.select(beats.slot_groups, beats.pixels * cell) if beats.count > 1 else timing.Element(0.0)
    same = timing.both(timing.Element(timing.net(n)), timing.gate(2 * cell))
    return [cells, choice, same, timing.both(timing.gate(2 * n), timing.gate(), timing.gate())]


def pooling_elements(parameters: dict, n: int) -> list[timing.Element]:
    """The sum or the maximum of what is gated: of the first level, or its register, the gates are part."""
    p = parameters
    gate = timing.gate()
    if p["AVERAGE"]:
        return [gate] + [timing.adder(p["OUT_BITS"])] * n.bit_length()
    return [gate] + [timing.compare(p["X_BITS"])] * (n - 1).bit_length()


def position_elements(parameters: dict, beats: Beats, sizes: list[int]) -> list[timing.Element]:
    """From the coordinates of all slots to the address of weights, in LUTs or block RAM."""
    choice = timing.select(beats.slot_groups, 2 * beats.pixels * sum(sizes)) if beats.count > 1 else timing.Element(0.0)
    bits = parameters["POSITION_BITS"]
    position = timing.both(timing.table(max(sizes), 2 * bits), timing.adder(bits))
    in_ram = [timing.Element(timing.net(12) + 0.4, 0.0, 0.0)] if parameters["ADDRESS"] > LUT_ADDRESS else []
    return [choice, position, *in_ram]


def reduction_cuts(step: Step, rows: int, period: float) -> tuple[int, ...]:
    """The fewest registers of the input reduction, as bits of its parameter CUTS, with which all its stages fit into a
    cycle. The figures are of mapped netlists: the counts of pixels ripple through `rows` rows.

    Raises ValueError, naming the layer, where no registers are enough.
    """
    depth, wide = (rows - 1).bit_length(), step.grid.bits > 8
    sums, index = 0.57 + 0.75 * depth, 2.9375 + 0.42 * max(depth - 3, 0) + 0.06 * wide
    index += 0.65 * (step.image[1] % 16 == 0)  # columns are then counted from 0 until a slot has its pixel
    active = 0.35 * wide  # what is above a threshold is known later
    least = ADAPTIVE if len(step.levels) > 1 else 0.0
    stages = {(): max(2.55 + 0.75 * depth, 4.2 + active), (1,): max(sums, 3.3 + active, index)}
    stages |= {(1, 5): max(2.75, sums, index), (1, 5, 2): max(2.85, sums, index - 0.4), (1, 5, 3): max(2.85, sums)}
    for cuts, ns in stages.items():
        if max(ns, least) <= timing.stage_ns(period):
            return cuts
    shortest = math.ceil(round(100 * (timing.ROUTED * max(ns, least) + timing.UNCERTAINTY), 6)) / 100
    raise ValueError(
        f"{step.name}: a period of {period:g} ns is too short for it with {rows} rows a cycle; at least {shortest} ns "
        "are needed"
    )
