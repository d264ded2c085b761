"""Jets before the chain, as the detector gives them: what a notebook starts from."""

from pathlib import Path

import numpy as np

from sparsepixels_lib.data import coordinate_lists as lists
from sparsepixels_lib.paths import EMBEDDED

from .files import RECORD, jet_files, read_examples
from .generation import RAW


def raw_jets(folder: str | Path | None = None) -> tuple[np.ndarray, str]:
    """Images (5, 100, 100) in GeV of one jet of each class, before the chain, and their source.

    The first of each class in the files of the public sample below `folder`, if there are any; else the examples that
    ship. Raises ValueError, naming the file, for one that is damaged or lacks a class, OSError for one that cannot be
    read.
    """
    paths = jet_files(folder) if folder else []
    if paths:
        return read_examples(paths[0]), f"real: LHC jets, Zenodo record {RECORD}, {paths[0].name}"
    images, _, meta = lists.read(EMBEDDED / RAW, "raw")
    return images[..., 0] * meta["unit_gev"], meta["source"]
