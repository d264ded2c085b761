"""The vendor's column beside ours: a small project with excerpts of genuine reports, renamed to be its own."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from tiny_rtl import some_images, sums, tiny

from sparsepixels_lib import measure
from sparsepixels_lib.measure.placed import OURS, VENDOR
from sparsepixels_lib.paths import DEVICE
from sparsepixels_lib.rtl.files import write_project_files

EXCERPTS = Path(__file__).parent / "fixtures" / "place_and_route"
TOP = {"module": "TOP", "stage": "yosys", "tool": "Yosys 0.70 (pyosys)", "device": "xcu250", "latency_max": 31}
TOP |= {"lut": 5000, "ff": 300, "dsp": 41, "bram18": 2}


def table(**more) -> pd.DataFrame:
    """What the open flow says of a design: one layer, and the total."""
    layer = {**TOP, "module": "conv", "lut": 4000, "latency_max": pd.NA}
    rows = pd.DataFrame([layer, {**TOP, **more}])
    return rows.astype(dict.fromkeys(["latency_max", "lut", "ff", "dsp", "bram18"], "Int64"))


@pytest.fixture
def project(tmp_path):
    """An emitted project as its script leaves it."""
    made = tiny(tmp_path / "project")
    write_project_files(made, some_images(2), sums(some_images(2)))
    reports = made.folder / "vivado"
    for path in EXCERPTS.glob("*.rpt"):
        text = path.read_text().replace("hmodel_fn", "tiny")
        text = text.replace("xcvu13p-flga2577-2-e", DEVICE).replace("xcvu13p-flga2577", "xcu250-figd2104")
        (reports / path.name).write_text(text)
    shutil.copytree(made.folder / "rtl", reports / "rtl")
    return made


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_what_vivado_found_stands_beside_what_was_estimated(project):
    found = measure.placed(project, table(ns=3.2, ns_routed=4.75))
    assert list(found.columns) == [OURS, VENDOR, "source"]
    assert found[[OURS, VENDOR]].T.to_dict("list") == {
        "clock period [ns]": [4.5, 5.0],
        "delay, estimate after synthesis [ns]": [3.2, 4.588],  # 5 - 0.412
        "delay after routing [ns]": [4.75, 4.549],  # 5 - 0.451
        "hold slack after routing [ns]": [pytest.approx(float("nan"), nan_ok=True), 0.055],
        "latency [cycles]": [31, 31],
        "latency [ns]": [31 * 4.75, 31 * 5.0],
        "LUT": [5000, 3837],
        "FF": [300, 209],
        "DSP": [41, 40],
        "BRAM18": [2, 4],
    }
    assert "3837 " in found.to_string() and "3837.0" not in found.to_string()  # a count, not a measure
    assert (found.attrs["tool"], found.attrs["device"]) == ("Vivado v.2025.1", DEVICE)


def test_every_figure_says_where_it_is_from(project):
    source = measure.placed(project, table(ns=3.2, ns_routed=4.75))["source"]
    netlist = "estimated on the netlist of Yosys 0.70 (pyosys)"
    assert source["delay, estimate after synthesis [ns]"] == f"{netlist}; vendor: post_synth_timing.rpt"
    assert source["delay after routing [ns]"] == f"{netlist}; vendor: post_route_timing.rpt"
    assert source["hold slack after routing [ns]"] == "not known; vendor: post_route_timing.rpt"
    assert source["latency [cycles]"] == "simulated; vendor: the same cycles"
    assert source["DSP"] == "Yosys 0.70 (pyosys); vendor: post_route_util.rpt"
    longer = "cycles x the longer of period and delay after routing"
    assert source["latency [ns]"] == f"{longer}; vendor: {longer}"
    assert "estimated, not placed" in OURS


def test_a_clock_that_is_too_fast_is_slowed_to_the_delay(project):
    path = project.folder / "vivado" / "post_route_timing.rpt"
    replace_in(
        path, "      0.451        0.000                      0 ", "     -1.250      -31.500                     77 "
    )
    replace_in(path, "(MET) :             0.451ns", "(VIOLATED) :        -1.250ns")
    found = measure.placed(project, table(ns=3.2, ns_routed=5.5))
    assert found.loc["delay after routing [ns]", VENDOR] == 6.25
    assert found.loc["latency [ns]", [OURS, VENDOR]].tolist() == [31 * 5.5, 31 * 6.25]


def test_our_column_alone_has_nan_for_what_is_not_known(tmp_path):
    found = measure.estimated(tiny(tmp_path), table(latency_max=pd.NA))
    unknown = found.index[found[OURS].isna()]
    assert list(unknown) == [row for row in found.index if re.match("delay|hold|latency", row)]
    assert set(found.loc[unknown, "source"]) == {"not known"}
    assert found.loc["LUT", OURS] == 5000 and found.loc["clock period [ns]", OURS] == 4.5
    assert measure.estimated(tiny(tmp_path / "2"), table())[OURS]["latency [ns]"] == 31 * 4.5


@pytest.mark.parametrize(
    "wrong", [pd.DataFrame(), table(stage="vsynth"), table(module="conv")], ids=["empty", "vendor", "no TOP"]
)
def test_a_table_that_is_not_of_the_open_flow_is_refused(project, wrong):
    with pytest.raises(ValueError, match="no row TOP of Yosys: give the table of measured or synthesize_open"):
        measure.placed(project, wrong)


def test_the_script_writes_what_is_read_and_reads_what_it_keeps(project):
    """No vendor's tool runs here: the emitted script as text."""
    script = (project.folder / "vivado" / "place_and_route.tcl").read_text()
    written = re.findall(r"^report_(\w+) -file vivado/(\S+)$", script, re.M)
    assert {name for _, name in written} == {path.name for path in EXCERPTS.glob("*.rpt")}
    assert {(command, name.split("_")[2]) for command, name in written} == {
        ("timing_summary", "timing.rpt"),
        ("utilization", "util.rpt"),
    }
    steps = ["file copy", "read_verilog", "read_xdc", "synth_design", "report_utilization -file vivado/post_synth"]
    steps += [
        "opt_design",
        "place_design",
        "phys_opt_design",
        "route_design",
        "report_timing_summary -file vivado/post_route",
    ]
    places = [re.search(rf"^{step}", script, re.M).start() for step in steps]
    assert places == sorted(places)
    assert f'"{DEVICE}"' in script and "synth_design -top tiny -part $part -mode out_of_context" in script
    assert "constraints/clock.xdc, 4.5 ns" in script and "@@" not in script
    assert "file copy rtl vivado/rtl\n" in script and "[glob vivado/rtl/*.sv]" in script


def test_the_readme_says_the_command_that_a_missing_report_names(project):
    readme = (project.folder / "README.md").read_text()
    for path in sorted((project.folder / "vivado").glob("*.rpt")):
        text = path.read_bytes()
        path.unlink()
        with pytest.raises(
            FileNotFoundError, match=f"{path.name} is missing: run `(.*)` in the project's folder"
        ) as error:
            measure.placed(project, table())
        command = re.search("`(.*)`", str(error.value))[1]
        assert f"\n    {command}\n" in readme and f"`{path.name}`" in readme
        path.write_bytes(text)


def test_reports_may_lie_in_another_folder(project, tmp_path):
    here = measure.placed(project, table())
    (project.folder / "vivado").rename(tmp_path / "from_the_lab")
    pd.testing.assert_frame_equal(measure.placed(project, table(), tmp_path / "from_the_lab"), here)


def test_a_folder_without_an_emitted_project_is_refused(project):
    (project.folder / "README.md").write_text("# my own\n")
    with pytest.raises(FileNotFoundError, match=f"{project.folder} holds no emitted project: emit_rtl writes one"):
        measure.placed(project, table())


@pytest.mark.parametrize("name", sorted(path.name for path in EXCERPTS.glob("*.rpt")))
def test_a_report_of_another_design_device_or_stage_is_refused(project, name):
    path = project.folder / "vivado" / name
    state = "Synthesized" if "synth" in name else "Routed"
    right = path.read_text()
    for old, new, said in [
        (": tiny\n", ": large\n", f"{name} is of the design large, the project's top is tiny: run `vivado"),
        (": xcu250-figd2104", ": xcvu13p-flga2577", f"{name} is for xcvu13p-flga2577.*, not for {DEVICE}: say part="),
        (f": {state}\n", ": Physopt postPlace\n", f"{name} is of a design in the state Physopt postPlace, not {state}"),
    ]:
        replace_in(path, old, new)
        with pytest.raises(ValueError, match=said):
            measure.placed(project, table())
        path.write_text(right)
    assert len(measure.placed(project, table())) == 10


def test_a_part_that_the_script_was_told_is_told_again(project):
    for path in (project.folder / "vivado").glob("*.rpt"):
        replace_in(path, ": xcu250-figd2104", ": xcvu9p-flga2104")
    with pytest.raises(ValueError, match="is for xcvu9p-flga2104, not for xcu250-figd2104-2L-e"):
        measure.placed(project, table())
    assert measure.placed(project, table(), part="xcvu9p-flga2104-2L-e")[VENDOR]["LUT"] == 3837


def test_reports_of_sources_that_have_changed_since_are_refused(project):
    source = project.folder / "rtl" / "tiny.sv"
    source.write_text("// A comment is no other design.\n" + source.read_text())
    assert measure.placed(project, table())[VENDOR]["LUT"] == 3837
    replace_in(source, "partial + 17'", "partial - 17'")
    with pytest.raises(ValueError, match="vivado has reports of other sources than .*rtl: run `vivado"):
        measure.placed(project, table())
    shutil.rmtree(project.folder / "vivado" / "rtl")
    with pytest.raises(ValueError, match="reports of other sources"):
        measure.placed(project, table())
