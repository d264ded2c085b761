"""Pictures of data sets, training and scores. Every function draws on the `ax` it is given.

What is drawn is called as `style` says: networks that differ only in bits share a colour, 8 bit is dashed.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from ..data.occupancy import Occupancy
from ..network.networks import Network
from .style import COLORS, GREY, Key, label, line_styles


def occupancy(ax: Axes, occupancy: Occupancy, n_actives: Sequence[int] = (8, 12, 16, 20)) -> list[Line2D]:
    """Histogram of the number of active pixels and, on a second axis, what N keeps, with `n_actives` marked.

    Returns the lines of the kept charge (mean share) and of the kept images (share with at most N active pixels).
    """
    edges = np.arange(max(occupancy.counts.max(), occupancy.n[-1]) + 2) - 0.5
    counts, *_ = ax.hist(occupancy.counts, edges, color=GREY, alpha=0.55)
    marked = [n for n in n_actives if 1 <= n <= occupancy.n[-1]]
    dots = f" (dots: N = {', '.join(map(str, marked))})" if marked else ""
    ax.set(xlabel=f"active pixels in an image, or N{dots}", ylabel="images")
    ax.set(xlim=(edges[0], edges[-1]), ylim=(0, 1.1 * counts.max()))
    shares, lines = ax.twinx(), []
    shares.vlines(marked, 0, 1, color=GREY, linewidth=1, linestyle=":")
    for share, text, color in [
        (occupancy.kept_charge, "charge in the first N", COLORS[0]),
        (occupancy.kept_images, "images kept whole", COLORS[1]),
    ]:
        if marked:
            text += f": {', '.join(f'{100 * share[n - 1]:.1f}' for n in marked)} %"
        marks = {"marker": "o", "markersize": 5, "markevery": [n - 1 for n in marked]}
        lines += shares.plot(occupancy.n, share, color=color, label=text, **marks)
    shares.set(ylim=(0, 1.1), ylabel="kept share", yticks=np.linspace(0, 1, 6))
    shares.yaxis.set_major_formatter(PercentFormatter(1))
    shares.legend(loc="lower center", bbox_to_anchor=(0.5, 1), fontsize=8)
    return lines


def history(ax: Axes, histories: Mapping[Key, Mapping[str, Sequence[float]]], metric: str = "loss") -> list[Line2D]:
    """Training curves against the epoch: thick for validation, thin for training.

    `histories`: key of a network -> Keras' `History.history`, with `metric` and (if validated) `val_` + metric.
    """
    styles, lines = line_styles(histories), []
    for key, values in histories.items():
        for name, look in ((metric, {"linewidth": 0.8, "alpha": 0.6}), (f"val_{metric}", {})):
            if name in values:
                lines += ax.plot(range(1, len(values[name]) + 1), values[name], **styles[key], **look)
        lines[-1].set_label(label(key))
    ax.set(xlabel="epoch", ylabel=f"{metric} (thick: validation, thin: training)")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend()
    return lines


def roc_curve(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Signal efficiency, background efficiency (from (0, 0) to (1, 1), one point a distinct score) and AUC.

    `labels` (B,) of 0 and 1, `scores` (B,), larger for signal; equal scores are cut together. Raises ValueError for
    other labels, a class without entries, different lengths and NaN.
    """
    labels, scores = np.ravel(labels), np.ravel(scores)
    if len(labels) != len(scores) or not np.isin(labels, (0, 1)).all() or np.isnan(scores).any():
        raise ValueError(f"need as many labels 0 or 1 as scores, no NaN; got {len(labels)} and {len(scores)} of them")
    if (n_signal := np.count_nonzero(labels)) in (0, len(labels)):
        raise ValueError(f"a ROC curve needs signal and background; {n_signal} of {len(labels)} labels are 1")
    order = np.argsort(-scores, kind="stable")
    cuts = np.r_[np.diff(scores[order]) != 0, True]
    signal = np.r_[0, np.cumsum(labels[order] == 1)[cuts]] / n_signal
    background = np.r_[0, np.cumsum(labels[order] == 0)[cuts]] / (len(labels) - n_signal)
    return signal, background, float(np.trapezoid(signal, background))


def roc(ax: Axes, scores: Mapping[Key, tuple[np.ndarray, np.ndarray]], floor: float = 1e-3) -> list[Line2D]:
    """ROC curves: key of a network -> (labels (B,), scores (B,)); the AUC is in the legend. See `roc_curve`."""
    styles, lines = line_styles(scores), []
    for key, (truth, score) in scores.items():
        signal, background, auc = roc_curve(truth, score)
        lines += ax.plot(signal, background, **styles[key], label=f"{label(key)}, AUC {auc:.3f}")
    ax.set(xlabel="signal efficiency", ylabel="background efficiency", yscale="log", xlim=(0, 1), ylim=(floor, 1))
    ax.legend(loc="lower right")
    return lines


def score_vs_n(
    ax: Axes, scores: Mapping[Network, float], *, ylabel: str, at: Mapping[int, float] | None = None
) -> list[Line2D]:
    """Score of networks against N_active: a line for the sparse ones of each number of bits, a level a standard one.

    `scores` may be a Series, too. `at`: N -> where to draw it, such as the charge it keeps; the caller then names the
    x axis. Raises KeyError for an N that `at` does not have.
    """
    sparse: dict[Key, dict[float, float]] = {}
    for network, score in scores.items():
        if (n := network.n_active) is not None:
            sparse.setdefault(("sparse", network.bits), {})[n if at is None else at[n]] = score
    levels = {network: score for network, score in scores.items() if network.n_active is None}
    styles, lines = line_styles([*sparse, *levels]), []
    for key, points in sparse.items():
        x = sorted(points)
        lines += ax.plot(x, [points[k] for k in x], **styles[key], marker="o", markersize=5, label=label(key))
    lines += [ax.axhline(score, **styles[key], label=label(key)) for key, score in levels.items()]
    ax.set(xlabel=r"$N_\mathrm{active}$", ylabel=ylabel, xticks=sorted(set().union(*sparse.values())))
    ax.xaxis.minorticks_off()
    ax.margins(x=0.08, y=0.12)
    ax.legend()
    return lines


def confusion(ax: Axes, matrix: np.ndarray, classes: Sequence[str]) -> AxesImage:
    """Confusion matrix (K, K) of counts, rows true and columns predicted; coloured by the share of the true class."""
    matrix = np.asarray(matrix)
    if matrix.shape != (len(classes), len(classes)):
        raise ValueError(f"{len(classes)} classes need a matrix ({len(classes)}, {len(classes)}); got {matrix.shape}")
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    artist = ax.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (true, predicted), count in np.ndenumerate(matrix):
        color = "white" if share[true, predicted] > 0.5 else "black" if count else GREY
        ax.text(predicted, true, f"{count:g}", ha="center", va="center", size=7.5, color=color)
    ax.set_xticks(range(len(classes)), classes)
    ax.set_yticks(range(len(classes)), classes)
    ax.set(xlabel="predicted", ylabel="true")
    ax.minorticks_off()
    ax.tick_params(length=0)
    ax.figure.colorbar(artist, cax=ax.inset_axes((1.04, 0, 0.05, 1)), label="share of the true class")
    return artist
