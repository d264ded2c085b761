"""What takes hours and is therefore not measured in a notebook, but ships: scores of all trainings, and small studies.

All are of the data that ship, the two physics data sets synthetic; each row of a study names its source. Made by
data_scripts/reference_weights.py, learning_curve.py, placement.py, selection.py and few_bits.py, whose pages give the
commands.
"""

from __future__ import annotations

import pandas as pd

from ..network.networks import Network
from ..network.reference import reference_scores as _scores
from ..paths import EMBEDDED
from .scores import Score


def reference_scores(dataset: str) -> dict[Network, list[Score]]:
    """AUC (MicroBooNE) or accuracy of the reference networks of `dataset`, one `Score` a seed of their training.

    The error is that of the weights that ship. Raises ValueError for a data set without reference networks.
    """
    found = {network: _scores()[network.name] for network in Network.shipped() if network.dataset == dataset}
    if not found:
        raise ValueError(f"no reference networks of {dataset!r}: there are those of microboone, lhc_jets, sparse_mnist")
    return {network: [Score(x, own["error"]) for x in own["seeds"].values()] for network, own in found.items()}


def selection_scores(dataset: str, values: str = "charge") -> dict[Network, list[Score]]:
    """AUC (MicroBooNE) or accuracy of the networks of the study "selection", one `Score` a seed of their training.

    They are trained alike, but choose their pixels in other ways. `values`: "alike" are the controls, whose chosen
    pixels all have the same value. Raises ValueError for a data set that is not in the study.
    """
    rows = study("selection").query("dataset == @dataset and values == @values")
    if rows.empty:
        raise ValueError(
            f"no networks of {dataset!r} with values {values!r} in the study: there are microboone, lhc_jets and "
            "sparse_mnist with 'charge' and 'alike'"
        )
    found: dict[Network, list[Score]] = {}
    for row in rows.itertuples():
        patch = tuple(map(int, row.patch.split("x"))) if isinstance(row.patch, str) else None
        network = Network(dataset, row.bits, row.n_active, row.selection, patch)
        found.setdefault(network, []).append(Score(row.score, row.error))
    return found


def study(name: str) -> pd.DataFrame:
    """The table of a study that ships. Raises ValueError for another name.

    "learning_curve": score, error, epochs against n_train, with dataset, what (sparse, trees), bits, n_active, seed.
    "selection": score, error of networks that choose their pixels, see `selection_scores`; "selection_ladder": the same
    of `ladder` on their pixels; "few_bits": of an adaptive network of N = 8 by bits of weights and of activations.
    "placement": score, error of networks trained and tested on windows whose place in the readout follows a rule.
    "placement_profile": share of the active pixels in each third of rows and columns, by class of the windows and rule.
    """
    known = sorted(path.stem for path in (EMBEDDED / "studies").glob("*.csv"))
    if name not in known:
        raise ValueError(f"no study {name!r}: there are {', '.join(known)}")
    return pd.read_csv(EMBEDDED / "studies" / f"{name}.csv")
