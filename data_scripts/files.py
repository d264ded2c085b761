"""What the data scripts have in common: folders that can be written, checksums, the version of the code."""

import hashlib
import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


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
