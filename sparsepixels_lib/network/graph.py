"""A Keras model as the graph that everything here walks along, and what its layers say of formats and weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from qkeras import QActivation

from ..numerics.codes import Codes
from ..numerics.quantizers import fixed
from .reduce import InputReduce

keras = tf.keras


def walk(model: keras.Model, images, rule: Callable) -> dict:
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


def is_sparse(model: keras.Model) -> bool:
    """Whether a model works on compact arrays: it has an InputReduce layer."""
    return any(isinstance(layer, InputReduce) for layer in model.layers)


def input_reduce_of(model: keras.Model) -> InputReduce:
    """The model's InputReduce layer. Raises ValueError if there is none."""
    for layer in model.layers:
        if isinstance(layer, InputReduce):
            return layer
    raise ValueError(f"The model {model.name!r} has no InputReduce layer: it is not a sparse CNN.")


def logits_layer(model: keras.Model) -> str:
    """Name of the last layer whose numbers are exact: the one before a final sigmoid or softmax."""
    last = model.layers[-1]
    return layer_before(model, last).name if type(last) is keras.layers.Activation else last.name


def pixel_format(model: keras.Model) -> Codes:
    """The fixed-point format of the pixels, given by the first layer. Raises ValueError if that says nothing of it."""
    first = next(node.layer for node in graph_nodes(model) if node.keras_inputs)
    if isinstance(first, InputReduce):
        return first.format
    if type(first) is QActivation:
        return layer_format(first, first.quantizer)
    raise ValueError(
        f"The model must begin with InputReduce or with a QActivation that quantizes the images, not {first.name!r}."
    )


def weight_format(layer, name: str) -> Codes:
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
    form = layer_format(layer, used)
    if form != layer_format(layer, given):
        raise ValueError(f"Layer {layer.name!r}: its {name}_quantizer was changed after it was built: build it again.")
    return form


def layer_format(layer, quantizer) -> Codes:
    """The format of a `quantizer` of `layer`. Raises ValueError, naming the layer, for one without a meaning."""
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
    return weights[0], weights[1] if layer.use_bias else np.zeros(layer.output_shape[-1])
