"""Write down the authors' trained networks and their sample images as the files that ship.

    python -m data_scripts.published_networks FOLDER [--out FOLDER]

reads from FOLDER what is collected there of Ho Fung Tsoi's public repository of SparsePixels (arXiv 2512.06208; MIT,
copyright 2026 Ho Fung Tsoi):

    published_weights.npz   {neutrino,jet,sparsemnist}_{8,16}_{full,sparse_t,sparse_s,sparse_m,sparse_l}__{layer}_{w,b}:
                            kernel and bias of conv1, conv2, dense1 and dense2 of the 30 Keras models, on the grids of
                            their quantizers (full: standard; t, s, m, l: N of 8, 12, 16, 20)
    published_samples.npz   {microboone,lhc_jets,sparse_mnist}__X (n, H, W) float32: images in [0, 1], without labels;
                            ...__pred_{8,16}_{full,...} (n, classes) float32: what these models give for them

and writes networks.npz and, for each data set, coordinate lists of its images: what is in
sparsepixels_lib/embedded/published. The same input gives the same bytes.
"""

import argparse
from pathlib import Path
from zipfile import BadZipFile
from zlib import error as ZlibError

import numpy as np

import sparsepixels_lib as sp
from sparsepixels_lib.data import coordinate_lists
from sparsepixels_lib.data.dataset import SAMPLE
from sparsepixels_lib.network import reference

from .common.files import writable

REPOSITORY = "Ho Fung Tsoi's public repository of SparsePixels (arXiv 2512.06208; MIT, copyright 2026 Ho Fung Tsoi)"
PREFIXES = {"microboone": "neutrino", "lhc_jets": "jet", "sparse_mnist": "sparsemnist"}
KINDS = {"full": None, "sparse_t": 8, "sparse_s": 12, "sparse_m": 16, "sparse_l": 20}  # N of each; None: standard
NETWORKS = {
    (dataset, f"{bits}_{kind}"): sp.Network(dataset, bits, n_active)
    for dataset in PREFIXES
    for bits in (8, 16)
    for kind, n_active in KINDS.items()
}
PARTS = [f"{layer}_{part}" for layer in ("conv1", "conv2", "dense1", "dense2") for part in "wb"]
ORIGINS = {
    "microboone": "the MicroBooNE OpenSamples, CC BY 4.0",
    "lhc_jets": "the hls4ml LHC jets, CC BY 4.0",
    "sparse_mnist": "MNIST, CC BY-SA 3.0",
}


def make(folder: str | Path, out: str | Path | None = None) -> list[Path]:
    """The paths of the files made from the two in `folder`, in the folder `out`; None: in `folder`/published.

    Raises FileNotFoundError for a file that is missing, OSError where `out` cannot be written, and ValueError, naming
    the array, for one that is missing or damaged, weights of another number or off the grid of their quantizer, and
    images or predictions of another shape, type or outside [0, 1].
    """
    folder = Path(folder)
    weights = _read(
        folder / "published_weights.npz",
        [f"{PREFIXES[dataset]}_{kind}__{part}" for dataset, kind in NETWORKS for part in PARTS],
    )
    samples = _read(
        folder / "published_samples.npz",
        [f"{dataset}__X" for dataset in PREFIXES] + [f"{dataset}__pred_{kind}" for dataset, kind in NETWORKS],
    )
    lists = {dataset: _images(dataset, samples[f"{dataset}__X"]) for dataset in PREFIXES}
    arrays = {}
    for (dataset, kind), network in NETWORKS.items():
        arrays |= _codes(network, {part: weights[f"{PREFIXES[dataset]}_{kind}__{part}"] for part in PARTS})
        shape = len(samples[f"{dataset}__X"]), sp.ARCHITECTURES[dataset].classes
        arrays[f"{network.name}_predictions"] = _predictions(network, samples[f"{dataset}__pred_{kind}"], shape)
    out = writable(folder / "published" if out is None else out)
    networks = out / reference.PUBLISHED.name
    reference.write(networks, arrays, {"source": REPOSITORY})
    for dataset, (pixels, meta) in lists.items():
        coordinate_lists.write(out / f"{dataset}.npz", {SAMPLE: pixels}, meta)
    return [networks, *(out / f"{dataset}.npz" for dataset in lists)]


def _read(path: Path, keys: list[str]) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            if missing := [key for key in keys if key not in file]:
                raise ValueError(f"it lacks {missing[0]}{f' and {len(missing) - 1} more' if missing[1:] else ''}")
            return {key: file[key] for key in keys}
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is not there: see python -m data_scripts.published_networks --help") from None
    except (BadZipFile, ZlibError, EOFError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not as expected: {error}") from error


def _codes(network: sp.Network, given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The authors' arrays as `reference.weight_codes` of our model: row by row into the shapes of our layers."""
    model, weights = network.build(), []
    for part, own, grid in zip(PARTS, model.get_weights(), reference.grids(model), strict=True):
        if given[part].size != own.size:
            raise ValueError(f"{network.name}, {part}: {given[part].size} numbers, not {own.size}")
        if not np.array_equal(grid.quantize(given[part]), given[part]):  # codes would be other weights
            raise ValueError(f"{network.name}, {part}: weights that are no {grid}, the grid of their quantizer")
        weights.append(given[part].reshape(own.shape))
    model.set_weights(weights)
    return reference.weight_codes(model)


def _predictions(network: sp.Network, given: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    if given.shape != shape or given.dtype != np.float32 or not ((given >= 0) & (given <= 1)).all():
        raise ValueError(
            f"predictions of {network.name} must be {shape} float32 in [0, 1]; got {given.shape} {given.dtype} from "
            f"{given.min(initial=np.inf):g} to {given.max(initial=-np.inf):g}"
        )
    return given


def _images(dataset: str, images: np.ndarray) -> tuple[coordinate_lists.CoordinateList, dict]:
    shape = sp.ARCHITECTURES[dataset].image_shape
    if images.shape[1:] != shape or images.dtype != np.float32:
        raise ValueError(
            f"images of {dataset} must be (n, {shape[0]}, {shape[1]}) float32; got {images.shape} {images.dtype}"
        )
    labels = _digits(images) if dataset == "sparse_mnist" else np.full(len(images), -1)
    meta = {
        "image_shape": shape,
        "classes": sp.load(dataset, "test", n=1).classes,
        "source": f"real: {len(images)} test images of {ORIGINS[dataset]}, from the authors' repository, MIT",
        "from": REPOSITORY,
        "labels": "not published" if (labels < 0).all() else "of the same images in the test images of MNIST",
    }
    return coordinate_lists.coordinate_list(images, labels), meta


def _digits(images: np.ndarray) -> np.ndarray:
    """The digits of the MNIST test images that these `images` (n, 48, 48) are; -1 for all if one of them is none.

    A pixel is the ratio of two whole numbers. The authors computed it in float32 steps, which moves its last bits: the
    same image has the same active pixels, and values that differ by less than 1e-6.
    """
    test, known = sp.load("sparse_mnist", "test"), {}
    for image, digit in zip(test.images[..., 0], test.labels, strict=True):
        known.setdefault((image > 0).tobytes(), []).append((image, digit))
    found = [
        {digit for twin, digit in known.get((image > 0).tobytes(), []) if np.abs(twin - image).max() < 1e-6}
        for image in images
    ]
    if any(len(digits) != 1 for digits in found):
        return np.full(len(images), -1)
    return np.array([digits.pop() for digits in found])


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m data_scripts.published_networks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help="where the two files are")
    parser.add_argument("--out", type=Path, help="where the files made of them go (default: FOLDER/published)")
    options = parser.parse_args()
    try:
        for path in make(options.folder, options.out):
            print(f"wrote {path}")
    except (ValueError, OSError) as error:
        parser.exit(1, f"error: {error}\n")


if __name__ == "__main__":
    main()
