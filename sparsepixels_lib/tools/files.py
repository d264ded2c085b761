"""The one way to write a file: whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """A hidden scratch file beside `path`, with its suffix, that takes its place when the block ends well.

    The folder is made. Whatever stops the block, also a full disk or Ctrl-C, leaves what was at `path`, and no scratch
    file. Two processes may write the same path at the same time. Raises OSError as the file system does.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield scratch
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
