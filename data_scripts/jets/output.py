"""The files of jets that are made: what they say of themselves, and what an interrupted run keeps of them."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from sparsepixels_lib.data import chains
from sparsepixels_lib.data import coordinate_lists as lists

from ..common.files import code_hash, writable
from . import files, generator

CLASSES = list(generator.CLASSES)
CHAIN = "jetImage[22:78, 22:78] / 1200, at most 1, kept above 0.003, coordinates times 2 about the centre"
META = {"image_shape": [56, 56], "classes": CLASSES, "chain": CHAIN}
CODE = code_hash(chains, files, generator)  # what other code has kept is made again


def kept(target: Path, name: str, meta: Mapping, make: Callable[[], lists.CoordinateList]) -> lists.CoordinateList:
    """What an interrupted run has kept of `target` under this name, meta and code, or else made and kept."""
    path, meta = writable(target.with_suffix(".parts")) / f"{name}.npz", {**meta, "code": CODE}
    try:
        pixels, found = lists.read_list(path, "part")
        if found == meta:
            return pixels
    except (FileNotFoundError, ValueError):
        pass  # none, or one of a run that lost its power: made again
    lists.write(path, {"part": make()}, meta)
    return lists.read_list(path, "part")[0]


def finish(target: Path, splits: Mapping[str, lists.CoordinateList], meta: Mapping) -> Path:
    """Write the splits to `target`, remove what was kept on the way, return `target`."""
    lists.write(target, splits, meta)
    shutil.rmtree(target.with_suffix(".parts"))
    return target
