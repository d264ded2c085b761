"""Sparse images as coordinate lists in one npz file: the embedded and the prepared physics data.

For each split s, of n images with m active pixels in all:

    s_offsets (n + 1,) uint32    image i has the active pixels offsets[i] to offsets[i + 1] - 1
    s_index   (m,) uint16        row * W + column, in raster order within an image; uint32 where H * W > 65,536
    s_value   (m,)               float32 in (0, 1], or uint16 in 1..65535 that stands for value * 65535
    s_label   (n,) uint8         index into the classes; 255 for all where they are not known

    s_NAME    (n,)               for each NAME of meta["columns"]: what else is known of an image, such as its event

and `meta`, a JSON text with image_shape [H, W], classes, source, and whatever else tells how the file was made.
"""

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from zlib import error as ZlibError

import numpy as np

from ..tools.files import whole_file

__all__ = ["CoordinateList", "concatenate", "coordinate_list", "read", "read_list", "select", "write"]

_FULL = 65535  # the code of the value 1
_UNKNOWN = 255  # the code of the label -1


class CoordinateList(NamedTuple):
    """Images as the arrays that the module describes: offsets (n + 1,), index (m,), value (m,), label (n,)."""

    offsets: np.ndarray
    index: np.ndarray  # type: ignore[assignment]  # hides tuple.index
    value: np.ndarray
    label: np.ndarray


def coordinate_list(images: np.ndarray, labels: np.ndarray, *, quantize: bool = False) -> CoordinateList:
    """List the pixels above 0 of `images` (n, H, W) or (n, H, W, 1) in [0, 1], with `labels` (n,) of 0..254, or -1 for
    all where they are not known.

    Values are kept exactly as float32, or, with `quantize`, rounded to 1 / 65535 (an active pixel stays active).
    Raises ValueError for other shapes and for values outside [0, 1].
    """
    images, labels = np.asarray(images), np.asarray(labels)
    if images.ndim not in (3, 4) or images.shape[3:] not in ((), (1,)) or labels.shape != (len(images),):
        raise ValueError(f"images are (n, H, W) or (n, H, W, 1), labels (n,); got {images.shape} and {labels.shape}")
    pixels = images.reshape(len(images), images.shape[1] * images.shape[2])
    if pixels.size and not (pixels.min() >= 0 and pixels.max() <= 1):
        raise ValueError(f"pixels must be in [0, 1]; these go from {pixels.min():g} to {pixels.max():g}")
    image, index = pixels.nonzero()
    value = pixels[image, index]
    value = np.maximum(np.rint(value * float(_FULL)), 1).astype(np.uint16) if quantize else value.astype(np.float32)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(image, minlength=len(images)))]).astype(np.uint32)
    index = index.astype(np.uint16 if pixels.shape[1] <= np.iinfo(np.uint16).max + 1 else np.uint32)
    return CoordinateList(offsets, index, value, labels.astype(np.uint8))


def concatenate(parts: Sequence[CoordinateList]) -> CoordinateList:
    """The images of all `parts` in their order."""
    starts = np.cumsum([0] + [int(part.offsets[-1]) for part in parts])
    offsets = [[0]] + [start + part.offsets[1:].astype(np.int64) for start, part in zip(starts, parts, strict=False)]
    arrays = (np.concatenate([getattr(part, key) for part in parts]) for key in ("index", "value", "label"))
    return CoordinateList(np.concatenate(offsets).astype(np.uint32), *arrays)


def select(pixels: CoordinateList, order: np.ndarray) -> CoordinateList:
    """The images `order` (k,) of the list, in that order."""
    offsets = pixels.offsets.astype(np.int64)
    counts = np.diff(offsets)[order]
    ends = np.cumsum(counts)
    where = np.arange(counts.sum()) + np.repeat(offsets[:-1][order] - ends + counts, counts)
    offsets = np.concatenate([[0], ends]).astype(np.uint32)
    return CoordinateList(offsets, pixels.index[where], pixels.value[where], pixels.label[order])


def write(
    path: str | Path,
    splits: Mapping[str, CoordinateList],
    meta: Mapping[str, Any],
    columns: Mapping[str, Mapping[str, np.ndarray]] | None = None,
) -> None:
    """Write `splits` (name -> CoordinateList) and `meta`, which has image_shape (H, W), classes and source, to `path`.

    `columns`: of each split {name: array (n,)}, the same names in all.

    The same arguments give the same bytes: nothing is compressed, no time is stored. The file appears only when it is
    complete. Raises KeyError where `meta` lacks one of the three, OSError, naming the file, where it cannot be written.
    """
    path = Path(path)
    if lacking := {"image_shape", "classes", "source"} - meta.keys():
        raise KeyError(f"meta of {path} lacks {', '.join(sorted(lacking))}")
    arrays = {f"{split}_{key}": array for split, pixels in splits.items() for key, array in pixels._asdict().items()}
    if columns:
        arrays |= {f"{split}_{key}": array for split, own in columns.items() for key, array in own.items()}
        meta = {**meta, "columns": list(columns[next(iter(splits))])}
    arrays["meta"] = np.array(json.dumps(meta))
    try:
        with whole_file(path) as scratch, zipfile.ZipFile(scratch, "w") as file:
            for name, array in arrays.items():
                entry = zipfile.ZipInfo(f"{name}.npy")  # dated 1980, whatever the clock says
                entry.create_system = 3
                with file.open(entry, "w", force_zip64=True) as stream:
                    np.lib.format.write_array(stream, array, allow_pickle=False)
    except OSError as error:
        raise OSError(f"cannot write {path} ({error}): make room or choose another folder") from error


def read(path: str | Path, split: str, n: int | None = None) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """The images (n, H, W, 1) float32 in [0, 1], labels (n,) int64 (all -1: not known) and `meta` of a split, or of at
    most its first n images. Raises as `read_list`.
    """
    pixels, meta = read_list(path, split)
    count = len(pixels.label) if n is None else min(n, len(pixels.label))
    height, width = meta["image_shape"]
    last = int(pixels.offsets[count])
    value = pixels.value[:last]
    images = np.zeros((count, height * width), np.float32)
    images[_image(pixels)[:last], pixels.index[:last]] = value if value.dtype == np.float32 else value / _FULL
    labels = pixels.label[:count].astype(np.int64)
    return images.reshape(count, height, width, 1), np.where(labels == _UNKNOWN, -1, labels), meta


def read_list(path: str | Path, split: str) -> tuple[CoordinateList, dict[str, Any]]:
    """The pixels of a split as they are in the file, and `meta`.

    Raises FileNotFoundError or PermissionError, and ValueError, naming the file, where it is damaged or no such file.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            meta = json.loads(str(file["meta"]))
            pixels = CoordinateList(*(file[f"{split}_{key}"] for key in CoordinateList._fields))
        height, width = meta["image_shape"]
        _check(pixels, height * width, len(meta["classes"]))
    except (FileNotFoundError, PermissionError):
        raise
    except (OSError, EOFError, KeyError, TypeError, ValueError, AttributeError, zipfile.BadZipFile, ZlibError) as error:
        message = f"{path}: cannot be read as coordinate lists ({error}). Move it away and make it again"
        raise ValueError(message) from error
    return pixels, meta


def read_columns(path: str | Path, split: str, n: int | None = None) -> dict[str, np.ndarray]:
    """The columns of a split {name: array (n,)}, or of at most its first n images; {} where the file has none.

    Raises ValueError, naming the file, where one is missing or has another length than the labels.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            names = json.loads(str(file["meta"])).get("columns", [])
            columns, count = {name: file[f"{split}_{name}"] for name in names}, len(file[f"{split}_label"])
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, ZlibError) as error:
        raise ValueError(f"{path}: its columns cannot be read ({error}). Move it away and make it again") from error
    if wrong := [name for name, column in columns.items() if column.shape != (count,)]:
        raise ValueError(f"{path}: {wrong[0]} has not one value for each of {count} images. Make it again")
    return {name: column[:n] for name, column in columns.items()}


def _image(pixels: CoordinateList) -> np.ndarray:
    """The image (m,) that each pixel belongs to."""
    counts: np.ndarray = np.diff(pixels.offsets.astype(np.int64))
    return np.repeat(np.arange(len(pixels.label)), counts)


def _check(pixels: CoordinateList, area: int, classes: int) -> None:
    offsets, index, value, label = pixels
    if offsets.shape != (len(label) + 1,) or offsets[0] != 0 or offsets[-1] != len(index) or len(value) != len(index):
        raise ValueError("its offsets do not fit its pixels and labels")
    if (index >= area).any() or (np.diff(_image(pixels) * area + index) <= 0).any():  # _image refuses falling offsets
        raise ValueError("its pixel indices are not in raster order within the image")
    if value.dtype not in (np.uint16, np.float32):
        raise ValueError(f"its values are {value.dtype}, neither uint16 nor float32")
    if not ((value > 0) & (value <= (1 if value.dtype == np.float32 else _FULL))).all():
        raise ValueError("it has values that are not in (0, 1]")
    if (label >= classes).any() and not (label == _UNKNOWN).all():
        raise ValueError("it has labels beyond its classes")
