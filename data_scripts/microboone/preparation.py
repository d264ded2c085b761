"""The public MicroBooNE files, downloaded, and made into windows in train, val and test."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tqdm.auto import tqdm

from ..common.files import checked_seed, replaceable, sha256, writable
from ..common.zenodo import fetch
from .reader import check, read_events, read_truth, wire_files
from .windows import checked_planes, divide, join, kept, key, of_event, write

SAMPLES = {"inclusive": (7262009, "bnb_WithWire_"), "nue": (7262140, "nue_WithWire_")}  # Zenodo record, files
PREPARED = "microboone.npz"


def download(folder: str | Path, sample: str = "both", count: int | None = 1) -> list[Path]:
    """Download the first `count` files (None: all) of the sample 'inclusive', 'nue' or of 'both' into `folder`.

    Returns their paths. About 2.2 GB a file; 18 of the first, 20 of the second. Raises ValueError for another sample,
    and as `zenodo.fetch`.
    """
    if sample not in (*SAMPLES, "both"):
        raise ValueError(f"no sample {sample!r}: choose inclusive, nue or both")
    wanted, into = SAMPLES.values() if sample == "both" else [SAMPLES[sample]], writable(folder)
    return [path for record, match in wanted for path in fetch(record, into, match=match, count=count)]


def prepare(
    folder: str | Path,
    out: str | Path | None = None,
    planes: Sequence[int] | None = None,
    split: str = "event",
    seed: int = 0,
    force: bool = False,
) -> Path:
    """Make `microboone.npz` in the folder `out` (default: `folder`) of all *_WithWire_*.h5 in `folder`.

    The windows of each file are kept in `out`/microboone.parts, also afterwards: another file costs only what is new.
    `split` is 'event' or 'published', which takes all planes, and of equally good signal windows the first. `planes`
    None: all three. All files are checked before the first is read, event by event.

    Raises FileExistsError where the result is there already (unless `force`), FileNotFoundError without such files,
    ValueError, naming each file, where some are damaged, or where there is too little for a split, OSError where `out`
    cannot be written or a file not be read (no permission, locked).
    """
    if split not in ("event", "published"):
        raise ValueError(f"no split {split!r}: choose event or published")
    if split == "published" and planes is not None and sorted(planes) != [0, 1, 2]:
        raise ValueError(f"planes={list(planes)}: the published split takes all planes, so leave them out")
    folder, out, planes = Path(folder), Path(out or folder), checked_planes(range(3) if planes is None else planes)
    seed, paths = checked_seed(seed), wire_files(folder)
    if not paths:
        message = f"{folder} has no *_WithWire_*.h5: python -m data_scripts.microboone download {folder}"
        raise FileNotFoundError(message)
    if problems := [problem for path in paths if (problem := _problem(path))]:
        raise ValueError("\n".join(problems))
    into = out / "published" if split == "published" else out
    target = replaceable(writable(into) / PREPARED, force)
    parts, found, sums, first = writable(out / "microboone.parts"), [], {}, split == "published"
    for path in tqdm(paths, desc="prepare", unit="file"):
        stat = path.stat()
        name = f"{path.stem}-{key(path.name, stat.st_size, stat.st_mtime_ns, planes, seed, first)}.npz"
        made, notes = kept(parts / name, partial(_of_file, path, planes, seed, first))
        if notes["sha256"] in sums.values():
            raise ValueError(f"{path} is there twice, with another name: move one of them away")
        sums[path.name] = notes["sha256"]
        found.append(made)
    leaks = ", split as published: by window, so it leaks" if split == "published" else ", split by event"
    used = "all planes" if len(planes) == 3 else f"plane {' and '.join(map(str, planes))} only"
    leaks = f", {len(paths)} of the 38 files, {used}{leaks}"
    source = f"real: MicroBooNE public data set, doi 10.5281/zenodo.7262009 and .7262140, CC BY 4.0{leaks}"
    parameters = {"planes": planes, "split": split, "seed": seed, "sha256": sums, "windows": key()}
    return write(target, divide(join(found), split, seed), source, **parameters)


def _of_file(path, planes, seed, first):
    made, truth = [], read_truth(path)
    with tqdm(desc=path.name, unit="event", leave=False) as bar:
        for event, bar.total, readout in read_events(path, planes):
            if event not in truth:
                raise ValueError(f"{path}: event {event} has wires, but no row in event_table")
            made += of_event(event, readout, truth[event], seed, first)
            bar.update()
    return join(made), {"sha256": sha256(path)}


def _problem(path):
    try:
        return check(path)
    except ValueError as error:
        return str(error)
