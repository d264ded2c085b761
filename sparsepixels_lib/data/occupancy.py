"""Choosing N: how many pixels are active in an image, and what a given N keeps of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import index

import numpy as np

from ..numerics.whole import pair

__all__ = ["Occupancy", "occupancy"]


@dataclass(frozen=True, eq=False)
class Occupancy:
    """What N active pixels of an image, chosen by a selection, keep of it, for N = 1, 2, ..., n_max.

    `counts` (n_images,): active pixels of each image. `n` (n_max,): the values of N. `kept_images` (n_max,): share of
    the images with at most N active pixels, which lose nothing (an empty image loses nothing either). `kept_charge`
    (n_max,): charge in the N chosen pixels over the charge in all, averaged over the images that have any.
    """

    counts: np.ndarray
    n: np.ndarray
    kept_images: np.ndarray
    kept_charge: np.ndarray
    selection: str = "raster"

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


def occupancy(
    images: np.ndarray,
    threshold: float,
    n_max: int | None = None,
    *,
    selection: str = "raster",
    levels: Sequence[float] | None = None,
    patch: tuple[int, int] | int | None = None,
) -> Occupancy:
    """Count active pixels and what N keeps of them.

    `images` (n, H, W, C), floating point; a pixel is active if channel 0 is above `threshold`, strictly, as in
    `InputReduce`, and its charge is channel 0; of a `patch` its charge is that of its pixels together. The layer
    compares the *quantized* input: quantize first to count what a b-bit network sees. `n_max` is the largest N looked
    at; by default that of the fullest image. `selection`, `levels` and `patch` are those of `InputReduce`.

    Raises ValueError for another rank, no images, integers (uint8 pixels would need a threshold on another scale), NaN
    or infinite pixels, a negative threshold, one that no pixel is above, n_max below 1 or above H * W, an unknown
    selection, levels that do not increase from the threshold, and a patch that does not divide the images.
    """
    levels = check_levels(selection, levels, threshold)
    found, top = [], -np.inf
    for values, _ in pixels(images, patch):
        top, area = max(top, values.max()), values.shape[1]
        found.append((values > levels[0]).sum(axis=1))
    counts = np.concatenate(found)
    if n_max is not None and not 1 <= index(n_max) <= area:
        raise ValueError(f"n_max={n_max}: an image has {area} pixels, so N goes from 1 to {area}")
    if not counts.any():
        raise ValueError(f"no pixel is above the threshold {levels[0]:g}: the largest value is {top:g}")
    n = np.arange(1, (counts.max() if n_max is None else n_max) + 1)
    shares = np.zeros(len(n))
    for values, charge in pixels(images, patch):
        total = (charge * (values > levels[0])).sum(axis=1, keepdims=True)
        kept = _kept_largest if selection == "largest" else _kept
        shares += (kept(values, charge, levels, len(n)) / np.where(total > 0, total, 1)).sum(axis=0)
    return Occupancy(
        counts=counts,
        n=n,
        kept_images=np.searchsorted(np.sort(counts), n, side="right") / len(counts),
        kept_charge=shares / np.count_nonzero(counts),
        selection=selection,
    )


def check_images(images: np.ndarray) -> np.ndarray:
    """`images` as an array (n, H, W, C) of floats. Raises ValueError for others."""
    images = np.asarray(images)
    if images.ndim != 4 or 0 in images.shape[1:]:
        raise ValueError(f"images must be (n, H, W, C) and not empty; got {images.shape}")
    if images.dtype.kind != "f":
        raise ValueError(f"images must be floating point in [0, 1]; got {images.dtype}: divide by the largest value")
    return images


def pixels(images: np.ndarray, patch: tuple[int, int] | int | None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Channel 0 and charge, in float64, of the pixels or patches (B, P) of `images` (n, H, W, C), a part at a time.

    Raises ValueError as `occupancy`.
    """
    images = check_images(images)
    if not len(images):
        raise ValueError(f"images must be (n, H, W, C) and not empty; got {images.shape}")
    (height, width), (p, q) = images.shape[1:3], (1, 1) if patch is None else pair(patch, "patch")
    if height % p or width % q:
        raise ValueError(f"patch={(p, q)} does not divide the images of {height} x {width} pixels")
    for start in range(0, len(images), 1000):
        part = images[start : start + 1000, ..., 0]
        if not np.isfinite(part).all():
            raise ValueError(f"images {start} to {start + len(part) - 1} contain NaN or infinite pixels")
        cut = part.reshape(-1, height // p, p, width // q, q)
        yield cut.max(axis=(2, 4)).reshape(len(part), -1), cut.sum(axis=(2, 4), dtype=float).reshape(len(part), -1)


def check_levels(selection: str, levels: Sequence[float] | None, threshold: float) -> tuple[float, ...]:
    """The levels that a `selection` compares with, beginning with the threshold. Raises ValueError as `occupancy`."""
    try:
        threshold = float(threshold)
        given = None if levels is None else [] if isinstance(levels, str) else [*map(float, levels)]
    except (TypeError, ValueError):
        raise ValueError(f"threshold={threshold!r}, levels={levels!r}: must be a number, and numbers") from None
    if not 0 <= threshold < np.inf:
        raise ValueError(f"threshold={threshold}: must be a number from 0 on")
    if not isinstance(selection, str) or selection not in ("raster", "adaptive", "largest"):
        raise ValueError(f"selection={selection!r}: must be 'raster', 'adaptive' or 'largest'")
    if selection != "adaptive" or given is None:
        if levels is not None or selection == "adaptive":
            raise ValueError("levels and selection='adaptive' go together: fit_levels proposes some")
        return (threshold,)
    if given[:1] != [threshold] or not all(low < high for low, high in pairwise([*given, np.inf])):
        raise ValueError(f"levels={tuple(given)}: must increase from the threshold, {threshold}")
    return tuple(given)


def _kept(values: np.ndarray, charge: np.ndarray, levels: tuple[float, ...], n_max: int) -> np.ndarray:
    """Charge (B, n_max) that N = 1, 2, ... slots keep, of pixels chosen by an adaptive threshold; one level: in raster
    order."""
    counts = np.stack([(values > level).sum(axis=1) for level in levels])
    above = np.stack([_running(values > level, charge, n_max) for level in levels])
    between = [_running((values > low) & (values <= high), charge, n_max) for low, high in pairwise(levels)]
    filling = np.stack([np.zeros_like(above[0]), *between])
    images = np.arange(len(values))[:, None]
    n = np.arange(1, n_max + 1)
    level = (counts[:-1, :, None] > n).sum(axis=0)  # (B, n_max): the lowest that leaves at most N
    count = np.minimum(counts[level, images], n)
    kept: np.ndarray = above[level, images, count] + filling[level, images, n - count]
    return kept


def _kept_largest(values: np.ndarray, charge: np.ndarray, levels: tuple[float, ...], n_max: int) -> np.ndarray:
    """Charge (B, n_max) of the N = 1, 2, ... largest values, of equals the first."""
    order = np.argsort(-values, axis=1, kind="stable")[:, :n_max]
    return np.cumsum(np.take_along_axis(charge * (values > levels[0]), order, axis=1), axis=1)


def _running(mask: np.ndarray, charge: np.ndarray, n_max: int) -> np.ndarray:
    """Charge (B, n_max + 1) of the first 0, 1, 2, ... pixels of `mask` (B, P)."""
    image, pixel = mask.nonzero()
    count = mask.sum(axis=1)
    rank = np.arange(len(image)) - (np.cumsum(count) - count)[image] + 1
    found, near = np.zeros((len(mask), n_max + 1)), rank <= n_max
    found[image[near], rank[near]] = charge[image[near], pixel[near]]
    return np.cumsum(found, axis=1)
