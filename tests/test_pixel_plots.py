"""Pictures of images and sparse arrays show what they were given; expected values are from pencil and paper."""

import numpy as np
import pytest
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from sparsepixels_lib.plots import pixels as pixel_plots
from sparsepixels_lib.plots.style import GREY

# Five active pixels, in raster order 2, 4, 8, 1, 5: 20 in all, of which the first two are 6 and the first three 14.
TOY = np.zeros((6, 6))
TOY[[0, 1, 1, 3, 5], [2, 0, 3, 5, 1]] = [2, 4, 8, 1, 5]
TOY_HASH = np.array([[1, 3], [2, 1], [2, 4], [4, 6], [6, 2], [0, 0]])
TOY_FEATURES = np.array([2.0, 4, 8, 1, 5, 0])


def test_rank_counts_active_pixels_in_raster_order():
    expected = np.zeros((6, 6))
    expected[[0, 1, 1, 3, 5], [2, 0, 3, 5, 1]] = [1, 2, 3, 4, 5]
    np.testing.assert_array_equal(pixel_plots.rank_image(TOY), expected)


def test_a_pixel_at_the_threshold_is_inactive():
    np.testing.assert_array_equal(pixel_plots.rank_image(np.array([[2.0, 3.0, 2.5]]), 2.5), [[0, 1, 0]])


def test_only_channel_0_decides_what_is_active():
    image = np.stack([[[0.0, 1.0]], [[7.0, 0.0]]], axis=-1)
    np.testing.assert_array_equal(pixel_plots.rank_image(image), [[0, 1]])


@pytest.mark.parametrize("bad", [np.zeros(6), np.zeros((1, 6, 6, 1)), np.zeros((0, 6)), np.array([[np.nan, 1.0]])])
def test_what_is_no_image_is_refused(bad):
    with pytest.raises(ValueError, match=r"\(H, W\)|NaN"):
        pixel_plots.rank_image(bad)


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "kept 0 of 5 active pixels, 0 % of the charge"),
        (2, "kept 2 of 5 active pixels, 30 % of the charge"),
        (3, "kept 3 of 5 active pixels, 70 % of the charge"),
        (9, "kept 5 of 5 active pixels, 100 % of the charge"),
    ],
)
def test_caption_says_what_n_keeps(n, text):
    assert pixel_plots.caption(TOY, n) == text


def test_caption_never_rounds_a_loss_away():
    image = np.array([[1000.0, 1.0]])
    assert pixel_plots.caption(image, 1) == "kept 1 of 2 active pixels, >99 % of the charge"
    assert pixel_plots.caption(image[:, ::-1], 1) == "kept 1 of 2 active pixels, <1 % of the charge"


def test_caption_of_bytes_does_not_overflow():
    assert pixel_plots.caption(np.full((1, 4), 200, np.uint8), 1) == "kept 1 of 4 active pixels, 25 % of the charge"


def test_caption_says_when_nothing_is_active():
    assert pixel_plots.caption(TOY, 8, threshold=8) == "no active pixel: none is above 8"


def test_show_image_masks_inactive_pixels_and_scales_the_others_logarithmically(ax):
    artist = pixel_plots.show_image(ax, TOY, unit="charge", xlabel="wire", ylabel="time tick", threshold=1)
    shown = artist.get_array()
    np.testing.assert_array_equal(~shown.mask, TOY > 1)
    np.testing.assert_array_equal(shown.compressed(), [2, 4, 8, 5])
    assert isinstance(artist.norm, LogNorm)
    assert (artist.norm.vmin, artist.norm.vmax) == (2, 8)
    assert artist.get_extent() == [0.5, 6.5, 6.5, 0.5]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("wire", "time tick")
    assert artist.colorbar.ax.get_ylabel() == "charge"
    assert [tick.get_text() for tick in artist.colorbar.ax.get_yticklabels()] == ["2", "3.2", "5", "8"]  # 2 * 4^(k/3)


def test_show_image_of_an_empty_image_says_so(ax):
    artist = pixel_plots.show_image(ax, np.zeros((6, 6)), unit="charge", xlabel="wire", ylabel="time tick")
    assert artist.get_array().mask.all()
    assert ax.get_title() == "no active pixel: none is above 0"


def test_show_image_with_one_value_draws(ax):
    artist = pixel_plots.show_image(ax, TOY == 8, unit="hit", xlabel="eta", ylabel="phi")
    assert artist.get_array().compressed().tolist() == [1]


def test_show_image_refuses_a_negative_threshold(ax):
    with pytest.raises(ValueError, match="threshold=-1"):
        pixel_plots.show_image(ax, TOY, unit="charge", xlabel="wire", ylabel="time tick", threshold=-1)


def test_show_active_tells_kept_from_dropped(ax):
    state = pixel_plots.show_active(ax, TOY[..., None], 2).get_array()
    assert state[0, 2] == state[1, 0] == 2
    assert state[1, 3] == state[3, 5] == state[5, 1] == 1
    assert (state > 0).sum() == 5
    assert ax.get_title() == "kept 2 of 5 active pixels, 30 % of the charge"


def test_show_slots_lists_slot_feature_and_place(ax):
    texts = [text.get_text() for text in pixel_plots.show_slots(ax, TOY_FEATURES, TOY_HASH)]
    assert texts[:6] == ["1", "2", "(1, 3)", "2", "4", "(2, 1)"]
    assert texts[-3:] == ["6", "0", "(0, 0)"]


def test_show_slots_greys_the_empty_slot_and_no_other(ax):
    texts = pixel_plots.show_slots(ax, np.zeros((6, 2)), TOY_HASH)  # features of 0 in used slots
    assert [text.get_color() for text in texts] == ["black"] * 20 + [GREY] * 4


def test_show_grid_writes_numbers_into_their_cells(ax):
    values = TOY.copy()
    values[5, 5] = np.nan
    texts = {text.get_position(): text.get_text() for text in pixel_plots.show_grid(ax, values, fmt="{:.1f}")}
    assert texts[(3, 1)] == "2.0" and texts[(4, 2)] == "8.0" and texts[(1, 1)] == "0.0"
    assert len(texts) == 35 and (6, 6) not in texts


def test_show_grid_colours_what_is_highlighted(ax):
    pixel_plots.show_grid(ax, TOY, highlight=TOY == 8)
    np.testing.assert_array_equal(ax.images[0].get_array(), TOY == 8)
    with pytest.raises(ValueError, match=r"\(6, 6\).*\(5, 6\)"):
        pixel_plots.show_grid(ax, TOY, highlight=TOY[1:] == 8)


def test_show_views_agree_and_show_an_active_pixel_of_zero():
    left, right = Figure().subplots(1, 2)
    features = np.array([2.0, 0, 8, 1, 5, 9])  # slot 2 is active with 0; slot 6 is empty: its 9 has no pixel
    pixels, slots = pixel_plots.show_views((left, right), features, TOY_HASH, (6, 6))
    texts = {text.get_position(): (text.get_text(), text.get_color()) for text in pixels}
    shown = {place: text for place, (text, _) in texts.items()}
    assert shown == {(3, 1): "2", (1, 2): "0", (4, 2): "8", (6, 4): "1", (2, 6): "5"}
    assert texts[1, 2] == ("0", "black")
    np.testing.assert_array_equal(left.images[0].get_array(), TOY > 0)
    assert [text.get_text() for text in slots[3:6]] == ["2", "0", "(2, 1)"]


def test_feature_map_puts_slots_back_and_shows_a_feature_of_zero(ax):
    features = np.stack([TOY_FEATURES, [0.0, -1, 2, 3, 4, 9]], axis=1)  # slot 6 is empty: its 9 must not appear
    view = pixel_plots.feature_map(ax, features, TOY_HASH, (6, 6), channel=1).get_array()
    np.testing.assert_array_equal(~view.mask, TOY > 0)
    assert view[0, 2] == 0 and view[1, 0] == -1 and view.max() == 4


@pytest.mark.parametrize(
    ("features", "hash", "shape", "match"),
    [
        (TOY_FEATURES, TOY_HASH, (5, 6), r"\(6, 6\).*\(5, 6\)"),
        (TOY_FEATURES[:4], TOY_HASH, (6, 6), "hash"),
        (TOY_FEATURES, np.where(TOY_HASH == 1, 0, TOY_HASH), (6, 6), "hash"),
    ],
)
def test_feature_map_refuses_what_does_not_fit(ax, features, hash, shape, match):
    with pytest.raises(ValueError, match=match):
        pixel_plots.feature_map(ax, features, hash, shape)
    with pytest.raises(ValueError, match="channel=1"):
        pixel_plots.feature_map(ax, TOY_FEATURES, TOY_HASH, (6, 6), channel=1)


def test_an_image_can_have_its_edges_and_colours_in_other_units(ax):
    look = {"unit": "ADC", "xlabel": "wire", "ylabel": "time tick"}
    artist = pixel_plots.show_image(ax, 100 * TOY, extent=(0, 48, 144, 0), limits=(10, 1000), bar=False, **look)
    assert list(artist.get_extent()) == [0, 48, 144, 0]
    assert (artist.norm.vmin, artist.norm.vmax) == (10, 1000)
    assert not ax.child_axes  # no colour bar


@pytest.mark.parametrize("limits", [(0, 1), (2, 1), (-1, 1)])
def test_limits_that_no_logarithm_has_are_refused(ax, limits):
    with pytest.raises(ValueError, match="logarithmic"):
        pixel_plots.show_image(ax, TOY, unit="", xlabel="", ylabel="", limits=limits)


def test_a_map_shows_masked_pixels_as_background(ax):
    view = np.ma.masked_array([[1.0, 0], [2, 3]], [[False, False], [True, False]])
    np.testing.assert_array_equal(pixel_plots.show_map(ax, view).get_array(), view)
    with pytest.raises(ValueError, match=r"\(H, W\)"):
        pixel_plots.show_map(ax, view[None])
