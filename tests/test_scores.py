"""Scores with errors: by hand, against scikit-learn, against formulas, and against drawing all events anew."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from sparsepixels_lib import measure, plots
from sparsepixels_lib.measure import Score, scores

MANY = {"resamples": 1000}  # an error is then known to 2 %
WITHIN = 0.15


def binary(n, seed, distance=1.0):
    """n labels, half of them 1, and exponential scores, for which the formula of Hanley and McNeil is exact."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    return labels, rng.exponential(np.where(labels, 1 + distance, 1))


@pytest.mark.parametrize(
    ("score", "text"),
    [
        (Score(0.9234, 0.0042), "0.923 ± 0.004"),
        (Score(0.9234, 0.00042), "0.9234 ± 0.0004"),
        (Score(0.41, 0.02), "0.410 ± 0.020"),
        (Score(1.0, 0.0), "1.000 ± 0.000"),
        (Score(0.5, np.nan), "0.500 ± nan"),
    ],
)
def test_a_score_is_written_with_the_first_digit_of_its_error(score, text):
    assert str(score) == f"{score}" == text


def test_a_format_holds_for_the_value_and_the_error():
    score = Score(0.4103, 0.0242)
    assert f"{score:.2f}" == "0.41 ± 0.02" and f"{score:.1%}" == "41.0 ± 2.4 %"
    assert float(score) == 0.4103


def test_the_auc_of_four_images_is_what_pencil_and_paper_say():
    assert measure.auc([1, 1, 0, 0], [0.9, 0.5, 0.5, 0.1]).value == 0.875  # of 4 pairs 3 in order, 1 a tie


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(2, 200), st.integers(1, 30))
def test_every_resample_has_the_auc_that_scikit_learn_finds(seed, n, levels):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    values, weights = rng.integers(-levels, levels, n) / 7, rng.integers(0, 4, n)
    if weights[labels == 1].any() and weights[labels == 0].any():
        expected = roc_auc_score(labels, values, sample_weight=weights)
        assert scores._auc(labels, values)(weights) == pytest.approx(expected, abs=1e-12)


def test_one_class_against_the_rest_is_that_of_scikit_learn():
    rng = np.random.default_rng(1)
    labels, chance = rng.integers(0, 4, 300), rng.dirichlet(np.ones(4), 300)
    whole = measure.auc(labels, chance).value
    assert whole == pytest.approx(roc_auc_score(labels, chance, multi_class="ovr"))
    each = [measure.auc(labels == k, chance[:, k]).value for k in range(4)]
    assert whole == pytest.approx(np.mean(each))


def test_accuracy_counts_what_is_right():
    assert measure.accuracy([1, 0, 1, 0], [0.5, -1, -2, 0]).value == 0.75  # a logit of 0 is background
    assert measure.accuracy([1, 0, 1, 0], [0.5, 0.4, 0.9, 0.6], threshold=0.5).value == 0.5
    assert measure.accuracy([2, 0, 1], [[0, 1, 2], [3, 4, 5], [0, 9, 0]]).value == pytest.approx(2 / 3)


def test_scores_of_one_column_are_those_of_none():
    labels, values = binary(50, 0)
    assert measure.auc(labels, values[:, None]) == measure.auc(labels, values)


# the background scores 1, 2, ..., 10
LABELS, VALUES = np.array([0] * 10 + [1] * 4), np.array([*range(1, 11), 10.5, 9.5, 5.5, 0.5])


@pytest.mark.parametrize(
    ("rate", "threshold", "signal"), [(0, 10, 0.25), (0.1, 9, 0.5), (0.5, 5, 0.75), (0.55, 5, 0.75), (1, -np.inf, 1)]
)
def test_signal_at_equal_background_is_what_pencil_and_paper_say(rate, threshold, signal):
    assert measure.threshold_at(LABELS, VALUES, rate) == threshold
    assert measure.efficiency_at(LABELS, VALUES, rate).value == pytest.approx(signal)
    assert measure.efficiency(LABELS, VALUES, threshold).value == signal
    assert measure.false_positive_rate(LABELS, VALUES, threshold).value == np.floor(10 * rate) / 10


def test_of_equal_scores_that_share_passes_which_makes_the_background_exact():
    assert measure.efficiency_at(np.arange(20) % 2, np.zeros(20), 0.3).value == pytest.approx(0.3)
    # above the tie lie 1 of 4 background and 2 of 4 signal images; at 1/2 a third of the tie passes
    assert measure.efficiency_at([0] * 4 + [1] * 4, [9, 5, 5, 5, 9, 9, 5, 1], 0.5).value == pytest.approx(7 / 12)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.integers(1, 40), st.integers(0, 100))
def test_a_threshold_keeps_to_its_rate_and_the_next_lower_one_does_not(seed, n, levels, percent):
    values = np.random.default_rng(seed).integers(0, levels, n)
    labels, rate = np.zeros(n, int), percent / 100
    cut = measure.threshold_at(labels, values, rate)
    assert np.count_nonzero(values > cut) * 100 <= percent * n
    lower = values[values < cut]
    assert not len(lower) or np.count_nonzero(values > lower.max()) * 100 > percent * n


def test_signal_at_equal_background_lies_on_the_curve_that_is_drawn():
    labels, values = binary(301, 5)
    values = np.round(values, 1)  # ties
    signal, background, _ = plots.roc_curve(labels, values)
    for rate in (0.013, 0.1, 0.37):
        expected = np.interp(rate, background, signal)
        assert measure.efficiency_at(labels, values, rate).value == pytest.approx(expected)


@pytest.mark.parametrize(("p", "seed"), [(0.1, 0), (0.5, 1), (0.9, 2), (0.97, 3)])
def test_the_error_of_an_accuracy_is_that_of_counting(p, seed):
    right = np.random.default_rng(seed).random(4000) < p
    found = measure.accuracy(np.ones(4000, int), np.where(right, 1.0, -1.0), seed=seed, **MANY)
    assert found.error == pytest.approx(np.sqrt(found.value * (1 - found.value) / 4000), rel=WITHIN)


@pytest.mark.parametrize("seed", range(3))
def test_four_copies_of_every_image_tell_no_more_than_one(seed):
    labels, values = binary(1000, seed)
    four = {"labels": np.repeat(labels, 4), "scores": np.repeat(values, 4), "seed": seed, **MANY}
    for score in (measure.auc, lambda *a, **how: measure.accuracy(*a, threshold=1.0, **how)):
        once = score(labels, values, seed=seed, **MANY)
        together = score(**four, groups=np.repeat(np.arange(1000), 4))
        assert together.value == pytest.approx(once.value) and together.error == pytest.approx(once.error)
        assert score(**four).error == pytest.approx(once.error / 2, rel=WITHIN)


@pytest.mark.parametrize(("n", "distance", "seed"), [(1000, 0.5, 0), (1000, 3, 1), (4000, 1, 2)])
def test_the_error_of_an_auc_is_that_of_hanley_and_mcneil(n, distance, seed):
    labels, values = binary(n, seed, distance)
    found = measure.auc(labels, values, seed=seed, **MANY)
    a, m = found.value, n / 2
    spread = (m - 1) * (a / (2 - a) - a**2) + (m - 1) * (2 * a**2 / (1 + a) - a**2)
    assert found.error == pytest.approx(np.sqrt((a * (1 - a) + spread) / m**2), rel=WITHIN)


@pytest.mark.parametrize(("rate", "seed"), [(0.05, 0), (0.2, 1)])
def test_the_error_at_equal_background_knows_that_the_cut_is_uncertain(rate, seed):
    n, rng = 5000, np.random.default_rng(seed)
    labels = np.repeat([0, 1], n)
    values = rng.random(2 * n) ** np.where(labels, 1 / 3, 1)  # densities 1 and 3 x^2
    cut, share = 1 - rate, 1 - (1 - rate) ** 3
    counting = share * (1 - share) / n
    expected = np.sqrt(counting + (3 * cut**2) ** 2 * rate * (1 - rate) / n)
    found = measure.efficiency_at(labels, values, rate, seed=seed, **MANY)
    assert found.value == pytest.approx(share, abs=4 * expected)
    assert found.error == pytest.approx(expected, rel=WITHIN)
    assert measure.efficiency(labels, values, cut, seed=seed, **MANY).error == pytest.approx(counting**0.5, rel=WITHIN)


def events(seed, n=150, images=5):
    """Images whose scores have a part in common in each event, and these events."""
    rng = np.random.default_rng(seed)
    event = np.repeat(np.arange(n), images)
    labels = rng.integers(0, 2, n * images)
    return labels, labels + rng.normal(size=n)[event] + 0.3 * rng.normal(size=n * images), event


@pytest.mark.parametrize("score", [measure.accuracy, measure.false_positive_rate], ids=["accuracy", "background"])
def test_by_event_the_error_is_the_spread_over_new_events_and_by_image_it_is_too_small(score):
    how = {} if score is measure.accuracy else {"threshold": 1.0}
    drawn = [score(*events(seed)[:2], **how, resamples=2).value for seed in range(400)]
    several = [events(seed) for seed in range(8)]
    by_event = np.mean([score(y, x, **how, groups=event).error for y, x, event in several])
    by_image = np.mean([score(y, x, **how).error for y, x, _ in several])
    assert by_event == pytest.approx(np.std(drawn), rel=WITHIN)
    assert by_image < 0.8 * by_event


def test_a_difference_is_resampled_together():
    labels, first = binary(3000, 0)
    second = first + np.random.default_rng(1).normal(scale=0.3, size=3000)
    how = {"threshold": 1.0, **MANY}
    found = measure.accuracy(labels, first, minus=second, **how)
    one, other = (measure.accuracy(labels, x, **how) for x in (first, second))
    assert found.value == pytest.approx(one.value - other.value)
    gained = ((first > 1) == labels).astype(int) - ((second > 1) == labels)
    assert found.error == pytest.approx(np.std(gained) / np.sqrt(3000), rel=WITHIN)
    assert found.error < 0.7 * np.hypot(one.error, other.error)
    same = measure.auc(labels, first, minus=first)
    assert same == Score(0, 0)


def test_the_same_seed_draws_the_same_events_whatever_they_are_called():
    labels, values, event = events(0)
    first = measure.auc(labels, values, groups=event)
    assert measure.auc(labels, values, groups=event) == first
    assert measure.auc(labels, values, groups=event, seed=1) != first
    runs = np.stack([np.full(len(event), 7), event // 100, event], axis=1)  # (run, subrun, event)
    assert measure.auc(labels, values, groups=runs) == first
    assert measure.auc(labels, values, groups=[f"{k:04}" for k in event]) == first


def test_only_the_images_of_where_count():
    labels, values, event = events(0)
    labels[::7] = -1  # unknown
    known = labels >= 0
    for score in (measure.auc, measure.accuracy, lambda *a, **how: measure.efficiency_at(*a, 0.1, **how)):
        assert score(labels, values, groups=event, where=known) == score(
            labels[known], values[known], groups=event[known]
        )
    assert measure.threshold_at(labels, values, 0.1, where=known) == measure.threshold_at(
        labels[known], values[known], 0.1
    )


LOGITS = [[2.0, 0], [0, 3], [1, 1]]


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: measure.auc([1, 1], [1, 2]), r"none of the 2 images is background \(label 0\)"),
        (lambda: measure.auc([0, 0], [1, 2]), r"none of the 2 images is signal \(label 1\)"),
        (lambda: measure.efficiency_at([0, 0], [1, 2], 0.1), "is signal"),
        (lambda: measure.false_positive_rate([1, 1], [1, 2], 0), "is background"),
        (lambda: measure.threshold_at([1, 1], [1, 2], 0.1), "is background"),
        (lambda: measure.accuracy([1, -1, -1], [1, 2, 3]), r"2 labels are -1, unknown: .* where=labels >= 0"),
        (lambda: measure.auc([0, 1, 0], [1, 2]), r"got \(3,\) and \(2,\)"),
        (lambda: measure.auc([0, 1], [1, np.nan]), "1 scores are NaN"),
        (lambda: measure.auc([0, 1], [0, 1], minus=[np.nan, np.nan]), "2 scores are NaN"),
        (lambda: measure.auc([0.3, 0.9], [0, 1]), "are they swapped"),
        (lambda: measure.auc([0, 2], [0, 1]), "labels are 0 to 1"),
        (lambda: measure.accuracy([0, 1, 2], LOGITS), "labels are 0 to 1"),
        (lambda: measure.auc([0, 1, 0], LOGITS), "take the softmax"),
        (lambda: measure.efficiency_at([0, 1, 0], LOGITS, 0.1), "choose a class"),
        (lambda: measure.auc([0, 1], [0, 1], groups=[5, 5]), "2 images of 1 event"),
        (lambda: measure.auc([0, 1], [0, 1], groups=[5]), r"groups has the shape \(1,\), but there are 2 images"),
        (lambda: measure.auc([0, 1], [0, 1], where=[True]), r"where has the shape \(1,\)"),
        (lambda: measure.accuracy([0, 1], [0, 1], where=[False, False]), "0 images of 0 event"),
        (lambda: measure.auc([0, 1], [0, 1], resamples=1), "resamples must be a whole number, at least 2"),
        (lambda: measure.efficiency_at([0, 1], [0, 1], 1.5), "from 0 to 1, not 1.5"),
        (lambda: measure.threshold_at([0, 1], [0, 1], -0.1), "from 0 to 1, not -0.1"),
        (lambda: measure.rate_per_readout(0.1, 0), "windows must be a whole number, at least 1"),
        (lambda: measure.rate_per_readout(Score(2, 0.1), 3), "from 0 to 1, not 2"),
    ],
)
def test_what_has_no_score_is_refused_in_words(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_at_one_per_cent_a_window_a_quarter_of_the_readouts_of_28_windows_fires():
    assert measure.rate_per_readout(0.01, 28).value == pytest.approx(0.2453, abs=5e-5)
    assert measure.rate_per_readout(Score(0.01, 0.002), 1) == Score(pytest.approx(0.01), pytest.approx(0.002))
    assert measure.rate_per_readout(0.0, 28) == Score(0, 0) and measure.rate_per_readout(1.0, 28).value == 1


@pytest.mark.parametrize(("p", "windows"), [(0.01, 28), (0.2, 3)])
def test_the_rate_of_readouts_and_its_error_are_those_of_a_simulation(p, windows):
    rng, n = np.random.default_rng(0), 5000
    fires = (rng.random((50_000, windows)) < p).any(axis=1)
    measured = rng.binomial(n, p, 4000) / n  # the rate of a window, from n windows, many times
    found = measure.rate_per_readout(Score(p, np.sqrt(p * (1 - p) / n)), windows)
    assert found.value == pytest.approx(fires.mean(), abs=4 * fires.std() / np.sqrt(50_000))
    spread = np.std([measure.rate_per_readout(x, windows).value for x in measured])
    assert found.error == pytest.approx(spread, rel=0.05)
