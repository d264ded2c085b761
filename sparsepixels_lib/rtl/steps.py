"""A converted network as a list of integer-coded steps, from the input to the logits: what both emitters consume.

Weights and formats are those of hls4ml's ModelGraph, so the RTL has what the C++ has; sizes are those of the Keras
layers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from hls4ml.model.layers import Layer
from qkeras import QActivation, QConv2D, QDense

from ..cpp.emulate import CnnGraph
from ..cpp.nodes import codes_of
from ..network import layers
from ..network.graph import graph_nodes, logits_layer
from ..network.rules import RECIPROCAL_BITS
from ..numerics.codes import Codes

keras = tf.keras
KINDS = {
    layers.InputReduce: "reduce",
    layers.QConv2DSparse: "conv",
    layers.QDepthwiseConv2DSparse: "depthwise",
    layers.AveragePooling2DSparse: "average",
    layers.MaxPooling2DSparse: "maximum",
    layers.SparseFlatten: "flatten",
    QConv2D: "conv",
    keras.layers.AveragePooling2D: "average",
    keras.layers.MaxPooling2D: "maximum",
    keras.layers.Flatten: "flatten",
    QDense: "dense",
    QActivation: "activation",
}
MAX_LEVELS = 8  # of an adaptive threshold: LUTs grow with each
EXACT = {"RND_CONV"}, {"SAT", "SAT_SYM"}


@dataclass(frozen=True)
class Step:
    """One layer: its `kind`, a value of KINDS, the `name` of the Keras layer, and what is known of it.

    `image` (H, W) and `channels` of what goes in, `out_image` of what comes out; None behind a "flatten", where
    `channels` counts all values. `kernel` (K_h, K_w, C, filters), of a "depthwise" (K_h, K_w, C, 1), or (inputs, units)
    of Python's whole numbers times 2^-`weight_fraction`, and `bias`, times 2^-`bias_fraction`. `grid`: the format that
    a "reduce", an "activation" or a rounding "average" gives. `pool` (p, q); `reciprocal_bits` of an "average". `slots`
    of a "reduce" and its `levels`, the threshold first, in codes of its grid; with a `patch` (p, q) its `image` counts
    patches and its channels are theirs. `strides`, and the zeros `before` (above, left) of the image of a standard
    convolution.
    """

    kind: str
    name: str
    image: tuple[int, int] | None
    channels: int
    out_image: tuple[int, int] | None
    kernel: np.ndarray | None = None
    bias: tuple[int, ...] = ()
    weight_fraction: int = 0
    bias_fraction: int = 0
    grid: Codes | None = None
    pool: tuple[int, int] = (1, 1)
    reciprocal_bits: int = 0
    slots: int = 0
    levels: tuple[int, ...] = (0,)
    patch: tuple[int, int] | None = None
    strides: tuple[int, int] = (1, 1)
    before: tuple[int, int] = (0, 0)

    @property
    def out_channels(self) -> int:
        """Channels, or values, of what comes out."""
        if self.kind == "flatten" and self.image:
            return self.image[0] * self.image[1] * self.channels
        return self.kernel.shape[-1] if self.kind in ("conv", "dense") else self.channels

    def on_grid(self, x: Codes, more: int = 0) -> tuple[np.ndarray, list[int], int]:
        """Kernel and bias on the grid of the sum for inputs `x`, and that grid's fraction bits; `more` fraction bits
        come from a factor that is applied to the products later."""
        fraction = max(x.fraction + more + self.weight_fraction, self.bias_fraction)
        kernel = self.kernel * (1 << fraction - x.fraction - more - self.weight_fraction)
        return kernel, [b << fraction - self.bias_fraction for b in self.bias], fraction


def steps(hls_model: CnnGraph) -> list[Step]:
    """The steps of a network, in the order of the data; a standard CNN's begin behind the input's quantizer.

    Raises ValueError, by name, for what has no RTL.
    """
    model, computed = hls_model.keras_model, hls_model.computed()
    last, found, data, hash = logits_layer(model), [], None, None
    image, channels = tuple(model.input_shape[1:3]), model.input_shape[3]
    for keras_node in graph_nodes(model):
        layer, sources = keras_node.layer, [t._keras_history.layer for t in keras_node.keras_inputs]
        if not sources:
            continue
        if data and (sources[0] is not data or len(sources) > 1 and sources[1] is not hash):
            raise ValueError(f"{layer.name!r} does not take what the layer before it gives: only a chain has RTL.")
        if data or type(layer) is not QActivation:
            if type(layer) in KINDS:
                node = hls_model.graph.get(layer.name) or computed.get(layer.name)  # merged into the layer before it
                found.append(_step(layer, node, image, channels))
                image, channels = found[-1].out_image, found[-1].out_channels
            elif type(layer) is not keras.layers.Activation:  # before the logits it can only be linear
                raise ValueError(f"{layer.name!r} ({type(layer).__name__}) has no RTL.")
        data, hash = layer, layer if len(tf.nest.flatten(keras_node.outputs)) > 1 else hash
        if layer.name == last:
            break
    return found


def _step(layer, node: Layer | None, image: tuple[int, int] | None, channels: int) -> Step:
    kind, out, known = KINDS[type(layer)], image, {}
    match kind:
        case "reduce":
            _check_selection(layer)
            grid, (p, q) = _codes(node), layer.patch or (1, 1)
            levels = tuple(int(np.floor(level * 2.0**grid.fraction)) for level in layer.levels or [layer.threshold])
            known = {"slots": layer.n_active, "levels": levels, "grid": grid, "patch": layer.patch}
            image = out = layer.image_shape
            channels = 1 + p * q if layer.patch else channels
        case "activation":
            _check_rounding(node)
            known = {"grid": _codes(node)}
        case "conv" | "depthwise" | "dense":
            known = _weights(node)
        case "flatten":
            out = None
        case "average" | "maximum":
            known = {"pool": layer.pool_size}
            out = tuple(size // pool for size, pool in zip(image, layer.pool_size, strict=True))
    if kind == "average":
        rounded = node.get_attr("rounded_precision")
        known["reciprocal_bits"] = getattr(layer, "reciprocal_bits", RECIPROCAL_BITS)
        known["grid"] = codes_of(rounded.precision) if rounded else None
    if type(layer) is QConv2D:
        out = tuple(layer.output_shape[1:3])
        known |= {"strides": layer.strides, "before": _zeros_before(layer)}
    return Step(kind, layer.name, image, channels, out, **known)


def _check_selection(layer) -> None:
    if layer.selection == "largest":
        raise ValueError(
            f"{layer.name!r} with selection='largest' has no RTL: it would have to sort. Take 'adaptive' with a few "
            "levels (fit_levels), or its C++, which is exact: use emulate."
        )
    if layer.levels and len(layer.levels) > MAX_LEVELS:
        raise ValueError(
            f"{layer.name!r} with {len(layer.levels)} levels has no RTL, which counts pixels above each of at most "
            f"{MAX_LEVELS}: take fewer, or its C++, which is exact: use emulate."
        )


def _codes(node: Layer) -> Codes:
    return codes_of(node.get_output_variable().type.precision)


def _check_rounding(node: Layer) -> None:
    precision = node.get_output_variable().type.precision
    modes = [str(getattr(precision, mode, "")).split(".")[-1] for mode in ("rounding_mode", "saturation_mode")]
    if any(mode not in known for mode, known in zip(modes, EXACT, strict=True)):
        raise ValueError(f"{node.name!r}: the RTL rounds half to even and saturates, not as {precision}.")


def _weights(node: Layer) -> dict:
    """Kernel and bias of a node as whole numbers on the grids of their types."""
    found = {}
    for name, field in (("weight", "kernel"), ("bias", "bias")):
        variable = node.get_weights(name)
        fraction = codes_of(variable.type.precision).fraction
        scaled = np.ldexp(variable.data, fraction)
        whole = np.frompyfunc(int, 1, 1)(scaled)
        if (whole != scaled).any():
            raise ValueError(f"{node.name!r}: its weights are not on the grid of their types.")
        found |= {field: whole, f"{name}_fraction": fraction}
    if node.get_attr("_weights_transposed"):  # by hls4ml, for its strategy Resource
        kernel = found["kernel"]
        found["kernel"] = kernel.T if kernel.ndim == 2 else kernel.transpose(1, 2, 3, 0)
    return found | {"bias": tuple(found["bias"].tolist())}


def _zeros_before(layer) -> tuple[int, int]:
    """Zeros above and left of the image of a convolution."""
    if layer.padding != "same":
        return 0, 0
    ends = zip(layer.output_shape[1:3], layer.strides, layer.kernel_size, layer.input_shape[1:3], strict=True)
    above, left = (max((out - 1) * stride + size - length, 0) // 2 for out, stride, size, length in ends)
    return above, left
