"""The sparse operations as functions of tensors on compact arrays, in whatever float type they are given.

Throughout, B = batch, N = slots, C and F = channels: features (B, N, C) float; hash (B, N, 2) int32 = (row,
column), 1-based, (0, 0) = empty slot. A slot is active iff its hash is nonzero. Source of the operations:
arXiv 2512.06208.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

_FAR = 1e6  # farther than any kernel reaches: an empty slot is nobody's neighbour


def active(hash: tf.Tensor) -> tf.Tensor:
    """Which slots hold a pixel: (B, N) bool."""
    return hash[..., 0] > 0


def first_active(mask: tf.Tensor, n: int) -> tf.Tensor:
    """Indices (B, n) int32 of the first `n` true entries of each row of `mask` (B, P); P where there are fewer."""
    rows, entries = tf.unstack(tf.cast(tf.where(mask), tf.int32), axis=1)
    start = tf.searchsorted(rows, tf.range(tf.shape(mask)[0] + 1))
    position = start[:-1, None] + tf.range(n)
    return tf.where(position < start[1:, None], tf.gather(tf.pad(entries, [[0, n]]), position), tf.shape(mask)[1])


def choose(values: tf.Tensor, levels: list[float], n: int, selection: str) -> tf.Tensor:
    """The pixels (B, P) bool that an image's `n` slots are for, of `values` (B, P); see `InputReduce`.

    Active is what is above `levels[0]`. "raster" has no other level, and its mask holds all active pixels: the first
    are taken. "adaptive": the level is the lowest that leaves at most `n` pixels, else the highest; chosen are the
    first above it, then the first above the next lower one. "largest": the same, the image's n-th value as the level.
    """
    levels = [tf.constant(level, values.dtype) for level in levels]
    if selection == "largest":
        values = tf.where(values > levels[0], values, values.dtype.min)
        last = tf.math.top_k(values, n).values[:, -1:]
        return _filled(values > last, (values == last) & (values > levels[0]), n)
    if len(levels) == 1:
        return values > levels[0]
    many = [tf.reduce_sum(tf.cast(values > level, tf.int32), axis=1, keepdims=True) > n for level in levels[:-1]]
    steps = zip(levels, levels[1:], many, strict=False)
    at, below = (
        levels[0],
        tf.constant(np.inf, values.dtype),
    )  # of levels[0] nothing is below: an image with few pixels keeps all
    for low, high, too_many in steps:  # counts only fall from level to level
        at, below = tf.where(too_many, high, at), tf.where(too_many, low, below)
    return _filled(values > at, (values > below) & (values <= at), n)


def _filled(first: tf.Tensor, filling: tf.Tensor, n: int) -> tf.Tensor:
    """The first `n` pixels of `first` (B, P), then, while there are fewer, the first of `filling` (B, P), as a mask."""
    rank, more = (tf.cumsum(tf.cast(mask, tf.int32), axis=1) for mask in (first, filling))
    return first & (rank <= n) | filling & (more <= n - rank[:, -1:])


def patches(images: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """`images` (B, H, W, 1) as an image of their patches of p x q pixels: (B, H / p, W / q, 1 + p q).

    Channel 0 is the largest value of a patch, the others are its values in raster order.
    """
    (p, q), (height, width) = size, images.shape[1:3]
    cut = tf.reshape(images, (-1, height // p, p, width // q, q))
    values = tf.reshape(tf.transpose(cut, (0, 1, 3, 2, 4)), (-1, height // p, width // q, p * q))
    return tf.concat([tf.reduce_max(values, axis=-1, keepdims=True), values], axis=-1)


def gather_pixels(images: tf.Tensor, mask: tf.Tensor, n: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Compact arrays of the first `n` pixels in raster order of `images` (B, H, W, C) where `mask` (B, H W)
    holds."""
    height, width, channels = images.shape[1:]
    index = first_active(mask, n)
    found = (index < height * width)[..., None]
    pixel = tf.minimum(index, height * width - 1)
    features = tf.gather(tf.reshape(images, (-1, height * width, channels)), pixel, batch_dims=1)
    hash = tf.stack([pixel // width + 1, pixel % width + 1], axis=-1)
    return tf.where(found, features, tf.zeros_like(features)), tf.where(found, hash, tf.zeros_like(hash))


def neighbours(hash: tf.Tensor, kernel_size: tuple[int, int]) -> tuple[tf.Tensor, tf.Tensor]:
    """All P pairs (i, j) of active slots of the batch with the pixel of j inside the kernel around the pixel of i.

    Returns `source` (P,), the flat slot b N + j, and `target` (P,), the flat (slot i, kernel offset). They
    depend on the active set only, so they stay on the hash tensor, where the next layer with this kernel size
    finds them.
    """
    known = {}
    if tf.executing_eagerly() or not hasattr(hash, "numpy"):  # not on an array from outside the graph being built
        known = hash.__dict__.setdefault("_neighbours", known)
    if kernel_size not in known:
        n, (k_h, k_w) = hash.shape[1], kernel_size
        empty = tf.where(active(hash), 0.0, _FAR)
        row, column = tf.unstack(tf.cast(hash, tf.float32), axis=-1)
        d_row, d_column = _differences(row + empty, row - empty), _differences(column, column)
        near = tf.where(tf.maximum(tf.abs(d_row) - k_h // 2, tf.abs(d_column) - k_w // 2) <= 0)
        code = tf.cast(tf.gather_nd(d_row * k_w + d_column, near), tf.int32) + k_h // 2 * k_w + k_w // 2
        b, i, j = tf.unstack(tf.cast(near, tf.int32), axis=1)
        known[kernel_size] = b * n + j, (b * n + i) * k_h * k_w + code
    return known[kernel_size]


def _differences(of: tf.Tensor, minus: tf.Tensor) -> tf.Tensor:
    """of_j - minus_i, (B, i, j); tiled by hand, because TensorFlow broadcasts two operands at once slowly."""
    n = of.shape[1]
    return tf.reshape(tf.reshape(tf.tile(of, (1, n)), (-1, n)) - tf.reshape(minus, (-1, 1)), (-1, n, n))


def conv2d(features: tf.Tensor, hash: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    """out_i = bias + sum_j kernel[hash_j - hash_i]^T x_j over active j, on active i only: (B, N, F).

    `kernel` (K_h, K_w, C, F), `bias` (F,).
    """
    k_h, k_w, channels, filters = kernel.shape
    patches = _patches(features, hash, (k_h, k_w))
    out = tf.reshape(patches, (-1, k_h * k_w * channels)) @ tf.reshape(kernel, (-1, filters)) + bias
    return tf.reshape(out, (-1, hash.shape[1], filters)) * tf.cast(active(hash), out.dtype)[..., None]


def depthwise_conv2d(features: tf.Tensor, hash: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    """out_i[c] = bias[c] + sum_j kernel[hash_j - hash_i][c] x_j[c] over active j, on active i only: (B, N, C).

    `kernel` (K_h, K_w, C, 1), `bias` (C,).
    """
    k_h, k_w, channels, _ = kernel.shape
    patches = _patches(features, hash, (k_h, k_w))
    out = tf.reduce_sum(patches * tf.reshape(kernel, (k_h * k_w, channels)), axis=1) + bias
    return tf.reshape(out, (-1, hash.shape[1], channels)) * tf.cast(active(hash), out.dtype)[..., None]


def _patches(features: tf.Tensor, hash: tf.Tensor, kernel_size: tuple[int, int]) -> tf.Tensor:
    """What each slot sees through the kernel: (B N, K_h K_w, C), zero where there is no active pixel."""
    k_h, k_w = kernel_size
    source, target = neighbours(hash, kernel_size)
    x = tf.gather(tf.reshape(features, (-1, features.shape[-1])), source)
    slots = tf.size(hash) // 2
    patches = tf.math.unsorted_segment_sum(x, target, slots * k_h * k_w)  # each (slot, offset) has one pixel at most
    return tf.reshape(patches, (slots, k_h * k_w, features.shape[-1]))


def pixel_index(hash: tf.Tensor, image_shape: tuple[int, int], pool_size: tuple[int, int] = (1, 1)) -> tf.Tensor:
    """Flat index (B, N) over the batch of each slot's pixel, or pooling cell, in raster order; -1 for none."""
    message = f"A hash lies outside the image of {image_shape} pixels"
    with tf.control_dependencies(
        [tf.debugging.assert_less_equal(tf.reduce_max(hash, axis=(0, 1)), tf.constant(image_shape), message)]
    ):
        cell = hash - 1 if pool_size == (1, 1) else (hash - 1) // tf.constant(pool_size)
    rows, columns = image_shape[0] // pool_size[0], image_shape[1] // pool_size[1]
    image = tf.range(tf.shape(hash)[0])[:, None]
    index = (image * rows + cell[..., 0]) * columns + cell[..., 1]
    inside = active(hash) & (cell[..., 0] < rows) & (cell[..., 1] < columns)  # partial windows are dropped
    return tf.where(inside, index, -1)


def pool_cells(
    hash: tf.Tensor, pool_size: tuple[int, int], image_shape: tuple[int, int]
) -> tuple[tf.Tensor, tf.Tensor]:
    """For each slot the flat slot (B, N) its cell lives in (-1: none), and the pooled hash.

    A cell lives in the first of its slots.
    """
    hash = tf.cast(hash, tf.int32)
    cell = pixel_index(hash, image_shape, pool_size)
    slot = tf.reshape(tf.range(tf.size(cell)), tf.shape(cell))
    cells = tf.shape(hash)[0] * (image_shape[0] // pool_size[0]) * (image_shape[1] // pool_size[1])
    first = tf.math.unsorted_segment_min(slot, cell, cells)
    home = tf.where(cell >= 0, tf.gather(first, tf.maximum(cell, 0)), -1)
    pooled = tf.where((home == slot)[..., None], (hash - 1) // tf.constant(pool_size) + 1, 0)
    return home, pooled


def average_pool(features: tf.Tensor, home: tf.Tensor, scale: float) -> tf.Tensor:
    """Exact sum over each cell times `scale`, the reciprocal of the window's AREA, in the cell's slot: (B, N, C)."""
    return _pool(tf.math.unsorted_segment_sum, features, home) * tf.cast(scale, features.dtype)


def max_pool(features: tf.Tensor, home: tf.Tensor) -> tf.Tensor:
    """Largest active value of each cell, in the cell's slot: (B, N, C); zero where no cell lives."""
    out = _pool(tf.math.unsorted_segment_max, features, home)
    slot = tf.reshape(tf.range(tf.size(home)), tf.shape(home))
    return tf.where((home == slot)[..., None], out, tf.zeros_like(out))


def _pool(segment_op, features: tf.Tensor, home: tf.Tensor) -> tf.Tensor:
    return tf.reshape(segment_op(features, home, tf.size(home)), tf.shape(features))


def densify(features: tf.Tensor, hash: tf.Tensor, image_shape: tuple[int, int]) -> tf.Tensor:
    """The pixel view (B, H, W, C) of compact arrays; zero where no slot is active.

    Raises InvalidArgumentError if a hash lies outside the image.
    """
    features, hash = tf.convert_to_tensor(features), tf.cast(hash, tf.int32)
    if tf.executing_eagerly():  # a user's own arrays; layers give nothing else
        empty_or_inside = (hash[..., 0] > 0) == (hash[..., 1] > 0)
        tf.debugging.assert_equal(
            empty_or_inside & (hash[..., 0] >= 0), True, "A hash is (row, column), 1-based, or (0, 0)"
        )
    (height, width), channels = image_shape, features.shape[-1]
    batch = tf.shape(hash)[0]
    flat = tf.math.unsorted_segment_sum(features, pixel_index(hash, image_shape), batch * height * width)
    return tf.reshape(flat, (batch, height, width, channels))
