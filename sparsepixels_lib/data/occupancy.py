"""Choosing N: how many pixels are active in an image, and what a given N keeps of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import index

import numpy as np

__all__ = ["Occupancy", "occupancy"]


@dataclass(frozen=True, eq=False)
class Occupancy:
    """What the first N active pixels of an image, in raster order, keep of it, for N = 1, 2, ..., n_max.

    `counts` (n_images,): active pixels of each image. `n` (n_max,): the values of N. `kept_images` (n_max,): share of
    the images with at most N active pixels, which lose nothing (an empty image loses nothing either). `kept_charge`
    (n_max,): charge in the first N active pixels over the charge in all, averaged over the images that have any.
    """

    counts: np.ndarray
    n: np.ndarray
    kept_images: np.ndarray
    kept_charge: np.ndarray

    def percentiles(self, q: Sequence[float] = (5, 50, 95)) -> np.ndarray:
        """Percentiles q (in per cent) of the number of active pixels in an image."""
        return np.asarray(np.percentile(self.counts, q))

    def summary(self, n: Sequence[int] = (8, 12, 16, 20)) -> str:
        """Say it in words, for each of the values `n` up to n_max."""
        low, median, high = self.percentiles()
        lines = [
            f"{len(self.counts):,} images, {np.mean(self.counts == 0):.1%} empty; active pixels: "
            f"mean {self.counts.mean():.1f}, 5/50/95 % {low:g}/{median:g}/{high:g}, most {self.counts.max()}"
        ]
        lines += [
            f"N = {k}: {self.kept_images[k - 1]:.1%} of the images whole, {self.kept_charge[k - 1]:.1%} of the charge"
            for k in n
            if 1 <= k <= len(self.n)
        ]
        return "\n".join(lines)


def occupancy(images: np.ndarray, threshold: float, n_max: int | None = None) -> Occupancy:
    """Count active pixels and what N keeps of them.

    `images` (n, H, W, C), floating point; a pixel is active if channel 0 is above `threshold`, strictly, as in
    `InputReduce`, and its charge is channel 0. The layer compares the *quantized* input: quantize first to count what a
    b-bit network sees. `n_max` is the largest N looked at; by default that of the fullest image.

    Raises ValueError for another rank, no images, integers (uint8 pixels would need a threshold on another scale), NaN
    or infinite pixels, a negative threshold, one that no pixel is above, and n_max below 1 or above H * W.
    """
    images = np.asarray(images)
    if images.ndim != 4 or 0 in images.shape:
        raise ValueError(f"images must be (n, H, W, C) and not empty; got {images.shape}")
    if images.dtype.kind != "f":
        raise ValueError(f"images must be floating point in [0, 1]; got {images.dtype}: divide by the largest value")
    threshold = float(threshold)
    if not 0 <= threshold < np.inf:
        raise ValueError(f"threshold={threshold}: must be a number from 0 on")
    area = images.shape[1] * images.shape[2]
    if n_max is not None and not 1 <= index(n_max) <= area:
        raise ValueError(f"n_max={n_max}: an image has {area} pixels, so N goes from 1 to {area}")

    found, charge, top = [], np.zeros(area), -np.inf
    for start in range(0, len(images), 1000):
        pixels = images[start : start + 1000, ..., 0].reshape(-1, area)
        if not np.isfinite(pixels).all():
            raise ValueError(f"images {start} to {start + len(pixels) - 1} contain NaN or infinite pixels")
        top = max(top, pixels.max())
        active = pixels > threshold
        image, pixel = active.nonzero()
        count = active.sum(axis=1)
        rank = np.arange(len(image)) - (np.cumsum(count) - count)[image]
        value = pixels[image, pixel].astype(np.float64)
        total = np.bincount(image, weights=value, minlength=len(pixels))
        charge += np.bincount(rank, weights=value / total[image], minlength=area)
        found.append(count)
    counts = np.concatenate(found)
    if not counts.any():
        raise ValueError(f"no pixel is above the threshold {threshold:g}: the largest value is {top:g}")
    n = np.arange(1, (counts.max() if n_max is None else n_max) + 1)
    return Occupancy(
        counts=counts,
        n=n,
        kept_images=np.searchsorted(np.sort(counts), n, side="right") / len(counts),
        kept_charge=np.cumsum(charge)[: len(n)] / np.count_nonzero(counts),
    )
