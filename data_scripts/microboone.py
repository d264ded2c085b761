"""MicroBooNE windows, from the public files or from a generator: download, prepare, generate, inspect.

    python -m data_scripts.microboone download data/microboone --count 1   one file of each sample; 83 GB in all
    python -m data_scripts.microboone prepare data/microboone              makes data/microboone/microboone.npz of them
    python -m data_scripts.microboone generate data/microboone             makes microboone_default.npz, needs no files
    python -m data_scripts.microboone inspect data/microboone --plot x.png without a folder: what ships

Then `sparsepixels_lib.load("microboone", "train", "real", folder="data/microboone")`. The files hold simulated
neutrino interactions among recorded cosmic muons, by the MicroBooNE collaboration (CC BY 4.0); they are only ever read.
What is interrupted goes on where it stopped when the same command is given again.

`prepare` splits *by event*: all windows of a readout, of whatever plane, are in the same of train, val and test, and
both classes come from the same planes. `--split published` makes what arXiv 2512.06208 used, to compare with: signal
from planes 0 to 2, background from plane 2 only, split window by window. It leaks: a network can learn the plane
instead of the neutrino, and is tested on readouts that it was trained on. It goes into the folder `published`.
"""

import argparse
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from sparsepixels_lib.data import coordinate_lists as lists
from sparsepixels_lib.data.dataset import SPLITS, Dataset, load
from sparsepixels_lib.data.occupancy import occupancy

from . import lartpc
from .files import checked_seed, code_version, data_in, sha256, writable
from .microboone_chain import FEWEST, SIGNAL, Hits, signal_pixels
from .microboone_reader import check, read_events
from .microboone_windows import META, SHARES, Windows, divide, join, kept, key, of_event
from .zenodo import fetch

SAMPLES = {"inclusive": (7262009, "bnb_WithWire_"), "nue": (7262140, "nue_WithWire_")}  # Zenodo record, files
PREPARED, GENERATED = "microboone.npz", "microboone_default.npz"
SYNTHETIC = "synthetic default: liquid-argon TPC of data_scripts.lartpc, like MicroBooNE's, not its data"
EVENTS, CHUNK = 4700, 25  # of the default: about 20,000 windows; events that generate makes between two savings
# mean active pixels, share of empty windows and quantiles of the active pixels' values of the published test images
REAL = {"signal": 44, "all": 27, "empty": 0.18, "10 %": 0.231, "50 %": 0.300, "90 %": 0.505, "99 %": 0.786}


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

    The windows of each file are kept in `out`/microboone.parts, also afterwards: another file, or the other `split`
    ('event' or 'published', which takes all planes), costs only what is new. `planes` None: all three. All files are
    checked before the first is read, event by event.

    Raises FileExistsError where the result is there already (unless `force`), FileNotFoundError without such files,
    ValueError, naming each file, where some are damaged, or where there is too little for a split, OSError where `out`
    cannot be written or a file not be read (no permission, locked).
    """
    if split not in ("event", "published"):
        raise ValueError(f"no split {split!r}: choose event or published")
    if split == "published" and planes is not None and sorted(planes) != [0, 1, 2]:
        raise ValueError(f"planes={list(planes)}: the published split takes all planes, so leave them out")
    folder, out, planes = Path(folder), Path(out or folder), _planes(range(3) if planes is None else planes)
    seed, paths = checked_seed(seed), sorted(folder.glob("*_WithWire_*.h5"))
    if not paths:
        message = f"{folder} has no *_WithWire_*.h5: python -m data_scripts.microboone download {folder}"
        raise FileNotFoundError(message)
    if problems := [problem for path in paths if (problem := _problem(path))]:
        raise ValueError("\n".join(problems))
    target = _target(out / "published" if split == "published" else out, PREPARED, force)
    parts, found, sums = writable(out / "microboone.parts"), [], {}
    for path in tqdm(paths, desc="prepare", unit="file"):
        stat = path.stat()
        name = f"{path.stem}-{key(path.name, stat.st_size, stat.st_mtime_ns, planes, seed)}.npz"
        made, notes = kept(parts / name, partial(_of_file, path, planes, seed))
        if notes["sha256"] in sums.values():
            raise ValueError(f"{path} is there twice, with another name: move one of them away")
        sums[path.name] = notes["sha256"]
        found.append(made)
    leaks = ", split as published: by window, so it leaks" if split == "published" else ", split by event"
    used = "all planes" if len(planes) == 3 else f"plane {' and '.join(map(str, planes))} only"
    leaks = f", {len(paths)} of the 38 files, {used}{leaks}"
    source = f"real: MicroBooNE public data set, doi 10.5281/zenodo.7262009 and .7262140, CC BY 4.0{leaks}"
    parameters = {"planes": planes, "split": split, "seed": seed, "sha256": sums, "windows": key()}
    return _finish(target, divide(join(found), split, seed), source, **parameters)


def generate(
    folder: str | Path, events: int = EVENTS, planes: Sequence[int] = (0, 1, 2), seed: int = 1, force: bool = False
) -> Path:
    """Make `microboone_default.npz` in `folder`: windows of `events` synthetic readouts (see `lartpc`), split by event.

    They pass through the same chain as the real ones. The same arguments give the same bytes, interrupted or not. The
    file that ships is that of the defaults. About ten events, 40 windows, a second.

    Raises ValueError for a number of events or a seed that makes no sense and for too few events, FileExistsError where
    the target is there already (unless `force`), OSError where `folder` cannot be written.
    """
    if events < 1 or seed < 0:
        raise ValueError(f"events={events}, seed={seed}: generate at least 1 event, with a seed from 0 on")
    planes, target = _planes(planes), _target(folder, GENERATED, force)
    parts, found = writable(target.with_suffix(".parts")), []
    with tqdm(total=events, desc="generate", unit="event") as bar:
        for first in range(0, events, CHUNK):
            n = min(CHUNK, events - first)
            name = f"{first}-{key(first, n, planes, seed)}.npz"
            found.append(kept(parts / name, partial(_of_chunk, first, n, planes, seed))[0])
            bar.update(n)
    splits = {
        name: own._replace(pixels=own.pixels._replace(value=np.rint(own.pixels.value * 65535.0).astype(np.uint16)))
        for name, own in divide(join(found), "event", seed).items()
    }
    _finish(target, splits, SYNTHETIC, planes=planes, split="event", seed=seed, events=events)
    shutil.rmtree(parts)
    return target


def example(folder: str | Path | None = None, plane: int = 2, seed: int = 1) -> tuple[np.ndarray, Hits, str]:
    """One readout of a plane before the chain: image (1066, wires) in ADC summed over 6 ticks, its hits, its source.

    The first one with a signal window, of the public files in `folder`, if it holds any, else of the generator. Raises
    ValueError, naming the file, for one that is damaged or has no such readout, OSError for one that cannot be read.
    """
    paths = sorted(Path(folder).glob("*_WithWire_*.h5")) if folder else []
    if paths:
        found, source = (planes for *_, planes in read_events(paths[0], [plane])), f"real: MicroBooNE, {paths[0].name}"
    else:
        found, source = (event.planes for event in lartpc.generate((seed, 0), CHUNK, [plane])), SYNTHETIC
    for planes in found:
        if plane in planes and len(signal_pixels(planes[plane][1])[0]) >= FEWEST:
            return *planes[plane], source
    raise ValueError(f"no readout of plane {plane} with {FEWEST} signal pixels; source: {source}")


def inspect(folder: str | Path | None = None, n: int | None = None, plot_to: str | Path | None = None) -> None:
    """Print shapes, classes and active pixels of the data in `folder`, real before synthetic (None: of what ships).

    `n` looks at the first n windows of each split only, `plot_to` saves the plot of the test split. Raises as `load`.
    """
    data_in(folder, PREPARED, GENERATED)
    for split in SPLITS:
        data = load("microboone", split, folder=folder, n=n)
        per_class = zip(data.classes, np.bincount(data.labels, minlength=len(data.classes)), strict=True)
        print(f"{data.name}, {split}: images {data.images.shape} {data.images.dtype}; {data.source}")
        print("  images per class: " + ", ".join(f"{name}: {count:,}" for name, count in per_class))
        print("  active: " + occupancy(data.images, 0).summary().replace("\n", "\n  "))
    print(f"{'':36}{'here':>10}{'published':>12}")
    for name, here in figures(data).items():
        print(f"{name:36}{here:10.3f}{REAL[name]:12.3f}")
    if plot_to is not None:
        plot(data).savefig(plot_to, dpi=120)


def figures(data: Dataset) -> dict[str, float]:
    """What `REAL` holds, of these windows."""
    count, value = np.count_nonzero(data.images, axis=(1, 2, 3)), data.images[data.images > 0]
    signal = count[data.labels == SIGNAL]
    quantiles = {name: np.quantile(value, float(name[:2]) / 100) for name in REAL if name.endswith("%")}
    return {
        "signal": signal.mean() if len(signal) else np.nan,  # none among few windows
        "all": count.mean(),
        "empty": (count == 0).mean(),
        **quantiles,
    }


def plot(data: Dataset):
    """A figure of the active pixels of these windows and of their values, with the published means and quantiles."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    count, value = np.count_nonzero(data.images, axis=(1, 2, 3)), np.sort(data.images[data.images > 0])
    means = 2 * REAL["all"] - REAL["signal"], REAL["signal"]
    for label, color, mean in zip((0, 1), ("#5790fc", "#e42536"), means, strict=True):
        name = data.classes[label]
        own = count[data.labels == label]
        left.hist(own, np.arange(0, 251, 5), histtype="step", color=color, label=name)
        left.axvline(mean, color=color, ls=":", label=f"mean of the real {name}: {mean}")
        if len(own):
            left.axvline(own.mean(), color=color, lw=0.8, label="mean of these")
    left.set(xlabel="active pixels of a window", ylabel="windows", yscale="log", xlim=(0, 250))
    left.legend(fontsize="small")
    right.plot(value, np.linspace(0, 1, len(value)), color="#5790fc", label="these windows")
    points = {name: real for name, real in REAL.items() if name.endswith("%")}
    right.plot(points.values(), [float(name[:2]) / 100 for name in points], "o", color="#e42536", label="real windows")
    right.set(xlabel="value of an active pixel (1 = 3200 ADC)", ylabel="share of the active pixels below")
    right.legend()
    figure.suptitle(f"{data.name}, {data.split}: {data.source}", fontsize="small", wrap=True)
    return figure


def _of_file(path, planes, seed):
    made = []
    with tqdm(desc=path.name, unit="event", leave=False) as bar:
        for event, bar.total, readout in read_events(path, planes):
            made += of_event(event, readout, seed)
            bar.update()
    return join(made), {"sha256": sha256(path)}


def _of_chunk(first, n, planes, seed) -> tuple[Windows, dict]:
    events = enumerate(lartpc.generate((seed, first), n, planes), first)
    return join([made for i, event in events for made in of_event((0, 0, i), event.planes, seed)]), {}


def _problem(path):
    try:
        return check(path)
    except ValueError as error:
        return str(error)


def _planes(planes):
    if not planes or len(set(planes)) < len(planes) or not set(planes) <= {0, 1, 2}:
        raise ValueError(f"planes={list(planes)}: choose some of 0, 1 and 2, each once")
    return sorted(planes)


def _target(folder, name, force):
    target = writable(folder) / name
    if target.exists() and not force:
        raise FileExistsError(f"{target} is there already: --force (force=True) replaces it")
    return target


def _finish(target, splits, source, **parameters):
    meta = {**META, "source": source, "code": code_version("microboone"), "shares": SHARES, **parameters}
    lists.write(target, {name: own.pixels for name, own in splits.items()}, meta)
    return target


def main(argv: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser("data_scripts.microboone", description="MicroBooNE windows, real or generated.")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("download", help="download files of two Zenodo records and verify their checksums")
    one.add_argument("folder", help="where the files go")
    one.add_argument("--sample", choices=[*SAMPLES, "both"], default="both", help="which record (default: both)")
    one.add_argument("--count", type=int, default=1, help="files of each record, 2.2 GB each (default: 1)")
    one = commands.add_parser("prepare", help=f"make {PREPARED} of the files")
    one.add_argument("folder", help="where the files are")
    one.add_argument("--out", help=f"folder for {PREPARED} (default: the same)")
    one.add_argument("--split", choices=["event", "published"], default="event", help="the published one leaks")
    _common(one, PREPARED, 0, None)
    one = commands.add_parser("generate", help=f"make {GENERATED} with the generator")
    one.add_argument("folder", help=f"folder for {GENERATED}")
    one.add_argument("--events", type=int, default=EVENTS, help=f"about 4 windows each (default: {EVENTS})")
    _common(one, GENERATED, 1, [0, 1, 2])
    one = commands.add_parser("inspect", help="print shapes, classes and active pixels")
    one.add_argument("folder", nargs="?", help="where the data are (default: the data that ship)")
    one.add_argument("--n", type=int, help="only the first n windows of each split")
    one.add_argument("--plot", dest="plot_to", help="save the comparison with the published windows as a picture")
    arguments = vars(parser.parse_args(argv))
    run = {"download": download, "prepare": prepare, "generate": generate, "inspect": inspect}
    try:
        result = run[arguments.pop("command")](**arguments)
    except (ValueError, OSError, ImportError) as error:
        parser.exit(1, f"error: {error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "interrupted: what is finished is kept, the same command goes on\n")
    for path in [result] if isinstance(result, Path) else result or []:
        print(f"wrote {path}")


def _common(parser, target, seed, planes):
    parser.add_argument("--planes", type=int, nargs="+", default=planes, help="wire planes (default: 0 1 2)")
    parser.add_argument("--seed", type=int, default=seed, help=f"of all that is random (default: {seed})")
    parser.add_argument("--force", action="store_true", help=f"replace a {target} that is there")


if __name__ == "__main__":
    main()
