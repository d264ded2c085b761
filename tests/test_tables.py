"""The committed tables of cycles and LUTs: they belong to the RTL as it is, and keep what is promised."""

import json
from pathlib import Path

import pandas as pd
import pytest

import sparsepixels_lib as sp
from sparsepixels_lib import measure
from sparsepixels_lib.measure import designs as design_points
from sparsepixels_lib.measure.resources import sources_hash

TABLES = Path(__file__).parents[1] / "notebooks" / "tables"
# latency in ns, II, LUT, DSP of MicroBooNE, 8 bit, 63 x 63, N = 20, whole image at once
LIMITS = {
    "fast": (120, 8, 115_000, 1_750),
    "balanced": (160, 8, 42_000, 364),
    "small": (340, 34, 27_000, 150),
    "no DSP": (190, 8, 110_000, 0),
    "trigger": (150, 5, 65_000, 450),
    "trigger no DSP": (160, 5, 100_000, 0),
}
CROSSING = 24.95  # ns between two crossings of the LHC


@pytest.fixture(scope="module")
def points() -> pd.DataFrame:
    return design_points.design_points(TABLES)


@pytest.mark.parametrize("design", LIMITS)
def test_microboone_keeps_the_limits_of_each_design(points, design):
    own = points.query("dataset == 'microboone' and bits == 8 and n_active == 20 and design == @design").iloc[0]
    for column, limit in zip(("latency_ns", "ii", "lut", "dsp"), LIMITS[design], strict=True):
        assert own[column] <= limit, column


def test_a_trigger_takes_an_event_at_every_crossing(points):
    own = points.query("dataset == 'microboone' and bits == 8 and n_active == 20").set_index("design")["ii"]
    for design in LIMITS:
        assert design.startswith("trigger") == (own[design] * sp.DESIGNS[design].period <= CROSSING)


def test_every_stage_of_a_sparse_network_keeps_its_period_by_the_estimate(points):
    sparse = points[points["n_active"].notna()]
    periods = sparse["design"].map({name: design.period for name, design in sp.DESIGNS.items()})
    assert len(sparse) == len(sp.DESIGNS) + 3 + 5  # N = 8, 12, 16; both other data sets, 16 bits
    assert (sparse["ns_routed"] <= periods).all()


def test_knobs_move_what_they_promise_to(points):
    """MicroBooNE, 8 bit: fewer cycles for more hardware and the other way round, no DSP for LUTs."""
    at = points.query("dataset == 'microboone' and bits == 8 and n_active == 20").set_index("design")
    assert at.loc["fast", "latency"] < at.loc["balanced", "latency"] < at.loc["small", "latency"]
    assert at.loc["fast", "lut"] > at.loc["balanced", "lut"] > at.loc["small", "lut"]
    assert at.loc["fast", "dsp"] > at.loc["balanced", "dsp"] > at.loc["small", "dsp"] > at.loc["no DSP", "dsp"] == 0
    assert at.loc["no DSP", "lut"] > at.loc["balanced", "lut"] and at.loc["small", "ii"] > at.loc["balanced", "ii"]
    fewer = points.query("dataset == 'microboone' and bits == 8 and n_active == 8 and design == 'balanced'").iloc[0]
    for figure in ("latency", "lut"):
        assert fewer[figure] < at.loc["balanced", figure]


@pytest.mark.parametrize("dataset", sp.ARCHITECTURES)
@pytest.mark.parametrize("bits", [8, 16])
def test_the_balanced_design_beats_the_published_hardware(points, dataset, bits):
    """3.5 times fewer cycles, 3.2 with 16 bits (without the published sigmoid or softmax), 12 times lower II, 5 times
    fewer LUTs. Clocks are to be 5 ns; ours keeps it by an estimate."""
    which = "dataset == @dataset and bits == @bits and n_active == 20"
    own = points.query(f"{which} and design == 'balanced'").iloc[0]
    theirs = design_points.published_points().query(which).iloc[0]
    assert (theirs["latency"] - theirs["after_logits"]) / own["latency"] >= (3.5 if bits == 8 else 3.2)
    assert theirs["ii"] / own["ii"] >= 12 and theirs["lut"] / own["lut"] >= 5


@pytest.mark.parametrize("dataset", sp.ARCHITECTURES)
def test_the_tables_belong_to_the_rtl_as_it_is(dataset, tmp_path):
    hls_model = sp.convert(sp.reference_model(dataset, 8, 20), tmp_path / "hls")
    paths = sorted(TABLES.glob(f"{dataset}_sparse_n20_8bit_top_*.json"))
    for path in paths:
        record = json.loads(path.read_text())
        design = path.stem.removeprefix(f"{record['top']}_").replace("_", " ")
        project = sp.emit_rtl(hls_model, tmp_path / "rtl", sp.DESIGNS[design])
        assert record["command"] == f"python notebooks/tables.py {path.stem}"
        assert record["tool"].startswith("Yosys") and record["simulator"].startswith("Verilator")
        assert record["sources"] == sources_hash(project), f"{path.name} is stale: python notebooks/tables.py"
    assert len(paths) == (len(sp.DESIGNS) if dataset == "microboone" else 1)


@pytest.mark.parametrize("network", [n for n in sp.Network.chosen() if n.dataset == "microboone"], ids=str)
def test_the_tables_of_networks_that_choose_belong_to_the_rtl_and_keep_the_period(network, tmp_path):
    name = f"{network.name}_top_balanced"
    record = json.loads((TABLES / "chosen" / f"{name}.json").read_text())
    project = sp.emit_rtl(sp.convert(network.reference(), tmp_path / "hls"), tmp_path / "rtl", sp.DESIGNS["balanced"])
    assert record["sources"] == sources_hash(project), f"chosen/{name} is stale: python notebooks/tables.py"
    points = design_points.design_points(TABLES / "chosen").set_index(["n_active", "selection", "patch"])
    patch = " x ".join(map(str, network.patch or ()))
    own = points.loc[(network.n_active, network.selection, patch)]
    assert own["ns_routed"] <= 5 and own["latency_ns"] <= 250
    if network == sp.Network("microboone", 8, 8, "adaptive"):
        assert own["latency"] <= 36 and own["lut"] <= 42_000 and own["dsp"] <= 208


@pytest.mark.parametrize("dataset", sp.ARCHITECTURES)
def test_the_authors_weights_take_less_in_our_hardware_than_in_theirs(dataset, tmp_path):
    own = measure.same_weights(TABLES / "published").loc[sp.Network(dataset, 8, 20)]
    for figure, least in (("latency", 3.5), ("ii", 12), ("lut", 5)):
        assert own[figure, "published"] >= least * own[figure, "ours, same weights"]
    record = json.loads((TABLES / "published" / f"{dataset}_sparse_n20_8bit_top_balanced.json").read_text())
    hls_model = sp.convert(sp.published_model(dataset, 8, 20), tmp_path / "hls")
    assert record["sources"] == sources_hash(sp.emit_rtl(hls_model, tmp_path / "rtl", sp.DESIGNS["balanced"]))
