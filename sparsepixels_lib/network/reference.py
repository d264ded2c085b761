"""Weights of the published architectures, trained once and shipped, so that hardware figures are of the same numbers
everywhere: the RTL of a network depends on its weights, and so does a table of its LUTs.

data_scripts/reference_weights.py made them, on the data sets that ship with the package.
"""

import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from ..numerics.codes import Codes
from ..numerics.quantizers import fixed
from ..paths import EMBEDDED
from ..tools.files import whole_file

keras = tf.keras
PATH = EMBEDDED / "reference_weights.npz"


def load_weights(model: keras.Model) -> None:
    """Give a published network its shipped weights. Raises ValueError if none of its name are shipped."""
    with np.load(PATH) as file:
        if f"{model.name}_0" not in file:
            raise ValueError(f"No weights of {model.name} are shipped: n_active is 8, 12, 16, 20 or None.")
        codes = [file[f"{model.name}_{i}"] for i in range(len(model.weights))]
    model.set_weights([code * grid.lsb for code, grid in zip(codes, _grids(model), strict=True)])


def reference_scores() -> dict[str, dict]:
    """{name of the network: {"epochs", "score", "quantity", "source"}}: scores on the test split of what ships.

    For the two physics data sets that is synthetic, and does not compare with published scores."""
    with np.load(PATH) as file:
        return json.loads(str(file["meta"]))


def weight_codes(model: keras.Model) -> dict[str, np.ndarray]:
    """Weights of `model` as whole numbers of the LSBs of their quantizers: what the file holds of it."""
    pairs = enumerate(zip(model.weights, _grids(model), strict=True))
    return {
        f"{model.name}_{i}": np.rint(grid.quantize(w.numpy()) / grid.lsb).astype(np.int16) for i, (w, grid) in pairs
    }


def write(path: str | Path, codes: dict[str, np.ndarray], meta: dict) -> None:
    """Write the file that `load_weights` reads; the same weights give the same bytes."""
    with whole_file(path) as scratch:
        np.savez_compressed(scratch, meta=json.dumps(meta, sort_keys=True), **dict(sorted(codes.items())))


def _grids(model: keras.Model) -> list[Codes]:
    layers = [layer for layer in model.layers if layer.weights]
    return [fixed(getattr(layer, f"{kind}_quantizer")) for layer in layers for kind in ("kernel", "bias")]
