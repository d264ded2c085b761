"""The library's source in a notebook: it is small enough to be shown. Needs IPython."""

from inspect import getsource
from pathlib import Path
from typing import Any

from IPython.display import Code

LANGUAGES = {".h": "cpp", ".hpp": "cpp", ".cpp": "cpp", ".sv": "systemverilog"}


def show_source(thing: Any) -> Code:
    """Highlighted source of a class or function of the library, or of the file at a path (C++ headers, SystemVerilog).

    Raises FileNotFoundError for a path without a file, TypeError for what has no Python source.
    """
    if isinstance(thing, (str, Path)):
        language = LANGUAGES.get(Path(thing).suffix, "python")
        return _Source(Path(thing).read_text(encoding="utf-8"), language=language)
    return _Source(getsource(thing), language="python")


class _Source(Code):
    def _repr_html_(self) -> str:  # nbconvert lets <pre> inherit the font of the text around it
        return f'<div style="font: 13px monospace">{super()._repr_html_()}</div>'
