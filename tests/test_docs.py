"""What the pages say is so: the picture, the table of operations, every link, and the code blocks."""

import ast
import importlib.util
import re
import subprocess
from pathlib import Path

import pytest
import yaml

import sparsepixels_lib as sp
from sparsepixels_lib.cpp import plugin
from sparsepixels_lib.data import dataset
from sparsepixels_lib.network.rules import RULES
from sparsepixels_lib.plots.hardware import FAMILIES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
OPERATIONS = [
    "input reduction",
    "convolution",
    "depthwise convolution",
    "average pooling",
    "maximum pooling",
    "flatten",
    "activation",
    "dense",
]
COLUMNS = [
    "Keras layer",
    "function of tensors",
    "exact rule",
    "C++ header",
    "RTL, sparse",
    "RTL, streaming",
    "report group",
    "plot",
]


def pages() -> list[Path]:
    """Every Markdown page of the clone."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    return [ROOT / name for name in listed if (ROOT / name).exists()]


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M)


def anchors(text: str) -> set[str]:
    """What GitHub calls the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", without_code(text), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def table(text: str, head: str) -> list[list[str]]:
    """The cells of the table whose first column is `head`, the line of titles first."""
    lines = text[text.index(f"| {head} |") :].split("\n\n")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    return [rows[0], *rows[2:]]


def operations() -> dict[str, dict[str, str]]:
    titles, *rows = table((DOCS / "architecture.md").read_text(), "operation")
    return {row[0]: dict(zip(titles[1:], row[1:], strict=True)) for row in rows}


def python_definitions(text: str) -> set[str]:
    """Functions, classes and methods of a module; of the dictionaries in it the keys, and values that are texts."""
    nodes = list(ast.walk(ast.parse(text)))
    names = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    keys = [key for node in nodes if isinstance(node, ast.Dict) for key in node.keys]
    values = [value for node in nodes if isinstance(node, ast.Dict) for value in node.values]
    names |= {key.id for key in keys if isinstance(key, ast.Name)}
    return names | {str(entry.value) for entry in [*keys, *values] if isinstance(entry, ast.Constant)}


def defines(path: Path, symbol: str) -> bool:
    """Whether a file defines a symbol, in the way of its language."""
    text = path.read_text()
    if path.suffix == ".py":
        return symbol in python_definitions(text)
    pattern = {".sv": rf"^module {symbol}\b", ".h": rf"^template <[^>]*>\s*void {symbol}\("}[path.suffix]
    return bool(re.search(pattern, text, re.M))


@pytest.fixture(scope="module")
def drawing():
    spec = importlib.util.spec_from_file_location("draw_architecture", DOCS / "draw_architecture.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_of_the_rooms_is_that_of_the_imports(drawing):
    again = "the imports have changed: run python docs/draw_architecture.py"
    assert (DOCS / "architecture.svg").read_text() == drawing.picture(), again


def test_no_arrow_of_the_picture_goes_up(drawing):
    floor = {room: k for k, rooms in enumerate(drawing.floors()) for room in rooms}
    assert all(floor[by] < floor[of] for by, of in drawing.imports())


def test_the_page_tells_of_every_room_of_the_picture_from_the_bottom_to_the_top(drawing):
    rows = table((DOCS / "architecture.md").read_text(), "room")[1:]
    rooms = [room for rooms in reversed(drawing.floors()) for room in rooms if not room.startswith("_")]
    assert [row[0].strip("`") for row in rows] == rooms


def test_the_table_has_every_operation_and_every_place_of_it():
    found = operations()
    assert list(found) == OPERATIONS
    assert all(list(row) == COLUMNS for row in found.values())


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_cell_leads_to_a_definition_or_says_why_there_is_none(operation, column):
    cell = operations()[operation][column]
    if match := re.fullmatch(r"–\[\^(\w+)\]", cell):
        assert f"\n[^{match[1]}]: " in (DOCS / "architecture.md").read_text()
        return
    ((label, target),) = LINK.findall(cell)
    assert re.fullmatch(r"`[^`]+`", label)
    assert defines(DOCS / target, label.strip("`"))


def test_a_symbol_that_is_only_mentioned_is_no_definition():
    assert not defines(ROOT / "hls/cpp/qconv2d_sparse.h", "accum_t")
    assert not defines(ROOT / "hls/rtl/sparse/conv_lane.sv", "dot_product")
    assert not defines(ROOT / "sparsepixels_lib/network/rules.py", "quantized_weights")


def test_the_rows_of_the_table_are_what_the_code_makes_of_each_layer():
    symbol = {
        operation: {column: re.sub(r".*`(.*)`.*", r"\1", cell) for column, cell in row.items()}
        for operation, row in operations().items()
    }
    rules = {kind.__name__: rule.values.__name__ for kind, rule in RULES.items()}
    for row in symbol.values():
        assert rules[row["Keras layer"]] == row["exact rule"]
        assert row["report group"] == row["plot"] and row["plot"] in FAMILIES
    for kind, (_, function, header) in plugin._NODES.items():
        (row,) = [row for row in symbol.values() if row["Keras layer"] == kind]
        assert row["C++ header"] == function
        assert (sp.cpp_kernels() / header).exists()


def test_every_promise_names_the_function_that_checks_it():
    for _, cell, _ in table((DOCS / "architecture.md").read_text(), "promise")[1:]:
        ((label, target),) = LINK.findall(cell)
        assert defines(DOCS / target, label.strip("`"))


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(page):
    for _, target in LINK.findall(without_code(page.read_text())):
        if re.match(r"https?:|mailto:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path.read_text()), target


def test_the_hardware_page_names_every_module():
    text = (ROOT / "hls/rtl/README.md").read_text()
    folders = {path.parent.name for path in (ROOT / "hls/rtl").glob("*/*")}
    assert all(f"| [{folder}]({folder}) |" in text for folder in folders)
    modules = {path.stem for path in (ROOT / "hls/rtl").glob("s*/*.sv")}
    assert {name for name in modules if f"`{name}`" not in text} == set()


def test_the_page_about_data_sets_runs_block_by_block(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for names in (dataset.SCALES, dataset._LOADERS, sp.ARCHITECTURES):
        monkeypatch.setitem(names, "tracks", None)  # and is taken out again in the end
    text = (DOCS / "adding_a_dataset.md").read_text()
    variables = {}
    for block in re.findall(r"^```python\n(.*?)^```$", text, re.S | re.M):
        exec(compile(block, "adding_a_dataset.md", "exec"), variables)
    assert len(variables["history"]["loss"]) == 1
    assert variables["logits"].shape == (100, 1)
    assert (tmp_path / "hls" / "firmware").is_dir()


def test_every_place_for_a_data_set_is_named_as_it_is_in_the_code():
    text = (DOCS / "adding_a_dataset.md").read_text()
    for name, path in {
        "SCALES": "sparsepixels_lib/data/dataset.py",
        "_LOADERS": "sparsepixels_lib/data/dataset.py",
        "ARCHITECTURES": "sparsepixels_lib/network/models.py",
        "SETTINGS": "data_scripts/reference_weights.py",
    }.items():
        assert f"`{name}`" in text and f"(../{path})" in text
        assert re.search(rf"^{name}(: .*)? = ", (ROOT / path).read_text(), re.M)


def test_modules_that_have_moved_are_where_the_changelog_says():
    rows = table((ROOT / "CHANGELOG.md").read_text(), "before, in `sparsepixels_lib`")[1:]
    rooms = {path.name for path in (ROOT / "sparsepixels_lib").iterdir()}
    for before, now in rows:
        for module in re.findall(r"`([\w.]+)`", now):
            if module.split(".")[0] in rooms and module not in ("network", "measure"):
                assert importlib.util.find_spec(f"sparsepixels_lib.{module}")
        if room := re.fullmatch(r"the same names in `(\w+)`", now):
            for module in re.findall(r"`(\w+)`", before):
                assert importlib.util.find_spec(f"sparsepixels_lib.{room[1]}.{module}")


def test_pre_commit_runs_what_make_lint_runs():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    (hook,) = [hook for repo in config["repos"] for hook in repo["hooks"]]
    command, target = hook["entry"].split()
    assert (command, hook["language"], hook["pass_filenames"]) == ("make", "system", False)
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)
