"""Files that take long to make are kept under the hash of all that goes into them, for every process and folder."""

import fcntl
import hashlib
import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..paths import cache

DAYS = 30


def kept(name: str, content: Iterable[str | bytes], make: Callable[[Path], None], elsewhere: Path) -> Path:
    """The file that `make(path)` writes, made once for each `content`, which is all that it depends on.

    It is in `paths.cache()`, or in the folder `elsewhere` where that cannot be written, until nobody has used it for
    DAYS; its name starts with `name`. A process waits for another one that makes the same file. What was damaged or
    left half-written is made again. Raises what `make` raises.
    """
    path = _path(name, content, elsewhere)
    with _alone(path):
        if not _whole(path):
            _forget_old(path.parent)
            part = path.with_name(f"{path.name}.{os.getpid()}")
            try:
                make(part)
                digest = _digest(part)
                part.replace(path)
                _digest_file(path).write_text(digest)
            finally:
                part.unlink(missing_ok=True)
        _use(path)
    return path


def found(name: str, content: Iterable[str | bytes], elsewhere: Path) -> Path | None:
    """What `kept` has made of the same `content` earlier; None where there is nothing, or nothing whole."""
    path = _path(name, content, elsewhere)
    if not _whole(path):
        return None
    _use(path)
    return path


def _path(name: str, content: Iterable[str | bytes], elsewhere: Path) -> Path:
    key = hashlib.sha256(f"{platform.machine()} {platform.libc_ver()}".encode())  # several may share a home
    for piece in content:
        data = piece.encode() if isinstance(piece, str) else piece
        key.update(len(data).to_bytes(8, "little") + data)
    folder = cache_folder() or elsewhere.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}-{key.hexdigest()[:24]}"


def _use(path: Path) -> None:
    for used in (path, _digest_file(path)):
        with suppress(OSError):
            os.utime(used)


def _forget_old(folder: Path) -> None:
    """Remove what nobody has used for DAYS, and what a killed process has left."""
    for path in folder.iterdir():
        with suppress(OSError):  # another process may be doing the same
            if path.is_file() and path.stat().st_mtime < time.time() - DAYS * 86400:
                path.unlink()


def cache_folder() -> Path | None:
    """`paths.cache()`, made if it is not there; None where that cannot be written."""
    with suppress(OSError, RuntimeError):
        (folder := cache()).mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK | os.X_OK):
            return folder
    return None


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.with_name(f"{path.name}.lock").open("a") as lock:
        with suppress(OSError):  # not every file system has locks; then two may make the same file, which is harmless
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _whole(path: Path) -> bool:
    try:
        return _digest(path) == _digest_file(path).read_text()
    except OSError:
        return False


def _digest_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
