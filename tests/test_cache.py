"""What is compiled once: simulators and libraries, for all folders and processes, and never from what is damaged."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from test_layers import random_network, randomize
from tiny_rtl import some_images, sums, tiny

import sparsepixels_lib as sp
from sparsepixels_lib import paths
from sparsepixels_lib.cpp import compile as cpp
from sparsepixels_lib.measure.simulation import simulate
from sparsepixels_lib.network import probes
from sparsepixels_lib.tools import verilator
from sparsepixels_lib.tools.kept import kept

IMAGES = some_images(5)
ALONE = """\
import pathlib, sys, time, types
package = types.ModuleType("sparsepixels_lib")  # without all that its __init__ imports
package.__path__ = [sys.argv[1]]
sys.modules["sparsepixels_lib"] = package
"""
MAKE = """
from sparsepixels_lib.tools.kept import kept

def make(path):
    with open(sys.argv[2], "a") as log:
        log.write("made\\n")
    time.sleep(float(sys.argv[3]))
    path.write_text("text")

print(kept("thing", ["content"], make, pathlib.Path("elsewhere")).read_text())
"""
COMPILE = """
from sparsepixels_lib.cpp import compile
compile.run = None  # what would run g++
print(compile.compiled(pathlib.Path(sys.argv[2]), "sparsepixels"))
"""


@pytest.fixture(autouse=True)
def cache(own_cache):
    return own_cache


def started(script, *arguments):
    command = [sys.executable, "-c", ALONE + script, Path(sp.__file__).parent, *arguments]
    return subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)


def answer(process):
    said = process.communicate()[0].strip()
    assert process.returncode == 0
    return said


class Maker:
    """Writes the text that it was given, and counts how often."""

    def __init__(self, text="text"):
        self.text, self.calls = text, 0

    def __call__(self, path):
        self.calls += 1
        path.write_text(self.text)


def test_a_file_is_made_once_for_each_content(cache, tmp_path):
    make = Maker()
    first = kept("thing", ["a", b"b"], make, tmp_path / "one")
    assert first == kept("thing", [b"a", "b"], make, tmp_path / "two") and first.parent == cache
    assert make.calls == 1 and first.read_text() == "text"
    others = {kept("thing", content, make, tmp_path) for content in (["a"], ["ab"], ["b", "a"], ["a", "b", ""])}
    assert make.calls == 5 and len(others | {first}) == 5


@pytest.mark.parametrize("text", ["tex", "text and more", "tixt", ""])
def test_a_damaged_file_is_made_again(tmp_path, text):
    make = Maker()
    path = kept("thing", ["a"], make, tmp_path)
    path.write_text(text)
    assert kept("thing", ["a"], make, tmp_path) == path
    assert make.calls == 2 and path.read_text() == "text"


@pytest.mark.parametrize("lost", ["", ".sha256"])
def test_a_file_without_its_digest_or_a_digest_without_its_file_is_made_again(tmp_path, lost):
    make = Maker()
    path = kept("thing", ["a"], make, tmp_path)
    path.with_name(path.name + lost).unlink()
    assert kept("thing", ["a"], make, tmp_path).read_text() == "text" and make.calls == 2


def test_what_cannot_be_made_leaves_nothing(cache, tmp_path):
    def fail(path):
        path.write_text("half")
        raise RuntimeError("does not compile")

    for _ in range(2):
        with pytest.raises(RuntimeError, match="does not compile"):
            kept("thing", ["a"], fail, tmp_path)
    assert [path.suffix for path in cache.glob("thing-*")] == [".lock"]


def test_where_the_cache_cannot_be_written_the_file_is_elsewhere(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SPARSEPIXELS_CACHE", str(tmp_path / "file" / "cache"))
    make = Maker()
    for _ in range(2):
        assert kept("thing", ["a"], make, tmp_path / "folder").parent == tmp_path / "folder"
    assert make.calls == 1
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setenv("SPARSEPIXELS_CACHE", str(tmp_path))
    assert kept("thing", ["a"], make, tmp_path / "third").parent == tmp_path / "third"


def test_another_process_does_not_make_it_again_and_two_at_once_make_it_once(tmp_path):
    log = tmp_path / "log"
    both = [started(MAKE, log, 0.5) for _ in range(2)]
    assert [answer(process) for process in both] == ["text", "text"]
    assert answer(started(MAKE, log, 0)) == "text"
    assert log.read_text() == "made\n"


def test_a_process_that_was_killed_leaves_nothing_that_is_used(tmp_path):
    log = tmp_path / "log"
    killed = started(MAKE, log, 60)
    while not log.exists() or not log.read_text():
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert answer(started(MAKE, log, 0)) == "text"
    assert log.read_text() == "made\nmade\n"


def test_the_cache_is_where_it_is_told_or_in_the_clone_or_with_those_of_the_user(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPARSEPIXELS_CACHE", "named")
    assert paths.cache() == tmp_path / "named"
    monkeypatch.delenv("SPARSEPIXELS_CACHE")
    assert paths.cache() == Path(__file__).parents[1] / "build" / "cache"
    monkeypatch.setattr(paths, "PACKAGE", tmp_path / "site-packages" / "sparsepixels_lib")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert paths.cache() == tmp_path / "caches" / "sparsepixels_lib"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert paths.cache() == tmp_path / ".cache" / "sparsepixels_lib"


def test_a_simulator_is_compiled_once_for_all_folders_and_again_when_it_was_damaged(cache, tmp_path, monkeypatch):
    assert (simulate(tiny(tmp_path / "one"), IMAGES).logits == sums(IMAGES)).all()
    (simulator,) = (path for path in cache.glob("simulator-*") if not path.suffix)
    with monkeypatch.context() as patch:
        patch.setattr(verilator, "_verilator", lambda *_: pytest.fail("compiled again"))
        assert (simulate(tiny(tmp_path / "two"), IMAGES).logits == sums(IMAGES)).all()
        with pytest.raises(pytest.fail.Exception, match="compiled again"):
            simulate(tiny(tmp_path / "three", "pixels"), IMAGES)
    simulator.write_bytes(simulator.read_bytes()[:1000])
    assert (simulate(tiny(tmp_path / "four"), IMAGES).logits == sums(IMAGES)).all()


@pytest.fixture
def no_cache(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SPARSEPIXELS_CACHE", str(tmp_path / "file" / "cache"))


def test_without_a_cache_simulator_and_library_are_in_the_folder_of_the_project(no_cache, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert (simulate(tiny(Path("a project")), IMAGES).logits == sums(IMAGES)).all()
    assert list((tmp_path / "a project" / "sim").glob("simulator-*"))
    model, images = small()
    assert (sp.emulate(sp.convert(model, "hls"), images) == sp.exact_predict(model, images)).all()


def small(spread=0.7):
    """The same sources each time: Keras counts the names that it gives itself."""
    sp.models.keras.backend.clear_session()
    model = random_network(6, 7, 1, 5, (3, 3), 2, (2, 3), "maximum", 8)
    randomize(model, 0, spread)
    return model, probes.corner_images(6, 7, 1, 5)


def test_a_library_is_compiled_once_for_all_folders_and_processes(tmp_path, monkeypatch):
    for folder in ("one", "two"):
        model, images = small()
        hls_model = sp.convert(model, tmp_path / folder)
        assert (sp.emulate(hls_model, images) == sp.exact_predict(model, images)).all()
        monkeypatch.setattr(cpp, "run", lambda *_: pytest.fail("compiled again"))
    assert answer(started(COMPILE, tmp_path / "two"))
    other, images = small(2)
    with pytest.raises(pytest.fail.Exception, match="compiled again"):
        sp.emulate(sp.convert(other, tmp_path / "three"), images)


def test_projects_that_share_a_library_share_no_numbers(tmp_path, monkeypatch):
    """Loaded from one file, they would have one set of weights, those of the first."""
    model, images = small()
    first, second = (sp.convert(model, tmp_path / folder) for folder in ("one", "two"))
    write = second.write

    def altered():
        write()
        path = tmp_path / "two" / "firmware" / "weights" / "b3.txt"
        path.write_text(", ".join("1.5" for _ in path.read_text().split(",")))

    monkeypatch.setattr(second, "write", altered)
    expected = sp.exact_predict(model, images)
    assert (sp.emulate(first, images) == expected).all()
    monkeypatch.setattr(cpp, "run", lambda *_: pytest.fail("compiled again"))
    assert (sp.emulate(second, images, check=False) != expected).any()
    assert (sp.emulate(first, images) == expected).all()
    assert (np.asarray(first.predict(images[:2])) == expected[:2]).all()


def test_what_nobody_has_used_for_a_month_is_forgotten_when_something_new_is_made(cache):
    make = Maker("text")
    old, used = (kept(name, [name], make, cache) for name in ("old", "used"))
    for path in cache.iterdir():
        os.utime(path, (0, 0))
    assert kept("used", ["used"], make, cache) == used
    kept("new", ["new"], make, cache)
    assert used.exists() and not old.exists() and kept("used", ["used"], make, cache) == used
