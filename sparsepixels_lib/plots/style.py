"""The style of all pictures: colours, sources inside the panel, 16 bit solid and 8 bit dashed.

What is drawn is called by a key: a `Network`, a text with its bits ("sparse", 8), or a text alone.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.offsetbox import AnchoredText

from ..network.networks import Network

COLORS = ["#5790fc", "#f89c20", "#e42536", "#964a8b", "#9c9ca1", "#7a21dd"]
GREY = COLORS[4]
# One colour a network in all figures. A line through all N has that of the largest.
OF_NETWORK = {"standard": COLORS[1], "sparse": COLORS[0]} | {
    f"sparse N={n}": COLORS[i] for n, i in ((20, 0), (16, 5), (12, 3), (8, 2))
}
OF_SELECTION = {"sparse adaptive": "#bd1f01", "sparse largest": "#7f9f2f", "sparse, patches": "#c3a3dc"}
OF_SELECTION |= {"sparse adaptive, patches": "#832db6", "sparse largest, patches": "#d667b0"}
OTHERS = ["#717581", "#b9ac70", "#92dadd", "#a96b59"]  # of what is no network; Petroff's, too
Key = Network | tuple[str, int] | str


def use_style() -> None:
    """Switch matplotlib to the style of this package: Petroff's colours, ticks inside on all sides."""
    plt.style.use(Path(__file__).with_name("sparsepixels.mplstyle"))


def label_source(ax: Axes, text: str, loc: str = "upper left") -> AnchoredText:
    """Say, small and inside the axes, where the numbers of a panel come from."""
    label = AnchoredText(text, loc=loc, frameon=False, pad=0.2, prop={"size": 7.5, "color": "#555555"})
    return ax.add_artist(label)


def named(key: Key) -> tuple[str, int | None]:
    """Text and bits of what a curve or a bar is called."""
    if isinstance(key, Network):
        return key.kind, key.bits
    return key if isinstance(key, tuple) else (key, None)


def label(key: Key) -> str:
    """What a legend says: "sparse N=20, 8 bit"."""
    text, bits = named(key)
    return text if bits is None else f"{text}, {bits} bit"


def _fixed_color(text: str) -> str | None:
    """Of a network, whatever else is drawn: of one that chooses, by how it does, whatever N and the patches."""
    return OF_NETWORK.get(text) or OF_SELECTION.get(re.sub(r" N=\d+| \d+ x \d+", "", text))


def line_styles(keys: Iterable[Key]) -> dict[Key, dict[str, str]]:
    """Colour and line style (8 bit dashed, otherwise solid) of every key.

    A network has the same colour in every figure, any other text one that no network has, as long as there are some.
    Raises ValueError for more such texts than colours.
    """
    known = {key: named(key) for key in keys}
    texts = dict.fromkeys(text for text, _ in known.values())
    colors = {text: color for text in texts if (color := _fixed_color(text))}
    free = (OTHERS + [color for color in COLORS if color not in colors.values()])[: len(COLORS)]
    others = [text for text in texts if text not in colors]
    if len(others) > len(free):
        raise ValueError(f"{len(others)} names without a colour of their own, but {len(free)} colours: draw two panels")
    colors |= dict(zip(others, free, strict=False))
    return {
        key: {"color": colors[text], "linestyle": "--" if bits == 8 else "-"} for key, (text, bits) in known.items()
    }
