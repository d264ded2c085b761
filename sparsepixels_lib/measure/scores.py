"""Scores with their errors: AUC, accuracy, efficiency and rates, resampled event by event.

    auc(labels, scores, groups=event)                 0.923 ± 0.004
    auc(labels, scores, where=images.any((1, 2, 3)))  without the empty images
    auc(labels, standard, minus=sparse)               a difference: both on the same resamples, so the error is smaller

The value is that of the images as they are. The error is the standard deviation over resamples: each draws as many
events as there are, with replacement, and takes all their images (Efron's bootstrap). It is what other test events
would change; what another seed of the training changes is not in it.

`labels` (n,) are 0, 1, ... or bool; `scores` (n,), or (n, 1), are larger for signal, label 1; or (n, K), one a class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import floor, log10

import numpy as np

from ..numerics.whole import whole

OfWeights = Callable[[np.ndarray], float]  # of how often each image was drawn (n,)


@dataclass(frozen=True)
class Score:
    """A number and its error, one standard deviation.

    As text "0.923 ± 0.004", with the first digit of the error; a format holds for both: f"{score:.1%}".
    """

    value: float
    error: float

    def __str__(self) -> str:
        return f"{self:.{max(3, -floor(log10(self.error))) if self.error > 0 else 3}f}"

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        percent = " %" if spec.endswith("%") else ""
        return " ± ".join(format(x, spec).removesuffix("%") for x in (self.value, self.error)) + percent

    def __float__(self) -> float:
        return float(self.value)


def estimate(
    statistic: Callable[[np.ndarray, np.ndarray], OfWeights],
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    minus: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    where: np.ndarray | None = None,
    resamples: int = 200,
    seed: int = 0,
) -> Score:
    """What all scores below are made by, and whose keywords they take.

    `minus`: scores of another network, in the shape of `scores`; the result is the difference. `groups` (n,), or (n, k)
    such as (run, subrun, event): images with the same one are of one event and are drawn together; None: every image
    is an event. `where` (n,) bool: only these images count. The same `seed` draws the same events.

    `statistic` of (labels, scores) gives a function of weights (n,), how often each image was drawn. Resamples that
    lack a class it needs (it then gives NaN) are left out.

    Raises ValueError for lengths that differ, labels that are no classes, such as -1 (unknown), NaN scores, less than
    two events and, as the statistic does, a class without images.
    """
    chosen = slice(None) if where is None else _of_images(where, len(np.asarray(labels)), "where").astype(bool)
    networks = [_checked(labels, x, chosen) for x in ([scores] if minus is None else [scores, minus])]
    n = len(networks[0][0])
    of_event = np.arange(n)
    if groups is not None:
        groups = _of_images(groups, len(np.asarray(labels)), "groups")[chosen]
        of_event = np.unique(groups, axis=0, return_inverse=True)[1].ravel()
    resamples, events = whole(resamples, "resamples", 2), of_event.max(initial=-1) + 1
    if events < 2:
        raise ValueError(f"{n} images of {events} event: nothing can be resampled, an error needs two events at least")
    values, rng = [statistic(*network) for network in networks], np.random.default_rng(seed)

    def of(weights: np.ndarray) -> float:
        first, *other = (value(weights) for value in values)
        return first - sum(other)

    drawn = (np.bincount(rng.integers(events, size=events), minlength=events)[of_event] for _ in range(resamples))
    with np.errstate(invalid="ignore"):
        return Score(float(of(np.ones(n))), float(np.nanstd([of(weights) for weights in drawn], ddof=1)))


def auc(labels: np.ndarray, scores: np.ndarray, **how) -> Score:
    """Area under the ROC curve: how often a signal image scores above a background image; equal scores count half.

    Scores (n, K) must be probabilities, such as a softmax: the result is then the mean of the K AUCs of a class against
    the rest; that of one class k is `auc(labels == k, chance[:, k])`. Keywords and errors as `estimate`.
    """
    return estimate(_auc, labels, scores, **how)


def accuracy(labels: np.ndarray, scores: np.ndarray, *, threshold: float = 0.0, **how) -> Score:
    """Share of the images whose class is right: that of the largest of (n, K) scores; of (n,) 1 above the `threshold`,
    for which 0 is the middle of logits, 0.5 of probabilities. Keywords and errors as `estimate`.
    """
    return estimate(partial(_accuracy, threshold), labels, scores, **how)


def efficiency_at(labels: np.ndarray, scores: np.ndarray, background_rate: float, **how) -> Score:
    """Share of the signal that is left where exactly `background_rate` of the background passes.

    So networks are compared at equal background. Of the images right at the cut, of equal scores, that share passes
    which makes the rate exact. The cut is found again in each resample: that it is uncertain is part of the error.
    Keywords and errors as `estimate`; ValueError for a rate outside [0, 1].
    """
    return estimate(partial(_efficiency_at, _rate(background_rate)), labels, scores, **how)


def threshold_at(labels: np.ndarray, scores: np.ndarray, background_rate: float, *, where=None) -> float:
    """The lowest score above which, strictly, no more than `background_rate` of the background lies.

    Find it on the validation images and give it to `efficiency` and `false_positive_rate` of the test images. Errors as
    `efficiency_at`.
    """
    chosen = slice(None) if where is None else _of_images(where, len(np.asarray(labels)), "where").astype(bool)
    labels, scores = _checked(labels, scores, chosen)
    _need(labels, scores, (0,))
    background = np.sort(scores[labels == 0])[::-1]
    passing = floor(_rate(background_rate) * len(background) + 1e-9)  # 0.07 * 100 is 7.000000000000001
    return float(background[passing]) if passing < len(background) else -np.inf


def efficiency(labels: np.ndarray, scores: np.ndarray, threshold: float, **how) -> Score:
    """Share of the signal with a score above the `threshold`. Keywords and errors as `estimate`."""
    return estimate(partial(_passing, 1, threshold), labels, scores, **how)


def false_positive_rate(labels: np.ndarray, scores: np.ndarray, threshold: float, **how) -> Score:
    """Share of the background with a score above the `threshold`. Keywords and errors as `estimate`."""
    return estimate(partial(_passing, 0, threshold), labels, scores, **how)


def rate_per_readout(window_rate: Score | float, windows: int) -> Score:
    """Probability that at least one of the `windows` of a readout fires, where each does with `window_rate` p.

    1 - (1 - p)^k for k windows that know nothing of each other; its error is k (1 - p)^(k - 1) times that of p. Real
    windows share muons and noise, so the readout fires less often than that. Raises ValueError for a rate outside
    [0, 1] and for `windows` that are no number from 1 on.
    """
    k, p = whole(windows, "windows"), _rate(float(window_rate))
    error = window_rate.error if isinstance(window_rate, Score) else 0.0
    return Score(1 - (1 - p) ** k, k * (1 - p) ** (k - 1) * error)


def _auc(labels: np.ndarray, scores: np.ndarray) -> OfWeights:
    if scores.ndim == 2:
        if scores.min() < 0 or not np.allclose(scores.sum(axis=1), 1, atol=1e-3):
            raise ValueError("a class against the rest needs probabilities, which sum to 1: take the softmax of logits")
        each = [_auc((labels == k).astype(int), column) for k, column in enumerate(scores.T)]
        return lambda weights: np.mean([value(weights) for value in each])
    passed = _curve(labels, scores)

    def value(weights: np.ndarray) -> float:
        signal, background = passed(weights)
        return np.trapezoid(signal, background) / (signal[-1] * background[-1])

    return value


def _efficiency_at(rate: float, labels: np.ndarray, scores: np.ndarray) -> OfWeights:
    passed = _curve(labels, scores)

    def value(weights: np.ndarray) -> float:
        signal, background = passed(weights)
        if background[-1] == 0:
            return np.nan
        # counts, not shares: of several cuts with the same background the one with most signal is meant
        return np.interp(rate * background[-1] * (1 + 1e-9), background, signal) / signal[-1]

    return value


def _curve(labels: np.ndarray, scores: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Of weights (n,) gives the ROC curve in counts: signal and background above each cut, from 0 on, (2, cuts + 1)."""
    _need(labels, scores, (0, 1))
    cuts, place = np.unique(-scores, return_inverse=True)
    place = place + len(cuts) * (labels == 0)

    def passed(weights: np.ndarray) -> np.ndarray:
        counts = np.bincount(place, weights, 2 * len(cuts)).reshape(2, -1)
        return np.pad(counts.cumsum(axis=1), ((0, 0), (1, 0)))

    return passed


def _accuracy(threshold: float, labels: np.ndarray, scores: np.ndarray) -> OfWeights:
    right = (scores.argmax(axis=1) if scores.ndim == 2 else scores > threshold) == labels
    return lambda weights: weights @ right / weights.sum()


def _passing(of: int, threshold: float, labels: np.ndarray, scores: np.ndarray) -> OfWeights:
    _need(labels, scores, (of,))
    own, passes = labels == of, scores > threshold
    return lambda weights: weights @ (own & passes) / (weights @ own)


def _need(labels: np.ndarray, scores: np.ndarray, classes: tuple[int, ...]) -> None:
    if scores.ndim != 1:
        raise ValueError(f"signal against background needs one score an image, not {scores.shape[1]}: choose a class")
    for label in classes:
        if not (labels == label).any():
            kind = "background (label 0)" if label == 0 else "signal (label 1)"
            raise ValueError(f"none of the {len(labels):,} images is {kind}")


def _checked(labels: np.ndarray, scores: np.ndarray, chosen) -> tuple[np.ndarray, np.ndarray]:
    """Labels (n,) as int and scores (n,) or (n, K) as float64 of the `chosen` images, or a ValueError in words."""
    labels, scores = np.asarray(labels), np.asarray(scores, dtype=np.float64)
    if labels.ndim != 1 or scores.ndim not in (1, 2) or len(labels) != len(scores):
        raise ValueError(f"labels are (n,), scores (n,) or (n, classes); got {labels.shape} and {scores.shape}")
    labels, scores = labels[chosen], scores[chosen]
    scores = scores[:, 0] if scores.shape[1:] == (1,) else scores
    if unknown := np.count_nonzero(labels == -1):
        raise ValueError(f"{unknown:,} labels are -1, unknown: leave these images out, where=labels >= 0")
    classes = 2 if scores.ndim == 1 else scores.shape[1]
    if not np.isin(labels, range(classes)).all():
        raise ValueError(f"labels are 0 to {classes - 1} where scores have the shape {scores.shape}; are they swapped?")
    if wrong := np.count_nonzero(np.isnan(scores)):
        raise ValueError(f"{wrong:,} scores are NaN")
    return labels.astype(int), scores


def _of_images(array: np.ndarray, n: int, name: str) -> np.ndarray:
    array = np.asarray(array)
    if array.ndim == 0 or len(array) != n:
        raise ValueError(f"{name} has the shape {array.shape}, but there are {n:,} images")
    return array


def _rate(rate: float) -> float:
    if not 0 <= rate <= 1:
        raise ValueError(f"a rate is a share from 0 to 1, not {rate}")
    return float(rate)
