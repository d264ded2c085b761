"""Vendor reports: genuine ones where SPARSEPIXELS_REPORTS names their folder, small ones in their layout always."""

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from sparsepixels_lib.measure import published
from sparsepixels_lib.measure.reports import COLUMNS, COUNTS, RESOURCES, groups, read_reports

FIXTURES = Path(__file__).parent / "fixtures" / "reports"
GENUINE = {  # folder: network
    "neutrino-model-8b-hls_full": ("microboone", 8, 0),
    "neutrino-model-8b-hls_sparse_l": ("microboone", 8, 20),
    "sparsemnist-model-16b-hls_sparse_t": ("sparse_mnist", 16, 8),
}


@pytest.fixture
def project(tmp_path):
    """A copy of the small Vitis project, to be damaged."""
    return Path(shutil.copytree(FIXTURES / "vitis", tmp_path / "project"))


@pytest.fixture
def genuine():
    folder = os.environ.get("SPARSEPIXELS_REPORTS")
    if not folder:
        pytest.skip("SPARSEPIXELS_REPORTS does not name the folder of the genuine vendor reports")
    return Path(folder)


def figures(table: pd.DataFrame, stage: str, *columns: str) -> list[tuple]:
    return list(table.loc[table["stage"] == stage, list(columns)].itertuples(index=False, name=None))


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def assert_rows_sum_to_top(table: pd.DataFrame) -> None:
    for _, stage in table.groupby("stage"):
        top = stage["module"] == "TOP"
        assert stage.loc[~top, RESOURCES].sum().to_dict() == stage.loc[top, RESOURCES].iloc[0].to_dict()


def test_c_synthesis_of_a_sparse_network_by_vitis():
    assert figures(read_reports(FIXTURES / "vitis"), "csynth", "group", *COUNTS) == [
        ("input reduction", 18, 18, 18, 0, 0, 300, 1000),
        ("sparse conv 1", 4, 4, 4, 0, 16, 120, 500),
        ("relu 1", 0, 0, 1, 0, 0, 10, 20),
        ("sparse conv 2", 4, pd.NA, 4, 0, 24, 140, 600),
        ("relu 2", 0, 0, 1, 0, 0, 10, 20),
        ("mlp", 3, 3, 1, 1, 8, 200, 900),
        ("mlp", 0, 0, 1, 0, 0, 15, 60),
        ("fifo", pd.NA, pd.NA, pd.NA, 0, 0, 60, 50),
        ("fifo", pd.NA, pd.NA, pd.NA, 0, 0, 5, 7 + 18),
        ("total", 33, 35, 18, 1, 48, 860, 3175),
    ]


def test_logic_synthesis_of_a_sparse_network_by_vitis():
    assert figures(read_reports(FIXTURES / "vitis"), "vsynth", "group", *RESOURCES) == [
        ("input reduction", 0, 0, 280, 400),
        ("sparse conv 1", 0, 16, 110, 150),
        ("relu 1", 0, 0, 9, 5),
        ("sparse conv 2", 2, 24, 130, 200),  # one RAMB36
        ("relu 2", 0, 0, 9, 6),
        ("mlp", 1, 9, 180, 300),
        ("mlp", 0, 0, 14, 10),
        ("fifo", 0, 0, 10 + 10 + 4, 12 + 14 + 2),
        ("fifo", 0, 0, 5, 3),
        ("fifo", 0, 0, 0, 1097 - 1102),
        ("total", 3, 49, 761, 1097),
    ]


def test_standard_network_by_vivado_is_put_in_the_order_of_its_layers():
    table = read_reports(FIXTURES / "vivado")
    assert figures(table, "csynth", "group", "latency_max", "bram18", "dsp", "ff", "lut") == [
        ("conv 1", 40, 0, 0, 10, 100),
        ("relu 1", 36, 0, 0, 2, 10),
        ("conv 2", 42, 0, 3, 20, 200),
        ("mlp", 8, 0, 1, 30, 300),
        ("mlp", 1, 0, 0, 4, 5),
        ("zero pad", 50, 0, 0, 1, 6),
        ("fifo", pd.NA, 2, 0, 8, 9),
        ("fifo", pd.NA, 0, 0, 0, 2),
        ("total", 100, 2, 4, 75, 632),
    ]
    assert figures(table, "vsynth", "group", "lut") == [
        ("conv 1", 50),
        ("relu 1", 5),
        ("conv 2", 90),
        ("mlp", 120),
        ("mlp", 2),
        ("zero pad", 3),
        ("fifo", 4),
        ("fifo", 8),
        ("total", 282),
    ]


def test_table_says_stage_tool_device_and_share_of_the_device():
    table = read_reports(FIXTURES / "vitis")
    assert list(table.columns) == COLUMNS
    assert figures(table[table["module"] == "TOP"], "csynth", "tool", "device") == [
        ("Vitis HLS 2023.1", "xc7a35t-csg324-1")
    ]
    assert figures(table[table["module"] == "TOP"], "vsynth", "tool") == [("Vivado v.2023.1",)]
    share = figures(table[table["module"] == "TOP"], "csynth", "bram18_pct", "dsp_pct", "ff_pct", "lut_pct")[0]
    assert share == pytest.approx((100 * 1 / 100, 100 * 48 / 90, 100 * 860 / 41600, 100 * 3175 / 20800))


def test_functions_of_our_own_firmware_are_grouped_like_the_published():
    ours = {
        "input_reduce_ap_fixed_ap_fixed_ap_uint_config2_U0": "input reduction",
        "qconv2d_sparse_ap_fixed_ap_uint_ap_fixed_config3_U0": "sparse conv 1",
        "relu_ap_fixed_24_12_5_3_0_ap_ufixed_8_2_4_0_0_relu_config4_U0": "relu 1",
        "max_pooling2d_sparse_ap_ufixed_ap_uint_ap_ufixed_ap_uint_config5_U0": "pool 1",
        "qconv2d_sparse_ap_ufixed_ap_uint_ap_fixed_config6_U0": "sparse conv 2",
        "relu_ap_fixed_25_13_5_3_0_ap_ufixed_8_2_4_0_0_relu_config7_U0": "relu 2",
        "average_pooling2d_sparse_ap_ufixed_ap_uint_ap_ufixed_ap_uint_config8_U0": "pool 2",
        "sparse_flatten_ap_ufixed_ap_uint_ap_ufixed_config9_U0": "flatten",
        "dense_latency_ap_ufixed_8_2_4_0_0_ap_fixed_25_14_5_3_0_config10_U0": "mlp",
        "relu_ap_fixed_25_14_5_3_0_ap_ufixed_8_2_4_0_0_relu_config12_U0": "mlp",
    }
    assert groups(ours) == list(ours.values())


@pytest.mark.parametrize("tool", ["vitis", "vivado"])
def test_rows_of_each_stage_sum_to_top(tool):
    assert_rows_sum_to_top(read_reports(FIXTURES / tool))


def test_project_without_logic_synthesis_has_one_stage(project):
    (project / "vivado_synth.rpt").unlink()
    assert set(read_reports(project)["stage"]) == {"csynth"}


def test_rows_below_the_first_level_are_part_of_their_parent(project):
    report = project / "vivado_synth.rpt"
    lines = report.read_text().splitlines()
    dense = next(i for i, line in enumerate(lines) if line.startswith("|   dense_latency"))
    inside = lines[dense].replace("|   dense", "|     dense").replace("U0  |", "U0|")
    report.write_text("\n".join([*lines[: dense + 1], inside, *lines[dense + 1 :]]))
    pd.testing.assert_frame_equal(read_reports(project), read_reports(FIXTURES / "vitis"))


def test_folder_without_reports_is_refused_by_name(tmp_path):
    with pytest.raises(FileNotFoundError, match=f"{tmp_path} has no folder .*after C-synthesis"):
        read_reports(tmp_path)


@pytest.mark.parametrize("content", ["", "<profile>\n<ReportVersion>", "<profile></profile>", "no xml at all"])
@pytest.mark.parametrize("module", ["myhls", "dense_latency_*", "sparse_relu_*"])
def test_damaged_xml_report_is_refused_by_name(project, module, content):
    (report,) = project.rglob(f"{module}_csynth.xml")
    report.write_text(content)
    with pytest.raises(ValueError, match=f"{report.name} is not a complete .*run C-synthesis again"):
        read_reports(project)


def test_missing_xml_report_is_refused_by_name(project):
    (report,) = project.rglob("sparse_input_reduce*_csynth.xml")
    report.unlink()
    with pytest.raises(FileNotFoundError, match=f"{report.name} is missing: run C-synthesis again"):
        read_reports(project)


@pytest.mark.parametrize("keep", [0, 500, 2000])
def test_truncated_report_of_the_top_module_is_refused_by_name(project, keep):
    (report,) = project.rglob("myhls_csynth.rpt")
    report.write_text(report.read_text()[:keep])
    with pytest.raises(ValueError, match="myhls_csynth.rpt is not the complete C-synthesis report"):
        read_reports(project)


def test_module_report_of_another_run_is_refused(project):
    (report,) = project.rglob("dense_latency*_csynth.xml")
    replace_in(report, "<LUT>900</LUT>", "<LUT>901</LUT>")
    with pytest.raises(ValueError, match="myhls_csynth.rpt: its modules do not sum to its total"):
        read_reports(project)


@pytest.mark.parametrize("row", ["sparse_conv", "flatten_out_1", "relu_ap"])
def test_logic_synthesis_that_lost_a_row_is_refused(project, row):
    report = project / "vivado_synth.rpt"
    report.write_text("\n".join(line for line in report.read_text().splitlines() if not line.startswith(f"|   {row}")))
    with pytest.raises(ValueError, match="vivado_synth.rpt is cut short"):
        read_reports(project)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("|       1097 |       1097 |", "|       1103 |       1103 |", "vivado_synth.rpt is cut short"),
        ("xc7a35t-csg324-1", "xc7a100t-csg324-1", "is for xc7a100t-csg324-1, C-synthesis for xc7a35t-csg324-1"),
    ],
    ids=["fewer LUTs than its total", "another device"],
)
def test_logic_synthesis_that_does_not_fit_is_refused(project, old, new, said):
    replace_in(project / "vivado_synth.rpt", old, new)
    with pytest.raises(ValueError, match=said):
        read_reports(project)


def test_logic_synthesis_of_another_network_is_refused(project):
    shutil.copy(FIXTURES / "vivado" / "vivado_synth.rpt", project)
    with pytest.raises(ValueError, match="C-synthesis knows no conv_2d_cl_.*different runs"):
        read_reports(project)


@pytest.mark.parametrize("content", ["", "| Tool Version : Vivado v.2023.1\n| Device : xc7a35t\n| CLB LUTs | 97 |\n"])
def test_utilization_report_without_instances_is_refused(project, content):
    (project / "vivado_synth.rpt").write_text(content)
    with pytest.raises(ValueError, match="vivado_synth.rpt is no Vivado report with a table of instances"):
        read_reports(project)


def test_vivado_hls_without_layer_numbers_is_refused_because_it_lists_modules_in_no_order(tmp_path):
    project = Path(shutil.copytree(FIXTURES / "vivado", tmp_path / "project"))
    (report,) = project.rglob("myhls_csynth.rpt")
    replace_in(report, "_config5_U0", "_layer_U0")
    with pytest.raises(ValueError, match="_layer_U0 has no layer number"):
        read_reports(project)


@pytest.mark.parametrize("folder", GENUINE)
def test_genuine_rows_sum_to_the_totals_of_the_report_and_of_the_reference(genuine, folder):
    table = read_reports(genuine / folder)
    assert_rows_sum_to_top(table)
    totals = pd.read_csv(genuine.parent / "reference_totals.csv")
    project = folder.replace("-hls_", "/hls_").replace("-model", "/model")
    totals = totals[totals["source_path"].str.contains(project)].set_index("stage")
    for name in RESOURCES:
        totals[f"{name}_pct"] = (100 * totals[name] / totals[f"available_{name}"]).astype("Float64")
    top = table[table["module"] == "TOP"].set_index("stage")
    same = [*COUNTS, *(f"{name}_pct" for name in RESOURCES), "device"]
    pd.testing.assert_frame_equal(top[same], totals.astype(dict.fromkeys(COUNTS, "Int64"))[same])


@pytest.mark.parametrize("folder", GENUINE)
def test_genuine_modules_equal_the_published_table(genuine, folder):
    dataset, bits, n_active = GENUINE[folder]
    ours = read_reports(genuine / folder)
    ours = ours[~ours["module"].isin(["FIFO", "glue"])].reset_index(drop=True)
    theirs = published.modules(dataset, bits, n_active)
    theirs = theirs[~theirs["module"].isin(["FIFO", "glue", "FIFO and glue"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(ours, theirs[COLUMNS])
