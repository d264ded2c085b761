"""The streaming RTL of standard CNNs, simulated, against `exact_predict`; its rounding for every input."""

import numpy as np
import pytest
import tensorflow as tf

import sparsepixels_lib as sp
from sparsepixels_lib.measure.simulation import simulate
from sparsepixels_lib.network import probes
from sparsepixels_lib.network.probes import saturating
from sparsepixels_lib.tools.verilator import lint

keras, layers = tf.keras, tf.keras.layers


def network(shape, *body, bits=8):
    """A QKeras CNN of the layers `body`, functions of (weights, relu) that give a layer."""
    weights = {f"{w}_quantizer": f"quantized_bits({bits},2,alpha=1)" for w in ("kernel", "bias")}
    image = keras.Input(shape, name="image")
    x = sp.models.QActivation(f"quantized_relu({bits},0)", name="input_quantizer")(image)
    for layer in body:
        x = layer(weights, f"quantized_relu({bits},2)")(x)
    return keras.Model(image, x, name="tiny")


def conv(filters, size, **options):
    return lambda weights, relu: sp.models.QConv2D(filters, size, **{"padding": "same", **weights, **options})


def dense(units):
    return lambda weights, relu: sp.models.QDense(units, **weights)


def act(quantizer=None):
    return lambda weights, relu: sp.models.QActivation(quantizer or relu)


def plain(kind, *size):
    return lambda weights, relu: kind(*size)


NETWORKS = {
    "average pools, asymmetric windows, dense layers in phases": (
        ((8, 9, 2), conv(2, 3), act(), plain(layers.AveragePooling2D, (2, 3)), conv(2, (1, 3)), act())
        + (plain(layers.AveragePooling2D, 2), plain(layers.Flatten), dense(6), act(), dense(2))
    ),
    "maximum of signed sums, stride, valid padding, partial cells, no bias": (
        ((11, 8, 1), conv(2, (4, 3), padding="valid", strides=(1, 2)), act("quantized_bits(6,1,1,alpha=1)"))
        + (conv(2, 3, use_bias=False), plain(layers.MaxPooling2D, (3, 2)), plain(layers.Flatten), dense(3))
    ),
    "more channels and more hidden units than one a cycle can leave": (
        ((3, 5, 1), conv(3, 3), act(), plain(layers.AveragePooling2D, 2), plain(layers.Flatten), dense(13), act())
        + (dense(3), act(), dense(2))
    ),
}


def ordinary(shape, rng):
    return rng.normal(0, 0.5, shape)


def converted(model, folder, **options):
    return sp.emit_rtl(sp.convert(model, folder / "hls"), folder / "project", sp.Design(**options))


@pytest.mark.parametrize(
    ("name", "weights", "bits", "multipliers"),
    [
        ("average pools, asymmetric windows, dense layers in phases", saturating, 8, "lut"),
        ("maximum of signed sums, stride, valid padding, partial cells, no bias", ordinary, 16, "dsp"),
        ("more channels and more hidden units than one a cycle can leave", ordinary, 8, "dsp"),
    ],
)
def test_the_rtl_equals_exact_predict(name, weights, bits, multipliers, tmp_path, state_count):
    model, rng = network(*NETWORKS[name], bits=bits), np.random.default_rng(1)
    model.set_weights([weights((1, *w.shape), rng).reshape(w.shape) for w in model.get_weights()])
    project = converted(model, tmp_path, multipliers=multipliers)
    height, width, channels = project.image_shape
    images = rng.uniform(0, 1, (80, height, width, channels)) * (rng.random((80, height, width, 1)) < 0.5)
    images = np.concatenate([probes.corner_images(height, width, channels, 6), images])
    expected = sp.exact_predict(model, images)
    single, full_rate = simulate(project, images, back_to_back=False), simulate(project, images)
    for run in (
        single,
        full_rate,
        simulate(project, images, gaps=0.3),
        simulate(project, images, reset_at={2: 5, 4: height * width + 3}),
    ):
        assert (run.logits == expected).all()
    assert len(np.unique(expected)) > 10
    assert len(set(single.latency)) == 1
    assert full_rate.ii == (project.ii, project.ii)
    state_count(f"standard RTL, {name}, {weights.__name__} weights: {4 * expected.size} logits, 0 mismatches")


def test_one_pixel_a_cycle_where_every_layer_keeps_up_and_else_as_slow_as_needed(tmp_path):
    """3 channels a cell of 2 columns: 2 cycles a pixel; 6 values of 2 cells must last as long as 13 hidden units."""
    fast, _, slow = (network(*body) for body in NETWORKS.values())
    assert converted(fast, tmp_path / "fast").ii == 8 * 9
    assert converted(slow, tmp_path / "slow").ii == 5 * 3 * 5  # 6 * (5 * 2 // 3) >= 13


def test_the_published_network_has_its_layers_in_order(tmp_path):
    project = converted(sp.standard_cnn("lhc_jets", 8), tmp_path)
    names = ["feed", "zp2d_conv1", "conv1", "relu1", "zp2d_conv2", "conv2", "relu2", "pool1", "flatten", "dense1"]
    assert list(project.layers) == [*names, "relu3", "serial_dense2", "dense2"]
    assert project.layers["conv2"] == "conv 2" and project.layers["serial_dense2"] == "mlp"
    assert (project.beat, project.beats, project.logits, project.ii) == (1, 3136, 5, 3136)


@pytest.mark.parametrize("multipliers", ["lut", "dsp"])
def test_an_emitted_project_is_clean_under_all_of_verilators_lint_rules(multipliers, tmp_path):
    project = converted(sp.standard_cnn("microboone", 8), tmp_path, multipliers=multipliers)
    assert lint(project) == []


def test_multipliers_can_be_chosen_by_layer_and_other_knobs_of_a_layer_are_refused(tmp_path):
    hls_model = sp.convert(sp.standard_cnn("sparse_mnist", 8), tmp_path / "hls")

    def with_dsps(**knobs):
        project = sp.emit_rtl(hls_model, tmp_path / "project", sp.Design(**knobs))
        texts = {path.stem.removeprefix(f"{project.top}_"): path.read_text() for path in project.sources}
        used = {"conv1": "FACTOR_BITS(0)", "conv2": "FACTOR_BITS(0)", "dense1": "MULTIPLIER(0)"}  # where there are none
        return {layer for layer, none in used.items() if none not in texts[layer]}

    assert with_dsps() == with_dsps(multipliers="lut") == set()
    assert with_dsps(multipliers="dsp") == {"conv1", "conv2", "dense1"}
    assert with_dsps(multipliers={"conv2": "dsp"}) == {"conv2"}
    assert with_dsps(multipliers={"default": "dsp", "conv1": "auto"}) == {"conv2", "dense1"}
    with pytest.raises(ValueError, match="multipliers: no knob of pool1; the layers that have it: conv1, conv2, dense"):
        sp.emit_rtl(hls_model, tmp_path, sp.Design(multipliers={"pool1": "dsp"}))
    with pytest.raises(ValueError, match="pixels: no knob of conv1; the layers that have it: none"):
        sp.emit_rtl(hls_model, tmp_path, sp.Design(pixels={"conv1": 4}))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ((conv(1, 7), plain(layers.Flatten), dense(1)), "needs all 3 x 4 pixels"),
        ((dense(2), plain(layers.Flatten), dense(1)), "put a Flatten before"),
        ((conv(1, 3), plain(layers.Flatten)), "must be a QDense"),
    ],
)
def test_networks_that_cannot_stream_are_refused_by_name(body, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        converted(network((3, 4, 1), *body), tmp_path)
