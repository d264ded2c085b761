"""Conversion through hls4ml: the compiled C++ against Keras and the oracle.

On random networks, knobs, backends, and what is refused.
"""

import os
import sys

import hls4ml
import networks
import numpy as np
import oracle
import pytest
import tensorflow as tf
import tf_keras
from hypothesis import HealthCheck, given, settings
from test_layers import NETWORKS, random_network, randomize

import sparsepixels_lib as sp
from sparsepixels_lib.cpp import convert, plugin
from sparsepixels_lib.network import probes
from sparsepixels_lib.network.probes import cancelling, saturating, tying

keras = tf.keras


@pytest.fixture(scope="module")
def small():
    model = random_network(6, 7, 2, 5, (3, 5), 2, (2, 3), "average", 8)
    randomize(model, 0)
    return model, probes.corner_images(6, 7, 2, 5)


@pytest.fixture(scope="module")
def small_in_cpp(small, tmp_path_factory):
    return sp.convert(small[0], tmp_path_factory.mktemp("small"))


@settings(  # `make verify` tries more
    max_examples=int(os.environ.get("SPARSEPIXELS_RANDOM_NETWORKS", 4)),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(**NETWORKS)
def test_random_small_networks_are_equal_layer_by_layer(tmp_path_factory, state_count, **shape):
    model = random_network(**shape)
    randomize(model, 5)
    rng = np.random.default_rng(6)
    size = (100, shape["height"], shape["width"], shape["channels"])
    images = np.concatenate(
        [probes.corner_images(*size[1:], shape["n"]), rng.uniform(0, 1, size) * (rng.random(size) < 0.3)]
    )
    hls_model = sp.convert(model, tmp_path_factory.mktemp("hls"))
    expected = oracle.predict(networks.describe(model), images)
    assert (
        sp.compare_layers(model, hls_model, images)
        == f"All {len(model.layers) - 1} layers are equal on {len(images)} images."
    )
    assert (sp.emulate(hls_model, images) == expected).all() and (sp.exact_predict(model, images) == expected).all()
    state_count(f"random network {shape}: {len(images)} images, {expected.size} logits, 0 mismatches")


@pytest.mark.parametrize("weights", [saturating, tying, cancelling])
@pytest.mark.parametrize("dataset", ["microboone", "lhc_jets"])
def test_published_networks_are_equal_in_cpp_under_adversarial_weights(dataset, weights, tmp_path, state_count):
    bits = {saturating: 16, tying: 8, cancelling: 16}[weights]
    model, rng = sp.sparse_cnn(dataset, bits, 20), np.random.default_rng(1)
    model.set_weights(
        [weights(w.shape, rng) if w.ndim > 1 else weights((1, *w.shape), rng)[0] for w in model.get_weights()]
    )
    images = probes.corner_images(*sp.ARCHITECTURES[dataset].image_shape, 1, 20)
    expected = oracle.predict(networks.describe(model), images)
    cpp = sp.emulate(sp.convert(model, tmp_path), images)
    assert (cpp == expected).all() and (sp.exact_predict(model, images) == expected).all()
    state_count(
        f"{dataset} {bits} bit, N=20, {weights.__name__} weights: {len(images)} corner images, "
        f"{expected.size} logits, 0 mismatches"
    )


def test_a_convolution_computed_in_groups_gives_the_same_numbers(small, tmp_path):
    model, images = small
    parallel = {"conv1": {"pixels": 2, "filters": 1, "channels": 1}, "pool1": {"pixels": 3}, "flatten": {"pixels": 4}}
    hls_model = sp.convert(model, tmp_path, "Vivado", parallel=parallel)
    source = (tmp_path / "firmware" / "parameters.h").read_text()
    assert "static const unsigned pixels = 2;" in source and "static const unsigned filters = 1;" in source
    assert (sp.emulate(hls_model, images) == sp.exact_predict(model, images)).all()


def test_a_depthwise_convolution_computed_in_groups_gives_the_same_numbers(tmp_path):
    image = keras.Input((6, 7, 3), name="image")
    x, hash = sp.InputReduce(5)(image)
    x = sp.SparseFlatten((6, 7))([sp.QDepthwiseConv2DSparse(3, name="dw")([x, hash]), hash])
    weights = {f"{w}_quantizer": "quantized_bits(8,2,alpha=1)" for w in ("kernel", "bias")}
    model, images = keras.Model(image, sp.models.QDense(2, **weights)(x)), probes.corner_images(6, 7, 3, 5)
    randomize(model, 0)
    hls_model = sp.convert(model, tmp_path, parallel={"dw": {"pixels": 2, "channels": 2}})
    assert "static const unsigned channels = 2;" in (tmp_path / "firmware" / "parameters.h").read_text()
    assert (sp.emulate(hls_model, images) == sp.exact_predict(model, images)).all()
    with pytest.raises(ValueError, match="no knob 'filters'"):
        sp.convert(model, tmp_path, parallel={"dw": {"filters": 1}})


def test_an_average_that_rounds_is_the_same_in_cpp(tmp_path):
    image = keras.Input((6, 6, 1))
    x, hash = sp.InputReduce(9, name="input_reduce")(image)
    x, hash = sp.AveragePooling2DSparse(
        (3, 2), (6, 6), reciprocal_bits=9, output_quantizer="quantized_relu(5,0)", name="pool1"
    )([x, hash])
    model = keras.Model(image, sp.SparseFlatten((2, 3), name="flatten")([x, hash]))
    images = (
        np.random.default_rng(0).integers(0, 256, (300, 6, 6, 1))
        / 256
        * (np.random.default_rng(1).random((300, 6, 6, 1)) < 0.4)
    )
    expected = oracle.predict(networks.describe(model), images)
    assert (sp.emulate(sp.convert(model, tmp_path), images) == expected).all()
    assert len(np.unique(expected)) > 5


def test_a_symmetric_activation_saturates_symmetrically_in_cpp(tmp_path):
    image, weights = keras.Input((4, 4, 1)), "quantized_bits(8,4,alpha=1)"
    x, hash = sp.InputReduce(6, name="input_reduce")(image)
    x = sp.QConv2DSparse(1, 3, weights, weights, name="conv1")([x, hash])
    x = sp.models.QActivation("quantized_bits(6,2,1,alpha=1)", name="act1")(x)
    model = keras.Model(image, sp.SparseFlatten((4, 4), name="flatten")([x, hash]))
    randomize(model, 0, 6)
    images = probes.corner_images(4, 4, 1, 6)
    expected = oracle.predict(networks.describe(model), images)
    assert expected.min() == -31 / 8  # saturated, and not at -4
    assert (sp.emulate(sp.convert(model, tmp_path), images) == expected).all()


def test_a_project_that_stock_hls4ml_compiled_is_emulated_too(small, tmp_path):
    hls_model = sp.convert(small[0], tmp_path)
    hls_model.compile()
    assert (sp.emulate(hls_model, small[1]) == sp.exact_predict(*small)).all()


@pytest.mark.parametrize("name", ["my project", "2nd", "class", "sparse-pixels"])
def test_names_that_cpp_does_not_know_are_refused(small, tmp_path, name):
    with pytest.raises(ValueError, match="cannot be a name in C"):
        sp.convert(small[0], tmp_path, project_name=name)


def test_compare_layers_names_the_layer_that_differs_and_by_how_much(small, small_in_cpp):
    model, images = small
    other = random_network(6, 7, 2, 5, (3, 5), 2, (2, 3), "average", 8)
    weights = model.get_weights()
    weights[1] = weights[1] + 8 / 32  # bias of conv1, whose LSB is 1/32
    other.set_weights(weights)
    said = sp.compare_layers(other, small_in_cpp, images)
    assert said.startswith("conv1 (features) is the first layer that differs: ") and "largest difference 0.25" in said


def test_any_layer_of_the_cpp_can_be_read(small, small_in_cpp):
    model, images = small
    features, hash = sp.emulate(small_in_cpp, images, layer="pool1")
    assert features.shape == (len(images), 5, 2) and (hash == sp.exact_predict(model, images, layer="pool1")[1]).all()
    for unknown in ("pool7", "image"):
        with pytest.raises(ValueError, match=f"no layer '{unknown}'.*conv1"):
            sp.emulate(small_in_cpp, images, layer=unknown)


@pytest.mark.parametrize("dataset", sp.ARCHITECTURES)
def test_the_standard_cnn_goes_through_the_same_call(dataset, tmp_path, state_count):
    """Equal where every divisor is a power of two.

    MicroBooNE's 7x7 average is divided by stock hls4ml, not multiplied by the reciprocal.
    """
    model = sp.standard_cnn(dataset, 8)
    randomize(model, 1, 0.2)
    size, rng = (200, *sp.ARCHITECTURES[dataset].image_shape, 1), np.random.default_rng(0)
    scattered = (rng.uniform(0.3, 1, size) * (rng.random(size) < 0.03)).astype(np.float32)
    images = np.concatenate([probes.corner_images(*size[1:], 20), scattered])
    expected = oracle.predict(networks.describe(model), images)
    cpp = sp.emulate(sp.convert(model, tmp_path), images)
    assert (sp.exact_predict(model, images) == expected).all()
    difference = np.abs(cpp - expected).max()
    state_count(
        f"{dataset} standard CNN, 8 bit: {len(images)} images, exact_predict = oracle, "
        f"largest difference of C++ {difference:.3g}"
    )
    assert difference <= (0.05 if dataset == "microboone" else 0)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"backend": "Quartus"}, ValueError, "Vitis or Vivado"),
        ({"parallel": {"conv1": {"rows": 1}}}, ValueError, "no knob 'rows'.*pixels, channels, filters"),
        ({"parallel": {"conv9": {"pixels": 1}}}, ValueError, "conv9"),
        ({"parallel": {"conv1": {"pixels": 6}}}, ValueError, "must be 1 to 5"),
        ({"parallel": {"conv1": {"pixels": "2"}}}, ValueError, "must be 1 to 5"),
        ({"hls_config": {"LayerName": {"conv9": {}}}}, ValueError, "no layer 'conv9'"),
    ],
)
def test_unknown_targets_and_knobs_are_refused(small, tmp_path, arguments, error, message):
    with pytest.raises(error, match=message):
        sp.convert(small[0], tmp_path, **arguments)


def test_the_compact_model_is_not_converted(tmp_path):
    with pytest.raises(ValueError, match="shares its weights"):
        sp.convert(sp.compact_model(sp.sparse_cnn("sparse_mnist", 8, 4)), tmp_path)


@pytest.mark.parametrize(("backend", "io_type"), [("Quartus", "io_parallel"), ("Vitis", "io_stream")])
def test_stock_hls4ml_refuses_targets_without_sparse_kernels(small, tmp_path, monkeypatch, backend, io_type):
    monkeypatch.setitem(sys.modules, "keras", tf_keras)
    with pytest.raises(ValueError, match="Vitis and Vivado with io_parallel"):
        hls4ml.converters.convert_from_keras_model(
            small[0], output_dir=str(tmp_path), backend=backend, io_type=io_type, hls_config={}
        )


def test_registering_twice_is_harmless():
    plugin.register()


def test_a_folder_without_write_permission_is_named(small, tmp_path, monkeypatch):
    monkeypatch.setattr(convert.os, "access", lambda *_: False)  # root may write everywhere
    with pytest.raises(PermissionError, match="choose another output_dir"):
        sp.convert(small[0], tmp_path / "locked")


def test_a_project_that_does_not_compile_says_why(small, tmp_path):
    hls_model = sp.convert(small[0], tmp_path)
    write = hls_model.write

    def damaged():
        write()
        kernel = tmp_path / "firmware" / "nnet_utils" / "qconv2d_sparse.h"
        kernel.write_text('#include "namespaze"\n' + kernel.read_text())

    hls_model.write = damaged
    with pytest.raises(RuntimeError, match="did not compile.*namespaze"):
        sp.emulate(hls_model, small[1])


def test_emulate_refuses_bad_images(small, small_in_cpp):
    with pytest.raises(TypeError, match="divide by 255"):
        sp.emulate(small_in_cpp, small[1].astype(np.uint8))
    with pytest.raises(ValueError, match=r"\(batch, 6, 7, 2\)"):
        sp.emulate(small_in_cpp, small[1][:, :5])


def test_a_signed_activation_behind_a_dense_layer_rounds_in_cpp_too(tmp_path):
    """Stock hls4ml merges it into the dense layer and forgets its type."""
    weights = {f"{w}_quantizer": "quantized_bits(8,2,alpha=1)" for w in ("kernel", "bias")}
    image = keras.Input((4, 5, 1))
    x, hash = sp.InputReduce(6)(image)
    x = sp.models.QDense(3, **weights)(sp.SparseFlatten((4, 5))([x, hash]))
    x = sp.models.QActivation("quantized_bits(5,1,1,alpha=1)")(x)
    model = keras.Model(image, sp.models.QDense(2, **weights)(x))
    randomize(model, 3)
    images = probes.corner_images(4, 5, 1, 6)
    expected = oracle.predict(networks.describe(model), images)
    assert (sp.emulate(sp.convert(model, tmp_path), images) == expected).all()
    assert (sp.exact_predict(model, images) == expected).all()
