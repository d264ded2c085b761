"""The published figures by `Network`, to put beside one's own: scores, cycles and LUTs of arXiv 2512.06208."""

from __future__ import annotations

import pandas as pd

from ..network.networks import Network
from .published import modules, scores, totals


def by_network(table: pd.DataFrame) -> pd.DataFrame:
    """A table of `published` with one more column, `network`: a `Network` a row.

    Sorted by bits, standard first, then N: what `plots` draws from left to right.
    """
    table = table.sort_values(["bits", "n_active"], na_position="first", kind="stable")
    columns = (table[name] for name in ("dataset", "bits", "n_active"))
    networks = [
        Network(name, int(bits), None if pd.isna(n) else int(n)) for name, bits, n in zip(*columns, strict=True)
    ]
    return table.assign(network=pd.Series(networks, table.index, dtype=object))


def published_modules(dataset: str, stage: str) -> pd.DataFrame:
    """The modules of all published networks of a data set by network; `stage` is "csynth" or "vsynth".

    Raises ValueError for a data set or a stage that was not published.
    """
    return by_network(modules(dataset, stage=stage))


def published_scores(dataset: str) -> dict[Network, float]:
    """AUC or accuracy of each network; none of MNIST and of the jets at 8 bits, which were published as a plot."""
    table = by_network(scores().query("dataset == @dataset"))
    return dict(zip(table["network"], table["value"].astype(float), strict=True))


def published_costs(network: Network) -> dict[str, int | None]:
    """`latency` in clock cycles by C-synthesis and `lut` by logic synthesis; None for a network not published."""
    table = by_network(totals())
    own = table[[other == network for other in table["network"]]].set_index("stage")
    columns = {"latency": ("csynth", "latency_max"), "lut": ("vsynth", "lut")}
    return {name: int(own.loc[place]) if len(own) else None for name, place in columns.items()}
