"""What the data scripts have in common: folders that can be written, HDF5 files, checksums, the version of the code."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import h5py


def writable(folder: str | Path) -> Path:
    """`folder`, made if it is not there. Raises OSError, naming it, where it cannot be made or written."""
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"cannot make the folder {folder} ({error.strerror}): choose another") from error
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"no permission to write in {folder}: choose another folder")
    return folder


def sha256(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def code_version(script: str) -> str:
    """The code that a prepared file is made by, for its provenance: package, version and script."""
    try:
        return f"sparsepixels-lib {version('sparsepixels-lib')}, data_scripts.{script}"
    except PackageNotFoundError:
        return f"sparsepixels-lib (not installed), data_scripts.{script}"


def code_hash(*modules) -> str:
    """Twelve hexadecimal digits that change with the source of these modules."""
    text = "\0".join(Path(module.__file__).read_text() for module in modules)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@contextmanager
def open_hdf5(path: Path, advice: str) -> Iterator[h5py.File]:
    """The HDF5 file `path`, open to be read inside.

    Raises ValueError, naming it and ending with `advice`, for one that is damaged, also where that shows inside only,
    and OSError, naming it, where it is the system that does not let it be read: missing, no permission, locked.
    """
    with path.open("rb") as file:
        start = file.read(512)
    if not start.startswith(b"\x89HDF\r\n\x1a\n"):
        what = "a web page, not an HDF5 file" if start.lstrip()[:1] == b"<" else "not an HDF5 file"
        raise ValueError(f"{path} is {what}. {advice}")
    try:
        with h5py.File(path) as file:
            yield file
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        text = str(error)
        if "unable to lock file" in text:
            raise OSError(
                f"{path} is locked by another program, or its file system has no locks ({os.strerror(error.errno)}): "
                "close that program, or set HDF5_USE_FILE_LOCKING=FALSE"
            ) from error
        if "already open for write" in text:  # a mark in the file, which also a writer that was killed leaves
            raise OSError(f"{path} is being written, or was never finished: close what writes it. {advice}") from error
        if code := getattr(error, "errno", None):  # a disk or a network that fails, with h5py's word for it in lines
            raise OSError(code, os.strerror(code), str(path)) from error
        if isinstance(error, ValueError) and str(path) in text:
            raise
        raise ValueError(f"{path} is damaged or only part of the file ({error}). {advice}") from error


def replaceable(path: Path, force: bool) -> Path:
    """`path`. Raises FileExistsError where there is something already, unless `force`."""
    if path.exists() and not force:
        raise FileExistsError(f"{path} is there already: --force (force=True) replaces it")
    return path


def data_in(folder: str | Path | None, *names: str) -> None:
    """Raise FileNotFoundError unless `folder` is None or holds one of the files `names`."""
    if folder is not None and not any(Path(folder, name).is_file() for name in names):
        raise FileNotFoundError(f"{folder} holds neither {' nor '.join(names)}: name another folder, or none")


def checked_seed(seed: int) -> int:
    """`seed`. Raises ValueError for one below 0."""
    if seed < 0:
        raise ValueError(f"seed={seed}: a seed is a whole number from 0 on")
    return seed
