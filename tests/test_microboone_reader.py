"""data_scripts.microboone.reader on files of the published schema and on what may have happened to them."""

import tracemalloc

import h5py
import numpy as np
import pytest
from microboone_files import DAMAGES, TRUTH, changed, read, readout, rows_of, write_file

from data_scripts.microboone import reader, windows
from data_scripts.microboone.reader import read_events, read_truth


def same_events(one, other):
    assert one.keys() == other.keys()
    for event, planes in one.items():
        assert planes.keys() == other[event].keys()
        for plane, (image, hits) in planes.items():
            np.testing.assert_array_equal(image, other[event][plane][0])
            ours, theirs = (sorted(zip(*h, strict=True)) for h in (hits, other[event][plane][1]))
            assert ours == theirs


@pytest.fixture(scope="module")
def three_events():
    rng = np.random.default_rng(3)
    quiet = readout(rng, [0, 1, 2], neutrinos=0, start=100)
    return {(5, 0, 9): readout(rng, [0, 1, 2]), (5, 0, 2): quiet, (4, 1, 7): readout(rng, [1, 2], start=1500)}


@pytest.fixture(scope="module")
def good(three_events, tmp_path_factory):
    return write_file(tmp_path_factory.mktemp("good") / "nue_WithWire_00.h5", rows_of(three_events))


def test_events_and_planes_are_read_as_they_were_written(three_events, good):
    found = read(good)
    assert list(found) == list(three_events)
    for event, planes in three_events.items():
        assert list(found[event]) == list(planes)
        for plane, (wires, hits) in planes.items():
            image, own = found[event][plane]
            assert image.shape == (1066, (2400, 2400, 3456)[plane]) and image.dtype == np.float32
            for wire, adc in wires.items():
                np.testing.assert_array_equal(image[:, wire], adc[:6396].reshape(1066, 6).sum(axis=1))
            assert image.sum() == sum(float(adc[:6396].sum()) for adc in wires.values())
            assert list(zip(*own, strict=True)) == [(w, t, rms, bool(particles)) for w, t, rms, particles in hits]


def test_rows_in_any_order_give_the_same_events(three_events, good, tmp_path):
    rng, rows = np.random.default_rng(0), rows_of(three_events)
    for table, columns in rows.items():
        block = 30 if table == "wire_table" else 1
        blocks = np.array_split(np.arange(len(columns["event_id"])), len(columns["event_id"]) // block)
        order = np.concatenate([blocks[i] for i in rng.permutation(len(blocks))])
        for column in columns:
            columns[column] = [columns[column][i] for i in order]
    same_events(read(write_file(tmp_path / "unsorted.h5", rows)), read(good))


def test_other_tables_and_columns_are_not_looked_at(three_events, good, tmp_path):
    rows = rows_of(three_events)
    rows["hit_table"]["new"] = [1.0] * len(rows["hit_table"]["hit_id"])
    rows["opflash_table"] = {"time": [1.0, 2.0]}
    del rows["event_table"]
    same_events(read(write_file(tmp_path / "more.h5", rows)), read(good))


def test_the_neutrino_of_each_event_has_kind_and_energy(tmp_path):
    rows = rows_of({(1, 0, i): {} for i in range(5)})
    truth = {"nu_pdg": [12, -14, 14, 16, -12], "is_cc": [1, 1, 0, 1, 1], "nu_energy": [0.5, 1, 1.5, 2, 2.5]}
    rows["event_table"] |= truth
    path = write_file(tmp_path / "x.h5", rows)
    kinds = ["nue CC", "numu CC", "NC", "other", "nue CC"]
    assert read_truth(path) == {(1, 0, i): pair for i, pair in enumerate(zip(kinds, truth["nu_energy"], strict=True))}


def test_an_event_with_two_neutrinos_is_refused(tmp_path):
    rows = rows_of({(1, 0, 0): {}, (1, 0, 1): {}})
    rows["event_table"]["event_id"] = [(1, 0, 0)] * 2
    with pytest.raises(ValueError, match="event_table has 2 rows for 1 events"):
        read_truth(write_file(tmp_path / "x.h5", rows))


def test_only_the_planes_asked_for_are_read(good):
    assert {tuple(planes) for planes in read(good, planes=[1]).values()} == {(1,)}


def test_an_event_without_neutrino_hits_gives_no_windows(good):
    planes = read(good)[5, 0, 2]
    found = windows.join(list(windows.of_event((5, 0, 2), planes, TRUTH, 0)))
    assert len(found.pixels.label) == 0


@pytest.mark.parametrize(
    ("particles", "neutrino"),
    [
        ([(3, 0.1)], True),
        ([], False),
        ([(-1, 0.9), (5, 0.2)], False),
        ([(-1, 0.2), (5, 0.9)], True),
        ([(0, 1.0)], True),
    ],
)
def test_the_particle_with_the_largest_share_makes_a_hit_the_neutrinos(tmp_path, particles, neutrino):
    wires = {50: np.ones(6400)}
    path = write_file(tmp_path / "x.h5", rows_of({(1, 1, 1): {2: (wires, [(50, 100.0, 3.0, particles)])}}))
    assert read(path)[1, 1, 1][2][1].neutrino.tolist() == [neutrino]


def test_hits_on_wires_that_are_not_there_are_left_out(tmp_path):
    hits = [(50, 100.0, 3.0, [(1, 1.0)]), (51, 100.0, 3.0, [(1, 1.0)]), (9999, 100.0, 3.0, [])]
    path = write_file(tmp_path / "x.h5", rows_of({(1, 1, 1): {2: ({50: np.ones(6400)}, hits)}}))
    assert read(path)[1, 1, 1][2][1].wire.tolist() == [50]


@pytest.mark.parametrize("table", ["wire_table", "hit_table", "edep_table"])
def test_a_missing_table_is_named(three_events, tmp_path, table):
    rows = rows_of(three_events)
    del rows[table]
    path = write_file(tmp_path / "x.h5", rows)
    with pytest.raises(ValueError, match=f"{path} has no {table}"):
        reader.check(path)


@pytest.mark.parametrize("column", ["wire_table/adc", "hit_table/rms", "edep_table/g4_id", "hit_table/event_id"])
def test_a_missing_column_is_named(three_events, tmp_path, column):
    path = write_file(tmp_path / "x.h5", rows_of(three_events))
    with h5py.File(path, "a") as file:
        del file[column]
    with pytest.raises(ValueError, match=f"{path} has no {column}"):
        reader.check(path)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("wire_table/adc", np.zeros((9, 6400), "i4"), "adc is int32, expected floating point"),
        ("wire_table/adc", np.zeros((9, 6000), "f4"), r"adc has the shape \(9, 6000\), expected \(rows, 6400\)"),
        ("hit_table/hit_id", np.zeros((9, 1), "f4"), "hit_id is float32, expected whole numbers"),
        ("edep_table/event_id", np.zeros((9, 2), "i4"), r"event_id has the shape \(9, 2\), expected \(rows, 3\)"),
        ("hit_table/local_time", np.array([b"now"] * 9), "local_time is .S3, expected floating point"),
        ("edep_table/g4_id", np.zeros((9, 1), "i4"), "columns of edep_table have different lengths"),
    ],
)
def test_a_column_of_another_type_or_shape_is_named(three_events, tmp_path, column, values, message):
    path = write_file(tmp_path / "x.h5", rows_of(three_events))
    with h5py.File(path, "a") as file:
        del file[column]
        file[column] = values
    with pytest.raises(ValueError, match=f"{path}.*{message}"):
        reader.check(path)


@pytest.mark.parametrize(("damage", "message"), DAMAGES)
def test_a_file_that_is_cut_short_or_no_hdf5_is_named(good, tmp_path, damage, message):
    path = tmp_path / "x.h5"
    path.write_bytes(good.read_bytes())
    damage(path)
    with pytest.raises(ValueError, match=f"{path} .*{message}.*left untouched"):
        reader.check(path)


def test_a_waveform_that_cannot_be_unpacked_is_named(good, tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(good) as file:
        chunk = file["wire_table/adc"].id.get_chunk_info(1)
    content = bytearray(good.read_bytes())
    content[chunk.byte_offset : chunk.byte_offset + 40] = b"\xff" * 40
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"{path} is damaged.*left untouched"):
        read(path)


@pytest.mark.parametrize(
    ("table", "column", "change", "message"),
    [
        ("wire_table", "adc", lambda a: [a[0] * np.nan, *a[1:]], "not finite"),
        ("wire_table", "local_wire", lambda a: [0.5, *a[1:]], "whole numbers"),
        ("wire_table", "local_wire", lambda a: [2400, *a[1:]], "0 to 2399, not 2400"),
        ("wire_table", "local_wire", lambda a: [-1, *a[1:]], "0 to 2399, not -1"),
        ("wire_table", "local_wire", lambda a: [a[1], *a[1:]], "a wire of plane 0 is there twice"),
        ("hit_table", "local_time", lambda a: [np.inf, *a[1:]], "no finite time"),
        ("hit_table", "rms", lambda a: [-1, *a[1:]], "no finite time"),
        ("hit_table", "hit_id", lambda a: [a[1], *a[1:]], "hit_id is there twice"),
    ],
)
def test_a_number_that_cannot_be_is_named_with_file_and_event(three_events, tmp_path, table, column, change, message):
    path = write_file(tmp_path / "x.h5", changed(rows_of(three_events), table, column, change))
    with pytest.raises(ValueError, match=rf"{path}, event \(5, 0, 9\).*{message}"):
        read(path)


def test_a_file_of_two_and_a_half_gigabytes_is_read_in_a_tenth_of_that(tmp_path):
    """12 events of three whole planes. What was never written takes no place in an HDF5 file, and is read as 0."""
    path = write_file(tmp_path / "bnb_WithWire_00.h5", rows_of({(1, 0, 0): {2: ({0: np.zeros(6400)}, [])}}))
    plane = np.repeat([0, 1, 2], [2400, 2400, 3456])
    wire = np.concatenate([np.arange(count) for count in (2400, 2400, 3456)])
    columns = {"local_plane": np.tile(plane, 12), "local_wire": np.tile(wire, 12)}
    with h5py.File(path, "a") as file:
        table = file["wire_table"]
        for name in ("event_id", "adc", *columns):
            del table[name]
        for name, column in columns.items():
            table[name] = column[:, None]
        table["event_id"] = np.repeat([(1, 0, i) for i in range(12)], len(plane), axis=0)
        size = table.create_dataset("adc", (12 * len(plane), 6400), "f4", chunks=(64, 6400)).nbytes
    tracemalloc.start()
    try:
        events = sum(image.shape[0] == 1066 for *_, planes in read_events(path) for image, _ in planes.values())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert events == 36 and size > 2.5e9
    assert peak < size / 10
