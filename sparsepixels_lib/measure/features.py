"""What a physicist would measure of a sparse image, without any network: numbers of its active pixels.

All functions take `images` (n, H, W, C) and a `threshold`: a pixel is active if channel 0, its value, is above it,
strictly. None asks where in the image the pixels are, only how they lie to each other. Lengths are in pixels; a number
with nothing to be made of, such as the ratio of two pixels where there is one, is 0.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def count(images: np.ndarray, threshold: float = 0.0) -> np.ndarray:
    """Number of active pixels (n,)."""
    return np.count_nonzero(images[..., 0] > float(threshold), axis=(1, 2))


def total(images: np.ndarray, threshold: float = 0.0) -> np.ndarray:
    """Sum of the active pixels (n,): charge, or pT."""
    return _values(images, threshold).sum(axis=(1, 2), dtype=np.float64)


def brightest(images: np.ndarray, threshold: float = 0.0) -> np.ndarray:
    """The largest active pixel (n,)."""
    return _values(images, threshold).max(axis=(1, 2))


def window_features(images: np.ndarray, threshold: float = 0.0) -> pd.DataFrame:
    """Features (n, 21) of charge in a window of a time projection chamber: tracks are thin, showers are not.

    count, sum, brightest  as the functions of these names
    mean                   charge of a pixel
    second                 the second-largest pixel over the largest
    variation              standard deviation of the pixels over their mean
    rows, columns          numbers of rows and columns with an active pixel
    height, width          from the first to the last of them, both counted
    filling                count over height times width
    row_spread, column_spread  standard deviation of row and column, weighted with charge
    long, short            the same along the principal axes of the charge
    ratio                  short over long: 0 for a straight line
    tilt                   sine of the angle of the long axis: 0 down the rows (time), 1 along the columns (wires)
    touching               pairs of neighbours, diagonal ones too, over count: about 1 for a line, up to 4 for a blob
    end, other_end         share of the charge in the outer fifth of the long axis, at the heavier and the lighter end
    dense                  the largest share of the charge that lies in 3 x 3 pixels
    """
    pixels = _Pixels(images, threshold)
    row, column = pixels.row, pixels.column
    axes = _Axes(pixels)
    low, high = pixels.extremes(along := axes.along(pixels))
    place = _over(along - low[pixels.image], (high - low)[pixels.image])
    ends = np.stack([_over(pixels.sum(pixels.value * side), pixels.total) for side in (place < 0.2, place > 0.8)])
    ends *= high > low
    (top, bottom), (left, right) = pixels.extremes(row), pixels.extremes(column)
    occupied = pixels.count > 0
    height, width = occupied * (bottom - top + 1), occupied * (right - left + 1)
    values, active = _values(images, threshold), images[..., 0] > float(threshold)
    return pd.DataFrame({
        "count": pixels.count,
        "sum": pixels.total,
        "brightest": pixels.slots(pixels.value, 1)[:, 0],
        "mean": _over(pixels.total, pixels.count),
        "second": _over(*pixels.slots(pixels.value, 2).T[::-1]),
        "variation": pixels.variation(),
        "rows": np.count_nonzero(active.any(axis=2), axis=1),
        "columns": np.count_nonzero(active.any(axis=1), axis=1),
        "height": height,
        "width": width,
        "filling": _over(pixels.count, height * width),
        "row_spread": np.sqrt(axes.rows),
        "column_spread": np.sqrt(axes.columns),
        "long": np.sqrt(axes.long),
        "short": np.sqrt(axes.short),
        "ratio": np.sqrt(_over(axes.short, axes.long)),
        "tilt": np.abs(np.sin(axes.angle)),
        "touching": _over(_touching(active), pixels.count),
        "end": ends.max(axis=0),
        "other_end": ends.min(axis=0),
        "dense": _over(_blocks(values).max(axis=(1, 2)), pixels.total),
    })  # fmt: skip


def jet_features(images: np.ndarray, threshold: float = 0.0) -> pd.DataFrame:
    """Features (n, 20) of the pT in a jet image, z = pT / sum: quarks are narrow, gluons wide, bosons have two prongs.

    count, sum, brightest  as the functions of these names
    first, second, third   z of the three largest pixels
    apart                  distance of the two largest
    balance                the smaller share of the two largest
    ninetieth              how many of the largest pixels hold 90 % of the pT
    mass                   sqrt(sum over pairs of pT_i pT_j d_ij^2): the invariant mass for small angles
    mass_over_pt           mass over sum: the width of the jet
    girth                  sum of z times the distance to the centre of pT
    lha                    the same with the square root of the distance: the Les Houches angularity
    dispersion             sqrt(sum of z^2): 1 for one pixel, 1 / sqrt(count) for equal ones
    long, short            standard deviations along the principal axes of pT
    planar_flow            4 long^2 short^2 / (long^2 + short^2)^2: 0 for two prongs, 1 for a disc (arXiv 0807.0234)
    e2                     sum over pairs of z_i z_j d_ij
    c2, d2                 e3 / e2^2 and e3 / e2^3, e3 the sum over triples of z_i z_j z_k d_ij d_jk d_ik: small for
                           two prongs (arXiv 1305.0007, 1409.6298); e2 and e3 are those of the 30 largest pixels
    """
    pixels = _Pixels(images, threshold)
    axes = _Axes(pixels)
    z = _over(pixels.value, pixels.total[pixels.image])
    from_centre = np.hypot(*axes.offsets(pixels))
    first, second, third = (slots := pixels.slots(z, 30))[:, :3].T
    place = np.stack([pixels.slots(pixels.row, 30), pixels.slots(pixels.column, 30)])
    distance = np.hypot(*(place[..., :, None] - place[..., None, :]))
    pair = slots[:, :, None] * distance * slots[:, None, :]
    e2 = pair.sum(axis=(1, 2)) / 2
    e3 = (pair * (distance * slots[:, None, :] @ distance)).sum(axis=(1, 2)) / 6
    before = np.concatenate([[0], np.cumsum(z)])[:-1] - pixels.image  # z of the larger pixels of the same jet
    mass = np.sqrt(axes.long + axes.short)  # sum over pairs of z_i z_j d_ij^2 is the variance about the centre
    return pd.DataFrame({
        "count": pixels.count,
        "sum": pixels.total,
        "brightest": pixels.slots(pixels.value, 1)[:, 0],
        "first": first,
        "second": second,
        "third": third,
        "apart": distance[:, 0, 1] * (second > 0),
        "balance": _over(second, first + second),
        "ninetieth": pixels.sum(before < 0.9 - 1e-9),
        "mass": pixels.total * mass,
        "mass_over_pt": mass,
        "girth": pixels.sum(z * from_centre),
        "lha": pixels.sum(z * np.sqrt(from_centre)),
        "dispersion": np.sqrt(pixels.sum(z**2)),
        "long": np.sqrt(axes.long),
        "short": np.sqrt(axes.short),
        "planar_flow": _over(4 * axes.long * axes.short, (axes.long + axes.short) ** 2),
        "e2": e2,
        "c2": _over(e3, e2**2),
        "d2": _over(e3, e2**3),
    })  # fmt: skip


class _Axes:
    """Centre and covariance (n,) of the pixels of each image, weighted with their values; lengths squared."""

    def __init__(self, pixels: _Pixels):
        row, column = self.centre = [
            _over(pixels.sum(pixels.value * x), pixels.total) for x in (pixels.row, pixels.column)
        ]
        d_row, d_column = self.offsets(pixels)
        pairs = ((d_row, d_row), (d_column, d_column), (d_row, d_column))
        self.rows, self.columns, both = (_over(pixels.sum(pixels.value * a * b), pixels.total) for a, b in pairs)
        middle, half = (self.rows + self.columns) / 2, np.hypot((self.rows - self.columns) / 2, both)
        self.long, self.short = middle + half, np.maximum(middle - half, 0)
        self.angle = np.arctan2(2 * both, self.rows - self.columns) / 2  # of the long axis, from that of the rows

    def offsets(self, pixels: _Pixels) -> tuple[np.ndarray, np.ndarray]:
        """Row and column (m,) of each pixel from the centre of its image."""
        row, column = self.centre
        return pixels.row - row[pixels.image], pixels.column - column[pixels.image]

    def along(self, pixels: _Pixels) -> np.ndarray:
        """Place (m,) of each pixel on the long axis."""
        d_row, d_column = self.offsets(pixels)
        angle = self.angle[pixels.image]
        return d_row * np.cos(angle) + d_column * np.sin(angle)


class _Pixels:
    """All m active pixels: their image, row, column and value (m,), image by image with the largest first.

    Row and column are counted from that pixel, so that not even rounding depends on where in the image it is.
    """

    def __init__(self, images: np.ndarray, threshold: float):
        image, row, column = np.nonzero(images[..., 0] > float(threshold))
        value = images[image, row, column, 0].astype(np.float64)
        order = np.lexsort((-value, image))
        self.image, self.value = image[order], value[order]
        self.count = np.bincount(image, minlength=len(images))
        self.start = np.cumsum(self.count) - self.count
        self.row, self.column = (x[order] - x[order][self.start[self.image]] for x in (row, column))
        self.total = self.sum(self.value)

    def sum(self, x: np.ndarray) -> np.ndarray:
        """Of x (m,) over the pixels of each image (n,)."""
        return np.bincount(self.image, x, minlength=len(self.count))

    def slots(self, x: np.ndarray, k: int) -> np.ndarray:
        """x of the k largest pixels of each image (n, k), 0 where there are fewer."""
        rank = np.arange(len(x)) - self.start[self.image]
        slots = np.zeros((len(self.count), k))
        slots[self.image[rank < k], rank[rank < k]] = x[rank < k]
        return slots

    def extremes(self, x: np.ndarray) -> np.ndarray:
        """Smallest and largest x of each image (2, n), 0 where there is none."""
        found, occupied = np.zeros((2, len(self.count))), self.count > 0
        if len(x):
            found[:, occupied] = [f.reduceat(x, self.start[occupied]) for f in (np.minimum, np.maximum)]
        return found

    def variation(self) -> np.ndarray:
        mean = _over(self.total, self.count)
        return _over(np.sqrt(_over(self.sum((self.value - mean[self.image]) ** 2), self.count)), mean)


def _values(images: np.ndarray, threshold: float) -> np.ndarray:
    values = images[..., 0]
    return np.where(values > float(threshold), values, 0)


def _over(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a / b, 0 where b is."""
    return np.divide(a, b, out=np.zeros(np.shape(b)), where=np.asarray(b) > 0)


def _touching(active: np.ndarray) -> np.ndarray:
    """Pairs (n,) of active pixels that touch, each counted once: right, below, and below on both diagonals."""
    below, above = active[:, 1:], active[:, :-1]
    pairs = [
        active[:, :, 1:] & active[:, :, :-1],
        below & above,
        below[:, :, 1:] & above[:, :, :-1],
        below[:, :, :-1] & above[:, :, 1:],
    ]
    return sum(np.count_nonzero(both, axis=(1, 2)) for both in pairs)


def _blocks(values: np.ndarray) -> np.ndarray:
    """Sums of the 3 x 3 pixels about each pixel (n, H, W)."""
    values = np.pad(values, ((0, 0), (1, 1), (1, 1)))
    rows = values[:, 2:] + values[:, 1:-1] + values[:, :-2]
    return rows[:, :, 2:] + rows[:, :, 1:-1] + rows[:, :, :-2]
