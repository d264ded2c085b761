"""Public files (HDF5) that the system does not let be read, which is no reason to download them again."""

import errno
import fcntl
import re
import shutil

import h5py
import numpy as np
import pytest
from jets_public import some_jets, tables, write
from microboone_files import readout, rows_of, write_file

from data_scripts.jets import __main__ as jets
from data_scripts.jets import files
from data_scripts.microboone import __main__ as microboone
from data_scripts.microboone import reader

NAMES = {"microboone": "bnb_WithWire_00.h5", "jets": "jetImage_2_150p_0_10000.h5"}
MAIN = {"microboone": microboone.main, "jets": jets.main}
CHECK = {"microboone": reader.check, "jets": files.check}


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("originals")
    write_file(folder / NAMES["microboone"], rows_of({(1, 0, 0): readout(np.random.default_rng(1))}))
    write(folder / NAMES["jets"], tables(*some_jets(20, 1)))
    return folder


@pytest.fixture(params=NAMES)
def kind(request):
    return request.param


@pytest.fixture
def path(originals, kind, tmp_path):
    return shutil.copy(originals / NAMES[kind], tmp_path / NAMES[kind])


def failing(monkeypatch, *arguments):
    """Let h5py raise OSError(*arguments) in place of opening a file."""

    def fails(*_):
        raise OSError(*arguments)

    monkeypatch.setattr(h5py, "File", fails)


def test_a_file_that_another_program_has_locked_is_said_to_be_locked(kind, path, monkeypatch, capsys):
    monkeypatch.delenv("HDF5_USE_FILE_LOCKING", raising=False)
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(SystemExit) as stopped:
            MAIN[kind](["prepare", str(path.parent)])
    printed = capsys.readouterr().err
    assert stopped.value.code == 1
    assert printed.startswith(f"error: {path} is locked by another program") and printed.count("\n") == 1
    assert "set HDF5_USE_FILE_LOCKING=FALSE" in printed and "download" not in printed
    CHECK[kind](path)


def test_a_file_system_without_locks_is_said_to_have_none(kind, path, monkeypatch):
    h5py_says = "Unable to synchronously open file (unable to lock file, errno = 37, error message = '...')"
    failing(monkeypatch, errno.ENOLCK, h5py_says)
    with pytest.raises(OSError, match="its file system has no locks .*HDF5_USE_FILE_LOCKING=FALSE"):
        CHECK[kind](path)


def test_a_file_that_is_being_written_is_not_called_damaged(kind, path):
    with h5py.File(path.with_suffix(".new"), "w", libver="latest") as file:
        file.create_dataset("x", data=[1])
        file.flush()
        shutil.copy(path.with_suffix(".new"), path)  # with the mark of a writer, without its lock
    with pytest.raises(OSError, match=f"{path} is being written, or was never finished"):
        CHECK[kind](path)


def test_a_disk_that_fails_is_not_called_a_damaged_file(kind, path, monkeypatch):
    failing(monkeypatch, errno.EIO, "Unable to synchronously open file (file read failed: time = now\n, errno = 5)")
    with pytest.raises(OSError, match=f"^{re.escape('[Errno 5] Input/output error: ')}'{path}'$"):
        CHECK[kind](path)


def test_a_disk_that_fails_between_two_pieces_of_a_file_is_not_called_a_damaged_file(originals, monkeypatch):
    def fails(_):
        raise OSError(errno.EIO, "Can't read data")

    monkeypatch.setattr(files, "sparsify_jets", fails)
    with pytest.raises(OSError, match="Input/output error"):
        list(files.read_jets(originals / NAMES["jets"]))


def test_a_missing_file_is_missing_and_a_folder_is_a_folder(kind, tmp_path):
    with pytest.raises(FileNotFoundError, match="none.h5"):
        CHECK[kind](tmp_path / "none.h5")
    with pytest.raises(IsADirectoryError, match=str(tmp_path)):
        CHECK[kind](tmp_path)
