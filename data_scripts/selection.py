"""What the choice of the pixels is worth: networks trained on the same data in the same way, but for their selection.

    python -m data_scripts.selection TABLE.csv [--dataset microboone ...] [--seeds 5]

adds a row to TABLE.csv for each data set, number of slots, selection, patch and seed: AUC or accuracy on the whole test
split, of what ships. Training and levels are those of the reference networks (reference_weights.py). "alike" are the
controls: the same pixels, chosen by their charge, but then with one value each, so that only their places are seen.
TABLE_ladder.csv gets what is achieved on the same pixels without a network (`measure.ladder`). Rows that are there, of
the same data, are not made again, and every finished epoch is kept beside the table: interrupted, the same command goes
on.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import sparsepixels_lib as sp
from sparsepixels_lib import measure
from sparsepixels_lib.data.dataset import Dataset
from sparsepixels_lib.network.models import ARCHITECTURES, PATCHED, input_quantizer

from .common.tables import is_there, write_row
from .reference_weights import SETTINGS, levels, load_split, score_of, trained

COLUMNS = ["dataset", "bits", "n_active", "selection", "patch", "values", "n_levels", "seed", "weights", "score"]
COLUMNS += ["error", "val_loss", "epochs", "source"]
RUNGS = ["dataset", "bits", "n_active", "selection", "values", "rung", "score", "error", "source"]
CHARGE, ALIKE = "charge", "alike"
BITS = {"microboone": 8, "lhc_jets": 16, "sparse_mnist": 8}  # of the published figures that the targets are about
N_ACTIVE = (8, 20)
FEW = 2  # seeds of what is beside the point: the largest pixels, which need a sort, and patches in raster order


def study(table: str | Path, datasets: list[str] | None = None, seeds: int = 5) -> list[Path]:
    """Fill `table` (CSV with COLUMNS) and its ladder (RUNGS); the paths of both. Raises ValueError and OSError as
    `sp.load` and `sp.fit`."""
    table = Path(table)
    rungs = table.with_name(f"{table.stem}_ladder.csv")
    for dataset in datasets or list(BITS):
        for seed in range(seeds):
            for network, values in networks(dataset):
                plain = values == CHARGE and network.patch is None and network.selection == "raster"
                if seed < FEW or plain or (values == CHARGE and network.selection == "adaptive"):
                    _add(table, network, values, seed)
        for network, values in networks(dataset):
            if network.patch is None:
                _climb(rungs, network, values)
        _climb(rungs, sp.Network(dataset, BITS[dataset]), CHARGE)
    return [table, rungs]


def networks(dataset: str) -> Iterator[tuple[sp.Network, str]]:
    """Those that are compared: in raster order, by an adaptive threshold and the largest, of pixels and of patches; and
    the controls."""
    for patch in (None, PATCHED[dataset].patch):
        for n_active in N_ACTIVE:
            for selection in ("raster", "adaptive", "largest"):
                yield sp.Network(dataset, BITS[dataset], n_active, selection, patch), CHARGE
    for n_active in N_ACTIVE:
        for selection in ("raster", "adaptive"):
            yield sp.Network(dataset, BITS[dataset], n_active, selection), ALIKE


def _add(table: Path, network: sp.Network, values: str, seed: int) -> None:
    test = load_split(network.dataset, "test", None)
    patch = "{}x{}".format(*network.patch) if network.patch else ""
    row = [network.dataset, network.bits, network.n_active, network.selection, patch, values]
    row += [len(levels(network) or "1"), seed]
    if is_there(table, row, test.source):
        return
    cache = table.parent / "training"
    if values == CHARGE:
        (model, history), images = trained(network, seed, cache), test.images
    else:
        (model, history), images = _control(network, seed, cache), _alike(network, test).images
    score = score_of(test, sp.exact_predict(model, images))
    numbers = [f"{score.value:.4f}", f"{score.error:.4f}", f"{min(history['val_loss']):.4f}", len(history["loss"])]
    write_row(table, COLUMNS, [*row, model.count_params(), *numbers, test.source])


def _control(network: sp.Network, seed: int, cache: Path):
    """A network of images whose chosen pixels all have the value 1, and its history."""
    n, epochs, _ = SETTINGS[network.dataset]
    own = [_alike(network, load_split(network.dataset, *part)) for part in (("train", n), ("val", None))]
    model = sp.Network(network.dataset, network.bits, network.n_active).build(seed=seed)
    return model, sp.fit(model, *own, epochs=epochs, seed=seed, cache=cache)


def _quantized(network: sp.Network, data: Dataset) -> Dataset:
    """The images as the network reads them: it chooses among these, and so does what is compared with it."""
    images = sp.fixed(input_quantizer(network.bits)).quantize(data.images).astype("float32")
    return replace(data, images=images)


def _alike(network: sp.Network, data: Dataset) -> Dataset:
    threshold = ARCHITECTURES[network.dataset].threshold
    chosen = network.n_active, threshold, network.selection, levels(network)
    return replace(data, images=measure.flat(measure.kept_pixels(_quantized(network, data).images, *chosen), threshold))


def _climb(table: Path, network: sp.Network, values: str) -> None:
    """All rungs of the ladder on the pixels of a network; of the standard CNN on all pixels."""
    n, *_ = SETTINGS[network.dataset]
    row = [network.dataset, network.bits, network.n_active or "", network.selection, values]
    train, test = (_quantized(network, load_split(network.dataset, *part)) for part in (("train", n), ("test", None)))
    if is_there(table, [*row, "number of pixels"], test.source):
        return
    how = {"groups": test.columns.get("event"), "flat": values == ALIKE, "levels": levels(network)}
    for rung, score in measure.ladder(train, test, network.n_active, selection=network.selection, **how):
        write_row(table, RUNGS, [*row, rung, f"{score.value:.4f}", f"{score.error:.4f}", test.source])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m data_scripts.selection", description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--dataset", dest="datasets", nargs="+", choices=list(BITS))
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    try:
        print(*study(**vars(options)), sep="\n")
    except (ValueError, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
