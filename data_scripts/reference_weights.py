"""Train the networks whose weights ship with the package: the published architectures, sparse and standard.

    python -m data_scripts.reference_weights FOLDER [--only NAME ...]

writes FOLDER/reference_weights.npz. Every finished epoch is kept in FOLDER/training: interrupted, the same command goes
on. Training is deterministic on one machine, but not from one kind of processor to another; hence the file.
"""

import argparse
from functools import cache
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

import sparsepixels_lib as sp
from sparsepixels_lib import reference

from .files import writable

# Seed, training images (None: all), and at most so many epochs of the sparse and of the standard networks: weights like
# those of a full training are what is needed, not the last percent of a score. Early stopping as published.
SETTINGS = {
    "microboone": (3, None, 200, 200),
    "lhc_jets": (0, None, 20, 4),
    "sparse_mnist": (0, 15_000, 10, 3),
}


def train(folder: str | Path, only: list[str] | None = None) -> Path:
    """Train what `reference.networks` lists (or those of the data sets `only`) and write the file; its path.

    Raises OSError when `folder` cannot be written.
    """
    folder, codes, meta = writable(folder), {}, {}
    for dataset, bits, n_active in reference.networks():
        if only and dataset not in only:
            continue
        seed, n, sparse_epochs, standard_epochs = SETTINGS[dataset]
        if n_active is None:
            model, epochs = sp.standard_cnn(dataset, bits, seed=seed), standard_epochs
        else:
            model, epochs = sp.sparse_cnn(dataset, bits, n_active, seed=seed), sparse_epochs
        data = _data(dataset, n)
        history = sp.fit(model, data["train"], data["val"], epochs=epochs, seed=seed, cache=folder / "training")
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
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=sp.ARCHITECTURES)
    options = parser.parse_args()
    print(train(options.folder, options.only))


if __name__ == "__main__":
    main()
