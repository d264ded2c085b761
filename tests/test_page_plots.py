"""The figures that several notebooks share: what is in which panel, and whose numbers every panel says it shows."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from sparsepixels_lib import measure, plots
from sparsepixels_lib.network.maps import layer_maps
from sparsepixels_lib.network.networks import Network

CSYNTH, VSYNTH = "published, vendor C-synthesis", "published, vendor logic synthesis"


@pytest.fixture
def figure():
    figure = Figure(figsize=(11, 13))
    yield figure
    figure.draw_without_rendering()


def sources(axes):
    return [artist.txt.get_text() for ax in axes for artist in ax.artists]


def names(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_training_draws_loss_and_accuracy_with_one_legend(figure):
    axes = figure.subplots(1, 2)
    values = {"loss": [3, 2], "val_loss": [4, 3], "accuracy": [0.5, 0.6], "val_accuracy": [0.4, 0.5]}
    lines = plots.training(axes, {Network("microboone", 8, 20): values}, source="90 windows")
    assert [line.get_ydata().tolist() for line in lines] == [[3, 2], [4, 3], [0.5, 0.6], [0.4, 0.5]]
    assert axes[0].get_legend() is None and names(axes[1]) == ["sparse N=20, 8 bit"]
    assert sources(axes) == ["90 windows"] * 2


def test_layers_are_rows_of_networks_and_the_titles_count_what_is_left(figure):
    image = np.zeros((63, 63, 1))
    image[[0, 3, 10], [5, 5, 20], 0] = 0.25, 0.5, 0.75
    sparse, standard = Network("microboone", 8, 2), Network("microboone", 8)
    models = {network: network.build() for network in (sparse, standard)}
    axes = figure.subplots(2, 2)
    first, _, whole, _ = plots.layers_of(axes, models, image, ["input", "pool1"])
    titles = [ax.get_title() for ax in axes[:, 0]]
    assert titles == ["input: 2 of 3,969\nlargest 0.5", "input: 3 of 3,969\nlargest 0.75"]
    assert [ax.get_ylabel() for ax in axes.flat] == ["sparse N=2, 8 bit", "", "standard, 8 bit", ""]
    assert [view.get_array().count() for view in (first, whole)] == [2, 3]


def test_all_layers_share_one_colour_bar_in_units_of_the_largest_value_of_a_panel(figure):
    image, model = np.zeros((63, 63, 1)), Network("microboone", 8, 2).build()
    image[[0, 3], [5, 5], 0] = 0.25, 0.5
    axes = figure.subplots(1, 2, squeeze=False)
    views = plots.layers_of(axes, {Network("microboone", 8, 2): model}, image, ["input", "conv1"])
    assert sorted(views[0].get_array().compressed()) == [0.5, 1]
    lowest = min(view.get_array().min() for view in views)
    assert {view.get_clim() for view in views} == {(min(lowest, 0), 1)} and lowest >= -1
    (bar,) = (ax for ax in figure.axes if ax not in axes)
    assert bar.get_ylabel() == "value / largest of its panel"


def test_layers_in_which_nothing_is_left_are_drawn(figure):
    axes, network = figure.subplots(1, 1, squeeze=False), Network("microboone", 8, 2)
    plots.layers_of(axes, {network: network.build()}, np.zeros((63, 63, 1)), ["input"])
    assert axes[0, 0].get_title() == "input: 0 of 3,969\nlargest 0"


def test_active_maps_are_the_pixels_that_are_not_background():
    image, model = np.zeros((1, 63, 63, 1)), Network("microboone", 8, 2).build()
    image[0, [0, 3, 10], [5, 5, 20], 0] = 0.25, 0.5, 0.75
    maps = measure.active_maps(model, image, ["input", "relu2"])
    assert np.argwhere(maps["input"]).tolist() == np.argwhere(maps["relu2"]).tolist() == [[0, 0, 5], [0, 3, 5]]
    np.testing.assert_array_equal(maps["relu2"], ~layer_maps(model, image, "relu2").mask[..., 0])


def test_published_hardware_is_cycles_by_c_synthesis_and_resources_by_logic_synthesis(figure):
    axes = figure.subplots(3, 2)
    plots.published_hardware(axes.flat, "lhc_jets")
    latencies = [text.get_text() for text in axes[0, 0].texts]
    assert len(latencies) == 10 and {"8,390 (42 µs)", "143 (715 ns)"} <= {*latencies}
    kinds = ["standard", *(f"sparse N={n}" for n in (8, 12, 16, 20))]
    assert all([tick.get_text() for tick in ax.get_xticklabels()] == kinds for ax in axes.flat)
    assert sources(axes.flat) == [CSYNTH] * 2 + [VSYNTH] * 4
    assert names(axes[0, 0]) == ["16 bit", "8 bit"]


def test_published_breakdown_leaves_the_latency_of_the_standard_network_out(figure):
    axes = figure.subplots(3, 2)
    latency, luts, *_ = plots.published_breakdown(axes.flat, "sparse_mnist")
    assert len(latency["input reduction"]) == 4 and len(luts["input reduction"]) == 5
    labels = [tick.get_text() for tick in axes[0, 1].get_xticklabels()]
    assert labels == ["standard, 8 bit", *(f"sparse N={n}, 8 bit" for n in (8, 12, 16, 20))]
    assert sources(axes.flat) == [CSYNTH] + [VSYNTH] * 4
    assert {"total", "input reduction", "sparse conv 1", "conv 1"} <= {*names(axes[2, 1])}


def test_our_luts_stand_beside_the_published_of_the_same_network(figure):
    axes = figure.subplots(1, 2, sharey=True)
    rows = [["input_reduce", "input reduction", 900], ["TOP", "total", 1000]]
    table = pd.DataFrame(rows, columns=["module", "group", "lut"]).assign(stage="yosys")
    published, ours = plots.luts_beside_published(axes, table, Network("microboone", 8, 20))
    assert [bar.get_height() for bar in ours["input reduction"]] == [900]
    theirs = measure.published.modules("microboone", 8, 20, "vsynth").set_index("group")["lut"]
    assert [bar.get_height() for bar in published["input reduction"]] == [theirs["input reduction"]]
    assert [[tick.get_text() for tick in ax.get_xticklabels()] for ax in axes] == [["sparse N=20, 8 bit"], ["ours"]]
    assert sources(axes) == [VSYNTH, "Yosys (xcup mapping)"]


def test_files_of_a_project_are_listed_without_what_is_hls4mls(tmp_path):
    for name in (
        "firmware/a.cpp",
        "firmware/nnet_utils/input_reduce.h",
        "firmware/nnet_utils/nnet_dense.h",
        "w/w2.txt",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    listed = plots.firmware_files(tmp_path).splitlines()
    assert listed == ["firmware/a.cpp", "firmware/nnet_utils/input_reduce.h    <- sparse kernel"]
