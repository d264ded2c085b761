"""Features of sparse images: by pencil and paper, against loops, and blind to where the pixels are."""

import re
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsepixels_lib import measure
from sparsepixels_lib.measure import features

BOTH = [measure.window_features, measure.jet_features]


def image(pixels, size=16):
    """(1, size, size, 1) from {(row, column): value}."""
    picture = np.zeros((1, size, size, 1))
    for place, value in pixels.items():
        picture[0, *place, 0] = value
    return picture


def of(function, pixels):
    """The features of one image as a dictionary."""
    return function(image(pixels)).iloc[0].to_dict()


def scattered(seed, n=20, size=16):
    """Images with 0 to 25 active pixels in the middle of the frame."""
    rng = np.random.default_rng(seed)
    images = np.zeros((n, size, size, 1))
    middle = rng.random((n, size - 6, size - 6)) < rng.uniform(0, 0.25, (n, 1, 1))
    images[:, 3:-3, 3:-3, 0] = middle * rng.random(middle.shape)
    return images


TWO = image({(0, 1): 0.5, (2, 0): 0.25, (2, 3): 0.75}, 4)


def test_count_sum_and_brightest_are_what_pencil_and_paper_say():
    images = np.concatenate([TWO, np.zeros_like(TWO)])
    assert features.count(images).tolist() == [3, 0] and features.count(images, 0.5).tolist() == [1, 0]
    assert features.total(images).tolist() == [1.5, 0] and features.total(images, 0.25).tolist() == [1.25, 0]
    assert features.brightest(images).tolist() == [0.75, 0] and features.brightest(images, 0.75).tolist() == [0, 0]


def test_only_the_first_channel_is_looked_at():
    more = np.concatenate([TWO, np.ones_like(TWO)], axis=-1)
    for function in (features.count, features.total, features.brightest):
        assert function(more) == function(TWO)
    for function in BOTH:
        pd.testing.assert_frame_equal(function(more), function(TWO))


@pytest.mark.parametrize("function", BOTH)
def test_every_feature_has_its_line_in_the_docstring(function):
    names = re.findall(r"^    (\w+(?:, \w+)*) {1,}(?=\S)", function.__doc__, re.M)
    documented = [name for line in names for name in line.split(", ")]
    columns = list(function(TWO))
    assert [name for name in columns if name not in documented] == []
    assert f"Features (n, {len(columns)})" in function.__doc__


@pytest.mark.parametrize("function", BOTH)
def test_an_empty_image_has_features_of_0_and_a_single_pixel_finite_ones(function):
    found = function(np.concatenate([image({}), image({(4, 4): 0.5})]))
    assert not found.iloc[0].any()
    assert np.isfinite(found.iloc[1]).all() and found.iloc[1][["count", "sum", "brightest"]].tolist() == [1, 0.5, 0.5]
    assert function(np.zeros((2, 8, 8, 1))).shape == (2, found.shape[1])
    assert function(np.zeros((0, 8, 8, 1))).shape == (0, found.shape[1])


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32 - 1), st.integers(-3, 3), st.integers(-3, 3))
@pytest.mark.parametrize("function", BOTH)
def test_features_do_not_tell_where_in_the_image_the_pixels_are(function, seed, down, right):
    images = scattered(seed)
    moved = np.roll(images, (down, right), axis=(1, 2))
    pd.testing.assert_frame_equal(function(moved), function(images), check_exact=True)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_features_of_a_jet_are_the_same_in_the_mirror_and_with_rows_for_columns(seed):
    images = scattered(seed)
    expected = measure.jet_features(images)
    for seen in (images[:, ::-1], images[:, :, ::-1], images.transpose(0, 2, 1, 3)):
        pd.testing.assert_frame_equal(measure.jet_features(seen), expected, atol=1e-6)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_of_a_flat_image_twice_as_bright_only_sums_change(seed):
    images = scattered(seed)
    for function, scaling in zip(BOTH, ({"sum", "brightest", "mean"}, {"sum", "brightest", "mass"}), strict=True):
        one, two = function(images), function(2 * images)
        for name in one:
            np.testing.assert_allclose(two[name], one[name] * (2 if name in scaling else 1), atol=1e-6)


def test_two_pixels_of_a_jet_have_the_mass_that_pencil_and_paper_give():
    found = of(measure.jet_features, {(2, 3): 0.3, (5, 7): 0.1})  # 3 down and 4 to the right: 5 apart
    assert found == pytest.approx({
        "count": 2, "sum": 0.4, "brightest": 0.3, "first": 0.75, "second": 0.25, "third": 0, "apart": 5,
        "balance": 0.25, "ninetieth": 2, "mass": np.sqrt(0.3 * 0.1 * 25), "mass_over_pt": np.sqrt(0.75 * 0.25 * 25),
        "girth": 0.75 * 1.25 + 0.25 * 3.75, "lha": 0.75 * np.sqrt(1.25) + 0.25 * np.sqrt(3.75),
        "dispersion": np.sqrt(0.75**2 + 0.25**2), "long": 5 * np.sqrt(3) / 4, "short": 0, "planar_flow": 0,
        "e2": 0.75 * 0.25 * 5, "c2": 0, "d2": 0,
    }, abs=1e-6)  # fmt: skip


def test_a_triangle_of_three_four_and_five_has_the_correlations_that_pencil_and_paper_give():
    found = of(measure.jet_features, {(2, 2): 0.2, (5, 2): 0.2, (2, 6): 0.2})
    e2, e3 = (3 + 4 + 5) / 9, 3 * 4 * 5 / 27
    assert [found[name] for name in ("e2", "c2", "d2")] == pytest.approx([e2, e3 / e2**2, e3 / e2**3])
    assert found["mass_over_pt"] == pytest.approx(np.sqrt(9 + 16 + 25) / 3)


def test_a_square_is_a_disc_to_planar_flow_and_a_line_is_none():
    assert of(measure.jet_features, {(2, 2): 1, (2, 5): 1, (5, 2): 1, (5, 5): 1})["planar_flow"] == pytest.approx(1)
    assert of(measure.jet_features, {(2, 2): 1, (2, 5): 1, (2, 9): 1})["planar_flow"] == pytest.approx(0)


def test_nine_equal_pixels_of_ten_hold_nine_tenths():
    assert of(measure.jet_features, {(3, k): 0.1 for k in range(10)})["ninetieth"] == 9
    assert of(measure.jet_features, {(3, 3): 0.9, (4, 4): 0.05, (5, 5): 0.05})["ninetieth"] == 1


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_mass_and_correlations_are_those_of_a_loop_over_pairs_and_triples(seed):
    images = scattered(seed, n=4)
    found = measure.jet_features(images)
    for k, picture in enumerate(images[..., 0]):
        place = np.argwhere(picture)[np.argsort(-picture[picture > 0])]
        value = np.array([picture[tuple(p)] for p in place])

        def apart(i, j, place=place):
            return np.hypot(*(place[i] - place[j]))

        pairs = list(combinations(range(len(place)), 2))
        mass = np.sqrt(sum(value[i] * value[j] * apart(i, j) ** 2 for i, j in pairs))
        assert found["mass"][k] == pytest.approx(mass)
        some, z = range(min(len(place), 30)), value / max(value.sum(), 1e-9)
        e2 = sum(z[i] * z[j] * apart(i, j) for i, j in combinations(some, 2))
        triples = combinations(some, 3)
        e3 = sum(z[i] * z[j] * z[m] * apart(i, j) * apart(j, m) * apart(i, m) for i, j, m in triples)
        assert found["e2"][k] == pytest.approx(e2)
        assert found["c2"][k] == pytest.approx(e3 / e2**2 if e2 else 0, abs=1e-9)


def test_a_diagonal_line_has_the_features_that_pencil_and_paper_give():
    found = of(measure.window_features, {(k, k): 0.4 for k in range(3, 8)})
    assert found == pytest.approx({
        "count": 5, "sum": 2, "brightest": 0.4, "mean": 0.4, "second": 1, "variation": 0, "rows": 5, "columns": 5,
        "height": 5, "width": 5, "filling": 0.2, "row_spread": np.sqrt(2), "column_spread": np.sqrt(2), "long": 2,
        "short": 0, "ratio": 0, "tilt": np.sqrt(0.5), "touching": 0.8, "end": 0.2, "other_end": 0.2, "dense": 0.6,
    }, abs=1e-6)  # fmt: skip


@pytest.mark.parametrize(
    ("step", "tilt"), [((1, 0), 0), ((0, 1), 1), ((1, -1), np.sqrt(0.5)), ((2, 1), 1 / np.sqrt(5))]
)
def test_the_tilt_goes_from_the_direction_of_time_to_that_of_the_wires(step, tilt):
    line = {(2 + step[0] * k, 7 + step[1] * k): 0.5 for k in range(6)}
    found = of(measure.window_features, line)
    assert found["tilt"] == pytest.approx(tilt, abs=1e-6) and found["ratio"] == pytest.approx(0, abs=1e-6)


def test_the_heavier_end_of_a_track_is_told_from_the_lighter_one():
    # 11 pixels: the outer fifth at either end are the first and the last two
    track = {(4, k): 0.1 for k in range(11)} | {(4, 9): 0.3, (4, 10): 0.5}
    for pixels in (track, {(4, 10 - k): value for (_, k), value in track.items()}):
        found = of(measure.window_features, pixels)
        assert [found["end"], found["other_end"]] == pytest.approx([0.8 / 1.7, 0.2 / 1.7])
        assert found["dense"] == pytest.approx(0.9 / 1.7)


def test_a_blob_touches_more_than_a_track_and_fills_its_frame():
    found = of(measure.window_features, {(r, c): 0.5 for r in range(3, 6) for c in range(3, 6)})
    assert found["touching"] == pytest.approx(20 / 9)  # 6 pairs along, 6 across, 8 on diagonals
    assert (found["filling"], found["ratio"], found["dense"]) == pytest.approx((1, 1, 1))
    corner = of(measure.window_features, {(3, 3): 1, (3, 9): 0.5, (8, 3): 0.25})
    assert (corner["rows"], corner["columns"], corner["height"], corner["width"]) == (2, 2, 6, 7)
    assert corner["second"] == 0.5 and corner["touching"] == 0
    assert corner["variation"] == pytest.approx(np.std([1, 0.5, 0.25]) / np.mean([1, 0.5, 0.25]))
