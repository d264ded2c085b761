"""Whole readouts of the generator, with a neutrino and without: what a trigger looks through.

The chain sums 4 x 8 bins, so an image of all these sums is as good as the bins: every window that starts at a multiple
of 4 bins and 8 wires is a slice of it.
"""

from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from sparsepixels_lib.data import coordinate_lists as lists
from sparsepixels_lib.data.dataset import READOUTS as SPLIT

from ..common.files import checked_seed, code_version, replaceable, writable
from .chain import BACKGROUND, BINS, POOL, SIGNAL, WIRES, pool_all
from .generation import CHUNK, SYNTHETIC
from .generator import lartpc
from .windows import KINDS

READOUTS = f"microboone_{SPLIT}.npz"
EACH, PLANE = 230, 2  # readouts of the default, of each class; the plane that collects
SHAPE = [BINS // POOL[0], WIRES[PLANE] // POOL[1]]
META = {"image_shape": SHAPE, "classes": ["cosmic", "neutrino"], "kinds": [*KINDS, "none"], "source": SYNTHETIC}


def generate_readouts(folder: str | Path, events: int = EACH, seed: int = 2, force: bool = False) -> Path:
    """Make `microboone_readouts.npz` in `folder`: the collection plane of 2 * `events` synthetic readouts, pooled.

    Every other one holds a neutrino among cosmic muons (label 1), wherever and however little of it is seen; the others
    cosmic muons alone (label 0), of the kind "none" and 0 GeV. No seed gives an event of `generate`. The same arguments
    give the same bytes, in a minute on a free core; the file appears only when it is complete.

    Raises ValueError for a number of events or a seed that makes no sense, FileExistsError where the target is there
    already (unless `force`), OSError where `folder` cannot be written.
    """
    if events < 1:
        raise ValueError(f"events={events}: generate at least 1 readout of each class")
    checked_seed(seed)
    target = replaceable(writable(folder) / READOUTS, force)
    pixels, truth = [], []
    with tqdm(total=2 * events, desc="readouts", unit="readout") as bar:
        for first in range(0, events, CHUNK):
            n = min(CHUNK, events - first)
            for pair in zip(_events(seed, first, n, SIGNAL), _events(seed, first, n, BACKGROUND), strict=True):
                images = np.array([pool_all(event.planes[PLANE][0]) for event in pair])
                pixels.append(lists.coordinate_list(images, np.array([SIGNAL, BACKGROUND]), quantize=True))
                truth += [(META["kinds"].index(event.kind), event.energy) for event in pair]
                bar.update(2)
    kind, energy = np.array(truth).T
    columns = {
        "event": np.arange(2 * events, dtype=np.uint32), "kind": kind.astype(np.uint8),
        "energy": energy.astype(np.float32),
    }  # fmt: skip
    meta = {**META, "code": code_version("microboone"), "plane": PLANE, "seed": seed, "events": events}
    lists.write(target, {SPLIT: lists.concatenate(pixels)}, meta, {SPLIT: columns})
    return target


def _events(seed, first, n, label):
    """Three numbers, none of them 0 at the end, draw what no two numbers of `generate` do."""
    return lartpc.generate((seed, first, 1 + label), n, [PLANE], neutrino=label == SIGNAL)
