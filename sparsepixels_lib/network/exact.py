"""Exact evaluation: the Keras network in float64 on fixed-point grids, number for number what the hardware computes."""

from __future__ import annotations

from numbers import Integral

import numpy as np
import tensorflow as tf
from qkeras import QActivation, QConv2D, QDense

from ..numerics.fixed_point import fixed, reciprocal
from . import ops
from .layers import AveragePooling2DSparse, InputReduce, MaxPooling2DSparse, QConv2DSparse, SparseFlatten
from .ranges import FINAL, RECIPROCAL_BITS, check_images, layer_before, quantized_weights, ranges, walk
from .supported import graph_model

keras = tf.keras


def exact_predict(
    model: keras.Model, images: np.ndarray, *, layer: str | None = None, batch_size: int = 500
) -> np.ndarray:
    """Outputs in float64 that C++ and RTL must equal with `==`: by default the logits.

    `images` (B, H, W, C) float; `layer` names any layer instead of the logits (the input of the final sigmoid
    or softmax), and one with two outputs gives the list [features, hash].
    Raises TypeError or ValueError for images that are not finite floats of the model's shape and scale, for layers or
    quantizers without an exact meaning, and for networks whose sums do not fit float64.
    """
    if isinstance(batch_size, bool) or not isinstance(batch_size, Integral) or batch_size < 1:
        raise ValueError(f"batch_size={batch_size!r}: a whole number of images, at least 1.")
    model = graph_model(model)
    ranges(model)
    images = check_images(images, model)
    name = model.get_layer(layer or logits_layer(model)).name
    starts = range(0, max(len(images), 1), batch_size)
    batches = [walk(model, images[i : i + batch_size].astype(np.float64), layer_values)[name] for i in starts]
    if isinstance(batches[0], tuple):
        return [np.concatenate(part) for part in zip(*batches, strict=True)]
    return np.concatenate(batches)


def logits_layer(model: keras.Model) -> str:
    """Name of the last layer whose numbers are exact: the one before a final sigmoid or softmax."""
    last = model.layers[-1]
    return layer_before(model, last).name if type(last) is keras.layers.Activation else last.name


def layer_values(layer, inputs, weights=None):
    """What a layer of `supported.OPTIONS` gives for the float64 arrays `inputs`: the exact rule of each class.

    `weights`: kernel and bias, where not those of the layer.
    """
    x, *hash = inputs  # x (B, ...) float64; hash a tensor, so that layers on it share their neighbours
    match layer:
        case InputReduce():
            x = layer.format.quantize(x)
            mask = x[..., 0] > layer.format.floor(layer.threshold)
            features, hash = ops.gather_pixels(tf.constant(x), tf.constant(mask), layer.n_active)
            return features.numpy(), hash
        case QConv2DSparse():
            return ops.conv2d(tf.constant(x), *hash, *map(tf.constant, weights or quantized_weights(layer))).numpy()
        case AveragePooling2DSparse():
            home, pooled = ops.pool_cells(*hash, layer.pool_size, layer.image_shape)
            out = ops.average_pool(tf.constant(x), home, layer.scale).numpy()
            return (fixed(layer.output_quantizer).quantize(out) if layer.output_quantizer else out), pooled
        case MaxPooling2DSparse():
            home, pooled = ops.pool_cells(*hash, layer.pool_size, layer.image_shape)
            return ops.max_pool(tf.constant(x), home).numpy(), pooled
        case SparseFlatten():
            return ops.densify(tf.constant(x), *hash, layer.image_shape).numpy().reshape(len(x), layer.output_shape[-1])
        case QDense():
            kernel, bias = weights or quantized_weights(layer)
            return x @ kernel + bias
        case QConv2D():
            kernel, bias = weights or quantized_weights(layer)
            return tf.nn.conv2d(tf.constant(x), kernel, layer.strides, layer.padding.upper()).numpy() + bias
        case QActivation():
            return fixed(layer.quantizer).quantize(x)
        case keras.layers.AveragePooling2D():
            return _windows(x, layer).sum(axis=(2, 4)) * reciprocal(np.prod(layer.pool_size), RECIPROCAL_BITS)
        case keras.layers.MaxPooling2D():
            return _windows(x, layer).max(axis=(2, 4))
        case keras.layers.Flatten():
            return x.reshape(len(x), layer.output_shape[-1])
        case keras.layers.Activation():
            return FINAL[layer.activation.__name__](tf.constant(x)).numpy()


def _windows(x: np.ndarray, layer) -> np.ndarray:
    """(B, H, W, C) cut into non-overlapping windows (B, H', p, W', q, C); partial windows dropped."""
    (p, q), (b, h, w, c) = layer.pool_size, x.shape
    return x[:, : h // p * p, : w // q * q].reshape(b, h // p, p, w // q, q, c)
