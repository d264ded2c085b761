"""The public MicroBooNE files "WithWire" (HDF5, Zenodo 7262009 and 7262140), event by event in bounded memory.

Every table has `event_id` (run, subrun, event); its rows may be in any order, but those of an event usually follow each
other. `wire_table` holds the waveforms, `hit_table` the pulses found in them, and `edep_table` what the simulated
neutrino interaction left in which hit: the cosmic muons are recorded data, so hits without it are cosmic;
`event_table` names the neutrino. Other tables and columns are not looked at. Files are only ever read.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np

from ..common.files import open_hdf5
from .chain import BINS, TICKS, WIRES, Hits, sum_ticks

INTEGER, FLOAT, NUMBER = "iu", "f", "iuf"
SCHEMA = {  # table: column: kind of number and values a row
    "wire_table": {
        "event_id": (INTEGER, 3),
        "local_plane": (INTEGER, 1),
        "local_wire": (NUMBER, 1),  # float32 here, int32 in hit_table
        "adc": (FLOAT, TICKS),
    },
    "hit_table": {
        "event_id": (INTEGER, 3),
        "hit_id": (INTEGER, 1),
        "local_plane": (INTEGER, 1),
        "local_wire": (NUMBER, 1),
        "local_time": (FLOAT, 1),
        "rms": (FLOAT, 1),
    },
    "edep_table": {
        "event_id": (INTEGER, 3),
        "hit_id": (INTEGER, 1),
        "g4_id": (INTEGER, 1),
        "energy_fraction": (FLOAT, 1),
    },
}
TRUTH = {
    "event_table": {"event_id": (INTEGER, 3), "is_cc": (INTEGER, 1), "nu_pdg": (INTEGER, 1), "nu_energy": (FLOAT, 1)}
}
CHARGED = {12: "nue CC", 14: "numu CC"}  # by the neutrino's PDG code without its sign
AGAIN = "It is left untouched: move it away and download it again"
_ROWS, _WAVEFORMS = 1 << 20, 512  # rows of event_id, and waveforms, read at a time: 12 MB each


def wire_files(folder: str | Path) -> list[Path]:
    """The files *_WithWire_*.h5 in `folder`, by name."""
    return sorted(Path(folder).glob("*_WithWire_*.h5"))


def check(path: Path, schema: dict = SCHEMA | TRUTH) -> None:
    """Raise ValueError, naming the file, unless it is an HDF5 file with the tables and columns of the schema.

    OSError, naming it too, where it cannot be read: missing, no permission, locked.
    """
    with open_hdf5(path, AGAIN) as file:
        for table, columns in schema.items():
            _check_table(path, file, table, columns)


def _check_table(path, file, table, columns):
    if not isinstance(file.get(table), h5py.Group):
        hint = "; only the files named WithWire hold it" if table == "wire_table" else ""
        raise ValueError(f"{path} has no {table}{hint}. {AGAIN}")
    rows = set()
    for name, (kind, width) in columns.items():
        column = file[table].get(name)
        if not isinstance(column, h5py.Dataset):
            raise ValueError(f"{path} has no {table}/{name}. {AGAIN}")
        if column.dtype.kind not in kind:
            expected = {INTEGER: "whole numbers", FLOAT: "floating point", NUMBER: "numbers"}[kind]
            raise ValueError(f"{path}: {table}/{name} is {column.dtype}, expected {expected}")
        if column.shape[1:] != (width,) and not (width == 1 and column.ndim == 1):
            raise ValueError(f"{path}: {table}/{name} has the shape {column.shape}, expected (rows, {width})")
        rows.add(len(column))
    if len(rows) > 1:
        raise ValueError(f"{path}: the columns of {table} have different lengths, {sorted(rows)}. {AGAIN}")


def read_events(path: Path, planes: Sequence[int] = (0, 1, 2)) -> Iterator[tuple]:
    """Yield (event_id, number of events in the file, {plane: (image (1066, wires) float32, Hits)}) of each event.

    Events come in the order of their first wires; a plane without wires is left out, a missing wire is 0. Hits on
    wires that are not there are left out, as in the published code. Raises ValueError, naming the file and the event,
    for what cannot be right, and OSError as `check`.
    """
    check(path, SCHEMA)
    with open_hdf5(path, AGAIN) as file:
        wires, hits, deposits = (_runs(file[table]["event_id"]) for table in SCHEMA)
        for event, runs in wires.items():
            where = f"{path}, event {event}"
            images, present = _images(file["wire_table"], runs, planes, where)
            found = _hits(file, hits.get(event, []), deposits.get(event, []), where)
            chosen = {plane: _of_plane(*found, plane, present[plane]) for plane in planes if present[plane].any()}
            yield event, len(wires), {plane: (images[plane].T, own) for plane, own in chosen.items()}


def read_truth(path: Path) -> dict[tuple[int, int, int], tuple[str, float]]:
    """{event_id: (kind, energy in GeV)} of the neutrino of each event: "nue CC", "numu CC", "NC" or "other".

    Raises ValueError, naming the file, for an event with two neutrinos, and as `check`.
    """
    check(path, TRUTH)
    with open_hdf5(path, AGAIN) as file:
        table = file["event_table"]
        event_id = table["event_id"][:].tolist()
        is_cc, pdg, energy = (_column(table, name, slice(None)).tolist() for name in ("is_cc", "nu_pdg", "nu_energy"))
    kinds = [CHARGED.get(abs(code), "other") if cc else "NC" for cc, code in zip(is_cc, pdg, strict=True)]
    truth = dict(zip(map(tuple, event_id), zip(kinds, energy, strict=True), strict=True))
    if len(truth) < len(event_id):
        raise ValueError(f"{path}: event_table has {len(event_id)} rows for {len(truth)} events")
    return truth


def _runs(event_id):
    """Rows of each event: {event_id: [(start, stop), ...]}; one pair where the rows of an event follow each other."""
    starts, ids, last = [], [], None
    for first in range(0, len(event_id), _ROWS):
        block = event_id[first : first + _ROWS]
        new = np.append(True if last is None else (block[0] != last).any(), (block[1:] != block[:-1]).any(axis=1))
        starts += (np.flatnonzero(new) + first).tolist()
        ids += block[new].tolist()
        last = block[-1]
    runs = {}
    for event, run in zip(ids, pairwise([*starts, len(event_id)]), strict=True):
        runs.setdefault(tuple(event), []).append(run)
    return runs


def _images(table, runs, planes, where):
    images = {plane: np.zeros((WIRES[plane], BINS), np.float32) for plane in planes}
    present = {plane: np.zeros(WIRES[plane], bool) for plane in planes}
    for start, stop in runs:
        for first in range(start, stop, _WAVEFORMS):
            rows = slice(first, min(first + _WAVEFORMS, stop))
            plane_of, wire_of = _column(table, "local_plane", rows), _whole(table, rows, where)
            if not np.isin(plane_of, planes).any():
                continue
            adc = table["adc"][rows]
            for plane in planes:
                wire = wire_of[plane_of == plane]
                if len(beyond := wire[(wire < 0) | (wire >= WIRES[plane])]):
                    raise ValueError(f"{where}: plane {plane} has wires 0 to {WIRES[plane] - 1}, not {beyond[0]}")
                if present[plane][wire].any() or len(np.unique(wire)) < len(wire):
                    raise ValueError(f"{where}: a wire of plane {plane} is there twice")
                sums = sum_ticks(adc[plane_of == plane])
                if not np.isfinite(sums).all():
                    raise ValueError(f"{where}: a waveform of plane {plane} is not finite")
                images[plane][wire], present[plane][wire] = sums.T, True
    return images, present


def _hits(file, hit_runs, deposit_runs, where):
    """Hits of all planes of an event, and the plane of each."""

    def column(table, runs, name):
        parts = [_column(file[table], name, slice(*run)) for run in runs]
        return np.concatenate(parts) if parts else np.empty(0)

    hit_id, plane, wire, time, rms = (
        column("hit_table", hit_runs, name) for name in ("hit_id", "local_plane", "local_wire", "local_time", "rms")
    )
    if not (np.isfinite(time).all() and np.isfinite(rms).all() and (rms >= 0).all()):
        raise ValueError(f"{where}: a hit has no finite time, or no finite width from 0 on")
    if len(np.unique(hit_id)) < len(hit_id):
        raise ValueError(f"{where}: a hit_id is there twice")
    of_hit, particle, fraction = (
        column("edep_table", deposit_runs, name) for name in ("hit_id", "g4_id", "energy_fraction")
    )
    order = np.argsort(-fraction, kind="stable")  # the particle that brought most decides, of equals the first
    of_hit, first = np.unique(of_hit[order], return_index=True)
    neutrino = np.isin(hit_id, of_hit[particle[order][first] >= 0])
    return Hits(wire, time.astype(float), rms.astype(float), neutrino), plane


def _of_plane(hits, plane_of, plane, present):
    chosen = (plane_of == plane) & (hits.wire >= 0) & (hits.wire < len(present))
    chosen[chosen] = present[hits.wire[chosen].astype(int)]
    return Hits(*(a[chosen] for a in hits))


def _column(table, name, rows):
    return table[name][rows].reshape(-1)


def _whole(table, rows, where):
    wire = _column(table, "local_wire", rows)
    if not np.isfinite(wire).all() or (wire != np.floor(wire)).any():
        raise ValueError(f"{where}: local_wire should be whole numbers")
    return wire.astype(int)
