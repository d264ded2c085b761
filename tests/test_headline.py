"""notebooks/headline.py: what run_all prints of its results, at most 100 columns wide."""

import importlib
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "notebooks"))  # no package: run_all.py is a script
module = importlib.import_module("headline")
SIMULATED = "synthetic default: 4,000 test windows; NOT COMPARABLE with published: a simulation"
REAL = "real, published split: 3,000 test windows"


def results(*rows: tuple, name: str = "01_events", title: str = "Events") -> dict[str, dict]:
    return {name: {"title": title, "rows": [dict(zip(module.COLUMNS, row, strict=True)) for row in rows]}}


def lines(found: dict[str, dict]) -> list[list[str]]:
    """The words of every line below the heads."""
    return [line.split() for line in module.headline(found).splitlines()[2:] if line]


def test_a_network_is_one_row_of_score_cycles_lut_and_mismatches():
    rows = [
        ("sparse", "accuracy", 0.9127, 0.92, REAL),
        ("sparse", "logits where C++ differs", 2, None, "g++"),
        ("sparse", "logits where RTL differs", 1, None, "Verilator"),
        ("sparse", "latency [cycles]", 29, 133, "simulated"),
        ("sparse", "LUT", 47275, None, "Yosys"),
        ("sparse", "LUT", None, 362637, "vendor"),
    ]
    title, row = lines(results(*rows))
    assert " ".join(title) == f"01_events: {REAL}"
    assert " ".join(row) == "sparse accuracy 0.913 0.920 29 / 133 47k / 363k 3"


def test_a_published_score_that_is_not_comparable_is_in_brackets_and_said_why_once():
    found = results(("a", "AUC", 0.9, 0.943, SIMULATED), ("b", "AUC", 0.8, 0.887, SIMULATED))
    found |= results(("a", "AUC", 0.9, 0.943, SIMULATED), name="02_others")
    text = module.headline(found)
    assert text.count("(0.943)") == 2 and text.count("(0.887)") == 1
    notes = [line for line in text.splitlines() if "NOT COMPARABLE" in line]
    assert notes == ["(...) NOT COMPARABLE with published: a simulation [01_events, 02_others]"]


def test_a_score_on_other_data_is_a_row_under_those_data():
    found = results(
        ("a", "AUC", 0.9, 0.943, SIMULATED), ("a", "AUC", 0.95, 0.943, REAL), ("a", "LUT", 1000, None, "Yosys")
    )
    assert [" ".join(line) for line in lines(found)][:4] == [
        "01_events: synthetic default: 4,000 test windows",
        "a AUC 0.900 (0.943) - 1k / - -",
        f"01_events: {REAL}",
        "a AUC 0.950 0.943 - - -",
    ]


def test_the_area_of_a_reference_network_is_a_row_of_its_own():
    rows = [("sparse N=20", "accuracy", 0.9, None, REAL), ("reference network, N=20", "LUT", 47275, None, "Yosys")]
    assert [" ".join(line) for line in lines(results(*rows))][1:] == [
        "sparse N=20 accuracy 0.900 - - - -",
        "reference network, N=20 - - - 47k / - -",
    ]


def test_a_notebook_without_scores_stands_under_its_title():
    assert " ".join(lines(results(("a", "latency [cycles]", 21.0, 133, "simulated")))[0]) == "01_events: Events"


@pytest.mark.parametrize("value", [None, float("nan"), "many"])
def test_what_is_no_number_is_a_dash(value):
    assert lines(results(("a", "AUC", value, value, REAL)))[1] == ["a", "AUC", "-", "-", "-", "-", "-"]


def test_quantities_that_have_no_column_are_only_in_the_full_table():
    found = results(("sparse N=8", "share of charge kept", 0.58, None, "counted"))
    assert "sparse N=8" not in module.headline(found)
    assert "share of charge kept" in module.full(found)


def test_nothing_is_wider_than_100_columns_whatever_the_labels():
    long = "a very long word " * 20
    found = results((long, "accuracy", 0.5, 0.5, f"{long}; NOT COMPARABLE with published: {long}"), title=long)
    found |= results((long, "LUT", 123_456_789, 123_456_789, "Yosys"), name="02_others", title=long)
    assert max(map(len, module.headline(found).splitlines())) <= 100
