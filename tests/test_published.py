"""The published figures against those of the paper and the slides."""

import pandas as pd
import pytest

from sparsepixels_lib.measure import published
from sparsepixels_lib.measure.reports import RESOURCES


def test_published_totals_are_those_of_the_paper():
    table = published.totals()
    assert len(table) == 60
    csynth = table[(table["stage"] == "csynth") & (table["dataset"] == "lhc_jets") & (table["bits"] == 16)]
    assert csynth.set_index("n_active")["latency_max"].to_dict() == {pd.NA: 8390, 8: 78, 12: 101, 16: 120, 20: 143}
    assert csynth.set_index("n_active")["ii"].to_dict() == {pd.NA: 4340, 8: 35, 12: 52, 16: 67, 20: 84}
    vsynth = table[(table["stage"] == "vsynth") & (table["model"] == "standard")].set_index(["dataset", "bits"])
    assert vsynth["lut"].to_dict() == {
        ("microboone", 8): 69598,
        ("microboone", 16): 78973,
        ("lhc_jets", 8): 59614,
        ("lhc_jets", 16): 88306,
        ("sparse_mnist", 8): 101118,
        ("sparse_mnist", 16): 80182,
    }


def test_published_modules_of_each_network_sum_to_its_total():
    for (_, bits, n_active), table in published.modules().groupby(["dataset", "bits", "n_active"], dropna=False):
        assert bits in (8, 16) and (pd.isna(n_active) or n_active in (8, 12, 16, 20))
        for _, stage in table.groupby("stage"):
            top = stage["module"] == "TOP"
            assert stage.loc[~top, RESOURCES].sum().to_dict() == stage.loc[top, RESOURCES].iloc[0].to_dict()


@pytest.mark.parametrize(
    ("dataset", "n_active", "groups"),
    [
        ("microboone", 8, "sparse conv 1, relu 1, sparse conv 2, relu 2, pool 1"),
        ("lhc_jets", 20, "sparse conv 1, relu 1, sparse conv 2, relu 2, pool 1"),
        ("sparse_mnist", 8, "sparse conv 1, relu 1, pool 1, sparse conv 2, relu 2, pool 2"),
    ],
)
def test_published_modules_are_in_the_order_of_the_architecture(dataset, n_active, groups):
    table = published.modules(dataset, 8, n_active, "csynth")
    assert ", ".join(table["group"]) == f"input reduction, {groups}, flatten, mlp, mlp, mlp, mlp, fifo, total"


def test_published_modules_refuse_what_was_not_published():
    with pytest.raises(ValueError, match="n_active=10 was not published: it has 0, 8, 12, 16, 20"):
        published.modules("microboone", n_active=10)


def test_published_scores_have_no_rows_for_mnist():
    table = published.scores()
    assert table.groupby(["dataset", "bits"]).size().to_dict() == {
        ("lhc_jets", 16): 5,
        ("microboone", 8): 5,
        ("microboone", 16): 5,
    }
    assert table.groupby("quantity")["value"].max().to_dict() == {"AUC": 0.943, "accuracy": 0.722}


def test_other_methods_say_what_they_take_in_and_how_their_hardware_was_measured():
    table = published.other_methods()
    period = table["ns"] / table["latency"]  # of the routed design, 2.6 to 4.9 ns as its authors say
    assert period.between(2.5, 4.95).all()
    assert set(table["stage"]) == {"routed"} and set(table["input"]) == {"lists of particles"}
    assert table["source"].str.contains("authors").all() and table["score"].between(0.6, 0.9).all()


def test_the_published_scaling_study_shows_what_the_slides_say():
    table = published.scaling()
    assert not table.duplicated(list(table.columns[:8])).any() and set(table["bits"]) == {8, 10, 16}
    reduction = table.query("op == 'input reduction' and n_active == 20 and bits == 8").set_index("pixels")["latency"]
    depth = [(int(pixels) - 1).bit_length() for pixels in reduction.index]  # ceil(log2(H W)), "the discrete latency"
    assert reduction.groupby(depth).nunique().max() == 1 and reduction.is_monotonic_increasing
    convolution = table.query("op == 'convolution' and bits == 8 and channels == 1 and filters == 1 and n_active == 30")
    lut = convolution.set_index("kernel")["lut"]
    assert lut[5] < 1.2 * lut[3]  # "does not directly scale with kernel size"
    flatten = table.query("op == 'flatten' and bits == 8 and pixels == 40").set_index("n_active")["lut"]
    assert not flatten.is_monotonic_increasing  # "not monotonic curves here"
