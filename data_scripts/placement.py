"""What the place of the neutrino in its window does to a score: the published rule against a draw among its equals.

    python -m data_scripts.microboone generate FOLDER --place first
    python -m data_scripts.placement TABLE.csv --folder FOLDER [--seeds 3]

Thousands of windows hold the same, largest number of signal pixels. The published chain takes the first in raster
order, so that a neutrino lies low and right in it; what ships has one drawn at random. TABLE.csv gets the AUC on the
test windows of both rules: of 16-bit networks trained here on one rule or the other, of the authors' own, and of the
number and the sum of pixels; and how far each sparse network is behind the standard one, on the same resamples. The
standard CNN of random windows is the reference network that ships. TABLE_profile.csv says where active pixels lie.
The background is drawn anew for each rule: compare networks on the windows of one, not one network on both.

Both rules must be of the same readouts, dealt out alike, or nothing is computed: no network is tested on readouts that
it was trained on. Rows that are there, of the same data, are not made again, and every finished epoch is kept beside
the table: interrupted, the same command goes on.
"""

import argparse
import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

import sparsepixels_lib as sp
from sparsepixels_lib import measure
from sparsepixels_lib.data.dataset import SPLITS, Dataset
from sparsepixels_lib.network.reference import reference_scores

from .common.tables import is_there, write_row
from .microboone.generation import GENERATED, PLACES

COLUMNS = ["what", "weights", "bits", "n_active", "trained_on", "seed", "tested_on", "quantity", "score", "error"]
COLUMNS += ["source"]
PROFILE = ["windows", "place", "rows", "columns", "share", "source"]
OWN, AUTHORS, GAP = "trained here", "authors", "gap to standard"
BITS, N_ACTIVE, PUBLISHED = 16, 20, (20, 8)  # of the sparse networks trained here, and of the authors'
THIRDS = ("first", "middle", "last")
Data = Mapping[str, Mapping[str, Dataset]]  # rule -> split -> windows


class Judge(NamedTuple):
    """What gives a window a score: a network with its weights, or what is no network, "count" or "sum".

    The fields are columns of the table. `n_active` is empty for the standard CNN, `seed` for weights of the authors.
    """

    what: str
    weights: str = ""
    bits: int | str = ""
    n_active: int | str = ""
    trained_on: str = ""
    seed: int | str = ""


def study(table: str | Path, folder: str | Path, seeds: int = 3) -> list[Path]:
    """Fill `table` (CSV with COLUMNS) and write its profile; the paths of both. `seeds`: of each sparse network.

    "AUC", and "gap to standard": that of the standard CNN with such weights less that of the sparse one. Errors are
    resampled by readout. Raises ValueError unless `folder` holds windows of the published rule, of the readouts that
    ship, and where the reference network is not of the data that ship; and as `sp.load` and `sp.fit`.
    """
    table, data = Path(table), both(folder)

    @cache
    def model(judge: Judge):
        return _model(judge, data, table.parent / "training")

    @cache
    def scores(judge: Judge, rule: str) -> np.ndarray:
        images = data[rule]["test"].images
        if judge.what in ("count", "sum"):
            return (images > 0 if judge.what == "count" else images).sum(axis=(1, 2, 3))
        return sp.exact_predict(model(judge), images)[:, 0]

    for judge in judges(seeds):
        standard = judge._replace(what="standard", n_active="", seed=0 if judge.weights == OWN else "")
        for rule, splits in data.items():
            test, how = splits["test"], {"groups": splits["test"].columns["event"]}
            for quantity in ("AUC", GAP) if judge.n_active else ("AUC",):
                row = [*judge, rule, quantity]
                if is_there(table, row, _source(test)):
                    continue
                if quantity == GAP:
                    score = measure.auc(test.labels, scores(standard, rule), minus=scores(judge, rule), **how)
                else:
                    score = measure.auc(test.labels, scores(judge, rule), **how)
                write_row(table, COLUMNS, [*row, f"{score.value:.4f}", f"{score.error:.4f}", _source(test)])
    return [table, profile(table.with_name(f"{table.stem}_profile.csv"), data)]


def both(folder: str | Path) -> Data:
    """The windows of both rules, "first" those in `folder`, "random" those that ship. Raises ValueError as `study`."""
    data = {
        rule: {split: sp.load("microboone", split, "default", folder=where) for split in SPLITS}
        for rule, where in (("first", folder), ("random", None))
    }
    if not _source(data["first"]["test"]).endswith(PLACES["first"]):
        make = f"python -m data_scripts.microboone generate {folder} --place first"
        raise ValueError(f"{folder} holds no {GENERATED} of the published rule: {make}")
    for split in SPLITS:
        first, random = (_readouts(splits[split]) for splits in data.values())
        if first != random:
            raise ValueError(
                f"{split}: {len(first ^ random)} readouts are in {folder} or in what ships, but not in both: generate "
                "both with the same events, planes and seed"
            )
    return data


def judges(seeds: int) -> list[Judge]:
    """All whose scores are in the table."""
    found = [Judge("count"), Judge("sum")]
    found += [Judge("standard", AUTHORS, BITS, "", "real")]
    found += [Judge("sparse", AUTHORS, BITS, n, "real") for n in PUBLISHED]
    for rule in ("random", "first"):  # of the first a standard CNN is trained: that takes longest
        found += [Judge("standard", OWN, BITS, "", rule, 0)]
        found += [Judge("sparse", OWN, BITS, N_ACTIVE, rule, seed) for seed in range(seeds)]
    return found


def profile(path: Path, data: Data) -> Path:
    """Write where the active pixels of all windows are, by class and rule: their share in each of 3 x 3 equal parts of
    the window, rows (time) and columns (wires) from the first third to the last. A CSV with PROFILE; its path."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(PROFILE)
        for rule, splits in data.items():
            for label, name in enumerate(splits["test"].classes):
                active = sum((own.images[own.labels == label] > 0).sum(axis=(0, 3)) for own in splits.values())
                parts = active.reshape(3, len(active) // 3, 3, -1).sum(axis=(1, 3)) / active.sum()
                for (row, column), share in np.ndenumerate(parts):
                    where = [name, rule, THIRDS[row], THIRDS[column]]
                    writer.writerow([*where, f"{share:.4f}", _source(splits["test"])])
    return path


def _model(judge: Judge, data: Data, cache: Path):
    n_active = judge.n_active or None
    network = sp.Network("microboone", BITS, n_active)
    if judge.weights == AUTHORS:
        return network.published()
    if n_active is None and judge.trained_on == "random":
        model, test, known = network.reference(), data["random"]["test"], reference_scores()[network.name]["score"]
        found = measure.auc(test.labels, sp.exact_predict(model, test.images)).value
        if abs(found - known) > 1e-4:
            raise ValueError(
                f"the AUC of {network} is recorded as {known:.4f}, but is {found:.4f} on what ships: its weights are "
                "of other windows. Train them again: python -m data_scripts.reference_weights"
            )
        return model
    model, own = network.build(seed=judge.seed), data[judge.trained_on]
    sp.fit(model, own["train"], own["val"], seed=judge.seed, cache=cache)
    return model


def _readouts(windows: Dataset) -> set[tuple]:
    """The readouts of some windows, each with its number and its neutrino's kind and energy."""
    return set(zip(*(windows.columns[name].tolist() for name in ("event", "kind", "energy")), strict=True))


def _source(windows: Dataset) -> str:
    """Their source without the path of their file."""
    return windows.source.partition(" (")[0]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m data_scripts.placement", description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--folder", type=Path, required=True, help="where the windows of the published rule are")
    parser.add_argument("--seeds", type=int, default=3, help="of each sparse network (default: 3)")
    options = parser.parse_args()
    try:
        print(*study(**vars(options)), sep="\n")
    except (ValueError, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
