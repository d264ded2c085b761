"""Run g++: several commands at a time, with headers that were compiled before, and words when it is not there."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from .kept import cache_folder, kept
from .process import MissingTool, started


class CompilerError(RuntimeError):
    """What g++ had to say of sources that do not compile."""


def compiler(purpose: str) -> str:
    """Which g++ this is, in its own words. Raises MissingTool, one line with the `purpose`, if there is none."""
    if not shutil.which("g++"):
        raise MissingTool(f"g++ is not on the PATH, so {purpose}: install it")
    return subprocess.run(["g++", "--version"], capture_output=True, text=True).stdout


def run(folder: Path, *commands: list[Any]) -> str:
    """What g++ says of `commands`, lists of arguments, run at the same time in `folder`.

    Raises CompilerError if one of them fails.
    """
    with ExitStack() as stack:
        options = {"stderr": subprocess.STDOUT, "env": {**os.environ, "LC_ALL": "C"}}  # `first_error` knows English
        processes = [stack.enter_context(started(["g++", *command], folder, **options)) for command in commands]
        said = "".join(process.communicate()[0].decode(errors="replace") for process in processes)
    if failed := [process for process in processes if process.returncode]:
        raise CompilerError(said or f"g++ ended with code {failed[0].returncode}")
    return said


def first_error(text: str) -> str:
    """The line of a compiler's output that says what is wrong."""
    lines = text.splitlines() or ["it said nothing"]
    return next((line for line in lines if re.search(r"%Error|\b[Ee]rror:|not found|\*\*\*", line)), lines[-1])


def precompile(header: Path, flags: list[str], includes: list[str], content: Iterable[str]) -> None:
    """Put beside `header` what g++ makes of it, kept for this g++, `flags` and `content`: all that it includes.

    `includes` are the flags that say where that is. Nothing if it does not compile or cannot be kept, which is not
    worth it for one use: g++ reads the text then.
    """
    if not (folder := cache_folder()):
        return

    def make(path: Path) -> None:
        run(header.parent, [*flags, *includes, "-x", "c++-header", header.name, "-o", path])

    what = [compiler("nothing compiles"), *flags, header.read_text(), *content]
    with suppress(CompilerError, OSError):
        made = kept("header", what, make, folder)
        header.with_name(f"{header.name}.gch").symlink_to(made)
