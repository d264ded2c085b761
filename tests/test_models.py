"""The published architectures: parameter counts, layer names, shared weights, errors."""

import numpy as np
import pytest
import tensorflow as tf

import sparsepixels_lib as sp
from sparsepixels_lib.network import probes

COUNTS = {"microboone": 4121, "lhc_jets": 4535, "sparse_mnist": 4422}  # arXiv 2512.06208


@pytest.mark.parametrize("dataset", COUNTS)
@pytest.mark.parametrize("bits", [8, 16])
def test_standard_and_sparse_have_the_published_parameter_count(dataset, bits):
    assert (
        sp.sparse_cnn(dataset, bits, 20).count_params()
        == sp.standard_cnn(dataset, bits).count_params()
        == COUNTS[dataset]
    )


@pytest.mark.parametrize(
    ("dataset", "names"),
    [
        ("microboone", "image input_reduce conv1 relu1 conv2 relu2 pool1 flatten dense1 relu3 dense2 sigmoid"),
        ("lhc_jets", "image input_reduce conv1 relu1 conv2 relu2 pool1 flatten dense1 relu3 dense2 softmax"),
        ("sparse_mnist", "image input_reduce conv1 relu1 pool1 conv2 relu2 pool2 flatten dense1 relu3 dense2 softmax"),
    ],
)
def test_layers_are_named_as_published(dataset, names):
    assert " ".join(layer.name for layer in sp.sparse_cnn(dataset, 8, 12).layers) == names


@pytest.mark.parametrize("n_active", [1, 8, 33])
def test_the_compact_model_shares_weights_and_agrees_with_the_image_model(n_active):
    model = sp.sparse_cnn("lhc_jets", 8, n_active)
    compact = sp.compact_model(model)
    images = probes.corner_images(56, 56, 1, n_active)
    model.set_weights([w + 0.25 for w in model.get_weights()])
    np.testing.assert_array_equal(compact(list(sp.reduce_dataset(model, images))), model(images))


def test_the_seed_fixes_the_initial_weights_whatever_was_built_before():
    first = sp.sparse_cnn("sparse_mnist", 8, 8, seed=3).get_weights()
    sp.standard_cnn("sparse_mnist", 8)
    again, other = (sp.sparse_cnn("sparse_mnist", 8, 8, seed=s).get_weights() for s in (3, 4))
    assert all((a == b).all() for a, b in zip(first, again, strict=True)) and (first[0] != other[0]).any()


def test_published_weights_can_be_set_by_layer_name():
    model = sp.sparse_cnn("microboone", 16, 20)
    kernel, bias = np.full((7, 7, 1, 3), 0.5), np.array([1.0, 2.0, 3.0])
    model.get_layer("conv2").set_weights([kernel, bias])
    assert (model.get_layer("conv2").get_weights()[0] == kernel).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sp.sparse_cnn("mnist", 8, 8), "microboone, lhc_jets, sparse_mnist"),
        (lambda: sp.standard_cnn("microboone", 12), "8 or 16"),
        (lambda: sp.sparse_cnn("microboone", 8, 0), "at least 1"),
        (lambda: sp.sparse_cnn("microboone", 8, 63 * 63 + 1), "more than the 63x63 image"),
        (lambda: sp.compact_model(sp.standard_cnn("microboone", 8)), "no InputReduce"),
    ],
)
def test_what_does_not_exist_is_refused_in_words(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_training_moves_every_weight_of_the_sparse_network():
    """Gradients reach all layers through reduced arrays."""
    model = sp.sparse_cnn("sparse_mnist", 8, 12)
    model.set_weights([np.abs(w) + 0.05 for w in model.get_weights()])  # no ReLU is dead
    images = probes.corner_images(48, 48, 1, 12)
    compact, inputs = sp.compact_model(model), [tf.constant(a) for a in sp.reduce_dataset(model, images)]
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(compact(inputs)[:, 3] ** 2)
    gradients = zip(compact.trainable_weights, tape.gradient(loss, compact.trainable_weights), strict=True)
    assert [w.name for w, g in gradients if not tf.reduce_any(tf.convert_to_tensor(g) != 0)] == []
