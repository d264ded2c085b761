"""Data sets as arrays, and where they come from.

`load("sparse_mnist", "test")` gives images in [0, 1] with labels and a sentence that says whether they are real.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile
from zlib import error as ZlibError

import numpy as np

from . import coordinate_lists

__all__ = [
    "Dataset",
    "MnistSums",
    "check_mnist_sums",
    "inflate",
    "load",
    "mnist_sums",
    "read_mnist_sums",
    "sparsify_jets",
    "sparsify_mnist",
]

SPLITS = ("train", "val", "test")
SOURCES = ("auto", "real", "default")
PREPARED_MNIST = "sparse_mnist.npz"
EMBEDDED = Path(__file__).parent / "embedded"
EMBEDDED_MNIST = EMBEDDED / "mnist70k_pool9.npz"
_AGAIN = "Move it away and make it again: python -m data_scripts.mnist prepare"


@dataclass(frozen=True, eq=False)
class Dataset:
    """One split of a data set.

    `images` (n, H, W, 1) float32 in [0, 1]; `labels` (n,) int64, indices into `classes`; `source` is the sentence
    that every plot and table of these images should carry ("real: ..." or "synthetic default: ...").
    """

    images: np.ndarray
    labels: np.ndarray
    name: str
    split: str
    source: str
    classes: tuple[str, ...]


def load(
    name: str, split: str, source: str = "auto", *, folder: str | Path | None = None, n: int | None = None
) -> Dataset:
    """Load one split of a data set as a `Dataset`.

    `sparse_mnist` (48, 48, 1), 10 digits: train 50,000, val 10,000 (the first of the training images), test 10,000.
    `lhc_jets` (56, 56, 1), 5 classes: 180,000, 20,000 and 100,000; the default 18,000, 2,000 and 5,000.
    `microboone` (63, 63, 1), background and signal: as many as were prepared; the default 20,000 in all.
    `n` takes at most the first n images: all of train takes 0.5 GB of memory (sparse_mnist), 2.3 GB (real lhc_jets).

    `source`: 'real' reads the file that data_scripts has prepared in `folder`; 'default' reads what ships with the
    package; 'auto' takes the prepared file if `folder` holds one, else the default. The default of sparse_mnist is
    real too, so there 'real' needs no folder. The defaults of the two others are synthetic; one that data_scripts has
    generated in `folder` goes before the one that ships.

    Raises ValueError for an unknown name, split or source, for an `n` that is no number from 1 on and for a damaged
    file; FileNotFoundError where 'real' finds nothing in `folder`.
    """
    _choose("data set", name, _LOADERS)
    _choose("split", split, SPLITS)
    _choose("source", source, SOURCES)
    if n is not None and (isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1):
        raise ValueError(f"n={n!r}: give a positive whole number of images, or None for all of them")
    return _LOADERS[name](split, source, None if folder is None else Path(folder), n)


def _choose(what, value, choices):
    if value not in tuple(choices):
        raise ValueError(f"no {what} {value!r}: this release has {', '.join(map(repr, choices))}")


def inflate(index: np.ndarray, factor: float, size: int) -> np.ndarray:
    """Spread pixel indices by `factor` about the centre (size - 1) / 2; round half to even, clip to 0..size - 1."""
    centre = (size - 1) / 2
    return np.clip(np.rint(centre + factor * (index - centre)), 0, size - 1).astype(int)


# --- LHC jets and MicroBooNE ------------------------------------------------------------------------------------------


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
    value = np.minimum(images[:, 22:78, 22:78] / 1200, 1)
    place = inflate(np.arange(56), 2, 56)
    image, row, column = (value > 0.003).nonzero()
    sparse = np.zeros((len(images), 56, 56, 1), np.float32)
    sparse[image, place[row], place[column], 0] = value[image, row, column]
    return sparse


def _physics(name, script, split, source, folder, n):
    prepared, generated = (folder and folder / file for file in (f"{name}.npz", f"{name}_default.npz"))  # or None
    if source != "default" and folder and prepared.exists():
        path, kind, where = prepared, "real", prepared
    elif source == "real":
        missing = f"{prepared} is not there" if folder else f"no real {name} ships with the package: name a folder"
        raise FileNotFoundError(f"{missing}. Make it with python -m data_scripts.{script} download and prepare")
    elif folder and generated.exists():
        path, kind, where = generated, "synthetic", generated
    else:
        path, kind, where = EMBEDDED / f"{name}_default.npz", "synthetic", "shipped with the package"
    images, labels, meta = coordinate_lists.read(path, split, n)
    if not meta["source"].startswith(kind):
        raise ValueError(f"{path} should be {kind}, but says {meta['source']!r}. Move it away and make it again")
    return Dataset(images, labels, name, split, f"{meta['source']} ({where})", tuple(meta["classes"]))


# --- sparse MNIST -----------------------------------------------------------------------------------------------------


class MnistSums(NamedTuple):
    """3x3 sums of the pixels (n, 9, 9) uint16 in 0..2295 and digits (n,) uint8; n is 60,000 (train), 10,000 (test)."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def mnist_sums(images: np.ndarray) -> np.ndarray:
    """Sum 3x3 pixels: uint8 (n, 28, 28) -> uint16 (n, 9, 9), nine times the valid average pool (28 = 9 * 3 + 1)."""
    if images.ndim != 3 or images.shape[1:] != (28, 28) or images.dtype != np.uint8:
        raise ValueError(f"MNIST images are (n, 28, 28) uint8; got {images.shape} {images.dtype}")
    return images[:, :27, :27].reshape(-1, 9, 3, 9, 3).sum(axis=(2, 4), dtype=np.uint16)


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


def read_mnist_sums(path: str | Path) -> MnistSums:
    """Read the embedded file or one that `data_scripts.mnist prepare` has written; refuse a damaged one by name."""
    try:
        with np.load(path) as file:
            sums = MnistSums(*(file[key] for key in MnistSums._fields))
    except (FileNotFoundError, PermissionError):
        raise
    except (BadZipFile, ZlibError, EOFError, KeyError, TypeError, ValueError, OSError) as error:
        raise ValueError(f"{path}: cannot be read as prepared MNIST ({error}). {_AGAIN}") from error
    check_mnist_sums(sums, path)
    return sums


def check_mnist_sums(sums: MnistSums, path: str | Path) -> None:
    """Raise ValueError, naming `path`, unless these are 60,000 and 10,000 images of MNIST with their digits."""
    for split, count in (("train", 60_000), ("test", 10_000)):
        x, y = getattr(sums, f"x_{split}"), getattr(sums, f"y_{split}")
        if x.shape != (count, 9, 9) or y.shape != (count,):
            raise ValueError(f"{path}: expected {count:,} {split} images and digits, found {len(x):,} and {len(y):,}")
        if x.dtype != np.uint16 or x.max() > 9 * 255 or y.dtype != np.uint8 or y.max() > 9:
            raise ValueError(f"{path}: {split} has sums above 2295 or digits above 9: not MNIST. {_AGAIN}")


def _sparse_mnist(split, source, folder, n):
    prepared = folder / PREPARED_MNIST if folder is not None and source != "default" else None
    if prepared is not None and prepared.exists():
        path, label = prepared, f"real: MNIST, prepared from the original files ({prepared})"
    elif prepared is not None and source == "real":
        raise FileNotFoundError(f"{prepared} is not there: make it with python -m data_scripts.mnist prepare {folder}")
    else:
        path, label = EMBEDDED_MNIST, "real: MNIST, all 70,000 images as 3x3 sums, shipped with the package"
    sums = read_mnist_sums(path)
    x, y = {
        "train": (sums.x_train[10_000:], sums.y_train[10_000:]),
        "val": (sums.x_train[:10_000], sums.y_train[:10_000]),
        "test": (sums.x_test, sums.y_test),
    }[split]
    digits = tuple("0123456789")
    return Dataset(sparsify_mnist(x[:n]), y[:n].astype(np.int64), "sparse_mnist", split, label, digits)


_LOADERS = {
    "sparse_mnist": _sparse_mnist,
    "lhc_jets": partial(_physics, "lhc_jets", "jets"),
    "microboone": partial(_physics, "microboone", "microboone"),
}
