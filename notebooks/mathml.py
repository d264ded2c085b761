"""Formulas as MathML, which browsers draw without a script: latex2mathml's, mended where it and the browsers differ.

For any page: `mathml` converts one formula, `render_formulas` those between dollars in a piece of HTML; STYLE names the
fonts that can stretch a bracket (one is on most machines) and aligns columns, which browsers leave to CSS.
"""

import re
from html import escape, unescape
from unicodedata import name
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from bs4 import BeautifulSoup, NavigableString
from latex2mathml.commands import MATRICES
from latex2mathml.converter import Converter
from latex2mathml.symbols_parser import convert_symbol

ALIASES = {"{aligned}": "{split}", "{,}": r"\text{,}"}  # no such environment there; a comma that is no separator
LIMITS = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
CHILDREN = dict.fromkeys(["mfrac", "mroot", "msub", "msup", "munder", "mover"], 2) | {"msubsup": 3, "munderover": 3}
ROWS = ("math", "mrow", "mstyle", "mtd")
STYLE = """math { font-family: "STIX Two Math", "Cambria Math", "Latin Modern Math", "DejaVu Math TeX Gyre", math }
math[display=block] { margin: 1em 0 }
mtd[columnalign=right] { text-align: right; padding-right: 0 }
mtd[columnalign=left] { text-align: left; padding-left: 0 }"""
FORMULA = re.compile(r"(?<!\\)\$\$(.+?)\$\$|(?<![\\$])\$(?=[^\s$])(.+?)(?<=\S)\$(?!\d)", re.DOTALL)
UNTOUCHED = ["code", "math", "pre", "svg", "textarea"]


def mathml(tex: str, display: bool = False) -> str:
    """TeX as a <math> element, on a line of its own with `display`. ValueError naming the formula: no conversion."""
    known = tex
    for written, understood in ALIASES.items():
        known = known.replace(written, understood)
    try:
        if strange := {rf"\{word}" for word in re.findall(r"\\begin\{(.*?)\}", known)} - set(MATRICES):
            raise ValueError(f"unknown environment {', '.join(strange)[1:]}")
        tree = Converter(display="block" if display else "inline").convert_to_element(known)
        for mend in (_check, _rename, _arrange):
            for element in list(tree.iter()):
                mend(element)
    except Exception as error:  # latex2mathml's own have no common base
        raise ValueError(f"formula {tex!r} has no MathML: {str(error) or type(error).__name__}") from None
    del tree.attrib["xmlns"]  # HTML needs none, and nbconvert would make it a prefix of every tag in a heading
    return ElementTree.tostring(tree, encoding="unicode", short_empty_elements=False)


def render_formulas(html: str) -> str:
    """HTML with MathML for every `$...$` and `$$...$$` in its text, except in code. ValueError as for `mathml`.

    As for Pandoc a `$` opens before and closes after something, and closes nothing before a digit: $5 is money.
    """
    if "$" not in html:
        return html
    soup = BeautifulSoup(html, "html.parser")
    for text in soup.find_all(string=FORMULA):
        if type(text) is NavigableString and not text.find_parent(UNTOUCHED):  # its children are scripts, comments
            written = escape(text, quote=False)
            drawn = FORMULA.sub(lambda found: mathml(unescape(found[1] or found[2]), bool(found[1])), written)
            text.replace_with(BeautifulSoup(drawn, "html.parser"))
    return str(soup)


def _check(element: Element) -> None:
    """ValueError: latex2mathml has left something as TeX, or an argument out."""
    element.text = unescape(element.text) if element.text else None
    text = element.text or ""
    if element.tag in ("mi", "mo") and (text == "&" or text.startswith("\\") and not convert_symbol(text)):
        raise ValueError(f"unknown {text}")
    if len(element) != CHILDREN.get(element.tag, len(element)):
        raise ValueError(f"an argument of <{element.tag}> is missing")


def _rename(element: Element) -> None:
    """What latex2mathml leaves as a name or takes for a letter or an operator."""
    text = element.text or ""
    if element.tag == "mo" and text.startswith("\\"):  # after \big
        element.text = chr(int(convert_symbol(text), 16))
    elif element.tag == "mo" and text.isalpha() and len(text) > 1 and text != "mod":  # max: spaced like an operator
        element.tag = "mi"
    elif element.tag == "mo" and text in ("/", "|"):
        element.attrib |= {"lspace": "0", "rspace": "0"}
    elif element.tag == "mi" and len(text) == 1 and "ARROW" in name(text, ""):
        element.tag = "mo"
    elif element.tag == "mi" and "Α" <= text <= "Ω":  # Greek capitals, upright as in TeX
        element.set("mathvariant", "normal")


def _arrange(element: Element) -> None:
    """Limits below their sum, the minus of `= -1` a sign, not a difference, and functions off their argument."""
    if element.tag in LIMITS and element[0].text in tuple("∑∏⋃⋂"):  # the browser knows where beside is meant
        element.tag = LIMITS[element.tag]
    elif element.tag in LIMITS and element[0].get("minsize"):  # Chromium sets a large bracket with an exponent low
        base = Element("mrow")
        base.append(element[0])
        element[0] = base
    elif element.tag in ROWS:
        _space(element)


def _space(row: Element) -> None:
    """See _arrange, for the elements of one row."""
    for i, (left, right) in reversed(list(enumerate(zip(list(row), list(row)[1:], strict=False)))):
        if right.tag == "mo" and right.text in tuple("+−±") and left.tag == "mo" and left.text not in tuple(")]}|!⌋⌉"):
            right.set("form", "prefix")
        function = (left[0] if len(left) and left.tag != "mrow" else left).text or ""
        if right.tag not in ("mo", "mspace") and len(function) > 1 and function.isalpha() and left.tag != "mtext":
            row.insert(i + 1, Element("mspace", width="0.167em"))
