"""Every notebook keeps to the house rules: short cells, literal parameters, no outputs, no path of any machine."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


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


def test_parameters_are_literals_and_name_the_output_folder(notebook):
    (cell,) = (cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    names = {}
    for line in ast.parse(cell.source).body:
        (target,) = line.targets
        names[target.id] = ast.literal_eval(line.value)
    assert names["out"].startswith("../build/") and "seed" in names


def test_it_is_committed_without_outputs(notebook):
    assert [cell.id for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")] == []


def test_no_path_leads_out_of_the_clone(notebook):
    text = "\n".join(cell.source for cell in notebook.cells)
    assert re.findall(r"(?:^|[\s\"'(])/(?:home|root|tmp|work|usr|opt|Users)/\S*", text) == []


def test_its_results_are_written_once(notebook):
    assert sum("results.json" in code for code in code_of(notebook).values()) == 1


def test_it_imports_nothing_deeper_than_the_package_and_two_rooms(notebook):
    code = "\n".join(code_of(notebook).values())
    found = re.findall(r"^(?:import|from) sparsepixels_lib.*$", code, re.MULTILINE)
    allowed = {"import sparsepixels_lib as sp  # isort: skip", "from sparsepixels_lib import plots"}
    assert {*found} <= allowed | {"from sparsepixels_lib import measure, plots"}


def test_no_name_of_a_network_is_taken_apart(notebook):
    code = "\n".join(code_of(notebook).values())
    assert (
        re.findall(r".*(?:removeprefix|removesuffix|(?:starts|ends)with)\(f?\"[^\"]*(?:bit|sparse|standard).*", code)
        == []
    )
