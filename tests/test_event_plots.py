"""Event displays show what they were given, on one scale; expected values are from pencil and paper."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from sparsepixels_lib.plots import events as event_plots

EVENTS = np.zeros((2, 3, 4))
EVENTS[0, 0, 1], EVENTS[0, 2, 3], EVENTS[1, 1, 0] = 700, 900, 3200
LOOK = {"unit": "ADC", "xlabel": "wire", "ylabel": "time tick"}


@pytest.fixture
def axes():
    figure = Figure(layout="constrained")
    yield figure.subplots(1, 2)
    figure.draw_without_rendering()


def test_all_events_share_the_scale_from_the_smallest_to_the_largest_active_pixel(axes):
    artists = event_plots.event_grid(axes, EVENTS, ["a muon", "a shower"], **LOOK)
    assert [(a.norm.vmin, a.norm.vmax) for a in artists] == [(700, 3200)] * 2
    assert [ax.get_title() for ax in axes] == ["a muon", "a shower"]
    assert [ax.get_xlabel() for ax in axes] == ["wire", "wire"]
    assert [ax.get_ylabel() for ax in axes] == ["time tick", ""]  # the inner one says it already
    assert [ax.get_ylabel() for ax in axes[0].figure.axes[2:]] == ["ADC"]  # one colour bar for both


def test_pixels_at_the_threshold_are_background(axes):
    artists = event_plots.event_grid(axes, EVENTS[..., None], "ab", threshold=700, **LOOK)
    assert np.ma.count(artists[0].get_array()) == 1 and artists[0].norm.vmin == 900


def test_the_edges_are_where_the_extent_says(axes):
    artists = event_plots.event_grid(axes, EVENTS, "ab", extent=(0, 32, 72, 0), limits=(1, 1e4), **LOOK)
    assert list(artists[0].get_extent()) == [0, 32, 72, 0]
    assert (artists[0].norm.vmin, artists[0].norm.vmax) == (1, 1e4)


def test_empty_events_are_drawn_and_say_so(axes):
    event_plots.event_grid(axes, 0 * EVENTS, ["nothing", "nothing"], **LOOK)


@pytest.mark.parametrize(("images", "titles"), [(EVENTS[:1], "a"), (EVENTS, "a"), (EVENTS[0, :2], "ab")])
def test_other_numbers_of_images_or_titles_are_refused(axes, images, titles):
    with pytest.raises(ValueError, match=r"as many of each|\(B, H, W\)"):
        event_plots.event_grid(axes, images, titles, **LOOK)


def test_windows_are_framed_where_they_are(ax):
    ax.set(xlim=(0, 100), ylim=(100, 0))
    first, second = event_plots.mark_windows(ax, [(5, 10), (50, 60)], (20, 30), ["red", "blue"])
    assert first.get_bbox().bounds == (10, 5, 30, 20)
    assert second.get_bbox().bounds == (60, 50, 30, 20)
