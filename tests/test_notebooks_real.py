"""The physics notebooks on real data: files of the published schemas, prepared, and every cell run up to the C++."""

import ast
import io
import linecache
import re
from collections import defaultdict
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import tensorflow as tf
import yaml
from jets_public import NAMES, some_jets, tables, write
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnchoredText
from microboone_files import readout, rows_of, write_file
from pandas.io.formats.style import Styler
from sklearn.metrics import roc_auc_score

import sparsepixels_lib as sp
from data_scripts import jets, microboone

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
FULL = yaml.safe_load((NOTEBOOKS / "params" / "full.yml").read_text())
# the published training of two networks only, which stops as soon as it does not improve: after two epochs
SHORT = {"n_actives": [8, 20], "bits": [8], "learning_rate": 1e-9}
ELSEWHERE = r"reference networks, synthetic default|published \(arXiv 2512.06208\)|published, real"
EMISSION = "## [78]\\. Firmware"


class Executed(NamedTuple):
    """Of each cell of a notebook, by its id: what it printed, its figures and its table; and all variables."""

    printed: dict[str, str]
    figures: dict[str, list[Figure]]
    tables: dict[str, Styler]
    variables: dict


def execute(name: str, stop: str, **parameters) -> Executed:
    """Run the cells of a notebook before the first one of text that matches `stop`, in this process."""
    done = Executed({}, {}, {}, {"display": lambda *_: None})
    for cell in nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells:
        if cell.cell_type == "code":
            _run(cell, name, done)
        elif re.match(stop, cell.source):
            return done
        if "parameters" in cell.metadata.get("tags", []):
            assert parameters.keys() <= done.variables.keys()
            done.variables.update(parameters)
    raise AssertionError(f"{name} has no text that starts with {stop}")


def _run(cell, name, done):
    body, code, printed = ast.parse(cell.source).body, f"{name}, cell {cell.id}", io.StringIO()
    linecache.cache[code] = (len(cell.source), None, cell.source.splitlines(keepends=True), code)  # for tracebacks
    last = body.pop().value if isinstance(body[-1], ast.Expr) else ast.Constant(None)
    with redirect_stdout(printed):
        exec(compile(ast.Module(body, []), code, "exec"), done.variables)
        result = eval(compile(ast.Expression(last), code, "eval"), done.variables)
    done.printed[cell.id] = printed.getvalue()
    done.figures[cell.id] = [plt.figure(number) for number in plt.get_fignums()]
    plt.close("all")
    for figure in done.figures[cell.id]:
        figure.draw_without_rendering()
    if isinstance(result, Styler):
        done.tables[cell.id] = result


@pytest.fixture(scope="module", autouse=True)
def quick():
    """For a few images an epoch takes less time without TensorFlow's graphs than it takes to make these."""
    tf.config.run_functions_eagerly(True)
    with plt.rc_context(), pytest.MonkeyPatch.context() as patch:
        plt.switch_backend("agg")
        patch.setattr(sp, "fit", partial(sp.fit, patience=1))
        patch.setattr(jets, "SIZES", {"train": 180, "val": 20, "test": 100})
        yield
    tf.config.run_functions_eagerly(False)


def with_muons(event, rng):
    """Steep muons beside the neutrino, so that there is something in the windows of background."""
    for wires, _ in event.values():
        for wire in range(96, 2300, 200):
            pulses = np.repeat(20 * (rng.random(67) < 0.3), 96)[:6400].astype(np.float32)
            wires |= {wire: pulses, wire + 1: pulses}
    return event


@pytest.fixture(scope="module")
def windows(tmp_path_factory):
    """All 38 files of an event each, split by event; and the first 37 split as published."""
    folder = tmp_path_factory.mktemp("microboone")
    names = [f"bnb_WithWire_{i:02}.h5" for i in range(18)] + [f"nue_WithWire_{i:02}.h5" for i in range(20)]
    for i, name in enumerate(names):
        if name == names[-1]:
            microboone.prepare(folder, split="published")
        rng = np.random.default_rng(i)
        event = with_muons(readout(rng, planes=[2 - i % 3], start=105), rng)
        write_file(folder / name, rows_of({(i, 0, 0): event}))
    microboone.prepare(folder)
    return folder


@pytest.fixture(scope="module")
def jet_images(tmp_path_factory):
    """Two files of 150 jets each."""
    folder = tmp_path_factory.mktemp("jets")
    for seed, name in enumerate(NAMES[:2]):
        write(folder / name, tables(*some_jets(150, seed)))
    jets.prepare(folder)
    return folder


@pytest.fixture(scope="module")
def on_windows(windows, tmp_path_factory):
    parameters = FULL["01_microboone"] | SHORT | {"folder": str(windows)}
    return execute("01_microboone", EMISSION, **parameters, out=str(tmp_path_factory.mktemp("out")))


@pytest.fixture(scope="module")
def on_jets(jet_images, tmp_path_factory):
    parameters = FULL["02_lhc_jets"] | SHORT | {"folder": str(jet_images)}
    return execute("02_lhc_jets", EMISSION, **parameters, out=str(tmp_path_factory.mktemp("out")))


@pytest.fixture(params=["on_windows", "on_jets"])
def run(request):
    return request.getfixturevalue(request.param)


def panels(figure):
    """What is written on and around each panel of a figure; a second axis of a panel is part of it."""
    texts = defaultdict(str)
    for ax in figure.axes:
        if ax.get_label() != "<colorbar>":
            labels = [artist.txt.get_text() for artist in ax.artists if isinstance(artist, AnchoredText)]
            around = [figure.get_suptitle(), figure.get_supxlabel(), ax.get_title()]
            texts[ax.get_position().bounds] += "; ".join([*around, *labels])
    return list(texts.values())


def figures_of(run):
    return [figure for figures in run.figures.values() for figure in figures]


def test_every_panel_names_the_real_data_or_whose_figure_it_shows(run):
    texts = [text for figure in figures_of(run) for text in panels(figure)]
    own = r"real MicroBooNE, split by event|real: MicroBooNE, bnb_WithWire_00|real:? LHC jets, Zenodo"
    assert len(texts) >= 40 and [text for text in texts if not re.search(f"{own}|{ELSEWHERE}", text)] == []
    assert {text for text in texts if "default" in text} <= {"; ; ; reference networks, synthetic default"}


def test_no_figure_is_empty(run):
    shown = [figure for cell, figures in run.figures.items() for figure in figures if cell != "missed"]
    shown += run.figures.get("missed", []) if len(run.variables.get("lost", [])) else []
    assert all(any(ax.has_data() for ax in figure.axes) for figure in shown)


def test_every_table_names_the_real_data_or_whose_figures_it_holds(run):
    texts = {cell: f"{table.caption} {list(table.data.columns)}" for cell, table in run.tables.items()}
    own = "real MicroBooNE, split by event|real LHC jets, Zenodo 3602260"
    assert len(texts) >= 5 and [text for text in texts.values() if not re.search(f"{own}|{ELSEWHERE}", text)] == []
    assert {cell for cell, text in texts.items() if "default" in text} == {"gap"}


def test_the_slider_names_the_real_data(run):
    (explorer,) = (found for found in [run.variables.get("_explorer")] if found)
    assert "real" in explorer


def test_scores_are_those_of_the_logits(on_windows, on_jets):
    for label, logits in on_windows.variables["logits"].items():
        expected = roc_auc_score(on_windows.variables["test"].labels, logits)
        assert on_windows.tables["scores"].data.loc[label, "AUC"] == pytest.approx(expected)
    truth = on_jets.variables["test"].labels
    for label, logits in on_jets.variables["logits"].items():
        expected = np.count_nonzero(np.argmax(logits, axis=1) == truth) / 100
        assert on_jets.tables["scores"].data.loc[label, "accuracy"] == pytest.approx(expected)
