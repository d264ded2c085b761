"""data_scripts.microboone: downloads from a server on this machine, prepares files that these tests write."""

import hashlib
import re

import numpy as np
import pytest
from local_record import local_record
from microboone_files import DAMAGES, TRUTH, changed, many_windows, read, readout, rows_of, write_file

from data_scripts import microboone
from data_scripts.common import zenodo
from data_scripts.microboone import chain, preparation, reader, windows
from data_scripts.microboone.__main__ import main
from sparsepixels_lib.data import coordinate_lists
from sparsepixels_lib.data import dataset as data


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two files of six events each, planes 1 and 2."""
    rng, folder = np.random.default_rng(8), tmp_path_factory.mktemp("files")
    for run, name in enumerate(("bnb_WithWire_00.h5", "nue_WithWire_03.h5")):
        events = {(run, 0, i): readout(rng, [1, 2], start=600 + 50 * i) for i in range(6)}
        write_file(folder / name, rows_of(events))
    return folder


@pytest.fixture
def files(folder, tmp_path):
    for path in folder.glob("*.h5"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_prepared_windows_are_those_of_the_files_exactly(files):
    target = microboone.prepare(files)
    expected = []
    for path in sorted(files.glob("*.h5")):
        for event, planes in read(path).items():
            for own in windows.of_event(event, planes, TRUTH, 0):
                images = [pixels.tobytes() for pixels in images_of(own.pixels)]
                expected += list(zip(images, own.pixels.label.tolist(), strict=True))
    found, seen = [], set()
    for split in ("train", "val", "test"):
        loaded = data.load("microboone", split, "real", folder=files)
        assert loaded.images.shape[1:] == (63, 63, 1) and loaded.classes == ("background", "signal")
        assert loaded.source.startswith("real: MicroBooNE") and str(target) in loaded.source
        assert np.bincount(loaded.labels).tolist() == [len(loaded.labels) // 2] * 2
        assert set(loaded.columns["kind"]) == {"numu CC"} and set(loaded.columns["energy"]) == {0.75}
        events = loaded.columns["event"]
        assert len(np.unique(events)) * 4 == len(events) and not seen & set(events)
        seen |= set(events)
        found += [(image.tobytes(), label) for image, label in zip(loaded.images, loaded.labels.tolist(), strict=True)]
    assert set(found) <= set(expected) and len(found) == 48  # 12 events, 2 planes, 1 signal and as much background


def images_of(pixels):
    for i in range(len(pixels.label)):
        image = np.zeros(63 * 63, np.float32)
        own = slice(pixels.offsets[i], pixels.offsets[i + 1])
        image[pixels.index[own]] = pixels.value[own]
        yield image


def test_an_example_before_the_chain_is_of_the_public_files_where_there_are_any(files):
    image, hits, source = microboone.example(files, plane=1)
    first = next(iter(read(files / "bnb_WithWire_00.h5").values()))[1]
    np.testing.assert_array_equal(image, first[0])
    np.testing.assert_array_equal(hits.wire, first[1].wire)
    assert source == "real: MicroBooNE, bnb_WithWire_00.h5"
    with pytest.raises(ValueError, match="no readout of plane 0"):
        microboone.example(files, plane=0)


def test_an_example_without_files_is_generated_and_says_so(tmp_path):
    image, hits, source = microboone.example(tmp_path, seed=3)
    assert image.shape == (1066, 3456) and source.startswith("synthetic default")
    assert len(chain.signal_pixels(hits)[0]) >= 500
    np.testing.assert_array_equal(image, microboone.example(seed=3)[0])


def test_provenance_holds_checksums_code_and_parameters(files):
    meta = coordinate_lists.read(microboone.prepare(files, planes=[2], seed=4), "test")[2]
    assert meta["sha256"] == {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files.glob("*.h5")}
    assert meta["planes"] == [2] and meta["seed"] == 4 and meta["split"] == "event"
    assert "data_scripts.microboone" in meta["code"]


def test_the_published_split_goes_into_a_folder_of_its_own_and_says_that_it_leaks(files):
    target = microboone.prepare(files, split="published")
    assert target == files / "published" / "microboone.npz"
    loaded = data.load("microboone", "test", "real", folder=files / "published")
    assert "leaks" in loaded.source


def test_split_by_event_no_event_is_in_two_splits_and_the_classes_are_balanced_in_each():
    parts = windows.divide(many_windows(), "event", 0)
    events = {name: {tuple(e) for e in own.event.tolist()} for name, own in parts.items()}
    assert {name: len(own) for name, own in events.items()} == {"train": 70, "val": 10, "test": 20}
    assert len(set.union(*events.values())) == 100
    for name, own in parts.items():
        assert np.bincount(own.pixels.label).tolist() == [3 * len(events[name])] * 2
        assert set(own.plane[own.pixels.label == 0]) == set(own.plane[own.pixels.label == 1]) == {0, 1, 2}


def test_the_published_split_takes_background_of_plane_2_and_shares_events():
    parts = windows.divide(many_windows(), "published", 0)
    assert [len(own.plane) for own in parts.values()] == [420, 60, 120]
    label = np.concatenate([own.pixels.label for own in parts.values()])
    plane = np.concatenate([own.plane for own in parts.values()])
    assert set(plane[label == 0]) == {2} and set(plane[label == 1]) == {0, 1, 2}
    assert np.bincount(label).tolist() == [300, 300]
    train, test = ({tuple(e) for e in parts[name].event.tolist()} for name in ("train", "test"))
    assert train & test


def test_windows_keep_their_plane_and_event_when_dealt_out():
    found = many_windows()
    for own in windows.divide(found, "event", 5).values():
        np.testing.assert_array_equal(found.event[own.pixels.index], own.event)
        np.testing.assert_array_equal(found.plane[own.pixels.index], own.plane)
        np.testing.assert_array_equal(found.kind[own.pixels.index], own.kind)
        np.testing.assert_array_equal(found.energy[own.pixels.index], own.energy)
        np.testing.assert_array_equal(found.pixels.label[own.pixels.index], own.pixels.label)


def test_too_few_events_for_a_split_are_refused():
    with pytest.raises(ValueError, match="too few windows for test.*6 with signal and 18 without"):
        windows.divide(many_windows(2), "event", 0)


@pytest.mark.parametrize(("damage", "message"), DAMAGES)
def test_damaged_files_are_all_named_before_the_first_is_read(files, damage, message):
    for name in ("nue_WithWire_03.h5", "nue_WithWire_04.h5"):
        (files / name).write_bytes((files / "bnb_WithWire_00.h5").read_bytes())
        damage(files / name)
    before = {path: path.read_bytes() for path in files.iterdir()}
    with pytest.raises(ValueError, match=message) as error:
        microboone.prepare(files)
    assert all(str(files / name) in str(error.value) for name in ("nue_WithWire_03.h5", "nue_WithWire_04.h5"))
    assert {path: path.read_bytes() for path in files.iterdir()} == before


def counted(monkeypatch, stop=None):
    """Names of the files that are read; reading `stop` ends with an interruption after its first event."""
    read_files = []

    def read_events(path, planes):
        read_files.append(path.name)
        for event in reader.read_events(path, planes):
            yield event
            if path.name == stop:
                raise KeyboardInterrupt

    monkeypatch.setattr(preparation, "read_events", read_events)
    return read_files


def test_an_interrupted_run_goes_on_after_the_files_it_has_finished(files, monkeypatch, capsys):
    undisturbed = microboone.prepare(files, files / "undisturbed").read_bytes()
    read_files = counted(monkeypatch, stop="nue_WithWire_03.h5")
    with pytest.raises(SystemExit) as exit_info:
        main(["prepare", str(files)])
    assert exit_info.value.code == 130 and "interrupted" in capsys.readouterr().err
    assert read_files == ["bnb_WithWire_00.h5", "nue_WithWire_03.h5"]
    assert not (files / "microboone.npz").exists()
    read_files = counted(monkeypatch)
    assert microboone.prepare(files).read_bytes() == undisturbed
    assert read_files == ["nue_WithWire_03.h5"]


def test_a_bad_number_in_one_file_keeps_the_windows_of_the_others(files, monkeypatch):
    events = {(9, 0, 0): readout(np.random.default_rng(3))}
    rows = changed(rows_of(events), "hit_table", "rms", lambda a: [np.nan, *a[1:]])
    bad = write_file(files / "nue_WithWire_05.h5", rows)
    with pytest.raises(ValueError, match=f"{bad}, event"):
        microboone.prepare(files)
    bad.unlink()
    read_files = counted(monkeypatch)
    microboone.prepare(files)
    assert read_files == []


def test_a_part_that_lost_its_end_is_made_again(files, monkeypatch):
    microboone.prepare(files)
    part = next((files / "microboone.parts").glob("nue*"))
    part.write_bytes(part.read_bytes()[:100])
    read_files = counted(monkeypatch)
    microboone.prepare(files, force=True)
    assert read_files == ["nue_WithWire_03.h5"]


def test_the_same_file_under_two_names_is_refused(files):
    copy = files / "nue_WithWire_99.h5"
    copy.write_bytes((files / "bnb_WithWire_00.h5").read_bytes())
    with pytest.raises(ValueError, match=f"{copy} is there twice"):
        microboone.prepare(files)


def test_a_result_that_is_there_is_replaced_only_by_force(files):
    target = files / "microboone.npz"
    target.write_text("mine")
    with pytest.raises(FileExistsError, match="--force"):
        microboone.prepare(files)
    assert target.read_text() == "mine"
    microboone.prepare(files, force=True)
    assert len(data.load("microboone", "test", "real", folder=files).labels) > 0


def test_a_folder_without_files_is_answered_with_the_command_that_fetches_them(tmp_path):
    with pytest.raises(FileNotFoundError, match=f"download {tmp_path}"):
        microboone.prepare(tmp_path)


@pytest.mark.parametrize("planes", [[], [3], [1, 1]])
def test_planes_that_are_not_there_are_refused(files, planes):
    with pytest.raises(ValueError, match="choose some of 0, 1 and 2"):
        microboone.prepare(files, planes=planes)


def test_the_command_line_prepares_and_inspects(files, capsys):
    main(["prepare", str(files), "--planes", "2"])
    main(["inspect", str(files), "--plot", str(files / "plot.png")])
    text = capsys.readouterr().out
    assert f"wrote {files / 'microboone.npz'}" in text
    assert "microboone, train: images (16, 63, 63, 1) float32; real: MicroBooNE" in text
    assert (files / "plot.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["prepare", "nowhere"], "nowhere has no \\*_WithWire_"),
        (["inspect", "nowhere"], "nowhere holds neither microboone.npz nor microboone_default.npz"),
        (["prepare", "nowhere", "--seed", "-1"], "seed=-1: a seed is a whole number from 0 on"),
        (["prepare", "nowhere", "--split", "published", "--planes", "2"], "the published split takes all planes"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line_and_makes_nothing(command, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(command)
    text = capsys.readouterr().err
    assert re.search(message, text) and text.startswith("error: ") and text.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_prepared_windows_say_of_how_many_files_and_which_planes(files):
    microboone.prepare(files, planes=[2])
    assert "2 of the 38 files, plane 2 only, split by event" in data.load("microboone", "val", folder=files).source


# --- download ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sample", "record", "count", "names"),
    [
        ("inclusive", 7262009, 1, ["bnb_WithWire_00.h5"]),
        ("nue", 7262140, 2, ["nue_WithWire_00.h5", "nue_WithWire_01.h5"]),
    ],
)
def test_download_fetches_the_first_files_of_a_sample(tmp_path, monkeypatch, sample, record, count, names):
    letters = names[0][:3]
    contents = {name: name.encode() for name in ("README.md", *(f"{letters}_WithWire_0{i}.h5" for i in (2, 1, 0)))}
    with local_record(monkeypatch, record, contents):
        main(["download", str(tmp_path), "--sample", sample, "--count", str(count)])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {name: contents[name] for name in names}


def test_without_a_sample_download_fetches_one_file_of_both_records(tmp_path, monkeypatch):
    fetched = []
    monkeypatch.setattr(
        preparation, "fetch", lambda record, _, **which: fetched.append((record, *which.values())) or []
    )
    main(["download", str(tmp_path)])
    assert fetched == [(7262009, "bnb_WithWire_", 1), (7262140, "nue_WithWire_", 1)]


def test_an_unknown_sample_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no sample 'numu'"):
        microboone.download(tmp_path, sample="numu")


def test_offline_download_says_what_to_do_in_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(zenodo, "API", "http://127.0.0.1:9/")  # nobody answers on the discard port
    with pytest.raises(SystemExit) as exit_info:
        main(["download", str(tmp_path)])
    text = capsys.readouterr().err
    assert exit_info.value.code == 1
    assert text.startswith("error: ") and text.count("\n") == 1 and "Offline?" in text
