"""Run notebooks with papermill and gather what they found; `make reproduce` is this with no arguments.

    python notebooks/run_all.py [names ...] [--profile smoke] [-p key value ...] [--out build] [--fresh]

Notebook NAME gives OUT/PROFILE/NAME.ipynb (executed), NAME.html (its slider moves without a kernel) and its own files
in OUT/PROFILE/NAME/, among them results.json; OUT/results.json gathers those of this run, OUT/results.txt is the same
as a table, and a row a network is printed. Without names the notebooks of the profile run, then those in solutions/,
which are called solutions/NAME and have no results. One that already ran with the same source, parameters, library and
data is not run again. Exit code: 0 all ran, 1 some failed, 2 usage, 130 Ctrl-C.
"""

import argparse
import ast
import contextlib
import difflib
import hashlib
import importlib.util
import json
import logging
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

try:
    import mathml
    import nbformat
    import pages
    import papermill
    import yaml
    from headline import COLUMNS, full, headline
    from ipykernel.kernelspec import get_kernel_dict
    from IPython.core.inputtransformer2 import TransformerManager
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
except ModuleNotFoundError as missing:
    sys.exit(f"{missing.name} is not installed for {sys.executable}: use `make reproduce`, which installs all in .venv")
except KeyboardInterrupt:
    sys.exit(130)

SOLUTIONS = "solutions"  # the folder beside the notebooks whose notebooks have no results


def closest(name: str, known) -> str:
    """` (did you mean ...?)` where a known name is near, and the list of them all."""
    near = "".join(f" (did you mean {match!r}?)" for match in difflib.get_close_matches(name, known, 1))
    return f"{near}; known: {', '.join(sorted(known)) or 'none'}"


def literal(text: str):
    """A Python literal, as in the parameters cell, or else the text itself."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def read_profile(folder: Path, profile: str) -> dict[str, dict]:
    """Notebook name -> its parameters, from FOLDER/params/PROFILE.yml. ValueError: there is no such map."""
    files = {path.stem: path for path in (folder / "params").glob("*.yml")}
    if profile not in files:
        raise ValueError(f"no profile {profile!r} in {folder / 'params'}{closest(profile, files)}")
    try:
        content = yaml.safe_load(files[profile].read_text()) or {}
    except yaml.YAMLError as error:
        raise ValueError(f"{files[profile]}: {error}") from None
    if not isinstance(content, dict) or not all(isinstance(p or {}, dict) for p in content.values()):
        raise ValueError(f"{files[profile]}: expected `notebook: {{parameter: value}}`")
    return {name: parameters or {} for name, parameters in content.items()}


def check_parameters(notebook: Path, parameters: dict) -> None:
    """ValueError for a parameter that the notebook does not have (papermill only warns) or has with another type."""
    try:
        known = papermill.inspect_notebook(notebook)
    except ValueError as error:
        raise ValueError(f"{notebook}: {error}") from None
    for key, value in parameters.items():
        if key not in known:
            raise ValueError(f"{notebook.stem} has no parameter {key!r}{closest(key, known)}")
        default = literal(known[key]["default"])
        same = type(value) is type(default) or (type(value), type(default)) == (int, float)
        if not same and value is not None and default is not None:
            raise ValueError(f"{notebook.stem}: {key} is {default!r} in the notebook and cannot be {value!r}")


def plan(
    folder: Path, profile: str, names: list[str], extra: dict[str, str], out: Path
) -> dict[str, tuple[Path, dict]]:
    """Name -> path and all parameters of a notebook. ValueError: unknown profile, notebook or parameter."""
    wanted, notebooks = read_profile(folder, profile), {path.stem: path for path in folder.glob("*.ipynb")}
    solutions = {f"{SOLUTIONS}/{path.stem}": path for path in sorted((folder / SOLUTIONS).glob("*.ipynb"))}
    notebooks |= solutions
    planned = {}
    for name in names or [*wanted, *solutions]:
        if name not in notebooks:
            raise ValueError(f"no notebook {name!r} in {folder}{closest(name, notebooks)}")
        chosen = {**wanted.get(name, {}), **{key: literal(value) for key, value in extra.items()}}
        if "out" in chosen:
            raise ValueError("the parameter `out` is set by this script: use --out")
        chosen["out"] = os.path.relpath(out / profile / name, notebooks[name].parent)  # no machine's path in the pages
        check_parameters(notebooks[name], chosen)
        planned[name] = notebooks[name], chosen
    return planned


def content_key(notebook: Path, parameters: dict) -> str:
    """Changes whenever the notebook, its parameters, the code, the kept tables or the data in its `folder` do."""
    library = Path(importlib.util.find_spec("sparsepixels_lib").origin).parent
    digest = hashlib.sha256(notebook.read_bytes() + json.dumps(parameters, sort_keys=True).encode())
    for script in (__file__, pages.__file__, mathml.__file__):  # what an earlier version did may lack something
        digest.update(Path(script).read_bytes())
    home = notebook.parent.parent if notebook.parent.name == SOLUTIONS else notebook.parent
    code = [library, library.parent / "hls", library.parent / "data_scripts", home / "tables"]
    for path in sorted(path for folder in code for path in folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.name.encode() + path.read_bytes())
    default = papermill.inspect_notebook(notebook).get("folder", {}).get("default", "None")
    if data := parameters.get("folder", literal(default)):  # gigabytes: their names, sizes and times are enough
        for path in sorted(path for path in (notebook.parent / data).rglob("*") if path.suffix in (".npz", ".h5")):
            digest.update(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}".encode())
    return digest.hexdigest()


def own_kernel(settings: Path) -> type[AsyncKernelManager]:
    """Kernels of the Python that runs this script, whatever else is called python3 on this machine.

    `settings` is an empty folder, which takes the place of the user's settings of IPython and Matplotlib.
    """
    (settings / "matplotlibrc").touch()
    environment = {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "PYTHONSTARTUP": ""}
    environment |= {"MATPLOTLIBRC": str(settings), "IPYTHONDIR": str(settings)}
    spec = KernelSpec(**get_kernel_dict(), env=environment)
    return type("OwnKernel", (AsyncKernelManager,), {"kernel_spec": property(lambda manager: spec)})


def check_pictures(executed: Path) -> None:
    """RuntimeError naming the cells that show no picture, though they, or a function of the notebook, make one."""
    makers, missing = {"plt.figure", "plt.subplots", "plt.subplot_mosaic"}, []
    for cell in nbformat.read(executed, as_version=4).cells:
        calls = set()  # of the cell itself
        code = TransformerManager().transform_cell(cell.source) if cell.cell_type == "code" else ""
        for node in ast.parse(code).body:
            inside = {ast.unparse(inner.func) for inner in ast.walk(node) if isinstance(inner, ast.Call)}
            if not isinstance(node, ast.FunctionDef):
                calls |= inside
            elif inside & makers and "plt.close" not in inside:
                makers.add(node.name)
        shown = any(kind.startswith("image/") for output in cell.get("outputs", []) for kind in output.get("data", {}))
        if calls & makers and "plt.close" not in calls and not shown:
            missing.append(f"In [{cell.execution_count}]")
    if missing:
        raise RuntimeError(
            f"no picture below {', '.join(missing)}: the notebook, or what it imports, changes Matplotlib's backend or "
            "calls plt.ioff; leave both alone, and plt.close in the same cell a figure that is not to be seen"
        )


def read_results(path: Path) -> dict:
    """A notebook's {"title": ..., "rows": [...]}. Raises where it wrote none or a row lacks a column."""
    results = json.loads(path.read_text())
    for row in results["rows"]:
        if absent := [column for column in COLUMNS if column not in row]:
            raise ValueError(f"{path}: {row} has no {', '.join(absent)}")
    return results


def run(name: str, notebook: Path, parameters: dict, folder: Path, fresh: bool) -> dict | None:
    """Execute into FOLDER, or find that done already, and return its results: None of a solution. Raises what stops it.

    Done is what has all its pictures and, but for a solution, results.
    """
    executed = folder / f"{name}.ipynb"
    results = None if notebook.parent.name == SOLUTIONS else folder / name / "results.json"
    page, done = executed.with_suffix(".html"), executed.with_suffix(".key")
    needed = [page] if results is None else [page, results]
    key = content_key(notebook, parameters)
    if not fresh and done.exists() and done.read_text() == key and all(path.exists() for path in needed):
        print(f"{name}: already ran with this source, parameters, library and data (--fresh runs it again)")
        return results and read_results(results)
    for stale in (done, *needed):
        stale.unlink(missing_ok=True)
    executed.parent.mkdir(exist_ok=True)
    print(f"{name}: running", flush=True)
    start = time.monotonic()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as settings:  # the kernel may still be ending
        papermill.execute_notebook(
            notebook,
            executed,
            parameters,
            kernel_name="python3",  # papermill's word for the language only
            kernel_manager_class=own_kernel(Path(settings)),
            cwd=notebook.parent,
            execution_timeout=None,  # a whole training on the real data takes as long as it takes
            progress_bar={"desc": name, "leave": False, "disable": None},  # a bar only on a terminal
            extra_arguments=["--log-level=CRITICAL"],  # the kernel's own remarks
        )
    found = results and read_results(results)
    check_pictures(executed)
    pages.export_html(executed)
    done.write_text(key)
    print(f"{name}: done in {time.monotonic() - start:.0f} s", flush=True)
    return found


def write_together(files: dict[Path, str]) -> None:
    """Write them all, or leave all as they were. OSError: a full disk, for instance."""
    parts = {path.with_suffix(f"{path.suffix}.{os.getpid()}.part"): path for path in files}
    try:
        for part, path in parts.items():
            part.write_text(files[path], encoding="utf-8")
        for part, path in parts.items():
            part.replace(path)
    finally:
        for part in parts:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="without .ipynb (default: those of the profile, then solutions)")
    parser.add_argument("--profile", default="smoke", help="a file in params/ (default: smoke)")
    parser.add_argument("-p", nargs=2, action="append", default=[], metavar=("KEY", "VALUE"), help="set a parameter")
    parser.add_argument("--out", type=Path, default=Path("build"), help="output folder (default: build)")
    parser.add_argument("--fresh", action="store_true", help="run again what already ran")
    parser.add_argument("--notebooks", type=Path, default=Path(__file__).parent, help="folder of the notebooks")
    args = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that no kernel and no simulator outlives this
    folder, found, failed = args.out / args.profile, {}, []
    if getattr(importlib.util.find_spec("sparsepixels_lib"), "origin", None) is None:
        parser.error(f"sparsepixels_lib is not installed for {sys.executable}: use `make reproduce`")
    try:
        planned = plan(args.notebooks.resolve(), args.profile, args.names, dict(args.p), args.out.resolve())
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except ValueError as error:
        parser.error(str(error))
    except OSError as error:
        parser.error(f"cannot write into {folder} ({error.strerror}): name another folder with --out")

    for name, (notebook, parameters) in planned.items():
        try:
            found[name] = run(name, notebook, parameters, folder, args.fresh)
        except KeyboardInterrupt:
            logging.disable()  # asyncio's complaint about the kernel that was just stopped
            print(f"\nStopped in {name}; done: {', '.join(found) or 'none'}. The same command goes on.")
            return 130
        except Exception as error:  # whatever stops one notebook, the others run
            failed.append(name)
            last = f"{type(error).__name__}: {error}".strip().splitlines()[-8:]
            print(f"{name}: FAILED, see {folder / name}.ipynb", *last, sep="\n    ", flush=True)

    results = {name: of for name, of in found.items() if of is not None}
    gathered, rows = args.out / "results.json", args.out / "results.txt"
    content = json.dumps({"profile": args.profile, "notebooks": results}, indent=1)
    print(f"\n{headline(results)}\n")
    try:
        write_together({gathered: content, rows: f"{full(results)}\n"})
        print(f"All rows, with their sources: {rows}, {gathered}")
    except OSError as error:  # a full disk; those of the notebooks are beside their pages
        failed.append(gathered.name)
        print(f"{rows} and {gathered} cannot be written ({error.strerror}): make room and run the same command again")
    print("Pages:", *(f"{folder / name}.html" for name in found), f"Failed: {', '.join(failed) or 'none'}", sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
