"""Draw docs/architecture.svg: the rooms of the library on their floors, and which imports which.

    python docs/draw_architecture.py

Floors are those of the import contract in pyproject.toml, sentences the first of each room's docstring, arrows and
their numbers the import graph: how many pairs of modules. The same sources give the same bytes.
"""

import textwrap
import tomllib
from collections import Counter
from html import escape
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
PICTURE = Path(__file__).with_name("architecture.svg")
COLORS = ("#3f90da", "#e76300", "#a96b59", "#832db6", "#bd1f01", "#717581", "#b9850a", "#1f7a4d", "#3b5b92", "#555555")
WIDTH, HEIGHT, PITCH, LEFT, LANE = (
    470,
    60,
    82,
    16,
    48,
)  # of a box, from floor to floor, of the margin, between two lanes


def floors() -> list[list[str]]:
    """The rooms of each floor, the top one first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [layer.split(" : ") for layer in layers]


def imports() -> Counter:
    """{(importing room, imported room): pairs of modules}; the names in `sparsepixels_lib` itself are left out."""
    graph = grimp.build_graph("sparsepixels_lib", cache_dir=None)
    pairs = [(by, of) for by in graph.modules for of in graph.find_modules_directly_imported_by(by) if "." in by]
    rooms = [(by.split(".")[1], of.split(".")[1]) for by, of in pairs if "." in of]
    return Counter((by, of) for by, of in rooms if by != of)


def sentence(room: str) -> str:
    """The first sentence of a room's docstring."""
    path = ROOT / "sparsepixels_lib" / room
    text = (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text()
    return " ".join(text.split('"""')[1].replace("`", "").split()).partition(". ")[0].rstrip(".") + "."


def box(room: str, x: float, y: float, width: float, color: str) -> str:
    letters = int(width / 6.3)
    lines = textwrap.wrap(sentence(room), letters)
    if len(lines) > 2:  # without what explains it
        lines = textwrap.wrap(sentence(room).partition(":")[0] + ".", letters)
    words = "".join(
        f'<tspan x="{x + 12}" dy="{17 if k else 18}">{escape(line)}</tspan>' for k, line in enumerate(lines)
    )
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{HEIGHT}" rx="5" fill="{color}" fill-opacity="0.1" '
        f'stroke="{color}" stroke-width="1.5"/>\n'
        f'<text x="{x + 12}" y="{y + 18}"><tspan font-weight="bold" font-size="14">{room}</tspan>{words}</text>\n'
    )


def arrow(points: list[tuple[float, float]], color: str) -> str:
    path = " ".join(f"{x},{y}" for x, y in points)
    return (
        f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.5" marker-end="url(#{color[1:]})"/>\n'
    )


def number(count: int, x: float, y: float, color: str) -> str:
    return (
        f'<circle cx="{x}" cy="{y}" r="10" fill="white" stroke="{color}" stroke-width="1.5"/>'
        f'<text x="{x}" y="{y + 4}" text-anchor="middle" font-size="11">{count}</text>\n'
    )


def picture() -> str:
    """The SVG. A room is entered in its upper half by a lane of its own, and left in its lower half."""
    rows, found = floors(), imports()
    places, lanes = {}, {}  # room: (x, y, width); imported room: (x of its lane, colour)
    for floor, rooms in enumerate(rows):
        width = (WIDTH - 16 * (len(rooms) - 1)) / len(rooms)
        for k, room in enumerate(rooms):
            places[room] = LEFT + k * (width + 16), LEFT + floor * PITCH, width
    order = [room for rooms in rows for room in reversed(rooms)]
    colors = dict(zip(order, COLORS, strict=False))
    for room in order:
        if any(of == room for _, of in found):
            lanes[room] = LEFT + WIDTH + LANE * (len(lanes) + 1)
    lines, numbers, boxes = [], [], []
    for room, (x, y, width) in places.items():
        boxes.append(box(room, x, y, width, colors[room]))
        used = [lanes[of] for by, of in found if by == room]
        if used:  # one line out, to the farthest lane
            out = y + 0.72 * HEIGHT
            lines.append(f'<path d="M{x + width} {out}H{max(used)}" stroke="#8a8f98" stroke-width="1.5"/>\n')
            numbers += [number(found[room, of], lanes[of], out, colors[of]) for of in lanes if (room, of) in found]
    for room, lane in lanes.items():
        x, y, width = places[room]
        top = min(places[by][1] for by, of in found if of == room) + 0.72 * HEIGHT
        if x + width < LEFT + WIDTH - 1:  # another room of the floor is in the way: enter from below
            below, middle = y + HEIGHT + 14, x + width / 2
            end = [(lane, below), (middle, below), (middle, y + HEIGHT + 2)]
        else:
            end = [(lane, y + 0.28 * HEIGHT), (x + width + 2, y + 0.28 * HEIGHT)]
        lines.append(arrow([(lane, top), *end], colors[room]))
    heads = "".join(
        f'<marker id="{color[1:]}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto" '
        f'markerUnits="userSpaceOnUse"><path d="M0 0L8 4L0 8z" fill="{color}"/></marker>\n'
        for color in COLORS
    )
    width, height = max(lanes.values()) + 32, LEFT + len(rows) * PITCH + 22
    note = (
        "A line leaves the room that imports; its number: pairs of modules. An arrow enters the room that is imported."
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="Helvetica, Arial, sans-serif" font-size="12.5" fill="#1a1a1a">\n'
        f'<rect width="{width}" height="{height}" fill="white"/>\n<defs>\n{heads}</defs>\n'
        f"{''.join(lines)}{''.join(numbers)}{''.join(boxes)}"
        f'<text x="{LEFT}" y="{height - 12}" fill="#444">{note}</text>\n</svg>\n'
    )


if __name__ == "__main__":
    PICTURE.write_text(picture())
    print(f"wrote {PICTURE}")
