"""The three published architectures, standard and sparse (arXiv 2512.06208), and ours on patches.

Their parameter counts are part of the specification. Layer names are as published: input_reduce, conv1,
relu1, conv2, relu2, pool1, ..., flatten, dense1, relu3, dense2, then sigmoid or softmax.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import tensorflow as tf
from qkeras import QActivation, QConv2D, QDense

from .._legacy_keras import require_float32
from ..numerics.whole import pair
from .graph import input_reduce_of
from .layers import AveragePooling2DSparse, QConv2DSparse, SparseFlatten
from .reduce import InputReduce
from .supported import graph_model

keras = tf.keras


@dataclass(frozen=True)
class Architecture:
    """One published network.

    `body` in order: ("conv", size, filters) with its ReLU or ("pool", size); `hidden` units; `integer` bits.
    """

    image_shape: tuple[int, int]
    threshold: float
    body: tuple[tuple, ...]
    hidden: int
    classes: int
    parameters: int
    integer: int  # integer bits of the 8-bit quantizers; at 16 bit all have 6
    patch: tuple[int, int] | None = None  # a pixel of the network is such a patch of the image

    @property
    def output(self) -> str:
        return "sigmoid" if self.classes == 1 else "softmax"


ARCHITECTURES = {
    "microboone": Architecture((63, 63), 0.0, (("conv", 7, 1), ("conv", 7, 3), ("pool", 7)), 16, 1, 4121, 2),
    "lhc_jets": Architecture((56, 56), 0.0, (("conv", 9, 3), ("conv", 9, 1), ("pool", 4)), 20, 5, 4535, 4),
    "sparse_mnist": Architecture(
        (48, 48),
        0.4,
        (("conv", 7, 1), ("pool", 4), ("conv", 5, 3), ("pool", 2)),
        36,
        10,
        4422,
        0,
    ),
}
# Of ours, on patches of pixels: smaller kernels see as much, and there are fewer places to weigh behind the pooling.
PATCHED = {
    name: replace(ARCHITECTURES[name], patch=patch, body=body, parameters=parameters)
    for name, patch, body, parameters in (
        ("microboone", (3, 3), (("conv", 3, 3), ("conv", 3, 3), ("pool", 7)), 822),
        ("lhc_jets", (4, 4), (("conv", 3, 3), ("conv", 3, 3), ("pool", 2)), 3611),
        ("sparse_mnist", (2, 2), (("conv", 3, 3), ("conv", 3, 3), ("pool", 4)), 4516),
    )
}


def sparse_cnn(
    dataset: str,
    bits: int,
    n_active: int,
    selection: str = "raster",
    levels: Sequence[float] | None = None,
    patch: tuple[int, int] | int | None = None,
    *,
    seed: int = 0,
) -> keras.Model:
    """Sparse network for images (B, H, W, 1); output (B, classes).

    `dataset` is `microboone`, `lhc_jets` or `sparse_mnist`, `bits` 8 or 16; `selection`, `levels` and `patch` are those
    of `InputReduce`. With a patch, that of `PATCHED`, it is the architecture there, else the published one. `seed`
    fixes the initial weights. Raises ValueError for an unknown data set, other bit widths or patches, n_active outside
    1 .. H W, and as `InputReduce`.
    """
    arch, weights, relu = _specification(dataset, bits, "sparse")
    if patch is not None:
        patch, arch = pair(patch, "patch"), PATCHED[dataset]
        if patch != arch.patch:
            raise ValueError(
                f"The network of {dataset} on patches has patch={arch.patch}, not {patch}: for others build your own, "
                "which begins with InputReduce(patch=...)."
            )
    image = keras.Input((*arch.image_shape, 1), name="image")
    reduce = InputReduce(n_active, arch.threshold, input_quantizer(bits), selection, levels, patch, name="input_reduce")
    x, hash = reduce(image)
    shape, convs, pools = reduce.image_shape, 0, 0
    for kind, size, *filters in arch.body:
        if kind == "conv":
            convs += 1
            x = QConv2DSparse(
                *filters, size, weights, weights, kernel_initializer=_glorot(seed, convs), name=f"conv{convs}"
            )([x, hash])
            x = QActivation(relu, name=f"relu{convs}")(x)
        else:
            pools += 1
            x, hash = AveragePooling2DSparse(size, shape, name=f"pool{pools}")([x, hash])
            shape = shape[0] // size, shape[1] // size
    x = SparseFlatten(shape, name="flatten")([x, hash])
    return _head(image, x, arch, weights, relu, seed, network_name(dataset, bits, n_active, selection, patch))


def standard_cnn(dataset: str, bits: int, *, seed: int = 0) -> keras.Model:
    """The standard QKeras CNN of the same architecture and parameter count; arguments and errors as `sparse_cnn`."""
    arch, weights, relu = _specification(dataset, bits, "standard")
    image = keras.Input((*arch.image_shape, 1), name="image")
    x, convs, pools = QActivation(input_quantizer(bits), name="input_quantizer")(image), 0, 0
    for kind, size, *filters in arch.body:
        if kind == "conv":
            convs += 1
            x = QConv2D(*filters, size, padding="same", kernel_quantizer=weights, bias_quantizer=weights,
                        kernel_initializer=_glorot(seed, convs), name=f"conv{convs}")(x)  # fmt: skip
            x = QActivation(relu, name=f"relu{convs}")(x)
        else:
            pools += 1
            x = keras.layers.AveragePooling2D(size, name=f"pool{pools}")(x)
    return _head(
        image, keras.layers.Flatten(name="flatten")(x), arch, weights, relu, seed, network_name(dataset, bits, None)
    )


def compact_model(model: keras.Model) -> keras.Model:
    """The same network on reduced arrays: inputs [features (B, N, C), hash (B, N, 2)].

    It *shares* its weights with `model`. Raises ValueError if `model` has no InputReduce layer.
    """
    reduce = input_reduce_of(model := graph_model(model))
    return keras.Model(reduce.output, model.output, name=f"{model.name}_compact")


def network_name(
    dataset: str,
    bits: int,
    n_active: int | None,
    selection: str = "raster",
    patch: tuple[int, int] | None = None,
) -> str:
    """The name of a network's model, "microboone_sparse_n8_adaptive_8bit"; `n_active` None: of the standard CNN."""
    chosen = f"_{selection}" if selection != "raster" else ""
    patches = f"_{patch[0]}x{patch[1]}" if patch else ""
    kind = "standard" if n_active is None else f"sparse_n{n_active}{chosen}{patches}"
    return f"{dataset}_{kind}_{bits}bit"


def input_quantizer(bits: int) -> str:
    """ap_ufixed<bits, 0>: images hold values in [0, 1]."""
    return f"quantized_relu({bits},0)"


def _specification(dataset: str, bits: int, kind: str) -> tuple[Architecture, str, str]:
    if dataset not in ARCHITECTURES:
        raise ValueError(f"Unknown data set {dataset!r}: choose one of {', '.join(ARCHITECTURES)}.")
    if isinstance(bits, float) or bits not in (8, 16):
        raise ValueError(f"The published networks have 8 or 16 bits, not {bits}.")
    require_float32(keras.mixed_precision.global_policy(), f"The {kind} network")
    integer = ARCHITECTURES[dataset].integer if bits == 8 else 6
    return ARCHITECTURES[dataset], f"quantized_bits({bits},{integer},alpha=1)", f"quantized_relu({bits},{integer})"


def _head(image, x, arch: Architecture, weights: str, relu: str, seed: int, name: str) -> keras.Model:
    for i, units in enumerate((arch.hidden, arch.classes), 1):
        initializer = _glorot(seed, 10 + i)
        x = QDense(
            units, kernel_quantizer=weights, bias_quantizer=weights, kernel_initializer=initializer, name=f"dense{i}"
        )(x)
        x = QActivation(relu, name="relu3")(x) if i == 1 else keras.layers.Activation(arch.output, name=arch.output)(x)
    model = keras.Model(image, x, name=name)
    if model.count_params() != arch.parameters:
        raise AssertionError(f"{name} has {model.count_params()} parameters, the published network {arch.parameters}.")
    return model


def _glorot(seed: int, layer: int):
    return keras.initializers.GlorotUniform(seed=1000 * seed + layer)
