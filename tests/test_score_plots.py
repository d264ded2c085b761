"""Scores against N with errors, seeds, baselines and notes: what is drawn where, and that no name hides another."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Text

from sparsepixels_lib import plots
from sparsepixels_lib.measure import Score
from sparsepixels_lib.network.networks import Network
from sparsepixels_lib.plots.beside import name_beside, spread

SMALL, LARGE, STANDARD = (Network("microboone", 8, n) for n in (8, 20, None))
SCORES = {SMALL: Score(0.8, 0.01), LARGE: Score(0.9, 0.02), STANDARD: Score(0.95, 0.005)}
LADDER = [("number of pixels", Score(0.908, 0.005)), ("sum", Score(0.909, 0.005)), ("trees", Score(0.91, 0.004))]


def bars(ax):
    """{x: (low, high)} of the error bars."""
    segments = [segment for bar in ax.containers for part in bar[2] for segment in part.get_segments()]
    return {low[0]: pytest.approx((low[1], high[1])) for low, high in segments}


def bands(ax):
    """(low, high) of each band, from the lowest to the highest."""
    return sorted((patch.get_y(), patch.get_y() + patch.get_height()) for patch in ax.patches)


def overlapping(texts):
    boxes = [Text.get_window_extent(text) for text in texts]  # without the lines to what they name
    return [(a, b) for a, b in combinations(range(len(boxes)), 2) if boxes[a].overlaps(boxes[b])]


def test_errors_are_bars_at_each_n_and_a_band_about_a_level(ax):
    sparse, standard = plots.score_vs_n(ax, SCORES, ylabel="AUC")
    assert sparse.get_xydata().tolist() == [[8, 0.8], [20, 0.9]] and list(standard.get_ydata()) == [0.95, 0.95]
    assert bars(ax) == {8: (0.79, 0.81), 20: (0.88, 0.92)}
    (band,) = bands(ax)
    assert band == pytest.approx((0.945, 0.955))


def test_of_several_seeds_the_mean_is_joined_and_each_is_marked(ax):
    seeds = {SMALL: [Score(0.7, 0.01), Score(0.9, 0.03)], LARGE: [0.9, 0.92], STANDARD: np.array([0.95, 0.97])}
    sparse, standard = plots.score_vs_n(ax, seeds, ylabel="AUC")
    np.testing.assert_allclose(sparse.get_xydata(), [[8, 0.8], [20, 0.91]])
    np.testing.assert_allclose(standard.get_ydata(), 0.96)
    marks = [line.get_xydata().tolist() for line in ax.lines if line.get_markersize() == 3]
    assert marks == [[[8, 0.7], [8, 0.9]], [[20, 0.9], [20, 0.92]]]
    assert bars(ax)[8] == (0.78, 0.82)  # the mean error of a seed: the same test events
    assert [line.get_ydata()[0] for line in ax.lines if line.get_linewidth() == 0.5] == [0.95, 0.97]


def test_plain_numbers_have_neither_bars_nor_bands_nor_names(ax):
    plots.score_vs_n(ax, {network: float(score) for network, score in SCORES.items()}, ylabel="AUC")
    assert not ax.containers and not ax.patches and not ax.texts and len(ax.lines) == 2


def test_baselines_are_levels_with_bands_and_names_beside_not_in_the_legend(ax):
    lines = plots.score_vs_n(ax, SCORES, ylabel="AUC", baselines=LADDER)
    assert [line.get_ydata()[0] for line in lines[2:]] == [0.908, 0.909, 0.91]
    assert bands(ax)[:3] == [pytest.approx(x) for x in ((0.903, 0.913), (0.904, 0.914), (0.906, 0.914))]
    assert [text.get_text() for text in ax.texts] == ["number of pixels", "sum", "trees"]
    assert [text.xy for text in ax.texts] == [(1, 0.908), (1, 0.909), (1, 0.91)]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["sparse, 8 bit", "standard, 8 bit"]


def test_a_note_is_written_at_the_end_of_its_network_in_its_colour(ax):
    notes = {("sparse", 8): "5 epochs, not converged", STANDARD: "2 epochs, not converged"}
    sparse, standard = plots.score_vs_n(ax, SCORES, ylabel="AUC", notes=notes)
    first, second = ax.texts
    assert (first.get_text(), first.xy, first.get_color()) == (notes["sparse", 8], (20, 0.9), sparse.get_color())
    assert (second.get_text(), second.xy, second.get_color()) == (notes[STANDARD], (1, 0.95), standard.get_color())


def test_a_note_on_what_is_not_drawn_is_refused(ax):
    with pytest.raises(KeyError, match="16"):
        plots.score_vs_n(ax, SCORES, ylabel="AUC", notes={("sparse", 16): "5 epochs"})


@pytest.mark.parametrize("limits", [None, (0.2, 1.0), (0.905, 0.912)])
def test_no_name_hides_another_even_where_the_limits_are_changed_afterwards(ax, limits):
    notes = {("sparse", 8): "5 epochs, not converged"}
    plots.score_vs_n(ax, SCORES, ylabel="AUC", baselines=[*LADDER, ("at the bottom", 0.8)], notes=notes)
    ax.set_ylim(limits)
    ax.figure.draw_without_rendering()
    assert len(ax.texts) == 5 and overlapping(ax.texts) == []
    right = ax.get_window_extent().x1
    assert all(Text.get_window_extent(text).x0 > right - 1 for text in ax.texts)


def test_names_are_in_the_order_of_their_lines(ax):
    given = [("b", None, 0.5, "red"), ("a", 0.3, 0.1, "blue"), ("c", None, 0.51, "green")]
    texts = name_beside(ax, given)
    assert [text.get_text() for text in texts] == ["a", "b", "c"]
    assert all(low.xyann[1] < high.xyann[1] for low, high in pairwise(texts))
    assert name_beside(ax, []) == []


@pytest.mark.parametrize(
    ("wanted", "gap", "expected"),
    [
        ([0.2, 0.5, 0.9], 0.1, [0.2, 0.5, 0.9]),
        ([0.5, 0.5], 0.1, [0.45, 0.55]),
        ([0.5, 0.52, 0.54, 0.9], 0.1, [0.42, 0.52, 0.62, 0.9]),
        ([-3, 0], 0.1, [0, 0.1]),
        ([1, 1, 7], 0.1, [0.8, 0.9, 1]),
        ([], 0.1, []),
    ],
)
def test_names_move_apart_as_little_as_pencil_and_paper_say(wanted, gap, expected):
    np.testing.assert_allclose(spread(np.array(wanted), gap), expected, atol=1e-12)


@given(st.lists(st.floats(-1, 2), max_size=9))
def test_between_names_there_is_always_the_gap(wanted):
    places = spread(np.sort(wanted), 0.1)
    assert (np.diff(places) >= 0.1 - 1e-9).all()
    assert not len(places) or (places[0] >= -1e-9 and places[-1] <= 1 + 1e-9)
