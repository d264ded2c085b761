"""The sparse layers: by pencil on toys, against the oracle on random shapes, and what they refuse."""

import networks
import numpy as np
import oracle
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import sparsepixels_lib as sp
from sparsepixels_lib.network import probes

keras = tf.keras
TOY = np.zeros((1, 4, 5, 1), np.float32)  # raster order: (1,2) (2,2) (2,3) (4,5)
TOY[0, 0, 1], TOY[0, 1, 1], TOY[0, 1, 2], TOY[0, 3, 4] = 0.25, 0.5, 0.75, 0.125


def reduce(images, n, **kwargs):
    return [t.numpy() for t in sp.InputReduce(n, **kwargs)(tf.constant(images))]


def compact(pixels, n, channels=1):
    """Compact arrays of one event from {(row, column): value}, in the order given."""
    features, hash = np.zeros((1, n, channels), np.float32), np.zeros((1, n, 2), np.int32)
    for slot, (position, value) in enumerate(pixels.items()):
        features[0, slot], hash[0, slot] = value, position
    return [tf.constant(features), tf.constant(hash)]


def test_first_n_active_pixels_are_kept_in_raster_order():
    features, hash = reduce(TOY, 3)
    assert hash[0].tolist() == [[1, 2], [2, 2], [2, 3]]
    assert features[0, :, 0].tolist() == [0.25, 0.5, 0.75]


def test_empty_slots_are_zero():
    features, hash = reduce(TOY, 6)
    assert hash[0, 4:].tolist() == [[0, 0], [0, 0]] and not features[0, 4:].any()
    assert not any(t.any() for t in reduce(TOY * 0, 6))


def test_active_means_the_quantised_pixel_is_strictly_above_the_floored_threshold():
    image = np.zeros((1, 2, 4, 1), np.float32)
    image[0, 0] = np.array([102.5, 102.51, 103, 103.5])[:, None] / 256  # codes 102 (tie to even), 103, 103, 104
    assert reduce(image, 4, threshold=0.4)[1][0].tolist() == [
        [1, 2],
        [1, 3],
        [1, 4],
        [0, 0],
    ]  # 0.4 = 102.4 LSB: 102 is off


def test_a_small_pixel_that_rounds_to_zero_is_not_active():
    image = np.full((1, 1, 2, 1), 0.5 / 256, np.float32)
    image[0, 0, 1] = 0.51 / 256
    assert reduce(image, 2)[1][0].tolist() == [[1, 2], [0, 0]]


def test_channel_0_decides_and_the_other_channels_come_along():
    image = np.zeros((1, 2, 2, 2), np.float32)
    image[0, 0, 0], image[0, 1, 1] = (0, 0.5), (0.25, 0.75)
    features, hash = reduce(image, 2)
    assert hash[0].tolist() == [[2, 2], [0, 0]] and features[0].tolist() == [[0.25, 0.75], [0, 0]]


def test_convolution_by_hand():
    """Kernel 1..9: output (2,2) sees itself (5), above (2) at weight of offset (-1,0), right at (0,1)."""
    layer = sp.QConv2DSparse(1, 3, "quantized_bits(8,4,alpha=1)", "quantized_bits(8,4,alpha=1)")
    inputs = compact({(1, 2): 0.25, (2, 2): 0.5, (2, 3): 0.75, (4, 5): 0.125}, 5)
    layer(inputs)
    layer.set_weights([np.arange(1.0, 10).reshape(3, 3, 1, 1), np.array([1.0])])
    expected = [
        1 + 5 * 0.25 + 8 * 0.5 + 9 * 0.75,
        1 + 2 * 0.25 + 5 * 0.5 + 6 * 0.75,
        1 + 1 * 0.25 + 4 * 0.5 + 5 * 0.75,
        1 + 5 * 0.125,
        0,
    ]
    assert layer(inputs).numpy().ravel().tolist() == expected


def test_a_depthwise_convolution_by_hand_mixes_no_channels():
    """Channel 0 has the kernel 1..9 of the test above, channel 1 has 10 at the offset (0, 1) alone."""
    layer = sp.QDepthwiseConv2DSparse(3, "quantized_bits(8,4,alpha=1)", "quantized_bits(8,4,alpha=1)")
    inputs = compact({(1, 2): [0.25, 1], (2, 2): [0.5, 2], (2, 3): [0.75, 4], (4, 5): [0.125, 8]}, 5, channels=2)
    layer(inputs)
    kernel = np.zeros((3, 3, 2, 1))
    kernel[..., 0, 0], kernel[1, 2, 1, 0] = np.arange(1.0, 10).reshape(3, 3), 10
    layer.set_weights([kernel, np.array([1.0, -1.0])])
    first = [1 + 5 * 0.25 + 8 * 0.5 + 9 * 0.75, 1 + 2 * 0.25 + 5 * 0.5 + 6 * 0.75, 1 + 0.25 + 4 * 0.5 + 5 * 0.75]
    assert layer(inputs).numpy()[0].T.tolist() == [[*first, 1 + 5 * 0.125, 0], [-1, -1 + 10 * 4, -1, -1, 0]]


def test_a_slot_is_active_by_its_hash_even_when_its_features_are_zero():
    layer = sp.QConv2DSparse(1, 3)
    inputs = compact({(1, 1): 0.0, (3, 3): 0.0}, 3)
    layer(inputs)
    layer.set_weights([np.zeros((3, 3, 1, 1)), np.array([0.5])])
    assert layer(inputs).numpy().ravel().tolist() == [0.5, 0.5, 0]


def test_an_empty_slot_with_features_is_nobodys_neighbour():
    layer = sp.QConv2DSparse(1, 3)
    features, hash = compact({(1, 1): 0.5}, 2)
    layer([features, hash])
    layer.set_weights([np.ones((3, 3, 1, 1)), np.zeros(1)])
    assert layer([features + 1.0, hash]).numpy().ravel().tolist() == [1.5, 0]


def test_a_cell_lives_in_the_slot_of_its_first_pixel_and_slots_are_not_compacted():
    """Pool 4, from the contract: (1,5), (2,1) -> cells (1,2), (1,1); a cell's second pixel leaves an empty slot."""
    inputs = compact({(1, 5): 1.0, (1, 6): 3.0, (2, 1): 5.0}, 4)
    features, hash = sp.AveragePooling2DSparse(4, (8, 8))(inputs)
    assert hash.numpy()[0].tolist() == [[1, 2], [0, 0], [1, 1], [0, 0]]
    assert features.numpy().ravel().tolist() == [4 / 16, 0, 5 / 16, 0]


def test_pixels_in_a_partial_window_are_dropped():
    features, hash = sp.AveragePooling2DSparse((2, 3), (5, 7))(compact({(5, 1): 1.0, (1, 7): 1.0, (4, 6): 6.0}, 3))
    assert hash.numpy()[0].tolist() == [[0, 0], [0, 0], [2, 2]]
    np.testing.assert_array_equal(features.numpy().ravel(), np.float32([0, 0, 6 * (round(2**16 / 6) / 2**16)]))


def test_max_is_over_active_slots_only_so_negative_values_survive():
    features, hash = sp.MaxPooling2DSparse(2, (4, 4))(compact({(1, 1): -3.0, (2, 2): -1.0, (3, 3): -2.0}, 4))
    assert features.numpy().ravel().tolist() == [-1, 0, -2, 0] and hash.numpy()[0].tolist() == [
        [1, 1],
        [0, 0],
        [2, 2],
        [0, 0],
    ]


def test_the_average_rounds_only_when_an_output_quantizer_says_so():
    inputs = compact({(1, 1): 3.0}, 1)
    assert sp.AveragePooling2DSparse(2, (2, 2), output_quantizer="quantized_relu(4,4)")(inputs)[0].numpy().item() == 1.0
    assert sp.AveragePooling2DSparse(2, (2, 2))(inputs)[0].numpy().item() == 0.75


def test_flatten_has_the_order_of_keras_flatten():
    inputs = compact({(1, 2): [1, 2], (2, 1): [3, 4]}, 3, channels=2)
    assert sp.SparseFlatten((2, 3))(inputs).numpy().tolist() == [[0, 0, 1, 2, 0, 0, 3, 4, 0, 0, 0, 0]]
    np.testing.assert_array_equal(sp.SparseFlatten((2, 3))(inputs), keras.layers.Flatten()(sp.densify(*inputs, (2, 3))))


def test_densify_is_the_inverse_of_reduction_for_sparse_images():
    np.testing.assert_array_equal(sp.densify(*reduce(TOY, 6), (4, 5)), TOY)


def random_network(height, width, channels, n, kernel, filters, pool, kind, bits, threshold=0.25):
    """InputReduce -> conv -> relu -> pool -> conv -> flatten -> dense on a small image."""
    weights, relu = f"quantized_bits({bits},2,alpha=1)", f"quantized_relu({bits},2)"
    image = keras.Input((height, width, channels))
    x, hash = sp.InputReduce(n, threshold, f"quantized_relu({bits},0)", name="input_reduce")(image)
    x = sp.QConv2DSparse(filters, kernel, weights, weights, name="conv1")([x, hash])
    if kind == "average":  # max pooling sees the signed sums themselves
        x = sp.models.QActivation(relu, name="relu1")(x)
    pooling = sp.AveragePooling2DSparse if kind == "average" else sp.MaxPooling2DSparse
    x, hash = pooling(pool, (height, width), name="pool1")([x, hash])
    x = sp.QConv2DSparse(2, (3, 1), weights, weights, use_bias=False, name="conv2")([x, hash])
    x = sp.models.QActivation(relu, name="relu2")(x)
    x = sp.SparseFlatten((height // pool[0], width // pool[1]), name="flatten")([x, hash])
    return keras.Model(image, sp.models.QDense(3, kernel_quantizer=weights, bias_quantizer=weights, name="dense1")(x))


def randomize(model, seed, scale=1.5):
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(0, scale, w.shape) for w in model.get_weights()])


NETWORKS = dict(
    height=st.integers(4, 9),
    width=st.integers(4, 9),
    channels=st.integers(1, 3),
    n=st.integers(1, 16),
    kernel=st.tuples(st.sampled_from([1, 3, 5]), st.sampled_from([1, 3, 7])),
    filters=st.integers(1, 3),
    pool=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    kind=st.sampled_from(["average", "max"]),
    bits=st.sampled_from([6, 8]),
)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 99), **NETWORKS)
def test_every_layer_equals_the_oracle_on_random_shapes(seed, **shape):
    model = random_network(**shape)
    randomize(model, seed)
    images = probes.corner_images(shape["height"], shape["width"], shape["channels"], shape["n"], seed)
    positions = None  # the hash of the last layer that gave one
    for layer, expected in zip(model.layers[1:], oracle.trace(networks.describe(model), images), strict=True):
        out = sp.exact_predict(model, images, layer=layer.name)
        if expected.ndim == 4:  # the oracle's pixel view against ours
            positions = out[1] if isinstance(out, list) else positions
            out = sp.densify(out[0] if isinstance(out, list) else out, positions, expected.shape[1:3]).numpy()
        assert (out == expected).all(), f"{layer.name} differs from the oracle"


@settings(max_examples=15, deadline=None)
@given(images=arrays(np.float32, (2, 5, 6, 1), elements=st.floats(0, 1, width=32)), n=st.integers(1, 30))
def test_keras_itself_equals_exact_evaluation_where_float32_is_wide_enough(images, n):
    """5-bit numbers: every sum fits the 24 bits of float32."""
    model = random_network(5, 6, 1, n, (3, 3), 2, (2, 2), "average", 5)
    randomize(model, 3)
    np.testing.assert_array_equal(model(images), sp.exact_predict(model, images))


def test_save_and_load_round_trip(tmp_path):
    model = random_network(6, 7, 2, 5, (3, 5), 2, (2, 3), "average", 8)
    randomize(model, 0)
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    images = probes.corner_images(6, 7, 2, 5)
    loaded = keras.models.load_model(tmp_path / "model.keras")
    fresh = random_network(6, 7, 2, 5, (3, 5), 2, (2, 3), "average", 8)
    fresh.load_weights(tmp_path / "model.weights.h5")
    for other in (loaded, fresh):
        np.testing.assert_array_equal(sp.exact_predict(other, images), sp.exact_predict(model, images))
    assert [layer.get_config() for layer in loaded.layers] == [layer.get_config() for layer in model.layers]


def test_the_pairs_of_neighbours_are_found_once_per_active_set(monkeypatch):
    """microboone has two 7x7 convolutions on one active set: one row and one column difference, not two of each."""
    model, calls = sp.sparse_cnn("microboone", 8, 8), []
    images, differences = probes.corner_images(63, 63, 1, 8), sp.ops._differences
    monkeypatch.setattr(sp.ops, "_differences", lambda *a: calls.append(1) or differences(*a))
    for use in (lambda: model(images), lambda: tf.function(model)(images), lambda: sp.exact_predict(model, images)):
        calls.clear()
        use()
        assert len(calls) == 2


def test_neighbours_found_while_a_graph_is_built_stay_in_it():
    features, hash = compact({(1, 2): 0.25, (2, 2): 0.5}, 3)
    conv = lambda: sp.ops.conv2d(features, hash, tf.ones((3, 3, 1, 1)), tf.zeros(1))  # noqa: E731
    np.testing.assert_array_equal(tf.function(conv)(), conv())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sp.InputReduce(0), "at least 1"),
        (lambda: sp.InputReduce(2.5), "whole number"),
        (lambda: sp.InputReduce(True), "whole number"),
        (lambda: sp.QConv2DSparse(2.7, 3), "filters"),
        (lambda: sp.densify(tf.ones((1, 1, 1)), [[[2, 0]]], (2, 2)), "1-based"),
        (lambda: sp.InputReduce(21)(TOY), "more than the 4x5 image"),
        (lambda: sp.InputReduce(3)(TOY[0]), r"\(batch, height, width, channels\)"),
        (lambda: sp.InputReduce(3, 1.5), "threshold"),
        (lambda: sp.InputReduce(3, -0.1), "threshold"),
        (lambda: sp.InputReduce(3, 0, "quantized_bits(8,2,alpha='auto')"), "alpha"),
        (lambda: sp.QConv2DSparse(1, 4), "odd"),
        (lambda: sp.QConv2DSparse(1, (3, 2)), "odd"),
        (lambda: sp.QDepthwiseConv2DSparse(4), "odd"),
        (lambda: sp.QDepthwiseConv2DSparse(3, strides=2), "strides"),
        (lambda: sp.QDepthwiseConv2DSparse(3)(TOY), "features"),
        (lambda: sp.QConv2DSparse(0, 3), "filters"),
        (lambda: sp.QConv2DSparse(1, 3, strides=2), "strides"),
        (lambda: sp.QConv2DSparse(1, 3, padding="valid"), "padding"),
        (lambda: sp.QConv2DSparse(1, 3, kernel_quantizer="quantized_bits(8,0,alpha='auto')"), "alpha"),
        (lambda: sp.QConv2DSparse(1, 3)(TOY), "features"),
        (lambda: sp.QConv2DSparse(1, 3)([tf.zeros((1, 4, 1)), tf.zeros((1, 3, 2), tf.int32)]), "features"),
        (lambda: sp.AveragePooling2DSparse(0, (4, 4)), "pool_size"),
        (lambda: sp.AveragePooling2DSparse(5, (4, 4)), "larger than the image"),
        (lambda: sp.AveragePooling2DSparse(2, (4, 4), strides=1), "overlap"),
        (lambda: sp.AveragePooling2DSparse(7, (63, 63), reciprocal_bits=3), "reciprocal_bits"),
        (lambda: sp.AveragePooling2DSparse(2, (4, 4), output_quantizer="quantized_bits(4,0,alpha='auto')"), "alpha"),
        (lambda: sp.SparseFlatten((3, 3))(compact({(4, 1): 1.0}, 1)), "outside the image"),
    ],
)
def test_what_cannot_be_right_is_refused_in_words(make, message):
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match=message):
        make()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_pixels_that_are_not_finite_are_refused(bad):
    image = TOY.copy()
    image[0, 3, 3] = bad
    with pytest.raises(tf.errors.InvalidArgumentError, match="NaN or infinite"):
        sp.InputReduce(1)(tf.constant(image))
    with pytest.raises(ValueError, match="NaN or infinite"):
        sp.exact_predict(random_network(4, 5, 1, 3, (3, 3), 1, (2, 2), "max", 8), image)


def test_images_that_were_never_scaled_are_refused_also_when_keras_made_them_float():
    model = random_network(4, 5, 1, 3, (3, 3), 1, (2, 2), "max", 8)
    with pytest.raises(tf.errors.InvalidArgumentError, match="divide by 255"):
        model.predict((255 * TOY).astype(np.uint8), verbose=0)


def test_integer_images_are_refused():
    with pytest.raises(TypeError, match="divide by 255"):
        sp.InputReduce(1)(tf.constant(TOY.astype(np.uint8)))
