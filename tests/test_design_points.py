"""Tables of design points: numbers invented here, expected values from pencil and paper."""

import json
import math
import shutil
from dataclasses import asdict

import pandas as pd
import pytest
from tiny_rtl import tiny

from sparsepixels_lib.measure import designs as design_points
from sparsepixels_lib.measure.designs import pareto_front, published_points, table_of
from sparsepixels_lib.network.networks import Network
from sparsepixels_lib.plots import designs as design_plots
from sparsepixels_lib.plots import line_styles

ROW = {"module": "TOP", "group": "total", "bram18": 0, "dsp": 10, "ff": 300, "lut": 2000, "levels": 11.5}


def write_record(folder, of=Network("microboone", 8, 20), design="no DSP", **changed):  # noqa: B008
    top = f"{of.name}_top"
    record = {
        "network": asdict(of),
        "design": design,
        "top": top,
        "sources": "-",
        "tool": "Yosys 0",
        "made": "2001-02-03",
        "latency": 31,
        "ii": 8,
    }
    rows = [ROW | {"module": "conv1", "group": "sparse conv 1"}, ROW | changed.pop("total", {})]
    folder.mkdir(exist_ok=True)
    path = folder / design_points.file_name(top, design)
    record |= {"rows": rows} | changed
    path.write_text(json.dumps({key: value for key, value in record.items() if value != "left out"}))
    return path


def test_a_file_becomes_a_row_and_says_of_which_network(tmp_path):
    write_record(tmp_path)
    (point,) = design_points.design_points(tmp_path).to_dict("records")
    assert [point[name] for name in ("dataset", "bits", "n_active", "design")] == ["microboone", 8, 20, "no DSP"]
    assert [point[name] for name in ("latency", "ii", "lut", "ff", "dsp", "levels")] == [31, 8, 2000, 300, 10, 11.5]
    assert point["area"] == 2000 + round(10 * 1728000 / 12288)
    assert point["tool"] == "Yosys 0, 2001-02-03"
    assert math.isnan(point["ns"]) and math.isnan(point["ns_routed"])  # made before there were any


def test_a_point_has_the_ns_of_its_slowest_stage_and_what_routing_makes_of_it(tmp_path):
    write_record(tmp_path, total={"ns": 2.5})
    (point,) = design_points.design_points(tmp_path).to_dict("records")
    assert (point["ns"], point["ns_routed"]) == (2.5, 1.6 * 2.5 + 0.3)


def test_a_standard_network_has_no_n_and_stands_behind_the_sparse_ones(tmp_path):
    write_record(tmp_path, Network("sparse_mnist", 16), "balanced")
    write_record(tmp_path, Network("sparse_mnist", 16, 8), "small")
    write_record(tmp_path, Network("sparse_mnist", 16, 8), "fast")
    points = design_points.design_points(tmp_path)
    assert list(points["dataset"]) == 3 * ["sparse_mnist"]
    assert list(points["design"]) == ["fast", "small", "balanced"]
    assert list(points["n_active"].fillna(0)) == [8, 8, 0]


def test_a_later_folder_replaces_and_no_folder_is_no_point(tmp_path):
    write_record(tmp_path / "a")
    write_record(tmp_path / "b", latency=30)
    points = design_points.design_points(tmp_path / "a", tmp_path / "b", tmp_path / "none")
    assert list(points["latency"]) == [30]
    assert design_points.design_points(tmp_path / "none").empty


@pytest.mark.parametrize("change", [{"network": "left out"}, {"rows": [ROW | {"module": "conv1"}]}, {"latency": None}])
def test_what_is_no_design_point_is_refused(tmp_path, change):
    path = write_record(tmp_path, **change)
    if change.get("latency", 0) is None:
        path.write_text("[]")
    with pytest.raises(ValueError, match=f"{path.name} is no table of a"):
        design_points.design_points(tmp_path)


def test_the_front_has_what_nothing_beats():
    points = pd.DataFrame([[20, 9], [30, 5], [30, 6], [40, 5], [50, 1], [50, 1]], columns=["latency", "lut"])
    assert list(pareto_front(points, ("latency", "lut"))) == [True, True, False, False, True, True]
    assert list(pareto_front(points.assign(dsp=[0, 3, 2, 1, 0, 0]))) == [True, True, True, True, True, True]


def test_published_points_are_the_published_figures():
    points = published_points().set_index(["dataset", "bits", "n_active"])
    assert len(points) == 30
    best = points.loc[("microboone", 8, 20)]
    assert [best[name] for name in ("latency", "ii", "lut", "ff", "dsp")] == [133, 84, 362637, 110212, 60]
    assert list(points.loc["microboone", "after_logits"].unique()) == [2, 3]
    assert points["after_logits"].notna().all() and points["levels"].isna().all()


@pytest.fixture
def network(monkeypatch, tmp_path):
    """`table_of` on the tiny design of the tests, which is emitted and mapped in no time; counts the syntheses."""
    calls = []

    def emit(hls_model, folder, design):
        return tiny(folder) if not folder.exists() else tiny_again(folder)

    def tiny_again(folder):
        shutil.rmtree(folder)
        return tiny(folder)

    def flow(project, hls_model, *, refresh):
        calls.append(refresh)
        rows = [ROW | {"module": "sum", "group": "input reduction"}, ROW]
        table = pd.DataFrame(rows).assign(tool="Yosys 0", latency_min=pd.NA, latency_max=pd.NA, ii=pd.NA)
        return design_points.with_cycles(table, 5, 1)

    class Model:
        keras_model = type("Keras", (), {"name": "tiny"})

    monkeypatch.setattr(design_points, "emit_rtl", emit)
    monkeypatch.setattr(design_points, "measured", flow)
    monkeypatch.setattr(Network, "of", lambda model: None)
    options = {"folder": tmp_path / "own", "committed": tmp_path / "committed"}
    return lambda **more: (table_of(Model, "no DSP", **options | more), len(calls))


def top_of(table):
    return table.set_index("module").loc["TOP"]


def test_a_table_is_made_once_and_then_taken(network, tmp_path, capsys):
    table, made = network()
    again, made_again = network()
    assert (made, made_again) == (1, 1)
    assert [top_of(t)[["latency_max", "ii", "lut"]].tolist() for t in (table, again)] == 2 * [[5, 1, 2000]]
    assert "from tiny_no_DSP.json, made with Yosys 0" in capsys.readouterr().out
    assert network(refresh=True)[1] == 2


def test_a_committed_table_is_taken_and_a_stale_one_is_not(network, tmp_path, capsys):
    network()
    (tmp_path / "committed").mkdir()
    mine, theirs = (tmp_path / folder / "tiny_no_DSP.json" for folder in ("own", "committed"))
    mine.rename(theirs)
    assert network()[1] == 1 and not mine.exists()
    theirs.write_text(theirs.read_text().replace('"sources": "', '"sources": "other'))
    assert network()[1] == 2 and mine.exists()
    assert "tiny_no_DSP.json is stale" in capsys.readouterr().out


def some_points():
    rows = [(8, "fast", 20, 900), (8, "small", 40, 300), (8, "no DSP", 41, 500), (20, "fast", 22, 2000)]
    points = pd.DataFrame(rows, columns=["n_active", "design", "latency", "lut"])
    return points.assign(dsp=0, area=points["lut"], levels=12.0)


def test_pareto_joins_the_front_of_each_n(ax):
    fronts = design_plots.pareto(ax, some_points(), "lut", published=published_points().query("dataset == 'lhc_jets'"))
    assert {n: list(zip(*line.get_data(), strict=True)) for n, line in fronts.items()} == {
        8: [(300, 40), (900, 20)],
        20: [(2000, 22)],
    }
    assert "published" in {text.get_text() for text in ax.get_legend().get_texts()}
    assert "Verilator" in ax.artists[0].txt.get_text() and "vendor" in ax.artists[0].txt.get_text()


def test_an_n_has_the_colour_of_its_network(ax):
    fronts = design_plots.pareto(ax, some_points(), "lut")
    styles = line_styles(f"sparse N={n}" for n in fronts)
    assert [line.get_color() for line in fronts.values()] == [style["color"] for style in styles.values()]


def test_what_is_beaten_is_hollow(ax):
    design_plots.pareto(ax, some_points(), "lut", legend=False)
    faces = [line.get_markerfacecolor() for line in ax.lines if line.get_marker() != "None"]
    assert faces.count("white") == 1


@pytest.mark.parametrize(
    ("points", "cost", "match"),
    [
        (some_points(), "money", "cost='money'"),
        (some_points().iloc[:0], "lut", "one data set"),
        (pd.concat([some_points()] * 2), "lut", "one data set"),
    ],
)
def test_pareto_refuses_what_it_cannot_draw(ax, points, cost, match):
    with pytest.raises(ValueError, match=match):
        design_plots.pareto(ax, points, cost)
