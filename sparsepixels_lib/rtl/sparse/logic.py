"""What stands between two places in the modules of hls/rtl/sparse where registers can be, in the order of the data.

Registers go where the rule of `timing` finds a cycle full; masks count them as the parameters of the modules do.
"""

from __future__ import annotations

import math

from .. import timing
from ..steps import Step
from .layers import DSP_INPUTS, LUT_ADDRESS, PAIR_SHIFT, Beats


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
        products = timing.products(x_bits, p["FACTOR_BITS"], True, listeners=5)
    fit = max(x_bits, p["FACTOR_BITS"]) <= DSP_INPUTS[0] and min(x_bits, p["FACTOR_BITS"]) <= DSP_INPUTS[1]
    alone = products and p["TERMS"] == 1 and fit and p["SUM_BITS"] <= 48  # the bias is added in the DSP
    return products + [timing.adder(p["SUM_BITS"])] * (0 if alone else p["LEVELS"]), len(products)


def lookup_elements(beats: Beats, sizes: list[int], n: int, listeners: int) -> list[timing.Element]:
    """From the coordinates of all slots to weights: the pixels of the beat and offsets, which are in the kernel. Pixels
    are chosen a cycle ahead, but for the first beat."""
    first = timing.Element(timing.net(60) + 0.09 if beats.count > 1 else 0.0)
    offset = timing.both(first, timing.Element(timing.net(n) - 0.19), timing.adder(max(sizes) + 2))
    return [offset, timing.Element(timing.net(8) + 2 * timing.LUT + timing.net(listeners), 0.0, 0.23)]


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


def reduction_cuts(step: Step, rows: int, period: float) -> dict[str, int | str]:
    """The fewest registers of the input reduction with which all its stages fit into a cycle, as its parameters. The
    figures are ns of mapped netlists.

    Raises ValueError, naming the layer, where no registers are enough.
    """
    width, wide, room = step.image[1], 0.35 * (step.grid.bits > 8), timing.stage_ns(period)
    several = len(step.levels) > 1
    blocks = width // 16 + (width % 16 > 0)
    above = 4.0 + wide > room  # no register between the image and the counts
    slowest = [2.76 if above or several else 4.0 + wide]
    take = 2.75 if rows << (blocks - 1).bit_length() <= 32 else 2.8 if step.slots > 8 else 2.99
    take += 0.65 * (width % 16 == 0)  # columns are then counted from 0
    slowest.append(2.3 if take > room else take)
    if several:  # of up to 13 rows and 20 slots
        slowest.append(2.9)
    adders, pairs = [1.93], rows * -(-blocks // 2)  # the last one with its comparisons
    while 2 * 3 ** (len(adders) - 1) < pairs:
        adders.insert(0, 1.09)
    cuts, stages = 0, [0.57 + adders[0]]
    for level, adder in enumerate(adders[1:], 1):
        if stages[-1] + adder > room:
            cuts |= 1 << level
            stages.append(0.57)
        stages[-1] += adder
    worst = max(*slowest, *stages)
    if worst > room:
        shortest = math.ceil(round(100 * (timing.ROUTED * worst + timing.UNCERTAINTY), 6)) / 100
        raise ValueError(
            f"{step.name}: a period of {period:g} ns is too short for it with {rows} rows a cycle; at least "
            f"{shortest} ns are needed"
        )
    taken = {"CUT_TAKE": int(take > room), "SUM_CUTS": f"8'd{cuts}"}
    return taken if several else {"CUT_ABOVE": int(above), **taken}
