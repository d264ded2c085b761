"""What cells and nets of an UltraScale+ (xcvu13p, speed grade -2) take in ns, estimated before anything is placed.

embedded/delays.csv holds them: a row an arc of a cell or a net by its fan-out. `basis` is "measured" (in what Vivado
2025.1 says after synthesis, in the reports that calad0i/da4ml and calad0i/alkaid keep as test data), "composed" (of
such figures, or of those after placing and routing) or "assumed" (no figure: a pessimistic guess).
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
