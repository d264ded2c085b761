"""`synthesize` with stand-ins for the vendor's tools: scripts that leave the small reports where the tools would."""

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from sparsepixels_lib.measure.reports import read_reports
from sparsepixels_lib.measure.synthesis import MissingTool, available_tools, synthesize

# isort: split
import hls4ml  # after the library, which sets up legacy Keras
import tensorflow as tf
from qkeras import QDense

FIXTURES = Path(__file__).parent / "fixtures" / "reports"
TOOL = {"Vitis": "vitis-run", "Vivado": "vivado_hls"}
LOG = {"Vitis": "/dev/stdout", "Vivado": "vivado_hls.log"}  # hls4ml redirects one, the other tool writes its own


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A PATH with nothing but this folder and the shell's own tools."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("sh", "cp", "mkdir", "true"):
        (folder / tool).symlink_to(shutil.which(tool))
    monkeypatch.setenv("PATH", str(folder))
    return folder


def install(path: Path, tool: str, script: str) -> None:
    (path / tool).write_text(f"#!/bin/sh\n{script}\n")
    (path / tool).chmod(0o755)


def install_working_tools(path: Path, backend: str) -> None:
    reports = FIXTURES / backend.lower()
    install(path, TOOL[backend], f"cp -R {reports}/myhls_prj {reports}/vivado_synth.rpt .")
    install(path, "vivado", "true")


@pytest.fixture(params=["Vitis", "Vivado"])
def backend(request):
    return request.param


@pytest.fixture
def hls_model(backend, tmp_path):
    quantizers = {"kernel_quantizer": "quantized_bits(8,2,alpha=1)", "bias_quantizer": "quantized_bits(8,2,alpha=1)"}
    model = tf.keras.Sequential([tf.keras.layers.Input((3,)), QDense(2, name="dense", **quantizers)])
    config = {
        "KerasModel": model,
        "OutputDir": str(tmp_path / "project"),
        "ProjectName": "myhls",
        "Backend": backend,
        "Part": "xc7a35t-csg324-1",
        "ClockPeriod": 5,
        "IOType": "io_parallel",
        "HLSConfig": {"Model": {"Precision": "ap_fixed<16,6>", "ReuseFactor": 1}},
    }
    return hls4ml.converters.keras_v2_to_hls(config)


def test_table_is_that_of_the_reports_the_tools_left(hls_model, backend, path):
    install_working_tools(path, backend)
    pd.testing.assert_frame_equal(synthesize(hls_model), read_reports(FIXTURES / backend.lower()))


def test_c_synthesis_alone_needs_no_vivado_and_gives_its_stage_alone(hls_model, backend, path, tmp_path):
    install_working_tools(path, backend)
    synthesize(hls_model)
    install(path, TOOL[backend], f"cp -R {FIXTURES / backend.lower()}/myhls_prj .")
    (path / "vivado").unlink()
    assert set(synthesize(hls_model, vsynth=False)["stage"]) == {"csynth"}
    assert (tmp_path / "project" / "vivado_synth.rpt.old").exists()


def test_logic_synthesis_alone_uses_the_earlier_c_synthesis(hls_model, backend, path):
    install_working_tools(path, backend)
    first = synthesize(hls_model)
    install(path, TOOL[backend], f"cp {FIXTURES / backend.lower()}/vivado_synth.rpt .")
    pd.testing.assert_frame_equal(synthesize(hls_model, csynth=False), first)


def test_only_the_asked_stages_are_run(hls_model, backend, path, tmp_path):
    install(path, TOOL[backend], f'echo "$@" > arguments; cp -R {FIXTURES / backend.lower()}/myhls_prj .')
    synthesize(hls_model, vsynth=False)
    options = "build_opt.tcl" if backend == "Vitis" else "arguments"
    said = (tmp_path / "project" / options).read_text().replace("=", " ").replace("False", "0").replace("True", "1")
    words = said.split()
    asked = {step: words[words.index(step) + 1] for step in ("csim", "synth", "cosim", "export", "vsynth")}
    assert asked == {"csim": "0", "synth": "1", "cosim": "0", "export": "0", "vsynth": "0"}


def test_logic_synthesis_is_told_to_report_each_instance(hls_model, backend, path, tmp_path):
    install_working_tools(path, backend)
    synthesize(hls_model)
    synthesize(hls_model)
    script = (tmp_path / "project" / "vivado_synth.tcl").read_text().splitlines()
    assert script[-1] == "report_utilization -file vivado_synth.rpt -hierarchical -hierarchical_depth 1"


def test_missing_tool_is_one_line_and_nothing_is_written(hls_model, backend, path, tmp_path):
    install(path, "vivado", "true")
    with pytest.raises(MissingTool, match=f"^{TOOL[backend]} is not on the PATH.*{backend}") as error:
        synthesize(hls_model)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "project").exists()


def test_missing_vivado_is_named_before_c_synthesis_is_spent(hls_model, backend, path, tmp_path):
    install(path, TOOL[backend], "exit 0")
    with pytest.raises(MissingTool, match="^vivado is not on the PATH"):
        synthesize(hls_model)
    assert not (tmp_path / "project").exists()


def test_failing_tool_is_reported_with_the_last_line_of_its_log(hls_model, backend, path):
    install(path, TOOL[backend], f'echo "INFO: starting\nERROR: [HLS 200-70] no licence\n" > {LOG[backend]}; exit 1')
    install(path, "vivado", "true")
    with pytest.raises(RuntimeError, match=rf"^{TOOL[backend]} .*: ERROR: \[HLS 200-70\] no licence$"):
        synthesize(hls_model)


def test_tool_that_leaves_no_report_does_not_pass_an_old_one_for_its_result(hls_model, backend, path, tmp_path):
    install_working_tools(path, backend)
    synthesize(hls_model)
    install(path, TOOL[backend], f'echo "INFO: nothing done" > {LOG[backend]}')
    with pytest.raises(RuntimeError, match="left no myhls_prj/.*/myhls_csynth.xml in .*: INFO: nothing done$"):
        synthesize(hls_model)
    assert len(list((tmp_path / "project").rglob("myhls_csynth.xml.old"))) == 1


def test_tool_whose_logic_synthesis_leaves_no_report_fails(hls_model, backend, path):
    install(path, TOOL[backend], f"cp -R {FIXTURES / backend.lower()}/myhls_prj .")
    install(path, "vivado", "true")
    with pytest.raises(RuntimeError, match="left no vivado_synth.rpt .*: it wrote no log$"):
        synthesize(hls_model)


def test_flow_of_another_backend_is_refused(hls_model, backend):
    other = "vivado" if backend == "Vitis" else "vitis"
    with pytest.raises(ValueError, match=f"flow='{other}' cannot build a model converted for {backend}"):
        synthesize(hls_model, flow=other)
    with pytest.raises(ValueError, match="flow='opne': choose 'open', or"):
        synthesize(hls_model, flow="opne")
    with pytest.raises(ValueError, match="flow='open' has neither"):
        synthesize(hls_model, flow="open", vsynth=False)
    with pytest.raises(ValueError, match="no images to simulate"):
        synthesize(hls_model, flow="open", images=[])


def test_no_stage_at_all_is_refused(hls_model):
    with pytest.raises(ValueError, match="nothing to do"):
        synthesize(hls_model, csynth=False, vsynth=False)


def test_available_tools_are_those_on_the_path(path):
    install(path, "vitis-run", "true")
    assert available_tools() == {"vitis-run": os.fspath(path / "vitis-run"), "vivado_hls": None, "vivado": None}
