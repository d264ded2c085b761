"""The RTL of sparse networks, simulated, against `exact_predict` and the integer oracle."""

import networks
import numpy as np
import oracle
import pytest
import tensorflow as tf
from test_exact import cancelling, tying

import sparsepixels_lib as sp
from sparsepixels_lib.verilator import lint

keras = tf.keras


def chain(shape, n, *body, bits=8, threshold=0.0, name="tiny"):
    """A sparse network of the layers `body`: ("conv", filters, size), ("act", quantizer), ("average", pool[, quantizer]),
    ("max", pool), ("flatten",), ("dense", units)."""
    weights = {f"{w}_quantizer": f"quantized_bits({bits},2,alpha=1)" for w in ("kernel", "bias")}
    image = keras.Input(shape, name="image")
    x, hash = sp.InputReduce(n, threshold, f"quantized_relu({bits},0)", name="input_reduce")(image)
    size = shape[:2]
    for kind, *options in body:
        if kind == "conv":
            x = sp.QConv2DSparse(*options, **weights)([x, hash])
        elif kind == "act":
            x = sp.models.QActivation(options[0])(x)
        elif kind in ("average", "max"):
            layer = sp.AveragePooling2DSparse if kind == "average" else sp.MaxPooling2DSparse
            more = {"output_quantizer": options[1]} if options[1:] else {}
            x, hash = layer(options[0], size, **more)([x, hash])
            size = tuple(s // p for s, p in zip(size, np.broadcast_to(options[0], 2).tolist(), strict=True))
        elif kind == "flatten":
            x = sp.SparseFlatten(size)([x, hash])
        else:
            x = sp.models.QDense(options[0], **weights)(x)
    return keras.Model(image, x, name=name)


def images_for(model, count, seed=0):
    """Corner images, and random ones from almost empty to full."""
    height, width, channels = model.input_shape[1:]
    rng = np.random.default_rng(seed)
    random = rng.random((count, height, width, channels))
    random *= rng.random((count, height, width, 1)) < rng.random((count, 1, 1, 1)) ** 2
    n = model.get_layer("input_reduce").n_active
    return np.concatenate([networks.corner_images(height, width, channels, n), random])


def ordinary(shape, rng):
    return rng.normal(0, 0.5, shape)


def set_weights(model, kind, seed=1):
    rng = np.random.default_rng(seed)
    model.set_weights([kind((1, *w.shape), rng).reshape(w.shape) for w in model.get_weights()])


def emitted(model, folder, design=sp.BALANCED):
    return sp.emit_rtl(sp.convert(model, folder / "hls"), folder / "rtl project", design)


RELU = ("act", "quantized_relu(6,1)")
NETWORKS = {
    "as MicroBooNE: an average of 6 in the head, several channels, rows streamed": (
        ((9, 11, 2), 8, ("conv", 2, (3, 5)), RELU, ("conv", 3, 3), RELU, ("average", (2, 3)), ("flatten",))
        + (("dense", 4), RELU, ("dense", 3)),
        sp.Design(rows=2, pixels=3, interface="rows"),
    ),
    "as MNIST: two pools, the second in the head, filters one by one, no DSP": (
        ((12, 10, 1), 7, ("conv", 2, 3), RELU, ("average", 2), ("conv", 3, 3), RELU, ("average", 2), ("flatten",))
        + (("dense", 5), RELU, ("dense", 2)),
        sp.Design(rows=5, pixels=2, filters=1, multipliers="lut"),
    ),
    "signed activations, a maximum, pools one behind the other, an average that rounds": (
        ((13, 9, 1), 6, ("conv", 2, 5), ("act", "quantized_bits(6,1,1,alpha=1)"), ("max", (2, 1)))
        + (("average", 3, "quantized_bits(7,1,alpha=1)"), ("flatten",), ("dense", 3)),
        sp.Design(rows=1, pixels=6, multipliers="dsp"),
    ),
    "no activation, an average of 9 and a convolution behind it": (
        ((10, 10, 1), 5, ("conv", 1, 3), ("average", 3), ("conv", 2, (1, 3)), ("max", 2), ("flatten",), ("dense", 2)),
        sp.Design(rows=3, pixels=5),
    ),
    "no convolution at all": (
        ((5, 6, 2), 4, ("flatten",), RELU, ("dense", 3), ("act", "quantized_bits(5,3,alpha=1)"), ("dense", 2)),
        sp.Design(rows=8, pixels=3),
    ),
}


@pytest.mark.parametrize(
    ("name", "weights", "bits"),
    list(zip(NETWORKS, [tying, ordinary, ordinary, ordinary, cancelling], [8, 8, 8, 8, 16], strict=True)),
)
def test_the_rtl_equals_keras_and_the_oracle_whatever_the_events_do(name, weights, bits, tmp_path, state_count):
    body, design = NETWORKS[name]
    model = chain(*body, bits=bits)
    set_weights(model, weights)
    project = emitted(model, tmp_path, design)
    images = images_for(model, 150)
    expected = oracle.predict(networks.describe(model), images)
    assert (sp.exact_predict(model, images) == expected).all()
    single, full_rate = sp.simulate(project, images, back_to_back=False), sp.simulate(project, images)
    gaps = sp.simulate(project, images, gaps=0.3)
    reset = sp.simulate(project, images, reset_at={2: 3, 9: 11, 10: 0})
    for run in (single, full_rate, gaps, reset):
        assert (run.logits == expected).all()
    assert len(np.unique(expected)) > 10
    assert len(set(single.latency)) == 1
    assert full_rate.ii == (project.ii, project.ii)
    assert lint(project) == []
    state_count(f"RTL, {name}, {weights.__name__} weights: {4 * expected.size} logits, 0 mismatches")
