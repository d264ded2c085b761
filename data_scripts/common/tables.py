"""Tables of studies that are filled row by row: what is there, of the same data, is not made again."""

import csv
from pathlib import Path


def is_there(table: Path, row: list, source: str) -> bool:
    """Whether the CSV `table` has a line that begins with `row` and ends with the `source` of its data."""
    if not table.exists():
        return False
    with table.open(newline="") as file:
        return [*map(str, row), source] in [[*found[: len(row)], found[-1]] for found in csv.reader(file)]


def write_row(table: Path, columns: list[str], row: list) -> None:
    """Add a line, with `columns` before the first, and print it without its source."""
    new = not table.exists()
    with table.open("a", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(columns)
        writer.writerow(row)
    print(*row[:-1], flush=True)
