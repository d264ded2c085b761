"""Levels of an adaptive threshold, proposed from images."""

from __future__ import annotations

import numpy as np

from ..numerics.quantizers import fixed
from ..numerics.whole import whole
from .occupancy import check_levels, pixels

__all__ = ["fit_levels"]


def fit_levels(
    images: np.ndarray,
    n_active: int,
    k: int = 4,
    threshold: float = 0.0,
    *,
    input_quantizer: str = "quantized_relu(8,0)",
    patch: tuple[int, int] | int | None = None,
) -> tuple[float, ...]:
    """`k` levels for `InputReduce(n_active, threshold, selection="adaptive", levels=...)`, from `images` (B, H, W, C).

    The first is the threshold. An image with more active pixels than slots would like a level of its own: the charge of
    its pixel number n_active + 1, the brightest first, which leaves at most n_active above it. The other levels are
    quantiles of these, 1/k, 2/k, ..., on the grid of `input_quantizer`: each serves an equal share of the busy images.
    The same images give the same levels. Raises ValueError as `occupancy`, where there are fewer than `k` different
    levels, and where no image has more than `n_active` active pixels, so that levels do nothing.
    """
    (threshold,) = check_levels("raster", None, threshold)
    n_active, k, grid = whole(n_active, "n_active"), whole(k, "k"), fixed(input_quantizer)
    what = "pixels" if patch is None else "patches"
    parts = []
    for values, _ in pixels(images, patch):
        if n_active >= values.shape[1]:
            raise ValueError(f"n_active={n_active}: the images have only {values.shape[1]} {what} to choose from")
        parts.append(np.sort(grid.quantize(values), axis=1)[:, -n_active - 1])
    wanted = np.concatenate(parts)
    wanted = wanted[wanted > (last := grid.floor(threshold))]
    if not len(wanted):
        raise ValueError(f"no image has more than {n_active} {what} above {threshold:g}: levels would do nothing")
    wanted = np.minimum(wanted, grid.max - grid.lsb)  # no pixel is above the largest
    levels = np.quantile(wanted, np.arange(1, k) / k, method="lower")
    found = threshold, *sorted({float(level) for level in levels if level > last})
    if len(found) < k:
        raise ValueError(f"k={k}: these images have only {len(found)} different levels; take a smaller k")
    return found
