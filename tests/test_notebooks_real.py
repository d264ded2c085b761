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
from microboone_files import write_small
from pandas.io.formats.style import Styler
from sklearn.metrics import accuracy_score, roc_auc_score

import sparsepixels_lib as sp
from data_scripts import jets, microboone

WINDOWS, JETS = "01_microboone", "02_lhc_jets"
NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
FULL = yaml.safe_load((NOTEBOOKS / "params" / "full.yml").read_text())
SHORT = {"n_actives": [8, 20], "bits": [8], "learning_rate": 1e-9}  # nothing improves: training stops after two epochs
OURS = "real MicroBooNE, split by event|real: MicroBooNE, bnb_WithWire_00.h5|real:? LHC jets, Zenodo (record )?3602260"
THEIRS = (
    r"(reference networks|authors' weights|placement study), synthetic default|published \(arXiv 2512.06208\)"
    r"|published, real|from the authors' repository|windows of the authors"
)

pytestmark = pytest.mark.filterwarnings("ignore:Even though the .tf.config.experimental_run_functions_eagerly")


class Run(NamedTuple):
    """Of each cell by its id: what it printed, its figures, the value of its last line. And all variables."""

    printed: dict[str, str]
    figures: dict[str, list[Figure]]
    results: dict[str, object]
    variables: dict


def execute(name: str, until: str, *, skip: tuple[str, ...] = (), **parameters) -> Run:
    """Run the cells of a notebook before the one with the id `until`, but those of `skip`, in this process."""
    run = Run({}, {}, {}, {"display": lambda *_: None})
    for cell in nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells:
        if cell.id == until:
            return run
        if cell.cell_type == "code" and cell.id not in skip:
            execute_cell(f"{name}, cell {cell.id}", cell, run)
        if cell.id == "parameters":
            assert parameters.keys() <= run.variables.keys()
            run.variables.update(parameters)
    raise ValueError(f"{name} has no cell {until}")


def execute_cell(name, cell, run):
    linecache.cache[name] = (0, None, cell.source.splitlines(keepends=True), name)  # a traceback shows its lines
    body = ast.parse(cell.source).body
    last = body.pop().value if isinstance(body[-1], ast.Expr) else None
    with redirect_stdout(io.StringIO()) as printed:
        exec(compile(ast.Module(body, []), name, "exec"), run.variables)
        run.results[cell.id] = last and eval(compile(ast.Expression(last), name, "eval"), run.variables)
    run.printed[cell.id] = printed.getvalue()
    run.figures[cell.id] = [plt.figure(number) for number in plt.get_fignums()]
    plt.close("all")
    for figure in run.figures[cell.id]:
        figure.draw_without_rendering()


@pytest.fixture(scope="module", autouse=True)
def small():
    """For so few images TensorFlow's graphs take longer to make than they save; 150 jets stand for all there are."""
    tf.config.run_functions_eagerly(True)
    with plt.rc_context(), pytest.MonkeyPatch.context() as patch:
        plt.switch_backend("agg")
        patch.setattr(sp, "fit", partial(sp.fit, patience=1))
        for split, size in {"train": 90, "val": 10, "test": 50}.items():
            patch.setitem(jets.SIZES, split, size)
        yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def windows(tmp_path_factory):
    """Prepared: the first 37 files as published, all 38 of them by event, and those again of plane 2 only."""
    folder = tmp_path_factory.mktemp("windows")
    for number in range(37):
        write_small(folder, number)
    microboone.prepare(folder, split="published")
    write_small(folder, 37)
    microboone.prepare(folder)
    microboone.prepare(folder, folder / "plane 2", planes=[2])
    return folder


@pytest.fixture(scope="module")
def jet_images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jets")
    for seed, name in enumerate(NAMES[:2]):
        write(folder / name, tables(*some_jets(75, seed)))
    return jets.prepare(folder).parent


@pytest.fixture(scope="module")
def on_windows(windows, tmp_path_factory):
    own = SHORT | {"folder": str(windows), "out": str(tmp_path_factory.mktemp("out"))}
    return execute(WINDOWS, "emit-text", **FULL[WINDOWS] | own)


@pytest.fixture(scope="module")
def on_jets(jet_images, tmp_path_factory):
    own = SHORT | {"folder": str(jet_images), "out": str(tmp_path_factory.mktemp("out"))}
    return execute(JETS, "emit-text", **FULL[JETS] | own)


@pytest.fixture(params=["on_windows", "on_jets"])
def run(request):
    return request.getfixturevalue(request.param)


def panels(figures):
    """What is written on and around each panel; a second axis over a panel belongs to it, a colour bar is none."""
    texts = defaultdict(str)
    for figure in figures:
        for ax in (ax for ax in figure.axes if ax.get_label() != "<colorbar>"):
            labels = [artist.txt.get_text() for artist in ax.artists if isinstance(artist, AnchoredText)]
            around = [figure.get_suptitle(), figure.get_supxlabel(), ax.get_title(), *labels]
            texts[figure, ax.get_position().bounds] += " ".join(around).strip()
    return list(texts.values())


def test_every_panel_names_the_real_files_or_whose_figures_it_shows(run):
    texts = panels([figure for figures in run.figures.values() for figure in figures])
    assert len(texts) >= 30 and [text for text in texts if not re.search(f"{OURS}|{THEIRS}", text)] == []
    assert not [text for text in texts if "default" in re.sub(THEIRS, "", text) and "placement study" not in text]


def test_no_figure_is_empty(run):
    may_be = {"missed"} if not np.size(run.variables.get("lost", [])) else set()  # nothing was missed
    empty = {cell for cell, of in run.figures.items() for f in of if not any(ax.has_data() for ax in f.axes)}
    assert empty <= may_be


def test_every_table_and_the_slider_name_the_real_data_or_whose_figures_they_hold(run):
    found = {cell: table for cell, table in run.results.items() if isinstance(table, Styler)}
    texts = {cell: f"{table.caption} {[*table.data.columns, *table.data.index]}" for cell, table in found.items()}
    texts["explorer"] = run.results["explorer"].children[-1].value  # below the pictures
    assert len(texts) >= 6 and [text for text in texts.values() if not re.search(f"{OURS}|{THEIRS}", text)] == []
    assert not [text for text in texts.values() if "default" in re.sub(THEIRS, "", text)]


def test_all_files_and_the_published_training_are_named_and_said_to_be_comparable(on_windows, on_jets):
    windows, jets = (run.printed["data"].splitlines() for run in (on_windows, on_jets))
    assert re.match("real: MicroBooNE public data set.* 38 of the 38 files, all planes, split by event", windows[0])
    assert jets[0].startswith("real: LHC jets, Zenodo record 3602260")
    assert windows[1] == jets[1] == "Comparable with published scores."


@pytest.mark.parametrize(("below", "change"), [("", {"epochs": 199}), ("", {"n_train": 20}), ("plane 2", {})])
def test_less_than_all_windows_is_said_not_to_be_comparable(windows, below, change):
    found = execute(WINDOWS, "occupancy-text", skip=("readout", "window"), folder=str(windows / below), **change)
    assert re.search("\nNOT COMPARABLE with published scores: fewer .*files.*planes", found.printed["data"])


@pytest.mark.parametrize("change", [{"epochs": 199}, {"n_train": 89}], ids=str)
def test_fewer_jets_or_epochs_are_said_not_to_be_comparable(jet_images, change):
    found = execute(JETS, "classes-text", skip=("raw",), folder=str(jet_images), **change)
    assert "\nNOT COMPARABLE with published scores: fewer jets or epochs" in found.printed["data"]


def test_the_published_split_by_itself_says_that_it_leaks(windows):
    found = execute(WINDOWS, "beside-text", skip=("readout", "window"), folder=str(windows / "published"))
    assert "37 of the 38 files, all planes, split as published: by window, so it leaks" in found.printed["data"]
    assert "\nNOT COMPARABLE with published scores" in found.printed["data"]
    background, signal = panels(found.figures["occupancy"])
    assert "real MicroBooNE, split by window, as published" in background and background == signal


def test_the_published_split_stands_beside_the_one_by_event_and_the_published_scores(on_windows):
    table, caption = on_windows.results["split"].data, on_windows.results["split"].caption
    assert [*table] == ["AUC: real MicroBooNE, split by event", "AUC: real, published split", "AUC published"]
    assert len(table) == 3 and table.notna().all(axis=None)
    assert table.iloc[:, 0].equals(on_windows.variables["scores"].AUC)
    tests = on_windows.variables["tests"]
    assert "so it leaks" in tests.source and len(tests.labels) not in (0, len(on_windows.variables["test"].labels))
    assert re.search(f"published split.* leaks: {len(tests.labels)} test windows.*NOT COMPARABLE", caption)  # 37 files


def test_the_scores_are_those_of_the_logits(on_windows, on_jets):
    truth, found = on_windows.variables["test"].labels, on_windows.results["scores"].data.AUC
    for label, logits in on_windows.variables["logits"].items():
        assert found[label].value == pytest.approx(roc_auc_score(truth, logits))
    truth, found = on_jets.variables["test"].labels, on_jets.results["scores"].data.accuracy
    for label, logits in on_jets.variables["logits"].items():
        assert found[label] == pytest.approx(accuracy_score(truth, logits.argmax(axis=1)))
