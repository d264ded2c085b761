"""Download of the archives with the public jets, from a record on this machine."""

import io
import tarfile

import pytest
from jets_public import NAMES
from local_record import local_record

from data_scripts import jets


def archive(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


FILES = {f"train/{name}": name.encode() * 1000 for name in NAMES} | {"train/readme.txt": b"text"}


def test_download_unpacks_the_h5_files_of_the_archives(tmp_path, monkeypatch):
    with local_record(monkeypatch, 3602260, {"jets_train.tar.gz": archive(FILES), "jets_val.tar.gz": archive({})}):
        paths = jets.download(tmp_path, match="train")
    assert {path.name: path.read_bytes() for path in paths} == {name: name.encode() * 1000 for name in NAMES}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*NAMES, "jets_train.tar.gz"])


def test_an_archive_that_leads_out_of_the_folder_stays_inside(tmp_path, monkeypatch):
    with local_record(monkeypatch, 3602260, {"jets.tar.gz": archive({"../../escaped.h5": b"x"})}):
        assert jets.download(tmp_path / "in") == [tmp_path / "in" / "escaped.h5"]


def test_a_file_that_is_not_the_archives_is_never_unpacked_over(tmp_path, monkeypatch):
    (tmp_path / NAMES[0]).write_bytes(b"mine")
    with (
        local_record(monkeypatch, 3602260, {"jets.tar.gz": archive(FILES)}),
        pytest.raises(ValueError, match=f"{tmp_path / NAMES[0]} is not that of jets.tar.gz"),
    ):
        jets.download(tmp_path)
    assert (tmp_path / NAMES[0]).read_bytes() == b"mine"


def test_a_damaged_archive_is_named(tmp_path, monkeypatch):
    with (
        local_record(monkeypatch, 3602260, {"jets.tar.gz": archive(FILES)[:-200]}),
        pytest.raises(ValueError, match="jets.tar.gz cannot be unpacked"),
    ):
        jets.download(tmp_path)
    assert not list(tmp_path.glob("*.part"))
