"""data_scripts.selection and few_bits fill their tables, on the pixels that they say, and make no row twice."""

import csv

import numpy as np
import oracle
import pytest

import sparsepixels_lib as sp
from data_scripts import few_bits, reference_weights, selection
from sparsepixels_lib import measure
from sparsepixels_lib.network.models import PATCHED


@pytest.fixture
def short(monkeypatch):
    """Few images, one epoch; and what was trained."""
    load, fit, trained = sp.load, sp.fit, []

    def fit_one(model, train, val, **how):
        trained.append((model, train))
        return fit(model, train, val, **how | {"epochs": 1})

    def few(dataset, split, n):
        return load(dataset, split, "default", n=200)

    for module in (selection, few_bits, reference_weights):
        monkeypatch.setattr(module, "load_split", few)
        monkeypatch.setattr(module.sp, "fit", fit_one)
    reference_weights.levels.cache_clear()
    yield trained
    reference_weights.levels.cache_clear()


def rows_of(path):
    return list(csv.DictReader(path.read_text().splitlines()))


def test_a_table_of_selections_is_filled_and_no_row_is_made_twice(short, tmp_path, monkeypatch):
    monkeypatch.setattr(selection, "N_ACTIVE", (8,))
    table, ladder = selection.study(tmp_path / "table.csv", ["sparse_mnist"], seeds=1)
    rows = rows_of(table)
    keys = [(r["n_active"], r["selection"], r["patch"], r["values"]) for r in rows]
    assert len(keys) == len(set(keys)) == 8 and {key[3] for key in keys} == {"charge", "alike"}
    assert {r["weights"] for r in rows if r["patch"]} == {str(PATCHED["sparse_mnist"].parameters)}
    assert {r["n_levels"] for r in rows if r["selection"] != "adaptive"} == {"1"}
    assert all(2 <= int(r["n_levels"]) <= 4 for r in rows if r["selection"] == "adaptive")
    climbed = rows_of(ladder)
    assert {(r["n_active"], r["selection"], r["values"]) for r in climbed} == {
        ("", "raster", "charge"),
        *(("8", how, "charge") for how in ("raster", "adaptive", "largest")),
        *(("8", how, "alike") for how in ("raster", "adaptive")),
    }
    before, count = table.read_text(), len(short)
    selection.study(table, ["sparse_mnist"], seeds=1)
    assert table.read_text() == before and len(short) == count == 8


def test_a_control_sees_the_pixels_that_charge_chose_and_no_charge(short, tmp_path):
    network = sp.Network("sparse_mnist", 8, 8, "adaptive")
    selection._add(tmp_path / "table.csv", network, "alike", 0)
    ((model, train),) = short
    assert sp.Network.of(model) == sp.Network("sparse_mnist", 8, 8)
    images = sp.load("sparse_mnist", "train", n=200).images
    levels, grid = list(reference_weights.levels(network)), oracle.Grid("quantized_relu(8,0)")
    kept = oracle.input_reduce(images, grid, 0.4, 8, "adaptive", levels)
    assert (train.images[..., 0] == kept.active).all() and kept.active.sum() > 1000


def test_the_many_seeds_are_spent_on_what_the_targets_are_about(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(selection, "_add", lambda table, network, values, seed: asked.append((network, values, seed)))
    monkeypatch.setattr(selection, "_climb", lambda *_: None)
    selection.study(tmp_path / "table.csv", ["microboone"], seeds=5)
    seeds = {}
    for network, values, seed in asked:
        seeds.setdefault((network.selection, network.patch is None, values), set()).add(seed)
    assert seeds[("raster", True, "charge")] == seeds[("adaptive", False, "charge")] == {0, 1, 2, 3, 4}
    assert seeds[("largest", True, "charge")] == seeds[("adaptive", True, "alike")] == {0, 1}


def test_formats_are_narrowed_and_nothing_else(short, tmp_path):
    table = few_bits.study(tmp_path / "table.csv", [8, 5], seeds=1)
    rows = rows_of(table)
    assert [(r["weights"], r["activations"]) for r in rows] == [("8", "8"), ("5", "5"), ("5", "8"), ("8", "5")]
    model = short[1][0]
    layers = {layer.name: layer.get_config() for layer in model.layers}
    assert layers["conv1"]["kernel_quantizer"] == "quantized_bits(5,1,alpha=1)"
    assert layers["relu3"]["activation"] == "quantized_relu(5,2)"
    assert layers["input_reduce"]["input_quantizer"] == "quantized_relu(8,0)"
    assert layers["input_reduce"]["levels"] == reference_weights.levels(few_bits.NETWORK)
    few_bits.study(table, [8, 5], seeds=1)
    assert len(short) == 4


def test_the_tables_that_ship_are_of_the_data_that_ship_and_can_be_read():
    for name in ("selection", "selection_ladder", "few_bits"):
        for dataset, rows in measure.study(name).groupby("dataset"):
            assert {*rows.source} == {sp.load(dataset, "test", "default", n=1).source}
            assert rows.score.between(0.05, 1).all() and rows.error.between(0, 0.02).all()
    for dataset in sp.ARCHITECTURES:
        scores = measure.selection_scores(dataset)
        best = sp.Network(dataset, selection.BITS[dataset], 8, "adaptive")
        assert len(scores[best]) == 5 and {len(runs) for runs in scores.values()} <= {2, 3, 5}
        assert measure.selection_scores(dataset, "alike").keys() < scores.keys()
    with pytest.raises(ValueError, match="no networks of 'mnist'"):
        measure.selection_scores("mnist")


@pytest.mark.parametrize("network", sp.Network.chosen(), ids=str)
def test_a_reference_network_that_chooses_has_its_levels_and_its_score(network):
    model = network.reference()
    assert sp.Network.of(model) == network and str(network) in (network.label, str(network))
    reduce = model.get_layer("input_reduce")
    assert len(reduce.levels) >= 2 and reduce.levels[0] == sp.ARCHITECTURES[network.dataset].threshold
    if network.bits == 8:
        test = sp.load(network.dataset, "test", "default")
        logits = sp.exact_predict(model, test.images)
        score = measure.auc if logits.shape[1] == 1 else measure.accuracy
        assert round(score(test.labels, logits, resamples=2).value, 4) == network.reference_score()


def test_every_promised_network_that_chooses_ships():
    assert sp.Network.chosen() == sorted(reference_weights.chosen(), key=sp.Network.chosen().index)
    assert not {*sp.Network.chosen()} & {*sp.Network.shipped()}
    with pytest.raises(ValueError, match="Network.chosen"):
        sp.reference_model("microboone", 8, 12, "adaptive")
    with pytest.raises(ValueError, match="Network.chosen"):
        sp.reference_model("microboone", 8, 8, "largest")


def test_a_patch_that_has_no_architecture_is_refused():
    with pytest.raises(ValueError, match=r"has patch=\(3, 3\), not \(7, 7\)"):
        sp.sparse_cnn("microboone", 8, 8, patch=7)
    assert np.prod(sp.sparse_cnn("microboone", 8, 8, patch=3).get_layer("input_reduce").image_shape) == 441
