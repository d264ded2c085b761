"""What the MicroBooNE windows look like, and how near the synthetic ones come to the published ones."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from sparsepixels_lib.data.dataset import SPLITS, Dataset, load

from ..common.files import data_in
from ..common.summary import print_summary
from .chain import SIGNAL
from .generation import GENERATED
from .preparation import PREPARED

# mean active pixels, share of empty windows and quantiles of the active pixels' values of the published test images
REAL = {"signal": 44, "all": 27, "empty": 0.18, "10 %": 0.231, "50 %": 0.300, "90 %": 0.505, "99 %": 0.786}


def inspect(folder: str | Path | None = None, n: int | None = None, plot_to: str | Path | None = None) -> None:
    """Print shapes, classes and active pixels of the data in `folder`, real before synthetic (None: of what ships).

    `n` looks at the first n windows of each split only, `plot_to` saves the plot of the test split. Raises as `load`.
    """
    data_in(folder, PREPARED, GENERATED)
    for split in SPLITS:
        data = load("microboone", split, folder=folder, n=n)
        print_summary(data)
    print(f"{'':36}{'here':>10}{'published':>12}")
    for name, here in figures(data).items():
        print(f"{name:36}{here:10.3f}{REAL[name]:12.3f}")
    if plot_to is not None:
        plot(data).savefig(plot_to, dpi=120)


def figures(data: Dataset) -> dict[str, float]:
    """What `REAL` holds, of these windows."""
    count, value = np.count_nonzero(data.images, axis=(1, 2, 3)), data.images[data.images > 0]
    signal = count[data.labels == SIGNAL]
    quantiles = {name: np.quantile(value, float(name[:2]) / 100) for name in REAL if name.endswith("%")}
    return {
        "signal": signal.mean() if len(signal) else np.nan,  # none among few windows
        "all": count.mean(),
        "empty": (count == 0).mean(),
        **quantiles,
    }


def plot(data: Dataset) -> Figure:
    """A figure of the active pixels of these windows and of their values, with the published means and quantiles."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    count, value = np.count_nonzero(data.images, axis=(1, 2, 3)), np.sort(data.images[data.images > 0])
    means = 2 * REAL["all"] - REAL["signal"], REAL["signal"]
    for label, color, mean in zip((0, 1), ("#5790fc", "#e42536"), means, strict=True):
        name = data.classes[label]
        own = count[data.labels == label]
        left.hist(own, np.arange(0, 251, 5), histtype="step", color=color, label=name)
        left.axvline(mean, color=color, ls=":", label=f"mean of the real {name}: {mean}")
        if len(own):
            left.axvline(own.mean(), color=color, lw=0.8, label="mean of these")
    left.set(xlabel="active pixels of a window", ylabel="windows", yscale="log", xlim=(0, 250))
    left.legend(fontsize="small")
    right.plot(value, np.linspace(0, 1, len(value)), color="#5790fc", label="these windows")
    points = {name: real for name, real in REAL.items() if name.endswith("%")}
    right.plot(points.values(), [float(name[:2]) / 100 for name in points], "o", color="#e42536", label="real windows")
    right.set(xlabel="value of an active pixel (1 = 3200 ADC)", ylabel="share of the active pixels below")
    right.legend()
    figure.suptitle(f"{data.name}, {data.split}: {data.source}", fontsize="small", wrap=True)
    return figure
