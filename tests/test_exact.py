"""Exact evaluation against the oracle: trained-like and adversarial weights, corner images, what is refused."""

import networks
import numpy as np
import oracle
import pytest
import tensorflow as tf
from qkeras import QAveragePooling2D

import sparsepixels_lib as sp
from sparsepixels_lib.network import probes
from sparsepixels_lib.network.graph import logits_layer
from sparsepixels_lib.network.probes import cancelling, saturating, tying
from sparsepixels_lib.network.ranges import ranges

keras = tf.keras


@pytest.mark.parametrize("weights", [saturating, tying, cancelling])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("dataset", sp.ARCHITECTURES)
@pytest.mark.parametrize("n_active", [8, 20, None])
def test_published_networks_equal_the_oracle_under_adversarial_weights(dataset, bits, n_active, weights):
    rng = np.random.default_rng(0)
    model = sp.sparse_cnn(dataset, bits, n_active) if n_active else sp.standard_cnn(dataset, bits)
    _with(model, weights, rng)
    if (dataset, bits, n_active, weights) == ("microboone", 16, None, saturating):
        pytest.raises(
            ValueError, ranges, model
        )  # 243 saturated averages of 26 fraction bits: beyond float64, and said so
        return
    images = probes.corner_images(*sp.ARCHITECTURES[dataset].image_shape, 1, n_active or 20)
    assert (sp.exact_predict(model, images) == oracle.predict(networks.describe(model), images)).all()


def _with(model, weights, rng):
    model.set_weights(
        [weights(w.shape, rng) if w.ndim > 1 else weights((1, *w.shape), rng)[0] for w in model.get_weights()]
    )
    return model


def test_float32_rounds_wide_sums_twice_and_exact_predict_does_not():
    """4097.5 LSB - 2^-30 of quantized_relu(16,6): 4098 in stock Keras, rightly 4097 (the example of NUMERICS.md)."""
    image = keras.Input((1, 1, 2))
    weights = "quantized_bits(32,6,alpha=1)"
    x = keras.layers.Flatten()(sp.models.QActivation("quantized_relu(1,1)")(image))
    x = sp.models.QDense(1, kernel_quantizer=weights, bias_quantizer=weights)(x)
    model = keras.Model(image, sp.models.QActivation("quantized_relu(16,6)")(x))
    dense = model.layers[3]
    dense.set_weights([np.float32([[4097.5 / 1024], [-(2.0**-25)]]), np.zeros(1)])
    ones = np.ones((1, 1, 1, 2), np.float32)
    assert model(ones).numpy().item() * 1024 == 4098
    assert sp.exact_predict(model, ones).item() * 1024 == 4097


def test_a_network_whose_sums_need_more_than_53_bits_is_refused():
    model = sp.sparse_cnn("microboone", 16, 2000)
    model.set_weights([np.full_like(w, 60) for w in model.get_weights()])
    with pytest.raises(ValueError, match="53"):
        sp.exact_predict(model, np.zeros((1, 63, 63, 1)))


def depthwise_network(image):
    x, hash = sp.InputReduce(9)(image)
    x = sp.QDepthwiseConv2DSparse((5, 3), "quantized_bits(6,2,alpha=1)")([x, hash])
    x = sp.QConv2DSparse(2, 3)([sp.QDepthwiseConv2DSparse(3)([x, hash]), hash])
    return sp.models.QDense(2, kernel_quantizer=QB, bias_quantizer=QB)(sp.SparseFlatten((6, 7))([x, hash]))


QB = "quantized_bits(8,2,alpha=1)"
WORST = {
    "the published one": lambda: sp.sparse_cnn("sparse_mnist", 16, 20),
    "depthwise": lambda: keras.Model(image := keras.Input((6, 7, 3)), depthwise_network(image)),
}


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("name", WORST)
def test_the_bounds_hold_for_the_worst_images(name, sign):
    """All weights and pixels as large as they get: the bounds of every layer are reached or not, never exceeded."""
    model = WORST[name]()
    model.set_weights([np.full_like(w, sign * 60) for w in model.get_weights()])
    images, bounds = np.ones((1, *model.input_shape[1:])), ranges(model)
    for layer in model.layers[1:]:
        if layer.name == "softmax":  # no exact numbers
            continue
        out, bound = sp.exact_predict(model, images, layer=layer.name), bounds[layer.name]
        out, bound = (out[0], bound[0]) if isinstance(out, list) else (out, bound)
        assert bound.codes.min <= out.min() and out.max() <= bound.codes.max
        assert (out * 2.0**bound.codes.fraction % 1 == 0).all()


def test_logits_are_the_layer_before_the_final_activation():
    assert logits_layer(sp.sparse_cnn("microboone", 8, 8)) == "dense2"


def test_saturated_and_half_code_pixels_are_quantised_as_the_contract_says():
    model = sp.sparse_cnn("sparse_mnist", 8, 4)
    images = np.zeros((1, 48, 48, 1))
    images[0, 0, :4, 0] = 1.0, 1.9, (204.5 / 256), (205.5 / 256)
    assert (sp.exact_predict(model, images, layer="input_reduce")[0].ravel() * 256).tolist() == [255, 255, 204, 206]


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (np.zeros((2, 48, 48, 1), np.uint8), TypeError, "divide by 255"),
        (np.zeros((2, 48, 47, 1)), ValueError, r"\(batch, 48, 48, 1\)"),
        (np.zeros((48, 48, 1)), ValueError, r"\(batch, 48, 48, 1\)"),
        (np.full((1, 48, 48, 1), np.nan), ValueError, "2304 pixels are NaN"),
        (np.full((1, 48, 48, 1), 255.0), ValueError, "largest pixel is 255.*divide by 255"),
    ],
)
def test_bad_images_are_refused_in_words(images, error, message):
    model = sp.sparse_cnn("sparse_mnist", 8, 4)
    for use in (sp.exact_predict, sp.reduce_dataset):
        with pytest.raises(error, match=message):
            use(model, images)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (lambda x: keras.layers.Dense(2)(x), "no exact meaning"),
        (lambda x: sp.models.QDense(2)(x), "kernel_quantizer"),
        (
            lambda x: sp.models.QDense(
                2, kernel_quantizer="quantized_bits(4,0,alpha='auto')", bias_quantizer="quantized_bits(4,0,alpha=1)"
            )(x),
            "alpha",
        ),
        (
            lambda x: sp.models.QDense(
                2,
                kernel_quantizer="quantized_bits(4,0,alpha=1)",
                bias_quantizer="quantized_bits(4,0,alpha=1)",
                activation="quantized_relu(4)",
            )(x),
            "QActivation",
        ),
        (lambda x: keras.layers.Activation("tanh")(x), "no exact meaning"),
    ],
)
def test_layers_without_exact_meaning_are_refused_by_name(layer, message):
    image = keras.Input((3, 3, 1))
    x, hash = sp.InputReduce(4)(image)
    model = keras.Model(image, layer(sp.SparseFlatten((3, 3))([x, hash])))
    with pytest.raises(ValueError, match=message):
        sp.exact_predict(model, np.zeros((1, 3, 3, 1)))


W = {"kernel_quantizer": "quantized_bits(8,2,alpha=1)", "bias_quantizer": "quantized_bits(8,2,alpha=1)"}


def used_twice(image):
    x, hash = sp.InputReduce(4)(image)
    conv = sp.QConv2DSparse(1, 3, name="conv")
    return sp.SparseFlatten((6, 6))([conv([conv([x, hash]), hash]), hash])


def quantised_before_the_reduction(image):
    x, hash = sp.InputReduce(4)(sp.models.QActivation("quantized_relu(4,0)")(image))
    return sp.SparseFlatten((6, 6))([x, hash])


def pooled_as_another_image(image):
    x, hash = sp.AveragePooling2DSparse(2, (8, 8), name="pool")(sp.InputReduce(4)(image))
    return sp.SparseFlatten((4, 4))([x, hash])


def flattened_as_another_image(image):
    x, hash = sp.AveragePooling2DSparse(2, (6, 6))(sp.InputReduce(4)(image))
    return sp.SparseFlatten((6, 6), name="flatten")([x, hash])


def softmax_in_the_middle(image):
    x = keras.layers.Flatten()(sp.models.QActivation("quantized_relu(8,0)")(image))
    return sp.models.QDense(2, **W)(keras.layers.Activation("softmax")(sp.models.QDense(2, **W)(x)))


def dilated(image):
    x = sp.models.QActivation("quantized_relu(8,0)")(image)
    return keras.layers.Flatten()(sp.models.QConv2D(1, 3, dilation_rate=2, **W)(x))


def overlapping_pool(image):
    x = sp.models.QActivation("quantized_relu(8,0)")(image)
    return keras.layers.Flatten()(keras.layers.MaxPooling2D(3, strides=1)(x))


def subclass_with_more_meaning(image):
    return keras.layers.Flatten()(QAveragePooling2D(2)(sp.models.QActivation("quantized_relu(8,0)")(image)))


def no_input_quantizer(image):
    return sp.models.QDense(2, **W)(keras.layers.Flatten()(image))


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (used_twice, "'conv' is used twice"),
        (quantised_before_the_reduction, "InputReduce on the images"),
        (pooled_as_another_image, r"'pool' has image_shape \(8, 8\), but the image there is \(6, 6\)"),
        (flattened_as_another_image, r"image_shape \(6, 6\), but the image there is \(3, 3\)"),
        (softmax_in_the_middle, "no exact meaning"),
        (dilated, "dilated"),
        (overlapping_pool, "non-overlapping"),
        (subclass_with_more_meaning, "QAveragePooling2D"),
        (no_input_quantizer, "must begin with"),
    ],
)
def test_networks_whose_hardware_would_compute_something_else_are_refused(network, message, tmp_path):
    image = keras.Input((6, 6, 1))
    model = keras.Model(image, network(image))
    for use in (lambda: sp.exact_predict(model, np.zeros((1, 6, 6, 1))), lambda: sp.convert(model, tmp_path)):
        with pytest.raises(ValueError, match=message):
            use()


def test_compact_models_and_several_outputs_are_refused():
    model = sp.sparse_cnn("sparse_mnist", 8, 4)
    with pytest.raises(ValueError, match="image model it shares its weights with"):
        sp.exact_predict(sp.compact_model(model), np.zeros((1, 48, 48, 1)))
    two = keras.Model(model.input, [model.output, model.get_layer("dense2").output])
    with pytest.raises(ValueError, match="1 inputs and 2 outputs"):
        sp.exact_predict(two, np.zeros((1, 48, 48, 1)))
    with pytest.raises(TypeError, match="pass its .images"):
        sp.exact_predict(model, sp.load("sparse_mnist", "test", n=2))


def test_an_empty_batch_gives_empty_predictions():
    assert sp.exact_predict(sp.sparse_cnn("sparse_mnist", 8, 4), np.zeros((0, 48, 48, 1))).shape == (0, 10)
