"""Curves and histograms carry the numbers they were given; expected values are from pencil and paper."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from sparsepixels_lib import plots
from sparsepixels_lib.data.occupancy import Occupancy
from sparsepixels_lib.network.networks import Network


def test_the_style_puts_ticks_inside_on_all_sides_and_uses_petroffs_colours():
    with plt.style.context("default"):
        assert matplotlib.rcParams["xtick.direction"] == "out"
        plots.use_style()
        assert matplotlib.rcParams["xtick.direction"] == matplotlib.rcParams["ytick.direction"] == "in"
        assert matplotlib.rcParams["xtick.top"] and matplotlib.rcParams["ytick.right"]
        cycle = ["#" + color.lstrip("#") for color in matplotlib.rcParams["axes.prop_cycle"].by_key()["color"]]
        assert cycle == ["#5790fc", "#f89c20", "#e42536", "#964a8b", "#9c9ca1", "#7a21dd"]


def test_occupancy_shows_the_histogram_and_the_shares(ax):
    kept = np.array([0.4, 0.7, 0.9, 1.0])
    given = Occupancy(counts=np.array([1, 2, 2, 4]), n=np.arange(1, 5), kept_images=kept / 2, kept_charge=kept)
    charge, images = plots.occupancy(ax, given, n_actives=(2, 3, 20))
    assert [bar.get_height() for bar in ax.patches] == [0, 1, 2, 0, 1]
    assert [bar.get_x() + bar.get_width() / 2 for bar in ax.patches] == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(charge.get_ydata(), kept)
    np.testing.assert_array_equal(images.get_ydata(), kept / 2)
    assert charge.get_label() == "charge in the first N: 70.0, 90.0 %"
    assert "dots: N = 2, 3)" in ax.get_xlabel()  # N = 20 is beyond n_max


def test_8_bit_is_dashed_and_shares_the_colour_of_16_bit():
    styles = plots.line_styles([Network("microboone", 16, 20), Network("microboone", 8, 20), ("standard", 8)])
    assert [style["linestyle"] for style in styles.values()] == ["-", "--", "--"]
    assert [style["color"] for style in styles.values()] == ["#5790fc", "#5790fc", "#f89c20"]


def test_more_networks_than_colours_are_refused():
    with pytest.raises(ValueError, match="7 names"):
        plots.line_styles(f"sparse N={n}" for n in range(7))


def test_history_draws_training_thin_and_validation_thick(ax):
    given = {Network("lhc_jets", 8, 8): {"loss": [3, 2], "val_loss": [4, 3]}, "standard": {"loss": [1]}}
    training, validation, standard = plots.history(ax, given)
    assert training.get_ydata().tolist() == [3, 2] and validation.get_ydata().tolist() == [4, 3]
    assert training.get_xdata().tolist() == [1, 2]
    assert training.get_linewidth() < validation.get_linewidth()
    assert validation.get_linestyle() == "--" and standard.get_linestyle() == "-"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["sparse N=8, 8 bit", "standard"]


def test_roc_points_are_those_counted_by_hand():
    # From the highest score down: signal, then signal and background together (a tie), then background.
    signal, background, auc = plots.roc_curve([1, 1, 0, 0], [0.9, 0.5, 0.5, 0.1])
    assert signal.tolist() == [0, 0.5, 1, 1]
    assert background.tolist() == [0, 0, 0.5, 1]
    assert auc == 0.875  # of the 4 pairs 3 are in order, 1 is a tie


@pytest.mark.parametrize(("scores", "auc"), [([1, 1, 1, 1], 0.5), ([4, 3, 2, 1], 1), ([1, 2, 3, 4], 0)])
def test_auc_of_equal_perfect_and_inverted_scores(scores, auc):
    assert plots.roc_curve([1, 1, 0, 0], scores)[2] == auc


def test_auc_agrees_with_scikit_learn_on_scores_with_ties():
    random = np.random.default_rng(0)
    labels, scores = random.integers(0, 2, 500), random.integers(0, 20, 500)
    assert plots.roc_curve(labels, scores)[2] == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


@pytest.mark.parametrize(
    ("labels", "scores", "match"),
    [
        ([1, 1], [1, 2], "2 of 2"),
        ([1, 0], [1, 2, 3], "2 and 3"),
        ([1, 0], [1, np.nan], "NaN"),
        ([1, 2], [1, 2], "0 or 1"),
    ],
)
def test_roc_refuses_what_has_no_curve(labels, scores, match):
    with pytest.raises(ValueError, match=match):
        plots.roc_curve(labels, scores)


def test_roc_says_the_auc_on_logarithmic_axes_from_a_thousandth(ax):
    (line,) = plots.roc(ax, {("sparse N=8", 8): (np.array([[1], [1], [0], [0]]), np.array([0.9, 0.5, 0.5, 0.1]))})
    assert line.get_label() == "sparse N=8, 8 bit, AUC 0.875"
    assert ax.get_yscale() == "log" and ax.get_ylim() == (1e-3, 1)
    assert line.get_xdata().tolist() == [0, 0.5, 1, 1]


SCORES = {
    Network("microboone", 16): 0.95,
    Network("microboone", 8, 20): 0.9,
    Network("microboone", 8, 8): 0.7,
    Network("microboone", 16, 8): 0.8,
}


@pytest.mark.parametrize("given", [SCORES, pd.Series(SCORES)], ids=["dict", "series"])
def test_score_vs_n_draws_a_line_a_number_of_bits_and_a_level_a_standard_network(ax, given):
    narrow, wide, standard = plots.score_vs_n(ax, given, ylabel="AUC")
    assert narrow.get_xydata().tolist() == [[8, 0.7], [20, 0.9]]
    assert wide.get_xydata().tolist() == [[8, 0.8]]
    assert list(standard.get_ydata()) == [0.95, 0.95]
    assert ax.get_xticks().tolist() == [8, 20]
    assert [line.get_linestyle() for line in (narrow, wide, standard)] == ["--", "-", "-"]
    assert narrow.get_color() == wide.get_color() != standard.get_color()
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["sparse, 8 bit", "sparse, 16 bit", "standard, 16 bit"]


def test_score_vs_n_goes_to_where_it_is_told(ax):
    narrow, wide, _ = plots.score_vs_n(ax, SCORES, ylabel="AUC", at={8: 61.5, 20: 93.25})
    assert narrow.get_xdata().tolist() == [61.5, 93.25] and wide.get_xdata().tolist() == [61.5]
    assert ax.get_xticks().tolist() == [61.5, 93.25]
    with pytest.raises(KeyError, match="20"):
        plots.score_vs_n(ax, SCORES, ylabel="AUC", at={8: 61.5})


def test_confusion_shows_counts_and_shares_of_the_true_class(ax):
    artist = plots.confusion(ax, [[3, 1], [0, 0]], ["g", "q"])
    np.testing.assert_array_equal(artist.get_array(), [[0.75, 0.25], [0, 0]])
    assert [text.get_text() for text in ax.texts] == ["3", "1", "0", "0"]
    with pytest.raises(ValueError, match=r"\(2, 2\); got \(2,\)"):
        plots.confusion(ax, [3, 1], ["g", "q"])


def test_a_network_that_chooses_its_pixels_has_one_colour_whatever_its_n_and_patches():
    networks = [Network(name, 8, n, "adaptive", patch) for name, n, patch in (("a", 8, (3, 3)), ("b", 20, (4, 4)))]
    first, second = (style["color"] for style in plots.line_styles(networks).values())
    others = [Network("a", 8, 8, how) for how in ("raster", "adaptive", "largest")] + [Network("a", 8)]
    assert first == second
    assert len({first, *(style["color"] for style in plots.line_styles(others).values())}) == 5
