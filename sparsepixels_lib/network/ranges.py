"""Which networks can be evaluated exactly, and how large their sums can get: known from quantizers and weights alone.

What has no exact meaning is refused here, before anything is computed.
"""

from __future__ import annotations

import tensorflow as tf
from qkeras import QActivation, QDense

from .base import OnCompactArrays
from .graph import walk
from .reduce import InputReduce
from .rules import RULES
from .supported import check_layers, graph_model

keras = tf.keras


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

    def rule(layer, inputs):
        _check_place(layer, inputs, last=layer is model.layers[-1])
        return RULES[type(layer)].range(layer, inputs)

    return walk(model, None, rule)


def _check_place(layer, inputs: list, last: bool) -> None:
    """Raises ValueError for a layer where it has no meaning."""
    _check_inputs(layer, inputs)
    if len(inputs) > 1 and hasattr(layer, "image_shape") and layer.image_shape != inputs[1]:
        raise ValueError(
            f"Layer {layer.name!r} has image_shape {layer.image_shape}, but the image there is {inputs[1]}."
        )
    if type(layer) is keras.layers.Activation and layer.activation.__name__ != "linear" and not last:
        raise ValueError(
            f"Layer {layer.name!r} ({layer.activation.__name__}) has no exact meaning but at the end of a network: use "
            "QActivation."
        )


def _check_inputs(layer, inputs) -> None:
    """Raises ValueError for a layer that takes something else than it is made for."""
    found = tuple("images" if x is None else "hash" if isinstance(x, tuple) else "features" for x in inputs)
    kind = type(layer)
    wanted = (
        ("features", "hash")
        if issubclass(kind, OnCompactArrays)
        else ("images",)
        if kind is InputReduce
        else ("features",)
    )
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
