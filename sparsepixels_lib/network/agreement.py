"""The net under all promises: does what a tool computes, layer by layer, follow the exact rules?

Every layer is looked at alone, with what the tool itself gave to it, so that the first fault is named and no error adds
up. Keras computes in float32: its sums may differ from the exact ones by what rounding can do to them, and no more.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from ..numerics.codes import reciprocal
from .exact import layer_values
from .graph import quantized_weights, walk, weight_format
from .layers import AveragePooling2DSparse
from .rules import RECIPROCAL_BITS

keras = tf.keras
EPSILON = 2.0**-23  # of float32: twice what one rounding changes, relatively
Given = dict[str, np.ndarray | list]


def check_keras(model: keras.Model, images: np.ndarray) -> None:
    """Compare Keras with the exact rule in every layer on `images` (B, H, W, C).

    Raises ValueError that names the first layer that differs.
    """

    def rule(layer, inputs):
        _check_reach(layer)
        out = layer(inputs if len(inputs) > 1 else inputs[0])
        inputs, given = _float64(inputs), _float64(tf.nest.flatten(out))
        if difference := layer_difference(layer, inputs, layer_values(layer, inputs), given, _rounding, "Keras"):
            raise ValueError(
                f"The network cannot be converted: exact evaluation and Keras differ. {difference} If this layer is "
                "wrapped or changed, leave that out; TensorFlow's oneDNN gives garbage for some strided convolutions, "
                "but not with TF_ENABLE_ONEDNN_OPTS=0 in the environment. check=False converts in spite of this."
            )
        return out

    walk(model, tf.constant(images, tf.float32), rule)


def _check_reach(layer) -> None:
    """Raises ValueError for weights so far beyond their quantizer that QKeras' x + (q - x) loses q in float32."""
    for name in ("kernel", "bias"):
        if getattr(layer, name, None) is not None:
            grid, reach = weight_format(layer, name), float(np.abs(getattr(layer, name).numpy()).max())
            if reach > 2 * grid.max and EPSILON * reach > grid.lsb / 2:
                raise ValueError(
                    f"Layer {layer.name!r}: its {name} weights reach {reach:g}, so far beyond {grid.max:g}, the "
                    "largest of its quantizer, that Keras computes with others in float32: clip them with np.clip."
                )


def first_difference(
    model: keras.Model, given: Given, images: np.ndarray, tolerance: Callable, tool: str
) -> str | None:
    """In words, the first layer whose output `given` {layer: array, or [features, hash]} is not what the exact rule
    makes of its inputs, up to `tolerance(layer, inputs, out)`; None if there is none.

    A layer that is not `given` is taken to be exact. `images` (B, H, W, C) float64; `tool` gave the numbers.
    """
    found: list[str] = []

    def rule(layer, inputs):
        exact = layer_values(layer, inputs)
        if layer.name not in given or found:
            return exact
        parts = given[layer.name] if isinstance(given[layer.name], list) else [given[layer.name]]
        wanted = tf.nest.flatten(exact)
        parts = [np.reshape(part, want.shape) for part, want in zip(parts, wanted, strict=True)]
        if difference := layer_difference(layer, inputs, exact, parts, tolerance, tool):
            found.append(difference)
        parts[1:] = [tf.constant(hash, tf.int32) for hash in parts[1:]]
        return tuple(parts) if len(parts) > 1 else parts[0]

    walk(model, images, rule)
    return found[0] if found else None


def layer_difference(layer, inputs: list, exact, given: list, tolerance: Callable, tool: str) -> str | None:
    """In words, how far the outputs `given` of one layer are from the `exact` ones; None within the tolerance."""
    for part, want, got in zip(("features", "hash"), tf.nest.flatten(exact), given, strict=False):
        want, got = np.asarray(want, np.float64), np.asarray(got, np.float64)
        allowed = tolerance(layer, inputs, want) if part == "features" else 0.0
        wrong = ~(np.abs(got - want) <= allowed)  # also NaN
        if wrong.any():
            image = int(wrong.reshape(len(wrong), -1).any(axis=1).argmax())
            return (
                f"{layer.name} ({part}) is the first layer that differs: {wrong.sum()} of {wrong.size} values, "
                f"largest difference {np.abs(got - want).max():.6g}, first in image {image}: "
                f"exact {want[image][wrong[image]][0]:.9g}, {tool} {got[image][wrong[image]][0]:.9g}."
            )
    return None


def no_tolerance(layer, inputs, out) -> float:
    return 0.0


def stock_average(layer, inputs, out):
    """Stock hls4ml divides by the area and cuts off, where the exact rule multiplies by its reciprocal."""
    if type(layer) is not keras.layers.AveragePooling2D:
        return 0.0
    area = np.prod(layer.pool_size)
    error = abs(1 - area * reciprocal(area, RECIPROCAL_BITS))  # 0 for powers of two
    return np.abs(out) * 2 * error + (2.0**-RECIPROCAL_BITS if error else 0.0)


def _rounding(layer, inputs, out):
    """How far float32 may be from the exact `out` of a layer."""
    if hasattr(layer, "kernel"):
        kernel, bias = quantized_weights(layer)
        raw = np.abs(layer.kernel.numpy().astype(np.float64)), np.abs(layer.bias.numpy()) if layer.use_bias else bias
        sizes = [np.maximum(np.abs(one), other) for one, other in zip((kernel, bias), raw, strict=True)]
        size = layer_values(layer, [np.abs(inputs[0]), *inputs[1:]], sizes)
        terms = kernel.size // layer.output_shape[-1]  # of one sum
        return EPSILON * (terms + 4) * size
    scale = np.maximum(np.abs(out).max(initial=0), np.abs(inputs[0]).max(initial=0))
    terms = np.prod(layer.pool_size) if hasattr(layer, "pool_size") else 1
    average = type(layer) in (keras.layers.AveragePooling2D, AveragePooling2DSparse)
    return 4 * EPSILON * terms * scale + (stock_average(layer, inputs, out) if average else 0.0)


def _float64(tensors: list) -> list:
    """Features as float64 arrays; hashes stay tensors, which layers on them share."""
    return [t.numpy().astype(np.float64) if t.dtype.is_floating else t for t in tensors]
