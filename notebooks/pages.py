"""An executed notebook as one page of HTML that asks for nothing outside itself.

Pictures, fonts and the code that moves the sliders are inside, and formulas are MathML. The code of the FOLDED cells,
which stand around a notebook's first figure, opens with a click.
"""

import re
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import pass_context
from mathml import STYLE, mathml, render_formulas
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

MANAGER = Path(__file__).with_name("html_manager")
FOLDED = ("setup", "style", "result", "answer")  # ids of cells
TEMPLATE = """{% extends "index.html.j2" %}
{% block html_head_js %}<script src="data:text/javascript,"></script>{% endblock %}
{% block html_head_js_mathjax %}{% endblock %}
{% block html_head_js_mermaidjs %}{% endblock %}
{% block jupyter_widgets %}{% endblock %}
{% block html_head_css %}<style>{{ resources.formula_style }}
details.input > summary { cursor: pointer; font: 13px monospace; margin-left: var(--jp-cell-prompt-width, 64px) }
</style>{% endblock %}
{% block input_group %}
{%- if cell.id in resources.folded -%}
<details class="input"><summary>code of the cell {{ cell.id }}</summary>{{ super() }}</details>
{%- else -%}{{ super() }}{%- endif -%}
{% endblock %}
{% block data_html scoped %}{{ super() | formulas }}{% endblock %}
{% block data_latex scoped %}{{ super() | formulas }}{% endblock %}
{% block body_footer %}
</main>
{%- if "widgets" in nb.metadata %}
{{ resources.include_js("embed.js") }}
<style>@font-face { font-family: "Font Awesome 5 Free"; font-weight: 900;
src: url({{ resources.include_url("fa-solid-900.woff2") }}) }</style>
{%- endif %}
</body>
{% endblock %}"""  # nbconvert's page without what it would fetch; embed.js stops where the first script has no address
OWN = re.compile(r"data:|#|$")
ASKED = re.compile(r"""@import\s+(?:url\()?["']?([^"');]+)|url\(\s*["']?([^"')]*)""")


class Renderer(IPythonRenderer):
    """Markdown with its formulas as MathML."""

    def inline_math(self, body: str) -> str:
        return mathml(body)

    def block_math(self, body: str) -> str:
        return mathml(body, display=True)

    def latex_environment(self, name: str, body: str) -> str:
        return mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", display=True)

    def block_html(self, html: str) -> str:
        return render_formulas(super().block_html(html))


class PageExporter(HTMLExporter):
    """nbconvert's HTML with nothing to fetch. ValueError naming the cell and the formula that has no MathML."""

    def __init__(self, **options) -> None:
        super().__init__(raw_template=TEMPLATE, extra_template_paths=[str(MANAGER)], embed_images=True, **options)

    def default_filters(self):
        yield from super().default_filters()
        yield "formulas", self.formulas

    def _init_resources(self, resources):
        return super()._init_resources(resources) | {"formula_style": STYLE, "folded": FOLDED}

    @pass_context
    def formulas(self, context, html: str) -> str:
        return in_cell(context, render_formulas, str(html))

    @pass_context
    def markdown2html(self, context, source: str) -> str:
        attachments, path = context["cell"].get("attachments", {}), context["resources"]["metadata"].get("path", "")
        renderer = Renderer(escape=False, attachments=attachments, embed_images=True, path=path)
        return in_cell(context, MarkdownWithMath(renderer=renderer).render, source)


def in_cell(context, convert, source: str) -> str:
    """`convert(source)`; its ValueError says in which cell."""
    try:
        return convert(source)
    except ValueError as error:
        first = context["cell"].source.strip().partition("\n")[0]
        raise ValueError(f"the cell that starts {first[:60]!r}: {error}") from None


class Requests(HTMLParser):
    """Collects in `found` what a browser would fetch for a page: scripts, style sheets, pictures, frames; not links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found, self.style = [], None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for key, value in attrs:
            if (
                key in ("src", "srcset", "poster", "data", "background")
                or key.endswith("href")
                and tag not in ("a", "area")
            ):
                self.add(value or "")
            elif key == "style":
                self.css(value or "")
        if tag == "style":
            self.style = ""

    def handle_data(self, data: str) -> None:
        if self.style is not None:
            self.style += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "style" and self.style is not None:
            self.css(self.style)
            self.style = None

    def css(self, text: str) -> None:
        for found in ASKED.finditer(re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)):
            self.add(found[1] or found[2])

    def add(self, address: str) -> None:
        if not OWN.match(address.strip()):
            self.found.append(address.strip())


def export_html(executed: Path) -> None:
    """Write the page beside the notebook. ValueError: a formula has no MathML, or the page would fetch something."""
    page, _ = PageExporter().from_filename(str(executed))
    if found := Requests(page).found:
        raise ValueError(f"the page would fetch {', '.join(found)}: put it into the notebook, or beside it")
    executed.with_suffix(".html").write_text(page, encoding="utf-8")
