"""data_scripts.learning_curve fills its table, and makes no row twice."""

import csv

import numpy as np
import pytest

import sparsepixels_lib as sp
from data_scripts import learning_curve


def test_a_table_is_filled_and_no_row_is_made_twice(tmp_path, monkeypatch):
    load = sp.load
    monkeypatch.setattr(learning_curve.sp, "load", lambda name, split, folder=None: load(name, split, n=300))
    monkeypatch.setattr(learning_curve, "EPOCHS", 1)
    call = {"dataset": "sparse_mnist", "n": [100], "seeds": 1, "bits": 8, "n_active": 8}
    table = learning_curve.curve(tmp_path / "table.csv", **call)
    sparse, trees = csv.DictReader(table.read_text().splitlines())
    assert (sparse["what"], sparse["n_train"], sparse["epochs"]) == ("sparse", "100", "3")  # passes over all 300
    assert (trees["what"], trees["bits"], trees["source"]) == ("trees", "", sparse["source"])
    for row in (sparse, trees):
        p = float(row["score"])
        assert float(row["error"]) == pytest.approx(np.sqrt(p * (1 - p) / 300), rel=0.25)
    assert float(trees["score"]) > 0.15  # a guess: 0.1

    monkeypatch.setattr(learning_curve.sp, "fit", lambda *_, **__: pytest.fail("trained again"))
    before = table.read_text()
    assert learning_curve.curve(table, **call).read_text() == before
    with pytest.raises(pytest.fail.Exception, match="trained again"):
        learning_curve.curve(table, **call | {"n": [100, 200]})
    with pytest.raises(ValueError, match="n=400: there are 300 training images of sparse_mnist"):
        learning_curve.curve(table, **call | {"n": [100, 400]})
    table.write_text(before.replace(sparse["source"], "other data"))
    with pytest.raises(pytest.fail.Exception, match="trained again"):
        learning_curve.curve(table, **call)
