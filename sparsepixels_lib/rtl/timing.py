"""Where registers must be: a rule for how long logic takes, so that the emitter knows it without a synthesis.

Nanoseconds are estimates as they come from synthesis (see measure/delays.py), each element with the net in front of it
and rounded up. A clock cycle of `period` ns has (period - 0.3) / 1.6 of them: 0.3 ns is the clock's uncertainty, 1.6
the largest factor that routing has been seen to add.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

ROUTED = 1.6  # the worst path after routing to that after synthesis: 1.0 to 1.6 in three designs (docs/timing.md)
UNCERTAINTY = 0.3  # ns, of the clock
CLOCK, SETUP = 0.08, 0.26  # of a flip-flop; the net in front of it is part of the setup
LUT = 0.26
SHORTEST, LONGEST = 2.78, 10.0  # ns, of a period: 360 MHz, and what nobody needs to exceed


class Element(NamedTuple):
    """Logic between two places where a register can be: `ns`, and `ripple` along its carries, which runs only once
    through adders one behind the other; `setup` and `clock` of a register behind it."""

    ns: float
    ripple: float = 0.0
    setup: float = SETUP
    clock: float = CLOCK


class Since(NamedTuple):
    """What there is since the last register."""

    ns: float = CLOCK
    ripple: float = 0.0

    def then(self, element: Element) -> Since:
        return Since(self.ns + element.ns, max(self.ripple, element.ripple))

    @property
    def total(self) -> float:
        return self.ns + self.ripple


def stage_ns(period: float) -> float:
    """What may stand between two registers."""
    return (period - UNCERTAINTY) / ROUTED


def registers(what: str, elements: Sequence[Element], period: float, since: Since = Since()) -> tuple[int, Since]:  # noqa: B008
    """The fewest registers in a row of elements behind `since`, as a mask, and what there is since the last of them.

    Bit 0 is a register in front of the first element, bit k one behind element k. Raises ValueError, naming `what`, for
    an element that is longer than a cycle.
    """
    mask, clock = 0, CLOCK
    for k, element in enumerate(elements):
        if since.then(element).total + element.setup > stage_ns(period):
            mask, since = mask | 1 << k, Since(clock)
        if (needed := since.then(element).total + element.setup) > stage_ns(period):
            shortest = math.ceil(100 * (needed * ROUTED + UNCERTAINTY)) / 100
            raise ValueError(
                f"{what}: a period of {period:g} ns is too short for it; at least {shortest} ns are needed"
            )
        since, clock = since.then(element), element.clock
    return mask, since


def net(fanout: int) -> float:
    """Of a net that so many listen to."""
    return 0.19 if fanout < 3 else 0.264 + 0.033 * max(math.log2(fanout / 5), 0)


def adder(bits: int) -> Element:
    return Element(0.7, 0.082 * (bits // 4))


def compare(bits: int) -> Element:
    """The larger of two numbers."""
    return Element(1.0, 0.082 * (bits // 4))


def table(address: int, listeners: int = 1) -> Element:
    """Of LUTs: a LUT6, and a multiplexer for every bit of the address beyond 6."""
    return Element(net(listeners) + 0.05 + 0.1 * max(address - 6, 0))


def select(inputs: int, listeners: int) -> Element:
    """The choice of one of so many inputs by a counter, which so many multiplexers listen to."""
    return Element(net(150) + 0.04 + net(listeners) + 0.05 + 0.1 * max((inputs - 1).bit_length() - 2, 0))


def gate(inputs: int = 6) -> Element:
    """Logic of so many inputs."""
    return Element(LUT * max(math.ceil(math.log(inputs, 6)), 1))


def products(x_bits: int, w_bits: int, dsp: bool, cascade: bool = False, listeners: int = 20) -> list[Element]:
    """Of two signed factors: in a DSP in front of and behind its register, `cascade` of two DSPs; or Booth rows."""
    if not dsp:
        return [Element(0.8, 0.082 * ((x_bits + 2) // 4))] * ((w_bits + 1) // 2)
    wide, narrow = max(x_bits, w_bits), min(x_bits, w_bits)
    if narrow > 18:  # Yosys takes it apart, and knows no register there
        return [Element(4.5, 0.082 * ((x_bits + w_bits) // 4))]
    dsp_elements = [Element(net(listeners) + 0.775, 0.0, 0.1, 0.27), Element(0.745 + 0.71 * cascade)]
    return dsp_elements + ([adder(wide + narrow - 26)] if wide > 27 else [])


def cascade_fits(period: float) -> bool:
    """Whether two DSPs, from the registers inside them to one behind them, take no more than a cycle."""
    multiplier, sums = products(9, 9, True, True)
    return multiplier.clock + sums.ns + sums.setup <= stage_ns(period)


def both(*elements: Element) -> Element:
    """One behind the other."""
    return Element(sum(e.ns for e in elements), max(e.ripple for e in elements))


def rounding(in_bits: int, down: int, out_bits: int, half: bool) -> list[Element]:
    """A quantizer: the adder of half an LSB, unless it is in the number, and the saturation."""
    seen = max(in_bits - down - out_bits + 1, -(-down // 4), 2)  # dropped bits in four parts
    saturation = Element(0.28 * (1 + math.ceil(math.log(seen, 6))))
    return [saturation] if half or not down else [adder(in_bits), saturation]
