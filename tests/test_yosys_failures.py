"""What synthesis with Yosys says of a source that is wrong, and of a Yosys that is missing, fails or is stopped."""

import os
import tempfile

import pytest
from test_yosys import needs_yosys, project

from sparsepixels_lib.measure import resources as yosys
from sparsepixels_lib.tools import yosys as yosys_netlist
from sparsepixels_lib.tools.process import MissingTool


@pytest.fixture
def unread(tmp_path):
    """A project for what happens before, or in place of, reading its source."""
    return project(tmp_path, "bad", {}, bad="module bad; endmodule")


def dead(monkeypatch, code: str) -> None:
    """Let `code` run where Yosys would."""
    monkeypatch.setattr(yosys_netlist, "PACKAGES", {"pyosys": code})


def test_a_damaged_table_is_refused(unread, tmp_path):
    (tmp_path / "table.json").write_text('{"rows": [')
    with pytest.raises(ValueError, match=r"table.json is no table of write_table: delete it"):
        yosys.load_table(tmp_path / "table.json", unread)


BAD = {
    "a latch": ("always_comb if (a) y = b;", "Latch inferred for signal `bad.y'"),
    "an old-style latch": ("reg q; always @* if (a) q = b; assign y = q;", "Latch inferred for signal `bad.q'"),
    "two drivers": ("assign y = a; assign y = b;", r"multiple conflicting drivers for bad\.\w"),
    "no driver": ("logic [3:0] ghost; assign y = a & ghost[2];", r"Wire bad.ghost \[2\] is used but has no driver"),
    "a loop": ("logic p; assign p = y ^ a; assign y = p & b;", r"logic loop in module bad(.|\n)*bad\.sv:2"),
    "a wrong width": ("leaf u (.a({a, b}), .y);", r"Resizing cell port bad\.u\.a from 2 bits to 1"),
    "an initial value": (
        "logic q = 1'b1; always_ff @(posedge a) q <= b; assign y = q;",
        r"bad\.q has an initial value",
    ),
    "an open input": ("leaf u (.y);", "input a of bad.u is not connected"),
    "a loop through modules": ("logic p; leaf u (.a(p), .y); leaf v (.a(y), .y(p));", r"loop"),
    "a syntax error": ("assign y = a &;", r"bad\.sv:2: ERROR: syntax error"),
    "an unknown module": ("ghost u (.a, .y);", "ghost"),
}


@needs_yosys
@pytest.mark.parametrize(("body", "message"), BAD.values(), ids=BAD)
def test_a_fault_of_the_source_is_named(body, message, tmp_path):
    leaf = "module leaf (input logic a, output logic y); assign y = ~a; endmodule"
    text = f"module bad #(parameter int N = 1) (input logic a, b, output logic y);\n{body}\nendmodule\n{leaf}"
    bad = project(tmp_path, "bad", {}, bad=text)
    with pytest.raises((RuntimeError, ValueError), match=message):
        yosys.synthesize_open(bad, progress=False, parallel=1)
    assert not list(tmp_path.glob("yosys/*.json"))


@needs_yosys
def test_a_fault_in_a_module_with_parameters_is_named_as_in_the_source(tmp_path):
    bad = "module leaf #(parameter int N = 1) (output logic y); logic [N:0] ghost; assign y = ^ghost; endmodule"
    top = "module top (output logic y, z); leaf #(.N(2)) u (.y); leaf #(.N(3)) v (.y(z)); endmodule"
    with pytest.raises(RuntimeError, match=r"Wire leaf\.ghost \[\d\] .* more"):
        yosys.synthesize_open(project(tmp_path, "top", {}, all=f"{bad}\n{top}"), progress=False)


@needs_yosys
def test_a_layer_that_the_top_lacks_is_refused(tmp_path):
    text = "module top (input logic a, output logic y); assign y = ~a; endmodule"
    with pytest.raises(ValueError, match="top has no instance conv1"):
        yosys.synthesize_open(project(tmp_path, "top", {"conv1": "sparse conv 1"}, top=text), parallel=1)


def test_without_yosys_one_line_says_what_to_install(unread, monkeypatch):
    monkeypatch.setattr(yosys_netlist, "PACKAGES", {})
    with pytest.raises(MissingTool, match="pip install pyosys"):
        yosys.synthesize_open(unread)


@needs_yosys
@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os; print('half done', flush=True); os.abort()", "ended with code -6 .* last line: half done"),
        ("sys.exit('ERROR: no space left')", "no space left"),
        (
            "open('design.il', 'w').write('module \\\\bad\\nend\\n'); open('initial.txt', 'w'); "
            "open('1.json', 'w').write('{')",
            "disk full",
        ),
    ],
    ids=["abort", "error", "half a netlist"],
)
def test_a_crash_of_yosys_is_one_line_and_leaves_nothing_in_the_cache(unread, monkeypatch, code, message):
    dead(monkeypatch, code)
    with pytest.raises(RuntimeError, match=message):
        yosys.synthesize_open(unread, progress=False)
    assert [path.name for path in (unread.folder / "yosys").iterdir()] == ["bad.log"]


@needs_yosys
def test_the_log_has_no_path_of_this_machine(tmp_path, own_cache):
    """It is in the folder of the project, which may be given away."""
    text = "module top (input logic a, b, output logic y); assign y = a ^ b; endmodule"
    yosys.synthesize_open(project(tmp_path, "top", {}, top=text), progress=False, parallel=1)
    log = (tmp_path / "yosys" / "top.log").read_text()
    assert "techmap" in log and "site-packages" not in log and str(tmp_path) not in log


@needs_yosys
def test_a_design_is_mapped_whatever_the_paths_of_its_source_its_log_and_tmpdir(tmp_path, monkeypatch):
    (folder := tmp_path / "it's a b").mkdir()
    (folder / "my top.sv").write_text("module top (input logic a, b, output logic y); assign y = a ^ b; endmodule")
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    log = folder / "top.log"
    mapped = yosys_netlist.netlist([folder / "my top.sv"], "top", log=log, progress=False, parallel=1)
    assert list(mapped["modules"]) == ["top"]


@needs_yosys
def test_ctrl_c_ends_yosys_and_leaves_nothing_in_the_cache(unread, monkeypatch, tmp_path):
    note = tmp_path / "pid"
    dead(monkeypatch, f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(600)")

    def interrupt(_seconds):
        if note.exists() and note.read_text():
            raise KeyboardInterrupt

    monkeypatch.setattr(yosys_netlist.time, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt, match="bad"):
        yosys.synthesize_open(unread, progress=False)
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)
    assert [path.name for path in (unread.folder / "yosys").iterdir()] == ["bad.log"]
