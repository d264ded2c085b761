"""Imported before any test: the library brings TensorFlow up in the right mode.

Collects what the exactness tests counted.
"""

import warnings

import pytest
from matplotlib.figure import Figure

import sparsepixels_lib  # noqa: F401

COUNTS = pytest.StashKey[list]()


@pytest.fixture
def ax():
    """Axes of a figure that is drawn in the end, so that what cannot be drawn fails the test."""
    figure = Figure()
    yield figure.subplots()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.draw_without_rendering()


@pytest.fixture
def state_count(request):
    """Call it with a line to print at the end of the run: which events were compared, and how many numbers differed."""
    return request.config.stash.setdefault(COUNTS, []).append


def pytest_terminal_summary(terminalreporter, config):
    lines = config.stash.get(COUNTS, [])
    if lines:
        terminalreporter.section("exactness: exact_predict = compiled C++ = integer oracle, compared with ==")
        for line in lines:
            terminalreporter.write_line(line)
