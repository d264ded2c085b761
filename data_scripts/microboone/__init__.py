"""MicroBooNE windows, from the public files or from a generator: download, prepare, generate, inspect.

    python -m data_scripts.microboone download data/microboone --count 1   one file of each sample; 83 GB in all
    python -m data_scripts.microboone prepare data/microboone              makes data/microboone/microboone.npz of them
    python -m data_scripts.microboone generate data/microboone             makes microboone_default.npz, needs no files
    python -m data_scripts.microboone readouts data/microboone             makes microboone_readouts.npz: whole readouts
    python -m data_scripts.microboone inspect data/microboone --plot x.png without a folder: what ships

Then `sparsepixels_lib.load("microboone", "train", "real", folder="data/microboone")`. The files hold simulated
neutrino interactions among recorded cosmic muons, by the MicroBooNE collaboration (CC BY 4.0); they are only ever read.
What is interrupted goes on where it stopped when the same command is given again; `readouts`, a minute, begins anew.

`prepare` splits *by event*: all windows of a readout, of whatever plane, are in the same of train, val and test, and
both classes come from the same planes; of thousands of windows with equally much signal one is drawn at random. With
`--split published` it makes what arXiv 2512.06208 used, to compare with: signal from planes 0 to 2, background from
plane 2 only, split window by window, and the first of equally good windows. It leaks: a network can learn the plane, or
the place in the window, instead of the neutrino, and is tested on readouts that it was trained on. It goes into the
folder `published`. `generate --place first` places the signal windows of the same synthetic readouts by the
published rule: `data_scripts.placement` measures what that alone does to the scores.
"""

from .generation import GENERATED, generate
from .inspection import inspect
from .preparation import PREPARED, SAMPLES, download, prepare
from .raw import example
from .readouts import READOUTS, generate_readouts

__all__ = [
    "GENERATED",
    "PREPARED",
    "READOUTS",
    "SAMPLES",
    "download",
    "example",
    "generate",
    "generate_readouts",
    "inspect",
    "prepare",
]
