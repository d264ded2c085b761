"""What the jets look like, and how near the synthetic ones come to the public sample."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from sparsepixels_lib.data.dataset import SPLITS, load
from sparsepixels_lib.data.occupancy import occupancy
from sparsepixels_lib.plots.scores import occupancy as plot_occupancy
from sparsepixels_lib.plots.style import use_style

from ..common.files import data_in
from ..common.summary import print_summary
from .generation import GENERATED
from .preparation import PREPARED

# The real images after sparsify_jets: percentiles of the active pixels in an image and of their values
REAL_ACTIVE = {"mean": 20.1, 5: 8, 25: 13, 50: 18.5, 75: 24, 95: 38}
REAL_VALUE = {10: 0.0038, 50: 0.0106, 90: 0.106}


def inspect(folder: str | Path | None = None, n: int | None = None, plot_to: str | Path | None = None) -> None:
    """Print shapes, classes and active pixels of the data in `folder`, real before synthetic (None: of what ships).

    `n` looks at the first n images of each split only, `plot_to` saves the plot of the test split. Raises as `load`.
    """
    data_in(folder, PREPARED, GENERATED)
    for split in SPLITS:
        data = load("lhc_jets", split, "auto", folder=folder, n=n)
        print_summary(data)
    print(f"{'':36}{'here':>10}{'real jets':>12}")
    for name, here, real in compare(data.images):
        print(f"{name:36}{here:10.4g}{real:12.4g}")
    if plot_to is not None:
        plot(data.images, data.source).savefig(plot_to)


def compare(images: np.ndarray) -> list[tuple[str, float, float]]:
    """Rows (quantity, of these images (n, 56, 56, 1), of the real jets): active pixels and values of active pixels."""
    counts, values = np.count_nonzero(images, axis=(1, 2, 3)), images[images > 0]
    rows = [("active pixels, mean", counts.mean(), REAL_ACTIVE["mean"])]
    rows += [(f"active pixels, {q} %", np.percentile(counts, q), r) for q, r in REAL_ACTIVE.items() if q != "mean"]
    rows += [(f"value of an active pixel, {q} %", np.percentile(values, q), r) for q, r in REAL_VALUE.items()]
    return [(name, float(here), real) for name, here, real in rows]


def plot(images: np.ndarray, source: str) -> Figure:
    """Validation of images (n, 56, 56, 1): active pixels, and the cumulative distributions with the real percentiles.

    The bars are what is accepted: 15 % for active pixels, 20 % for values. `source` is that of the `Dataset`.
    """
    use_style()
    figure, axes = plt.subplots(1, 3, figsize=(13, 3.6))
    plot_occupancy(axes[0], occupancy(images, 0))
    counts, values = np.count_nonzero(images, axis=(1, 2, 3)), images[images > 0]
    for ax, data, real, accepted in ((axes[1], counts, REAL_ACTIVE, 0.15), (axes[2], values, REAL_VALUE, 0.2)):
        ax.ecdf(data, label=source.partition(":")[0])
        percent, at = np.array([(q, x) for q, x in real.items() if q != "mean"]).T
        label = f"public sample ± {accepted:.0%}"
        ax.errorbar(at, percent / 100, xerr=accepted * at, fmt="o", color="C2", label=label)
        ax.legend(loc="center right")
    figure.suptitle(source, size=9)
    axes[1].set(xlabel="active pixels in an image", ylabel="share of the images, cumulative")
    axes[2].set(xlabel="value of an active pixel (1200 GeV)", ylabel="share of the pixels, cumulative", xscale="log")
    return figure
