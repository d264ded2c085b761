"""The library's source, and the projects it writes, in a notebook: small enough to be shown. Needs IPython."""

from base64 import b64encode
from html import escape
from inspect import getsource
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from IPython.display import Code
from matplotlib.figure import Figure

from ..paths import cpp_kernels

LANGUAGES = {".h": "cpp", ".hpp": "cpp", ".cpp": "cpp", ".sv": "systemverilog"}


def show_source(thing: Any) -> Code:
    """Highlighted source of a class or function of the library, or of the file at a path (C++ headers, SystemVerilog).

    It is folded: its name and number of lines stand there, a click opens it. Raises FileNotFoundError for a path
    without a file, TypeError for what has no Python source.
    """
    if isinstance(thing, (str, Path)):
        path = Path(thing)
        return _Source(path.name, path.read_text(encoding="utf-8"), LANGUAGES.get(path.suffix, "python"))
    return _Source(thing.__qualname__, getsource(thing), "python")


def folded(title: str, text: str) -> Code:
    """A listing, such as a model's summary or the files of a project, behind its title; a click opens it."""
    return _Source(title, text, "text")


def folded_figure(title: str, figure: Figure) -> "_Picture":
    """A figure behind its title, which is also its alternative text; a click opens it. It is closed for pyplot.

    Where no HTML is shown, as on GitHub, it stands there unfolded.
    """
    figure.savefig(png := BytesIO(), format="png")
    plt.close(figure)
    return _Picture(title, png.getvalue())


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


class _Picture:
    def __init__(self, title: str, png: bytes) -> None:
        self.title, self.png = title, png

    def _repr_png_(self) -> bytes:
        return self.png

    def _repr_html_(self) -> str:
        return _details(
            self.title, f'<img alt="{escape(self.title)}" src="data:image/png;base64,{b64encode(self.png).decode()}">'
        )


class _Source(Code):
    def __init__(self, title: str, text: str, language: str) -> None:
        super().__init__(text, language=language)
        self.title = title

    def _repr_html_(self) -> str:  # nbconvert lets <pre> inherit the font of the text around it
        lines = len(self.data.splitlines())
        return _details(f"{self.title} ({lines} line{'s' * (lines > 1)})", super()._repr_html_())


def _details(title: str, html: str) -> str:
    summary = f'<summary style="cursor: pointer">{escape(title)}</summary>'
    return f'<details style="font: 13px monospace">{summary}{html}</details>'
