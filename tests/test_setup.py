"""From a fresh clone to a running library: the Makefile's words, the lock, and what the first import says."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = (ROOT / "requirements.lock").read_text()
NOT_LOCKED = {"ecp5", "pythia"}  # large, and needed only to make again what ships
PYTHONS = ["3.11.7", "3.12.1", "3.13.0"]
MAKE, SH = shutil.which("make"), shutil.which("sh")


@pytest.fixture
def make(tmp_path):
    """Runs make in a bare clone on a machine that has nothing but stand-ins (name -> shell script)."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    programs = tmp_path / "programs"
    programs.mkdir()

    def run(*arguments: str, **stand_ins: str) -> subprocess.CompletedProcess:
        for name, script in stand_ins.items():
            program = programs / {"gxx": "g++", "python311": "python3.11"}.get(name, name)
            program.write_text(f"#!{SH}\n{script}\n")
            program.chmod(0o755)
        environment = {"PATH": str(programs)}
        return subprocess.run([MAKE, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True)

    return run


def test_a_missing_compiler_is_named_before_anything_is_installed(make, tmp_path):
    ran = make("test")
    assert ran.returncode != 0
    assert ran.stderr.startswith("g++ is missing: install it") and "Traceback" not in ran.stderr
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize(
    "stand_ins, words",
    [
        ({}, "3.11, 3.12 or 3.13"),
        ({"python3": "echo 3.9"}, "Found: python3 is 3.9"),
        ({"python3": "echo 3.14"}, "Found: python3 is 3.14"),
        ({"python3": "echo 3.12; exit 1"}, "Found: python3 is 3.12 without its venv module"),
        ({"python3": "echo 3.9", "python": "echo 2.7"}, "Found: python3 is 3.9, python is 2.7"),
    ],
)
def test_a_missing_python_is_one_line_that_names_what_was_found(make, stand_ins, words):
    ran = make("test", gxx="true", **stand_ins)
    assert ran.returncode != 0
    first, *rest = ran.stderr.splitlines()
    assert first.startswith("No usable Python:") and words in first
    assert all(line.startswith("make:") for line in rest)


def test_a_usable_python_is_found_behind_an_unusable_one(make):
    assert "with python3," in make("test", gxx="true", python311="echo 3.11; exit 1", python3="echo 3.12").stdout


def test_a_set_up_that_failed_is_done_again_and_one_that_succeeded_is_not(make, tmp_path):
    real = {name: f'exec {shutil.which(name)} "$@"' for name in ("mkdir", "touch")}
    python3 = 'case "$2" in venv) mkdir -p .venv;; *) echo 3.12;; esac'
    failed = make("lint", python3=python3, uv="exit 1", **real)
    assert failed.returncode != 0
    assert "uv pip install" in make("-n", "lint").stdout
    make("lint", uv="true")  # the set-up succeeds; ruff is not there
    assert make("-n", "lint").stdout.splitlines()[0] == ".venv/bin/ruff check ."


def test_make_alone_lists_every_target(make):
    listed = make(sed=f'exec {shutil.which("sed")} "$@"').stdout
    for target in ("reproduce", "test", "lab", "lint", "bench", "lock"):
        assert f"make {target}" in listed


def locked(python: str) -> dict[str, str]:
    """Package -> version of the lock on Linux with that Python."""
    linux = {"sys_platform": "linux", "os_name": "posix"}
    environment = {**linux, "python_version": python[:4], "python_full_version": python}
    found = {}
    for line in re.findall(r"^\S.*==.*?(?= \\$)", LOCK, re.MULTILINE):
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            assert requirement.name not in found, f"{requirement.name} is locked twice for Python {python}"
            found[requirement.name] = str(requirement.specifier).removeprefix("==")
    return found


def test_every_locked_package_is_pinned_and_hashed_and_names_no_host():
    entries = re.split(r"\n(?=\S)", LOCK.strip())
    assert len(entries) > 100
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+==\S+( ; .*)? \\\n    --hash=sha256:[0-9a-f]{64}", entry), entry[:80]
    assert "://" not in LOCK and "--index" not in LOCK


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_holds_every_direct_dependency_at_a_version_that_is_admitted(python):
    versions = locked(python)
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
    wanted += sum((extras[extra] for extra in extras.keys() - NOT_LOCKED), [])
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), requirement


def test_environment_yml_has_the_same_pythons_and_the_same_lock():
    *conda, pip = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    python = next(entry.removeprefix("python ") for entry in conda if entry.startswith("python "))
    assert SpecifierSet(python) == SpecifierSet(PROJECT["project"]["requires-python"])
    assert pip == {"pip": ["-r requirements.lock"]}


def test_the_supported_pythons_are_those_that_the_makefile_and_ci_try():
    admitted = SpecifierSet(PROJECT["project"]["requires-python"])
    minors = [f"3.{minor}" for minor in range(9, 20) if f"3.{minor}.0" in admitted]
    assert minors == [python.rpartition(".")[0] for python in PYTHONS]
    ci = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    assert ci["jobs"]["ci"]["strategy"]["matrix"]["python"] == minors
    makefile = (ROOT / "Makefile").read_text()
    assert all(f"python{minor}" in makefile for minor in minors)


def python(code: str) -> subprocess.CompletedProcess:
    """Run code in a new interpreter that has not set TF_USE_LEGACY_KERAS."""
    environment = {key: value for key, value in os.environ.items() if key != "TF_USE_LEGACY_KERAS"}
    return subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True)


def test_the_import_is_quiet():
    ran = python("import sparsepixels_lib")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_tensorflow_imported_first_in_the_wrong_mode_is_explained():
    ran = python("import tensorflow, sparsepixels_lib")
    assert ran.returncode != 0
    last = ran.stderr.strip().splitlines()[-1]
    assert last.startswith("RuntimeError") and "estart" in last and "before tensorflow" in last.lower()


def test_tensorflow_imported_first_in_the_right_mode_is_accepted():
    ran = python("import os; os.environ['TF_USE_LEGACY_KERAS'] = '1'; import tensorflow, sparsepixels_lib; print('ok')")
    assert ran.stdout == "ok\n", ran.stderr
