"""Sparse MNIST from the four original idx files: download, prepare, inspect.

    python -m data_scripts.mnist download data/mnist    the four files, with their checksums verified
    python -m data_scripts.mnist prepare data/mnist     makes data/mnist/sparse_mnist.npz of them
    python -m data_scripts.mnist inspect data/mnist     shapes, classes, active pixels; without a folder: what ships

Then `sparsepixels_lib.load("sparse_mnist", "train", "real", folder="data/mnist")`. None of this is needed to
start: the package ships the same numbers. The original files are only ever read.
"""

import argparse
import gzip
import json
import struct
import zlib
from math import prod
from pathlib import Path

import numpy as np

from sparsepixels_lib.data.chains import mnist_sums
from sparsepixels_lib.data.dataset import SPLITS, load
from sparsepixels_lib.data.mnist import EMBEDDED_MNIST, PREPARED_MNIST, MnistSums, check_mnist_sums, read_mnist_sums
from sparsepixels_lib.tools.files import whole_file

from .common.command_line import run
from .common.files import code_version, replaceable, sha256, writable
from .common.summary import print_summary

URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"
# name: shape and the md5 of the .gz file, both of the original by LeCun, Cortes and Burges
FILES = {
    "train-images-idx3-ubyte": ((60_000, 28, 28), "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
    "train-labels-idx1-ubyte": ((60_000,), "d53e105ee54ea40749a09fcbcd1e9432"),
    "t10k-images-idx3-ubyte": ((10_000, 28, 28), "9fb629c4189551a2d022fa330f9573f3"),
    "t10k-labels-idx1-ubyte": ((10_000,), "ec29112dd5afa0611ce80d1b7f02629c"),
}
_AGAIN = "It is left untouched: move it away, download it again"


def download(folder: str | Path) -> None:
    """Download the four .gz files into `folder` and verify their checksums; files that are there already are kept.

    Raises ValueError where a file that is there is not the original, OSError where downloading or writing fails.
    """
    try:
        import pooch  # noqa: PLC0415  (optional)
    except ImportError as error:
        raise ImportError("downloading needs pooch: pip install 'sparsepixels-lib[data]'") from error
    folder = writable(folder)
    for name, (_, md5) in FILES.items():
        path = folder / f"{name}.gz"
        if path.exists() and pooch.file_hash(str(path), alg="md5") != md5:  # pooch would replace it
            raise ValueError(f"{path} is not the original file (md5 differs). {_AGAIN}")
        try:
            pooch.retrieve(URL + path.name, f"md5:{md5}", fname=path.name, path=folder, progressbar=True)
        except (OSError, ValueError) as error:
            raise OSError(
                f"could not download {URL}{path.name} ({error}). Offline? The package ships the same numbers: load() "
                f"works without this. To do it by hand, fetch {', '.join(f'{n}.gz' for n in FILES)} from any mirror of "
                f"MNIST, put them into {folder} and go on with prepare"
            ) from error


def read_idx(path: Path) -> np.ndarray:
    """Read an idx file of unsigned bytes, gzip or plain, as uint8 of the shape in its header.

    Raises ValueError, naming the file, for anything that is not exactly that.
    """
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path} is a damaged gzip file ({error}). {_AGAIN}") from error
    if raw[:3] != b"\0\0\x08" or len(raw) < 4 + 4 * raw[3]:
        what = "a web page" if raw.lstrip()[:1] == b"<" else "not an idx file of unsigned bytes (wrong header)"
        raise ValueError(f"{path} is {what}. {_AGAIN}")
    start = 4 + 4 * raw[3]
    shape = struct.unpack(f">{raw[3]}I", raw[4:start])
    if len(raw) - start != prod(shape):
        raise ValueError(f"{path} has {len(raw) - start:,} bytes of data, its header says {prod(shape):,}. {_AGAIN}")
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape)


def prepare(folder: str | Path, out: str | Path | None = None, force: bool = False) -> Path:
    """Make `sparse_mnist.npz` in the folder `out` (default: `folder`) of the four files in `folder`, gzip or plain.

    It holds what `MnistSums` describes and `provenance`, a JSON text. It appears only when it is complete.
    Raises FileExistsError where it is there already (unless `force`), FileNotFoundError where one of the four files is
    missing, ValueError where one is damaged or not the original's shape, OSError where `out` cannot be written.
    """
    folder = Path(folder)
    target = replaceable(Path(out or folder) / PREPARED_MNIST, force)
    paths = [_find(folder, name) for name in FILES]
    arrays = []
    for path, (shape, _) in zip(paths, FILES.values(), strict=True):
        arrays.append(read_idx(path))
        if arrays[-1].shape != shape:
            raise ValueError(f"{path} has the shape {arrays[-1].shape}, the original of MNIST {shape}. {_AGAIN}")
    x_train, y_train, x_test, y_test = arrays
    sums = MnistSums(mnist_sums(x_train), y_train, mnist_sums(x_test), y_test)
    check_mnist_sums(sums, folder)
    provenance = {
        "source": "MNIST, original idx files (LeCun, Cortes, Burges; CC BY-SA 3.0)",
        "files": {path.name: sha256(path) for path in paths},
        "code": code_version("mnist"),
        "parameters": {"sum of pixels": [3, 3], "rows and columns used": 27},
    }
    writable(target.parent)
    try:
        with whole_file(target) as scratch, scratch.open("wb") as file:
            np.savez_compressed(file, **sums._asdict(), provenance=json.dumps(provenance))
    except OSError as error:
        raise OSError(f"cannot write {target} ({error}): make room or choose another folder with --out") from error
    return target


def inspect(folder: str | Path | None = None, n: int | None = None) -> None:
    """Print shapes, classes and active pixels of the prepared file in `folder` (None: of the one that ships).

    `n` looks at the first n images of each split only. Raises what `load` raises.
    """
    for split in SPLITS:
        source = "default" if folder is None else "real"
        print_summary(load("sparse_mnist", split, source, folder=folder, n=n), threshold=0.4)
    if folder is not None:
        path = Path(folder) / PREPARED_MNIST
        same = all(map(np.array_equal, read_mnist_sums(path), read_mnist_sums(EMBEDDED_MNIST)))
        print(f"{path}: {'the same numbers as' if same else 'NOT the numbers of'} the MNIST that ships")
        with np.load(path) as file:
            print(
                json.dumps(json.loads(str(file["provenance"])), indent=2) if "provenance" in file else "no provenance"
            )


def _find(folder, name):
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"{folder} has no {name}.gz (or plain {name}): python -m data_scripts.mnist download {folder}"
    )


def main(argv: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser("data_scripts.mnist", description="Sparse MNIST from the four original idx files.")
    commands = parser.add_subparsers(dest="command", required=True)
    fetch = commands.add_parser("download", help="download the four files and verify their checksums")
    fetch.add_argument("folder", help="where the files go")
    make = commands.add_parser("prepare", help=f"make {PREPARED_MNIST} of the four files, gzip or plain")
    make.add_argument("folder", help="where the files are")
    make.add_argument("--out", help=f"folder for {PREPARED_MNIST} (default: the same)")
    make.add_argument("--force", action="store_true", help=f"replace a {PREPARED_MNIST} that is there")
    show = commands.add_parser("inspect", help="print shapes, classes and active pixels")
    show.add_argument("folder", nargs="?", help=f"where {PREPARED_MNIST} is (default: the data that ships)")
    show.add_argument("--n", type=int, help="only the first n images of each split")
    run(parser, {"download": download, "prepare": prepare, "inspect": inspect}, argv)


if __name__ == "__main__":
    main()
