"""Pictures of a trigger: what it keeps against its false triggers and the energy, and where in a readout it fires.

Networks, baselines and kinds of neutrinos are keys as in `style`; efficiencies are those of `measure.trigger`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter

from ..measure.scores import Score
from .events import mark_windows
from .pixels import show_image
from .style import COLORS, GREY, Key, label, label_source, line_styles

CHANCE = "by chance"


def efficiency_vs_rate(ax: Axes, efficiencies: Mapping[Key, Mapping[float, Score]], *, source: str) -> list[Line2D]:
    """Share of the neutrinos that is kept against the share of the readouts without one that fire, with error bars.

    `efficiencies`: {key: {rate: Score}}, a line a key, as `measure.efficiency_by_rate` gives them. Points of the same
    rate stand a little apart. Who draws lots keeps as much as fires falsely: the grey line.
    """
    styles, lines = line_styles(efficiencies), []
    apart = 1.04 ** (np.arange(len(efficiencies)) - (len(efficiencies) - 1) / 2)
    for (key, points), factor in zip(efficiencies.items(), apart, strict=True):
        x = factor * np.array(sorted(points))
        lines.append(_bars(ax, x, [points[rate] for rate in sorted(points)], styles[key], label(key)))
        lines[-1].set_linestyle(styles[key]["linestyle"])
    rates = sorted(set().union(*efficiencies.values()))
    ax.set(xscale="log", xlabel="readouts without a neutrino that fire", ylabel="neutrinos kept", ylim=(0, 1.05))
    between = np.geomspace(rates[0], rates[-1], 50)
    ax.plot(between, between, color=GREY, linestyle=":", linewidth=1, label=CHANCE)
    ax.set_xticks(rates, [f"{100 * rate:g} %" for rate in rates])
    ax.minorticks_off()
    _finish(ax, source)
    return lines


def efficiency_vs_energy(
    ax: Axes, efficiencies: Mapping[Key, Mapping[tuple[float, float], Score]], rate: float, *, source: str
) -> list[Line2D]:
    """Share of the neutrinos that is kept against their energy, where a share `rate` of the other readouts fires.

    `efficiencies`: {key: {(low, high) in GeV: Score}}, as `measure.efficiency_by_energy` gives them. A thin bar is as
    wide as its bin; the points of the keys stand side by side in it. The grey line is what lots would keep.
    """
    styles, lines, edges = line_styles(efficiencies), [], set()
    for place, (key, points) in enumerate(efficiencies.items(), 1):
        low, high = np.array(list(points), float).reshape(-1, 2).T
        edges |= {*low.tolist(), *high.tolist()}
        x = low * (high / low) ** (place / (len(efficiencies) + 1))
        scores, look = list(points.values()), styles[key]
        lines.append(_bars(ax, x, scores, look, label(key)))
        ax.hlines([float(score) for score in scores], low, high, color=look["color"], linewidth=0.8)
    ax.axhline(rate, color=GREY, linestyle=":", linewidth=1, label=CHANCE)
    ax.set(xscale="log", xlabel="neutrino energy [GeV]", ylim=(0, 1.05))
    ax.set(ylabel=f"neutrinos kept, {100 * rate:g} % false triggers")
    ax.set_xticks(sorted(edges), [f"{edge:g}" for edge in sorted(edges)])
    ax.minorticks_off()
    _finish(ax, source)
    return lines


def show_trigger(
    ax: Axes,
    readout: np.ndarray,
    corners: np.ndarray,
    scores: np.ndarray,
    threshold: float,
    *,
    source: str,
    unit: str = "charge [ADC]",
    size: int = 63,
    pixel: tuple[int, int] = (24, 8),
) -> tuple[AxesImage, list[Rectangle]]:
    """One readout (H, W) or (H, W, 1) in `unit`, its tracks thickened, with frames around the windows that fire.

    `corners` (k, 2) of `slide` and `scores` (k,) of its windows of `size`: those above the `threshold` are framed. Axes
    are in ticks and wires, so many a `pixel`. Errors as `show_image`.
    """
    image = thicken(readout)
    extent = (0, pixel[1] * image.shape[1], pixel[0] * image.shape[0], 0)
    artist = show_image(ax, image, unit=unit, xlabel="wire", ylabel="time tick", extent=extent)
    firing = np.asarray(corners)[np.asarray(scores) > threshold] * pixel
    frames = mark_windows(ax, firing.tolist(), (size * pixel[0], size * pixel[1]), [COLORS[2]] * len(firing))
    for frame in frames:
        frame.set_clip_on(False)  # at the edge of the readout, too, all of the frame is seen
    ax.set_aspect("auto")
    ax.set_title(f"{len(frames)} of {len(scores)} windows fire", size=9.5)
    ax.set_ylim(1.07 * extent[2], 0)  # a strip below the readout for the source
    label_source(ax, source, "lower left")
    return artist, frames


def thicken(image: np.ndarray, by: int = 1) -> np.ndarray:
    """Channel 0 of an image (H, W) or (H, W, C), for the eye: every pixel the largest of those up to `by` away."""
    charge = np.asarray(image).reshape(*np.shape(image)[:2], -1)[..., 0]
    around = np.lib.stride_tricks.sliding_window_view(np.pad(charge, by), (2 * by + 1, 2 * by + 1))
    return around.max(axis=(2, 3))


def _bars(ax: Axes, x: np.ndarray, scores: list[Score], look: Mapping[str, str], name: str) -> Line2D:
    """Points with bars of their errors, not joined."""
    values, errors = [float(score) for score in scores], [score.error for score in scores]
    marks = {"fmt": "o", "markersize": 4, "elinewidth": 1, "capsize": 2, "linewidth": 1.2}
    return ax.errorbar(x, values, errors, color=look["color"], label=name, **marks).lines[0]


def _finish(ax: Axes, source: str) -> None:
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    ax.legend(loc="upper left", bbox_to_anchor=(0, 0.94), fontsize=8)
    label_source(ax, source, "upper left")
