"""MNIST as 3x3 sums, all 70,000 images: the file that ships, and those that data_scripts.mnist prepares."""

from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile
from zlib import error as ZlibError

import numpy as np

from ..paths import EMBEDDED

PREPARED_MNIST = "sparse_mnist.npz"
EMBEDDED_MNIST = EMBEDDED / "mnist70k_pool9.npz"
_AGAIN = "Move it away and make it again: python -m data_scripts.mnist prepare"


class MnistSums(NamedTuple):
    """3x3 sums of the pixels (n, 9, 9) uint16 in 0..2295 and digits (n,) uint8; n is 60,000 (train), 10,000 (test)."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


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
