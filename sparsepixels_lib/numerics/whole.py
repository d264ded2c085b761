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
