"""The synthetic jets: the default that ships, and one jet of each class before the chain."""

from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from sparsepixels_lib.data import coordinate_lists as lists
from sparsepixels_lib.data.chains import sparsify_jets
from sparsepixels_lib.data.dataset import SPLITS

from ..common.files import replaceable, writable
from . import generator
from .output import CLASSES, META, finish, kept

GENERATED, RAW = "lhc_jets_default.npz", "lhc_jets_raw.npz"
UNIT = 2000  # GeV: that of the values in the file of examples
CHUNK = 400  # jets that generate makes between two savings


def generate(folder: str | Path, n: int = 60_000, seed: int = 1, force: bool = False) -> Path:
    """Make `lhc_jets_default.npz` in `folder`: `n` synthetic jets, see `generator`.

    A fifth of them of each class, 72 % train, 8 % val, 20 % test. The same n, seed and Pythia give the same bytes,
    interrupted or not. The file that ships is that of the defaults. About 100 jets a second.

    Raises ValueError unless n is a multiple of 125, FileExistsError where the target is there already (unless `force`),
    ImportError without Pythia, OSError where `folder` cannot be written.
    """
    if n < 125 or n % 125 or seed < 0:
        raise ValueError(f"n={n}, seed={seed}: n is a multiple of 125 (five classes, 72, 8 and 20 %), seed from 0 on")
    target = replaceable(writable(folder) / GENERATED, force)
    meta = {**META, **_provenance(f"generate --n {n} --seed {seed}")}
    chunks = [
        (split, label, chunk, min(CHUNK, size - chunk * CHUNK))
        for split, size in zip(SPLITS, (n * 18 // 125, n * 2 // 125, n * 5 // 125), strict=True)
        for label in range(5)
        for chunk in range(-(-size // CHUNK))
    ]
    parts = {split: [] for split in SPLITS}
    with tqdm(total=n, desc="generate", unit="jet") as bar:
        for split, label, chunk, size in chunks:
            key = [seed, SPLITS.index(split), label, chunk]  # chunks are independent: no event feeds two splits
            name = "-".join(map(str, [*key, size]))
            parts[split].append(kept(target, name, meta, partial(_sparse_jets, label, size, key)))
            bar.update(size)
    splits = {}
    for i, split in enumerate(SPLITS):
        pixels = lists.concatenate(parts[split])
        splits[split] = lists.select(pixels, np.random.default_rng([seed, i]).permutation(len(pixels.label)))
    return finish(target, splits, meta)


def _sparse_jets(label, size, key):
    seed = int(np.random.SeedSequence(key).generate_state(1)[0]) % 900_000_000 + 1
    images = sparsify_jets(generator.generate_jets(CLASSES[label], size, seed))
    return lists.coordinate_list(images, np.full(size, label), quantize=True)


def examples(folder: str | Path, seed: int = 1, force: bool = False) -> Path:
    """Make `lhc_jets_raw.npz` in `folder`: one synthetic jet of each class as the detector gives it, before the chain.

    The same seed and Pythia give the same bytes. The file that ships is that of the default. Raises as `generate`.
    """
    target = replaceable(writable(folder) / RAW, force)
    images = np.concatenate([generator.generate_jets(kind, 1, seed) for kind in CLASSES])
    meta = {
        "image_shape": [generator.PIXELS] * 2,
        "classes": CLASSES,
        **_provenance(f"examples --seed {seed}"),
        "unit_gev": UNIT,
    }
    pixels = lists.coordinate_list(np.minimum(images / UNIT, 1), np.arange(len(CLASSES)))
    lists.write(target, {"raw": pixels}, meta)
    return target


def _provenance(command):
    return {
        "source": f"synthetic default: LHC jets of Pythia {generator.pythia_version()}, not the public sample",
        "command": f"python -m data_scripts.jets {command}",
        "generator": generator.DESCRIPTION,
        "pythia8mc": version("pythia8mc"),
    }
