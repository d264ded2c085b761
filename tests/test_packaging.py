"""The wheel alone is enough: installed in an empty environment away from the clone, it converts a model."""

import json
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import sparsepixels_lib as sp

ROOT = Path(__file__).parents[1]
CONVERT = """
import json
import numpy as np
import sparsepixels_lib as sp

images = sp.load("sparse_mnist", "test", n=4).images
model = sp.sparse_cnn("sparse_mnist", 8, 8)
model.set_weights([np.random.default_rng(0).normal(0, 0.4, w.shape) for w in model.get_weights()])
scores, expected = sp.emulate(sp.convert(model, "project"), images), sp.exact_predict(model, images)
differ = int((scores != expected).sum())
print(json.dumps({"file": sp.__file__, "images": images.shape, "scores": scores.tolist(), "differ": differ}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built from the clone with the locked hatchling, not with one fetched for the occasion."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def elsewhere(wheel, tmp_path_factory) -> tuple[Path, dict]:
    """The folder of an environment with the wheel and what it depends on, and what CONVERT found there.

    The dependencies are lent by the running environment through a .pth file; its own .pth files are not read there: not
    the one that leads back to the clone, nor the one with which setuptools brings distutils back to Python 3.12.
    """
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    interpreter = folder / "venv" / "bin" / "python"
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--no-index", "--python"]
    subprocess.run([*install, interpreter, wheel], check=True)
    site_packages = next((folder / "venv").glob("lib/python*/site-packages"))
    distutils = "import _distutils_hack; _distutils_hack.add_shim()"
    (site_packages / "lent.pth").write_text(f"{sysconfig.get_path('purelib')}\n{distutils}\n")
    ran = subprocess.run([interpreter, "-I", "-c", CONVERT], cwd=folder, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return folder, json.loads(ran.stdout.splitlines()[-1])


def test_the_wheel_holds_every_module_kernel_and_embedded_file(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "sparsepixels_lib", "hls"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert any(path.startswith("hls/") for path in tracked)
    for path in tracked:
        assert (f"sparsepixels_lib/{path}" if path.startswith("hls/") else path) in inside


def test_the_library_of_the_wheel_is_the_one_that_ran(elsewhere):
    folder, found = elsewhere
    assert folder in Path(found["file"]).parents


def test_the_embedded_images_are_found_away_from_the_clone(elsewhere):
    assert elsewhere[1]["images"] == [4, 48, 48, 1]


def test_a_model_converted_away_from_the_clone_compiles_and_scores_ten_digits(elsewhere):
    folder, found = elsewhere
    assert [len(scores) for scores in found["scores"]] == [10] * 4
    assert found["differ"] == 0 and len({score for scores in found["scores"] for score in scores}) > 20
    emitted = {path.name for path in (folder / "project").rglob("*.h")}
    assert {path.name for path in (ROOT / "hls").rglob("*.h")} <= emitted


def test_licence_notice_and_version_are_the_same_everywhere(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        text = archive.read(metadata).decode()
        inside = {Path(name).name for name in archive.namelist()}
    assert f"Version: {sp.__version__}" in text and f"version: {sp.__version__}" in (ROOT / "CITATION.cff").read_text()
    assert "License-Expression: Apache-2.0 AND CC-BY-SA-3.0 AND MIT AND CC-BY-4.0\n" in text
    assert {"LICENSE", "NOTICE", "MIT.txt", "py.typed"} <= inside
    assert (ROOT / "LICENSE").read_text().strip().startswith("Apache License")
    assert (ROOT / "CHANGELOG.md").read_text().split("\n## ")[1].startswith(sp.__version__)


def test_the_notice_names_everything_that_is_embedded():
    notice = (ROOT / "NOTICE").read_text()
    for folder in ("sparsepixels_lib/embedded", "sparsepixels_lib/embedded/published", "notebooks/html_manager"):
        for path in filter(Path.is_file, (ROOT / folder).iterdir()):
            assert path.suffix in ("", ".md", ".txt", ".csv") or path.name in notice
    assert "published/*.csv" in notice
