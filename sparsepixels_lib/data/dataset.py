"""Data sets as arrays, and where they come from.

`load("sparse_mnist", "test")` gives images in [0, 1] with labels and a sentence that says whether they are real.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..numerics.whole import whole
from ..paths import EMBEDDED
from . import coordinate_lists
from .chains import JETS_GEV, MICROBOONE_ADC, sparsify_mnist
from .mnist import EMBEDDED_MNIST, PREPARED_MNIST, read_mnist_sums

SPLITS = ("train", "val", "test")
SAMPLE = "sample"  # images that the authors published: no split of ours
READOUTS = "readouts"  # what windows are cut out of, of microboone
SOURCES = ("auto", "real", "default")
SCALES = {  # unit and full scale
    "lhc_jets": ("GeV", JETS_GEV),
    "microboone": ("ADC", MICROBOONE_ADC),
    "sparse_mnist": ("of the brightest pixel", 1.0),
}


@dataclass(frozen=True, eq=False)
class Dataset:
    """One split of a data set.

    `images` (n, H, W, 1) float32 in [0, 1]; `labels` (n,) int64, indices into `classes`, refused where there are none
    (`Unlabelled`); `source` is the sentence that every plot and table of these images should carry ("real: ..." or
    "synthetic default: ..."). A pixel of value 1 is `full_scale` of `unit`, such as 1200 GeV. `columns`: what else is
    known of each image, arrays (n,). Of microboone's: "event" (windows of one readout have the same number: the
    `groups` of a score's error), "plane", and of the readout's neutrino "kind" ("nue CC", "numu CC", "NC" or "other")
    and "energy" in GeV, also for a background window, which does not show it. Of its readouts: "event", which counts
    these alone, "kind" and "energy"; without a neutrino "none" and 0.
    """

    images: np.ndarray
    labels: np.ndarray = field(repr=False)  # refused by Unlabelled
    name: str
    split: str
    source: str
    classes: tuple[str, ...]
    unit: str = ""
    full_scale: float = 1.0
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)


class Unlabelled(Dataset):
    """Images whose labels were not published. Asking for `labels` raises ValueError, in `fit` and everywhere: with any
    number in their place a score would be computed, and be wrong.
    """

    def __getattribute__(self, name: str) -> Any:
        if name == "labels":
            raise ValueError(
                f"the labels of {self.name}, {self.split}, were not published: these images can be looked at and "
                "predicted, but not trained on or scored"
            )
        return super().__getattribute__(name)


def load(
    name: str, split: str, source: str = "auto", *, folder: str | Path | None = None, n: int | None = None
) -> Dataset:
    """Load one split of a data set as a `Dataset`.

    `sparse_mnist` (48, 48, 1), 10 digits: train 50,000, val 10,000 (the first of the training images), test 10,000.
    `lhc_jets` (56, 56, 1), 5 classes: 180,000, 20,000 and 100,000; the default 43,200, 4,800 and 12,000.
    `microboone` (63, 63, 1), background and signal: as many as were prepared; the default 20,000 in all.
    `sample`, a split of each beside these: 100 real test images that the authors of arXiv 2512.06208 published with
    their networks (`published_model`). They ship: `source` and `folder` do not matter. Labels were published of none;
    those of sparse_mnist are known because these are the first 100 digits of MNIST's test images. The others' `labels`
    raise ValueError.
    `readouts`, beside these of microboone: 460 synthetic readouts of the collection plane, pooled as its windows are,
    (266, 432, 1); every other one holds a neutrino among cosmic muons, `labels` 1, the others cosmic muons alone, 0.
    They take 0.2 GB. No event of theirs is in the windows that ship. `slide` of `data.sliding` cuts windows out of one.
    `n` takes at most the first n images: all of train takes 0.5 GB of memory (sparse_mnist), 2.3 GB (real lhc_jets).

    `source`: 'real' reads the file that data_scripts has prepared in `folder`; 'default' reads what ships with the
    package; 'auto' takes the prepared file if `folder` holds one, else the default. The default of sparse_mnist is
    real too, so there 'real' needs no folder. The defaults of the two others are synthetic; one that data_scripts has
    generated in `folder` goes before the one that ships.

    Raises ValueError for an unknown name, split or source, for readouts of other data sets and real ones, for an `n`
    that is no number from 1 on and for a damaged file; FileNotFoundError where 'real' finds nothing in `folder`.
    """
    _choose("data set", name, _LOADERS)
    _choose("split", split, (*SPLITS, SAMPLE, READOUTS))
    _choose("source", source, SOURCES)
    if n is not None:
        whole(n, "n, the number of images or None for all,")
    if split == SAMPLE:
        return _sample(name, n)
    if split == READOUTS:
        return _readouts(name, source, None if folder is None else Path(folder), n)
    return _LOADERS[name](split, source, None if folder is None else Path(folder), n)


def _choose(what: str, value: str, choices: Iterable[str]) -> None:
    if value not in (known := tuple(choices)):
        raise ValueError(f"no {what} {value!r}: this release has {', '.join(map(repr, known))}")


def _physics(name: str, script: str, split: str, source: str, folder: Path | None, n: int | None) -> Dataset:
    prepared, generated = ((folder or Path()) / file for file in (f"{name}.npz", f"{name}_default.npz"))
    where: object
    if source != "default" and folder and prepared.exists():
        path, kind, where = prepared, "real", prepared
    elif source == "real":
        missing = f"{prepared} is not there" if folder else f"no real {name} ships with the package: name a folder"
        raise FileNotFoundError(f"{missing}. Make it with python -m data_scripts.{script} download and prepare")
    elif folder and generated.exists():
        path, kind, where = generated, "synthetic", generated
    else:
        path, kind, where = EMBEDDED / f"{name}_default.npz", "synthetic", "shipped with the package"
    return _listed(path, name, split, n, kind, where)


def _sample(name: str, n: int | None) -> Dataset:
    path = EMBEDDED / "published" / f"{name}.npz"
    if not path.exists():
        raise ValueError(f"no sample of {name!r} was published: choose one of the splits {', '.join(SPLITS)}")
    return _listed(path, name, SAMPLE, n, "real", "shipped with the package")


def _readouts(name: str, source: str, folder: Path | None, n: int | None) -> Dataset:
    if name != "microboone":
        raise ValueError(f"{name!r} has no readouts: only the windows of 'microboone' are cut out of larger images")
    if source == "real":
        raise ValueError(
            "no real readouts: those of the public records all hold a neutrino, so that nothing is left to count false "
            "triggers in. Leave source='real' out: the synthetic ones ship"
        )
    file = f"{name}_{READOUTS}.npz"
    if folder and (folder / file).exists():
        return _listed(folder / file, name, READOUTS, n, "synthetic", folder / file)
    return _listed(EMBEDDED / file, name, READOUTS, n, "synthetic", "shipped with the package")


def _listed(path: Path, name: str, split: str, n: int | None, kind: str, where: object) -> Dataset:
    """A split of a file of coordinate lists, whose source begins with `kind`."""
    images, labels, meta = coordinate_lists.read(path, split, n)
    if not meta["source"].startswith(kind):
        raise ValueError(f"{path} should be {kind}, but says {meta['source']!r}. Move it away and make it again")
    source, known = f"{meta['source']} ({where})", (labels >= 0).all()
    make = Dataset if known else Unlabelled
    columns = coordinate_lists.read_columns(path, split, n)
    if "kind" in columns:
        columns["kind"] = np.array(meta["kinds"])[columns["kind"]]
    return make(images, labels, name, split, source, tuple(meta["classes"]), *SCALES[name], columns)


def _sparse_mnist(split: str, source: str, folder: Path | None, n: int | None) -> Dataset:
    prepared = folder / PREPARED_MNIST if folder is not None and source != "default" else None
    if prepared is not None and prepared.exists():
        path, label = prepared, f"real: MNIST, prepared from the original files ({prepared})"
    elif prepared is not None and source == "real":
        raise FileNotFoundError(f"{prepared} is not there: make it with python -m data_scripts.mnist prepare {folder}")
    else:
        path, label = EMBEDDED_MNIST, "real: MNIST, all 70,000 images as 3x3 sums, shipped with the package"
    sums = read_mnist_sums(path)
    x, y = {
        "train": (sums.x_train[10_000:], sums.y_train[10_000:]),
        "val": (sums.x_train[:10_000], sums.y_train[:10_000]),
        "test": (sums.x_test, sums.y_test),
    }[split]
    digits = tuple("0123456789")
    images, labels = sparsify_mnist(x[:n]), y[:n].astype(np.int64)
    return Dataset(images, labels, "sparse_mnist", split, label, digits, *SCALES["sparse_mnist"])


_LOADERS: dict[str, Callable[..., Dataset]] = {
    "sparse_mnist": _sparse_mnist,
    "lhc_jets": partial(_physics, "lhc_jets", "jets"),
    "microboone": partial(_physics, "microboone", "microboone"),
}
