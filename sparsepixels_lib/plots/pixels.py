"""Pictures of images and sparse arrays. Every function draws on the `ax` it is given.

Pixels are counted from 1, (row, column), as in the hash array.
"""

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.image import AxesImage
from matplotlib.patches import Patch, Rectangle
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

from ..measure.baselines import kept_pixels
from .style import COLORS, GREY

BACKGROUND = "#f3f3f3"
TINT = "#dbe7fe"
PIXELS = matplotlib.colormaps["viridis_r"].with_extremes(bad=BACKGROUND)


def rank_image(image: np.ndarray, threshold: float = 0) -> np.ndarray:
    """Running count of active pixels in raster order, 0 where inactive, int (H, W).

    `image` (H, W) or (H, W, C): a pixel is active if channel 0 is above `threshold`, strictly. `InputReduce` keeps the
    pixels `(rank > 0) & (rank <= N)` of the *quantized* image: quantize first to see what a b-bit network sees.
    Raises ValueError for another rank and for NaN or infinite pixels.
    """
    charge = _channel0(image)
    active = charge > threshold
    return np.where(active, active.cumsum().reshape(active.shape), 0)


def caption(image: np.ndarray, n_active: int, threshold: float = 0, **chosen) -> str:
    """What `n_active` keeps of an image (H, W) or (H, W, C): "kept 12 of 37 active pixels, 94 % of the charge".

    `chosen`: `selection` and `levels` of `measure.kept_pixels`.
    """
    if not rank_image(image, threshold).any():
        return f"no active pixel: none is above {threshold:g}"
    return caption_of(_channel0(image), *_active_and_kept(image, n_active, threshold, **chosen))


def caption_of(charge: np.ndarray, active: np.ndarray, kept: np.ndarray) -> str:
    """The same of charge (H, W) and masks (H, W); some pixel must be active."""
    share = 100 * charge[kept].sum(dtype=float) / charge[active].sum(dtype=float)
    percent = ">99" if share >= 99.5 and kept.sum() < active.sum() else "<1" if 0 < share < 0.5 else f"{share:.0f}"
    return f"kept {kept.sum()} of {active.sum()} active pixels, {percent} % of the charge"


def _active_and_kept(
    image: np.ndarray,
    n_active: int,
    threshold: float,
    selection: str = "raster",
    levels: Sequence[float] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Masks (H, W) of the active pixels and of those that are kept."""
    rank = rank_image(image, threshold)
    if selection == "raster" and levels is None:
        return rank > 0, (rank > 0) & (rank <= n_active)
    charge = _channel0(image)[None, ..., None]
    charge = charge if charge.dtype.kind == "f" else charge.astype(float)
    return rank > 0, kept_pixels(charge, n_active, threshold, selection, levels)[0, ..., 0] > 0


def show_image(
    ax: Axes,
    image: np.ndarray,
    *,
    unit: str,
    xlabel: str,
    ylabel: str,
    threshold: float = 0,
    extent: tuple[float, float, float, float] | None = None,
    limits: tuple[float, float] | None = None,
    bar: bool = True,
) -> AxesImage:
    """Channel 0 of an image (H, W) or (H, W, C) on a logarithmic colour scale, inactive pixels as background.

    `unit` labels the colour `bar`; `limits` of the scale are by default those of the active pixels. `extent` (left,
    right, bottom, top) puts the edges of the image at other coordinates than pixel numbers; the first row is on top.
    Raises ValueError for another rank, NaN or infinite pixels, a negative threshold and limits that are not above 0.
    """
    active = rank_image(image, threshold) > 0
    if threshold < 0:
        raise ValueError(f"threshold={threshold:g}: a logarithmic colour scale needs active pixels above 0")
    charge = np.ma.masked_where(~active, _channel0(image).astype(float))
    low, high = limits or ((charge.min(), charge.max()) if active.any() else (0.1, 1))
    if not 0 < low <= high:
        raise ValueError(f"limits={limits}: a logarithmic colour scale goes from a number above 0 to a larger one")
    artist = _pixels(ax, charge, extent, cmap=PIXELS, norm=LogNorm(low, high))
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if not active.any():
        ax.set_title(caption(image, 0, threshold))
    elif bar:
        log_ticks(_color_bar(ax, artist, unit))
    return artist


def log_ticks(bar: Colorbar) -> None:
    """Four round labels on a logarithmic colour bar; the usual ticks, at powers of ten, may be none or one."""
    ticks = np.geomspace(bar.norm.vmin, bar.norm.vmax, 4)
    bar.set_ticks(ticks, labels=[f"{float(f'{tick:.2g}'):g}" for tick in ticks])
    bar.minorticks_off()


def show_active(ax: Axes, image: np.ndarray, n_active: int, threshold: float = 0, **chosen) -> AxesImage:
    """Pixels of an image (H, W) or (H, W, C) that `n_active` keeps and drops; the caption says how many and how much.

    `chosen`: `selection` and `levels` of `measure.kept_pixels`; by default the first. The data of the artist is 0 where
    inactive, 1 where dropped, 2 where kept. Raises ValueError as `rank_image` and `measure.kept_pixels`.
    """
    active, kept = _active_and_kept(image, n_active, threshold, **chosen)
    state = np.where(kept, 2, active)
    artist = _pixels(ax, state, cmap=ListedColormap([BACKGROUND, GREY, COLORS[0]]), vmin=0, vmax=2)
    ax.set_title(caption(image, n_active, threshold, **chosen), size=9.5)
    which = {"raster": "first ", "adaptive": "by level, ", "largest": "largest "}[chosen.get("selection", "raster")]
    patches = [Patch(color=COLORS[0], label=f"kept ({which}{n_active})"), Patch(color=GREY, label="dropped")]
    ax.legend(handles=patches, loc="upper center", bbox_to_anchor=(0.5, -0.06), ncols=2)
    return artist


def show_slots(
    ax: Axes, features: np.ndarray, hash: np.ndarray, *, fmt: str = "{:g}", per_line: int = 10
) -> list[Text]:
    """The sparse arrays of one image as a table: slot, features (N,) or (N, C), (row, column) of `hash` (N, 2).

    Empty slots, hash (0, 0), are grey. Returns the texts slot by slot. Raises ValueError for other shapes.
    """
    features, hash = _slots(features, hash)
    n, channels = features.shape
    names = ["slot", *(["feature"] if channels == 1 else [f"feature {c + 1}" for c in range(channels)]), "(row, col)"]
    texts, ticks = [], {}
    for slot in range(n):
        line, column = divmod(slot, per_line)
        top = line * (len(names) + 0.4)
        color = "black" if hash[slot].any() else GREY
        cells = [slot + 1, *(fmt.format(value) for value in features[slot]), f"({hash[slot, 0]}, {hash[slot, 1]})"]
        for row, cell in enumerate(cells):
            shade = "white" if row == 0 else BACKGROUND if color == GREY else TINT
            ax.add_patch(Rectangle((column, top + row), 1, 1, facecolor=shade, edgecolor="white", linewidth=1.5))
            texts.append(ax.text(column + 0.5, top + row + 0.5, cell, ha="center", va="center", color=color, size=9))
            ticks[top + row + 0.5] = names[row]
    ax.set(xlim=(0, min(n, per_line)), ylim=(top + len(names), 0), xticks=[])
    ax.set_yticks(list(ticks), list(ticks.values()))
    ax.tick_params(which="both", length=0)
    ax.minorticks_off()
    ax.spines[:].set_visible(False)
    return texts


def show_grid(ax: Axes, values: np.ndarray, *, fmt: str = "{:g}", highlight: np.ndarray | None = None) -> list[Text]:
    """A toy image (H, W) with its numbers in the cells, NaN left blank.

    `highlight` (H, W), bool: the cells to colour; by default those that are not zero. Raises ValueError for other
    shapes.
    """
    values = np.asarray(values, float)
    if values.ndim != 2:
        raise ValueError(f"values must be (H, W); got {values.shape}")
    colored = np.nan_to_num(values) != 0 if highlight is None else np.asarray(highlight, bool)
    if colored.shape != values.shape:
        raise ValueError(f"highlight must have the shape of values, {values.shape}; got {colored.shape}")
    _pixels(ax, colored, cmap=ListedColormap([BACKGROUND, TINT]), vmin=0, vmax=1)
    height, width = values.shape
    ax.set(xticks=range(1, width + 1), yticks=range(1, height + 1), xlabel="column", ylabel="row")
    ax.tick_params(length=0)
    ax.hlines(np.arange(1, height) + 0.5, 0.5, width + 0.5, color="white", linewidth=1.5)
    ax.vlines(np.arange(1, width) + 0.5, 0.5, height + 0.5, color="white", linewidth=1.5)
    return [
        ax.text(col + 1, row + 1, fmt.format(value), ha="center", va="center", color=color)
        for (row, col), value in np.ndenumerate(values)
        if not np.isnan(value)
        for color in ["black" if value or colored[row, col] else GREY]
    ]


def show_views(
    axes: Sequence[Axes], features: np.ndarray, hash: np.ndarray, shape: tuple[int, int], *, fmt: str = "{:g}"
) -> tuple[list[Text], list[Text]]:
    """Toy arrays of one image, features (N,) or (N, C), in both views: pixels (channel 0) in `shape` (H, W), and slots.

    Active pixels are coloured even if their feature is 0, the others are blank. Returns the texts of both. Raises
    ValueError as `show_slots` and for a hash outside `shape`.
    """
    features, hash = _slots(features, hash)
    view = _pixel_view(features[:, 0], hash, shape)
    pixels = show_grid(axes[0], view.filled(np.nan), fmt=fmt, highlight=~view.mask)
    slots = show_slots(axes[1], features, hash, fmt=fmt)
    for ax, title in zip(axes, ("pixels view", "sparse array view"), strict=True):
        ax.set_title(title)
    return pixels, slots


def feature_map(
    ax: Axes, features: np.ndarray, hash: np.ndarray, shape: tuple[int, int], channel: int = 0
) -> AxesImage:
    """Pixel view of a layer: features (N,) or (N, C) of one image at their places in `shape` (H, W).

    A pixel is background if no slot points at it, not if its feature is 0. Raises ValueError for other shapes, a
    `channel` that is not there, and a hash outside `shape`.
    """
    features, hash = _slots(features, hash)
    if not 0 <= channel < features.shape[1]:
        raise ValueError(f"channel={channel}: the features have channels 0 to {features.shape[1] - 1}")
    return show_map(ax, _pixel_view(features[:, channel], hash, shape))


def show_map(ax: Axes, view: np.ma.MaskedArray, *, bar: bool = True) -> AxesImage:
    """One feature map (H, W) on a linear colour scale, with a colour `bar`; masked pixels are background.

    Raises ValueError for others.
    """
    if np.ndim(view) != 2 or 0 in np.shape(view):
        raise ValueError(f"a feature map must be (H, W) and not empty; got {np.shape(view)}")
    artist = _pixels(ax, view, cmap=PIXELS)
    ax.set(xlabel="column", ylabel="row")
    if bar and not np.ma.getmaskarray(view).all():
        _color_bar(ax, artist, "feature")
    return artist


def _pixels(ax: Axes, values: np.ndarray, extent: tuple[float, ...] | None = None, **look) -> AxesImage:
    height, width = values.shape
    edges = extent or (0.5, width + 0.5, height + 0.5, 0.5)
    artist = ax.imshow(values, extent=edges, origin="upper", interpolation="nearest", **look)
    ax.minorticks_off()
    if extent:
        return artist
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True))  # there is no pixel 2.5
    return artist


def _pixel_view(values: np.ndarray, hash: np.ndarray, shape: tuple[int, int]) -> np.ma.MaskedArray:
    """Values (N,) at their places in `shape`, masked where no slot points."""
    used = hash.any(axis=1)
    if (hash[used] < 1).any() or (hash > shape[:2]).any():
        raise ValueError(f"hash goes to (row, column) {tuple(hash.max(axis=0).tolist())}; the shape is {tuple(shape)}")
    view = np.ma.masked_all(shape[:2])
    view[tuple(hash[used].T - 1)] = values[used]
    return view


def _color_bar(ax: Axes, artist: AxesImage, label: str) -> Colorbar:
    return ax.figure.colorbar(artist, cax=ax.inset_axes((1.04, 0, 0.05, 1)), label=label)


def _channel0(image: np.ndarray) -> np.ndarray:
    image = np.asarray(image)
    if image.ndim not in (2, 3) or 0 in image.shape:
        raise ValueError(f"an image must be (H, W) or (H, W, C) and not empty; got {image.shape}")
    charge = image[..., 0] if image.ndim == 3 else image
    if not np.isfinite(charge).all():
        raise ValueError(f"the image has {np.count_nonzero(~np.isfinite(charge))} NaN or infinite pixels in channel 0")
    return charge


def _slots(features: np.ndarray, hash: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    features, hash = np.asarray(features), np.asarray(hash)
    if features.ndim not in (1, 2) or hash.shape != (len(features), 2) or len(features) == 0:
        raise ValueError(f"one image has features (N, C) and hash (N, 2); got {features.shape} and {hash.shape}")
    return features.reshape(len(features), -1), hash
