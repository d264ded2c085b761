"""data_scripts.jets on files that these tests write by the published schema, against the chain in loops."""

import hashlib

import h5py
import numpy as np
import pytest
from jets_public import COUNTS, NAMES, as_set, chain, some_jets, tables, write

from data_scripts import jets
from data_scripts.jets import files, output, preparation
from data_scripts.jets.__main__ import main
from sparsepixels_lib.data import coordinate_lists
from sparsepixels_lib.data import dataset as data


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jets")
    for seed, (name, count) in enumerate(zip(NAMES, COUNTS, strict=True)):
        write(folder / name, tables(*some_jets(count, seed)))
    return folder


@pytest.fixture
def folder(originals, tmp_path):
    for name in NAMES:
        (tmp_path / name).symlink_to(originals / name)
    return tmp_path


@pytest.fixture(scope="module")
def prepared(originals, tmp_path_factory):
    return jets.prepare(originals, tmp_path_factory.mktemp("prepared"))


def expected(numbers=(0, 1, 2)):
    found = set()
    for k in numbers:
        images, labels = some_jets(COUNTS[k], k)
        found |= as_set([chain(image) for image in images], labels)
    return found


def test_prepared_jets_are_those_of_the_chain_in_loops_each_in_one_split(prepared):
    splits = [data.load("lhc_jets", split, "real", folder=prepared.parent) for split in data.SPLITS]
    sets = [as_set(split.images, split.labels) for split in splits]
    assert set.union(*sets) == expected()
    assert [len(s) for s in sets] == [len(s.images) for s in splits] == [360, 40, 200]  # 9 : 1 : 5 of 600


def test_a_prepared_split_is_shuffled_over_the_files(prepared):
    val = data.load("lhc_jets", "val", "real", folder=prepared.parent)
    assert all(as_set(val.images, val.labels) & expected([k]) for k in range(3))


def test_loaded_real_jets_say_so_and_where_they_are(prepared):
    test = data.load("lhc_jets", "test", folder=prepared.parent)
    assert test.source.startswith("real: LHC jets, Zenodo record 3602260") and str(prepared) in test.source
    assert test.classes == ("g", "q", "W", "Z", "t")
    assert test.images.shape == (200, 56, 56, 1) and test.images.dtype == np.float32


def test_provenance_holds_checksums_seed_and_code(originals, prepared):
    meta = coordinate_lists.read_list(prepared, "val")[1]
    assert meta["sha256"] == {n: hashlib.sha256((originals / n).read_bytes()).hexdigest() for n in NAMES}
    assert meta["seed"] == 0 and "data_scripts.jets" in meta["code"] and "/ 1200" in meta["chain"]


def test_the_same_files_and_seed_give_the_same_bytes(folder, prepared):
    assert jets.prepare(folder).read_bytes() == prepared.read_bytes()
    assert jets.prepare(folder, seed=1, force=True).read_bytes() != prepared.read_bytes()


def test_only_the_first_files_are_used_in_the_order_of_their_numbers(folder):
    path = jets.prepare(folder, files=2)  # 10 comes after 2
    found = set.union(*(as_set(*coordinate_lists.read(path, split)[:2]) for split in data.SPLITS))
    assert found <= expected([0, 1]) and len(found) == 450


def test_no_more_files_are_read_than_the_published_number_of_jets_needs(folder, monkeypatch):
    monkeypatch.setattr(preparation, "SIZES", {"train": 180, "val": 20, "test": 100})
    path = jets.prepare(folder)
    assert list(coordinate_lists.read_list(path, "val")[1]["sha256"]) == NAMES[:1]
    assert [len(coordinate_lists.read_list(path, split)[0].label) for split in data.SPLITS] == [180, 20, 100]


def test_files_in_folders_below_are_found(originals, tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / NAMES[1]).symlink_to(originals / NAMES[1])
    assert "train/" + NAMES[1] in coordinate_lists.read_list(jets.prepare(tmp_path), "val")[1]["sha256"]


def test_the_same_file_twice_is_refused(folder):
    (folder / "jetImage_3_150p_0_10000.h5").symlink_to(folder / NAMES[1])
    with pytest.raises(ValueError, match=f"jetImage_3_150p_0_10000.h5 and {NAMES[1]} are the same"):
        jets.prepare(folder)


def test_an_interrupted_run_goes_on_without_redoing_finished_files(folder, prepared, monkeypatch):
    real, read = preparation.read_jets, []

    def interrupted(path):
        read.append(path.name)
        if path.name == NAMES[1] and read.count(NAMES[1]) == 1:
            raise KeyboardInterrupt
        return real(path)

    monkeypatch.setattr(preparation, "read_jets", interrupted)
    with pytest.raises(KeyboardInterrupt):
        jets.prepare(folder)
    assert not (folder / jets.PREPARED).exists()
    path = jets.prepare(folder)
    assert read == [NAMES[0], NAMES[1], NAMES[1], NAMES[2]]
    assert path.read_bytes() == prepared.read_bytes()
    assert sorted(p.name for p in folder.iterdir()) == sorted([*NAMES, jets.PREPARED])


def test_a_prepared_file_is_replaced_only_by_force(folder):
    (folder / jets.PREPARED).write_text("mine")
    with pytest.raises(FileExistsError, match="--force"):
        jets.prepare(folder)
    assert (folder / jets.PREPARED).read_text() == "mine"
    jets.prepare(folder, force=True)
    assert len(data.load("lhc_jets", "val", "real", folder=folder).images) == 40


def test_a_folder_without_jets_is_answered_with_the_command_that_fetches_them(tmp_path):
    with pytest.raises(FileNotFoundError, match="no jetImage_.*python -m data_scripts.jets download"):
        jets.prepare(tmp_path)


IMAGES, LABELS = some_jets(450, 9)
GOOD = tables(IMAGES, LABELS)


def without(name):
    return {key: table for key, table in GOOD.items() if key != name}


def changed(name, where, value):
    table = GOOD[name].copy()
    table[where] = value
    return GOOD | {name: table}


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (without("jetImage"), "has no table 'jetImage', only jetConstituentList, jetFeatureNames"),
        (without("jets"), "has no table 'jets'"),
        ({}, "has no table 'jetImage', only nothing"),
        (GOOD | {"jetImage": IMAGES[:, :99]}, r"jetImage is \(450, 99, 100\) float64, should be \(n, 100, 100\)"),
        (GOOD | {"jetImage": IMAGES.astype(int)}, r"jetImage is \(450, 100, 100\) int64, should be"),
        (GOOD | {"jets": GOOD["jets"][:, :-1]}, r"jets is \(450, 58\) float64, should be \(n, 59\)"),
        (GOOD | {"jets": GOOD["jets"].astype(bytes)}, r"jets is \(450, 59\) \|S32, should be"),
        (GOOD | {"jets": GOOD["jets"][:-1]}, "has 450 images and 449 jets"),
        (GOOD | {"jets": GOOD["jets"][:0], "jetImage": IMAGES[:0]}, "has 0 images and 0 jets"),
        (changed("jets", (449, slice(53, 58)), 0), "jets [0-9]+ to 449: the labels .* are not one-hot"),
        (changed("jets", (449, slice(53, 58)), 1), "jets [0-9]+ to 449: the labels .* are not one-hot"),
        (changed("jets", (449, 53), np.nan), "jets [0-9]+ to 449: the labels .* are not one-hot"),
        (changed("jetImage", (449, 0, 0), np.nan), "jets [0-9]+ to 449: .* negative, infinite or NaN"),
        (changed("jetImage", (449, 50, 50), -1), "jets [0-9]+ to 449: .* negative, infinite or NaN"),
    ],
)
def test_a_file_of_another_schema_is_named_and_nothing_is_lost(folder, contents, message):
    path = write(folder / "jetImage_9_150p_0_10000.h5", contents)
    original = path.read_bytes()
    with pytest.raises(ValueError, match=f"{path}.*{message}.*left untouched"):
        jets.prepare(folder)
    assert path.read_bytes() == original
    assert not (folder / jets.PREPARED).exists()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: content[: len(content) // 2], "only part of the file .*truncated"),
        (lambda content: b"", "not an HDF5 file"),
        (lambda content: b"\n<!DOCTYPE html><title>404 Not Found</title>", "a web page, not an HDF5 file"),
    ],
)
def test_a_damaged_file_is_named_and_left_as_it_is(folder, originals, damage, message):
    path = folder / NAMES[2]
    path.unlink()
    path.write_bytes(damage((originals / NAMES[2]).read_bytes()))
    content = path.read_bytes()
    with pytest.raises(ValueError, match=f"{path}.*{message}.*left untouched"):
        jets.prepare(folder)
    assert path.read_bytes() == content


def test_damaged_pixels_are_named_with_their_jets(folder, originals):
    path = folder / NAMES[2]
    with h5py.File(path) as file:
        first = file["jetImage"].id.get_chunk_info(0)
    path.unlink()
    content = bytearray((originals / NAMES[2]).read_bytes())
    content[first.byte_offset : first.byte_offset + first.size] = b"\xaa" * first.size
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"{path}, jets 0 to [0-9]+: .*left untouched"):
        jets.prepare(folder)
    assert path.read_bytes() == content


def test_after_a_bad_file_is_replaced_the_others_are_not_read_again(folder, originals, monkeypatch):
    bad = tables(*some_jets(149, 2))
    bad["jets"][3, 53:] = 0
    (folder / NAMES[2]).unlink()
    write(folder / NAMES[2], bad)
    with pytest.raises(ValueError, match="one-hot"):
        jets.prepare(folder)
    (folder / NAMES[2]).unlink()
    (folder / NAMES[2]).symlink_to(originals / NAMES[2])
    real, read = preparation.read_jets, []
    monkeypatch.setattr(preparation, "read_jets", lambda path: read.append(path.name) or real(path))
    jets.prepare(folder)
    assert read == NAMES[2:]


def test_raw_jets_are_the_first_of_each_class_in_the_first_public_file(folder, originals):
    images, labels = some_jets(COUNTS[0], 0)
    raw, source = jets.raw_jets(folder)
    np.testing.assert_array_equal(raw, [images[list(labels).index(k)] for k in range(5)])
    assert source.startswith("real: LHC jets") and NAMES[0] in source


def test_a_public_file_that_lacks_a_class_is_named(tmp_path):
    images, labels = some_jets(3, 1)
    write(tmp_path / NAMES[0], tables(images, labels))
    with pytest.raises(ValueError, match=rf"{NAMES[0]} has no jet of class \d"):
        jets.raw_jets(tmp_path)


def test_the_command_line_prepares_and_inspects(folder, capsys):
    main(["prepare", str(folder)])
    main(["inspect", str(folder), "--n", "30", "--plot", str(folder / "plot.png")])
    text = capsys.readouterr().out
    assert f"wrote {folder / jets.PREPARED}" in text
    assert "lhc_jets, test: images (30, 56, 56, 1) float32; real: LHC jets" in text
    assert "active pixels, mean" in text and (folder / "plot.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["prepare", "nowhere"], "nowhere has no jetImage_"),
        (["inspect", "nowhere"], "nowhere holds neither lhc_jets.npz nor lhc_jets_default.npz"),
        (["prepare", "nowhere", "--seed", "-1"], "seed=-1: a seed is a whole number from 0 on"),
    ],
)
def test_the_command_line_answers_a_mistake_in_one_line(command, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(command)
    text = capsys.readouterr().err
    assert text.startswith(f"error: {message}") and text.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_what_other_code_has_made_of_a_file_is_not_used(folder, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(preparation, "finish", interrupted)
        with pytest.raises(KeyboardInterrupt):
            jets.prepare(folder)
    real, read = preparation.read_jets, []
    monkeypatch.setattr(preparation, "read_jets", lambda path: read.append(path.name) or real(path))
    monkeypatch.setattr(output, "CODE", "another chain")
    jets.prepare(folder)
    assert read == NAMES


@pytest.mark.parametrize("error", [RuntimeError("Link iteration failed"), ValueError("Insufficient precision")])
def test_what_h5py_says_of_a_damaged_file_comes_with_its_name(folder, error, monkeypatch):
    def fails(*_):
        raise error

    monkeypatch.setattr(files, "_count", fails)
    with pytest.raises(ValueError, match=f"{folder / NAMES[0]} is damaged .*{error}.*left untouched"):
        jets.prepare(folder)


def test_the_command_line_says_that_an_interrupted_run_goes_on(folder, capsys, monkeypatch):
    def interrupted(path):
        raise KeyboardInterrupt

    monkeypatch.setattr(preparation, "read_jets", interrupted)
    with pytest.raises(SystemExit):
        main(["prepare", str(folder)])
    assert "interrupted: what is finished is kept" in capsys.readouterr().err
