"""A network slid over readouts: scores against a naive loop, efficiencies and pictures against paper and pencil."""

import numpy as np
import pytest

import sparsepixels_lib as sp
from sparsepixels_lib import measure, plots
from sparsepixels_lib.data.dataset import Dataset
from sparsepixels_lib.data.sliding import slide
from sparsepixels_lib.measure import Score
from sparsepixels_lib.plots.style import COLORS

LABELS = np.repeat([0, 1], [10, 22])
SCORES = np.array([*range(10), *[9.5] * 6, *[7.5] * 6, *[-1.0] * 10])  # cosmic, nue CC (12), numu CC (10)
KIND = np.repeat(["none", "nue CC", "numu CC"], [10, 12, 10])
ENERGY = np.array([0.0] * 10 + [0.5] * 10 + [1.0] * 2 + [1.0] * 9 + [2.0], np.float32)
READOUTS = Dataset(
    np.zeros((32, 1, 1, 1), np.float32), LABELS, "microboone", "readouts", "made up", ("cosmic", "neutrino"),
    columns={"kind": KIND, "energy": ENERGY},
)  # fmt: skip


@pytest.fixture(scope="module")
def readouts():
    """One more than are looked at together, the last one empty."""
    rng = np.random.default_rng(3)
    images = np.where(rng.random((11, 80, 110, 1)) < 0.004, rng.random((11, 80, 110, 1)), 0).astype(np.float32)
    images[:, :70, :70] = 0  # so that some windows are empty
    images[10] = 0
    return images


def test_scores_are_those_of_a_naive_loop(readouts):
    model = sp.reference_model("microboone", 8, 8)
    corners = [(row, column) for row in (0, 17) for column in (0, 32, 47)]
    naive = [
        [sp.exact_predict(model, image[None, row : row + 63, column : column + 63])[0, 0] for row, column in corners]
        for image in readouts[[0, 1, 10]]
    ]
    scores = measure.window_scores(model, readouts)
    assert scores.shape == (11, 6) and scores.dtype == np.float64
    np.testing.assert_array_equal(scores[[0, 1, 10]], naive)
    assert len({*scores.ravel()}) > 10


def test_of_empty_windows_only_one_is_scored(readouts):
    seen = []

    def active(windows):
        seen.append(len(windows))
        return np.count_nonzero(windows, axis=(1, 2, 3))

    scores = measure.window_scores(active, readouts, step=63)
    expected = np.array([np.count_nonzero(slide(image, step=63)[0], axis=(1, 2, 3)) for image in readouts])
    np.testing.assert_array_equal(scores, expected)
    assert (expected == 0).any() and sum(seen) == 1 + np.count_nonzero(expected)


def test_efficiencies_are_those_of_pencil_and_paper():
    """At 10 % of the ten cosmic readouts the cut is at 8, with 6 of 22 neutrinos above; at 20 % it is at 7, with 12."""
    found = measure.efficiency_by_rate(READOUTS, SCORES, [0.1, 0.2])
    assert {rate: score.value for rate, score in found.items()} == pytest.approx({0.1: 6 / 22, 0.2: 12 / 22})
    assert all(0.05 < score.error < 0.25 for score in found.values())
    of_nue = measure.efficiency_by_rate(READOUTS, SCORES, [0.1], "nue CC")
    assert of_nue[0.1].value == pytest.approx(0.5)
    assert measure.efficiency_by_rate(READOUTS, SCORES, [0.2], "numu CC")[0.2].value == 0
    with pytest.raises(ValueError, match="signal"):
        measure.efficiency_by_rate(READOUTS, SCORES, [0.2], "NC")


def test_bins_of_energy_reach_up_to_the_last_edge_and_few_neutrinos_are_left_out():
    """From 0.2 to 1 GeV: ten nue CC, 6 of them kept; from 1 to 2: 2 nue CC and all ten numu CC, none kept."""
    edges = [0.2, 1, 2]
    found = measure.efficiency_by_energy(READOUTS, SCORES, 0.1, edges)
    assert {bin: score.value for bin, score in found.items()} == pytest.approx({(0.2, 1): 0.6, (1, 2): 0})
    assert list(measure.efficiency_by_energy(READOUTS, SCORES, 0.1, edges, "nue CC")) == [(0.2, 1)]
    assert list(measure.efficiency_by_energy(READOUTS, SCORES, 0.1, edges, "numu CC")) == [(1, 2)]


# --- pictures ---------------------------------------------------------------------------------------------------------


def bars(ax):
    """(x, low, high) of all error bars."""
    segments = [segment for bar in ax.containers for part in bar[2] for segment in part.get_segments()]
    return [(low[0], low[1], high[1]) for low, high in segments]


def test_efficiencies_stand_at_their_rates_with_their_errors(ax):
    sparse = sp.Network("microboone", 8, 20)
    curves = {sparse: {0.1: Score(0.3, 0.05), 0.02: Score(0.1, 0.04)}, "sum": {0.1: Score(0.2, 0.03)}}
    first, second = plots.efficiency_vs_rate(ax, curves, source="made up")
    np.testing.assert_allclose(first.get_xdata(), [0.02, 0.1], rtol=0.03)
    assert list(first.get_ydata()) == [0.1, 0.3] and list(second.get_ydata()) == [0.2]
    assert first.get_color() == COLORS[0] and first.get_linestyle() == "--" and second.get_linestyle() == "-"
    assert first.get_xdata()[1] < 0.1 < second.get_xdata()[0]  # side by side
    np.testing.assert_allclose([bar[1:] for bar in bars(ax)], [(0.06, 0.14), (0.25, 0.35), (0.17, 0.23)])
    lots = next(line for line in ax.lines if line.get_label() == "by chance")
    np.testing.assert_allclose(lots.get_xdata(), lots.get_ydata())
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["2 %", "10 %"]
    assert {text.get_text() for text in ax.get_legend().get_texts()} == {"sparse N=20, 8 bit", "sum", "by chance"}


def test_points_of_an_energy_stand_side_by_side_in_their_bin(ax):
    bins = {(0.2, 1): Score(0.2, 0.02), (1, 5): Score(0.6, 0.1)}
    nue, nc = plots.efficiency_vs_energy(
        ax, {"nue CC": bins, "NC": {(0.2, 1): Score(0.1, 0.02)}}, 0.1, source="made up"
    )
    assert list(nue.get_ydata()) == [0.2, 0.6] and list(nc.get_ydata()) == [0.1]
    assert 0.2 < nue.get_xdata()[0] < nc.get_xdata()[0] < 1 < nue.get_xdata()[1] < 5
    np.testing.assert_allclose([bar[1:] for bar in bars(ax)], [(0.18, 0.22), (0.5, 0.7), (0.08, 0.12)])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0.2", "1", "5"]
    assert "10 % false triggers" in ax.get_ylabel()


def test_a_kind_without_a_bin_is_drawn_as_nothing(ax):
    (line,) = plots.efficiency_vs_energy(ax, {"NC": {}}, 0.1, source="made up")
    assert len(line.get_xdata()) == 0


def test_windows_that_fire_are_framed_in_ticks_and_wires(ax):
    image = np.zeros((266, 432, 1))
    image[100, 200] = 900
    corners, scores = np.array([[0, 0], [32, 369], [203, 64]]), np.array([1.0, 2.0, 3.0])
    artist, frames = plots.show_trigger(ax, image, corners, scores, 1.0, source="made up")
    assert [frame.get_xy() for frame in frames] == [(8 * 369, 24 * 32), (8 * 64, 24 * 203)]
    assert [(frame.get_width(), frame.get_height()) for frame in frames] == [(8 * 63, 24 * 63)] * 2
    assert list(artist.get_extent()) == [0, 3456, 6384, 0]
    assert ax.get_title() == "2 of 3 windows fire" and np.ma.count(artist.get_array()) == 9


def test_a_pixel_is_thickened_by_its_neighbours_and_the_largest_wins():
    image = np.zeros((3, 5))
    image[0, 0], image[1, 2] = 2, 1
    assert plots.thicken(image).tolist() == [[2, 2, 1, 1, 0], [2, 2, 1, 1, 0], [0, 1, 1, 1, 0]]
    assert plots.thicken(image[..., None], 0).tolist() == image.tolist()
