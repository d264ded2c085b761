"""The ladder of baselines: what is achieved without any network, on the very pixels that a network sees.

    ladder(train, test)               [("number of pixels", Score), ..., ("trees on 21 features", Score)]
    ladder(train, test, n_active=20)  of images that keep only their first 20 active pixels, as a sparse network's do;
                                      with selection="largest" their largest, with "adaptive" and its levels those
    ladder(train, test, flat=True)    of images whose active pixels are all 1: shape without charge

No feature says where in the image the pixels are; a network sees that, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import tensorflow as tf

from ..data.dataset import Dataset
from ..data.occupancy import check_images, check_levels
from ..network import ops
from ..network.models import ARCHITECTURES
from ..numerics.whole import whole
from .features import jet_features, window_features
from .scores import Score, accuracy, auc

FEATURES = {"lhc_jets": jet_features}  # of all other data sets: window_features
ALONE = {"count": "number of pixels", "sum": "sum of pixels", "brightest": "brightest pixel"}
PART = 2000  # images that are looked at together, so that memory does not grow with their number


def kept_pixels(
    images: np.ndarray,
    n: int,
    threshold: float = 0.0,
    selection: str = "raster",
    levels: Sequence[float] | None = None,
) -> np.ndarray:
    """`images` (B, H, W, C) with only the active pixels that get one of `n` slots, see `InputReduce`; elsewhere 0.

    The layer chooses among pixels of the *quantized* image: quantize first to get what a b-bit network sees. Raises
    ValueError as `InputReduce`, but levels may lie on any grid.
    """
    images, levels = check_images(images), check_levels(selection, levels, threshold)
    if not np.isfinite(images).all():
        raise ValueError("images contain NaN or infinite pixels")
    first = tf.reshape(tf.constant(images[..., 0]), (len(images), -1))
    mask = ops.choose(first, levels, n := min(whole(n, "n"), first.shape[1]), selection)
    features, hash = ops.gather_pixels(tf.constant(images), mask, n)
    return ops.densify(features, hash, images.shape[1:3]).numpy()


def flat(images: np.ndarray, threshold: float = 0.0) -> np.ndarray:
    """`images` (B, H, W, C) with 1 in every active pixel and 0 elsewhere: their shape without their charge."""
    active = images[..., :1] > float(threshold)
    return np.broadcast_to(active, images.shape).astype(images.dtype)


def trees(train: pd.DataFrame, labels: np.ndarray, test: pd.DataFrame, *, seed: int = 0) -> np.ndarray:
    """Scores of gradient-boosted trees, trained on features `train` (n, k) with `labels` (n,), for those of `test`.

    Two classes: log-odds (m,), of K: probabilities (m, K). Seconds for 10,000 images. Raises ImportError where
    scikit-learn is not installed, ValueError for labels that are not 0, 1, ..., each with images.
    """
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415  (optional)
        from threadpoolctl import threadpool_limits  # noqa: PLC0415  (comes with scikit-learn)
    except ImportError as error:
        raise ImportError("trees need scikit-learn: pip install 'sparsepixels-lib[notebooks]'") from error
    found = np.unique(labels)
    if len(found) < 2 or not np.array_equal(found, np.arange(len(found))):
        raise ValueError(f"trees learn two classes or more, 0, 1, ... without a gap; the training labels are {found}")
    model = HistGradientBoostingClassifier(
        max_iter=60, learning_rate=0.12, max_leaf_nodes=12, early_stopping=False, random_state=seed
    )
    with threadpool_limits(1):  # its threads wait for each other at full speed: on a busy machine minutes for seconds
        model.fit(train, labels)
        return model.decision_function(test) if len(found) == 2 else model.predict_proba(test)


def rungs(
    train: Dataset,
    test: Dataset,
    *,
    n_active: int | None = None,
    flat: bool = False,
    selection: str = "raster",
    levels: Sequence[float] | None = None,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """What each baseline says of the test images: {name: scores (n,), or (n, classes) of more than two classes}.

    Number, sum and brightest of the active pixels are scores of signal as they are; of more than two classes trees turn
    each into scores. The last rung are trees on all features. `n_active`, `selection`, `levels`: of
    `kept_pixels`; `flat`: of `flat`, where sum and brightest say nothing more. What is active is above the threshold of
    the data set's architecture.
    """
    if train.name != test.name:
        raise ValueError(f"trained on {train.name!r}, tested on {test.name!r}: they must be of the same data set")
    threshold = ARCHITECTURES[train.name].threshold
    features = FEATURES.get(train.name, window_features)
    if n_active is None and not (selection == "raster" and levels is None):
        raise ValueError(f"selection={selection!r} chooses n_active pixels: give n_active, or leave it out")
    before = _seen(n_active, flat, threshold, {"selection": selection, "levels": levels})
    of_train, of_test = (
        pd.concat([features(before(d.images[i : i + PART]), threshold) for i in range(0, len(d.images), PART)])
        for d in (train, test)
    )
    scores = {}
    for column, name in ALONE.items():
        if flat and column != "count":
            continue
        one = of_test[[column]]
        binary = len(train.classes) == 2
        scores[name] = one.to_numpy()[:, 0] if binary else trees(of_train[[column]], train.labels, one, seed=seed)
    return scores | {f"trees on {of_train.shape[1]} features": trees(of_train, train.labels, of_test, seed=seed)}


def ladder(
    train: Dataset,
    test: Dataset,
    n_active: int | None = None,
    flat: bool = False,
    selection: str = "raster",
    levels: Sequence[float] | None = None,
    *,
    seed: int = 0,
    **how,
) -> list[tuple[str, Score]]:
    """(Name, score) of each of `rungs`, on the test images: AUC, or accuracy of more than two classes.

    Further keywords, such as `groups` and `where`, and errors as `scores.estimate`.
    """
    score = auc if len(test.classes) == 2 else accuracy
    found = rungs(train, test, n_active=n_active, flat=flat, selection=selection, levels=levels, seed=seed)
    return [(name, score(test.labels, x, **how)) for name, x in found.items()]


def _seen(n_active: int | None, flattened: bool, threshold: float, chosen: dict) -> Callable[[np.ndarray], np.ndarray]:
    """From images to what is looked at."""

    def seen(images: np.ndarray) -> np.ndarray:
        images = images if n_active is None else kept_pixels(images, n_active, threshold, **chosen)
        return flat(images, threshold) if flattened else images

    return seen
