"""Pictures of what a network costs in an FPGA: multiplications, latency, initiation interval, resources.

The tables are those of `reports` with one more column, `network`: what it is called, as `style` says. Networks that
differ only in bits stand side by side, 16 bit filled, 8 bit a dashed outline. Every panel says, by `source`, where its
numbers come from.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.container import BarContainer
from matplotlib.ticker import StrMethodFormatter

from .style import COLORS, GREY, OF_NETWORK, Key, label, label_source, line_styles, named

RESOURCES = {"bram18": "BRAM18", "dsp": "DSP", "ff": "FF", "lut": "LUT"}
STACKED = {"latency_max": "latency of the modules [clock cycles]", **RESOURCES}
FAMILIES = {  # group without its number: its colour; the two of the standard CNN are from Petroff's larger set
    "input reduction": COLORS[0],
    "zero pad": "#92dadf",
    "sparse conv": COLORS[1],
    "conv": "#a96b59",
    "relu": COLORS[2],
    "pool": COLORS[3],
    "flatten": COLORS[5],
    "mlp": GREY,
    "fifo": "#d5d5d8",
    "other": "#555555",
}


def multiplications(
    ax: Axes, convs: Mapping[str, tuple[int, int, int, int, int]], n_actives: Sequence[int] = (8, 12, 16, 20)
) -> list[BarContainer]:
    """Multiplications of standard convolutions, H W K^2 C_in C_out, and sparse ones, N^2 C_in C_out.

    `convs`: name -> (H, W, K, C_in, C_out). Source: the operation counts of the SparsePixels paper (arXiv 2512.06208).
    """
    bars = {"standard": [h * w * k**2 * c_in * c_out for h, w, k, c_in, c_out in convs.values()]}
    for n in n_actives:
        bars[f"sparse N={n}"] = [n**2 * c_in * c_out for *_, c_in, c_out in convs.values()]
    width, styles, artists = 0.85 / len(bars), line_styles(bars), []
    for i, (name, counts) in enumerate(bars.items()):
        x = np.arange(len(convs)) + (i - (len(bars) - 1) / 2) * width
        artists.append(ax.bar(x, counts, 0.92 * width, color=styles[name]["color"], label=name))
        ax.bar_label(artists[-1], [f"{count:,}" for count in counts], size=7.5, padding=2)
    ax.set_xticks(range(len(convs)), convs)
    ax.tick_params(axis="x", which="both", length=0)
    ax.set(yscale="log", ylabel="multiplications")
    ax.set_ylim(top=ax.get_ylim()[1] * 4)
    ax.legend(ncols=2)
    return artists


def latency_ii(axes: Sequence[Axes], table: pd.DataFrame, *, source: str, clock_ns: float = 5) -> list[BarContainer]:
    """Latency and initiation interval on two axes, in clock cycles, with the time in brackets: "133 (665 ns)".

    `table`: see the module; of its rows TOP, columns `latency_max` and `ii`. The time assumes a clock of `clock_ns`.
    Raises ValueError for a network with several values and for one without a TOP row.
    """
    artists = []
    for ax, column, name in zip(axes, ("latency_max", "ii"), ("latency", "initiation interval"), strict=True):
        values = _tops(table, column)
        artists += _bars(ax, table, values, [f"{cycles:,.0f} ({_time(cycles * clock_ns)})" for cycles in values])
        ax.set_ylabel(f"{name} [clock cycles]\n(time: {clock_ns:g} ns clock assumed)")
        label_source(ax, source)
    return artists


def resources(axes: Sequence[Axes], table: pd.DataFrame, *, source: str) -> list[BarContainer]:
    """BRAM, DSP, FF and LUT on four axes, with the share of the device in brackets: "362,637 (21 %)".

    `table`: see the module; of its rows TOP, columns `bram18`, `dsp`, `ff`, `lut` and their `_pct`. Raises ValueError
    for a network with several values (keep one stage) and for one without a TOP row.
    """
    artists = []
    for ax, (column, name) in zip(axes, RESOURCES.items(), strict=True):
        values, percent = _tops(table, column), _tops(table, f"{column}_pct")
        shares = ["" if np.isnan(p) else f" ({p:.0f} %)" if p >= 9.5 or p == 0 else f" ({p:.2g} %)" for p in percent]
        artists += _bars(
            ax, table, values, [f"{value:,.0f}{share}" for value, share in zip(values, shares, strict=True)]
        )
        ax.set_ylabel(name)
        label_source(ax, source)
    return artists


def breakdown(
    ax: Axes, table: pd.DataFrame, resource: str, *, source: str, legend: bool = False
) -> dict[str, BarContainer]:
    """One column of the table stacked per group of modules, a bar a network; a black line is the total of the report.

    `resource`: "latency_max" (modules overlap in time: their sum is not the latency), "bram18", "dsp", "ff" or "lut".
    The legend, if any, names the groups of all panels of the figure so far. Returns the bars of each group. Raises
    ValueError for another column, a group without a colour, and a network with several stages or without modules.
    """
    if resource not in STACKED:
        raise ValueError(f"resource={resource!r}: take one of {', '.join(STACKED)}")
    totals = _tops(table, resource)
    modules = table[table["module"] != "TOP"].dropna(subset=[resource])
    modules = modules.assign(network=modules["network"].map(label))
    stages = modules.groupby("network")["stage"].unique()
    for network in totals.index:
        if network not in stages or len(stages[network]) > 1:
            found = f"{len(stages[network])} stages: keep one" if network in stages else "none in the table"
            raise ValueError(f"{network}: {resource} of modules, {found}")
    sums = modules.pivot_table(resource, "group", "network", "sum", fill_value=0).astype(float)[totals.index]
    if unknown := {group for group in sums.index if _family(group) not in FAMILIES}:
        raise ValueError(f"groups without a colour: {', '.join(sorted(unknown))}")
    x, bottom, artists = np.arange(len(totals)), np.zeros(len(totals)), {}
    for group in sorted(sums.index, key=_place):
        artists[group] = ax.bar(x, sums.loc[group], 0.65, bottom, color=_color(group), label=group)
        bottom = bottom + sums.loc[group].to_numpy()
    ax.hlines(totals, x - 0.4, x + 0.4, color="black", linewidth=1, label="total")
    top = 1.2 * max(bottom.max(), totals.max()) or 1
    ax.set_ylim(0, max(top, ax.get_ylim()[1]))  # axes that are shared keep the higher bar of another panel
    _label_networks(ax, totals.index)
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    ax.set_ylabel(STACKED[resource])
    label_source(ax, source)
    if legend:
        shown = {}
        for panel in ax.figure.axes:
            shown |= dict(zip(*panel.get_legend_handles_labels()[::-1], strict=True))
        names = sorted((name for name in shown if _family(name) in FAMILIES), key=_place, reverse=True)
        names.append("total")
        ax.legend([shown[name] for name in names], names, loc="upper left", bbox_to_anchor=(1.02, 1))
    return artists


def _keys(table: pd.DataFrame) -> dict[str, Key]:
    """Label -> what is called so, in the order of the table."""
    return {label(key): key for key in table["network"].unique()}


def _tops(table: pd.DataFrame, column: str) -> pd.Series:
    """What the total of each network is in a column, by its label; NaN: not reported."""
    tops = table.assign(network=table["network"].map(label)).loc[table["module"] == "TOP", ["network", column]]
    rows = tops.dropna()
    for network in _keys(table):
        if (count := (rows["network"] == network).sum()) > 1:
            raise ValueError(f"{network} has {count} values of {column}: keep one stage of the table")
        if network not in set(tops["network"]):
            raise ValueError(f"{network} has no row with module TOP")
    return rows.set_index("network")[column].astype(float).reindex(list(_keys(table)))


def _bars(ax: Axes, table: pd.DataFrame, values: pd.Series, texts: Sequence[str]) -> list[BarContainer]:
    """A bar a network with its text above, 16 and 8 bit side by side; one container for each number of bits."""
    split = [named(key) for key in _keys(table).values()]
    places = list(dict.fromkeys(network for network, _ in split))
    variants = sorted({bits for _, bits in split}, key=lambda bits: -(bits or 0))
    width, artists = 0.85 / len(variants), []
    low, high = values[values > 0].min(), values.max()
    log = high > 20 * low and (values.dropna() > 0).all()
    for i, bits in enumerate(variants):
        chosen = [k for k, (_, other) in enumerate(split) if other == bits]
        x = np.array([places.index(split[k][0]) for k in chosen]) + (i + 0.5) * width - 0.425
        colors = [_network_color(split[k][0]) for k in chosen]
        look = {"facecolor": [to_rgba(color, 0.25 if bits == 8 else 1) for color in colors], "edgecolor": colors}
        look["linestyle"] = "--" if bits == 8 else "-"
        bars = ax.bar(x, values.iloc[chosen], 0.85 * width, label=bits and f"{bits} bit", **look)
        for place, k in zip(x, chosen, strict=True):
            missing = np.isnan(values.iloc[k])
            at, text = ((low if log else 0), "not reported") if missing else (values.iloc[k], texts[k])
            style = {"rotation": 90, "ha": "center", "va": "bottom", "size": 8}
            ax.annotate(text, (place, at), (0, 3), textcoords="offset points", **style)
        artists.append(bars)
    if log:
        ax.set(yscale="log", ylim=(low / 3, high * (3 * high / low) ** 0.6))
    else:
        ax.set_ylim(0, 1.7 * high if high > 0 else 1)
        ax.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    _label_networks(ax, places)
    return artists


def _label_networks(ax: Axes, networks: Sequence[str]) -> None:
    ax.set_xticks(range(len(networks)), networks, rotation=30, ha="right", rotation_mode="anchor")
    ax.tick_params(axis="x", which="both", length=0)


def _time(nanoseconds: float) -> str:
    unit, scale = next((u, s) for u, s in (("ms", 1e6), ("µs", 1e3), ("ns", 1)) if nanoseconds >= s or u == "ns")
    return f"{nanoseconds / scale:.3g} {unit}"


def _network_color(text: str) -> str:
    """That of the network with which the text ends, as "real MNIST, standard" does."""
    return next((color for name, color in OF_NETWORK.items() if text.endswith(name)), COLORS[0])


def _family(group: str) -> str:
    return group.rstrip(" 0123456789")


def _place(group: str) -> tuple[int, str]:
    return list(FAMILIES).index(_family(group)), group


def _color(group: str) -> tuple[float, float, float]:
    """The colour of the family, halfway to white for the second of its kind, and so on."""
    number = int(group.split()[-1]) if group[-1].isdigit() else 1
    return tuple(1 - 0.5 ** (number - 1) * (1 - np.array(to_rgb(FAMILIES[_family(group)]))))
