"""Train the networks whose weights ship with the package: the published architectures, and those that choose pixels.

    python -m data_scripts.reference_weights FOLDER [--only NAME ...]

writes FOLDER/reference_weights.npz; with --only (parts of names, as lhc_jets_standard) the other networks keep the
weights that ship. A sparse network is trained with three seeds: that with the lowest validation loss ships, the scores
of all are kept. With --scores nothing is trained: the weights that ship are scored on the data that ship now. Every
finished epoch is kept in FOLDER/training: interrupted, the same command goes on. Training is deterministic on one
machine, but not from one kind of processor to another; hence the file.
"""

import argparse
from functools import cache
from pathlib import Path

import numpy as np

import sparsepixels_lib as sp
from sparsepixels_lib import measure
from sparsepixels_lib.network import reference
from sparsepixels_lib.network.models import ARCHITECTURES, PATCHED, input_quantizer

from .common.files import writable

# Training images of each data set (None: all), and at most so many epochs of its sparse and its standard networks:
# early stopping as published ends those of physics but for the standard CNN of the jets, whose epochs take half a
# minute (that of 8 bits which ships ended after 16). Of MNIST, for its hardware, a short training is enough.
SETTINGS = {"microboone": (None, 200, 200), "lhc_jets": (None, 200, 60), "sparse_mnist": (15_000, 10, 3)}
SEEDS = (0, 1, 2)  # of each sparse network; a standard CNN is trained once, with the first
LEVELS = 4  # of an adaptive threshold, at most


def chosen() -> list[sp.Network]:
    """Those that choose their pixels: at the bits that the published figures are given for, and at 8."""
    found = []
    for dataset, bits in (("microboone", 8), ("lhc_jets", 16), ("lhc_jets", 8), ("sparse_mnist", 8)):
        found += [sp.Network(dataset, bits, n, "adaptive") for n in (8, 20)]
        slots = (20,) if (dataset, bits) == ("lhc_jets", 8) else (8, 20)
        found += [sp.Network(dataset, bits, n, "adaptive", PATCHED[dataset].patch) for n in slots]
    return found


def train(folder: str | Path, only: list[str] | None = None) -> Path:
    """Train what `Network.shipped` lists, or those with a part of their name in `only`; the path of the file.

    Raises OSError when `folder` cannot be written, and ValueError for an `only` that no network has in its name.
    """
    folder, codes, meta = writable(folder), {}, {}
    if only:
        with np.load(reference.PATH) as file:
            codes = {name: file[name] for name in file.files if name != "meta"}
        meta = reference.reference_scores()
    networks = [*sp.Network.shipped(), *chosen()]
    wanted = [network for network in networks if not only or any(part in network.name for part in only)]
    if not wanted:
        raise ValueError(f"no network has {' or '.join(only)} in its name, as {networks[0].name} has")
    for network in wanted:
        runs = []
        for seed in SEEDS if network.n_active else SEEDS[:1]:
            model, history = trained(network, seed, folder / "training")
            source = load_split(network.dataset, "train", None).source
            result = {"seed": seed, "epochs": len(history["loss"]), "trained_on": source} | _score(model)
            if network.selection == "adaptive":
                result["levels"] = levels(network)
            runs.append((min(history["val_loss"]), result, reference.weight_codes(model)))
            print(f"{network.name}: {result}", flush=True)
        _, best, weights = min(runs, key=lambda run: run[0])
        codes |= weights
        meta[network.name] = best | {"seeds": {str(run["seed"]): run["score"] for _, run, _ in runs}}
    path = folder / reference.PATH.name
    reference.write(path, codes, meta)
    return path


def trained(network: sp.Network, seed: int, cache: Path):
    """The network, trained with SETTINGS, and its history."""
    n, *epochs = SETTINGS[network.dataset]
    model = network.build(levels=levels(network), seed=seed)
    train, val = load_split(network.dataset, "train", n), load_split(network.dataset, "val", None)
    return model, sp.fit(model, train, val, epochs=epochs[network.n_active is None], seed=seed, cache=cache)


@cache
def levels(network: sp.Network) -> tuple[float, ...] | None:
    """Of an adaptive threshold, from the training images: LEVELS, or as many as there can be; else None."""
    if network.selection != "adaptive":
        return None
    images = load_split(network.dataset, "train", SETTINGS[network.dataset][0]).images
    how = {"input_quantizer": input_quantizer(network.bits), "patch": network.patch}
    for k in range(LEVELS, 1, -1):
        try:
            return sp.fit_levels(images, network.n_active, k, ARCHITECTURES[network.dataset].threshold, **how)
        except ValueError as error:
            if "different levels" not in str(error):
                raise
    raise ValueError(f"{network}: no second level can be told from the threshold")


def score_again(folder: str | Path) -> Path:
    """Score the weights that ship on the test splits that ship; the path of the file in `folder`. Raises as `train`."""
    path = writable(folder) / reference.PATH.name
    with np.load(reference.PATH) as file:
        codes = {name: file[name] for name in file.files if name != "meta"}
    meta = reference.reference_scores()
    for network in [*sp.Network.shipped(), *sp.Network.chosen()]:
        meta[network.name] |= _score(network.reference())
        print(f"{network.name}: {meta[network.name]}")
    reference.write(path, codes, meta)
    return path


def score_of(test, logits) -> measure.Score:
    """AUC, or accuracy of more than two classes; in the bootstrap of its error windows of a readout stay together."""
    if logits.shape[1] == 1:
        return measure.auc(test.labels, logits[:, 0], groups=test.columns.get("event"))
    return measure.accuracy(test.labels, logits)


@cache
def load_split(dataset: str, split: str, n: int | None):
    """The first `n` images (None: all) of a split of what ships."""
    return sp.load(dataset, split, "default", n=n)


def _score(model) -> dict:
    test = load_split(sp.Network.of(model).dataset, "test", None)
    logits = sp.exact_predict(model, test.images)
    score, quantity = score_of(test, logits), "AUC" if logits.shape[1] == 1 else "accuracy"
    numbers = {"score": round(score.value, 4), "error": round(score.error, 4)}
    return {"quantity": quantity, **numbers, "source": test.source}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m data_scripts.reference_weights", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="parts of names of networks")
    parser.add_argument("--scores", action="store_true", help="train nothing: only score what ships again")
    options = parser.parse_args()
    try:
        print(score_again(options.folder) if options.scores else train(options.folder, options.only))
    except (ValueError, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
