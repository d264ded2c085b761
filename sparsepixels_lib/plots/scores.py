"""Pictures of data sets, training and scores. Every function draws on the `ax` it is given.

What is drawn is called as `style` says: networks that differ only in bits share a colour, 8 bit is dashed.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from ..data.occupancy import Occupancy
from ..measure.scores import Score
from ..network.networks import Network
from .beside import name_beside
from .style import COLORS, GREY, Key, label, line_styles

DARK = "#555555"  # of what is no network
WHICH = {"raster": "the first N", "adaptive": "N by level", "largest": "the N largest"}
One = float | Score


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
        (occupancy.kept_charge, f"charge in {WHICH[occupancy.selection]}", COLORS[0]),
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
    ax: Axes,
    scores: Mapping[Network, One | Sequence[One]],
    *,
    ylabel: str,
    at: Mapping[int, float] | None = None,
    baselines: Iterable[tuple[str, One]] = (),
    notes: Mapping[Key, str] | None = None,
) -> list[Line2D]:
    """Score of networks against N_active: a line for the sparse ones of each family and bits, a level a standard one.

    A score is a number, a `measure.Score`, or several: one a seed of the training. Lines go through their means, seeds
    are small marks, and bars and bands are the mean error of a seed, which other test events would change. `scores` may
    be a Series, too. `at`: N -> where to draw it, such as the charge it keeps; the caller then names the x axis.

    `baselines`, such as `measure.ladder` gives, are grey levels. Their names are written on the right, and so are
    `notes` on networks: key as in the legend, ("sparse", 8) or the standard `Network` -> "5 epochs, not converged".

    Returns the lines of the networks, then of the baselines. Raises KeyError for an N that `at` does not have and for a
    note on what is not drawn.
    """
    sparse: dict[Key, dict[float, One | Sequence[One]]] = {}
    for network, score in scores.items():
        if (n := network.n_active) is not None:
            sparse.setdefault((network.family, network.bits), {})[n if at is None else at[n]] = score
    levels = {network: score for network, score in scores.items() if network.n_active is None}
    styles = line_styles([*sparse, *levels])
    lines = [_curve(ax, points, **styles[key], label=label(key)) for key, points in sparse.items()]
    lines += [_level(ax, score, **styles[key], label=label(key)) for key, score in levels.items()]
    ends = {key: (line.get_xdata()[-1], line) for key, line in zip(styles, lines, strict=True)}
    ends |= {key: (None, line) for key, (_, line) in ends.items() if key in levels}
    names = [(text, ends[key]) for key, text in (notes or {}).items()]
    for text, score in baselines:
        lines.append(_level(ax, score, color=DARK, linestyle=":", linewidth=1))
        names.append((text, (None, lines[-1])))
    ax.set(xlabel=r"$N_\mathrm{active}$", ylabel=ylabel, xticks=sorted(set().union(*sparse.values())))
    ax.xaxis.minorticks_off()
    ax.margins(x=0.08, y=0.12)
    ax.legend()
    name_beside(ax, [(text, x, line.get_ydata()[-1], line.get_color()) for text, (x, line) in names])
    return lines


def _curve(ax: Axes, points: Mapping[float, One | Sequence[One]], **look: str) -> Line2D:
    """A line through the means of the scores at each x, with bars of their errors and a small mark a seed."""
    runs = {x: _runs(points[x]) for x in sorted(points)}
    means = [values.mean() for values, _ in runs.values()]
    (line,) = ax.plot(list(runs), means, **look, marker="o", markersize=5)
    if any(errors := [error for _, error in runs.values()]):
        ax.errorbar(list(runs), means, errors, fmt="none", ecolor=look["color"], elinewidth=1, capsize=2.5)
    for x, (values, _) in runs.items():
        if len(values) > 1:
            ax.plot([x] * len(values), values, "o", color=look["color"], markersize=3, markerfacecolor="white")
    return line


def _level(ax: Axes, score: One | Sequence[One], **look: Any) -> Line2D:
    """A level at the mean of the scores, with a band of their error and a thin level a seed."""
    values, error = _runs(score)
    mean = values.mean()
    if error:
        ax.axhspan(mean - error, mean + error, color=look["color"], alpha=0.15, linewidth=0)
    for value in values if len(values) > 1 else ():
        ax.axhline(value, color=look["color"], linewidth=0.5)
    return ax.axhline(mean, **look)


def _runs(score: One | Sequence[One]) -> tuple[np.ndarray, float]:
    """The scores of all seeds (k,), and their mean error."""
    runs = [score] if isinstance(score, Score) or np.ndim(score) == 0 else list(score)
    errors = [one.error if isinstance(one, Score) else 0 for one in runs]
    return np.array([float(one) for one in runs]), float(np.mean(errors))


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
