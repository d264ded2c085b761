"""The one check of whole numbers that a user gives."""

from numbers import Integral
from typing import Any


def is_whole(value: Any, least: int | None = None) -> bool:
    """Whether `value` is a whole number of Python or NumPy, no bool, and at least `least`."""
    return isinstance(value, Integral) and not isinstance(value, bool) and (least is None or int(value) >= least)


def whole(value: Any, name: str, least: int = 1) -> int:
    """`value` as an int. Raises ValueError, with the `name`, for what is no whole number of at least `least`."""
    if not is_whole(value, least):
        raise ValueError(f"{name} must be a whole number, at least {least}, not {value!r}.")
    return int(value)


def pair(value: Any, name: str) -> tuple[int, int]:
    """One or two whole numbers, rows and columns, as two. Raises ValueError as `whole`."""
    pair = tuple(value) if isinstance(value, list | tuple) else (value, value)
    if len(pair) != 2:
        raise ValueError(f"{name} must be one or two whole numbers, not {value!r}.")
    return whole(pair[0], name), whole(pair[1], name)
