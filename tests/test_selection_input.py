"""What is given to a selection, wherever it can be: used as the layer uses it, or refused in words, never guessed."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from matplotlib.figure import Figure

import sparsepixels_lib as sp
from sparsepixels_lib import measure
from sparsepixels_lib.plots import pixels, slider

RNG = np.random.default_rng(5)
IMAGES = (RNG.random((40, 6, 8, 1)) * (RNG.random((40, 6, 8, 1)) < 0.6)).astype(np.float32)
LEVELS = (0.0, 0.25, 0.5)
NAN = float("nan")
WAYS = [{}, {"selection": "adaptive", "levels": LEVELS}, {"selection": "largest"}, {"patch": (2, 2)}]


@pytest.mark.parametrize("how", WAYS, ids=str)
def test_a_layer_chooses_alike_from_images_of_another_size_than_it_was_built_for(how):
    layer, images = sp.InputReduce(4, **how), tf.constant(IMAGES)
    layer(images[:, :4, :4])
    for found, expected in zip(layer(images), sp.InputReduce(4, **how)(images), strict=True):
        assert (found.numpy() == expected.numpy()).all()


@pytest.mark.parametrize(
    ("how", "images", "words"),
    [
        ({"patch": (2, 2)}, np.zeros((6, 7, 4, 1), np.float32), "do not divide the 7x4 image"),
        ({"patch": (2, 2)}, np.zeros((6, 4, 4, 2), np.float32), "one channel, not of 2"),
        ({"selection": "largest"}, np.zeros((6, 4, 4, 2), np.float32), "of that channel alone"),
        ({}, np.zeros((6, 1, 3, 1), np.float32), "n_active = 4 is more than the 1x3 image has pixels"),
    ],
)
def test_images_that_do_not_fit_a_layer_that_is_built_are_not_mixed_with_each_other(how, images, words):
    layer = sp.InputReduce(4, **how)
    layer(np.zeros((1, 4, 4, 1), np.float32))
    with pytest.raises(ValueError, match=words):
        layer(images)


@pytest.mark.parametrize("patch", [2, np.int64(2), (2, np.int32(2)), [2, 2]])
def test_a_patch_is_whatever_the_layer_takes(patch):
    assert sp.InputReduce(4, patch=patch).patch == sp.Network("microboone", 8, 8, patch=patch).patch == (2, 2)
    assert sp.fit_levels(IMAGES, 4, patch=patch) == sp.fit_levels(IMAGES, 4, patch=(2, 2))
    assert (sp.occupancy(IMAGES, 0, patch=patch).counts == sp.occupancy(IMAGES, 0, patch=(2, 2)).counts).all()


@pytest.mark.parametrize("patch", [2.0, (2.0, 2.0), True, "2", (), (2,), (2, 2, 2), 0, (0, 2)])
def test_what_is_no_patch_is_refused_in_words(patch):
    for takes in (
        lambda: sp.InputReduce(4, patch=patch),
        lambda: sp.Network("microboone", 8, 8, patch=patch),
        lambda: sp.fit_levels(IMAGES, 4, patch=patch),
        lambda: sp.occupancy(IMAGES, 0, patch=patch),
    ):
        with pytest.raises(ValueError, match="patch must be"):
            takes()


@pytest.mark.parametrize("levels", [(0, NAN), (0, np.inf), 0.5, "05", (0, "x"), np.array(0.0), (), (0, None), (0, -1)])
def test_what_are_no_levels_is_refused_in_words(levels):
    how = {"selection": "adaptive", "levels": levels}
    for takes in (
        lambda: sp.InputReduce(4, **how),
        lambda: sp.occupancy(IMAGES, 0, **how),
        lambda: measure.kept_pixels(IMAGES, 4, 0, **how),
        lambda: pixels.show_active(Figure().subplots(), IMAGES[0], 4, **how),
        lambda: slider.mask_explorer(IMAGES[:2], choices={"by level": how}),
    ):
        with pytest.raises(ValueError, match="level"):
            takes()


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"levels": (0, 0.995)}, "take 0.9921875\\.$"),  # what is above it is the largest pixel, above which is none
        ({"levels": (0, 0.999)}, "No pixel is above the level 0.999"),
        ({"levels": (0, 0.3), "input_quantizer": "quantized_relu(16,0)"}, "0.29998779296875 or 0.3000030517578125\\.$"),
        ({"levels": (0.99, 0.993), "threshold": 0.99}, "0.993 .*: take 0.9921875\\.$"),
        ({"levels": (0.993, 0.994), "threshold": 0.993}, "0.994 .*: leave it out\\.$"),
    ],
)
def test_a_level_that_is_proposed_for_one_off_the_grid_is_taken(how, words):
    with pytest.raises(ValueError, match=words):
        sp.InputReduce(4, selection="adaptive", **how)


@pytest.mark.parametrize("selection", [None, 1, ["raster"], np.array(["raster"])])
def test_what_is_no_selection_is_refused_in_words(selection):
    for takes in (sp.InputReduce, lambda n, selection: sp.occupancy(IMAGES, 0, n, selection=selection)):
        with pytest.raises(ValueError, match="selection"):
            takes(4, selection=selection)


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (IMAGES[..., 0], r"must be \(n, H, W, C\).*got \(40, 6, 8\)"),
        ((IMAGES * 255).astype(np.uint8), "must be floating point.*got uint8"),
        (np.where(IMAGES > 0.5, np.nan, IMAGES), "NaN or infinite"),
        (np.where(IMAGES > 0.5, np.inf, IMAGES), "NaN or infinite"),
    ],
)
def test_images_whose_pixels_cannot_be_kept_are_refused_in_words(images, words):
    with pytest.raises(ValueError, match=words):
        measure.kept_pixels(images, 4)
    assert measure.kept_pixels(IMAGES[:0], 4).shape == (0, 6, 8, 1)


@pytest.mark.parametrize("threshold", [-1, NAN, np.inf, None])
def test_a_threshold_that_no_layer_has_is_refused_in_words(threshold):
    for takes in (sp.occupancy, lambda images, threshold: measure.kept_pixels(images, 4, threshold, "largest")):
        with pytest.raises(ValueError, match="threshold="):
            takes(IMAGES, threshold)
    with pytest.raises(ValueError, match="threshold="):
        sp.fit_levels(IMAGES, 4, threshold=threshold)


@pytest.mark.parametrize("threshold", [0.993, 0.995])
def test_where_no_level_fits_above_the_threshold_none_is_proposed(threshold):
    full = np.ones((3, 4, 4, 1))
    assert sp.fit_levels(full, 4, 1, threshold) == (threshold,)
    with pytest.raises(ValueError, match="only 1 different levels; take a smaller k"):
        sp.fit_levels(full, 4, 2, threshold)


def test_baselines_on_all_pixels_have_no_selection():
    train = SimpleNamespace(name="microboone", images=IMAGES, classes=("a", "b"), labels=np.arange(40) % 2)
    for more in ({"selection": "largest"}, {"levels": LEVELS}):
        with pytest.raises(ValueError, match="give n_active, or leave it out"):
            measure.ladder(train, train, **more)
    with pytest.raises(TypeError, match="patch"):
        measure.rungs(train, train, patch=2)


def test_a_standard_network_has_no_selection_either():
    for more in ({"selection": "adaptive"}, {"patch": (3, 3)}):
        with pytest.raises(ValueError, match="standard CNN"):
            sp.reference_model("microboone", 8, None, **more)
    with pytest.raises(ValueError, match="standard CNN"):
        sp.Network("microboone", 8).build(levels=LEVELS)


def test_a_picture_of_pixels_that_are_kept_takes_no_word_for_nothing():
    ax = Figure().subplots()
    for more in ({"patch": 2}, {"selection": "largest", "patch": 2}):
        with pytest.raises(TypeError, match="patch"):
            pixels.show_active(ax, IMAGES[0], 4, **more)
    for more in ({"levels": LEVELS}, {"selection": "raster", "levels": np.array(LEVELS)}):
        with pytest.raises(ValueError, match="go together"):
            pixels.caption(IMAGES[0], 4, **more)
    codes = (IMAGES[0] * 255).astype(np.uint8)  # a toy of whole numbers
    kept = pixels.show_active(ax, codes, 4, selection="largest").get_array() == 2
    assert kept.sum() == 4 and codes[kept].min() >= np.sort(codes.ravel())[-4]


@pytest.mark.parametrize("choices", [{}, ["largest"], "largest", {"a": "largest"}, {"a": {"patch": 2}}, {"a": None}])
def test_ways_to_choose_that_are_none_are_refused_in_words(choices):
    with pytest.raises(ValueError, match="choices="):
        slider.mask_explorer(IMAGES[:2], choices=choices)


def test_the_still_of_a_slider_is_of_its_first_way_to_choose():
    ways = {"largest": {"selection": "largest"}, "first N": {}}
    stills = [slider.mask_explorer(IMAGES[:1], choices={name: ways[name]}).png for name in ways]
    assert slider.mask_explorer(IMAGES[:1], choices=ways).png == stills[0] != stills[1]


def test_a_study_says_which_values_there_are():
    with pytest.raises(ValueError, match="values 'same'.*'charge' and 'alike'"):
        measure.selection_scores("microboone", "same")
