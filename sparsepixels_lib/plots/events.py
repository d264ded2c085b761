"""Event displays: images of one detector side by side, on one logarithmic colour scale, in the detector's units."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from .pixels import log_ticks, show_image

__all__ = ["event_grid", "mark_windows"]


def event_grid(
    axes: np.ndarray,
    images: np.ndarray,
    titles: Sequence[str],
    *,
    unit: str,
    xlabel: str,
    ylabel: str,
    extent: tuple[float, float, float, float] | None = None,
    threshold: float = 0,
    limits: tuple[float, float] | None = None,
) -> list[AxesImage]:
    """One image an axis, row by row, with one colour bar for all, labelled `unit`.

    `images` (B, H, W) or (B, H, W, C) with `titles` (B,), as many as there are `axes` (an array of any shape). The
    scale, unless `limits` are given, goes from the smallest active pixel to the largest; `extent` and `threshold` as in
    `show_image`. Raises ValueError as that function, and for other numbers of images or titles.
    """
    axes, images = np.asarray(axes), np.asarray(images)
    if not axes.size == len(images) == len(titles):
        raise ValueError(f"{axes.size} axes, {len(images)} images and {len(titles)} titles: as many of each")
    if images.ndim not in (3, 4):
        raise ValueError(f"images must be (B, H, W) or (B, H, W, C); got {images.shape}")
    charge = images[..., 0] if images.ndim == 4 else images
    active = charge[charge > threshold]
    limits = limits or ((float(active.min()), float(active.max())) if active.size else (0.1, 1))
    look = {"unit": unit, "extent": extent, "threshold": threshold, "limits": limits, "bar": False}
    artists = []
    for ax, image, title in zip(axes.flat, images, titles, strict=True):
        artists.append(show_image(ax, image, xlabel=xlabel, ylabel=ylabel, **look))
        ax.set_title(title, size=9.5)
        ax.label_outer()
    log_ticks(axes.flat[0].figure.colorbar(artists[0], ax=axes.ravel().tolist(), label=unit, pad=0.02))
    return artists


def mark_windows(
    ax: Axes, places: Sequence[tuple[float, float]], size: tuple[float, float], colors: Sequence[str]
) -> list[Rectangle]:
    """Frames of `size` (height, width), the upper left corners at `places` (row, column), in the axes' coordinates."""
    height, width = size
    frames = [
        Rectangle((column, row), width, height, fill=False, edgecolor=color, linewidth=1.8)
        for (row, column), color in zip(places, colors, strict=True)
    ]
    return [ax.add_patch(frame) for frame in frames]
