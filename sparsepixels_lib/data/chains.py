"""The published chains that make sparse images of jets and digits (arXiv 2512.06208, and its published code).

That of the MicroBooNE windows, which nothing in the library needs, is in `data_scripts.microboone.chain`.
"""

import numpy as np

JETS_GEV = 1200.0  # of a pixel of value 1, in the jet images of arXiv 2512.06208
MICROBOONE_ADC = 3200.0  # of a pixel of value 1, in its MicroBooNE windows


def inflate(index: np.ndarray, factor: float, size: int) -> np.ndarray:
    """Spread pixel indices by `factor` about the centre (size - 1) / 2; round half to even, clip to 0..size - 1."""
    centre = (size - 1) / 2
    return np.clip(np.rint(centre + factor * (index - centre)), 0, size - 1).astype(int)


def sparsify_jets(images: np.ndarray) -> np.ndarray:
    """Turn jet images (n, 100, 100) in GeV into sparse images (n, 56, 56, 1) float32 in {0} and (0.003, 1].

    Crop rows and columns 22 to 77, divide by 1200 GeV, clip at 1, keep what is above 0.003, inflate the coordinates by
    two. The middle half of the frame then fills it; what lies further out is pushed onto the border, where of pixels
    that meet the last in raster order stays. The chain is that of arXiv 2512.06208.

    Raises ValueError for another shape and for pixels that are negative, infinite or NaN.
    """
    images = np.asarray(images)
    if images.ndim != 3 or images.shape[1:] != (100, 100) or images.dtype.kind != "f":
        raise ValueError(f"jet images are (n, 100, 100), floating point; got {images.shape} {images.dtype}")
    if not ((images >= 0) & (images < np.inf)).all():
        raise ValueError("jet images hold GeV from 0 on; these have negative, infinite or NaN pixels")
    value = np.minimum(images[:, 22:78, 22:78] / JETS_GEV, 1)
    place = inflate(np.arange(56), 2, 56)
    image, row, column = (value > 0.003).nonzero()
    sparse = np.zeros((len(images), 56, 56, 1), np.float32)
    sparse[image, place[row], place[column], 0] = value[image, row, column]
    return sparse


def mnist_sums(images: np.ndarray) -> np.ndarray:
    """Sum 3x3 pixels: uint8 (n, 28, 28) -> uint16 (n, 9, 9), nine times the valid average pool (28 = 9 * 3 + 1)."""
    if images.ndim != 3 or images.shape[1:] != (28, 28) or images.dtype != np.uint8:
        raise ValueError(f"MNIST images are (n, 28, 28) uint8; got {images.shape} {images.dtype}")
    sums: np.ndarray = images[:, :27, :27].reshape(-1, 9, 3, 9, 3).sum(axis=(2, 4), dtype=np.uint16)
    return sums


def sparsify_mnist(sums: np.ndarray, size: int = 48, factor: float = 3.5, threshold: float = 0.4) -> np.ndarray:
    """Turn 3x3 sums (n, 9, 9) into sparse images (n, size, size, 1) float32 in {0} and [threshold, 1].

    Pad to the frame (the odd pixel goes below and right), divide by the image's maximum, inflate the coordinates, zero
    below the threshold. An empty image stays empty. The chain is that of arXiv 2512.06208 and its published code; the
    /255 and /9 of an average pool cancel in the division by the maximum, so a value is the exact ratio of two integers.

    Raises ValueError for another shape, for anything but non-negative integers, and where pixels would collide.
    """
    sums = np.asarray(sums)
    if sums.ndim != 3 or sums.shape[1:] != (9, 9):
        raise ValueError(f"3x3 sums of MNIST have the shape (n, 9, 9); got {sums.shape}")
    if sums.dtype.kind not in "iu" or (sums.size and sums.min() < 0):
        raise ValueError(f"3x3 sums of MNIST are integers from 0 on; got {sums.dtype} (see mnist_sums)")
    place = inflate((size - 9) // 2 + np.arange(9), factor, size)
    if len(set(place)) < 9:
        raise ValueError(f"size={size}, factor={factor}: two pixels land on one (rows {place.tolist()})")
    value = sums / np.maximum(sums.max(axis=(1, 2), keepdims=True), 1)
    images = np.zeros((len(sums), size, size, 1), np.float32)
    images[:, place[:, None], place, 0] = np.where(value >= threshold, value, 0)
    return images
