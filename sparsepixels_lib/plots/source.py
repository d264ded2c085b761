"""The library's source, and the projects it writes, in a notebook: small enough to be shown. Needs IPython."""

from inspect import getsource
from pathlib import Path
from typing import Any

from IPython.display import Code

from ..paths import cpp_kernels

LANGUAGES = {".h": "cpp", ".hpp": "cpp", ".cpp": "cpp", ".sv": "systemverilog"}


def show_source(thing: Any) -> Code:
    """Highlighted source of a class or function of the library, or of the file at a path (C++ headers, SystemVerilog).

    Raises FileNotFoundError for a path without a file, TypeError for what has no Python source.
    """
    if isinstance(thing, (str, Path)):
        language = LANGUAGES.get(Path(thing).suffix, "python")
        return _Source(Path(thing).read_text(encoding="utf-8"), language=language)
    return _Source(getsource(thing), language="python")


def firmware_files(folder: str | Path) -> str:
    """The files of a converted project, a line each, with "<- sparse kernel" at those that are ours.

    Left out are hls4ml's own headers and the weights that stand a second time as text.
    """
    lines = []
    for path in sorted(path for path in Path(folder).rglob("*") if path.is_file() and path.suffix != ".txt"):
        inside = path.relative_to(folder)
        if (cpp_kernels() / path.name).exists():
            lines.append(f"{inside}    <- sparse kernel")
        elif not {"ap_types", "nnet_utils"} & {*inside.parts}:
            lines.append(f"{inside}")
    return "\n".join(lines)


class _Source(Code):
    def _repr_html_(self) -> str:  # nbconvert lets <pre> inherit the font of the text around it
        return f'<div style="font: 13px monospace">{super()._repr_html_()}</div>'
