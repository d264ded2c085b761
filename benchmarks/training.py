"""Training step and inference of four ways to compute the same MicroBooNE network, side by side in one run.

    (a) standard   the standard QKeras CNN on images
    (b) masked     the masked dense emulation that others use: dense convolutions, results multiplied by a mask
    (c) sparse     ours, from images
    (d) reduced    ours, from reduced arrays

N = 20, batch 256, synthetic track-like images with about the occupancy of real windows (mean 27 active pixels
of 3,969, 18 % empty). The four take turns in rounds, and each figure is the median over rounds of a ratio
within the round, so that a busy machine disturbs all alike.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import sparsepixels_lib as sp

# isort: split
import tensorflow as tf  # after the library, which sets up legacy Keras
from qkeras import QActivation, QConv2D, QDense

keras, N, BATCH = tf.keras, 20, 256


def tracks(n: int, seed: int = 0) -> np.ndarray:
    """`n` synthetic images (n, 63, 63, 1): a few random tracks of pixels of value .22 and up."""
    rng, images = np.random.default_rng(seed), np.zeros((n, 63, 63, 1), np.float32)
    for image in (images[k] for k in np.flatnonzero(rng.random(n) > 0.18)):
        for _ in range(rng.integers(1, 4)):
            position, angle = rng.uniform(0, 63, 2), rng.uniform(0, 2 * np.pi)
            for _ in range(int(rng.exponential(24)) + 3):
                angle += rng.normal(0, 0.15)
                position += np.sin(angle), np.cos(angle)
                if (position < 0).any() or (position >= 63).any():
                    break
                image[(*position.astype(int), 0)] = min(1.0, 0.22 + rng.exponential(0.1))
    return images


class KeepMask(keras.layers.Layer):
    """Images -> images with only the first N active pixels, and the mask that says which."""

    def call(self, x):
        active = tf.cast(x[..., :1] > 0, tf.float32)
        flat = tf.reshape(active, (-1, 63 * 63))
        keep = tf.reshape(flat * tf.cast(tf.cumsum(flat, axis=1) <= N, tf.float32), tf.shape(active))
        return x * keep, keep


def masked_cnn() -> keras.Model:
    """The masked dense emulation, with the layers, quantizers and parameter count of the sparse network."""
    weights = dict(kernel_quantizer="quantized_bits(8,2,alpha=1)", bias_quantizer="quantized_bits(8,2,alpha=1)")
    image = keras.Input((63, 63, 1))
    x, keep = KeepMask()(QActivation("quantized_relu(8,0)")(image))
    for filters in (1, 3):
        x = QConv2D(filters, 7, padding="same", **weights)(x) * keep
        x = QActivation("quantized_relu(8,2)")(x)
    x = keras.layers.Flatten()(keras.layers.AveragePooling2D(7)(x))
    x = QActivation("quantized_relu(8,2)")(QDense(16, **weights)(x))
    return keras.Model(image, keras.layers.Activation("sigmoid")(QDense(1, **weights)(x)))


def steps(model: keras.Model, inputs, labels):
    """A training step and an inference, each a function of no arguments that has run before."""
    model.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy")
    batches = iter(tf.data.Dataset.from_tensors((inputs, labels)).repeat())
    train, infer = model.make_train_function(), tf.function(lambda: model(inputs, training=False))
    for _ in range(3):
        train(batches), infer()
    return lambda: train(batches), infer


def seconds(function, at_least: float = 0.3) -> float:
    """Time of one call, averaged over `at_least` seconds of calls: the same turn for all, however fast they are."""
    start, calls = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < at_least:
        function()
        calls += 1
    return elapsed / calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    images, labels = tracks(BATCH), np.random.default_rng(1).integers(0, 2, (BATCH, 1))
    sparse = sp.sparse_cnn("microboone", 8, N)
    reduced = tuple(tf.constant(a) for a in sp.reduce_dataset(sparse, images))
    ways = {
        "(a) standard, images": steps(sp.standard_cnn("microboone", 8), tf.constant(images), labels),
        "(b) masked dense, images": steps(masked_cnn(), tf.constant(images), labels),
        "(c) sparse, images": steps(sparse, tf.constant(images), labels),
        "(d) sparse, reduced arrays": steps(sp.compact_model(sparse), reduced, labels),
    }
    active = (images > 0).sum(axis=(1, 2, 3))
    print(
        f"synthetic images: {active.mean():.1f} active pixels on average, "
        f"{np.mean(active == 0):.0%} empty; {rounds} rounds"
    )
    for k, what in enumerate(("training step", "inference")):
        times = np.array([[seconds(way[k]) for way in ways.values()] for _ in range(rounds)])
        ratios = times[:, 1:2] / times
        print(f"\n{what}, batch {BATCH}, microboone, N = {N}, 8 bit")
        for name, milliseconds, ratio in zip(
            ways, 1e3 * np.median(times, axis=0), np.median(ratios, axis=0), strict=True
        ):
            print(f"  {name:28s} {milliseconds:8.2f} ms   {ratio:6.1f} x (b)")


if __name__ == "__main__":
    main()
