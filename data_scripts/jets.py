"""LHC jets, from the public files or from Pythia: download, prepare, generate, inspect.

    python -m data_scripts.jets download data/jets    the two archives of Zenodo record 3602260, verified and unpacked
    python -m data_scripts.jets prepare data/jets     makes data/jets/lhc_jets.npz of jetImage_*_150p_*.h5
    python -m data_scripts.jets generate data/jets    makes data/jets/lhc_jets_default.npz with Pythia 8
    python -m data_scripts.jets examples data/jets    makes data/jets/lhc_jets_raw.npz: five jets before the chain
    python -m data_scripts.jets inspect data/jets     shapes, classes, active pixels; without a folder: what ships

Then `sparsepixels_lib.load("lhc_jets", "train", "real", folder="data/jets")`. What is interrupted goes on where it
stopped when the same command is given again. The original files are only ever read.
"""

import argparse
import re
import shutil
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from sparsepixels_lib.data import chains
from sparsepixels_lib.data import coordinate_lists as lists
from sparsepixels_lib.data.chains import sparsify_jets
from sparsepixels_lib.data.dataset import SPLITS, load
from sparsepixels_lib.data.occupancy import occupancy
from sparsepixels_lib.paths import EMBEDDED

from . import jets_files
from . import jets_generator as generator
from .files import checked_seed, code_hash, code_version, data_in, sha256, writable
from .jets_files import RECORD, check, download, read_examples, read_jets

PREPARED, GENERATED, RAW = "lhc_jets.npz", "lhc_jets_default.npz", "lhc_jets_raw.npz"
SIZES = {"train": 180_000, "val": 20_000, "test": 100_000}  # as published
CLASSES = list(generator.CLASSES)
_CHAIN = "jetImage[22:78, 22:78] / 1200, at most 1, kept above 0.003, coordinates times 2 about the centre"
_META = {"image_shape": [56, 56], "classes": CLASSES, "chain": _CHAIN}
_CODE = code_hash(chains, jets_files, generator)
UNIT = 2000  # GeV: that of the values in the file of examples
_CHUNK = 400  # jets that generate makes between two savings


def prepare(
    folder: str | Path, out: str | Path | None = None, files: int | None = None, seed: int = 0, force: bool = False
) -> Path:
    """Make `lhc_jets.npz` in the folder `out` (default: `folder`) of the files jetImage_*_150p_*.h5 below `folder`.

    Takes files in the order of their names until there are 300,000 jets, or the first `files`. Their jets are dealt
    out, in the random order that `seed` gives, to train, val and test: 180,000, 20,000 and 100,000 as published, in
    the same proportion if there are fewer. Every file is checked before the first is read, read in pieces of at most
    200 MB, and kept when it is done.

    Raises FileExistsError where the target is there already (unless `force`), FileNotFoundError without such files,
    ValueError, naming the file, where one is damaged or there twice, or where there are too few jets for a split,
    OSError where `out` cannot be written or a file not be read (no permission, locked).
    """
    folder, wanted = Path(folder), sum(SIZES.values())
    if files is not None and files < 1:
        raise ValueError(f"files={files}: give the number of files to use, from 1 on")
    paths, count, seed = [], 0, checked_seed(seed)
    for path in sorted(folder.rglob("jetImage_*_150p_*.h5"), key=_natural)[:files]:
        if files is None and count >= wanted:
            break
        count += check(path)
        paths.append(path)
    if not paths:
        raise FileNotFoundError(f"{folder} has no jetImage_*_150p_*.h5: python -m data_scripts.jets download {folder}")
    sizes = [size * min(count, wanted) // wanted for size in SIZES.values()]
    if 0 in sizes:
        raise ValueError(f"{folder}: {count} jets are too few for train, val and test. Take more files")
    target, parts, sums = _target(out or folder, PREPARED, force), [], {}
    for path in tqdm(paths, desc="prepare", unit="file"):
        digest = sha256(path)
        if digest in sums:
            raise ValueError(f"{path} and {sums[digest]} are the same: move one of them away")
        sums[digest] = path.relative_to(folder).as_posix()
        meta = {**_META, "source": f"real: {sums[digest]}", "sha256": digest, "code": _CODE}
        parts.append(_kept(target, digest, meta, partial(_convert, path)))
    pixels = lists.concatenate(parts)
    deal = np.split(np.random.default_rng(seed).permutation(count), np.cumsum(sizes))[:3]
    meta = {
        **_META,
        "source": f"real: LHC jets, Zenodo record {RECORD}, doi 10.5281/zenodo.{RECORD}, CC BY 4.0",
        "code": f"{code_version('jets')}, chain {_CODE}",
        "seed": seed,
        "sha256": {name: digest for digest, name in sums.items()},
    }
    return _finish(target, {split: lists.select(pixels, i) for split, i in zip(SIZES, deal, strict=True)}, meta)


def _natural(path):
    """Sorts jetImage_2_... before jetImage_10_..."""
    return [int(piece) if piece.isdigit() else piece for piece in re.split(r"(\d+)", path.name)]


def _convert(path):
    return lists.concatenate([lists.coordinate_list(*piece) for piece in read_jets(path)])


def generate(folder: str | Path, n: int = 25_000, seed: int = 1, force: bool = False) -> Path:
    """Make `lhc_jets_default.npz` in `folder`: `n` synthetic jets, see `jets_generator`.

    A fifth of them of each class, 72 % train, 8 % val, 20 % test. The same n, seed and Pythia give the same bytes,
    interrupted or not. The file that ships is that of the defaults. About 100 jets a second.

    Raises ValueError unless n is a multiple of 125, FileExistsError where the target is there already (unless `force`),
    ImportError without Pythia, OSError where `folder` cannot be written.
    """
    if n < 125 or n % 125 or seed < 0:
        raise ValueError(f"n={n}, seed={seed}: n is a multiple of 125 (five classes, 72, 8 and 20 %), seed from 0 on")
    target = _target(folder, GENERATED, force)
    meta = {
        **_META,
        "source": f"synthetic default: LHC jets of Pythia {generator.pythia_version()}, not the public sample",
        "command": f"python -m data_scripts.jets generate --n {n} --seed {seed}",
        "generator": generator.DESCRIPTION,
        "pythia8mc": version("pythia8mc"),
    }
    chunks = [
        (split, label, chunk, min(_CHUNK, size - chunk * _CHUNK))
        for split, size in zip(SPLITS, (n * 18 // 125, n * 2 // 125, n * 5 // 125), strict=True)
        for label in range(5)
        for chunk in range(-(-size // _CHUNK))
    ]
    parts = {split: [] for split in SPLITS}
    with tqdm(total=n, desc="generate", unit="jet") as bar:
        for split, label, chunk, size in chunks:
            key = [seed, SPLITS.index(split), label, chunk]  # chunks are independent: no event feeds two splits
            name = "-".join(map(str, [*key, size]))
            parts[split].append(_kept(target, name, meta | {"code": _CODE}, partial(_generate, label, size, key)))
            bar.update(size)
    splits = {}
    for i, split in enumerate(SPLITS):
        pixels = lists.concatenate(parts[split])
        splits[split] = lists.select(pixels, np.random.default_rng([seed, i]).permutation(len(pixels.label)))
    return _finish(target, splits, meta)


def _generate(label, size, key):
    seed = int(np.random.SeedSequence(key).generate_state(1)[0]) % 900_000_000 + 1
    images = sparsify_jets(generator.generate_jets(CLASSES[label], size, seed))
    return lists.coordinate_list(images, np.full(size, label), quantize=True)


def examples(folder: str | Path, seed: int = 1, force: bool = False) -> Path:
    """Make `lhc_jets_raw.npz` in `folder`: one synthetic jet of each class as the detector gives it, before the chain.

    The same seed and Pythia give the same bytes. The file that ships is that of the default. Raises as `generate`.
    """
    target = _target(folder, RAW, force)
    images = np.concatenate([generator.generate_jets(kind, 1, seed) for kind in CLASSES])
    meta = {
        "image_shape": [generator.PIXELS] * 2,
        "classes": CLASSES,
        "source": f"synthetic default: LHC jets of Pythia {generator.pythia_version()}, not the public sample",
        "command": f"python -m data_scripts.jets examples --seed {seed}",
        "generator": generator.DESCRIPTION,
        "pythia8mc": version("pythia8mc"),
        "unit_gev": UNIT,
    }
    pixels = lists.coordinate_list(np.minimum(images / UNIT, 1), np.arange(len(CLASSES)))
    lists.write(target, {"raw": pixels}, meta)
    return target


def raw_jets(folder: str | Path | None = None) -> tuple[np.ndarray, str]:
    """Images (5, 100, 100) in GeV of one jet of each class, before the chain, and their source.

    The first of each class in the files of the public sample below `folder`, if there are any; else the examples that
    ship. Raises ValueError, naming the file, for one that is damaged or lacks a class, OSError for one that cannot be
    read.
    """
    paths = sorted(Path(folder).rglob("jetImage_*_150p_*.h5"), key=_natural) if folder else []
    if paths:
        return read_examples(paths[0]), f"real: LHC jets, Zenodo record {RECORD}, {paths[0].name}"
    images, _, meta = lists.read(EMBEDDED / RAW, "raw")
    return images[..., 0] * meta["unit_gev"], meta["source"]


def _target(folder, name, force):
    target = writable(folder) / name
    if target.exists() and not force:
        raise FileExistsError(f"{target} is there already: --force (force=True) replaces it")
    return target


def _kept(target: Path, name: str, meta: dict, make: Callable[[], lists.CoordinateList]) -> lists.CoordinateList:
    """What an interrupted run has kept of `target` under this name and meta, or else made and kept."""
    path = writable(target.with_suffix(".parts")) / f"{name}.npz"
    try:
        pixels, found = lists.read_list(path, "part")
        if found == meta:
            return pixels
    except (FileNotFoundError, ValueError):
        pass  # none, or one of a run that lost its power: made again
    lists.write(path, {"part": make()}, meta)
    return lists.read_list(path, "part")[0]


def _finish(target, splits, meta):
    lists.write(target, splits, meta)
    shutil.rmtree(target.with_suffix(".parts"))
    return target


def inspect(folder: str | Path | None = None, n: int | None = None, plot_to: str | Path | None = None) -> None:
    """Print shapes, classes and active pixels of the data in `folder`, real before synthetic (None: of what ships).

    `n` looks at the first n images of each split only, `plot_to` saves the plot of the test split. Raises as `load`.
    """
    data_in(folder, PREPARED, GENERATED)
    for split in SPLITS:
        data = load("lhc_jets", split, "auto", folder=folder, n=n)
        per_class = zip(data.classes, np.bincount(data.labels, minlength=len(data.classes)), strict=True)
        print(f"{data.name}, {split}: images {data.images.shape} {data.images.dtype}; {data.source}")
        print("  images per class: " + ", ".join(f"{name}: {count:,}" for name, count in per_class))
        print("  active: " + occupancy(data.images, 0).summary().replace("\n", "\n  "))
    print(f"{'':36}{'here':>10}{'real jets':>12}")
    for name, here, real in generator.compare(data.images):
        print(f"{name:36}{here:10.4g}{real:12.4g}")
    if plot_to is not None:
        generator.plot(data.images, data.source).savefig(plot_to)


def main(argv: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser("data_scripts.jets", description="LHC jets, real or from Pythia.")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("download", help=f"download and unpack the files of Zenodo record {RECORD}")
    one.add_argument("folder", help="where the files go")
    one.add_argument("--match", default="", help='only files with this in their name, such as "val" (1.1 of 3.9 GB)')
    one.add_argument("--count", type=int, help="only so many of them, by name")
    one = commands.add_parser("prepare", help=f"make {PREPARED} of jetImage_*_150p_*.h5")
    one.add_argument("folder", help="where the files are")
    one.add_argument("--out", help=f"folder for {PREPARED} (default: the same)")
    one.add_argument("--files", type=int, help="use only so many files (default: until there are 300,000 jets)")
    one.add_argument("--seed", type=int, default=0, help="of the split (default: 0)")
    one.add_argument("--force", action="store_true", help=f"replace a {PREPARED} that is there")
    one = commands.add_parser("generate", help=f"make {GENERATED} with Pythia 8")
    one.add_argument("folder", help=f"folder for {GENERATED}")
    one.add_argument("--n", type=int, default=25_000, help="number of jets, a multiple of 125 (default: 25,000)")
    one.add_argument("--seed", type=int, default=1, help="default: 1, that of the file that ships")
    one.add_argument("--force", action="store_true", help=f"replace a {GENERATED} that is there")
    one = commands.add_parser("examples", help=f"make {RAW} with Pythia 8: a jet of each class before the chain")
    one.add_argument("folder", help=f"folder for {RAW}")
    one.add_argument("--seed", type=int, default=1, help="default: 1, that of the file that ships")
    one.add_argument("--force", action="store_true", help=f"replace a {RAW} that is there")
    one = commands.add_parser("inspect", help="print shapes, classes and active pixels")
    one.add_argument("folder", nargs="?", help="where the data are (default: the data that ship)")
    one.add_argument("--n", type=int, help="only the first n images of each split")
    one.add_argument("--plot", dest="plot_to", help="save the comparison with the real jets as a picture")
    arguments = vars(parser.parse_args(argv))
    run = {f.__name__: f for f in (download, prepare, generate, examples, inspect)}
    try:
        result = run[arguments.pop("command")](**arguments)
    except (ValueError, OSError, ImportError, RuntimeError) as error:
        parser.exit(1, f"error: {error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "interrupted: what is finished is kept, the same command goes on\n")
    for path in [result] if isinstance(result, Path) else result or []:
        print(f"wrote {path}")


if __name__ == "__main__":
    main()
