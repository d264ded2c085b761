"""A trigger: a network slid over whole readouts, what it finds and how often it fires where there is nothing to find.

    scores = window_scores(model, readouts.images).max(axis=1)
    efficiency_by_rate(readouts, scores, [0.02, 0.1])          {0.02: Score, 0.1: Score}
    efficiency_by_energy(readouts, scores, 0.1, [0.2, 1, 5])   {(0.2, 1): Score, (1, 5): Score}

A readout fires where one of its windows does: its score is the largest of theirs. All rates are per readout. A neutrino
counts as kept, too, where a muon beside it has fired.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import tensorflow as tf
from tqdm.auto import tqdm

from ..data.dataset import Dataset
from ..data.sliding import slide
from ..network.exact import exact_predict
from .scores import Score, efficiency_at

PART = 10  # readouts whose windows are in memory at a time
FEWEST = 10  # neutrinos of a bin: of few, none or all are kept, of which the bootstrap knows no error


def window_scores(
    score: tf.keras.Model | Callable[[np.ndarray], np.ndarray], readouts: np.ndarray, *, size: int = 63, step: int = 32
) -> np.ndarray:
    """Scores (n, k) float64 of the k windows, as `slide` cuts them, of each of `readouts` (n, H, W, 1).

    `score`: a model, whose logit is meant (`exact_predict`), or a function of windows (b, size, size, 1) that gives
    (b,), each for itself. Windows without active pixels all have the same score, which is computed once. Errors as
    `slide` and `exact_predict`.
    """
    of = (lambda windows: exact_predict(score, windows)[:, 0]) if isinstance(score, tf.keras.Model) else score
    empty, found = of(np.zeros((1, size, size, 1), np.float32))[0], []
    with tqdm(total=len(readouts), desc="sliding", unit="readout", leave=False) as bar:
        for start in range(0, len(readouts), PART):
            windows = np.stack([slide(readout, size, step)[0] for readout in readouts[start : start + PART]])
            active, scores = windows.any(axis=(2, 3, 4)), np.full(windows.shape[:2], float(empty))
            if active.any():
                scores[active] = of(windows[active])
            found.append(scores)
            bar.update(len(windows))
    return np.concatenate(found)


def efficiency_by_rate(
    readouts: Dataset, scores: np.ndarray, rates: Sequence[float], kind: str | None = None
) -> dict[float, Score]:
    """Share of the neutrinos, or of those of a `kind`, that is kept where a share of the readouts without one fires.

    `scores` (n,) of the `readouts`; the result is {rate: Score} with the errors of `efficiency_at`. That raises
    ValueError for rates outside [0, 1], scores of another length, and a kind of which there is none.
    """
    where = _of_kind(readouts, kind)
    return {rate: efficiency_at(readouts.labels, scores, rate, where=where) for rate in rates}


def efficiency_by_energy(
    readouts: Dataset, scores: np.ndarray, rate: float, edges: Sequence[float], kind: str | None = None
) -> dict[tuple[float, float], Score]:
    """`efficiency_by_rate` at one rate, of the neutrinos of each bin of energy: {(low, high) in GeV: Score}.

    A bin goes from one of the rising `edges` up to the next, which only the last one includes; those of less than 10
    neutrinos are left out. The cut is the same in all bins.
    """
    energy, found = readouts.columns["energy"], {}
    place = np.where(energy == edges[-1], len(edges) - 2, np.searchsorted(edges, energy, "right") - 1)
    for i, energies in enumerate(pairwise(edges)):
        own = (readouts.labels == 1) & _of_kind(readouts, kind) & (place == i)
        if own.sum() >= FEWEST:
            found[energies] = efficiency_at(readouts.labels, scores, rate, where=own | (readouts.labels == 0))
    return found


def _of_kind(readouts, kind):
    return np.ones(len(readouts.labels), bool) if kind is None else np.isin(readouts.columns["kind"], [kind, "none"])
