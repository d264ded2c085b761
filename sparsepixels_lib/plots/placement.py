"""What the place of the neutrino in its window does: scores on windows of both rules, and where active pixels lie.

The tables are `measure.study("placement")` and `measure.study("placement_profile")`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.image import AxesImage

from .style import label_source, line_styles

RULES = {"first": "first of equals", "random": "at random"}  # of the test windows, from left to right
GROUPS = {  # weights and trained_on of the networks, from left to right
    ("trained here", "first"): "trained here on\nthe first of equals",
    ("trained here", "random"): "trained here on\nwindows at random",
    ("authors", "real"): "authors' weights: real\nwindows, first of equals",
}
COUNT = "number of pixels"
BEHIND = 20  # the N whose gap to the standard CNN is written below
WIDTH = 2.0  # of a group, in distances of the two rules


def placement(ax: Axes, table: pd.DataFrame) -> list[ErrorbarContainer]:
    """AUC on test windows placed by either rule, joined, once for each of three kinds of weights and beside each other.

    Lines join the means of the seeds, which are small marks; bars are the mean error of a seed, which other test events
    would change. Written below: what the standard CNN is ahead of N = 20, with its error on the same resamples. The
    number of pixels is no network and the same in all three. Returns what is drawn, from left to right.

    `table`: the columns what, weights, n_active, trained_on, tested_on, quantity, score, error, source. Raises
    ValueError for one without scores of both rules.
    """
    table = table[table["what"] != "sum"]
    if missing := [rule for rule in RULES if rule not in set(table["tested_on"])]:
        raise ValueError(f"no scores on windows of the rule {missing[0]!r}: run data_scripts.placement to its end")
    names = [_name(*key) for key in zip(table["what"], table["n_active"], strict=True)]
    auc = table.assign(name=names)[table["quantity"] == "AUC"]
    styles = line_styles([*dict.fromkeys(auc["name"])]) | {COUNT: {"color": "#555555", "linestyle": ":"}}
    artists, ticks = [], {}
    for i, ((weights, trained_on), title) in enumerate(GROUPS.items()):
        at = {rule: WIDTH * i + x for x, rule in enumerate(RULES)}
        own = (auc["weights"] == weights) & (auc["trained_on"] == trained_on)
        for name, scores in auc[own | (auc["name"] == COUNT)].groupby("name", sort=False):
            artists.append(_joined(ax, at, scores, label=name, **styles[name]))
        ticks |= {x: f"{RULES[rule]}\n{_gap(table, weights, trained_on, rule)}" for rule, x in at.items()}
        above = {"transform": ax.get_xaxis_transform(), "ha": "center", "va": "bottom", "size": 9}
        ax.text(sum(at.values()) / 2, 1.02, title, **above)
    ax.set_xticks(list(ticks), list(ticks.values()))
    ax.set(xlabel=f"place of the neutrino in the test windows; below: AUC of standard less N = {BEHIND}", ylabel="AUC")
    ax.tick_params(axis="x", which="both", length=0)
    ax.margins(x=0.06, y=0.15)
    handles = {artist.get_label(): artist for artist in artists}
    ax.legend(handles.values(), handles, loc="center left", bbox_to_anchor=(1.01, 0.5))
    label_source(ax, min(table["source"], key=len), "lower left")
    return artists


def placement_thirds(ax: Axes, profile: pd.DataFrame, windows: str, place: str) -> AxesImage:
    """Where the active pixels of "signal" or "background" windows lie that are placed "first" or "random".

    Their share in each of 3 x 3 equal parts of the window, rows downwards; alike everywhere it were 1/9. `profile`: the
    columns windows, place, rows, columns, share. Raises ValueError for windows that are not in it.
    """
    own = profile[(profile["windows"] == windows) & (profile["place"] == place)]
    if len(own) != 9:
        raise ValueError(f"the profile has {len(own)} parts of {windows!r} windows placed {place!r}, not 9")
    thirds = ["first", "middle", "last"]
    share = own.pivot(index="rows", columns="columns", values="share").loc[thirds, thirds].to_numpy()
    artist = ax.imshow(share, cmap="Blues", vmin=0, vmax=0.3)
    for (row, column), value in np.ndenumerate(share):
        ax.text(column, row, f"{value:.0%}", ha="center", va="center", color="white" if value > 0.18 else "black")
    ax.set_xticks(range(3), thirds)
    ax.set_yticks(range(3), thirds)
    ax.set(xlabel="third of the wires", ylabel="third of the time")
    ax.set_title(f"{windows}, {RULES[place]}", size=10)
    ax.tick_params(which="both", length=0)
    return artist


def _name(what: str, n_active: float) -> str:
    return COUNT if what == "count" else what if np.isnan(n_active) else f"{what} N={n_active:.0f}"


def _joined(ax: Axes, at: dict[str, float], scores: pd.DataFrame, **look: str) -> ErrorbarContainer:
    means = scores.groupby("tested_on")[["score", "error"]].mean().loc[list(at)]
    for x, seeds in ((x, scores.loc[scores["tested_on"] == rule, "score"]) for rule, x in at.items()):
        if len(seeds) > 1:
            ax.plot([x] * len(seeds), seeds, "o", color=look["color"], markersize=3, markerfacecolor="white", zorder=3)
    return ax.errorbar(list(at.values()), means["score"], means["error"], **look, marker="o", markersize=5, capsize=2.5)


def _gap(table: pd.DataFrame, weights: str, trained_on: str, rule: str) -> str:
    """Mean of the seeds and mean error, as text."""
    own = table[(table["quantity"] == "gap to standard") & (table["n_active"] == BEHIND) & (table["tested_on"] == rule)]
    mean = own[(own["weights"] == weights) & (own["trained_on"] == trained_on)][["score", "error"]].mean()
    return "" if mean.isna().any() else f"{mean['score']:+.3f} ± {mean['error']:.3f}"
