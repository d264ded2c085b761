"""Names of lines, written beside the panel instead of in a legend."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Annotation

SIZE = 8


def name_beside(ax: Axes, names: Sequence[tuple[str, float | None, float, str]]) -> list[Annotation]:
    """Write the names of lines on the right of a panel, none on another, each with a thin line to what it names.

    `names`: (text, x, y, colour) of the point, x None: the right edge. They keep to the order of y and as near to it as
    there is room. Give the panel its limits before. Returns the texts from the lowest to the highest.
    """
    names = sorted(names, key=lambda name: name[2])
    corners = np.array([(ax.get_xlim()[0], y) for _, _, y, _ in names]).reshape(-1, 2)
    where = ax.transAxes.inverted().transform(ax.transData.transform(corners))
    points = 72 * ax.figure.get_figheight() * ax.get_position().height
    texts = []
    for (text, x, y, color), height in zip(names, spread(where[:, 1], 1.5 * SIZE / points), strict=True):
        line = {"arrowstyle": "-", "color": color, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0, "relpos": (0, 0.5)}
        point = (
            {"xy": (1, y), "xycoords": ("axes fraction", "data")} if x is None else {"xy": (x, y), "xycoords": "data"}
        )
        place = {"xytext": (1.06, height), "textcoords": "axes fraction", "va": "center", "size": SIZE}
        texts.append(ax.annotate(text, **point, **place, color=color, arrowprops=line, annotation_clip=False))
    return texts


def spread(wanted: np.ndarray, gap: float) -> np.ndarray:
    """Places (k,) from 0 to 1, each at least `gap` above the one before, as near to the rising `wanted` as may be.

    The distance is that of least squares. More places than there is room for go on below 0.
    """
    steps = gap * np.arange(k := len(wanted))
    free = np.asarray(wanted) - steps  # these must not fall: the isotonic regression, by its minimax formula
    means = [[free[i : j + 1].mean() if j >= i else np.inf for j in range(k)] for i in range(k)]
    rising = np.array([max(min(means[i][m:]) for i in range(m + 1)) for m in range(k)])
    return np.minimum(np.maximum(rising, 0), 1 - steps.max(initial=0)) + steps
