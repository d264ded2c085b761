"""Downloads from a Zenodo record, with a server on this machine in its place."""

import hashlib

import pytest
from local_record import local_record

from data_scripts.common import zenodo

CONTENTS = {"a_train.h5": b"first" * 40_000, "b_val.h5": b"second" * 1000, "c_val.h5": b"third" * 1000}


@pytest.fixture
def served(monkeypatch):
    with local_record(monkeypatch, 7, CONTENTS) as server:
        yield server


def test_every_file_of_the_record_is_downloaded(tmp_path, served):
    paths = zenodo.fetch(7, tmp_path)
    assert {path.name: path.read_bytes() for path in paths} == CONTENTS
    assert sorted(tmp_path.iterdir()) == paths


@pytest.mark.parametrize(
    ("choice", "names"),
    [({"match": "val"}, ["b_val.h5", "c_val.h5"]), ({"count": 2}, ["a_train.h5", "b_val.h5"]),
     ({"match": "val", "count": 1}, ["b_val.h5"])],
)  # fmt: skip
def test_part_of_the_record_can_be_chosen(tmp_path, served, choice, names):
    assert [path.name for path in zenodo.fetch(7, tmp_path, **choice)] == names


def test_a_name_that_no_file_has_is_answered_with_those_there_are(tmp_path, served):
    with pytest.raises(ValueError, match="no file of record 7 has 'test' in its name: a_train.h5, b_val.h5, c_val.h5"):
        zenodo.fetch(7, tmp_path, match="test")


def test_a_file_that_is_there_is_not_downloaded_again(tmp_path, served):
    zenodo.fetch(7, tmp_path)
    served.requests.clear()
    zenodo.fetch(7, tmp_path)
    assert [path for path, _ in served.requests] == ["/records/7"]


def test_an_interrupted_download_goes_on_where_it_stopped(tmp_path, served):
    (tmp_path / "a_train.h5.part").write_bytes(CONTENTS["a_train.h5"][:1234])
    zenodo.fetch(7, tmp_path, count=1)
    assert served.requests[-1] == ("/a_train.h5", "bytes=1234-")
    assert (tmp_path / "a_train.h5").read_bytes() == CONTENTS["a_train.h5"]
    assert not list(tmp_path.glob("*.part"))


def test_a_connection_that_breaks_loses_at_most_the_last_block_of_64_kib(tmp_path, served):
    served.breaks_after = 150_000
    with pytest.raises(OSError, match="could not download a_train.h5.*The same command goes on"):
        zenodo.fetch(7, tmp_path)
    served.breaks_after = None
    zenodo.fetch(7, tmp_path, count=1)
    assert served.requests[-1] == ("/a_train.h5", "bytes=131072-")
    assert (tmp_path / "a_train.h5").read_bytes() == CONTENTS["a_train.h5"]


def test_a_server_that_cannot_resume_sends_all_of_it(tmp_path, served):
    served.ranges = False
    (tmp_path / "a_train.h5.part").write_bytes(CONTENTS["a_train.h5"][:1234])
    assert zenodo.fetch(7, tmp_path, count=1)[0].read_bytes() == CONTENTS["a_train.h5"]


def test_a_download_with_another_checksum_is_thrown_away(tmp_path, served):
    (tmp_path / "a_train.h5.part").write_bytes(b"x" * 200_000)
    with pytest.raises(OSError, match="could not download a_train.h5 .*hash"):
        zenodo.fetch(7, tmp_path, count=1)
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_not_the_records_is_never_downloaded_over(tmp_path, served):
    (tmp_path / "a_train.h5").write_bytes(b"mine")
    with pytest.raises(ValueError, match=f"{tmp_path / 'a_train.h5'} is not that of record 7"):
        zenodo.fetch(7, tmp_path)
    assert (tmp_path / "a_train.h5").read_bytes() == b"mine"


def test_offline_the_message_says_what_works_without_and_what_to_do_by_hand(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(zenodo, "API", "http://127.0.0.1:9/records/")  # nobody answers on the discard port
    with pytest.raises(OSError, match=r"cannot list the files of Zenodo record 7 .*load\(\) works without.*By hand"):
        zenodo.fetch(7, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_an_answer_that_is_no_record_is_refused(tmp_path, served):
    served.contents["/records/7"] = b"<html>maintenance</html>"
    with pytest.raises(OSError, match="cannot list the files of Zenodo record 7"):
        zenodo.fetch(7, tmp_path)


def test_the_checksums_are_those_of_the_record(served):
    expected = {name: hashlib.md5(content).hexdigest() for name, content in CONTENTS.items()}
    assert {file.name: file.md5 for file in zenodo.record_files(7)} == expected


@pytest.mark.parametrize("count", [0, -1])
def test_a_count_below_one_is_refused(tmp_path, count):
    with pytest.raises(ValueError, match="count="):
        zenodo.fetch(7, tmp_path, count=count)
