"""The study of where the neutrino lies in its window: the two rules, the table that resumes, and its pictures."""

import csv
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from sklearn.metrics import roc_auc_score

import sparsepixels_lib as sp
from data_scripts import microboone, placement
from data_scripts.microboone import generation
from data_scripts.microboone.__main__ import main
from data_scripts.microboone.generator import lartpc
from sparsepixels_lib import plots

LOAD = sp.load


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """{rule: folder} of windows of the same 40 events with few muons."""
    made = {rule: tmp_path_factory.mktemp(rule) for rule in ("first", "random")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lartpc, "muons", lambda: 2.0)
        for rule, folder in made.items():
            main(["generate", str(folder), "--events", "40", "--planes", "2", "--place", rule])
    return made


@pytest.fixture
def shipped(folders, monkeypatch):
    """As if the windows at random were those that ship, and the reference network were trained on them.

    Nothing is trained, and a network gives a weighted sum of the columns, so that each gives its own.
    """

    def load(name, split, source, folder=None):
        return LOAD(name, split, source, folder=folder or folders["random"])

    def predict(model, images):
        weights = np.resize(np.concatenate([w.ravel() for w in model.get_weights()]), 63)
        return images[..., 0].sum(axis=1) @ weights[:, None]

    replaced = {"load": load, "exact_predict": predict, "fit": lambda *_, **__: {"loss": [0.0]}}
    for name, function in replaced.items():
        monkeypatch.setattr(sp, name, function)
    test = load("microboone", "test", "default")
    logits = predict(sp.reference_model("microboone", 16, None), test.images)
    known = {"microboone_standard_16bit": {"score": roc_auc_score(test.labels, logits)}}
    monkeypatch.setattr(placement, "reference_scores", lambda: known)


def test_both_rules_see_the_same_events_and_the_source_says_which_it_is(folders):
    for split in ("train", "val", "test"):
        first, random = (LOAD("microboone", split, "default", folder=folders[rule]) for rule in ("first", "random"))
        assert set(first.columns["event"]) == set(random.columns["event"])
        assert np.bincount(first.labels).tolist() == np.bincount(random.labels).tolist()
        own, other = (dict(zip(d.columns["event"], d.columns["energy"], strict=True)) for d in (first, random))
        assert own == other
        assert not np.array_equal(first.images[first.labels == 1].sum(0), random.images[random.labels == 1].sum(0))
        assert "first of equals" in first.source and "first of equals" not in random.source


def test_with_the_published_rule_the_neutrino_lies_lower_and_further_right(folders):
    mean = {}
    for rule, folder in folders.items():
        train = LOAD("microboone", "train", "default", folder=folder)
        mean[rule] = np.mean(np.nonzero(train.images[train.labels == 1, ..., 0]), axis=1)[1:]
    assert (mean["first"] > mean["random"] + 3).all()


def test_an_interrupted_generation_is_not_finished_by_the_other_rule(tmp_path, monkeypatch):
    keys = {rule: generation.key(0, 25, [2], 1, rule) for rule in generation.PLACES}
    assert len(set(keys.values())) == 2
    with pytest.raises(ValueError, match="no place 'last': choose random or first"):
        microboone.generate(tmp_path, place="last")
    assert not list(tmp_path.iterdir())


def test_the_table_is_filled_and_no_row_is_made_twice(tmp_path, folders, shipped, monkeypatch):
    table, profile = placement.study(tmp_path / "table.csv", folders["first"], seeds=2)
    rows = list(csv.DictReader(table.read_text().splitlines()))
    auc = {tuple(row.values())[:7]: float(row["score"]) for row in rows if row["quantity"] == "AUC"}
    assert len(auc) == 2 * (2 + 3 + 2 * (1 + 2)) and len(rows) == len(auc) + 2 * (2 + 2 * 2)
    for rule, folder in folders.items():
        test = LOAD("microboone", "test", "default", folder=folder)
        count = roc_auc_score(test.labels, np.count_nonzero(test.images, axis=(1, 2, 3)))
        assert auc["count", "", "", "", "", "", rule] == pytest.approx(count, abs=1e-4)
        logits = sp.exact_predict(sp.published_model("microboone", 16, 8), test.images)
        theirs = roc_auc_score(test.labels, logits)
        assert auc["sparse", "authors", "16", "8", "real", "", rule] == pytest.approx(theirs, abs=1e-4)
        assert {row["source"] for row in rows if row["tested_on"] == rule} == {test.source.partition(" (")[0]}
    for *key, quantity, score, _, _ in (row.values() for row in rows):
        if quantity == "gap to standard":
            seed = "0" if key[1] == "trained here" else ""
            ahead = auc["standard", *key[1:3], "", key[4], seed, key[6]] - auc[tuple(key)]
            assert float(score) == pytest.approx(ahead, abs=2e-4)

    monkeypatch.setattr(sp, "exact_predict", lambda *_: pytest.fail("computed again"))
    before = [path.read_bytes() for path in (table, profile)]
    assert [path.read_bytes() for path in placement.study(table, folders["first"], seeds=2)] == before
    with pytest.raises(pytest.fail.Exception, match="computed again"):
        placement.study(table, folders["first"], seeds=3)
    table.write_text(table.read_text().replace("synthetic default", "other data"))
    with pytest.raises(pytest.fail.Exception, match="computed again"):
        placement.study(table, folders["first"], seeds=2)


def test_reference_weights_of_other_windows_are_refused_before_any_training(tmp_path, folders, shipped, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(placement, "reference_scores", lambda: {"microboone_standard_16bit": {"score": 0.1}})
        with pytest.raises(ValueError, match="is recorded as 0.1000, but is .* its weights are of other windows"):
            placement.study(tmp_path / "table.csv", folders["first"], seeds=1)
    kept = (tmp_path / "table.csv").read_text()
    assert kept.count("\nstandard,authors,16,,real,") == 2 and "trained here" not in kept
    whole = placement.study(tmp_path / "table.csv", folders["first"], seeds=1)[0].read_text()
    assert whole.startswith(kept) and whole.count("\n") == 1 + 4 + 10 + 6 + 6


def test_the_profile_holds_the_shares_of_all_active_pixels(tmp_path, folders, shipped):
    data = placement.both(folders["first"])
    profile = pd.read_csv(placement.profile(tmp_path / "profile.csv", data))
    np.testing.assert_allclose(profile.groupby(["windows", "place"])["share"].sum(), 1, atol=5e-4)
    images = np.concatenate([d.images[d.labels == 1, :21, 42:] for d in data["first"].values()])
    whole = np.concatenate([d.images[d.labels == 1] for d in data["first"].values()])
    corner = profile.query("windows == 'signal' and place == 'first' and rows == 'first' and columns == 'last'")
    assert corner["share"].item() == pytest.approx(np.count_nonzero(images) / np.count_nonzero(whole), abs=1e-4)


def test_a_folder_without_windows_of_the_published_rule_is_refused(tmp_path, folders):
    for folder in (tmp_path, folders["random"]):
        with pytest.raises(ValueError, match=f"{folder} holds no microboone_default.npz of the published rule"):
            placement.study(tmp_path / "table.csv", folder)
    assert not list(tmp_path.iterdir())


def test_other_readouts_than_those_that_ship_are_refused(folders):
    with pytest.raises(ValueError, match="train: .* readouts are in .* or in what ships, but not in both"):
        placement.both(folders["first"])


def test_a_readout_that_is_in_another_split_is_refused(folders, shipped, monkeypatch):
    load = sp.load

    def dealt(name, split, source, folder=None):
        swapped = {"train": "test", "test": "train"}.get(split, split) if folder is None else split
        return replace(load(name, swapped, source, folder=folder), split=split)

    monkeypatch.setattr(sp, "load", dealt)
    with pytest.raises(ValueError, match="but not in both"):
        placement.both(folders["first"])


# --- pictures ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def table():
    """AUC .95 on the first of equals, .9 at random; seeds .01 apart, N = 20 behind by .02."""
    rows = [
        [*judge, rule, quantity, score, 0.003, "synthetic: test" + ", the first" * (rule == "first")]
        for judge in placement.judges(3)
        for rule, value in (("first", 0.95), ("random", 0.9))
        for quantity, score in (("AUC", value + 0.01 * (judge.seed or 0)), ("gap to standard", 0.02))
        if quantity == "AUC" or judge.n_active
    ]
    text = pd.DataFrame(rows, columns=placement.COLUMNS).to_csv(index=False)
    return pd.read_csv(pd.io.common.StringIO(text))


def test_the_picture_joins_the_means_of_both_rules_for_each_kind_of_weights(ax, table):
    artists = plots.placement(ax, table)
    drawn = [(artist.get_label(), *artist.lines[0].get_xydata().T) for artist in artists]
    assert [name for name, *_ in drawn] == ["number of pixels", "standard", "sparse N=20"] * 2 + [
        "number of pixels", "standard", "sparse N=20", "sparse N=8"
    ]  # fmt: skip
    assert [x.tolist() for _, x, _ in drawn] == [[0, 1]] * 3 + [[2, 3]] * 3 + [[4, 5]] * 4
    np.testing.assert_allclose(drawn[2][2], [0.96, 0.91])  # three seeds
    assert [text.get_text().split("\n") for text in ax.get_xticklabels()] == [
        [rule, "+0.020 ± 0.003"] for rule in ("first of equals", "at random")
    ] * 3
    assert [artist.txt.get_text() for artist in ax.artists] == ["synthetic: test"]


def test_no_text_of_the_picture_hides_another(table):
    figure = Figure(figsize=(10, 4.8), layout="constrained")
    ax = figure.subplots()
    plots.placement(ax, table)
    figure.draw_without_rendering()
    for texts in (ax.texts, ax.get_xticklabels()):
        boxes = [text.get_window_extent() for text in texts]
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_a_table_without_one_of_the_rules_is_refused(ax, table):
    with pytest.raises(ValueError, match="no scores on windows of the rule 'random'"):
        plots.placement(ax, table[table["tested_on"] == "first"])


def test_the_thirds_are_drawn_rows_downwards(ax, tmp_path):
    shares = np.arange(9).reshape(3, 3) / 36
    rows = [["signal", "first", *(placement.THIRDS[i] for i in place), s, ""] for place, s in np.ndenumerate(shares)]
    artist = plots.placement_thirds(ax, pd.DataFrame(rows, columns=placement.PROFILE), "signal", "first")
    np.testing.assert_array_equal(artist.get_array(), shares)
    assert [text.get_text() for text in ax.texts] == [f"{share:.0%}" for share in shares.ravel()]
    with pytest.raises(ValueError, match="0 parts of 'signal' windows placed 'random', not 9"):
        plots.placement_thirds(ax, pd.DataFrame(rows, columns=placement.PROFILE), "signal", "random")
