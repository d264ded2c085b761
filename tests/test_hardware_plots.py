"""Bars are as high as the table says and carry the numbers in words; expected values are from pencil and paper."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from sparsepixels_lib.network.networks import Network
from sparsepixels_lib.plots import hardware as hardware_plots
from sparsepixels_lib.plots.style import COLORS, OF_NETWORK


@pytest.fixture
def axes():
    return Figure(figsize=(16, 4)).subplots(1, 4)


def source_of(ax):
    return [artist.txt.get_text() for artist in ax.artists]


def synthesis_table(network, stage="csynth", **total):
    counts = {
        "latency_max": 133,
        "ii": 84,
        "bram18": 0,
        "dsp": 60,
        "ff": 7,
        "lut": 1000,
        "bram18_pct": 0,
        "dsp_pct": 0.488,
    }
    row = {"stage": stage, "ff_pct": np.nan, "lut_pct": 21.0, **counts, **total}
    parts = [("a", "sparse conv 1", 9, 300), ("b", "relu 1", 0, 100), ("c", "mlp", 5, 200), ("d", "mlp", 2, 150)]
    rows = [{**row, "module": m, "group": g, "latency_max": cycles, "lut": lut} for m, g, cycles, lut in parts]
    table = pd.DataFrame([*rows, {**row, "module": "TOP", "group": "total"}])
    return table.assign(network=[network] * len(table))


def test_multiplications_are_those_of_the_paper(ax):
    standard, sparse = hardware_plots.multiplications(
        ax, {"conv 1": (63, 63, 7, 1, 1), "conv 2": (63, 63, 7, 1, 3)}, [20]
    )
    assert [bar.get_height() for bar in standard] == [194481, 583443]
    assert [bar.get_height() for bar in sparse] == [400, 1200]


def test_latency_and_ii_carry_cycles_and_time(axes):
    table = pd.concat([synthesis_table("sparse N=8"), synthesis_table("standard", latency_max=9733, ii=5029)])
    before = table.copy()
    hardware_plots.latency_ii(axes[:2], table, source="published")
    assert sorted(bar.get_height() for bar in axes[0].patches) == [133, 9733]
    assert sorted(text.get_text() for text in axes[0].texts) == ["133 (665 ns)", "9,733 (48.7 µs)"]
    assert sorted(text.get_text() for text in axes[1].texts) == ["5,029 (25.1 µs)", "84 (420 ns)"]
    assert axes[0].get_yscale() == "log"
    assert "5 ns clock assumed" in axes[0].get_ylabel()
    assert source_of(axes[0]) == source_of(axes[1]) == ["published"]
    pd.testing.assert_frame_equal(table, before)


def test_the_clock_is_a_choice(axes):
    hardware_plots.latency_ii(axes[:2], synthesis_table("sparse"), source="", clock_ns=2.5)
    assert axes[0].texts[0].get_text() == "133 (332 ns)"
    assert "2.5 ns clock assumed" in axes[0].get_ylabel()


@pytest.mark.parametrize(
    "networks",
    [(("sparse N=20", 8), ("sparse N=20", 16)), (Network("microboone", 8, 20), Network("microboone", 16, 20))],
    ids=["texts", "networks"],
)
def test_16_and_8_bit_stand_side_by_side_and_8_bit_is_dashed(axes, networks):
    narrow, wide = networks
    table = pd.concat([synthesis_table(narrow), synthesis_table(wide, latency_max=136)])
    wide, narrow, *_ = hardware_plots.latency_ii(axes[:2], table, source="")
    assert wide[0].get_height() == 136 and wide[0].get_linestyle() in ("-", "solid")
    assert narrow[0].get_height() == 133 and narrow[0].get_linestyle() in ("--", "dashed")
    assert wide[0].get_x() < narrow[0].get_x() < 0.5
    assert [tick.get_text() for tick in axes[0].get_xticklabels()] == ["sparse N=20"]
    assert [bars.get_label() for bars in axes[0].containers] == ["16 bit", "8 bit"]


def test_bars_have_the_colour_of_the_network_with_which_their_name_ends(axes):
    names = ["sparse N=8", "real MNIST, standard", "mine"]
    hardware_plots.latency_ii(axes[:2], pd.concat(map(synthesis_table, names)), source="")
    colors = [to_hex(bar.get_facecolor()) for bar in axes[0].patches]
    assert colors == [OF_NETWORK["sparse N=8"], OF_NETWORK["standard"], COLORS[0]]


def test_resources_carry_counts_and_the_share_of_the_device(axes):
    hardware_plots.resources(axes, synthesis_table("sparse"), source="logic synthesis")
    assert [ax.texts[0].get_text() for ax in axes] == ["0 (0 %)", "60 (0.49 %)", "7", "1,000 (21 %)"]
    assert [ax.get_ylabel() for ax in axes] == ["BRAM18", "DSP", "FF", "LUT"]
    assert all(source_of(ax) == ["logic synthesis"] for ax in axes)


def test_a_number_that_is_not_reported_is_no_zero(axes):
    table = pd.concat([synthesis_table("a"), synthesis_table("b", ii=pd.NA)])
    hardware_plots.latency_ii(axes[:2], table, source="")
    assert [text.get_text() for text in axes[1].texts] == ["84 (420 ns)", "not reported"]


@pytest.mark.parametrize("draw", [hardware_plots.resources, hardware_plots.latency_ii])
def test_two_stages_of_one_network_are_refused(axes, draw):
    table = pd.concat([synthesis_table("sparse"), synthesis_table("sparse", "vsynth")])
    with pytest.raises(ValueError, match="sparse has 2 values.*one stage"):
        draw(axes[: 2 if draw is hardware_plots.latency_ii else 4], table, source="")


def test_a_network_without_total_is_refused(axes):
    table = synthesis_table("sparse")
    with pytest.raises(ValueError, match="sparse has no row with module TOP"):
        hardware_plots.resources(axes, table[table["module"] != "TOP"], source="")


def test_breakdown_stacks_the_groups_up_to_their_sum(ax):
    table = pd.concat([synthesis_table("sparse"), synthesis_table("other", lut=800)])
    bars = hardware_plots.breakdown(ax, table, "lut", source="C-synthesis", legend=True)
    assert list(bars) == ["sparse conv 1", "relu 1", "mlp"]
    assert [bars[group][0].get_height() for group in bars] == [300, 100, 350]
    assert [bars[group][0].get_y() for group in bars] == [0, 300, 400]
    totals = ax.collections[0].get_segments()
    assert [line[0][1] for line in totals] == [1000, 800]
    assert source_of(ax) == ["C-synthesis"]
    assert {text.get_text() for text in ax.get_legend().get_texts()} == {*bars, "total"}


def test_breakdown_names_networks_with_their_bits(ax):
    networks = Network("lhc_jets", 8), Network("lhc_jets", 16), Network("lhc_jets", 8, 20)
    bars = hardware_plots.breakdown(ax, pd.concat(map(synthesis_table, networks)), "lut", source="")
    assert [tick.get_text() for tick in ax.get_xticklabels()] == [network.label for network in networks]
    assert [bar.get_height() for bar in bars["mlp"]] == [350] * 3


@pytest.mark.parametrize(
    ("column", "change", "match"),
    [
        ("ii", {}, "resource='ii'"),
        ("lut", {"group": "mystery 1"}, "mystery 1"),
        ("lut", {"stage": ["csynth", "vsynth", "csynth", "csynth", "csynth"]}, "2 stages"),
        ("lut", {"module": "TOP", "lut": [np.nan] * 4 + [5.0]}, "none in the table"),
    ],
)
def test_breakdown_refuses_what_it_cannot_stack(ax, column, change, match):
    with pytest.raises(ValueError, match=match):
        hardware_plots.breakdown(ax, synthesis_table("sparse").assign(**change), column, source="")
