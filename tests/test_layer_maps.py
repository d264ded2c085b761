"""layer_maps against a toy that is worked by hand, and against loops."""

import numpy as np
import pytest

import sparsepixels_lib as sp
from sparsepixels_lib.network.maps import layer_maps

IMAGES = np.zeros((2, 63, 63, 1))
IMAGES[0, [0, 3, 10], [5, 5, 20], 0] = 0.25, 0.5, 0.75  # the second image is empty


def randomized(model, seed=0):
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(0, 0.4, w.shape) for w in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def sparse():
    return randomized(sp.sparse_cnn("microboone", 8, 2))


@pytest.fixture(scope="module")
def standard():
    return randomized(sp.standard_cnn("microboone", 8))


def test_the_input_of_a_sparse_network_is_reduced_and_that_of_a_standard_one_whole(sparse, standard):
    reduced, whole = (layer_maps(model, IMAGES, "input") for model in (sparse, standard))
    assert np.argwhere(~reduced.mask).tolist() == [[0, 0, 5, 0], [0, 3, 5, 0]]
    assert np.argwhere(~whole.mask).tolist() == [[0, 0, 5, 0], [0, 3, 5, 0], [0, 10, 20, 0]]
    np.testing.assert_array_equal(reduced.compressed(), [0.25, 0.5])
    np.testing.assert_array_equal(whole.compressed(), [0.25, 0.5, 0.75])


@pytest.mark.parametrize(("layer", "channels"), [("conv1", 1), ("relu1", 1), ("conv2", 3), ("relu2", 3)])
def test_a_sparse_layer_has_values_at_the_places_of_its_slots_only(sparse, layer, channels):
    view = layer_maps(sparse, IMAGES, layer)
    assert view.shape == (2, 63, 63, channels)
    assert np.argwhere(~view.mask[..., 0]).tolist() == [[0, 0, 5], [0, 3, 5]]
    np.testing.assert_array_equal(view[0, [0, 3], [5, 5]], sp.exact_predict(sparse, IMAGES, layer=layer)[0])


def test_pooling_moves_the_slots_to_their_cells(sparse):
    view = layer_maps(sparse, IMAGES, "pool1")
    assert view.shape == (2, 9, 9, 3)
    assert np.argwhere(~view.mask[..., 0]).tolist() == [[0, 0, 0]]  # rows 1 and 4, column 6: one cell of 7 x 7


def test_a_standard_convolution_with_a_bias_leaves_no_background(standard):
    assert not layer_maps(standard, IMAGES, "conv1").mask.any()


def test_in_a_standard_network_background_is_where_all_features_are_0(standard):
    view, out = layer_maps(standard, IMAGES, "relu2"), sp.exact_predict(standard, IMAGES, layer="relu2")
    np.testing.assert_array_equal(view.mask[..., 1], (out == 0).all(axis=-1))
    np.testing.assert_array_equal(view.data, out)


@pytest.mark.parametrize("layer", ["flatten", "dense1", "relu3"])
def test_a_layer_without_an_image_is_refused(sparse, standard, layer):
    for model in (sparse, standard):
        with pytest.raises(ValueError, match="choose a layer before flatten"):
            layer_maps(model, IMAGES, layer)
