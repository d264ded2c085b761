"""Baselines without a network: what they look at, and a ladder that only rises."""

import re
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

import sparsepixels_lib as sp
from sparsepixels_lib import measure, plots
from sparsepixels_lib.measure import features
from sparsepixels_lib.measure.baselines import trees


def image(pixels, size=16):
    """(1, size, size, 1) from {(row, column): value}."""
    picture = np.zeros((1, size, size, 1))
    for place, value in pixels.items():
        picture[0, *place, 0] = value
    return picture


TWO = image({(0, 1): 0.5, (2, 0): 0.25, (2, 3): 0.75}, 4)


def test_the_first_two_active_pixels_are_kept_in_raster_order():
    kept = measure.kept_pixels(TWO, 2)
    np.testing.assert_array_equal(kept, image({(0, 1): 0.5, (2, 0): 0.25}, 4))
    np.testing.assert_array_equal(measure.kept_pixels(TWO, 1, 0.25), image({(0, 1): 0.5}, 4))
    np.testing.assert_array_equal(measure.kept_pixels(TWO, 99), TWO)
    with pytest.raises(ValueError, match="n must be a whole number, at least 1, not 0"):
        measure.kept_pixels(TWO, 0)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.sampled_from([0.0, 0.4]))
def test_what_is_kept_is_what_the_layer_keeps_and_what_is_drawn(seed, n, threshold):
    images = np.random.default_rng(seed).integers(-200, 256, (3, 9, 9, 1)).clip(0).astype(np.float32) / 256  # 8 bits
    kept = measure.kept_pixels(images, n, threshold)
    slots = sp.InputReduce(n, threshold, "quantized_relu(8,0)")(tf.constant(images))
    layer = sp.densify(*slots, images.shape[1:3]).numpy()
    drawn = [plots.rank_image(one, threshold) for one in images]
    assert kept.dtype == images.dtype
    np.testing.assert_array_equal(kept, layer)
    np.testing.assert_array_equal(kept[..., 0] > 0, [(rank > 0) & (rank <= n) for rank in drawn])


def test_flat_images_have_shape_without_charge():
    np.testing.assert_array_equal(measure.flat(TWO), image({(0, 1): 1, (2, 0): 1, (2, 3): 1}, 4))
    np.testing.assert_array_equal(measure.flat(TWO, 0.5), image({(2, 3): 1}, 4))


def table(labels, seed):
    """A feature that tells the classes apart, and one that does not."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"good": 4 * labels + rng.normal(size=len(labels)), "bad": rng.normal(size=len(labels))})


def test_trees_find_what_tells_two_classes_apart_the_same_way_every_time():
    labels = np.arange(600) % 2
    found = trees(table(labels, 0), labels, table(labels, 1))
    assert found.shape == (600,) and measure.accuracy(labels, found).value > 0.95
    np.testing.assert_array_equal(trees(table(labels, 0), labels, table(labels, 1)), found)


def test_of_three_classes_trees_give_probabilities():
    labels = np.arange(600) % 3
    found = trees(table(labels, 0), labels, table(labels, 1))
    assert found.shape == (600, 3) and measure.auc(labels, found).value > 0.95
    np.testing.assert_allclose(found.sum(axis=1), 1)


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 2, 2], [-1, 0, 1], [1, 2, 1]])
def test_trees_refuse_labels_with_a_gap(labels):
    with pytest.raises(ValueError, match="without a gap"):
        trees(pd.DataFrame({"x": [1.0, 2, 3]}), np.array(labels), pd.DataFrame({"x": [1.0]}))


def test_without_scikit_learn_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    with pytest.raises(ImportError, match=r"pip install 'sparsepixels-lib\[notebooks\]'"):
        trees(pd.DataFrame({"x": [1.0, 2]}), np.array([0, 1]), pd.DataFrame({"x": [1.0]}))


@pytest.fixture(scope="module")
def windows():
    return sp.load("microboone", "train", n=1500), sp.load("microboone", "test", n=1000)


@pytest.fixture(scope="module")
def jets():
    return sp.load("lhc_jets", "train", n=1500), sp.load("lhc_jets", "test", n=1000)


def test_the_rungs_of_windows_are_three_numbers_and_trees(windows):
    train, test = windows
    found = measure.rungs(train, test, n_active=8)
    *alone, (name, scores) = found.items()
    assert [name for name, _ in alone] == ["number of pixels", "sum of pixels", "brightest pixel"]
    assert re.fullmatch(r"trees on \d+ features", name) and scores.shape == (1000,)
    kept = measure.kept_pixels(test.images, 8)
    for (_, values), function in zip(alone, (features.count, features.total, features.brightest), strict=True):
        np.testing.assert_allclose(values, function(kept), rtol=1e-6)
    assert found["number of pixels"].max() == 8


def test_of_flat_images_number_and_trees_are_left(windows):
    found = measure.rungs(*windows, flat=True)
    assert len(found) == 2
    np.testing.assert_array_equal(found["number of pixels"], features.count(windows[1].images))


def test_the_ladder_of_windows_rises_and_takes_what_scores_take(windows):
    test = windows[1]
    rungs, event = measure.rungs(*windows), np.arange(1000) // 2
    ladder = measure.ladder(*windows, groups=event, where=test.images.any(axis=(1, 2, 3)), resamples=100)
    assert [name for name, _ in ladder] == list(rungs)
    for name, score in ladder:
        how = {"groups": event, "where": test.images.any(axis=(1, 2, 3)), "resamples": 100}
        assert score == measure.auc(test.labels, rungs[name], **how)
    *alone, (_, best) = ladder
    for _, score in alone:
        assert score.value > 0.5 + 3 * score.error  # signal has more pixels and more charge
        assert best.value > score.value - 3 * score.error


def test_trees_on_all_pixels_are_no_worse_than_on_the_first_eight_and_better_than_chance(windows, jets):
    for chance, data in ((0.5, windows), (0.2, jets)):
        (_, whole), (_, cut) = measure.ladder(*data)[-1], measure.ladder(*data, n_active=8)[-1]
        assert whole.value > cut.value - 3 * whole.error and cut.value > chance + 5 * cut.error


def test_of_jets_shape_and_momentum_together_tell_more_than_either(jets):
    *alone, (name, best) = measure.ladder(*jets)
    assert len(alone) == 3 and "features" in name
    *_, (_, shape) = measure.ladder(*jets, flat=True)
    assert all(best.value > score.value + 3 * score.error for _, score in [*alone, ("shape", shape)])


def test_a_data_set_is_not_tested_on_another(windows, jets):
    with pytest.raises(ValueError, match="trained on 'microboone', tested on 'lhc_jets'"):
        measure.ladder(windows[0], jets[1])


def test_a_rung_is_the_same_however_many_images_are_looked_at_together(windows, monkeypatch):
    train, test = (replace(d, images=d.images[:300], labels=d.labels[:300]) for d in windows)
    expected = measure.rungs(train, test, n_active=12)
    monkeypatch.setattr("sparsepixels_lib.measure.baselines.PART", 70)
    for name, scores in measure.rungs(train, test, n_active=12).items():
        np.testing.assert_allclose(scores, expected[name], atol=1e-9)
