"""Which networks can be evaluated exactly, and how large their sums can get: known from quantizers and weights alone.

Every value of a QKeras network is a whole number of LSBs. As long as no sum can exceed 2^53 LSBs, float64 holds it
exactly, whatever the order of summation. What has no such meaning is refused here, before anything is computed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf
from qkeras import QActivation, QConv2D, QDense

from ..numerics.fixed_point import Fixed, fixed, reciprocal_code
from .layers import NOT_SCALED, AveragePooling2DSparse, InputReduce, MaxPooling2DSparse, QConv2DSparse, SparseFlatten
from .supported import check_layers, graph_model

keras = tf.keras
RECIPROCAL_BITS = 16  # of a standard AveragePooling2D, which has no such attribute
FINAL = {"linear": tf.identity, "sigmoid": tf.sigmoid, "softmax": tf.nn.softmax}


@dataclass(frozen=True)
class Range:
    """What is known of a tensor before any data: values are multiples of 2^-fraction, at most `largest` in size.

    `slots`: at most so many positions hold anything but zero, each with `channels` channels (None: all may). `signed`:
    some may be negative.
    """

    fraction: int
    largest: float
    slots: int | None = None
    channels: int = 1
    signed: bool = False

    def checked(self, layer) -> Range:
        bits = np.log2(max(self.largest, 2.0**-self.fraction)) + self.fraction
        if bits > 53:
            raise ValueError(
                f"The sums of layer {layer.name!r} may need {bits:.1f} bits; exact evaluation in float64 holds 53. "
                "Use fewer bits, smaller weights, or fewer reciprocal_bits in the average pooling before it."
            )
        return self


def ranges(model: keras.Model) -> dict:
    """The Range of every layer's output, by layer name; layers that also give a hash have (Range, image shape (H, W)).

    Raises ValueError if a sum may not fit 53 bits, for weights that are not finite, and for every model that has no
    exact meaning: layers, options and quantizers that `supported` does not list, several inputs or outputs, reused
    layers, an image_shape that is not the image's. TypeError for what is no tf.keras model.
    """
    model = graph_model(model)
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError(
            f"{model.name!r} has {len(model.inputs)} inputs and {len(model.outputs)} outputs. Give the model that "
            "takes images and has one output; of a compact model, the image model it shares its weights with."
        )
    check_layers(model)
    if len(model.input_shape) != 4 or None in model.input_shape[1:]:
        raise ValueError(
            f"{model.name!r} takes {model.input_shape}: images (batch, height, width, channels) are needed."
        )
    if len({layer.format for layer in model.layers if type(layer) is InputReduce}) > 1:
        raise ValueError(f"{model.name!r} quantizes its images in two ways: give all InputReduce one input_quantizer.")
    return walk(model, None, lambda layer, inputs: _range(layer, inputs, last=layer is model.layers[-1]))


def walk(model: keras.Model, images, rule) -> dict:
    """Apply `rule(layer, inputs)` along the graph, beginning with `images`; outputs by layer name."""
    tensors, by_name = {}, {}
    for node in graph_nodes(model):
        if node.layer.name in by_name:
            raise ValueError(f"Layer {node.layer.name!r} is used twice: make a second layer.")
        inputs = [tensors[id(t)] for t in node.keras_inputs]
        out = rule(node.layer, inputs) if inputs else images
        by_name[node.layer.name] = out
        outputs = tf.nest.flatten(node.outputs)
        tensors.update(zip(map(id, outputs), out if len(outputs) > 1 else [out], strict=True))
    return by_name


def graph_nodes(model: keras.Model) -> list:
    """Keras' nodes of this model, in the order of the data: a layer may have others, in other models."""
    return [node for depth in sorted(model._nodes_by_depth, reverse=True) for node in model._nodes_by_depth[depth]]


def layer_before(model: keras.Model, layer) -> keras.layers.Layer:
    """The layer of `model` whose output `layer` takes (the features, where it takes a hash, too)."""
    node = next(node for node in graph_nodes(model) if node.layer is layer)
    return node.keras_inputs[0]._keras_history.layer


def pixel_format(model: keras.Model) -> Fixed:
    """The fixed-point format of the pixels, given by the first layer. Raises ValueError if that says nothing of it."""
    first = next(node.layer for node in graph_nodes(model) if node.keras_inputs)
    if isinstance(first, InputReduce):
        return first.format
    if type(first) is QActivation:
        return _format(first, first.quantizer)
    raise ValueError(
        f"The model must begin with InputReduce or with a QActivation that quantizes the images, not {first.name!r}."
    )


def check_images(images, model: keras.Model) -> np.ndarray:
    """`images` as an array, if they are finite floats (B, H, W, C) on the scale of a `graph_model`; else an error."""
    if hasattr(images, "images"):
        raise TypeError(f"This is a {type(images).__name__}: pass its .images.")
    if len(model.inputs) != 1:
        raise ValueError(
            f"{model.name!r} has {len(model.inputs)} inputs and takes no images alone; if they are reduced arrays, "
            "pass the image model it shares its weights with."
        )
    return scaled_images(images, tuple(model.input_shape[1:]), pixel_format(model), f"{model.name!r}")


def scaled_images(images, shape: tuple[int, ...], pixel: Fixed, taker: str) -> np.ndarray:
    """`images` as an array in the machine's byte order, if they are finite floats (B, *shape) on the scale of `pixel`.

    Raises TypeError and ValueError otherwise; `taker` is what takes them, in words.
    """
    if isinstance(images, np.ma.MaskedArray):
        raise TypeError("The images are a masked array: fill it, images.filled(0), or masked pixels would count.")
    try:
        images = np.asarray(images)
    except Exception as error:
        why = " ".join(str(error).split(". ")[0].split())
        raise TypeError(f"An array of images is needed, not {type(images).__name__}: {why}.") from None
    if images.dtype.kind not in "fiu":
        raise TypeError(f"An array of floats is needed as images, not {type(images).__name__} of {images.dtype}.")
    if images.dtype.kind != "f":
        raise TypeError(f"The images are {images.dtype}: {NOT_SCALED}.")
    if images.shape[1:] != shape:
        sizes = ", ".join(map(str, shape))
        raise ValueError(f"The images have shape {images.shape}, but {taker} takes (batch, {sizes}).")
    if not np.isfinite(images).all():
        raise ValueError(f"{np.count_nonzero(~np.isfinite(images))} pixels are NaN or infinite.")
    for name, extreme in (("largest", images.max(initial=0)), ("smallest", images.min(initial=0))):
        if abs(extreme) > 2 * pixel.max:  # what is a little too large saturates, as in hardware
            raise ValueError(f"The {name} pixel is {extreme:g}, far beyond {pixel.max:g}: {NOT_SCALED}.")
    return images.astype(images.dtype.newbyteorder("="), copy=False)


def weight_format(layer, name: str) -> Fixed:
    """The format of the "kernel" or "bias" of a QKeras or sparse layer.

    QKeras computes with a quantizer of its own, which it may have given a scale (alpha None becomes "auto_po2"): that
    is the one that is read. Raises ValueError for a layer without quantizers and for one that has no exact meaning.
    """
    given = getattr(layer, f"{name}_quantizer", None)
    used = getattr(layer, f"{name}_quantizer_internal", getattr(layer, f"_quantize_{name}", given))
    if used is None:
        raise ValueError(
            f"Layer {layer.name!r} has no {name}_quantizer: without a fixed-point type it has no exact meaning."
        )
    form = _format(layer, used)
    if form != _format(layer, given):
        raise ValueError(f"Layer {layer.name!r}: its {name}_quantizer was changed after it was built: build it again.")
    return form


def _format(layer, quantizer) -> Fixed:
    try:
        return fixed(quantizer)
    except ValueError as error:
        raise ValueError(f"Layer {layer.name!r}: {error}") from None


def quantized_weights(layer) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias (zeros where there is none) of a QKeras or sparse layer on their grids, in float64.

    Raises ValueError, naming the layer, for one without quantizers and for weights that are not finite.
    """
    weights = []
    for name in ("kernel", "bias") if layer.use_bias else ("kernel",):
        grid, values = weight_format(layer, name), getattr(layer, name).numpy()
        if wrong := np.count_nonzero(~np.isfinite(values)):
            raise ValueError(
                f"Layer {layer.name!r}: {wrong} of {values.size} {name} weights are NaN or infinite. Train it again "
                "with a lower learning_rate, or load the weights again."
            )
        weights.append(grid.quantize(values))
    return weights[0], weights[1] if layer.use_bias else np.zeros(weights[0].shape[-1])


COMPACT = (QConv2DSparse, AveragePooling2DSparse, MaxPooling2DSparse, SparseFlatten)


def _check_inputs(layer, inputs) -> None:
    """Raises ValueError for a layer that takes something else than it is made for."""
    found = tuple("images" if x is None else "hash" if isinstance(x, tuple) else "features" for x in inputs)
    kind = type(layer)
    wanted = ("features", "hash") if kind in COMPACT else ("images",) if kind is InputReduce else ("features",)
    if found != wanted and not (kind is QActivation and found == ("images",)):
        raise ValueError(
            f"Layer {layer.name!r} ({kind.__name__}) takes {' and '.join(found)}, not {' and '.join(wanted)}; a model "
            "must begin with InputReduce on the images, or with a QActivation that quantizes them."
        )
    try:
        rank = len(layer.input_shape)
    except AttributeError:  # Keras' words are of nodes
        raise ValueError(
            f"Layer {layer.name!r} is also part of a model for images of another size: use keras.models.clone_model."
        ) from None
    if kind in (QDense, keras.layers.Activation) and rank != 2:
        raise ValueError(
            f"Layer {layer.name!r} ({kind.__name__}): put a Flatten before it, in a sparse network a SparseFlatten."
        )
    if kind is keras.layers.Flatten and rank == 3:
        raise ValueError(f"Layer {layer.name!r}: features of slots are flattened by SparseFlatten, with their hash.")


def _range(layer, inputs, last: bool):
    _check_inputs(layer, inputs)
    kind = type(layer)
    x, *shape = inputs if inputs != [None] else [Range(0, 0.0)]  # the first layer quantises whatever images hold
    if kind is InputReduce:
        pixel, (height, width) = layer.format, layer.input_shape[1:3]
        return _quantized(pixel, Range(0, 0.0, layer.n_active)), (height, width)
    if shape and hasattr(layer, "image_shape") and layer.image_shape != shape[0]:
        raise ValueError(
            f"Layer {layer.name!r} has image_shape {layer.image_shape}, but the image there is {shape[0]}."
        )
    if kind in (QConv2DSparse, QConv2D, QDense):
        return _weighted_sum(layer, x)
    if kind is keras.layers.AveragePooling2D:
        return _average(layer, x)
    if kind in (AveragePooling2DSparse, MaxPooling2DSparse):
        pooled = tuple(s // p for s, p in zip(shape[0], layer.pool_size, strict=True))
        return _average(layer, x) if kind is AveragePooling2DSparse else x, pooled
    if kind is QActivation:
        return _quantized(_format(layer, layer.quantizer), x)
    if kind is keras.layers.Activation and layer.activation.__name__ != "linear" and not last:
        raise ValueError(
            f"Layer {layer.name!r} ({layer.activation.__name__}) has no exact meaning but at the end of a network: use "
            "QActivation."
        )
    return x  # a maximum, a flattening, a linear or the last activation


def _weighted_sum(layer, x: Range) -> Range:
    kernel, bias = quantized_weights(layer)
    bias_fraction = weight_format(layer, "bias").fraction if layer.use_bias else 0
    fraction = max(x.fraction + weight_format(layer, "kernel").fraction, bias_fraction)
    sparse = type(layer) is QConv2DSparse
    channels = kernel.shape[2] if sparse else x.channels
    per_position = np.abs(kernel).reshape(-1, channels, kernel.shape[-1])
    at_most = x.slots or len(per_position)  # so many positions hold a pixel
    heaviest = np.sort(per_position, axis=0)[-at_most:]
    largest = x.largest * heaviest.sum(axis=(0, 1)).max() + np.abs(bias).max()
    slots = {"slots": x.slots, "channels": layer.filters} if sparse else {}
    formats = [weight_format(layer, name) for name in (("kernel", "bias") if layer.use_bias else ("kernel",))]
    signed = x.signed or any(f.signed for f in formats)
    return Range(fraction, largest, **slots, signed=signed).checked(layer)


def _average(layer, x: Range) -> Range:
    area = layer.pool_size[0] * layer.pool_size[1]
    code, k = reciprocal_code(area, getattr(layer, "reciprocal_bits", RECIPROCAL_BITS))
    largest = x.largest * min(x.slots or area, area) * code / 2**k
    out = replace(x, fraction=x.fraction + k, largest=largest).checked(layer)
    return _quantized(fixed(layer.output_quantizer), out) if getattr(layer, "output_quantizer", None) else out


def _quantized(f: Fixed, x: Range) -> Range:
    return replace(x, fraction=f.fraction, largest=max(f.max, -f.min), signed=f.signed)
