"""How a program is run: in a group of its own that ends with the block, and in a folder that any program can name."""

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast


class MissingTool(RuntimeError):
    """A tool is not installed or not on the PATH. The message is one line, fit to be shown in place of results."""


@contextmanager
def started(command: list[Any], folder: Path | None = None, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process, its stdout a pipe unless `options` of Popen say otherwise, that ends with all it has started when the
    block ends: also on Ctrl-C."""
    options = {"stdout": subprocess.PIPE, "start_new_session": True} | options
    process = cast("subprocess.Popen[bytes]", subprocess.Popen(list(map(str, command)), cwd=folder, **options))
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


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
