"""Every notebook keeps to the house rules: short cells, literal parameters, no outputs, no path of any machine."""

import ast
import os
import re
from pathlib import Path

import nbformat
import pytest

import sparsepixels_lib as sp
from sparsepixels_lib import measure, plots

ORDER = "Order: 00 → 01 → 02 → 03 → 04 → 05"
FOLDER = Path(__file__).parents[1] / "notebooks"
SOLUTIONS = sorted(FOLDER.glob("solutions/*.ipynb"))
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.fixture(params=[*NOTEBOOKS, *SOLUTIONS], ids=lambda path: path.relative_to(FOLDER).with_suffix("").as_posix())
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def code_of(notebook):
    return {cell.id: cell.source for cell in notebook.cells if cell.cell_type == "code"}


def test_a_cell_has_at_most_15_lines(notebook):
    assert {name: n for name, code in code_of(notebook).items() if (n := len(code.splitlines())) > 15} == {}


def test_a_function_has_at_most_5_lines(notebook):
    long = {}
    for code in code_of(notebook).values():
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno > 5:
                long[node.name] = node.end_lineno - node.lineno
    assert long == {}


def test_what_is_taken_from_the_library_is_there(notebook):
    rooms, missing = {"sp": sp, "measure": measure, "plots": plots}, set()
    for node in (node for code in code_of(notebook).values() for node in ast.walk(ast.parse(code))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            room = rooms.get(node.value.id)
            if room and not hasattr(room, node.attr):
                missing.add(f"{node.value.id}.{node.attr}")
    assert missing == set()


def test_parameters_are_literals_and_name_the_output_folder(notebook, path):
    (cell,) = (cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    names = {}
    for line in ast.parse(cell.source).body:
        (target,) = line.targets
        names[target.id] = ast.literal_eval(line.value)
    build = os.path.relpath(FOLDER.parent / "build" / path.relative_to(FOLDER).with_suffix(""), path.parent)
    assert names["out"] == build and "seed" in names


def test_it_is_committed_without_outputs(notebook):
    assert [cell.id for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")] == []


def test_no_path_leads_out_of_the_clone(notebook):
    text = "\n".join(cell.source for cell in notebook.cells)
    assert re.findall(r"(?:^|[\s\"'(])/(?:home|root|tmp|work|usr|opt|Users)/\S*", text) == []


def test_its_results_are_written_once_but_those_of_a_solution_never(notebook, path):
    assert sum("results.json" in code for code in code_of(notebook).values()) == (path not in SOLUTIONS)


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda path: path.stem)
def test_a_solution_has_a_section_for_each_exercise_of_its_notebook(solution):
    end = nbformat.read(FOLDER / solution.name, as_version=4).cells[-1].source
    exercises = re.findall(r"^(\d)\. \*\*(.+?)[.?]?\*\*", end.partition("## Exercises")[2], re.MULTILINE)
    cells = nbformat.read(solution, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert re.findall(r"^## (\d)\. (.+?)[.?]?$", text, re.MULTILINE) == exercises != []


def test_every_notebook_has_its_solutions():
    assert [path.name for path in SOLUTIONS] == [path.name for path in NOTEBOOKS]


@pytest.mark.parametrize("number", range(len(NOTEBOOKS)), ids=[path.stem for path in NOTEBOOKS])
def test_the_order_is_said_in_the_same_words_and_neighbours_are_named(number):
    first, *_, end = (cell.source for cell in nbformat.read(NOTEBOOKS[number], as_version=4).cells)
    assert ORDER in first
    neighbours = {"Before": number - 1, "Next": number + 1}
    named = {word: [NOTEBOOKS[i].name] for word, i in neighbours.items() if 0 <= i < len(NOTEBOOKS)}
    found = {word: re.findall(rf"\*\*{word}:\*\* \[\d\d\]\((\S+?)\)", end) for word in neighbours}
    assert {word: names for word, names in found.items() if names} == named


def test_it_imports_nothing_deeper_than_the_package_and_two_rooms(notebook):
    code = "\n".join(code_of(notebook).values())
    found = re.findall(r"^(?:import|from) sparsepixels_lib.*$", code, re.MULTILINE)
    allowed = {"import sparsepixels_lib as sp  # isort: skip", "from sparsepixels_lib import plots"}
    assert {*found} <= allowed | {f"from sparsepixels_lib import {rooms}" for rooms in ("measure", "measure, plots")}


def test_no_name_of_a_network_is_taken_apart(notebook):
    code = "\n".join(code_of(notebook).values())
    assert (
        re.findall(r".*(?:removeprefix|removesuffix|(?:starts|ends)with)\(f?\"[^\"]*(?:bit|sparse|standard).*", code)
        == []
    )
