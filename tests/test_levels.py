"""What a selection keeps, against the oracle image by image, and the levels that are proposed."""

import numpy as np
import oracle
import pytest
from matplotlib.figure import Figure

import sparsepixels_lib as sp
from sparsepixels_lib import plots

RNG = np.random.default_rng(5)
IMAGES = (RNG.integers(0, 17, (300, 6, 8, 1)) / 16 * (RNG.random((300, 6, 8, 1)) < RNG.random((300, 1, 1, 1)))).astype(
    np.float32
)
LEVELS = (0.0, 0.25, 0.5, 0.75)


@pytest.mark.parametrize("patch", [None, (2, 2), (3, 4)])
@pytest.mark.parametrize(("selection", "levels"), [("raster", None), ("adaptive", LEVELS), ("largest", None)])
def test_the_charge_that_is_kept_is_that_of_the_oracles_pixels(selection, levels, patch):
    n_max = 8 if patch != (3, 4) else 4
    result = sp.occupancy(IMAGES, 0.0, n_max, selection=selection, levels=levels, patch=patch)
    codes = (IMAGES * 16).astype(np.int64)
    charge = codes if patch is None else oracle.cut(codes, *patch)
    values, charge = charge[..., 0], charge[..., 0] if patch is None else charge[..., 1:].sum(axis=-1)
    whole = [level * 16 for level in levels or (0,)]
    shares = np.zeros(n_max)
    for image, own in zip(values.tolist(), charge, strict=True):
        if own.any():
            kept = [oracle.chosen(image, whole, n, selection) for n in range(1, n_max + 1)]
            shares += [sum(own[place] for place in places) / own.sum() for places in kept]
    np.testing.assert_allclose(result.kept_charge, shares / np.count_nonzero(charge.any(axis=(1, 2))))
    assert result.counts.tolist() == (values > 0).sum(axis=(1, 2)).tolist()


def test_levels_are_quantiles_of_the_first_pixel_that_has_no_slot_the_brightest_first():
    images = np.zeros((8, 1, 3, 1))
    images[:, 0, :, 0] = [[0.9, 0.1 * i, 0.05] for i in range(1, 9)]  # 2 slots: .05, 1 slot: .1, .2, ... .8
    found = sp.fit_levels(images, 1, 4, input_quantizer="quantized_relu(4,0)")
    assert found == (0.0, 0.1875, 0.375, 0.625)  # of .1, .2, ..., .8 on the grid of 1/16: .1875 is .2, .375 is .4
    assert sp.fit_levels(images[::-1], 1, 4, input_quantizer="quantized_relu(4,0)") == found
    assert sp.fit_levels(images, 1, 1) == (0.0,)


def test_no_level_is_above_every_pixel():
    levels = sp.fit_levels(np.ones((4, 2, 3, 1)) * [[[1.0], [0.9], [0.8]]], 1, 2)
    assert levels == (0.0, 254 / 256)
    sp.InputReduce(1, selection="adaptive", levels=levels)


def test_levels_fit_the_layer_they_are_for():
    for n, patch in ((5, None), (4, (2, 2))):
        levels = sp.fit_levels(IMAGES, n, 3, 0.25, patch=patch)
        layer = sp.InputReduce(n, 0.25, selection="adaptive", levels=levels, patch=patch)
        assert layer(IMAGES)[1].shape == (300, n, 2) and len(levels) == 3


@pytest.mark.parametrize(
    ("n", "k", "more", "words"),
    [
        (48, 4, {}, "n_active=48: the images have only 48 pixels to choose from"),
        (12, 4, {"patch": (2, 2)}, "n_active=12: the images have only 12 patches to choose from"),
        (5, 40, {}, "k=40: these images have only [0-9]+ different levels"),
        (30, 4, {"threshold": 0.9}, "no image has more than 30 pixels above 0.9"),
        (5, 4, {"patch": 4}, "patch=\\(4, 4\\) does not divide"),
        (5, 4, {"patch": (4, 5)}, "patch=\\(4, 5\\) does not divide the images of 6 x 8 pixels"),
        (0, 4, {}, "n_active must be a whole number"),
        (5, 0, {}, "k must be a whole number"),
        (5, 4, {"threshold": -1.0}, "threshold=-1.0"),
    ],
)
def test_levels_that_cannot_be_found_are_refused_in_words(n, k, more, words):
    with pytest.raises(ValueError, match=words):
        sp.fit_levels(IMAGES, n, k, **more)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"selection": "first"}, "selection='first'"),
        ({"selection": "adaptive"}, "levels and selection='adaptive' go together"),
        ({"levels": LEVELS}, "levels and selection='adaptive' go together"),
        ({"selection": "adaptive", "levels": (0.25, 0.5)}, "must increase from the threshold, 0"),
        ({"selection": "adaptive", "levels": (0.0, 0.5, 0.5)}, "must increase from the threshold"),
        ({"patch": (4, 5)}, "does not divide"),
    ],
)
def test_what_no_selection_is_is_refused_in_words(more, words):
    with pytest.raises(ValueError, match=words):
        sp.occupancy(IMAGES, 0.0, **more)


def test_the_picture_says_which_pixels_are_kept():
    for selection, words in (("raster", "the first N"), ("largest", "the N largest")):
        kept = sp.occupancy(IMAGES, 0.0, 8, selection=selection)
        charge, _ = plots.occupancy(Figure().subplots(), kept, [4])
        assert charge.get_label() == f"charge in {words}: {100 * kept.kept_charge[3]:.1f} %"
