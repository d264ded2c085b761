"""What the notebooks have in common that is not physics: rows of results, published figures, checks of firmware."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sparsepixels_lib import measure
from sparsepixels_lib.measure import firmware
from sparsepixels_lib.measure.published_networks import by_network
from sparsepixels_lib.network.networks import Network
from sparsepixels_lib.tools.process import MissingTool

SPARSE, STANDARD = Network("microboone", 8, 20), Network("microboone", 8)
NOBODYS = Network("microboone", 8, 10)


def test_published_scores_are_those_of_the_paper_by_network():
    scores = measure.published_scores("microboone")
    assert len(scores) == 10 and scores[Network("microboone", 16, 12)] == 0.908 and scores[STANDARD] == 0.943
    assert measure.published_scores("lhc_jets")[Network("lhc_jets", 16)] == 0.722
    assert measure.published_scores("sparse_mnist") == {}


def test_published_costs_are_those_of_the_paper():
    assert measure.published_costs(Network("lhc_jets", 16)) == {"latency": 8390, "lut": 88306}
    assert measure.published_costs(NOBODYS) == {"latency": None, "lut": None}


def test_published_networks_are_sorted_as_they_are_drawn():
    networks = by_network(measure.published.scores().query("dataset == 'microboone'"))["network"]
    assert networks.tolist() == [Network("microboone", bits, n) for bits in (8, 16) for n in (None, 8, 12, 16, 20)]


def test_published_modules_are_of_one_stage_and_all_networks():
    table = measure.published_modules("sparse_mnist", "csynth")
    assert set(table["stage"]) == {"csynth"} and len(set(table["network"])) == 10
    with pytest.raises(ValueError, match="stage='par' was not published"):
        measure.published_modules("sparse_mnist", "par")


def test_what_does_not_compare_says_why():
    assert measure.comparable_sentence("") == "Comparable with published scores."
    assert measure.comparable_sentence("a simulation") == "NOT COMPARABLE with published scores: a simulation."
    told = measure.comparable_source("200 jets", "a simulation", "never seen")
    assert told == "200 jets; NOT COMPARABLE with published: a simulation"
    assert measure.comparable_source("200 jets", "") == "200 jets"
    assert measure.comparable_source("200 jets", "", "published: other jets") == "200 jets; published: other jets"


def test_a_row_has_plain_numbers_the_label_and_a_source():
    row = measure.result(SPARSE, "AUC", np.float32(0.5), "200 windows", np.int64(1))
    assert row == {
        "network": "sparse N=20, 8 bit",
        "quantity": "AUC",
        "value": 0.5,
        "published": 1,
        "source": "200 windows",
    }
    assert [type(row[name]) for name in ("value", "published")] == [float, int]
    with pytest.raises(ValueError, match="AUC of standard, 8 bit: say where"):
        measure.result(STANDARD, "AUC", 0.5, "")


def test_a_logit_that_the_rtl_gives_wrong_counts_once_and_one_of_the_cpp_elsewhere():
    expected = np.array([[1.0, 2.0], [3.0, 4.0]])
    full_rate = expected + [[0, 1], [0, 1]]
    found = {"RTL": expected + [[0, 1], [0, 0]], "RTL with events back to back": full_rate, "C++": expected + 1}
    row = measure.rtl_result(SPARSE, measure.Agreement("top", expected, found, None, None), "2 jets")
    assert (row["quantity"], row["value"], row["source"]) == ("logits where RTL differs", 2, "2 jets, Verilator")


def test_luts_are_those_of_the_top():
    row = measure.lut_result("mine", pd.DataFrame({"module": ["a", "TOP"], "lut": [3.0, 7.0]}))
    assert (row["quantity"], row["value"]) == ("LUT", 7) and "Yosys" in row["source"]


@pytest.mark.parametrize("simulated", [None, SimpleNamespace(latency=np.array([35, 35]))])
def test_firmware_stands_beside_the_published(simulated):
    wrong, latency, luts = measure.firmware_results(SPARSE, np.int64(0), "20 windows", simulated)
    assert (wrong["quantity"], wrong["value"], wrong["source"]) == ("logits where C++ differs", 0, "20 windows, g++")
    assert (latency["value"], latency["published"]) == (35 if simulated else None, 133)
    assert latency["source"] == ("simulated; " if simulated else "") + "published: vendor C-synthesis"
    assert luts["value"] is None and luts["published"] == measure.published_costs(SPARSE)["lut"]


def test_a_network_that_was_not_published_has_nothing_beside():
    assert [row["published"] for row in measure.firmware_results(NOBODYS, 0, "20 windows")] == [None] * 3


def test_results_are_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "made" / "results.json"
    row = measure.result(SPARSE, "AUC", 0.9, "20 windows")
    measure.write_results(path, "MicroBooNE", [row])
    assert json.loads(path.read_text()) == {"title": "MicroBooNE", "rows": [row]}
    with pytest.raises(ValueError, match="JSON"):
        measure.write_results(path, "MicroBooNE", [row | {"value": float("nan")}])
    assert json.loads(path.read_text())["rows"] == [row] and [*path.parent.iterdir()] == [path]


def test_the_table_leaves_blank_what_is_not_known():
    rows = [measure.result(SPARSE, "LUT", None, "vendor", 350_000), measure.result(SPARSE, "AUC", 0.87654321, "here")]
    table = measure.results_table(rows)
    shown = table.to_html()
    assert "350,000" in shown and "0.876543" in shown and "None" not in shown and "nan" not in shown
    assert table.data.index.names == ["network", "quantity"]


def test_the_table_of_modules_says_of_what_it_is():
    columns = {"module": ["TOP"], "group": ["total"], "lut": [12345], "ff": [1], "dsp": [0], "levels": [7.5], "ii": [8]}
    columns |= {"ns": [2.25], "ns_routed": [3.9]}
    table = measure.module_table(pd.DataFrame(columns), SPARSE)
    assert table.caption.startswith("sparse N=20, 8 bit; Yosys") and "ii" not in table.data
    assert all(figure in table.to_html() for figure in ("12,345", "7.5", "2.25", "3.9"))


def test_compiled_cpp_is_compared_by_logit_and_by_decision(monkeypatch):
    cpp = {"one": np.array([[0.5], [-0.25]]), "two": np.array([[1.0, 2.0], [3.0, 2.0]])}
    monkeypatch.setattr(firmware, "emulate", lambda project, images: cpp[project])
    expected = {SPARSE: np.array([0.5, 0.25, 9]), STANDARD: np.array([[1.0, 2.0], [3.0, 2.5]])}
    table = measure.check_cpp({SPARSE: "one", STANDARD: "two"}, np.zeros((2, 4, 4, 1)), expected)
    assert table.loc[SPARSE].tolist() == [2, 2, 1, 0.5, 1]
    assert table.loc[STANDARD].tolist() == [2, 4, 1, 0.5, 0]


def test_vendor_synthesis_runs_when_it_is_told_to_and_states_what_is_missing(monkeypatch, capsys):
    def fail(*_, **__):
        raise MissingTool("vitis-run is not on the PATH")

    monkeypatch.setattr(firmware, "synthesize", fail)
    assert measure.vendor_synthesis(None, run=False) is None
    assert "vitis-run: " in capsys.readouterr().out
    assert measure.vendor_synthesis(None, run=True) is None
    assert capsys.readouterr().out.endswith("vitis-run is not on the PATH\n")
    table = pd.DataFrame({"module": ["TOP"], "lut": [1], "tool": ["x"], "device": ["y"]})
    monkeypatch.setattr(firmware, "synthesize", lambda *_, **__: table)
    assert [*measure.vendor_synthesis(None, run=True)] == ["lut"]


def test_luts_are_of_the_trained_network_or_of_the_reference(monkeypatch):
    monkeypatch.setattr(firmware, "convert", lambda model, folder: model.name)
    monkeypatch.setattr(firmware, "table_of", lambda name, design, **where: (name, where["refresh"]))
    own, (name, refresh) = measure.balanced_luts(None, SPARSE, "out")
    assert (own, name, refresh) == ("reference network, N=20, 8 bit", SPARSE.name, False)
    own, (name, refresh) = measure.balanced_luts(NOBODYS.build(), SPARSE, "out")
    assert (own, name, refresh) == ("sparse N=10, 8 bit, trained above", NOBODYS.name, True)
