"""The synthetic MicroBooNE windows: the default that ships."""

import shutil
from collections.abc import Sequence
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from ..common.files import replaceable, writable
from .generator import lartpc
from .windows import Windows, checked_planes, divide, join, kept, key, of_event, write

GENERATED = "microboone_default.npz"
SYNTHETIC = "synthetic default: liquid-argon TPC of data_scripts.microboone.generator, like MicroBooNE's, not its data"
PLACES = {"random": "", "first": ", the signal window the first of equals, as published"}  # what the source then says
EVENTS, CHUNK = 4700, 25  # of the default: about 20,000 windows; events that generate makes between two savings


def generate(
    folder: str | Path,
    events: int = EVENTS,
    planes: Sequence[int] = (0, 1, 2),
    seed: int = 1,
    force: bool = False,
    place: str = "random",
) -> Path:
    """Make `microboone_default.npz` in `folder`: windows of `events` synthetic readouts (see `lartpc`), split by event.

    They pass through the same chain as the real ones. The same arguments give the same bytes, interrupted or not. The
    file that ships is that of the defaults. About ten events, 40 windows, a second. `place`: of windows with equally
    much signal one at 'random', or the 'first', as published; the readouts and their splits are the same.

    Raises ValueError for another `place`, for a number of events or a seed that makes no sense and for too few events,
    FileExistsError where the target is there already (unless `force`), OSError where `folder` cannot be written.
    """
    if place not in PLACES:
        raise ValueError(f"no place {place!r}: choose {' or '.join(PLACES)}")
    if events < 1 or seed < 0:
        raise ValueError(f"events={events}, seed={seed}: generate at least 1 event, with a seed from 0 on")
    planes, target = checked_planes(planes), replaceable(writable(folder) / GENERATED, force)
    parts, found = writable(target.with_suffix(".parts")), []
    with tqdm(total=events, desc="generate", unit="event") as bar:
        for first in range(0, events, CHUNK):
            n = min(CHUNK, events - first)
            name = f"{first}-{key(first, n, planes, seed, place)}.npz"
            found.append(kept(parts / name, partial(_of_chunk, first, n, planes, seed, place))[0])
            bar.update(n)
    splits = {
        name: own._replace(pixels=own.pixels._replace(value=np.rint(own.pixels.value * 65535.0).astype(np.uint16)))
        for name, own in divide(join(found), "event", seed).items()
    }
    write(target, splits, SYNTHETIC + PLACES[place], planes=planes, split="event", seed=seed, events=events)
    shutil.rmtree(parts)
    return target


def _of_chunk(first, n, planes, seed, place) -> tuple[Windows, dict]:
    events, published = enumerate(lartpc.generate((seed, first), n, planes), first), place == "first"
    made = [of_event((0, 0, i), event.planes, (event.kind, event.energy), seed, published) for i, event in events]
    return join(list(chain.from_iterable(made))), {}
