"""The sparse layers: Keras layers on compact arrays `[features (B, N, C), hash (B, N, 2)]`.

hash = (row, column) of each slot's pixel, 1-based, int32; (0, 0) = empty slot. What every layer means bit by
bit is stated in NUMERICS.md; the operations are those of arXiv 2512.06208. QKeras' QActivation works on the
features as it is.
"""

from __future__ import annotations

import tensorflow as tf
from qkeras.quantizers import get_quantizer

from ..numerics.codes import reciprocal
from ..numerics.whole import pair, whole
from . import ops
from .base import OnCompactArrays, quantizer_name
from .reduce import InputReduce  # noqa: F401  (of all layers, one module)


class _Convolution(OnCompactArrays):
    """Sparsity-preserving: an output is active iff its input pixel is. 'same' alignment, stride 1, odd kernel sizes.

    The arguments of both convolutions behind `filters`.
    """

    def __init__(
        self,
        kernel_size,
        kernel_quantizer="quantized_bits(8,2,alpha=1)",
        bias_quantizer="quantized_bits(8,2,alpha=1)",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        strides=1,
        padding="same",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if use_bias not in (True, False):
            raise ValueError(f"use_bias is True or False, not {use_bias!r}.")
        self.use_bias, self.kernel_size = use_bias, pair(kernel_size, "kernel_size")
        self.kernel_quantizer, self.bias_quantizer = quantizer_name(kernel_quantizer), quantizer_name(bias_quantizer)
        self._quantize_kernel, self._quantize_bias = map(get_quantizer, (self.kernel_quantizer, self.bias_quantizer))
        self.kernel_initializer = tf.keras.initializers.get(kernel_initializer)
        if any(k % 2 == 0 for k in self.kernel_size):
            raise ValueError(f"kernel_size must be odd, so that the kernel has a centre, not {self.kernel_size}.")
        if pair(strides, "strides") != (1, 1) or padding != "same":
            raise ValueError(
                "A sparsity-preserving convolution has strides=1 and padding='same', "
                f"not strides={strides}, padding={padding!r}."
            )

    def _add_weights(self, shape: tuple[int, ...], outputs: int) -> None:
        self.kernel = self.add_weight("kernel", shape, initializer=self.kernel_initializer)
        self.bias = self.add_weight("bias", (outputs,), initializer="zeros") if self.use_bias else None

    def _quantized(self, outputs: int) -> tuple[tf.Tensor, tf.Tensor]:
        bias = self._quantize_bias(self.bias) if self.use_bias else tf.zeros(outputs)
        return self._quantize_kernel(self.kernel), bias

    def get_config(self):
        return super().get_config() | {
            "kernel_size": self.kernel_size,
            "kernel_quantizer": self.kernel_quantizer,
            "bias_quantizer": self.bias_quantizer,
            "use_bias": self.use_bias,
            "kernel_initializer": tf.keras.initializers.serialize(self.kernel_initializer),
        }


@tf.keras.utils.register_keras_serializable("sparsepixels")
class QConv2DSparse(_Convolution):
    """Sparsity-preserving convolution: [features (B, N, C), hash (B, N, 2)] -> features (B, N, filters), same hash.

    An output is active iff its input pixel is: no dilation. Cross-correlation with 'same' alignment and
    stride 1, bias on every active slot. `kernel` (K_h, K_w, C, filters), odd sizes; `bias` (filters,). Raises
    ValueError for even kernels, other strides or padding, and quantizers without an exact fixed-point meaning
    (alpha='auto').
    """

    def __init__(self, filters: int, kernel_size, *args, **kwargs):
        super().__init__(kernel_size, *args, **kwargs)
        self.filters = whole(filters, "filters")

    def build(self, input_shape):
        super().build(input_shape)
        self._add_weights((*self.kernel_size, input_shape[0][-1], self.filters), self.filters)

    def call(self, inputs):
        features, hash = inputs
        return ops.conv2d(features, hash, *self._quantized(self.filters))

    def get_config(self):
        return super().get_config() | {"filters": self.filters}


@tf.keras.utils.register_keras_serializable("sparsepixels")
class QDepthwiseConv2DSparse(_Convolution):
    """Sparsity-preserving depthwise convolution: every channel with a kernel of its own.

    [features (B, N, C), hash (B, N, 2)] -> features (B, N, C), same hash; otherwise as `QConv2DSparse`. `kernel`
    (K_h, K_w, C, 1) as in Keras' DepthwiseConv2D with depth_multiplier 1; `bias` (C,).
    """

    def build(self, input_shape):
        super().build(input_shape)
        self._add_weights((*self.kernel_size, input_shape[0][-1], 1), input_shape[0][-1])

    def call(self, inputs):
        features, hash = inputs
        return ops.depthwise_conv2d(features, hash, *self._quantized(features.shape[-1]))


class _Pooling2DSparse(OnCompactArrays):
    """[features, hash] -> [features, hash] of the pooled image, still N slots.

    A cell lives in the slot of its first pixel. Pixels in a partial window at the edge are dropped, as in
    Keras 'valid'; `image_shape` (H, W) is the shape before pooling.
    """

    def __init__(self, pool_size, image_shape, strides=None, **kwargs):
        super().__init__(**kwargs)
        self.pool_size, self.image_shape = pair(pool_size, "pool_size"), pair(image_shape, "image_shape")
        if strides is not None and pair(strides, "strides") != self.pool_size:
            raise ValueError(
                f"Sparse pooling windows do not overlap: strides must equal pool_size {self.pool_size}, not {strides}."
            )
        if any(p > s for p, s in zip(self.pool_size, self.image_shape, strict=True)):
            raise ValueError(f"pool_size {self.pool_size} is larger than the image {self.image_shape}.")

    def get_config(self):
        return super().get_config() | {"pool_size": self.pool_size, "image_shape": self.image_shape}


@tf.keras.utils.register_keras_serializable("sparsepixels")
class AveragePooling2DSparse(_Pooling2DSparse):
    """Average over the AREA of each window, as a dense average.

    [features (B, N, C), hash (B, N, 2)] -> the same shapes. Defined so that hardware can be exact: the exact
    sum times round(2^k / area) / 2^k, k = `reciprocal_bits`; nothing is rounded unless an `output_quantizer`
    says so.
    """

    def __init__(self, pool_size, image_shape, reciprocal_bits: int = 16, output_quantizer=None, **kwargs):
        super().__init__(pool_size, image_shape, **kwargs)
        self.reciprocal_bits = whole(reciprocal_bits, "reciprocal_bits")
        self.output_quantizer = None if output_quantizer is None else quantizer_name(output_quantizer)
        self._quantize = get_quantizer(self.output_quantizer) or (lambda x: x)
        self.scale = reciprocal_bits <= 52 and reciprocal(self.pool_size[0] * self.pool_size[1], self.reciprocal_bits)
        if self.scale == 0 or self.reciprocal_bits > 52:
            raise ValueError(
                f"reciprocal_bits = {reciprocal_bits} cannot hold 1/{self.pool_size[0] * self.pool_size[1]}."
            )

    def call(self, inputs):
        features, hash = inputs
        home, pooled = ops.pool_cells(hash, self.pool_size, self.image_shape)
        return self._quantize(ops.average_pool(features, home, self.scale)), pooled

    def get_config(self):
        return super().get_config() | {
            "reciprocal_bits": self.reciprocal_bits,
            "output_quantizer": self.output_quantizer,
        }


@tf.keras.utils.register_keras_serializable("sparsepixels")
class MaxPooling2DSparse(_Pooling2DSparse):
    """Largest *active* value of each window (negative values survive).

    [features (B, N, C), hash (B, N, 2)] -> the same shapes.
    """

    def call(self, inputs):
        features, hash = inputs
        home, pooled = ops.pool_cells(hash, self.pool_size, self.image_shape)
        return ops.max_pool(features, home), pooled


@tf.keras.utils.register_keras_serializable("sparsepixels")
class SparseFlatten(OnCompactArrays):
    """[features (B, N, C), hash (B, N, 2)] -> (B, H W C): Keras' Flatten of the pixel view.

    Zero where no slot is active.
    """

    def __init__(self, image_shape, **kwargs):
        super().__init__(**kwargs)
        self.image_shape = pair(image_shape, "image_shape")

    def call(self, inputs):
        features, hash = inputs
        size = self.image_shape[0] * self.image_shape[1] * features.shape[-1]
        return tf.reshape(ops.densify(features, hash, self.image_shape), (-1, size))

    def get_config(self):
        return super().get_config() | {"image_shape": self.image_shape}
