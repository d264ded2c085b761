"""Figures that several notebooks show, each on axes that it is given and with the sources of its numbers in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import tensorflow as tf
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D

from ..measure.published_networks import published_modules
from ..network.maps import layer_maps
from ..network.networks import Network
from .hardware import breakdown, latency_ii, resources
from .pixels import show_map
from .scores import history
from .style import Key, label, label_source

STAGES = {"csynth": "published, vendor C-synthesis", "vsynth": "published, vendor logic synthesis"}


def training(
    axes: Sequence[Axes],
    histories: Mapping[Key, Mapping[str, Sequence[float]]],
    *,
    source: str,
    corners: tuple[str, str] = ("upper right", "lower right"),
) -> list[Line2D]:
    """Loss and accuracy of `scores.history` on two axes; the `source` is in the `corners`, the legend on the right."""
    lines = []
    for ax, metric, corner in zip(axes, ("loss", "accuracy"), corners, strict=True):
        lines += history(ax, histories, metric)
        label_source(ax, source, corner)
    axes[0].get_legend().remove()
    axes[1].legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    return lines


def layers_of(
    axes: np.ndarray, models: Mapping[Network, tf.keras.Model], image: np.ndarray, layers: Sequence[str]
) -> list[AxesImage]:
    """What `layers` leave of an image (H, W, C) by `sp.layer_maps`, the largest filter: a row of `axes` a network.

    The titles count the pixels that are not background and give the largest value; the one colour bar is in units of
    that. Raises ValueError for other `axes` than (networks, layers).
    """
    artists = []
    for row, (network, model) in zip(axes, models.items(), strict=True):
        for ax, layer in zip(row, layers, strict=True):
            view = layer_maps(model, image[None], layer)[0].max(axis=-1)
            largest = float(np.abs(view).max()) if view.count() else 0.0
            artists.append(show_map(ax, view / (largest or 1), bar=False))
            ax.set_title(f"{layer}: {view.count():,} of {view.size:,}\nlargest {largest:.3g}", size=10)
            ax.set(xlabel="", ylabel=label(network) if ax is row[0] else "")
    lowest = min((float(artist.get_array().min()) for artist in artists if artist.get_array().count()), default=0)
    for artist in artists:
        artist.set_clim(min(lowest, 0), 1)
    bar = {"label": "value / largest of its panel", "shrink": 0.7, "pad": 0.01, "aspect": 30}
    axes.flat[0].figure.colorbar(artists[0], ax=list(axes.flat), **bar)
    return artists


def published_hardware(axes: Sequence[Axes], dataset: str) -> list[BarContainer]:
    """Latency, interval, BRAM, DSP, FF and LUT of the published networks of a data set, on six axes."""
    csynth, vsynth = (published_modules(dataset, stage) for stage in STAGES)
    artists = latency_ii(axes[:2], csynth, source=STAGES["csynth"])
    artists += resources(axes[2:], vsynth, source=STAGES["vsynth"])
    axes[0].legend(loc="upper right")
    return artists


def published_breakdown(axes: Sequence[Axes], dataset: str, bits: int = 8) -> list[dict[str, BarContainer]]:
    """Latency, LUT, FF, BRAM and DSP of the published networks stacked per module, on five axes; the legend on a sixth.

    Latency of the sparse ones only: the layers of a standard CNN run at the same time.
    """
    tables = {stage: table[table["bits"] == bits] for stage in STAGES for table in [published_modules(dataset, stage)]}
    tables["csynth"] = tables["csynth"].query("model == 'sparse'")
    columns = {"latency_max": "csynth", "lut": "vsynth", "ff": "vsynth", "bram18": "vsynth", "dsp": "vsynth"}
    artists = [
        breakdown(ax, tables[stage], column, source=STAGES[stage])
        for ax, (column, stage) in zip(axes[:5], columns.items(), strict=True)
    ]
    handles, labels = axes[1].get_legend_handles_labels()
    axes[5].legend(handles[::-1], labels[::-1], loc="center left")
    axes[5].axis("off")
    return artists


def luts_beside_published(
    axes: Sequence[Axes], table: pd.DataFrame, network: Network
) -> tuple[dict[str, BarContainer], dict[str, BarContainer]]:
    """The published LUTs of a network and ours by Yosys, a `table` of `measure.table_of`, per module on two axes."""
    vsynth = published_modules(network.dataset, "vsynth")
    theirs = vsynth[[other == network for other in vsynth["network"]]]
    published = breakdown(axes[0], theirs, "lut", source=STAGES["vsynth"])
    ours = breakdown(axes[1], table.assign(network="ours"), "lut", source="Yosys (xcup mapping)", legend=True)
    axes[1].label_outer()
    return published, ours
