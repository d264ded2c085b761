"""Reports of Vivado's place and route: excerpts always, genuine ones beside those that SPARSEPIXELS_REPORTS names."""

import os
import re
from dataclasses import asdict
from pathlib import Path

import pytest

from sparsepixels_lib.measure.implementation import read_timing, read_utilization

EXCERPTS = Path(__file__).parent / "fixtures" / "place_and_route"
KINDS = {"timing": read_timing, "util": read_utilization}

# Read by eye, each with the line of the genuine report it stands in
LINES = {"wns": 142, "tns": 142, "failing": 142, "whs": 142, "start": 205, "end": 207, "period": 211, "delay": 212}
LINES |= {"logic": 212, "route": 212, "levels": 213, "uncertainty": 218}
TABLE = "table_21e1011e_a7ee_478d_a5a7_62ef284a1f94_U"
TIMING = {
    "hmodel_post_synth": ("0.412", "0.000", "0", "-0.020", f"{TABLE}/q7_reg/CLKBWRCLK", "v341_reg_7181_reg[12]/D")
    + ("5.000", "4.423", "2.995", "1.428", "13", "0.135"),
    "hmodel_post_route": ("0.451", "0.000", "0", "0.055", f"{TABLE}/q6_reg/CLKBWRCLK", "v347_reg_7222_reg[10]/D")
    + ("5.000", "4.384", "2.971", "1.413", "11", "0.135"),
    "vmodel_post_synth": ("2.190", "0.000", "0", "-0.442", "stage9_inp_reg[1263]/C", "stage10_inp_reg[661]/D")
    + ("5.000", "2.291", "0.856", "1.435", "8", "0.535"),
    "vmodel_post_route": ("0.822", "0.000", "0", "-0.267", "stage9_inp_reg[1262]_bret__11/C", "stage10_inp_reg[546]/D")
    + ("5.000", "3.658", "0.847", "2.811", "6", "0.535"),
}
UTILIZATION = {  # resource: (number, line)
    "hmodel_post_synth": {"lut": (3866, 38), "ff": (209, 42), "carry8": (577, 44), "uram": (0, 83), "dsp": (40, 94)},
    "hmodel_post_route": {"lut": (3837, 40), "ff": (209, 44), "carry8": (577, 46), "uram": (0, 115), "dsp": (40, 126)},
    "vmodel_post_synth": {"lut": (4855, 38), "ff": (3420, 44), "carry8": (666, 46), "uram": (0, 84), "dsp": (80, 95)},
    "vmodel_post_route": {"lut": (5804, 40), "ff": (3420, 46), "carry8": (666, 48), "uram": (0, 116), "dsp": (80, 127)},
}
BRAM18 = {"hmodel": 4, "vmodel": 0}  # lines 81, 113, 83, 115; no RAMB36 in the line above
ACHIEVED = {
    "hmodel_post_synth": 4.588,
    "hmodel_post_route": 4.549,
    "vmodel_post_synth": 2.81,
    "vmodel_post_route": 4.178,
}


@pytest.fixture
def genuine():
    folder = os.environ.get("SPARSEPIXELS_REPORTS")
    if not folder or not (Path(folder).parent / "place_and_route").is_dir():
        pytest.skip("no genuine reports of place and route beside the folder that SPARSEPIXELS_REPORTS names")
    return Path(folder).parent / "place_and_route"


def edited(folder: Path, name: str, *changes: tuple[str, str]) -> Path:
    """A copy of an excerpt with some texts replaced, each at least once."""
    text = (EXCERPTS / name).read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / name).write_text(text)
    return folder / name


def timing_figures(path: Path) -> dict:
    found = asdict(read_timing(path))
    return found | found.pop("worst")


def primitives(text: str) -> dict[str, int]:
    section = re.search(r"\n\d+\. Primitives\n-+\n(.*?)\n\n\n", text + "\n\n\n", re.S)[1]
    return {name: int(used) for name, used in re.findall(r"^\| (\w+) +\| +(\d+) \|", section, re.M)}


@pytest.mark.parametrize("name", TIMING)
def test_genuine_timing_is_as_read_by_eye(genuine, name):
    path = genuine / f"{name}_timing.rpt"
    lines, found = path.read_text().splitlines(), timing_figures(path)
    for (figure, line), text in zip(LINES.items(), TIMING[name], strict=True):
        assert re.search(rf"(^|[\s-]){re.escape(text.removeprefix('-'))}(\s|ns|$)", lines[line - 1]), figure
        assert found[figure] == (text if figure in ("start", "end") else float(text)), figure
    assert read_timing(path).achieved == ACHIEVED[name]


@pytest.mark.parametrize("name", UTILIZATION)
def test_genuine_utilization_is_as_read_by_eye(genuine, name):
    path = genuine / f"{name}_util.rpt"
    lines, found = path.read_text().splitlines(), asdict(read_utilization(path))
    for resource, (number, line) in UTILIZATION[name].items():
        assert lines[line - 1].split("|")[2].strip() == str(number), resource
        assert found[resource] == number, resource
    assert found["bram18"] == BRAM18[name.split("_")[0]]


@pytest.mark.parametrize("name", TIMING)
def test_the_head_says_tool_design_device_and_state(genuine, name):
    state = {"synth": "Synthesized", "route": "Routed"}[name.split("_")[-1]]
    design = {"hmodel": "hmodel_fn", "vmodel": "vmodel"}[name.split("_")[0]]
    timing, used = read_timing(genuine / f"{name}_timing.rpt"), read_utilization(genuine / f"{name}_util.rpt")
    for report in timing, used:
        assert (report.tool, report.design, report.state) == ("Vivado v.2025.1", design, state)
    assert (timing.device, timing.speed_file) == ("xcvu13p-flga2577", "-2  PRODUCTION 1.28 03-30-2022")
    assert (used.device, used.speed_file) == ("xcvu13p-flga2577-2-e", "-2")


@pytest.mark.parametrize("name", TIMING)
def test_the_figures_of_a_path_add_up_to_the_slack_that_the_report_states(genuine, name):
    path = genuine / f"{name}_timing.rpt"
    text, timing = path.read_text(), read_timing(path)
    skew = float(re.search(r"Clock Path Skew: +(\S+)ns", text)[1])
    setup = float(re.search(r"\(Setup_\w+\)\s+(\S+) ", text)[1])
    required, arrival, slack = map(
        float, re.search(r"required time +(\S+) *\n.*?time +(\S+) .*?slack +(\S+)", text, re.S).groups()
    )
    picoseconds = pytest.approx(slack, abs=0.0015)  # each term was rounded to one
    assert timing.period - timing.worst.delay + skew - timing.uncertainty + setup == picoseconds
    assert required + arrival == picoseconds and timing.wns == slack
    assert timing.worst.logic + timing.worst.route == pytest.approx(timing.worst.delay, abs=0.0015)
    assert sum(map(int, re.findall(r"=(\d+)", text.splitlines()[LINES["levels"] - 1]))) == timing.worst.levels


@pytest.mark.parametrize("name", UTILIZATION)
def test_the_resources_are_the_primitives_that_the_report_lists(genuine, name):
    path = genuine / f"{name}_util.rpt"
    used, cells = read_utilization(path), primitives(path.read_text())
    assert used.ff == sum(number for cell, number in cells.items() if cell.startswith("FD"))
    assert (used.carry8, used.dsp) == (cells["CARRY8"], cells["DSP48E2"])
    assert used.bram18 == cells.get("RAMB18E2", 0) + 2 * cells.get("RAMB36E2", 0)
    assert used.lut <= sum(number for cell, number in cells.items() if re.match("LUT|SRL", cell))  # two share one


@pytest.mark.parametrize("stage", ["synth", "route"])
def test_an_excerpt_gives_what_its_report_gives(genuine, stage):
    for kind, read in KINDS.items():
        assert read(EXCERPTS / f"post_{stage}_{kind}.rpt") == read(genuine / f"hmodel_post_{stage}_{kind}.rpt")


@pytest.mark.parametrize("stage", ["synth", "route"])
def test_excerpts_are_as_read_by_eye(stage):
    found = timing_figures(EXCERPTS / f"post_{stage}_timing.rpt")
    for figure, text in zip(LINES, TIMING[f"hmodel_post_{stage}"], strict=True):
        assert found[figure] == (text if figure in ("start", "end") else float(text)), figure
    used = asdict(read_utilization(EXCERPTS / f"post_{stage}_util.rpt"))
    assert {name: used[name] for name in UTILIZATION[f"hmodel_post_{stage}"]} == {
        name: number for name, (number, _) in UTILIZATION[f"hmodel_post_{stage}"].items()
    }
    assert used["bram18"] == 4


def test_a_clock_that_was_too_fast_gives_the_period_that_would_do(tmp_path):
    path = edited(
        tmp_path,
        "post_route_timing.rpt",
        ("  0.451        0.000                      0 ", " -1.251      -31.500                     77 "),
        ("(MET) :             0.451ns", "(VIOLATED) :        -1.251ns"),
    )
    timing = read_timing(path)
    assert (timing.wns, timing.tns, timing.failing, timing.achieved) == (-1.251, -31.5, 77, 6.251)


def test_a_ramb36_is_two_of_18_and_ultraram_is_counted(tmp_path):
    changes = (
        ("RAMB36/FIFO*    |    0 |", "RAMB36/FIFO*    |    3 |"),
        ("| URAM              |    0 |", "| URAM              |    5 |"),
    )
    used = read_utilization(edited(tmp_path, "post_route_util.rpt", *changes))
    assert (used.bram18, used.uram) == (2 * 3 + 4, 5)


def test_a_timing_report_of_an_earlier_vivado_does_not_say_the_state(tmp_path):
    path = edited(tmp_path, "post_route_timing.rpt", ("| Design State      : Routed\n", ""), ("v.2025.1", "v.2021.2"))
    assert (read_timing(path).state, read_timing(path).tool) == (None, "Vivado v.2021.2")


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_that_is_not_there_says_the_command_that_makes_it(tmp_path, kind):
    for path in tmp_path / "none.rpt", tmp_path:
        with pytest.raises(FileNotFoundError, match=f"{path} is missing: run `vivado .*place_and_route.tcl`"):
            KINDS[kind](path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stage", ["synth", "route"])
def test_a_report_cut_anywhere_is_refused_or_still_says_the_same(tmp_path, stage, kind):
    whole, path, refused = EXCERPTS / f"post_{stage}_{kind}.rpt", tmp_path / "cut.rpt", 0
    text = whole.read_text()
    expected = KINDS[kind](whole)
    for end in range(0, len(text), 17):
        path.write_text(text[:end])
        try:
            assert KINDS[kind](path) == expected
        except ValueError as error:
            assert re.search(r"cut.rpt is no complete report of report_\w+, its .* is missing: run `vivado", str(error))
            refused += 1
    assert refused > 0.5 * len(text) / 17


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_another_kind_is_refused(tmp_path, kind):
    (tmp_path / "binary.rpt").write_bytes(bytes(range(256)) * 9)
    hierarchical = EXCERPTS.parent / "reports" / "vitis" / "vivado_synth.rpt"
    other = EXCERPTS / f"post_route_{'util' if kind == 'timing' else 'timing'}.rpt"
    for path in tmp_path / "binary.rpt", hierarchical, other:
        with pytest.raises(ValueError, match=f"{path.name} is no complete report of report_"):
            KINDS[kind](path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "0.451        0.000                      0 ",
            "   NA           NA                     NA ",
            "no path is timed",
        ),
        (
            "default  {0.000 2.500}        5.000 ",
            "a {0 1} 2.000 500\nb {0 2.5} 5.000 ",
            "clocks a of 2.000, b of 5.000 ns",
        ),
        ("Requirement:            5.000ns", "Requirement:            2.500ns", "a path of 2.5 ns"),
        (
            "(MET) :             0.451ns",
            "(MET) :             0.452ns",
            "WNS 0.451 ns, and a path of 5.0 ns with 0.452 ns",
        ),
        ("4.384ns  (logic", "4.384ns  (cells", "its worst setup path is missing"),
        ("Clock Uncertainty:      0.135ns", "Clock Uncertainty:      unknown", "its worst setup path is missing"),
    ],
    ids=["no clock", "two clocks", "half a period", "other slack", "no split", "no number"],
)
def test_timing_that_is_not_of_one_clock_or_damaged_is_refused(tmp_path, old, new, said):
    with pytest.raises(ValueError, match=said):
        read_timing(edited(tmp_path, "post_route_timing.rpt", (old, new)))


def test_utilization_of_another_device_family_is_refused_by_the_row_that_it_lacks(tmp_path):
    with pytest.raises(ValueError, match="its row `CLB LUTs` is missing"):
        read_utilization(edited(tmp_path, "post_route_util.rpt", ("| CLB LUTs   ", "| Slice LUTs ")))
