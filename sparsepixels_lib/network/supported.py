"""What is understood of a network: the classes of its layers, their options, and the values these may have.

Whatever is not in the tables is refused by name before anything else looks at the model: an option that nobody here
reads could change the numbers of Keras and not those of the hardware.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf
from qkeras import QActivation, QConv2D, QDense

from .._legacy_keras import refuse_keras_3, require_float32
from . import layers
from .reduce import SELECTIONS

keras = tf.keras
Allowed = tuple | Callable[[object, dict], bool] | None  # values; a rule whose docstring says what to do; READ
READ = None  # the rules of `ranges` and `exact` compute with it, or no prediction depends on it


def _own_windows(strides, config: dict) -> bool:
    """only non-overlapping windows are supported, strides equal to pool_size"""
    return tuple(strides) == tuple(config["pool_size"])


def _stock_streams(strides, config: dict) -> bool:
    """stock hls4ml forgets the row stride of a kernel of one row in its streams: give the kernel more rows"""
    rows, columns = config["kernel_size"]
    return not (rows == 1 and columns > 1 and tuple(strides)[0] > 1)


_ANY = {"name": READ, "trainable": READ, "dtype": ("float32",)}
_DENSE_IMAGES = {"data_format": ("channels_last",)}
_WEIGHTS = dict.fromkeys((f"{w}_{part}" for w in ("kernel", "bias") for part in ("quantizer", "initializer")), READ)
_TRAINING = dict.fromkeys((f"{w}_{part}" for w in ("kernel", "bias") for part in ("regularizer", "constraint")), READ)
_TRAINING |= {"activity_regularizer": READ, "kernel_range": READ, "bias_range": READ}  # the ranges: QKeras ignores them
_QKERAS = _ANY | _WEIGHTS | _TRAINING | {"activation": ("linear",), "use_bias": (True, False)}
_POOL = _ANY | _DENSE_IMAGES | {"pool_size": READ, "padding": ("valid",), "strides": _own_windows}
_SPARSE_POOL = _ANY | {"pool_size": READ, "image_shape": READ}

OPTIONS: dict[type, dict[str, Allowed]] = {
    keras.layers.InputLayer: {
        "name": READ, "batch_input_shape": READ, "dtype": ("float32",), "sparse": (False,), "ragged": (False,),
        "optional": (False,),
    },
    layers.InputReduce: _ANY | {
        "n_active": READ, "threshold": READ, "input_quantizer": READ, "selection": SELECTIONS, "levels": READ,
        "patch": READ,
    },
    layers.QConv2DSparse: _ANY | {
        "filters": READ, "kernel_size": READ, "kernel_quantizer": READ, "bias_quantizer": READ,
        "use_bias": (True, False), "kernel_initializer": READ,
    },
    layers.QDepthwiseConv2DSparse: _ANY | {
        "kernel_size": READ, "kernel_quantizer": READ, "bias_quantizer": READ, "use_bias": (True, False),
        "kernel_initializer": READ,
    },
    layers.AveragePooling2DSparse: _SPARSE_POOL | {"reciprocal_bits": READ, "output_quantizer": READ},
    layers.MaxPooling2DSparse: _SPARSE_POOL,
    layers.SparseFlatten: _ANY | {"image_shape": READ},
    QConv2D: _QKERAS | _DENSE_IMAGES | {
        "filters": READ, "kernel_size": READ, "strides": _stock_streams, "padding": ("same", "valid"),
        "dilation_rate": ((1, 1),), "groups": (1,),
    },
    QDense: _QKERAS | {"units": READ},
    QActivation: _ANY | {"activation": READ},
    keras.layers.AveragePooling2D: _POOL,
    keras.layers.MaxPooling2D: _POOL,
    keras.layers.Flatten: _ANY | _DENSE_IMAGES,
    keras.layers.Activation: _ANY | {"activation": ("linear", "sigmoid", "softmax")},
}  # fmt: skip

ADVICE = {
    "activation": "use a QActivation layer of its own (at the end an Activation of sigmoid or softmax)",
    "dtype": "the numbers are defined for float32: build the network with the policy 'float32'",
    "data_format": "images are channels_last, (height, width, channels)",
    "padding": "use 'valid', or for a convolution 'same'",
    "dilation_rate": "dilated convolutions are not supported, use 1",
    "groups": "use one group",
}


def check_layers(model: keras.Model) -> None:
    """Raises ValueError, naming layer, option and value, for the first that is not in the tables."""
    if keras.backend.floatx() != "float32":  # QKeras' quantizers compute in it, whatever the layers do
        raise ValueError(f"keras.backend.floatx() is {keras.backend.floatx()!r}: set_floatx('float32') first.")
    for layer in model.layers:
        kind = type(layer)  # a subclass may mean something else
        if kind not in OPTIONS:
            known = ", ".join(sorted(cls.__name__ for cls in OPTIONS))
            pruned = "remove the pruning wrappers with strip_pruning first. " if "Prune" in kind.__name__ else ""
            raise ValueError(
                f"Layer {layer.name!r} ({kind.__name__}) has no exact meaning here: {pruned}Known are {known}."
            )
        config = layer.get_config()
        for option, value in config.items():
            allowed = OPTIONS[kind].get(option, ())
            if not _is_allowed(value, allowed, config):
                unknown = "nothing here is known of it; leave it at its default"
                advice = allowed.__doc__ if callable(allowed) else ADVICE.get(option, unknown)
                raise ValueError(
                    f"Layer {layer.name!r} ({kind.__name__}) has no exact meaning here with {option}={_short(value)}: "
                    f"{advice}."
                )


def _is_allowed(value, allowed: Allowed, config: dict) -> bool:
    if allowed is READ:
        return True
    value = tuple(value) if isinstance(value, list) else value
    return value in allowed if isinstance(allowed, tuple) else allowed(value, config)


def _short(value) -> str:
    """A policy by its name; other configurations by their class."""
    if isinstance(value, dict):
        value = value.get("config", {}).get("name") or value.get("class_name", value)
    return repr(value)


def check_trainable(model: keras.Model) -> None:
    """Raises TypeError or ValueError for a model that cannot be trained here, or would learn nothing."""
    for layer in graph_model(model).layers:
        require_float32(layer.dtype_policy, f"Layer {layer.name!r}")
    if model.output_shape[-1] == 1 and getattr(model.layers[-1], "activation", None) is keras.activations.softmax:
        raise ValueError("A softmax of one class is always 1, so that nothing is learnt: use sigmoid.")


def graph_model(model) -> keras.Model:
    """`model` as a functional tf.keras model; of a Sequential one a functional view with the same layers and weights.

    Raises TypeError for a model of Keras 3 and for what is no model, ValueError for one whose graph is not known,
    RuntimeError where TensorFlow does not execute eagerly.
    """
    refuse_keras_3(model)
    if not tf.executing_eagerly():
        raise RuntimeError("Eager execution is off, or this is inside a tf.function or a tf.Graph: call it outside.")
    if not isinstance(model, keras.Model):
        raise TypeError(f"A tf.keras model is needed, not {type(model).__name__}.")
    if not getattr(model, "inputs", None) or not model.outputs:
        why = "give its first layer an input_shape" if isinstance(model, keras.Sequential) else "write it functionally"
        raise ValueError(f"{model.name!r} has no known graph from images to an output: {why}.")
    if type(model).call not in (keras.Sequential.call, keras.Sequential.__base__.call):  # the latter: Functional
        raise ValueError(f"{model.name!r} has a call of its own, {type(model).__name__}.call: use a plain keras.Model.")
    if isinstance(model, keras.Sequential):
        return keras.Model(model.inputs, model.outputs, name=model.name)
    return model
