"""SparsePixels Lab: sparse quantized CNNs on compact arrays of active pixels, and their exact firmware.

Source of the method: arXiv 2512.06208.
"""

from . import _legacy_keras  # noqa: F401, I001  (first: TensorFlow must come up with legacy Keras)
from . import hls_plugin
from .converter import convert
from .data import load
from .emulation import compare_layers, emulate
from .exact import exact_predict
from .layers import AveragePooling2DSparse, InputReduce, MaxPooling2DSparse, QConv2DSparse, SparseFlatten
from .models import ARCHITECTURES, compact_model, sparse_cnn, standard_cnn
from .occupancy import occupancy
from .ops import densify
from .reference import reference_model
from .rtl import DESIGNS, Design, emit_rtl
from .simulation import simulate
from .synthesis import MissingTool, available_tools, synthesize
from .training import fit, reduce_dataset

__version__ = "0.2.0"
__all__ = [
    "ARCHITECTURES",
    "DESIGNS",
    "AveragePooling2DSparse",
    "Design",
    "InputReduce",
    "MaxPooling2DSparse",
    "MissingTool",
    "QConv2DSparse",
    "SparseFlatten",
    "available_tools",
    "compact_model",
    "compare_layers",
    "convert",
    "densify",
    "emit_rtl",
    "emulate",
    "exact_predict",
    "fit",
    "load",
    "occupancy",
    "reduce_dataset",
    "reference_model",
    "simulate",
    "sparse_cnn",
    "standard_cnn",
    "synthesize",
]

hls_plugin.register()
