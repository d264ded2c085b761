"""Small files of the published MicroBooNE schema, written column by column, whole or damaged."""

import h5py
import numpy as np

from data_scripts.microboone import windows
from data_scripts.microboone.reader import read_events
from sparsepixels_lib.data import coordinate_lists

# table: column: type and values a row, of the public files "WithWire"
SCHEMA = {
    "event_table": {"event_id": ("i4", 3), "is_cc": ("i4", 1), "nu_pdg": ("i4", 1), "nu_energy": ("f4", 1)},
    "wire_table": {
        "event_id": ("i4", 3),
        "tpc": ("i4", 1),
        "local_plane": ("i4", 1),
        "local_wire": ("f4", 1),
        "adc": ("f4", 6400),
    },
    "hit_table": {
        "event_id": ("i4", 3),
        "hit_id": ("i4", 1),
        "integral": ("f4", 1),
        "rms": ("f4", 1),
        "tpc": ("i4", 1),
        "local_plane": ("i4", 1),
        "local_wire": ("i4", 1),
        "local_time": ("f4", 1),
    },
    "edep_table": {
        "event_id": ("i4", 3),
        "hit_id": ("i4", 1),
        "g4_id": ("i4", 1),
        "energy": ("f4", 1),
        "energy_fraction": ("f4", 1),
    },
}


TRUTH = ("numu CC", 0.75)  # of all events below


def rows_of(events):
    """The rows of all tables, {table: {column: list}}, of events {(run, subrun, event): {plane: (wires, hits)}}.

    wires: {wire: waveform (6400,)}; hits: (wire, time, rms, [(g4_id, energy_fraction), ...]).
    """
    rows = {table: {column: [] for column in columns} for table, columns in SCHEMA.items()}

    def add(table, event, **values):
        for column, (_, width) in SCHEMA[table].items():
            rows[table][column].append(values.get(column, event if width == 3 else 0))

    for event, planes in events.items():
        add("event_table", event, nu_pdg=14, is_cc=1, nu_energy=0.75)
        hit_id = 0
        for plane, (wires, hits) in planes.items():
            for wire, adc in wires.items():
                add("wire_table", event, local_plane=plane, local_wire=wire, adc=adc)
            for wire, time, rms, particles in hits:
                add("hit_table", event, hit_id=hit_id, local_plane=plane, local_wire=wire, local_time=time, rms=rms)
                for g4_id, fraction in particles:
                    add("edep_table", event, hit_id=hit_id, g4_id=g4_id, energy_fraction=fraction)
                hit_id += 1
    return rows


def write_file(path, rows):
    with h5py.File(path, "w") as file:
        for table, columns in rows.items():
            for column, values in columns.items():
                kind, width = SCHEMA.get(table, {}).get(column, ("f4", 1))
                values = np.array(values, kind).reshape(-1, width)
                file.create_dataset(f"{table}/{column}", data=values, compression="gzip", compression_opts=1)
            file[f"{table}/event_id.seq_cnt"] = np.zeros((1, 2), "i8")
    return path


def readout(rng, planes=(2,), neutrinos=150, cosmics=60, start=700):
    """Planes of one event: pulses of both kinds on the wires from `start` on, here and there on top of each other."""
    event = {}
    for plane in planes:
        wires = {wire: np.zeros(6400, np.float32) for wire in range(start, start + 170)}
        hits = []
        for number in range(neutrinos + cosmics):
            is_neutrino = number < neutrinos
            wire = start + (number if is_neutrino else int(rng.integers(170)))
            time = float(np.float32((2000 + 5 * number if is_neutrino else rng.uniform(0, 6400)) + rng.uniform(-9, 9)))
            rms = float(np.float32(rng.uniform(3, 8)))
            pulse = slice(max(0, int(time) - 12), int(time) + 12)
            wires[wire][pulse] += rng.integers(0, 40, len(wires[wire][pulse]))
            hits.append((wire, time, rms, [(7, 0.4)] if is_neutrino else []))
        event[plane] = (wires, hits)
    return event


NAMES = [f"bnb_WithWire_{i:02}.h5" for i in range(18)] + [f"nue_WithWire_{i:02}.h5" for i in range(20)]


def write_small(folder, number):
    """File `number` of all 38, with one event in one plane: a neutrino, and steep muons, so that background is seen."""
    rng = np.random.default_rng(number)
    event = readout(rng, planes=[2 - number % 3], start=105)
    for wires, _ in event.values():
        for wire in range(96, 2300, 200):
            wires[wire] = wires[wire + 1] = np.repeat(20 * (rng.random(67) < 0.3), 96)[:6400]
    return write_file(folder / NAMES[number], rows_of({(number, 0, 0): event}))


def many_windows(n_events=100):
    """Windows that carry their event and plane in their one pixel: 3 planes, 1 signal and 3 background windows each."""
    event = np.repeat([[1, 0, i] for i in range(n_events)], 12, axis=0)
    plane, label = np.tile(np.repeat([0, 1, 2], 4), n_events), np.tile([1, 0, 0, 0], 3 * n_events)
    n = len(label)
    pixels = coordinate_lists.CoordinateList(
        np.arange(n + 1, dtype=np.uint32), np.arange(n, dtype=np.uint16), np.ones(n, np.float32), label.astype(np.uint8)
    )
    return windows.Windows(pixels, plane, event, event[:, 2] % 3, np.arange(n) / 100)


def changed(rows, table, column, change):
    rows[table][column] = change(rows[table][column])
    return rows


def read(path, **kwargs):
    """{event: {plane: (image, hits)}} as the reader gives them."""
    return {event: planes for event, _, planes in read_events(path, **kwargs)}


def damage_truncate(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])


def damage_page(path):
    path.write_bytes(b"\n<!DOCTYPE html><html>429 Too Many Requests</html>")


def damage_empty(path):
    path.write_bytes(b"")


DAMAGES = [(damage_truncate, "only part of the file"), (damage_page, "a web page"), (damage_empty, "not an HDF5 file")]
