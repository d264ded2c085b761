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
# latency, II, LUT, DSP of MicroBooNE, 8 bit, 63 x 63, N = 20, whole image at once
LIMITS = {
    "fast": (22, 8, 130_000, 1_750),
    "balanced": (31, 8, 55_000, 364),
    "small": (64, 34, 32_000, 150),
    "no DSP": (33, 8, 110_000, 60),
}


@pytest.fixture(scope="module")
def points() -> pd.DataFrame:
    return design_points.design_points(TABLES)


@pytest.mark.parametrize("design", LIMITS)
def test_microboone_keeps_the_limits_of_each_design(points, design):
    own = points.query("dataset == 'microboone' and bits == 8 and n_active == 20 and design == @design").iloc[0]
    for column, limit in zip(("latency", "ii", "lut", "dsp"), LIMITS[design], strict=True):
        assert own[column] <= limit, column


def test_no_stage_of_any_design_is_deeper_than_twelve_levels(points):
    assert len(points) >= 27 and (points["levels"] <= 12).all()


@pytest.mark.parametrize("dataset", sp.ARCHITECTURES)
@pytest.mark.parametrize("bits", [8, 16])
def test_the_balanced_design_beats_the_published_hardware(points, dataset, bits):
    """3.5 times fewer cycles (without the published sigmoid or softmax), 8 times lower II, 4 times fewer LUTs."""
    which = "dataset == @dataset and bits == @bits and n_active == 20"
    own = points.query(f"{which} and design == 'balanced'").iloc[0]
    theirs = design_points.published_points().query(which).iloc[0]
    assert (theirs["latency"] - theirs["after_logits"]) / own["latency"] >= 3.5
    assert theirs["ii"] / own["ii"] >= 8 and theirs["lut"] / own["lut"] >= 4


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
    assert len(paths) == (4 if dataset == "microboone" else 1)


@pytest.mark.parametrize("dataset", sp.ARCHITECTURES)
def test_the_authors_weights_take_less_in_our_hardware_than_in_theirs(dataset, tmp_path):
    own = measure.same_weights(TABLES / "published").loc[sp.Network(dataset, 8, 20)]
    for figure, least in (("latency", 3.5), ("ii", 8), ("lut", 4)):
        assert own[figure, "published"] >= least * own[figure, "ours, same weights"]
    record = json.loads((TABLES / "published" / f"{dataset}_sparse_n20_8bit_top_balanced.json").read_text())
    hls_model = sp.convert(sp.published_model(dataset, 8, 20), tmp_path / "hls")
    assert record["sources"] == sources_hash(sp.emit_rtl(hls_model, tmp_path / "rtl", sp.DESIGNS["balanced"]))
