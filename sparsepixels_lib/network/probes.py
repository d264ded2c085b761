"""Images and weights that try every corner of a network: for the checks before every first use, and for tests."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from .graph import input_reduce_of, is_sparse, pixel_format


def probe_images(model: tf.keras.Model) -> np.ndarray:
    """8 images (8, H, W, C) that reach every layer: empty, full, all codes saturated, half codes, few, some and many
    pixels, and codes just above the threshold."""
    shape, pixel = tuple(model.input_shape[1:]), pixel_format(model)
    reduce = input_reduce_of(model) if is_sparse(model) else None
    slots, lowest = (reduce.n_active, reduce.format.floor(reduce.threshold)) if reduce else (20, 0.0)
    rng = np.random.default_rng(0)
    values = rng.uniform(lowest, pixel.max, (8, *shape))
    values[2], values[7] = 1.5 * pixel.max, lowest + pixel.lsb
    values[3] = (np.floor(values[3] / pixel.lsb) + 0.5) * pixel.lsb
    share = min(1.0, slots / np.prod(shape[:2])) * np.array([0, np.inf, np.inf, 1.5, 0.3, 1, 3, 2])
    return values * (rng.random((8, *shape[:2])) < share[:, None, None])[..., None]


def sample_images(model: tf.keras.Model) -> np.ndarray:
    """20 images (20, H, W, C) for the test bench of a network: one empty, one full, the others with up to twice as many
    active pixels as a sparse network has slots."""
    random, shape = np.random.default_rng(0), model.input_shape[1:]
    slots = input_reduce_of(model).n_active if is_sparse(model) else 20
    share = min(1, 2 * slots / np.prod(shape[:2]))
    active = random.random((20, *shape[:2])) < share * np.linspace(0, 1, 20)[:, None, None]
    active[0], active[-1] = False, True
    return random.uniform(0.5, 1, (20, *shape)) * active[..., None]


def corner_images(height: int, width: int, channels: int, n_active: int, seed: int = 0) -> np.ndarray:
    """Empty, full, single-pixel, border, overflow, one-over-full, tie and saturation images.

    (B, H, W, C) float32 in [0, 1].
    """
    rng = np.random.default_rng(seed)
    empty = np.zeros((height, width, channels), np.float32)
    images = [empty, np.ones_like(empty), rng.uniform(0.5, 1, empty.shape).astype(np.float32)]
    for row in (0, height // 2, height - 1):
        for column in (0, width // 2, width - 1):
            single = empty.copy()
            single[row, column] = rng.uniform(0.5, 1)
            images.append(single)
    border = empty.copy()
    border[[0, -1]] = border[:, [0, -1]] = rng.uniform(0.5, 1)
    images.append(border)
    for count in {n_active - 1, n_active, n_active + 1, 2 * n_active}:
        scattered = empty.copy()
        pixels = rng.choice(height * width, min(count, height * width), replace=False)
        scattered.reshape(-1, channels)[pixels] = rng.uniform(0.45, 1, (len(pixels), channels))
        images.append(scattered)
    ties = empty.copy()  # codes k + 1/2 of an 8-bit input: half to even
    ties.reshape(-1, channels)[:: max(1, height * width // 40)] = (rng.integers(102, 255) + 0.5) / 256
    return np.stack([*images, ties])


def saturating(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Weights at and beyond the ends of their range: sums saturate every activation."""
    return rng.choice([-100.0, 100.0], shape)


def tying(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Weights of a few LSBs of the 8-bit and 16-bit grids: sums fall on half codes."""
    return rng.integers(-4, 5, shape) / rng.choice([32.0, 64.0, 128.0, 512.0], shape)


def cancelling(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Rows of opposite sign: sums cancel to exactly 0, where only the bias is left."""
    w = rng.normal(0, 0.5, shape)
    flat = w.reshape(-1, shape[-1])
    flat[1::2] = -flat[: len(flat) // 2 * 2 : 2][: len(flat[1::2])]
    return w
