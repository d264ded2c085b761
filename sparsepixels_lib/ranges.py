"""Which networks can be evaluated exactly, and how large their sums can get: known from quantizers and weights alone.

Every value of a QKeras network is a whole number of LSBs. As long as no sum can exceed 2^53 LSBs, float64 holds it
exactly, whatever the order of summation. What has no such meaning is refused here, before anything is computed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf
from qkeras import QActivation, QConv2D, QDense

from .fixed_point import Fixed, fixed, reciprocal_code
from .layers import NOT_SCALED, AveragePooling2DSparse, InputReduce, MaxPooling2DSparse, QConv2DSparse, SparseFlatten

keras = tf.keras
RECIPROCAL_BITS = 16  # of a standard AveragePooling2D, which has no such attribute
FINAL = {"linear": tf.identity, "sigmoid": tf.sigmoid, "softmax": tf.nn.softmax}


@dataclass(frozen=True)
class Range:
    """What is known of a tensor before any data: values are multiples of 2^-fraction, at most `largest` in size.

    `slots`: at most so many positions hold anything but zero, each with `channels` channels (None: all may).
    """

    fraction: int
    largest: float
    slots: int | None = None
    channels: int = 1

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

    Raises ValueError if a sum may not fit 53 bits, and for every model that has no exact meaning: several inputs or
    outputs, unknown or reused layers, an activation in the middle, an image_shape that is not the image's.
    """
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError(
            f"{model.name!r} has {len(model.inputs)} inputs and {len(model.outputs)} outputs. Give the model that "
            "takes images and has one output; a compact-input model shares its weights with its image model."
        )
    return walk(model, None, lambda layer, inputs: _range(layer, inputs, last=layer is model.layers[-1]))


def walk(model: keras.Model, images, rule) -> dict:
    """Apply `rule(layer, inputs)` along the graph, beginning with `images`; outputs by layer name."""
    tensors, by_name = {}, {}
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            if node.layer.name in by_name:
                raise ValueError(f"Layer {node.layer.name!r} is used twice: make a second layer.")
            inputs = [tensors[id(t)] for t in node.keras_inputs]
            out = rule(node.layer, inputs) if inputs else images
            by_name[node.layer.name] = out
            outputs = tf.nest.flatten(node.outputs)
            tensors.update(zip(map(id, outputs), out if len(outputs) > 1 else [out], strict=True))
    return by_name


def pixel_format(model: keras.Model) -> Fixed:
    """The fixed-point format of the pixels, given by the first layer. Raises ValueError if that says nothing of it."""
    first = next(layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer))
    if isinstance(first, InputReduce):
        return first.format
    if type(first) is QActivation:
        return fixed(first.activation)
    raise ValueError(
        f"The model must begin with InputReduce or with a QActivation that quantizes the images, not {first.name!r}."
    )


def check_images(images, model: keras.Model) -> np.ndarray:
    """`images` as an array, if they are finite floats (B, H, W, C) on the model's scale; else a clear error."""
    if hasattr(images, "images"):
        raise TypeError(f"This is a {type(images).__name__}: pass its .images.")
    if len(model.inputs) != 1:
        raise ValueError(f"{model.name!r} takes reduced arrays; pass the image model it shares its weights with.")
    images, shape = np.asarray(images), model.input_shape[1:]
    if images.dtype.kind != "f":
        raise TypeError(f"The images are {images.dtype}: {NOT_SCALED}.")
    if images.shape[1:] != tuple(shape):
        sizes = ", ".join(map(str, shape))
        raise ValueError(f"The images have shape {images.shape}, but the model takes (batch, {sizes}).")
    if not np.isfinite(images).all():
        raise ValueError(f"{np.count_nonzero(~np.isfinite(images))} pixels are NaN or infinite.")
    pixel, largest = pixel_format(model), images.max(initial=0)
    if largest > 2 * pixel.max:  # what is a little too large saturates, as in hardware
        raise ValueError(f"The largest pixel is {largest:g}, far above {pixel.max:g}: {NOT_SCALED}.")
    return images


def quantized_weights(layer) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias (zeros where there is none) of a QKeras or sparse layer on their grids, in float64.

    Raises ValueError for a layer without quantizers.
    """
    names = ("kernel", "bias") if layer.use_bias else ("kernel",)
    for name in names:
        if getattr(layer, f"{name}_quantizer", None) is None:
            raise ValueError(
                f"Layer {layer.name!r} has no {name}_quantizer: without a fixed-point type it has no exact meaning."
            )
    weights = [fixed(getattr(layer, f"{name}_quantizer")).quantize(getattr(layer, name).numpy()) for name in names]
    return weights[0], weights[1] if layer.use_bias else np.zeros(weights[0].shape[-1])


def _range(layer, inputs, last: bool):
    x, *shape = inputs if inputs != [None] else [Range(0, 0.0)]  # the first layer quantises whatever images hold
    kind = type(layer)  # a subclass may mean something else
    if kind is InputReduce and inputs == [None]:
        pixel, (height, width) = layer.format, layer.input_shape[1:3]
        return Range(pixel.fraction, max(pixel.max, -pixel.min), layer.n_active), (height, width)
    if shape and hasattr(layer, "image_shape") and layer.image_shape != shape[0]:
        raise ValueError(
            f"Layer {layer.name!r} has image_shape {layer.image_shape}, but the image there is {shape[0]}."
        )
    if kind in (QConv2DSparse, QConv2D, QDense):
        if getattr(layer, "activation", None) not in (None, keras.activations.linear):
            raise ValueError(f"Give the activation of layer {layer.name!r} as a QActivation layer of its own.")
        if kind is QConv2D and tuple(layer.dilation_rate) != (1, 1):
            raise ValueError(f"Layer {layer.name!r}: dilated convolutions are not supported.")
        return _weighted_sum(layer, x)
    if kind in (keras.layers.AveragePooling2D, keras.layers.MaxPooling2D):
        if tuple(layer.strides) != tuple(layer.pool_size) or layer.padding != "valid":
            raise ValueError(f"Pooling {layer.name!r}: only non-overlapping 'valid' windows are supported.")
        return _average(layer, x) if kind is keras.layers.AveragePooling2D else x
    if kind in (AveragePooling2DSparse, MaxPooling2DSparse):
        pooled = tuple(s // p for s, p in zip(shape[0], layer.pool_size, strict=True))
        return _average(layer, x) if kind is AveragePooling2DSparse else x, pooled
    if kind is QActivation:
        return _quantized(fixed(layer.activation), x)
    if kind in (SparseFlatten, keras.layers.Flatten):
        return x
    if kind is keras.layers.Activation and layer.activation.__name__ in (FINAL if last else ("linear",)):
        return x
    raise ValueError(
        f"Layer {layer.name!r} ({kind.__name__}) has no exact meaning here. Known are InputReduce on the images, "
        "the other sparse layers, QConv2D, QDense, QActivation, AveragePooling2D, MaxPooling2D, Flatten, and at the "
        "end an Activation of sigmoid, softmax or linear."
    )


def _weighted_sum(layer, x: Range) -> Range:
    kernel, bias = quantized_weights(layer)
    bias_fraction = fixed(layer.bias_quantizer).fraction if layer.use_bias else 0
    fraction = max(x.fraction + fixed(layer.kernel_quantizer).fraction, bias_fraction)
    sparse = type(layer) is QConv2DSparse
    channels = kernel.shape[2] if sparse else x.channels
    per_position = np.abs(kernel).reshape(-1, channels, kernel.shape[-1])
    at_most = x.slots or len(per_position)  # so many positions hold a pixel
    heaviest = np.sort(per_position, axis=0)[-at_most:]
    largest = x.largest * heaviest.sum(axis=(0, 1)).max() + np.abs(bias).max()
    out = Range(fraction, largest, x.slots, layer.filters) if sparse else Range(fraction, largest)
    return out.checked(layer)


def _average(layer, x: Range) -> Range:
    area = layer.pool_size[0] * layer.pool_size[1]
    code, k = reciprocal_code(area, getattr(layer, "reciprocal_bits", RECIPROCAL_BITS))
    largest = x.largest * min(x.slots or area, area) * code / 2**k
    out = replace(x, fraction=x.fraction + k, largest=largest).checked(layer)
    return _quantized(fixed(layer.output_quantizer), out) if getattr(layer, "output_quantizer", None) else out


def _quantized(f: Fixed, x: Range) -> Range:
    return replace(x, fraction=f.fraction, largest=max(f.max, -f.min))
