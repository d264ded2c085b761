"""The style of all pictures: colours, sources inside the panel, 16 bit solid and 8 bit dashed.

What is drawn is called by a key: a `Network`, a text with its bits ("sparse", 8), or a text alone.
"""

from collections.abc import Iterable
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.offsetbox import AnchoredText

from ..network.networks import Network

COLORS = ["#5790fc", "#f89c20", "#e42536", "#964a8b", "#9c9ca1", "#7a21dd"]
GREY = COLORS[4]
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


def line_styles(keys: Iterable[Key]) -> dict[Key, dict[str, str]]:
    """Colour (one a text, in order) and line style (8 bit dashed, otherwise solid) of every key."""
    known = {key: named(key) for key in keys}
    texts = list(dict.fromkeys(text for text, _ in known.values()))
    if len(texts) > len(COLORS):
        raise ValueError(f"{len(texts)} networks in one panel, but {len(COLORS)} colours: draw fewer, or two panels")
    return {
        key: {"color": COLORS[texts.index(text)], "linestyle": "--" if bits == 8 else "-"}
        for key, (text, bits) in known.items()
    }
