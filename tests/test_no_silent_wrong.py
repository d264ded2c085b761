"""Networks and settings that once gave wrong numbers without a word: each is right now, or refused by name."""

import hls4ml
import networks
import numpy as np
import oracle
import pytest
from small_networks import IMAGES, W, expected, keras, randomized, sparse, standard

import sparsepixels_lib as sp
from sparsepixels_lib.cpp.config import keras_2
from sparsepixels_lib.network.maps import layer_maps
from sparsepixels_lib.network.models import QActivation, QConv2D, QDense

UNSIGNED = {f"{w}_quantizer": "quantized_bits(8,2,0,0,alpha=1)" for w in ("kernel", "bias")}


def test_a_sequential_model_is_the_functional_one_through_to_rtl(tmp_path):
    layers = [
        QActivation("quantized_relu(8,0)"),
        QConv2D(2, 3, padding="same", **W),
        QActivation("quantized_relu(8,2)"),
    ]
    model = keras.Sequential([keras.Input((6, 6, 1)), *layers, keras.layers.Flatten(), QDense(3, **W)])
    logits = expected(randomized(model))
    hls_model = sp.convert(model, tmp_path / "hls")
    assert (sp.exact_predict(model, IMAGES) == logits).all() and (sp.emulate(hls_model, IMAGES) == logits).all()
    assert (sp.simulate(sp.emit_rtl(hls_model, tmp_path / "rtl"), IMAGES).logits == logits).all()
    assert layer_maps(model, IMAGES, "input").shape == (len(IMAGES), 6, 6, 1)
    with pytest.raises(ValueError, match="no known graph.*input_shape"):
        sp.exact_predict(keras.Sequential(layers), IMAGES)


@pytest.mark.parametrize("cls", [QConv2D, QDense])
def test_a_kernel_whose_scale_qkeras_chooses_is_refused_naming_alpha(cls):
    """QKeras makes "auto_po2" of no alpha, in its own quantizer only; our convolution does not, and is right."""
    kernel = {"kernel_quantizer": "quantized_bits(4,0)", "bias_quantizer": "quantized_bits(4,0)"}
    model = standard(QConv2D(2, 3, **kernel)) if cls is QConv2D else standard(dense=kernel)
    with pytest.raises(ValueError, match=rf"Layer '{cls.__name__[:1].lower()}_.*alpha='auto_po2'.*write alpha=1"):
        sp.exact_predict(model, IMAGES)
    ours = sparse(**kernel)
    assert (sp.exact_predict(ours, IMAGES) == expected(ours)).all()


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (lambda: QConv2D(2, 3, groups=2, **W), "groups=2"),
        (lambda: keras.layers.Flatten(data_format="channels_first"), "data_format='channels_first'"),
        (lambda: keras.layers.MaxPooling2D(2, data_format="channels_first"), "data_format='channels_first'"),
        (lambda: QConv2D(2, 3, dilation_rate=2, padding="same", **W), r"dilation_rate=\(2, 2\)"),
        (lambda: QConv2D(2, (1, 3), strides=(2, 1), **W), r"strides=\(2, 1\): .* a kernel of one row"),
        (lambda: keras.layers.DepthwiseConv2D(3, depth_multiplier=2), "DepthwiseConv2D"),
        (lambda: keras.layers.Dropout(0.5), "Dropout"),
        (lambda: keras.layers.Lambda(lambda x: 2 * x), "Lambda"),
        (lambda: keras.layers.Activation(lambda x: 2 * x), "activation="),
    ],
)
def test_layers_and_options_that_nobody_models_are_refused_by_name(layer, words, tmp_path):
    model = standard(QConv2D(2, 3, **W), QActivation("quantized_relu(8,2)"), layer())
    for use in (lambda: sp.exact_predict(model, IMAGES), lambda: sp.convert(model, tmp_path)):
        with pytest.raises(ValueError, match=words):
            use()


def test_unsigned_weights_are_unsigned_in_cpp_and_rtl(tmp_path):
    for name, model in {
        "standard": standard(QConv2D(2, 3, **UNSIGNED), dense=UNSIGNED),
        "sparse": sparse(UNSIGNED),
    }.items():
        hls_model = sp.convert(model, tmp_path / name)
        assert (sp.emulate(hls_model, IMAGES) == expected(model)).all()
    project = sp.emit_rtl(hls_model, tmp_path / "rtl")
    assert (sp.simulate(project, IMAGES).logits == expected(model)).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_weight_that_is_not_finite_is_refused_with_its_layer(value, tmp_path):
    model = sparse()
    kernel, bias = model.get_layer("conv1").get_weights()
    bias[1] = value
    model.get_layer("conv1").set_weights([kernel, bias])
    for use in (lambda: sp.exact_predict(model, IMAGES), lambda: sp.convert(model, tmp_path)):
        with pytest.raises(ValueError, match="Layer 'conv1': 1 of 2 bias weights are NaN or infinite"):
            use()


def test_a_setting_of_hls4ml_is_merged_key_by_key(tmp_path):
    hls_config = {
        "Model": {"Strategy": "Resource", "ReuseFactor": 2},
        "LayerName": {"relu1": {"Precision": {"table": "ap_fixed<10,4>"}}, "dense1": {"ReuseFactor": 9}},
    }
    model = sparse()  # its first dense layer is square: with the strategy Resource hls4ml keeps it transposed
    hls_model = sp.convert(model, tmp_path / "hls", hls_config=hls_config)
    assert (sp.emulate(hls_model, IMAGES) == expected(model)).all()
    assert (sp.simulate(sp.emit_rtl(hls_model, tmp_path / "rtl"), IMAGES).logits == expected(model)).all()


@pytest.mark.parametrize(
    ("hls_config", "words"),
    [
        ({"Layers": {}}, "no section 'Layers'; there are Model, LayerName"),
        ({"Model": {"ReuseFaktor": 2}}, "no key 'ReuseFaktor'"),
        ({"Model": {"ReuseFactor": 0}}, "must be a whole number, at least 1, not 0"),
        ({"Model": {"Strategy": "Resourceful"}}, "'Latency', 'Resource', .* not 'Resourceful'"),
        ({"LayerName": {"conv9": {}}}, "no layer 'conv9'"),
        ({"LayerName": {"relu1": {"Precison": {}}}}, "no key 'Precison'"),
        ({"LayerName": {"relu1": {"Precision": {"results": "ap_fixed<8,3>"}}}}, "no type 'results'"),
        ({"LayerName": {"relu1": {"Precision": {"result": "ap_fixed<8"}}}}, "a type such as .* not 'ap_fixed<8'"),
        (
            {"LayerName": {"relu1": {"Precision": {"result": "ap_fixed<8,3>"}}}},
            "'relu1': its numbers would have the type",
        ),
        ({"LayerName": {"dense1": {"Precision": {"accum": "ap_fixed<12,6>"}}}}, "'dense1': its sums would have"),
        ({"LayerName": {"dense1": {"Precision": {"weight": "ap_fixed<6,3>"}}}}, "'dense1' would have no effect"),
        ({"LayerName": {"flatten": {"Precision": {"result": "ap_fixed<6,3>"}}}}, "'flatten' would have no effect"),
        ({"LayerName": {"relu1": {"Precision": {"table": "ap_fixed<0,0>"}}}}, "has 0 bits; a type has 1 to 1024"),
        ({"LayerName": {"relu1": {"Precision": {"table": "ap_fixed<3000,3>"}}}}, "has 3000 bits"),
        ({"LayerName": {"relu1": 3}}, "a dictionary is needed, not 3"),
        (["Model"], "a dictionary is needed"),
    ],
)
def test_settings_of_hls4ml_that_are_unknown_inexact_or_idle_are_refused(hls_config, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        sp.convert(sparse(), tmp_path, hls_config=hls_config)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "float16", "float64"])
def test_a_policy_other_than_float32_is_refused_when_the_network_is_built(policy):
    keras.mixed_precision.set_global_policy(policy)
    try:
        for build in (sp.sparse_cnn, lambda *a: sp.standard_cnn(*a[:2]), lambda *_: sp.InputReduce(4)):
            with pytest.raises(ValueError, match=f"would compute in {policy}.*set_global_policy"):
                build("sparse_mnist", 8, 8)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    with pytest.raises(ValueError, match="dtype='bfloat16'"):
        sp.exact_predict(standard(keras.layers.MaxPooling2D(2, dtype="bfloat16")), IMAGES)


def test_floatx_other_than_float32_is_refused():
    model = sparse()
    keras.backend.set_floatx("float64")
    try:
        with pytest.raises(ValueError, match="floatx.*'float64'"):
            sp.exact_predict(model, IMAGES)
    finally:
        keras.backend.set_floatx("float32")


def test_a_linear_activation_anywhere_has_a_type_that_holds_its_numbers(tmp_path):
    """Stock hls4ml gave it fixed<16,6>, which wraps: 165.7 was -90.3, on images that no check had tried."""
    image = keras.Input((2, 2, 24))
    x, hash = sp.InputReduce(4, 0.0, "quantized_relu(4,0)")(image)
    x = sp.SparseFlatten((2, 2))([sp.QConv2DSparse(1, 1)([x, hash]), hash])
    x = QDense(2, **W)(keras.layers.Activation("linear")(x))
    model = keras.Model(image, keras.layers.Activation("linear")(x))
    signs = np.where(np.arange(24) % 2, 3.96875, -3.96875)
    model.set_weights([signs.reshape(1, 1, 24, 1), np.zeros(1), np.ones((4, 2)), np.zeros(2)])
    images = np.zeros((1, 2, 2, 24))
    images[..., 1::2], images[..., 0] = 0.9, 0.07
    (logits,) = oracle.predict(networks.describe(model), images)
    assert logits[0] > 165
    hls_model = sp.convert(model, tmp_path / "hls")
    assert (sp.emulate(hls_model, images) == logits).all() and (hls_model.predict(images) == logits).all()
    assert (sp.simulate(sp.emit_rtl(hls_model, tmp_path / "rtl"), images).logits == logits).all()


def test_the_types_of_a_standard_average_are_not_to_be_set_and_a_divisor_of_nine_is_said(tmp_path, capsys):
    model = standard(keras.layers.AveragePooling2D(2, name="pool"))
    for types in ({"accum": "ap_fixed<40,7>"}, "ap_fixed<40,7>"):
        with pytest.raises(ValueError, match="types of the average 'pool' follow from its input"):
            sp.convert(model, tmp_path, hls_config={"LayerName": {"pool": {"Precision": types}}})
    assert "divides" not in capsys.readouterr().out
    sp.convert(standard(keras.layers.AveragePooling2D(3, name="pool")), tmp_path)
    assert "pool: the C++ of stock hls4ml divides by 9 and cuts off" in capsys.readouterr().out


def test_images_quantized_in_two_ways_and_quantizers_changed_after_building_are_refused():
    image = keras.Input((6, 6, 1))
    x, _ = sp.InputReduce(4)(image)
    _, hash = sp.InputReduce(4, input_quantizer="quantized_relu(4,0)")(image)
    with pytest.raises(ValueError, match="quantizes its images in two ways"):
        sp.exact_predict(keras.Model(image, sp.SparseFlatten((6, 6))([x, hash])), IMAGES)
    model = sparse()
    model.get_layer("conv1").kernel_quantizer = "quantized_bits(3,1,alpha=1)"
    with pytest.raises(ValueError, match="'conv1': its kernel_quantizer was changed after it was built"):
        sp.exact_predict(model, IMAGES)


def test_weights_that_keras_loses_in_float32_are_refused_by_convert(tmp_path):
    model = sparse()
    model.set_weights([w * 1e9 for w in model.get_weights()])
    with pytest.raises(ValueError, match="'conv1': its kernel weights reach .* far beyond 3.96875"):
        sp.convert(model, tmp_path)


def test_the_whole_configuration_that_hls4ml_itself_makes_is_taken(tmp_path):
    model = standard(QConv2D(2, 3, **W), QActivation("quantized_relu(8,2)"), keras.layers.AveragePooling2D(2))
    with keras_2():
        config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="Vitis")
    config["Model"]["Strategy"] = "latency"
    hls_model = sp.convert(model, tmp_path, hls_config=config)
    assert (sp.emulate(hls_model, IMAGES) == expected(model)).all()
