"""Pictures of design points: latency against area for every setting of the knobs, beside the published networks."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from ..measure.designs import LUTS_OF_A_DSP, pareto_front
from .style import COLORS, label_source, line_styles

PLACES = {
    "area": f"LUT + {LUTS_OF_A_DSP:.0f} DSP  [LUT; {LUTS_OF_A_DSP:.0f}: LUTs for each DSP of the xcu250]",
    "lut": "LUT",
    "ff": "FF",
    "dsp": "DSP",
    "levels": "logic levels of the deepest stage",
}
MARKERS = "os^Dv<>ph"
OURS = "ours: cycles simulated with Verilator,\narea by Yosys (xcup mapping, no place and route)"
PUBLISHED = "published: cycles of vendor C-synthesis,\narea of vendor logic synthesis"


def pareto(
    ax: Axes, points: pd.DataFrame, cost: str = "area", *, published: pd.DataFrame | None = None, legend: bool = True
) -> dict[int, Line2D]:
    """Latency in clock cycles against `cost`, a point a design; the Pareto front of each N as steps.

    `points` of one data set and number of bits, in the columns of `measure.design_points`: a colour an N, a shape
    a design, filled on the front of its N in latency and `cost`, hollow where another design is better in both.
    `cost` is "area", "lut", "ff", "dsp" or "levels". `published` are crosses on a dashed line. Returns the front of
    each N. The sources are written in the panel. Raises ValueError for another cost, points of several networks with
    the same N and design, none, and more N or designs than colours or shapes.
    """
    if cost not in PLACES:
        raise ValueError(f"cost={cost!r}: take one of {', '.join(PLACES)}")
    sizes, designs = sorted(set(points["n_active"])), list(dict.fromkeys(points["design"]))
    if not sizes or points.duplicated(["n_active", "design"]).any():
        raise ValueError("draw the points of one data set and number of bits, at least one")
    if len(sizes) > len(COLORS) or len(designs) > len(MARKERS):
        raise ValueError(f"{len(sizes)} N and {len(designs)} designs: there are {len(COLORS)} colours and 9 shapes")
    styles = line_styles(f"sparse N={n}" for n in sizes)
    colors, fronts = dict(zip(sizes, (style["color"] for style in styles.values()), strict=True)), {}
    for n, group in points.groupby("n_active"):
        front = pareto_front(group, ("latency", cost))
        steps = group[front].sort_values(cost)
        look = {"color": colors[n], "drawstyle": "steps-post", "linewidth": 1.2, "label": f"N = {n}"}
        fronts[int(n)] = ax.plot(steps[cost].astype(float), steps["latency"].astype(float), **look)[0]
        for (_, point), best in zip(group.iterrows(), front, strict=True):
            face = colors[n] if best else "white"
            shape = MARKERS[designs.index(point["design"])]
            ax.plot(point[cost], point["latency"], shape, color=colors[n], markerfacecolor=face, markersize=7)
    if published is not None:
        theirs = published[published["n_active"].isin(sizes)].sort_values("n_active")
        xy = theirs[cost].astype(float), theirs["latency"].astype(float)
        ax.plot(*xy, "--", color="#555555", linewidth=1, zorder=1)
        for n, x, y in zip(theirs["n_active"], *xy, strict=True):
            ax.plot(x, y, "X", color=colors[n], markeredgecolor="black", markeredgewidth=0.7, markersize=9)
    ax.set(xlabel=PLACES[cost], ylabel="latency [clock cycles]", yscale="log")
    if cost != "levels" and (points[cost] > 0).all():
        ax.set_xscale("log")
    for axis in [ax.yaxis] + [ax.xaxis] * (ax.get_xscale() == "log"):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(FuncFormatter(_short))
        axis.set_minor_formatter(NullFormatter())
    ax.margins(x=0.08, y=0.3)  # room for the source, whatever is drawn below it
    label_source(ax, OURS + (f"\n{PUBLISHED}" if published is not None else ""))
    if legend:
        shapes = dict(zip(designs, MARKERS, strict=False)) | ({"published": "X"} if published is not None else {})
        grey = {"color": "#555555", "linestyle": "", "markersize": 7}
        handles = [
            *fronts.values(),
            *(Line2D([], [], marker=shape, label=name, **grey) for name, shape in shapes.items()),
        ]
        handles.append(Line2D([], [], marker="o", markerfacecolor="white", label="hollow: not on the front", **grey))
        ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1))
    return fronts


def _short(value: float, _: int) -> str:
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"
