"""Weights of the published architectures, trained once and shipped, so that hardware figures are of the same numbers
everywhere: the RTL of a network depends on its weights, and so does a table of its LUTs.

data_scripts/reference_weights.py made those in PATH, on the data sets that ship with the package. The authors trained
those in PUBLISHED, on the real ones; data_scripts/published_networks.py wrote them down.
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
PUBLISHED = EMBEDDED / "published" / "networks.npz"


def load_weights(model: keras.Model, path: Path = PATH) -> None:
    """Give a network of `check_shipped` its weights in `path`."""
    with np.load(path) as file:
        codes = [file[f"{model.name}_{i}"] for i in range(len(model.weights))]
    model.set_weights([code * grid.lsb for code, grid in zip(codes, grids(model), strict=True)])


def check_shipped(name: str, path: Path = PATH) -> None:
    """Raises ValueError if `path` has no weights of the network of that name."""
    with np.load(path) as file:
        if f"{name}_0" not in file:
            raise ValueError(
                f"No weights of {name} are shipped: n_active is 8, 12, 16, 20 or None"
                f"{', and Network.chosen() lists those that choose their pixels' if path == PATH else ''}."
            )


def reference_scores() -> dict[str, dict]:
    """{name of the network: {"seed", "epochs", "trained_on", "quantity", "score", "error", "seeds", "source"}}.

    Scores are those on the test split of what ships, for the two physics data sets synthetic; they do not compare with
    published ones. "error": what other test events would change (bootstrap); "seeds": {seed: score} of all trainings.
    """
    with np.load(PATH) as file:
        return json.loads(str(file["meta"]))


def weight_codes(model: keras.Model) -> dict[str, np.ndarray]:
    """Weights of `model` as whole numbers of the LSBs of their quantizers: what the file holds of it."""
    pairs = enumerate(zip(model.weights, grids(model), strict=True))
    return {
        f"{model.name}_{i}": np.rint(grid.quantize(w.numpy()) / grid.lsb).astype(np.int16) for i, (w, grid) in pairs
    }


def write(path: str | Path, codes: dict[str, np.ndarray], meta: dict) -> None:
    """Write the file that `load_weights` reads; the same weights give the same bytes."""
    with whole_file(path) as scratch:
        np.savez_compressed(scratch, meta=json.dumps(meta, sort_keys=True), **dict(sorted(codes.items())))


def published_outputs(name: str) -> np.ndarray:
    """(100, classes) float32: see `published_predictions`. Raises ValueError for a network that was not published."""
    with np.load(PUBLISHED) as file:
        if f"{name}_predictions" not in file:
            raise ValueError(
                f"No predictions of {name} were published: the data set is microboone, lhc_jets or sparse_mnist, bits "
                "8 or 16, n_active 8, 12, 16, 20 or None."
            )
        return file[f"{name}_predictions"]


def grids(model: keras.Model) -> list[Codes]:
    """The grid of each array of `model.weights`: of its kernel or bias quantizer."""
    layers = [layer for layer in model.layers if layer.weights]
    return [fixed(getattr(layer, f"{kind}_quantizer")) for layer in layers for kind in ("kernel", "bias")]
