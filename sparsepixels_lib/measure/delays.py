"""What cells and nets of an UltraScale+ (xcvu13p-2) take in ns, as estimated after synthesis, before placing.

embedded/delays.csv holds them: a row an arc of a cell or a net by its fan-out. `basis` is "measured" (what Vivado says
of just that arc after synthesis), "composed" (of such figures, or of those after placing or routing, or of a slower
device) or "assumed" (no figure: a pessimistic guess). docs/timing.md says in whose reports the figures stand.
"""

import csv
import math
from functools import cache
from typing import NamedTuple

from ..paths import EMBEDDED


class Delay(NamedTuple):
    """A row of the data: the delay in ns and what it rests on."""

    ns: float
    basis: str


@cache
def delays() -> dict[tuple[str, str], Delay]:
    """{(cell, arc): delay}; a cell is the start of a primitive's name, or "net"."""
    with (EMBEDDED / "delays.csv").open(newline="") as file:
        return {(row["cell"], row["arc"]): Delay(float(row["ns"]), row["basis"]) for row in csv.DictReader(file)}


@cache
def net(fanout: int) -> Delay:
    """A net that `fanout` pins listen to; above 5 nothing is measured that grows, so it is assumed to."""
    known, most = delays(), 5
    if fanout <= most:
        return known["net", f"fan-out {max(fanout, 1)}"]
    doubling = known["net", f"each doubling of the fan-out from {most} on"]
    return Delay(known["net", f"fan-out {most}"].ns + doubling.ns * math.log2(fanout / most), doubling.basis)
