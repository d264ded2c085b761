"""The public LHC jets: the files of Zenodo record 3602260 (M. Pierini, J. Duarte, N. Tran, M. Freytsis; CC BY 4.0).

Two archives, hls4ml_LHCjet_150p_train.tar.gz (2.7 GB) and _val.tar.gz (1.1 GB), of files jetImage_*_150p_*.h5 with
10,000 jets each: jetImage, jetImageECAL, jetImageHCAL (n, 100, 100), jets (n, 59), jetConstituentList (n, 150, 16), all
float64, jetFeatureNames (59,) and particleFeatureNames (17,). Only jetImage and jets are read.
"""

import re
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from zlib import error as ZlibError

import h5py
import numpy as np
from tqdm.auto import tqdm

from sparsepixels_lib.data.chains import sparsify_jets
from sparsepixels_lib.tools.files import whole_file

from ..common.files import open_hdf5, writable
from ..common.zenodo import fetch

RECORD = 3602260
_LEFT = "It is left untouched: move it away, download it again"


def download(folder: str | Path, match: str = "", count: int | None = None) -> list[Path]:
    """Download files of the record into `folder`, verify them, unpack the .h5 files of archives; return the .h5 files.

    `match` takes only files with this in their name ("val": the smaller archive), `count` the first of them by name.
    What is there already is kept, also the archives; an interrupted download is resumed. Raises as `zenodo.fetch`, and
    ValueError for an archive that cannot be unpacked or holds another file than one that is there.
    """
    folder, found = Path(folder), []
    for path in fetch(RECORD, writable(folder), match=match, count=count):
        found += _unpack(path, folder) if ".tar" in path.suffixes else [path]
    return sorted(found)


def _unpack(archive, folder):
    found = []
    try:
        with tarfile.open(archive) as tar:
            for member in tqdm(tar, desc=f"unpack {archive.name}", unit="file"):
                target = folder / Path(member.name).name
                if not member.isfile() or target.suffix != ".h5":
                    continue
                if not target.exists():
                    with tar.extractfile(member) as source, whole_file(target) as part, part.open("wb") as file:
                        shutil.copyfileobj(source, file, 1 << 20)
                if target.stat().st_size != member.size:
                    raise ValueError(f"{target} is not that of {archive.name} (size differs). {_LEFT}")
                found.append(target)
    except (tarfile.TarError, EOFError, ZlibError) as error:
        raise ValueError(f"{archive} cannot be unpacked ({error}). {_LEFT}") from error
    return found


def jet_files(folder: str | Path) -> list[Path]:
    """The files jetImage_*_150p_*.h5 below `folder`, jetImage_2_... before jetImage_10_..."""

    def natural(path):
        return [int(piece) if piece.isdigit() else piece for piece in re.split(r"(\d+)", path.name)]

    return sorted(Path(folder).rglob("jetImage_*_150p_*.h5"), key=natural)


def read_jets(path: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Sparse images (k, 56, 56, 1) float32 and labels (k,) of a file of the record, some hundred jets at a time.

    Raises ValueError, naming the file, for one that is not complete or not of the record's schema: `jetImage`
    (n, 100, 100) and `jets` (n, 59), floating point, columns -6 to -2 of `jets` one-hot in the order g, q, W, Z, t;
    OSError, naming it too, where it cannot be read: missing, no permission, locked.
    """
    with open_hdf5(path, _LEFT) as file:
        count, step = _count(path, file), 400
        if chunks := file["jetImage"].chunks:  # whole chunks: each is decompressed once
            step = max(chunks[0], step // chunks[0] * chunks[0])
        step = min(step, 2000)  # 160 MB
        for start in range(0, count, step):
            where = f"{path}, jets {start} to {min(start + step, count) - 1}"
            try:
                images, one_hot = file["jetImage"][start : start + step], file["jets"][start : start + step, -6:-1]
                sparse = sparsify_jets(images)
            except (OSError, ValueError) as error:
                if getattr(error, "errno", None):  # no fault of the file
                    raise
                raise ValueError(f"{where}: {error}. {_LEFT}") from error
            if not (((one_hot == 0) | (one_hot == 1)).all() and (one_hot.sum(axis=1) == 1).all()):
                raise ValueError(f"{where}: the labels (jets[:, -6:-1]) are not one-hot. {_LEFT}")
            yield sparse, one_hot.argmax(axis=1)


def read_examples(path: Path) -> np.ndarray:
    """Images (5, 100, 100) in GeV of the first jet of each class among the first 1,000. Raises as `read_jets`."""
    check(path)
    with open_hdf5(path, _LEFT) as file:
        label = file["jets"][:1000, -6:-1].argmax(axis=1)
        if lacking := set(range(5)) - set(label.tolist()):
            raise ValueError(f"{path} has no jet of class {min(lacking)} among its first {len(label)}")
        return np.array([file["jetImage"][np.argmax(label == k)] for k in range(5)])


def check(path: Path) -> int:
    """The number of jets in a file of the record. Raises as `read_jets`, but looks at shapes and types only."""
    with open_hdf5(path, _LEFT) as file:
        return _count(path, file)


def _count(path, file):
    for name, shape in (("jetImage", (100, 100)), ("jets", (59,))):
        table = file.get(name)
        if not isinstance(table, h5py.Dataset):
            raise ValueError(f"{path} has no table {name!r}, only {', '.join(file) or 'nothing'}. {_LEFT}")
        if table.shape[1:] != shape or table.dtype.kind != "f":
            should = f"(n, {', '.join(map(str, shape))}), floating point"
            raise ValueError(f"{path}: {name} is {table.shape} {table.dtype}, should be {should}. {_LEFT}")
    jets, images = len(file["jets"]), len(file["jetImage"])
    if not jets or jets != images:
        raise ValueError(f"{path} has {images:,} images and {jets:,} jets. {_LEFT}")
    return jets
