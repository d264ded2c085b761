"""Imported before any test: the library brings TensorFlow up in the right mode.

Collects what the exactness tests counted.
"""

import os
import warnings

import matplotlib
import pytest
from matplotlib.figure import Figure

from sparsepixels_lib._legacy_keras import tf
from sparsepixels_lib.paths import cache

COUNT = "count"
os.environ.setdefault("SPARSEPIXELS_CACHE", str(cache()))  # of all processes that tests start, too


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """Weights that a test leaves to chance are the same in every run, and do not depend on the tests before."""
    tf.keras.utils.set_random_seed(1)


@pytest.fixture
def own_cache(tmp_path_factory, monkeypatch):
    """A cache of compiled programs without any: with no more than what all of them share, and takes long to compile."""
    folder = tmp_path_factory.mktemp("cache")
    for shared in ("runtime-*", "header-*"):
        for path in cache().glob(shared):
            (folder / path.name).symlink_to(path)
    monkeypatch.setenv("SPARSEPIXELS_CACHE", str(folder))
    return folder


@pytest.fixture(autouse=True)
def own_style():
    """A style that a test sets is its own: what a picture looks like must not depend on the tests before."""
    with matplotlib.rc_context():
        yield


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
    return lambda line: request.node.user_properties.append((COUNT, line))  # comes back from other processes, too


def pytest_terminal_summary(terminalreporter):
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    lines = [line for report in reports for name, line in report.user_properties if name == COUNT]
    if lines:
        terminalreporter.section("exactness: exact_predict = C++ or RTL = integer oracle, compared with ==")
        for line in lines:
            terminalreporter.write_line(line)
