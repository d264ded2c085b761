"""The input reduction: from images to compact arrays of the pixels that are worth a slot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from numbers import Real

import tensorflow as tf
from qkeras.quantizers import get_quantizer

from ..numerics.quantizers import fixed
from ..numerics.whole import pair, whole
from . import ops
from .base import NOT_SCALED, Layer, quantizer_name

SELECTIONS = ("raster", "adaptive", "largest")


@tf.keras.utils.register_keras_serializable("sparsepixels")
class InputReduce(Layer):
    """Images (B, H, W, C) -> features (B, n_active, C), hash (B, n_active, 2): some active pixels in raster order.

    Active: channel 0 of the *quantised* image is strictly above `threshold` (floored to the quantizer's grid). Where
    more are active than there are slots, `selection` says which stay: "raster", as published, the first; "adaptive",
    the first above the lowest of `levels` that leaves at most n_active, then, while slots are free, the first of those
    above the next lower level; "largest", those of the largest channel 0, of equals the first. Empty slots have zero
    features and hash (0, 0). `levels`: increasing numbers on the quantizer's grid, beginning with the threshold; see
    `fit_levels`. `patch` (p, q): a pixel is a patch of p x q pixels of an image of one channel, with 1 + p q channels:
    its largest value, by which it is active and chosen, and its values in raster order; rows and columns are those of
    patches. NUMERICS.md states all of it bit by bit.
    Raises ValueError for n_active < 1 or > H W, a threshold or level no pixel can pass, levels that are not as above,
    and images that are not (B, H, W, C) or do not fit `patch` or the selection; at call time InvalidArgumentError for
    NaN, infinite or unscaled pixels (above twice the quantizer's range), and TypeError for integer images (a Keras
    model makes them floats first, so there they are caught as unscaled).
    """

    def __init__(
        self,
        n_active: int,
        threshold: float = 0.0,
        input_quantizer="quantized_relu(8,0)",
        selection: str = "raster",
        levels: Sequence[float] | None = None,
        patch: tuple[int, int] | int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.n_active, self.threshold = whole(n_active, "n_active"), _number(threshold, "threshold")
        self.input_quantizer = quantizer_name(input_quantizer)
        self.format, self._quantize = fixed(self.input_quantizer), get_quantizer(self.input_quantizer)
        if not 0 <= self.threshold < self.format.max:
            raise ValueError(
                f"threshold must be at least 0 and below {self.format.max}, the largest pixel "
                f"{self.input_quantizer} can give (scale the images to [0, 1]), not {threshold}."
            )
        if not isinstance(selection, str) or selection not in SELECTIONS:
            raise ValueError(f"selection is one of {', '.join(map(repr, SELECTIONS))}, not {selection!r}.")
        self.selection = selection
        self.levels = self._checked(levels)
        self.patch = None if patch is None else pair(patch, "patch")
        if self.patch == (1, 1):
            raise ValueError("A patch of (1, 1) is the pixel itself: leave patch out.")

    def _checked(self, levels) -> tuple[float, ...] | None:
        """Levels of "adaptive" as floats; None otherwise."""
        if self.selection != "adaptive":
            if levels is not None:
                raise ValueError(f"levels belong to selection='adaptive', not to {self.selection!r}: leave them out.")
            return None
        try:
            given = () if isinstance(levels, str) else tuple(levels)
        except TypeError:  # one number, or none
            given = ()
        if not given:
            raise ValueError(
                f"selection='adaptive' needs its levels, beginning with the threshold {self.threshold:g}, not "
                f"{levels!r}: fit_levels(images, n_active, k) proposes them."
            )
        levels, grid = tuple(_number(level, "a level") for level in given), self.format
        if levels[0] not in (self.threshold, grid.floor(self.threshold)):
            raise ValueError(f"levels begin with the threshold, {self.threshold}, not with {levels[0]}.")
        for last, level in pairwise((grid.floor(levels[0]), *levels[1:])):
            if not level > last:
                raise ValueError(f"levels increase, each above the one before: {level} comes after {last}.")
            if level >= grid.max:
                raise ValueError(
                    f"No pixel is above the level {level}: {grid.max} is the largest that {self.input_quantizer} can "
                    "give."
                )
            if level != (below := grid.floor(level)):
                near = " or ".join(str(code) for code in (below, below + grid.lsb) if last < code < grid.max)
                raise ValueError(
                    f"The level {level} is not on the grid of {self.input_quantizer}, steps of {grid.lsb}: "
                    f"{f'take {near}' if near else 'leave it out'}."
                )
        return levels

    def build(self, input_shape):
        self.image_shape = self._size(input_shape)
        super().build(input_shape)

    def _size(self, input_shape) -> tuple[int, int]:
        """Rows and columns of the pixels of such images. Raises ValueError for those that do not fit."""
        if len(input_shape) != 4 or None in input_shape[1:]:
            raise ValueError(
                f"InputReduce takes images (batch, height, width, channels) of known size, not {tuple(input_shape)}."
            )
        *size, channels = input_shape[1:]
        if channels > 1 and self.patch:
            raise ValueError(f"patch={self.patch} takes images of one channel, not of {channels}.")
        if channels > 1 and self.selection == "largest":
            raise ValueError(
                f"selection='largest' ranks pixels by channel 0 and takes images of that channel alone, not of "
                f"{channels}: use 'adaptive', whose levels are of channel 0, too."
            )
        for name, length, of in zip(("height", "width"), size, self.patch or (1, 1), strict=True):
            if length % of:
                fitting = [str(k) for k in range(1, length + 1) if length % k == 0]
                raise ValueError(
                    f"Patches of {self.patch} do not divide the {size[0]}x{size[1]} image: its {name} of {length} "
                    f"can be cut by {', '.join(fitting)}."
                )
        rows, columns = (a // b for a, b in zip(size, self.patch or (1, 1), strict=True))
        if self.n_active > rows * columns:
            what = "patches" if self.patch else "pixels"
            raise ValueError(f"n_active = {self.n_active} is more than the {rows}x{columns} image has {what}.")
        return rows, columns

    def call(self, images):
        if not images.dtype.is_floating:
            raise TypeError(f"InputReduce got {images.dtype.name} images: {NOT_SCALED}.")
        self._size(images.shape)  # which need not be that of the first images, for which it was built
        finite = tf.debugging.check_numerics(tf.reduce_sum(images), "The images have NaN or infinite pixels")
        limit = tf.constant(2 * self.format.max, images.dtype)  # pixels a little too large saturate, as in hardware
        message = f"The images have pixels far above {self.format.max}: {NOT_SCALED}"
        scaled = tf.debugging.assert_less_equal(tf.reduce_max(images), limit, message)
        with tf.control_dependencies([finite, scaled]):
            images = self._quantize(images) if self.selection == "largest" else tf.identity(images)  # it ranks codes
        features, hash = self.reduce(images, lambda level: self.format.cut(level, images.dtype.as_numpy_dtype))
        return self._quantize(features), hash

    def reduce(self, images: tf.Tensor, cut: Callable[[float], float]) -> tuple[tf.Tensor, tf.Tensor]:
        """Features and hash of `images` (B, H, W, C) of any float type; `cut`: what a level is for their numbers."""
        images = ops.patches(images, self.patch) if self.patch else images
        first = tf.reshape(images[..., 0], (-1, images.shape[1] * images.shape[2]))
        chosen = ops.choose(
            first, [cut(level) for level in self.levels or (self.threshold,)], self.n_active, self.selection
        )
        return ops.gather_pixels(images, chosen, self.n_active)

    def get_config(self):
        names = ("n_active", "threshold", "input_quantizer", "selection", "levels", "patch")
        return super().get_config() | {name: getattr(self, name) for name in names}


def _number(value, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError(f"{name} is a number on the scale of the pixels, not {value!r}.")
    return float(value)
