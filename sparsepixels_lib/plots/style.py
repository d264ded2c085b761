"""The style of all pictures: colours, sources inside the panel, 16 bit solid and 8 bit dashed."""

import re
from collections.abc import Iterable
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.offsetbox import AnchoredText

COLORS = ["#5790fc", "#f89c20", "#e42536", "#964a8b", "#9c9ca1", "#7a21dd"]
GREY = COLORS[4]


def use_style() -> None:
    """Switch matplotlib to the style of this package: Petroff's colours, ticks inside on all sides."""
    plt.style.use(Path(__file__).with_name("sparsepixels.mplstyle"))


def label_source(ax: Axes, text: str, loc: str = "upper left") -> AnchoredText:
    """Say, small and inside the axes, where the numbers of a panel come from."""
    label = AnchoredText(text, loc=loc, frameon=False, pad=0.2, prop={"size": 7.5, "color": "#555555"})
    return ax.add_artist(label)


def split_bits(label: str) -> tuple[str, int | None]:
    """Network and number of bits in a label: "sparse N=20, 8 bit" is ("sparse N=20", 8)."""
    match = re.search(r",?\s*\b(\d+)[ -]bits?\b", label)
    return (label.replace(match[0], ""), int(match[1])) if match else (label, None)


def line_styles(labels: Iterable[str]) -> dict[str, dict[str, str]]:
    """Colour (one a network, in order) and line style (8 bit dashed, otherwise solid) of every label."""
    split = {label: split_bits(label) for label in labels}
    networks = list(dict.fromkeys(network for network, _ in split.values()))
    if len(networks) > len(COLORS):
        raise ValueError(f"{len(networks)} networks in one panel, but {len(COLORS)} colours: draw fewer, or two panels")
    return {
        label: {"color": COLORS[networks.index(network)], "linestyle": "--" if bits == 8 else "-"}
        for label, (network, bits) in split.items()
    }
