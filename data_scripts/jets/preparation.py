"""The public jets, put through the chain and dealt out to train, val and test."""

from functools import partial
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from sparsepixels_lib.data import coordinate_lists as lists

from ..common.files import checked_seed, code_version, replaceable, sha256, writable
from .files import RECORD, check, jet_files, read_jets
from .output import CODE, META, finish, kept

PREPARED = "lhc_jets.npz"
SIZES = {"train": 180_000, "val": 20_000, "test": 100_000}  # as published


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
    folder, seed = Path(folder), checked_seed(seed)
    paths, count = _chosen(folder, files)
    sizes = [size * min(count, sum(SIZES.values())) // sum(SIZES.values()) for size in SIZES.values()]
    if 0 in sizes:
        raise ValueError(f"{folder}: {count} jets are too few for train, val and test. Take more files")
    target, parts, sums = replaceable(writable(out or folder) / PREPARED, force), [], {}
    for path in tqdm(paths, desc="prepare", unit="file"):
        digest = sha256(path)
        if digest in sums:
            raise ValueError(f"{path} and {sums[digest]} are the same: move one of them away")
        sums[digest] = path.relative_to(folder).as_posix()
        meta = {**META, "source": f"real: {sums[digest]}", "sha256": digest}
        parts.append(kept(target, digest, meta, partial(_sparse_jets, path)))
    pixels = lists.concatenate(parts)
    deal = np.split(np.random.default_rng(seed).permutation(count), np.cumsum(sizes))[:3]
    meta = {
        **META,
        "source": f"real: LHC jets, Zenodo record {RECORD}, doi 10.5281/zenodo.{RECORD}, CC BY 4.0",
        "code": f"{code_version('jets')}, chain {CODE}",
        "seed": seed,
        "sha256": {name: digest for digest, name in sums.items()},
    }
    return finish(target, {split: lists.select(pixels, i) for split, i in zip(SIZES, deal, strict=True)}, meta)


def _chosen(folder, files):
    """The files to use, all of them checked, and the number of their jets."""
    if files is not None and files < 1:
        raise ValueError(f"files={files}: give the number of files to use, from 1 on")
    paths, count = [], 0
    for path in jet_files(folder)[:files]:
        if files is None and count >= sum(SIZES.values()):
            break
        count += check(path)
        paths.append(path)
    if not paths:
        raise FileNotFoundError(f"{folder} has no jetImage_*_150p_*.h5: python -m data_scripts.jets download {folder}")
    return paths, count


def _sparse_jets(path):
    return lists.concatenate([lists.coordinate_list(*piece) for piece in read_jets(path)])
