"""notebooks/pages.py and mathml.py: pages that ask for nothing outside themselves, with formulas as MathML."""

import base64
import importlib
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import ipywidgets
import nbformat
import nbformat.v4 as v4
import pandas as pd
import pytest
from ipywidgets.embed import embed_data

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
sys.path.insert(0, str(NOTEBOOKS))  # they are no package: run_all.py is a script
pages, mathml = importlib.import_module("pages"), importlib.import_module("mathml")
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TEXT = r"""## How $N$ counts

A share $\frac{a}{b}$, and `$\frac{code}$` as code, with \$5 to pay, and ![a pixel](pixel.png)

$$\sum_{j} x_j < 1$$

\begin{aligned} y &= 1 \\ z &= 2 \end{aligned}

<table><tr><td>$p_T$ in HTML</td></tr></table>
"""


class Seen(HTMLParser):
    """All that a page has: (tag, attributes), the text of styles and scripts, and the text that is read."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags, self.inside, self.open, self.text = [], {"style": "", "script": ""}, [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("style", "script", "code", "pre"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_data(self, data):
        if not self.open:
            self.text += data
        elif self.open[-1] in self.inside:
            self.inside[self.open[-1]] += data


def output(data: dict) -> nbformat.NotebookNode:
    return v4.new_output("display_data", {"text/plain": "", **data})


@pytest.fixture
def notebook(tmp_path):
    """Formulas in text and in a table, a picture in a cell and one in a file, and two sliders that are linked."""
    slider, other = ipywidgets.IntSlider(), ipywidgets.IntSlider()
    ipywidgets.jslink((slider, "value"), (other, "value"))
    box = ipywidgets.VBox([slider, other])
    table = pd.DataFrame({"$p_T$ kept": [1], "costs": ["$5 or $6"]}).style.set_caption("at $N = 8$").to_html()
    cell = v4.new_code_cell("show(r'$\\frac{a}{b}$')")
    cell.outputs = [
        output({"application/vnd.jupyter.widget-view+json": {"model_id": box.model_id, "version_major": 2}}),
        output({"image/png": base64.b64encode(PNG).decode()}),
        output({"text/html": table}),
        output({"text/latex": r"$\displaystyle \frac{c}{d}$"}),
    ]
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell(TEXT), cell])
    state = embed_data([box])["manager_state"]
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": state}
    (tmp_path / "pixel.png").write_bytes(PNG)
    path = tmp_path / "toy.ipynb"
    nbformat.write(notebook, path)
    return path


def exported(notebook: Path) -> Seen:
    pages.export_html(notebook)
    return Seen(notebook.with_suffix(".html").read_text(encoding="utf-8"))


def with_text(notebook: Path, text: str) -> Path:
    content = nbformat.read(notebook, as_version=4)
    content.cells[0].source = text
    nbformat.write(content, notebook)
    return notebook


def test_a_page_asks_for_nothing_outside_itself(notebook):
    page = exported(notebook)
    fetched = [
        value
        for tag, attributes in page.tags
        for key, value in attributes.items()
        if key in ("src", "srcset", "data", "poster") or (key == "href" and tag != "a")
    ]
    fetched += re.findall(r"url\(\s*[\"']?([^\"')]*)", page.inside["style"])
    assert fetched and all(address.startswith(("data:", "#")) for address in fetched)
    assert "@import" not in page.inside["style"]
    assert sum(tag == "img" for tag, _ in page.tags) == 2


def test_the_sliders_of_a_page_have_their_code_their_state_and_their_font(notebook):
    page = exported(notebook)
    scripts = [attributes for tag, attributes in page.tags if tag == "script"]
    assert (pages.MANAGER / "embed.js").read_text(encoding="utf-8") in page.inside["script"]
    assert scripts[0]["src"]  # without it the code ends in "Automatic publicPath is not supported"
    kinds = [attributes.get("type") for attributes in scripts]
    assert {"application/vnd.jupyter.widget-view+json", "application/vnd.jupyter.widget-state+json"} < set(kinds)
    assert "Font Awesome 5 Free" in page.inside["style"]


def test_a_page_without_sliders_does_not_carry_their_code(notebook):
    content = nbformat.read(notebook, as_version=4)
    del content.metadata["widgets"], content.cells[1].outputs[0]
    nbformat.write(content, notebook)
    exported(notebook)
    assert notebook.with_suffix(".html").stat().st_size < (pages.MANAGER / "embed.js").stat().st_size


def test_code_above_the_first_figure_is_folded_and_other_code_is_not(notebook):
    content = nbformat.read(notebook, as_version=4)
    content.cells.append(v4.new_code_cell("total = 1", id="result"))
    nbformat.write(content, notebook)
    page = exported(notebook)
    assert [attributes for tag, attributes in page.tags if tag == "details"] == [{"class": "input"}]
    source = notebook.with_suffix(".html").read_text(encoding="utf-8")
    (folded,) = re.findall(r"<details.*?</details>", source, flags=re.DOTALL)
    assert "code of the cell result" in folded and "total" in folded and "show" not in folded


def test_formulas_are_mathml_wherever_they_stand_and_code_and_money_stay(notebook):
    page = exported(notebook)
    shown = [attributes["display"] for tag, attributes in page.tags if tag == "math"]
    assert shown == ["inline", "inline", "block", "block", "inline", "inline", "inline", "inline"]
    assert page.text.count("$") == 3 and "$5 to pay" in page.text and "$5 or $6" in page.text
    assert r"\frac" not in page.text
    source = notebook.with_suffix(".html").read_text(encoding="utf-8")
    assert r"<code>$\frac{code}$</code>" in source
    assert r"$\frac{" not in re.sub(r"<(script|code|pre)\b.*?</\1>", "", source, flags=re.DOTALL)


def test_a_formula_that_has_no_mathml_is_named_with_its_cell(notebook):
    with pytest.raises(ValueError, match=r"'## On charge'.*formula '\\\\chrage'.*unknown \\chrage"):
        pages.export_html(with_text(notebook, "## On charge\n\nIt is $\\chrage$."))
    assert not notebook.with_suffix(".html").exists()


@pytest.mark.parametrize(
    "text, address",
    [
        ("![far](https://example.org/x.png)", "https://example.org/x.png"),
        ("![no such file](nothing.png)", "nothing.png"),
        ("<style>p { background: url(//example.org/y.png) }</style>", "//example.org/y.png"),
        ('<style>@import "https://example.org/z.css";</style>', "https://example.org/z.css"),
        ('<p style="background: url(y.png)">text</p>', "y.png"),
        ('<link rel="stylesheet" href="z.css">', "z.css"),
        ('<script src="https://example.org/mathjax.js"></script>', "https://example.org/mathjax.js"),
        ('<img src="data:," srcset="https://example.org/2.png 2x">', "https://example.org/2.png 2x"),
    ],
)
def test_a_page_that_would_fetch_something_is_not_written(notebook, text, address):
    with pytest.raises(ValueError, match=re.escape(f"would fetch {address}")):
        pages.export_html(with_text(notebook, text))
    assert not notebook.with_suffix(".html").exists()


def test_links_are_no_requests(notebook):
    text = "[there](https://example.org) <style>/* @import url(https://example.org) */</style>"
    assert ("a", {"href": "https://example.org"}) in exported(with_text(notebook, text)).tags


@pytest.mark.parametrize("name", [path.name for path in sorted(NOTEBOOKS.glob("*.ipynb"))])
def test_every_formula_in_the_notebooks_becomes_mathml(name, tmp_path):
    (copy := tmp_path / name).write_bytes((NOTEBOOKS / name).read_bytes())
    page = exported(copy)
    assert "math" in [tag for tag, _ in page.tags]
    assert "$" not in page.text and "\\" not in page.text


def elements(tex: str) -> list[tuple[str, str | None]]:
    tree = ElementTree.fromstring(mathml.mathml(tex, display=True))
    return [(element.tag, element.text) for element in tree.iter() if element.tag not in ("math", "mrow")]


@pytest.mark.parametrize(
    "tex, drawn",
    [
        (r"\Big\lfloor x \Big\rfloor", [("mo", "⌊"), ("mi", "x"), ("mo", "⌋")]),
        (r"a \iff b", [("mi", "a"), ("mo", "⟺"), ("mi", "b")]),
        (r"\max(x)", [("mi", "max"), ("mo", "("), ("mi", "x"), ("mo", ")")]),
        (r"\log_2 H", [("msub", None), ("mi", "log"), ("mn", "2"), ("mspace", None), ("mi", "H")]),
        (r"\overbrace{\sum_j}", [("mover", None), ("munder", None), ("mo", "∑"), ("mi", "j"), ("mo", "⏞")]),
        (r"1{,}5", [("mn", "1"), ("mtext", ","), ("mn", "5")]),
        (r"\text{a < b & c}", [("mtext", "a\xa0<\xa0b\xa0&\xa0c")]),
        (r"x < y", [("mi", "x"), ("mo", "<"), ("mi", "y")]),
    ],
)
def test_what_latex2mathml_gets_wrong_is_mended(tex, drawn):
    assert elements(tex) == drawn


def test_aligned_equations_are_a_table_with_their_columns_to_the_sign():
    tree = ElementTree.fromstring(mathml.mathml(r"\begin{aligned} y &= 1 \\ z &= -2 \end{aligned}"))
    rows = [[cell.get("columnalign") for cell in row] for row in tree.iter("mtr")]
    assert rows == [["right", "left"]] * 2
    assert all(f"columnalign={side}]" in mathml.STYLE for side in ("right", "left"))
    assert [sign.get("form") for sign in tree.iter("mo") if sign.text == "−"] == ["prefix"]


@pytest.mark.parametrize(
    "tex", [r"\foo", r"\begin{foo}a\end{foo}", r"\frac{1}", "a_b_c", r"\left( a", "a & b", r"\big\foo"]
)
def test_what_has_no_mathml_is_refused_by_name(tex):
    with pytest.raises(ValueError, match=re.escape(f"formula {tex!r} has no MathML: ")):
        mathml.mathml(tex)


def test_formulas_in_html_are_rendered_but_not_in_code_scripts_comments_and_attributes():
    kept = '<p title="$x$"><code>$x$</code><!-- $x$ --><script>"$x$"</script> $5 or $6</p>'
    assert mathml.render_formulas(kept) == kept
    assert mathml.render_formulas("<b>$x &lt; 1$</b>") == f"<b>{mathml.mathml('x < 1')}</b>"
