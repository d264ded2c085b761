"""MicroBooNE windows with their plane and event, kept file by file, and their split into train, val and test."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sparsepixels_lib.data import coordinate_lists as lists
from sparsepixels_lib.data.dataset import SPLITS

from ..common.files import code_hash, code_version
from . import chain, reader
from .chain import BACKGROUND, SIGNAL, SIZE, Hits, windows
from .generator import argon, cascades, lartpc

CLASSES = ["background", "signal"]
SHARES = (0.7, 0.1, 0.2)  # train, val, test
KINDS = ["nue CC", "numu CC", "NC", "other"]
META = {"image_shape": [SIZE, SIZE], "classes": CLASSES, "kinds": KINDS}


class Windows(NamedTuple):
    """n windows as coordinate lists, with plane (n,) and event_id (n, 3) of each, and of its event's neutrino the
    kind (n,), an index into `KINDS`, and the energy (n,) in GeV."""

    pixels: lists.CoordinateList
    plane: np.ndarray
    event: np.ndarray
    kind: np.ndarray
    energy: np.ndarray


def join(parts: Sequence[Windows]) -> Windows:
    """All of `parts` in their order; there may be none."""
    none = lists.coordinate_list(np.empty((0, SIZE, SIZE), np.float32), np.empty(0, np.uint8))
    parts = [Windows(none, np.empty(0, int), np.empty((0, 3), int), np.empty(0, int), np.empty(0)), *parts]
    pixels, *columns = zip(*parts, strict=True)
    return Windows(lists.concatenate(pixels), *map(np.concatenate, columns))


def of_event(
    event: Sequence[int],
    planes: Mapping[int, tuple[np.ndarray, Hits]],
    truth: tuple[str, float],
    seed: int,
    first: bool = False,
) -> Iterable[Windows]:
    """Yield the windows of each plane; their places depend on seed, event and plane alone.

    `truth`: kind and energy in GeV of the neutrino; `first`: the signal windows as published, see `chain.windows`.
    """
    for plane, (image, hits) in planes.items():
        rng = np.random.default_rng([seed, plane, *(int(number) % 2**32 for number in event)])
        images, labels = windows(image, hits, rng, first)
        n, (kind, energy) = len(labels), truth
        columns = np.full(n, plane), np.tile(np.asarray(event, int), (n, 1)), np.full(n, KINDS.index(kind))
        yield Windows(lists.coordinate_list(images, labels), *columns, np.full(n, float(energy)))


def kept(path: Path, make: Callable[[], tuple[Windows, dict]]) -> tuple[Windows, dict]:
    """What `make` gives, windows and notes on them; from `path` if an earlier run has left it there."""
    try:
        pixels, meta = lists.read_list(path, "part")
    except (FileNotFoundError, ValueError):  # ValueError: left by a run that lost its power
        made, notes = make()
        columns = {name: column.tolist() for name, column in made._asdict().items() if name != "pixels"}
        lists.write(path, {"part": made.pixels}, {**META, "source": "part", **notes, **columns})
        return made, notes
    notes = {key: value for key, value in meta.items() if key not in {*META, "source", *Windows._fields}}
    plane, event, kind = (np.array(meta[name], int) for name in ("plane", "event", "kind"))
    return Windows(pixels, plane, event.reshape(-1, 3), kind, np.array(meta["energy"], float)), notes


def key(*parameters) -> str:
    """Twelve hexadecimal digits that change with the parameters and with the code that makes windows."""
    code = code_hash(argon, cascades, lartpc, chain, reader)
    return hashlib.sha256(repr((parameters, code)).encode()).hexdigest()[:12]


def checked_planes(planes: Sequence[int]) -> list[int]:
    """`planes`, sorted. Raises ValueError unless they are some of 0, 1 and 2, each once."""
    if not planes or len(set(planes)) < len(planes) or not set(planes) <= {0, 1, 2}:
        raise ValueError(f"planes={list(planes)}: choose some of 0, 1 and 2, each once")
    return sorted(planes)


def write(target: Path, splits: Mapping[str, Windows], source: str, **parameters) -> Path:
    """Write the windows of each split to `target`, with their source and the parameters they are made with.

    The columns of each: plane, event (a number from 0 on, of the same readout in all splits), kind, energy.
    """
    meta = {**META, "source": source, "code": code_version("microboone"), "shares": SHARES, **parameters}
    events = np.unique(np.concatenate([own.event for own in splits.values()]), axis=0, return_inverse=True)[1].ravel()
    ends = np.cumsum([len(own.event) for own in splits.values()])
    columns = {
        name: {
            "plane": own.plane.astype(np.uint8), "event": event.astype(np.uint32),
            "kind": own.kind.astype(np.uint8), "energy": own.energy.astype(np.float32),
        }
        for (name, own), event in zip(splits.items(), np.split(events, ends[:-1]), strict=True)
    }  # fmt: skip
    lists.write(target, {name: own.pixels for name, own in splits.items()}, meta, columns)
    return target


def divide(found: Windows, split: str, seed: int) -> dict[str, Windows]:
    """Deal the windows out to train, val and test, 70/10/20, both classes equally often, in random order.

    `split` 'event': all windows of an event go to the same of the three, the classes balanced in each. 'published': the
    background of plane 2 only, balanced, then window by window. Raises ValueError where a class is missing in one.
    """
    label, rng = found.pixels.label, np.random.default_rng(seed)
    if split == "published":
        groups = _cut(_balanced(rng, np.flatnonzero((label == SIGNAL) | (found.plane == 2)), label))
    else:
        names, of_window = np.unique(found.event, axis=0, return_inverse=True)
        dealt = _cut(rng.permutation(len(names)))
        groups = [_balanced(rng, np.flatnonzero(np.isin(of_window.reshape(-1), own)), label) for own in dealt]
    if empty := [name for name, group in zip(SPLITS, groups, strict=True) if not len(group)]:
        raise ValueError(
            f"too few windows for {', '.join(empty)}: there are {(label == SIGNAL).sum()} with signal and "
            f"{(label == BACKGROUND).sum()} without. Take more files or events"
        )
    return {
        name: Windows(lists.select(found.pixels, group), *(column[group] for column in found[1:]))
        for name, group in zip(SPLITS, groups, strict=True)
    }


def _cut(items):
    first, second = (round(share * len(items)) for share in (SHARES[0], SHARES[0] + SHARES[1]))
    return [items[:first], items[first:second], items[second:]]


def _balanced(rng, which, label):
    classes = [rng.permutation(which[label[which] == value]) for value in (SIGNAL, BACKGROUND)]
    return rng.permutation(np.concatenate([own[: min(map(len, classes))] for own in classes]))
