"""What a run found as text: `headline`, one row a network on at most 100 columns, and `full`, all rows and columns."""

import math
from textwrap import shorten, wrap

import pandas as pd

COLUMNS = ["network", "quantity", "value", "published", "source"]  # of a row in a notebook's results.json
WIDTH = 100
HEADS = [
    ("", "", "", "cycles", "LUT", "mis-"),
    ("network", "score", "published", "ours / publ.", "ours / publ.", "matches"),
]
SCORES = {"AUC", "accuracy"}
MISMATCHES = "logits where"  # how such quantities start, whatever is compared
OTHER = "NOT COMPARABLE"  # in the source of a score that was not measured as the published one


def full(results: dict[str, dict]) -> str:
    """All rows as aligned text, with the notebook in front."""

    def text(value) -> str:
        return f"{value:.6g}" if isinstance(value, float) else "-" if value is None else str(value)

    rows = [{"notebook": name, **row} for name, found in results.items() for row in found["rows"]]
    return pd.DataFrame(rows, columns=["notebook", *COLUMNS], dtype=object).map(text).to_string(index=False)


def headline(results: dict[str, dict]) -> str:
    """A row a network under its notebook and the data of its score, and below why a score is not comparable.

    A network with scores on several data has a row under each; quantities that are not in HEADS are left out.
    """
    groups = [group for name, found in results.items() for group in _groups(name, found)]
    if not groups:
        return "No scores, cycles, LUTs or comparisons in this run."
    rows = [*HEADS, *(row for _, below in groups for row in below)]
    others = [max(len(row[i]) for row in rows) for i in range(1, len(HEADS[0]))]
    room = max(WIDTH - sum(others) - 2 * len(others), 10)
    widths = [min(room, max(len(row[0]) for row in rows)), *others]
    lines = [_line(head, widths) for head in HEADS]
    for title, below in groups:
        lines += ["", shorten(title, WIDTH, placeholder=" ..."), *(_line(row, widths) for row in below)]
    return "\n".join([*lines, "", *_footnotes(results)]).rstrip()


def _groups(name: str, found: dict) -> list[tuple[str, list[tuple[str, ...]]]]:
    """(Title, rows) for every source of scores, in this notebook; the rows without a score come under the first."""
    costs, groups = _costs(found["rows"]), {}
    for row in found["rows"]:
        if row["quantity"] in SCORES:
            published = _text(row["published"], 3)
            origin, other, _ = str(row["source"]).partition(OTHER)
            if other and published != "-":
                published = f"({published})"
            score = f"{row['quantity']} {_text(row['value'], 3)}"
            shown = (row["network"], score, published, *costs.pop(row["network"], ["-"] * 3))
            groups.setdefault(f"{name}: {origin.strip('; ')}", []).append(shown)
    if costs:
        first = next(iter(groups), f"{name}: {found['title']}")
        groups.setdefault(first, []).extend((network, "-", "-", *cost) for network, cost in costs.items())
    return list(groups.items())


def _costs(rows: list[dict]) -> dict[str, list[str]]:
    """Network -> cycles and LUT, ours / published, and mismatches, for networks that have one of them."""
    costs = {}
    for network in dict.fromkeys(row["network"] for row in rows):
        own = [row for row in rows if row["network"] == network]
        wrong = [row["value"] for row in own if row["quantity"].startswith(MISMATCHES) and _is_number(row["value"])]
        cost = [_pair(own, "latency [cycles]"), _pair(own, "LUT", 1000, "k"), _text(sum(wrong) if wrong else None)]
        if set(cost) != {"-"}:
            costs[network] = cost
    return costs


def _pair(rows: list[dict], quantity: str, divisor: int = 1, unit: str = "") -> str:
    """`ours / published`, each the first that there is."""
    sides = []
    for side in ("value", "published"):
        numbers = [row[side] for row in rows if row["quantity"] == quantity and _is_number(row[side])]
        sides.append(f"{_text(numbers[0] / divisor)}{unit}" if numbers else "-")
    return "-" if sides == ["-", "-"] else " / ".join(sides)


def _is_number(value) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _text(value, digits: int = 0) -> str:
    return f"{value:.{digits}f}" if _is_number(value) else "-"


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    first = row[0] if len(row[0]) <= widths[0] else f"{row[0][: widths[0] - 3]}..."
    return "  ".join([first.ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()


def _footnotes(results: dict[str, dict]) -> list[str]:
    """Why a published score stands in brackets: a line a reason, with its notebooks."""
    whys: dict[str, dict[str, None]] = {}
    for name, found in results.items():
        for row in found["rows"]:
            _, other, why = str(row["source"]).partition(OTHER)
            if other and row["quantity"] in SCORES and _is_number(row["published"]):
                whys.setdefault(why.strip(), {})[name] = None
    notes = [f"(...) {OTHER} {why} [{', '.join(names)}]" for why, names in whys.items()]
    return [line for note in notes for line in wrap(note, WIDTH, subsequent_indent="  ")]
