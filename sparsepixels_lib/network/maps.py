"""What a layer leaves of an image, as an image again: sparse and standard networks in the same form."""

import numpy as np
import tensorflow as tf

from . import ops
from .exact import exact_trace
from .layers import AveragePooling2DSparse, MaxPooling2DSparse
from .reduce import InputReduce
from .supported import graph_model

__all__ = ["layer_maps"]


def layer_maps(model: tf.keras.Model, images: np.ndarray, layer: str) -> np.ma.MaskedArray:
    """Output of `layer` (or "input": the quantized, for a sparse network reduced images) as `exact_predict` has it.

    `images` (B, H, W, C) -> (B, H', W', C') float64. Masked is the background: in a sparse network the pixels that no
    slot points at, in a standard one those where all features are 0. An active pixel whose feature is 0 is not masked
    in a sparse network. Raises ValueError for a layer that has no image any more, and as `exact_predict`.
    """
    model = graph_model(model)
    name = model.layers[1].name if layer == "input" else layer
    before = model.layers[: model.layers.index(model.get_layer(name)) + 1]
    placed = [a for a in before if isinstance(a, (InputReduce, AveragePooling2DSparse, MaxPooling2DSparse))]
    trace = exact_trace(model, images, {name, *(a.name for a in placed[-1:])})
    out = trace[name]
    if not isinstance(out, list) and out.ndim != (3 if placed else 4):
        raise ValueError(f"{layer} of {model.name} has outputs {out.shape[1:]}: choose a layer before flatten")
    if not placed:
        return np.ma.masked_array(out, np.broadcast_to((out == 0).all(axis=-1, keepdims=True), out.shape))
    features = out[0] if isinstance(out, list) else out
    hash = tf.constant(trace[placed[-1].name][1])
    shape = _image_shape(placed[-1])
    values, used = (ops.densify(tf.constant(a), hash, shape).numpy() for a in (features, np.ones_like(features)))
    return np.ma.masked_array(values, used == 0)


def _image_shape(layer) -> tuple[int, int]:
    """Height and width of the image that the slots which leave `layer` belong to."""
    if isinstance(layer, InputReduce):
        return layer.image_shape
    return tuple(size // pool for size, pool in zip(layer.image_shape, layer.pool_size, strict=True))
