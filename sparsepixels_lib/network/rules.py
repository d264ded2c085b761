"""What every class of layer means, twice: how large its numbers can get, and what they are exactly.

`RULES` {class: (range rule, exact rule)} is the whole meaning; `ranges` and `exact` walk along a network with it. Every
value is a whole number of LSBs, so float64 holds it as long as no sum can exceed 2^53 of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from qkeras import QActivation, QConv2D, QDense

from ..numerics.codes import Codes, reciprocal, reciprocal_code, weighted_sum
from ..numerics.quantizers import fixed
from . import layers, ops
from .graph import layer_format, quantized_weights, weight_format

keras = tf.keras
RECIPROCAL_BITS = 16  # of a standard AveragePooling2D, which has no such attribute
FINAL = {"linear": tf.identity, "sigmoid": tf.sigmoid, "softmax": tf.nn.softmax}


@dataclass(frozen=True)
class Range:
    """What is known of a tensor before any data: its `codes`.

    `slots`: at most so many positions hold anything but zero, each with `channels` channels (None: all may).
    """

    codes: Codes
    slots: int | None = None
    channels: int = 1

    def checked(self, layer) -> Range:
        """Itself. Raises ValueError if float64 may not hold a sum of `layer`."""
        bits = np.log2(float(max(self.codes.largest, 1)))
        if bits > 53:
            raise ValueError(
                f"The sums of layer {layer.name!r} may need {bits:.1f} bits; exact evaluation in float64 holds 53. "
                "Use fewer bits, smaller weights, or fewer reciprocal_bits in the average pooling before it."
            )
        return self


class Rule(NamedTuple):
    """`range(layer, inputs)` of Ranges, and `values(layer, inputs, weights)` of float64 arrays (B, ...); where a layer
    has a hash, inputs and outputs are pairs: a Range with the image's shape (H, W), an array with the hash, a tensor.
    `weights`: kernel and bias, or None for those of the layer."""

    range: Callable
    values: Callable


def _same_range(layer, inputs):
    return inputs[0]


def _reduce_range(layer, inputs):
    return Range(layer.format, layer.n_active, layer.output_shape[0][2]), layer.image_shape


def _reduce(layer, inputs, weights):
    quantized = tf.constant(layer.format.quantize(inputs[0]))
    features, hash = layer.reduce(quantized, layer.format.floor)
    return features.numpy(), hash


def _weighted_range(layer, inputs):
    return _sum_range(layer, inputs[0], *quantized_weights(layer))


def _sparse_conv_range(layer, inputs):
    out = _weighted_range(layer, inputs)
    return replace(out, slots=inputs[0].slots, channels=layer.filters)


def _depthwise_range(layer, inputs):
    kernel, bias = quantized_weights(layer)  # a channel is a unit that sees nothing but itself
    out = _sum_range(layer, replace(inputs[0], channels=1), kernel[..., 0], bias)
    return replace(out, slots=inputs[0].slots, channels=kernel.shape[2])


def _sum_range(layer, x: Range, kernel: np.ndarray, bias: np.ndarray) -> Range:
    """Of weighted sums over positions of x.channels channels each; `kernel` (..., x.channels, units) or flat."""
    formats = [weight_format(layer, name) for name in (("kernel", "bias") if layer.use_bias else ("kernel",))]
    fraction = max(x.codes.fraction + formats[0].fraction, formats[-1].fraction if layer.use_bias else 0)
    positions = np.ldexp(kernel, fraction - x.codes.fraction).reshape(-1, x.channels, kernel.shape[-1])
    at_most = x.slots or len(positions)  # so many positions hold a pixel
    sums = weighted_sum(positions, np.zeros(kernel.shape[-1]), x.codes, fraction, at_most)
    most = int(np.ldexp(np.abs(bias).max(), fraction))  # whatever the order of summation
    signed = x.codes.signed or any(f.signed for f in formats)
    return Range(Codes(sums.low - most if signed else 0, sums.high + most, fraction)).checked(layer)


def _sparse_conv(layer, inputs, weights):
    features, hash = inputs
    kernel, bias = map(tf.constant, weights or quantized_weights(layer))
    return ops.conv2d(tf.constant(features), hash, kernel, bias).numpy()


def _depthwise(layer, inputs, weights):
    features, hash = inputs
    kernel, bias = map(tf.constant, weights or quantized_weights(layer))
    return ops.depthwise_conv2d(tf.constant(features), hash, kernel, bias).numpy()


def _conv(layer, inputs, weights):
    kernel, bias = weights or quantized_weights(layer)
    return tf.nn.conv2d(tf.constant(inputs[0]), kernel, layer.strides, layer.padding.upper()).numpy() + bias


def _dense(layer, inputs, weights):
    kernel, bias = weights or quantized_weights(layer)
    return inputs[0] @ kernel + bias


def _average_range(layer, inputs):
    x, area = inputs[0], layer.pool_size[0] * layer.pool_size[1]
    code, k = reciprocal_code(area, getattr(layer, "reciprocal_bits", RECIPROCAL_BITS))
    most = min(x.slots or area, area) * code
    out = replace(x, codes=Codes(x.codes.low * most, x.codes.high * most, x.codes.fraction + k)).checked(layer)
    rounded = getattr(layer, "output_quantizer", None)
    return replace(out, codes=fixed(rounded)) if rounded else out


def _sparse_average_range(layer, inputs):
    return _average_range(layer, inputs), _pooled_shape(layer, inputs[1])


def _sparse_average(layer, inputs, weights):
    features, hash = inputs
    home, pooled = ops.pool_cells(hash, layer.pool_size, layer.image_shape)
    out = ops.average_pool(tf.constant(features), home, layer.scale).numpy()
    return (fixed(layer.output_quantizer).quantize(out) if layer.output_quantizer else out), pooled


def _sparse_max_range(layer, inputs):
    return inputs[0], _pooled_shape(layer, inputs[1])


def _sparse_max(layer, inputs, weights):
    features, hash = inputs
    home, pooled = ops.pool_cells(hash, layer.pool_size, layer.image_shape)
    return ops.max_pool(tf.constant(features), home).numpy(), pooled


def _average(layer, inputs, weights):
    return _windows(inputs[0], layer).sum(axis=(2, 4)) * reciprocal(np.prod(layer.pool_size), RECIPROCAL_BITS)


def _max(layer, inputs, weights):
    return _windows(inputs[0], layer).max(axis=(2, 4))


def _sparse_flatten(layer, inputs, weights):
    features, hash = inputs
    view = ops.densify(tf.constant(features), hash, layer.image_shape).numpy()
    return view.reshape(len(features), layer.output_shape[-1])


def _flatten(layer, inputs, weights):
    return inputs[0].reshape(len(inputs[0]), layer.output_shape[-1])


def _quantizer_range(layer, inputs):
    codes = layer_format(layer, layer.quantizer)
    return replace(inputs[0], codes=codes) if inputs[0] else Range(codes)


def _quantizer(layer, inputs, weights):
    return fixed(layer.quantizer).quantize(inputs[0])


def _final(layer, inputs, weights):
    return FINAL[layer.activation.__name__](tf.constant(inputs[0])).numpy()


RULES: dict[type, Rule] = {
    layers.InputReduce: Rule(_reduce_range, _reduce),
    layers.QConv2DSparse: Rule(_sparse_conv_range, _sparse_conv),
    layers.QDepthwiseConv2DSparse: Rule(_depthwise_range, _depthwise),
    layers.AveragePooling2DSparse: Rule(_sparse_average_range, _sparse_average),
    layers.MaxPooling2DSparse: Rule(_sparse_max_range, _sparse_max),
    layers.SparseFlatten: Rule(_same_range, _sparse_flatten),
    QConv2D: Rule(_weighted_range, _conv),
    QDense: Rule(_weighted_range, _dense),
    QActivation: Rule(_quantizer_range, _quantizer),
    keras.layers.AveragePooling2D: Rule(_average_range, _average),
    keras.layers.MaxPooling2D: Rule(_same_range, _max),
    keras.layers.Flatten: Rule(_same_range, _flatten),
    keras.layers.Activation: Rule(_same_range, _final),  # linear anywhere, sigmoid and softmax at the end
}


def _pooled_shape(layer, shape: tuple[int, int]) -> tuple[int, int]:
    return tuple(size // pool for size, pool in zip(shape, layer.pool_size, strict=True))


def _windows(x: np.ndarray, layer) -> np.ndarray:
    """(B, H, W, C) cut into non-overlapping windows (B, H', p, W', q, C); partial windows dropped."""
    (p, q), (b, h, w, c) = layer.pool_size, x.shape
    return x[:, : h // p * p, : w // q * q].reshape(b, h // p, p, w // q, q, c)
