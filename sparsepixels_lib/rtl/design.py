"""The knobs of a hardware design, and the design points of the tables and the hardware notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real

from ..numerics.whole import whole
from .timing import LONGEST, SHORTEST

MULTIPLIERS = ("auto", "dsp", "lut")


def _each(value) -> dict:
    return dict(value) if isinstance(value, Mapping) else {"default": value}


@dataclass(frozen=True)
class Design:
    """The knobs of the hardware; none of them changes a number.

    `rows`: image rows a cycle of the input reduction: ceil(H / rows) cycles an event, LUTs in proportion to the fewest
    rows that need no more cycles, which are what is built; on patches, as many rows of these as they hold.
    `pixels`: output pixels a cycle of each convolution and pooling, ceil(N / pixels) cycles an event; multipliers and
    LUTs in proportion. An int, or {layer: int} with "default" for the others. The dense layer behind the flattening
    takes what the layer before it gives, and an average pooling there is part of it. `filters`: of a convolution a
    cycle, at most: the largest number that divides them into equal groups; None: all; of a depthwise one always all.
    `multipliers`: "lut" (no DSP), "dsp", or "auto": DSPs, but adders where weights are constant and have few digits
    (the dense layers behind the first at 8 bits); one of these or {layer: ...} with "default". `interface`: "image",
    the whole image at once, or "rows", `rows` rows a beat as a readout delivers them.
    `period`: ns of a clock cycle, from 2.78 to 10; registers stand where it would be too full (see `timing`), so that a
    short one takes more cycles; one that a layer cannot keep is refused when the network is emitted.
    A standard CNN takes a pixel a beat and has only `multipliers`, where "auto" is "lut", and a `period` of at least 5,
    for which its registers stand; numbers are not looked at.
    """

    rows: int = 9
    pixels: int | Mapping[str, int] = 4
    filters: int | None = None
    multipliers: str | Mapping[str, str] = "auto"
    interface: str = "image"
    period: float = 5.0

    def __post_init__(self):
        numbers = {"rows": self.rows, "filters": 1 if self.filters is None else self.filters}
        numbers |= {f"pixels of {layer}": n for layer, n in _each(self.pixels).items()}
        for name, number in numbers.items():
            whole(number, f"{name} a cycle")
        for layer, kind in _each(self.multipliers).items():
            if kind not in MULTIPLIERS:
                raise ValueError(f"multipliers of {layer}: one of {', '.join(MULTIPLIERS)}, not {kind!r}")
        real = isinstance(self.period, Real) and not isinstance(self.period, bool)
        if not real or not SHORTEST <= self.period <= LONGEST:
            raise ValueError(f"period={self.period!r}: a number of ns from {SHORTEST:g} to {LONGEST:g}")
        if self.interface not in ("image", "rows"):
            raise ValueError(f'interface={self.interface!r}: choose "image" or "rows"')

    def of(self, knob: str, layer: str):
        """The value of `pixels` or `multipliers` for a layer."""
        values = _each(getattr(self, knob))
        return values.get(layer, values.get("default", Design.__dataclass_fields__[knob].default))

    def check_layers(self, layers: Mapping[str, set[str]]) -> None:
        """Raises ValueError when `pixels` or `multipliers` is set for another layer than `layers` {knob: names}."""
        for knob, names in layers.items():
            if unknown := set(_each(getattr(self, knob))) - names - {"default"}:
                having = ", ".join(sorted(names)) or "none"
                raise ValueError(f"{knob}: no knob of {', '.join(sorted(unknown))}; the layers that have it: {having}")


BALANCED = Design()
DESIGNS = {  # the design points of the tables and the hardware notebook; conv1 is the reference networks' first layer
    "fast": Design(rows=13, pixels=20),
    "balanced": BALANCED,
    "no DSP": Design(multipliers="lut"),
    "small": Design(rows=2, pixels=2, multipliers={"conv1": "lut"}),
    # For events at every crossing of the LHC, 24.95 ns apart: of the widest images, 63 rows, in five cycles
    "trigger": Design(rows=13, pixels=5, period=4.98),
    "trigger no DSP": Design(rows=13, pixels={"conv1": 10, "default": 5}, period=4.98, multipliers="lut"),
}
