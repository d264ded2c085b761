"""What all sparse layers are: layers of legacy Keras in float32, on compact arrays, with checked arguments."""

from __future__ import annotations

import tensorflow as tf
from qkeras.quantizers import get_quantizer

from .._legacy_keras import refuse_keras_3, require_float32
from ..numerics.quantizers import fixed

NOT_SCALED = "scale the images to [0, 1] first (uint8: divide by 255)"


class Layer(tf.keras.layers.Layer):
    """A layer of legacy Keras that computes in float32. Raises TypeError for tensors of Keras 3."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        require_float32(self.dtype_policy, f"{type(self).__name__} {self.name!r}")

    def __call__(self, *args, **kwargs):
        refuse_keras_3(args, kwargs)
        return super().__call__(*args, **kwargs)


class OnCompactArrays(Layer):
    """Checks that a layer was given [features (B, N, C), hash (B, N, 2)]."""

    def build(self, input_shape):
        shapes = (
            [tuple(s) for s in input_shape] if isinstance(input_shape, (list, tuple)) and len(input_shape) == 2 else []
        )
        if (
            not shapes
            or len(shapes[0]) != 3
            or len(shapes[1]) != 3
            or shapes[1][2] != 2
            or shapes[0][1] != shapes[1][1]
        ):
            raise ValueError(
                f"{type(self).__name__} takes [features (batch, N, C), hash (batch, N, 2)], "
                f"as InputReduce gives them, not {input_shape}."
            )
        super().build(input_shape)


def quantizer_name(quantizer) -> str:
    """The quantizer as a string: what saves and loads; refused here if it has no exact fixed-point meaning."""
    fixed(quantizer)
    return quantizer if isinstance(quantizer, str) else str(get_quantizer(quantizer))
