"""What a notebook found, one row a number: beside what was published, with its source, as a file and as a table.

    {"title": ..., "rows": [{"network": ..., "quantity": ..., "value": ..., "published": ..., "source": ...}]}

Whoever reads results.json finds scores as "AUC" and "accuracy", mismatches as "logits where ...", and the reason why a
score does not compare with the published one in its source, after `NOT_COMPARABLE`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.io.formats.style import Styler

from ..network.networks import Network
from ..tools.files import whole_file
from .check import Agreement
from .published_networks import published_costs
from .simulation import Simulation

COLUMNS = ["network", "quantity", "value", "published", "source"]
NOT_COMPARABLE = "NOT COMPARABLE with published"
YOSYS = "Yosys (xcup mapping, no place and route)"
Row = dict[str, Any]


def comparable_sentence(why_not: str) -> str:
    """Whether scores compare with published ones; `why_not` is empty if they do."""
    return f"{NOT_COMPARABLE} scores: {why_not}." if why_not else "Comparable with published scores."


def comparable_source(source: str, why_not: str, otherwise: str = "") -> str:
    """A `source` that says so: with `why_not` if it does not compare, and with `otherwise`, if anything, if it does."""
    note = f"{NOT_COMPARABLE}: {why_not}" if why_not else otherwise
    return f"{source}; {note}" if note else source


def result(
    network: Network | str, quantity: str, value: float | None, source: str, published: float | None = None
) -> Row:
    """A row of results.json; None: a number that is not known. Raises ValueError without a source."""
    if not source:
        raise ValueError(f"{quantity} of {network}: say where the number comes from")
    row = {"network": str(network), "quantity": quantity, "value": value, "published": published, "source": source}
    return {name: item.item() if isinstance(item, np.generic) else item for name, item in row.items()}


def rtl_result(network: Network | str, agreement: Agreement, compared: str) -> Row:
    """The row that counts the logits in which `check_rtl` found the RTL to differ on the events `compared`."""
    return result(network, "logits where RTL differs", agreement.rtl_differs, f"{compared}, Verilator")


def lut_result(network: Network | str, table: pd.DataFrame) -> Row:
    """The row of the LUTs that Yosys counted: of TOP in a table of `table_of`."""
    return result(network, "LUT", int(table.set_index("module")["lut"]["TOP"]), YOSYS)


def firmware_results(network: Network, differ: int, compared: str, simulated: Simulation | None = None) -> list[Row]:
    """Rows of a network: logits where C++ differs on the events `compared`, latency if `simulated`, and LUTs.

    The published latency and LUTs stand beside.
    """
    published = published_costs(network)
    cycles, ours = (int(simulated.latency[0]), "simulated; ") if simulated else (None, "")
    costs = [
        ("latency [cycles]", cycles, f"{ours}published: vendor C-synthesis", published["latency"]),
        ("LUT", None, "published: vendor logic synthesis", published["lut"]),
    ]
    wrong = result(network, "logits where C++ differs", differ, f"{compared}, g++")
    return [wrong, *(result(network, *cost) for cost in costs)]


def write_results(path: str | Path, title: str, rows: Sequence[Row]) -> None:
    """Write results.json, whole or not at all. Raises OSError as the file system does, ValueError for NaN."""
    content = json.dumps({"title": title, "rows": list(rows)}, indent=1, allow_nan=False)
    with whole_file(path) as scratch:
        scratch.write_text(content)


def results_table(rows: Sequence[Row]) -> Styler:
    """The same rows, to be shown; what is not known is left blank."""
    table = pd.DataFrame(rows, columns=COLUMNS, dtype=object).set_index(["network", "quantity"])
    return table.style.format(lambda x: x if isinstance(x, str) else f"{x:,.6g}", na_rep="")


def module_table(table: pd.DataFrame, network: Network | str) -> Styler:
    """What each module takes by Yosys, from a table of `table_of`, to be shown; `network` says of what."""
    shown = table[["module", "group", "lut", "ff", "dsp", "levels", "ns", "ns_routed"]].style.hide(axis="index")
    return shown.format(precision=2, thousands=",", na_rep="").set_caption(f"{network}; {YOSYS}")
