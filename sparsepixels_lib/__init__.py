"""SparsePixels Lab: sparse quantized CNNs on compact arrays of active pixels, and their exact firmware.

Source of the method: arXiv 2512.06208.
"""

from . import _legacy_keras  # noqa: F401, I001  (first: TensorFlow must come up with legacy Keras)
from .cpp import plugin
from .cpp.convert import convert
from .cpp.emulate import compare_layers, emulate
from .data.chains import sparsify_jets, sparsify_mnist
from .data.dataset import load
from .data.levels import fit_levels
from .data.occupancy import occupancy
from .data.sliding import slide
from .measure.check import check_rtl
from .measure.simulation import simulate
from .measure.synthesis import available_tools, synthesize
from .network import layers, models, ops
from .network.exact import exact_predict, exact_trace
from .network.layers import (
    AveragePooling2DSparse,
    InputReduce,
    MaxPooling2DSparse,
    QConv2DSparse,
    QDepthwiseConv2DSparse,
    SparseFlatten,
)
from .network.maps import layer_maps
from .network.models import ARCHITECTURES, compact_model, sparse_cnn, standard_cnn
from .network.ops import densify
from .network.networks import Network, published_model, published_predictions, reference_model
from .network.reference import reference_scores
from .network.training import fit, reduce_dataset
from .numerics.quantizers import fixed
from .paths import cpp_kernels, rtl_modules
from .rtl.design import DESIGNS, Design
from .rtl.emit import emit_rtl
from .tools.process import MissingTool

__version__ = "0.2.0"
__all__ = [
    "ARCHITECTURES",
    "DESIGNS",
    "AveragePooling2DSparse",
    "Design",
    "InputReduce",
    "MaxPooling2DSparse",
    "MissingTool",
    "Network",
    "QConv2DSparse",
    "QDepthwiseConv2DSparse",
    "SparseFlatten",
    "available_tools",
    "check_rtl",
    "compact_model",
    "compare_layers",
    "convert",
    "cpp_kernels",
    "densify",
    "emit_rtl",
    "emulate",
    "exact_predict",
    "exact_trace",
    "fit",
    "fit_levels",
    "fixed",
    "layer_maps",
    "layers",
    "load",
    "models",
    "occupancy",
    "ops",
    "published_model",
    "published_predictions",
    "reduce_dataset",
    "reference_model",
    "reference_scores",
    "rtl_modules",
    "simulate",
    "sparse_cnn",
    "slide",
    "sparsify_jets",
    "sparsify_mnist",
    "standard_cnn",
    "synthesize",
]

plugin.register()
