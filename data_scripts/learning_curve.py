"""How much of a score is the number of training images: networks and boosted trees, trained on more and more of them.

    python -m data_scripts.learning_curve TABLE.csv [--dataset lhc_jets] [--folder FOLDER] [--n 2500 5000 ...]

adds a row to TABLE.csv for each number of images and seed, for a sparse network (--n-active, --bits) and for the trees
on a physicist's features of all pixels (`measure.ladder`). Rows that are there, of the same data, are not made again;
every finished epoch is kept beside the table: interrupted, the same command goes on. Training stops by itself, as
published, but on fewer images an epoch is shorter: patience and the largest number of epochs count passes over the
whole split.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import sparsepixels_lib as sp
from sparsepixels_lib import measure

from .common.tables import is_there, write_row

COLUMNS = ["dataset", "what", "bits", "n_active", "n_train", "seed", "score", "error", "epochs", "source"]
EPOCHS, PATIENCE, MOST = 60, 8, 8  # of the whole split; a small part is passed at most MOST times as often


def curve(
    table: str | Path,
    dataset: str = "lhc_jets",
    folder: str | Path | None = None,
    n: list[int] | None = None,
    seeds: int = 3,
    bits: int = 16,
    n_active: int = 20,
) -> Path:
    """Fill `table` (CSV with COLUMNS; score: AUC or accuracy on the whole test split) and return its path.

    `n`: numbers of training images (None: 2,500, doubled up to all). Raises ValueError for one that there is not, and
    as `sp.load` and `sp.fit`.
    """
    table = Path(table)
    train, val, test = (sp.load(dataset, split, folder=folder) for split in ("train", "val", "test"))
    whole = len(train.labels)
    numbers = n or [*(2500 * 2**k for k in range(20) if 2500 * 2**k < whole), whole]
    if wrong := [number for number in numbers if not 1 <= number <= whole]:
        raise ValueError(f"n={wrong[0]}: there are {whole:,} training images of {dataset}")
    for number in numbers:
        part = replace(train, images=train.images[:number], labels=train.labels[:number], columns={})
        longer = min(MOST, max(1, round(whole / number)))
        for seed in range(seeds):
            row = [dataset, "sparse", bits, n_active, number, seed]
            if not is_there(table, row, train.source):
                model = sp.Network(dataset, bits, n_active).build(seed=seed)
                settings = {"epochs": EPOCHS * longer, "patience": PATIENCE * longer, "seed": seed}
                history = sp.fit(model, part, val, **settings, cache=table.parent / "training")
                _add(table, row, _score(test, sp.exact_predict(model, test.images)), len(history["loss"]), train.source)
        row = [dataset, "trees", "", "", number, 0]
        if not is_there(table, row, train.source):
            trees = measure.ladder(part, test, groups=test.columns.get("event"))[-1][1]
            _add(table, row, trees, "", train.source)
    return table


def _score(test, logits):
    if logits.shape[1] == 1:
        return measure.auc(test.labels, logits, groups=test.columns.get("event"))
    return measure.accuracy(test.labels, logits)


def _add(table: Path, row: list, score: measure.Score, epochs: int | str, source: str) -> None:
    write_row(table, COLUMNS, [*row, f"{score.value:.4f}", f"{score.error:.4f}", epochs, source])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m data_scripts.learning_curve", description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--dataset", default="lhc_jets", choices=["lhc_jets", "microboone", "sparse_mnist"])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--n", type=int, nargs="+")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--bits", type=int, default=16)
    parser.add_argument("--n-active", type=int, default=20)
    options = parser.parse_args()
    try:
        print(curve(**vars(options)))
    except (ValueError, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
