"""Weights of the published architectures, trained once and shipped, so that hardware figures are of the same numbers
everywhere: the RTL of a network depends on its weights, and so does a table of its LUTs.

data_scripts/reference_weights.py made them, on the data sets that ship with the package.
"""

import json
from pathlib import Path

import numpy as np

from ..numerics.fixed_point import fixed
from ..paths import EMBEDDED
from .models import ARCHITECTURES, sparse_cnn, standard_cnn

PATH = EMBEDDED / "reference_weights.npz"


def reference_model(dataset: str, bits: int, n_active: int | None):
    """The network of `models.sparse_cnn`, or with `n_active` None of `models.standard_cnn`, with its shipped weights.

    There are `n_active` 8, 12, 16, 20 and None for each data set at 8 and 16 bits. Raises ValueError for others.
    """
    model = standard_cnn(dataset, bits) if n_active is None else sparse_cnn(dataset, bits, n_active)
    with np.load(PATH) as file:
        if f"{model.name}_0" not in file:
            raise ValueError(f"No weights of {model.name} are shipped: n_active is 8, 12, 16, 20 or None.")
        codes = [file[f"{model.name}_{i}"] for i in range(len(model.weights))]
    model.set_weights([code * lsb for code, lsb in zip(codes, _lsbs(model), strict=True)])
    return model


def reference_scores() -> dict[str, dict]:
    """{name of the network: {"epochs", "score", "quantity", "source"}}: scores on the test split of what ships.

    For the two physics data sets that is synthetic, and does not compare with published scores."""
    with np.load(PATH) as file:
        return json.loads(str(file["meta"]))


def weight_codes(model) -> dict[str, np.ndarray]:
    """Weights of `model` as whole numbers of the LSBs of their quantizers: what the file holds of it."""
    pairs = enumerate(zip(model.weights, _grids(model), strict=True))
    return {
        f"{model.name}_{i}": np.rint(grid.quantize(w.numpy()) / grid.lsb).astype(np.int16) for i, (w, grid) in pairs
    }


def write(path: str | Path, codes: dict[str, np.ndarray], meta: dict) -> None:
    """Write the file that `reference_model` reads; the same weights give the same bytes."""
    path = Path(path)
    scratch = path.with_suffix(".tmp.npz")
    np.savez_compressed(scratch, meta=json.dumps(meta, sort_keys=True), **dict(sorted(codes.items())))
    scratch.replace(path)


def networks() -> list[tuple[str, int, int | None]]:
    """(data set, bits, n_active) of all that are shipped."""
    return [(name, bits, n) for name in ARCHITECTURES for bits in (8, 16) for n in (8, 12, 16, 20, None)]


def _grids(model) -> list:
    layers = [layer for layer in model.layers if layer.weights]
    return [fixed(getattr(layer, f"{kind}_quantizer")) for layer in layers for kind in ("kernel", "bias")]


def _lsbs(model) -> list[float]:
    return [grid.lsb for grid in _grids(model)]
