"""Exact evaluation: the Keras network in float64 on fixed-point grids, number for number what the hardware computes.

Every value is a whole number of LSBs. As long as no sum can exceed 2^53 LSBs, float64 holds it exactly
whatever the order of summation; a network whose sums might is refused before anything is computed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from qkeras import QActivation, QConv2D, QDense

from . import ops
from .fixed_point import fixed, reciprocal
from .layers import NOT_SCALED, AveragePooling2DSparse, InputReduce, MaxPooling2DSparse, QConv2DSparse, SparseFlatten

keras = tf.keras
RECIPROCAL_BITS = 16  # of a standard AveragePooling2D, which has no such attribute


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


def exact_predict(
    model: keras.Model, images: np.ndarray, *, layer: str | None = None, batch_size: int = 500
) -> np.ndarray:
    """Outputs in float64 that C++ and RTL must equal with `==`: by default the logits.

    `images` (B, H, W, C) float; `layer` names any layer instead of the logits (the input of the final sigmoid
    or softmax), and one with two outputs gives the list [features, hash].
    Raises TypeError or ValueError for images that are not finite floats of the model's shape, for layers or
    quantizers without an exact meaning, and for networks whose sums do not fit float64.
    """
    images = check_images(images, model)
    layer = model.get_layer(layer or logits_layer(model))
    ranges(model)
    batches = [
        _walk(model, images[i : i + batch_size].astype(np.float64), _values)[layer.name]
        for i in range(0, max(len(images), 1), batch_size)
    ]
    if isinstance(batches[0], tuple):
        return [np.concatenate([b[k] for b in batches]) for k in range(2)]
    return np.concatenate(batches)


def ranges(model: keras.Model) -> dict[str, Range]:
    """The Range of every layer's output, from quantizers and weights alone.

    Raises ValueError if a sum may not fit 53 bits.
    """
    return _walk(model, None, _ranges)


def logits_layer(model: keras.Model) -> str:
    """Name of the last layer whose numbers are exact: the one before a final sigmoid or softmax."""
    last = model.layers[-1]
    if type(last) is keras.layers.Activation or type(last) is keras.layers.Softmax:
        return last.inbound_nodes[0].inbound_layers.name
    return last.name


def check_images(images, model: keras.Model) -> np.ndarray:
    """`images` as an array, if they are finite floats (B, H, W, C) on the model's scale; else a clear error."""
    images, shape = np.asarray(images), model.input_shape[1:]
    if images.dtype.kind != "f":
        raise TypeError(f"The images are {images.dtype}: {NOT_SCALED}.")
    if images.shape[1:] != tuple(shape):
        sizes = ", ".join(map(str, shape))
        raise ValueError(f"The images have shape {images.shape}, but the model takes (batch, {sizes}).")
    if not np.isfinite(images).all():
        raise ValueError(f"{np.count_nonzero(~np.isfinite(images))} pixels are NaN or infinite.")
    first, largest = model.layers[1], images.max(initial=0)
    pixel = first.format if isinstance(first, InputReduce) else fixed(first.activation)
    if largest > 2 * pixel.max:  # what is a little too large saturates, as in hardware
        raise ValueError(f"The largest pixel is {largest:g}, far above {pixel.max:g}: {NOT_SCALED}.")
    return images


def quantized_weights(layer) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias of a QKeras or sparse layer on their grids, float64 (zeros where there is no bias).

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


def _walk(model, value, rule) -> dict:
    """Apply `rule(layer, inputs)` along the graph; outputs by layer name."""
    tensors, by_name = {}, {}
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            inputs = [tensors[id(t)] for t in node.keras_inputs]
            out = rule(node.layer, inputs) if inputs else value
            by_name[node.layer.name] = out
            outputs = tf.nest.flatten(node.outputs)
            tensors.update(zip(map(id, outputs), out if len(outputs) > 1 else [out], strict=True))
    return by_name


def _values(layer, inputs):
    x, *hash = inputs
    match layer:
        case InputReduce():
            x = layer.format.quantize(x)
            mask = x[..., 0] > np.floor(layer.threshold / layer.format.lsb) * layer.format.lsb
            return tuple(t.numpy() for t in ops.gather_pixels(tf.constant(x), tf.constant(mask), layer.n_active))
        case QConv2DSparse():
            return ops.conv2d(tf.constant(x), tf.constant(hash[0]), *map(tf.constant, quantized_weights(layer))).numpy()
        case AveragePooling2DSparse() | MaxPooling2DSparse():
            home, pooled = ops.pool_cells(tf.constant(hash[0]), layer.pool_size, layer.image_shape)
            if isinstance(layer, MaxPooling2DSparse):
                return ops.max_pool(tf.constant(x), home).numpy(), pooled.numpy()
            out = ops.average_pool(tf.constant(x), home, layer.scale).numpy()
            return (fixed(layer.output_quantizer).quantize(out) if layer.output_quantizer else out), pooled.numpy()
        case SparseFlatten():
            return (
                ops.densify(tf.constant(x), tf.constant(hash[0]), layer.image_shape)
                .numpy()
                .reshape(len(x), layer.output_shape[-1])
            )
        case QDense():
            kernel, bias = quantized_weights(layer)
            return x @ kernel + bias
        case QConv2D():
            kernel, bias = quantized_weights(layer)
            return tf.nn.conv2d(tf.constant(x), kernel, layer.strides, layer.padding.upper()).numpy() + bias
        case QActivation():
            return fixed(layer.activation).quantize(x)
        case keras.layers.AveragePooling2D():
            return _windows(x, layer).sum(axis=(2, 4)) * reciprocal(
                layer.pool_size[0] * layer.pool_size[1], RECIPROCAL_BITS
            )
        case keras.layers.MaxPooling2D():
            return _windows(x, layer).max(axis=(2, 4))
        case keras.layers.Flatten():
            return x.reshape(len(x), layer.output_shape[-1])
        case keras.layers.Activation() | keras.layers.Softmax():
            return _FINAL[_activation(layer)](tf.constant(x)).numpy()


def _ranges(layer, inputs):
    if inputs == [None]:
        inputs = [Range(0, 0.0)]  # the images themselves: whatever they hold, the first layer quantises it
    x, *_ = inputs
    match layer:
        case InputReduce():
            return Range(layer.format.fraction, max(layer.format.max, -layer.format.min), layer.n_active), None
        case QConv2DSparse() | QConv2D() | QDense():
            if getattr(layer, "activation", None) not in (None, keras.activations.linear):
                raise ValueError(f"Give the activation of layer {layer.name!r} as a QActivation layer of its own.")
            return _weighted_sum(layer, x)
        case AveragePooling2DSparse() | keras.layers.AveragePooling2D():
            area, k = layer.pool_size[0] * layer.pool_size[1], getattr(layer, "reciprocal_bits", RECIPROCAL_BITS)
            k -= min(k, (round(2**k / area) & -round(2**k / area)).bit_length() - 1)
            out = Range(
                x.fraction + k, x.largest * min(x.slots or area, area) * reciprocal(area, k), x.slots, x.channels
            ).checked(layer)
            if getattr(layer, "output_quantizer", None):
                out = _quantized(fixed(layer.output_quantizer), x)
            return (out, None) if isinstance(layer, AveragePooling2DSparse) else out
        case MaxPooling2DSparse():
            return x, None
        case QActivation():
            return _quantized(fixed(layer.activation), x)
        case SparseFlatten() | keras.layers.Flatten() | keras.layers.MaxPooling2D():
            return x
        case keras.layers.Activation() | keras.layers.Softmax() if _activation(layer) in _FINAL:
            return x
    raise ValueError(
        f"Layer {layer.name!r} ({type(layer).__name__}) has no exact meaning here. Known are the sparse layers, "
        "QConv2D, QDense, QActivation, AveragePooling2D, MaxPooling2D, Flatten, and a final sigmoid, softmax or linear "
        "Activation."
    )


def _weighted_sum(layer, x: Range) -> Range:
    kernel, bias = quantized_weights(layer)
    fraction = max(
        x.fraction + fixed(layer.kernel_quantizer).fraction,
        fixed(layer.bias_quantizer).fraction if layer.use_bias else 0,
    )
    per_position = np.abs(kernel).reshape(-1, 1 if isinstance(layer, QConv2DSparse) else x.channels, kernel.shape[-1])
    if isinstance(layer, QConv2DSparse):
        per_position = np.abs(kernel).reshape(-1, *kernel.shape[2:])
    at_most = x.slots or len(per_position)  # so many positions hold a pixel
    heaviest = np.sort(per_position, axis=0)[-at_most:]
    largest = x.largest * heaviest.sum(axis=(0, 1)).max() + np.abs(bias).max()
    slots = x.slots if isinstance(layer, QConv2DSparse) else None
    return Range(fraction, largest, slots, layer.filters if slots else 1).checked(layer)


def _quantized(f, x: Range) -> Range:
    return Range(f.fraction, max(f.max, -f.min), x.slots, x.channels)


def _windows(x: np.ndarray, layer) -> np.ndarray:
    """(B, H, W, C) cut into non-overlapping windows (B, H', p, W', q, C); partial windows dropped."""
    (p, q), (b, h, w, c) = layer.pool_size, x.shape
    if layer.strides != layer.pool_size or layer.padding != "valid":
        raise ValueError(f"Pooling {layer.name!r}: only non-overlapping 'valid' windows are supported.")
    return x[:, : h // p * p, : w // q * q].reshape(b, h // p, p, w // q, q, c)


def _activation(layer) -> str:
    return "softmax" if isinstance(layer, keras.layers.Softmax) else layer.activation.__name__


_FINAL = {"linear": tf.identity, "sigmoid": tf.sigmoid, "softmax": tf.nn.softmax}
