"""What N keeps: by hand, and against a loop over pixels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsepixels_lib.data.occupancy import occupancy

# three images of 2 x 2 pixels: three active of charge 0.5, 0.25, 0.25 in raster order; one active; none
HAND = np.array([[[0.5, 0.25], [0, 0.25]], [[0, 0], [1, 0]], [[0, 0], [0, 0]]])[..., None]


def test_what_n_keeps_of_three_images_is_what_pencil_and_paper_say():
    result = occupancy(HAND, 0)
    assert result.counts.tolist() == [3, 1, 0]
    assert result.n.tolist() == [1, 2, 3]
    np.testing.assert_allclose(result.kept_images, [2 / 3, 2 / 3, 1])
    np.testing.assert_allclose(result.kept_charge, [(0.5 + 1) / 2, (0.75 + 1) / 2, 1])


def test_a_pixel_at_the_threshold_is_not_active():
    assert occupancy(HAND, 0.25).counts.tolist() == [1, 1, 0]


def test_a_float32_pixel_of_two_fifths_is_not_above_a_threshold_of_two_fifths():
    images = np.array([0.4, 0.5], np.float32).reshape(1, 1, 2, 1)
    assert occupancy(images, 0.4).counts.tolist() == occupancy(images, np.float64(0.4)).counts.tolist() == [1]


def test_only_the_first_channel_counts():
    images = np.concatenate([HAND, np.full_like(HAND, 9)], axis=-1)
    assert occupancy(images, 0).kept_charge.tolist() == occupancy(HAND, 0).kept_charge.tolist()


def test_n_max_sets_the_range_of_n_in_both_directions():
    assert occupancy(HAND, 0, n_max=1).kept_charge.tolist() == [0.75]
    assert occupancy(HAND, 0, n_max=4).kept_images[-1] == 1


def test_the_summary_states_the_images_and_what_each_n_keeps():
    text = occupancy(HAND, 0).summary(n=[2, 20])
    assert text == (
        "3 images, 33.3% empty; active pixels: mean 1.3, 5/50/95 % 0.1/1/2.8, most 3\n"
        "N = 2: 66.7% of the images whole, 87.5% of the charge"
    )


def slow(images, threshold, n):
    whole, shares = 0, []
    for image in images:
        values = [value for row in image[..., 0].tolist() for value in row if value > threshold]
        whole += len(values) <= n
        if values:
            shares.append(sum(values[:n]) / sum(values))
    return whole / len(images), sum(shares) / len(shares)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 7, 1000, 1001, 2003]), st.integers(1, 12))
def test_any_images_agree_with_a_loop_over_their_pixels(seed, count, n):
    rng = np.random.default_rng(seed)
    images = rng.random((count, 3, 4, 1)) * (rng.random((count, 3, 4, 1)) < rng.random())
    images[-1, 1, 1, 0] = 1
    result = occupancy(images, 0.3, n_max=12)
    np.testing.assert_allclose((result.kept_images[n - 1], result.kept_charge[n - 1]), slow(images, 0.3, n))


BAD = np.full((1, 2, 2, 1), np.nan)


@pytest.mark.parametrize(
    ("images", "threshold", "n_max", "message"),
    [
        (HAND[..., 0], 0, None, r"must be \(n, H, W, C\)"),
        (HAND[:0], 0, None, "not empty"),
        ((HAND * 255).astype(np.uint8), 0, None, "floating point.*got uint8"),
        (BAD, 0, None, "NaN or infinite"),
        (np.where(HAND == 1, np.inf, HAND), 0, None, "NaN or infinite"),
        (HAND, np.nan, None, "threshold=nan"),
        (HAND, -0.1, None, "threshold=-0.1"),
        (HAND, 2, None, "no pixel is above the threshold 2: the largest value is 1"),
        (HAND, 0, 0, "N goes from 1 to 4"),
        (HAND, 0, 5, "N goes from 1 to 4"),
    ],
)
def test_what_cannot_be_counted_is_refused(images, threshold, n_max, message):
    with pytest.raises(ValueError, match=message):
        occupancy(images, threshold, n_max)
