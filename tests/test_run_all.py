"""notebooks/run_all.py on tiny notebooks of its own; the real ones run in `make reproduce`."""

import errno
import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import nbformat.v4 as v4
import pytest
import yaml

SCRIPT = Path(__file__).parents[1] / "notebooks" / "run_all.py"
sys.path.insert(0, str(SCRIPT.parent))  # where Python looks when it runs the script
spec = importlib.util.spec_from_file_location("run_all", SCRIPT)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
WRITE = """
import json, pathlib
pathlib.Path(out).mkdir(parents=True, exist_ok=True)
row = {"network": "toy", "quantity": "twice n", "value": 2 * n, "published": None, "source": "arithmetic"}
pathlib.Path(out, "results.json").write_text(json.dumps({"title": "Toy", "rows": [row]}))
"""

FIGURE = "import matplotlib.pyplot as plt\nfigure, ax = plt.subplots(figsize=(1, 1))"


def write_notebook(folder: Path, name: str, *cells: str) -> None:
    parameters = v4.new_code_cell("n = 1\nfolder = None\nout = 'here'", metadata={"tags": ["parameters"]})
    notebook = v4.new_notebook(cells=[parameters, *map(v4.new_code_cell, cells)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    (folder / f"{name}.ipynb").write_text(v4.writes_json(notebook))


@pytest.fixture
def folder(tmp_path):
    """notebooks/ with 00_good (results: twice n) in the profile `smoke` with n = 3."""
    folder = tmp_path / "notebooks"
    (folder / "params").mkdir(parents=True)
    (folder / "params" / "smoke.yml").write_text("00_good: {n: 3}\n")
    write_notebook(folder, "00_good", WRITE)
    return folder


def command_line(folder: Path, *arguments: str) -> list[str]:
    return ["--notebooks", str(folder), "--out", str(folder.parent / "build"), *arguments]


@pytest.fixture
def run_all(folder, capsys):
    """Runs the script on `folder` with more arguments; gives its exit code and what it printed."""

    def run(*arguments: str) -> tuple[int, str]:
        try:
            code = module.main(command_line(folder, *arguments))
        except SystemExit as stopped:  # argparse
            code = stopped.code
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


@pytest.fixture
def solution(folder):
    """solutions/00_good, which shows three times n and writes no results."""
    (folder / "solutions").mkdir()
    write_notebook(folder, "solutions/00_good", "print(3 * n)")
    return "solutions/00_good"


def value_in_results(folder: Path) -> float:
    results = json.loads((folder.parent / "build" / "results.json").read_text())
    return results["notebooks"]["00_good"]["rows"][0]["value"]


def test_a_profile_runs_and_its_results_and_page_are_gathered(folder, run_all):
    code, printed = run_all()
    assert code == 0
    assert value_in_results(folder) == 6
    assert "twice n" in (folder.parent / "build" / "smoke" / "00_good.html").read_text()
    table = (folder.parent / "build" / "results.txt").read_text()
    assert [line.split() for line in table.splitlines() if "twice n" in line] == [
        ["00_good", "toy", "twice", "n", "6", "-", "arithmetic"]
    ]
    assert "twice n" not in printed and "results.txt" in printed and "results.json" in printed


def test_a_second_run_is_skipped_until_a_parameter_changes(folder, run_all):
    run_all()
    assert "already ran" in run_all()[1]
    assert "already ran" not in run_all("00_good", "-p", "n", "4")[1]
    assert value_in_results(folder) == 8


def test_new_data_in_the_folder_that_a_notebook_reads_let_it_run_again(folder, run_all):
    run_all("00_good", "-p", "folder", "../data")
    assert "already ran" in run_all("00_good", "-p", "folder", "../data")[1]
    (folder.parent / "data" / "published").mkdir(parents=True)
    (folder.parent / "data" / "published" / "real.npz").write_bytes(b"pixels")
    assert "already ran" not in run_all("00_good", "-p", "folder", "../data")[1]


def test_a_new_table_lets_a_notebook_run_again(folder, run_all):
    run_all()
    (folder / "tables").mkdir()
    (folder / "tables" / "points.json").write_text("{}")
    assert "already ran" not in run_all()[1]


def test_a_changed_notebook_runs_again(folder, run_all):
    run_all()
    write_notebook(folder, "00_good", "n = 50", WRITE)
    assert "already ran" not in run_all()[1]
    assert value_in_results(folder) == 100


def test_a_failing_notebook_shows_its_error_and_does_not_hide_the_next(folder, run_all):
    write_notebook(folder, "0_bad", "raise RuntimeError('no such pixel')")
    (folder / "params" / "smoke.yml").write_text("0_bad: {}\n00_good: {n: 3}\n")
    code, printed = run_all()
    assert code == 1
    assert "0_bad: FAILED" in printed and "RuntimeError: no such pixel" in printed
    assert (folder.parent / "build" / "smoke" / "0_bad.ipynb").exists()
    assert value_in_results(folder) == 6
    again = run_all()[1]
    assert "0_bad: running" in again and "00_good: already ran" in again


@pytest.mark.parametrize(
    "cell, words",
    [
        ("pass", "No such file or directory"),
        (WRITE.replace("'source'", "'sauce'").replace('"source"', '"sauce"'), "has no source"),
    ],
)
def test_a_notebook_without_proper_results_has_failed(folder, run_all, cell, words):
    write_notebook(folder, "00_good", cell)
    code, printed = run_all()
    assert code == 1
    assert "results.json" in printed and words in printed


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["-p", "m", "1"], "no parameter 'm'; known: folder, n, out"),
        (["-p", "nn", "1"], "did you mean 'n'?"),
        (["-p", "n", "many"], "n is 1 in the notebook and cannot be 'many'"),
        (["-p", "out", "elsewhere"], "use --out"),
        (["00_god"], "did you mean '00_good'?"),
        (["--profile", "smok"], "did you mean 'smoke'?"),
    ],
)
def test_what_does_not_exist_is_refused_before_anything_runs(folder, run_all, arguments, words):
    code, printed = run_all(*arguments)
    assert code == 2
    assert words in printed
    assert not (folder.parent / "build").exists()


def test_an_unknown_parameter_in_the_profile_is_refused(folder, run_all):
    (folder / "params" / "smoke.yml").write_text("00_good: {epoch: 3}\n")
    code, printed = run_all()
    assert code == 2
    assert "00_good has no parameter 'epoch'" in printed


def test_an_output_folder_that_cannot_be_written_is_one_clear_line(folder, run_all):
    (folder.parent / "build").write_text("a file where the folder should be")
    code, printed = run_all()
    assert code == 2
    assert printed.strip().splitlines()[-1].endswith("name another folder with --out")


def test_ctrl_c_stops_in_one_line_and_the_same_command_goes_on(folder, run_all):
    pause = "import pathlib, time\nif not pathlib.Path('go').exists():\n    time.sleep(300)"
    write_notebook(folder, "01_slow", pause, WRITE)
    (folder / "params" / "smoke.yml").write_text("00_good: {n: 3}\n01_slow: {}\n")
    command = [sys.executable, SCRIPT, *command_line(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        for line in running.stdout:
            if "01_slow: running" in line:
                break
        running.send_signal(signal.SIGINT)
        rest = running.stdout.read()
    assert running.returncode == 130
    assert rest.strip() == "Stopped in 01_slow; done: 00_good. The same command goes on."
    (folder / "go").touch()
    code, printed = run_all()
    assert code == 0
    assert "00_good: already ran" in printed and "01_slow: done" in printed


def test_solutions_run_last_into_a_folder_of_their_own_and_add_no_results(folder, run_all, solution):
    code, printed = run_all()
    assert code == 0
    ran = [line.split(":")[0] for line in printed.splitlines() if line.endswith(": running")]
    assert ran == ["00_good", solution]
    build = folder.parent / "build"
    executed = nbformat.read(build / "smoke" / f"{solution}.ipynb", as_version=4)
    assert executed.cells[-1].outputs[0].text == "3\n"
    assert (build / "smoke" / f"{solution}.html").exists() and f"{solution}.html" in printed
    assert [*json.loads((build / "results.json").read_text())["notebooks"]] == ["00_good"]
    assert "solutions" not in (build / "results.txt").read_text()


def test_a_solution_is_named_with_its_folder_and_not_run_again(folder, run_all, solution):
    for words in (f"{solution}: done", f"{solution}: already ran"):
        code, printed = run_all(solution)
        assert code == 0 and words in printed and "\n00_good" not in printed
    assert f"{solution}: done" in run_all(solution, "-p", "n", "2")[1]
    assert "did you mean 'solutions/00_good'?" in run_all("solutions/00_god")[1]


def test_a_new_table_lets_a_solution_run_again(folder, run_all, solution):
    run_all(solution)
    (folder / "tables").mkdir()
    (folder / "tables" / "points.json").write_text("{}")
    assert f"{solution}: done" in run_all(solution)[1]


def test_a_solution_works_where_it_lies_and_its_parameter_out_leads_to_its_folder(folder, run_all, solution):
    write_notebook(folder, solution, "import pathlib\npathlib.Path(out).mkdir()\npathlib.Path('here').touch()")
    assert run_all(solution)[0] == 0
    assert (folder.parent / "build" / "smoke" / solution).is_dir() and (folder / "solutions" / "here").exists()


def test_a_failing_solution_fails_the_run_and_leaves_the_results(folder, run_all, solution):
    write_notebook(folder, solution, "raise RuntimeError('no such pixel')")
    code, printed = run_all()
    assert code == 1 and value_in_results(folder) == 6
    assert f"{solution}: FAILED" in printed and f"Failed: {solution}" in printed
    assert not (folder.parent / "build" / "smoke" / f"{solution}.html").exists()


def executed(folder: Path) -> nbformat.NotebookNode:
    return nbformat.read(folder.parent / "build" / "smoke" / "00_good.ipynb", as_version=4)


def pictures(folder: Path) -> int:
    return sum("image/png" in output.get("data", {}) for cell in executed(folder).cells for output in cell.outputs)


def test_pictures_appear_whatever_backend_the_shell_and_a_matplotlibrc_name(folder, run_all, monkeypatch):
    (folder.parent / "matplotlibrc").write_text("backend: pdf\nfigure.dpi: 7\n")
    monkeypatch.setenv("MATPLOTLIBRC", str(folder.parent))
    monkeypatch.setenv("MPLBACKEND", "Agg")
    write_notebook(folder, "00_good", WRITE, FIGURE, f"{FIGURE}\nassert figure.dpi > 7")
    assert run_all()[0] == 0
    assert pictures(folder) == 2


def test_a_notebook_whose_pictures_are_missing_is_not_done(folder, run_all):
    cells = [WRITE, FIGURE, "plt.switch_backend('agg')", "def show():\n    plt.subplots()", "show()", FIGURE]
    write_notebook(folder, "00_good", *cells)
    code, printed = run_all()
    assert code == 1 and pictures(folder) == 1
    assert "00_good: FAILED" in printed and "no picture below In [7], In [8]: " in printed
    assert not (folder.parent / "build" / "smoke" / "00_good.html").exists()
    assert "already ran" not in run_all()[1]


@pytest.mark.parametrize(
    "cell",
    [
        "def show():\n    plt.subplots()",
        "figure, ax = plt.subplots()\nfigure.savefig('x.png')\nplt.close(figure)",
        "def save():\n    figure = plt.figure()\n    plt.close(figure)\n\n\nsave()",
        "%time 1 + 1\n!ls",
        "figure",
    ],
)
def test_no_picture_is_missed_where_none_is_to_be_seen(folder, cell):
    write_notebook(folder, "00_good", cell)
    module.check_pictures(folder / "00_good.ipynb")


def test_what_another_version_of_the_script_took_for_done_runs_again(folder, run_all, monkeypatch):
    before = module.content_key(folder / "00_good.ipynb", {})
    (other := folder / "run_all.py").write_text("another version")
    monkeypatch.setattr(module, "__file__", str(other))
    assert module.content_key(folder / "00_good.ipynb", {}) != before


def test_a_notebook_runs_in_this_python_whichever_is_called_python3(folder, run_all, monkeypatch):
    (spec := folder.parent / "jupyter" / "kernels" / "python3").mkdir(parents=True)
    other = {"argv": ["/bin/false", "{connection_file}"], "display_name": "another Python", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(other))
    monkeypatch.setenv("JUPYTER_PATH", str(folder.parent / "jupyter"))
    write_notebook(folder, "00_good", WRITE, "import sys\npathlib.Path(out, 'python').write_text(sys.executable)")
    assert run_all()[0] == 0
    assert (folder.parent / "build" / "smoke" / "00_good" / "python").read_text() == sys.executable
    assert executed(folder).metadata.kernelspec.display_name == "Python 3"
    assert sys.executable not in (folder.parent / "build" / "smoke" / "00_good.html").read_text()


def test_what_a_user_lets_every_python_do_first_is_not_done(folder, run_all, monkeypatch):
    (startup := folder.parent / "ipython" / "profile_default" / "startup").mkdir(parents=True)
    for file in (folder.parent / "first.py", startup / "00.py"):
        file.write_text("n_of_the_user = 1")
    monkeypatch.setenv("PYTHONSTARTUP", str(folder.parent / "first.py"))
    monkeypatch.setenv("IPYTHONDIR", str(folder.parent / "ipython"))
    write_notebook(folder, "00_good", WRITE, "assert 'n_of_the_user' not in globals()")
    assert run_all()[0] == 0


@pytest.mark.parametrize("too_large", ["results.json", "results.txt"])
def test_a_full_disk_under_the_results_is_one_line_and_leaves_the_earlier_ones(folder, monkeypatch, capsys, too_large):
    (build := folder.parent / "build").mkdir()
    kept, write = [build / "results.json", build / "results.txt"], Path.write_text
    for path in kept:
        path.write_text("earlier")

    def full(path, text, **options):
        if path.suffix == ".part" and path.name.startswith(too_large):
            write(path, text[:10])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, text, **options)

    monkeypatch.setattr(module, "run", lambda *_: {"title": "", "rows": []})
    monkeypatch.setattr(Path, "write_text", full)
    assert module.main(command_line(folder)) == 1
    assert "results.json cannot be written (No space left on device): make room" in capsys.readouterr().out
    assert [path.read_text() for path in kept] == ["earlier", "earlier"]
    assert sorted(path for path in build.iterdir() if path.is_file()) == kept


def test_a_formula_that_has_no_mathml_fails_its_notebook(folder, run_all):
    notebook = nbformat.read(folder / "00_good.ipynb", as_version=4)
    notebook.cells.append(v4.new_markdown_cell("Charge is $\\chrage$."))
    nbformat.write(notebook, folder / "00_good.ipynb")
    code, printed = run_all()
    assert code == 1
    assert "00_good: FAILED" in printed and r"Charge is" in printed and r"\chrage" in printed


def test_every_notebook_is_in_every_profile():
    notebooks = {path.stem for path in SCRIPT.parent.glob("*.ipynb")}
    for profile in ("smoke", "full"):
        assert set(yaml.safe_load((SCRIPT.parent / "params" / f"{profile}.yml").read_text())) == notebooks
