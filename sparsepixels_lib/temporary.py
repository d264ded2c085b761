"""A folder for the tools that cannot do with any path."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def plain_folder() -> Iterator[Path]:
    """A temporary folder whose path make and Yosys' ABC take: ASCII letters, digits and _ . + - only, whatever TMPDIR.

    Raises OSError, naming TMPDIR, where there is none.
    """
    for place in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        if re.fullmatch(r"[\w/.+-]+", place, re.ASCII) and os.access(place, os.W_OK | os.X_OK):
            with tempfile.TemporaryDirectory(dir=place) as folder:
                yield Path(folder)
            return
    raise OSError(
        f"make and ABC take no temporary folder with a space, a quote or the like in its path: set TMPDIR, now "
        f"{tempfile.gettempdir()!r}, to another folder"
    )
