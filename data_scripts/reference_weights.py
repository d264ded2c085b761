"""Train the networks whose weights ship with the package: the published architectures, sparse and standard.

    python -m data_scripts.reference_weights FOLDER [--only NAME ...]

writes FOLDER/reference_weights.npz; with --only (parts of names, as lhc_jets_standard) the other networks keep the
weights that ship. Every finished epoch is kept in FOLDER/training: interrupted, the same command goes on. Training is
deterministic on one machine, but not from one kind of processor to another; hence the file.
"""

import argparse
from functools import cache
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

import sparsepixels_lib as sp
from sparsepixels_lib.network import reference

from .common.files import writable

# Seed, training images (None: all), and at most so many epochs for each N (None: the standard network). Weights like
# those of a full training are what hardware needs, not the last percent of a score; but a physics data set's standard
# network is the ceiling of the sparse ones. Early stopping as published. (Jets, N = 20: 0.490, 0.502 after 20 epochs,
# 0.495 and 0.498 where training stops by itself, after 38 and 44.)
SETTINGS = {
    "microboone": (3, None, dict.fromkeys((8, 12, 16, 20, None), 200)),
    "lhc_jets": (0, None, {8: 20, 12: 20, 16: 20, 20: 20, None: 60}),
    "sparse_mnist": (0, 15_000, {8: 10, 12: 10, 16: 10, 20: 10, None: 3}),
}


def train(folder: str | Path, only: list[str] | None = None) -> Path:
    """Train what `Network.shipped` lists, or those with a part of their name in `only`; the path of the file.

    Raises OSError when `folder` cannot be written, and ValueError for an `only` that no network has in its name.
    """
    folder, codes, meta = writable(folder), {}, {}
    if only:
        with np.load(reference.PATH) as file:
            codes = {name: file[name] for name in file.files if name != "meta"}
        meta = reference.reference_scores()
    networks = sp.Network.shipped()
    wanted = [network for network in networks if not only or any(part in network.name for part in only)]
    if not wanted:
        raise ValueError(f"no network has {' or '.join(only)} in its name, as {networks[0].name} has")
    for network in wanted:
        seed, n, epochs = SETTINGS[network.dataset]
        model, data = network.build(seed=seed), _data(network.dataset, n)
        options = {"epochs": epochs[network.n_active], "seed": seed, "cache": folder / "training"}
        history = sp.fit(model, data["train"], data["val"], **options)
        codes |= reference.weight_codes(model)
        test, logits = data["test"], sp.exact_predict(model, data["test"].images)
        if logits.shape[1] == 1:
            quantity, score = "AUC", roc_auc_score(test.labels, logits[:, 0])
        else:
            quantity, score = "accuracy", np.mean(logits.argmax(axis=1) == test.labels)
        found = {"epochs": len(history["loss"]), "quantity": quantity, "score": round(float(score), 4)}
        meta[model.name] = found | {"source": test.source}
        print(f"{model.name}: {quantity} {score:.4f} after {found['epochs']} epochs")
    path = folder / reference.PATH.name
    reference.write(path, codes, meta)
    return path


@cache
def _data(dataset: str, n: int | None) -> dict:
    return {
        split: sp.load(dataset, split, "default", n=n if split == "train" else None)
        for split in ("train", "val", "test")
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m data_scripts.reference_weights", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="parts of names of networks")
    options = parser.parse_args()
    try:
        print(train(options.folder, options.only))
    except (ValueError, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
