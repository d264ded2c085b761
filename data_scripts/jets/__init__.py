"""LHC jets, from the public files or from Pythia: download, prepare, generate, inspect.

    python -m data_scripts.jets download data/jets    the two archives of Zenodo record 3602260, verified and unpacked
    python -m data_scripts.jets prepare data/jets     makes data/jets/lhc_jets.npz of jetImage_*_150p_*.h5
    python -m data_scripts.jets generate data/jets    makes data/jets/lhc_jets_default.npz with Pythia 8
    python -m data_scripts.jets examples data/jets    makes data/jets/lhc_jets_raw.npz: five jets before the chain
    python -m data_scripts.jets inspect data/jets     shapes, classes, active pixels; without a folder: what ships

Then `sparsepixels_lib.load("lhc_jets", "train", "real", folder="data/jets")`. What is interrupted goes on where it
stopped when the same command is given again. The original files are only ever read.
"""

from .files import download
from .generation import GENERATED, RAW, examples, generate
from .inspection import inspect
from .output import CLASSES
from .preparation import PREPARED, SIZES, prepare
from .raw import raw_jets

__all__ = [
    "CLASSES",
    "GENERATED",
    "PREPARED",
    "RAW",
    "SIZES",
    "download",
    "examples",
    "generate",
    "inspect",
    "prepare",
    "raw_jets",
]
