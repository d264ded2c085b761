"""Small files of the published schema of the LHC jets, and the published chain in loops."""

import h5py
import numpy as np


def some_jets(count, seed):
    """Images (count, 100, 100) in GeV of some 40 pixels each, up to 3 TeV, all over the frame, and labels (count,)."""
    rng = np.random.default_rng(seed)
    images = rng.exponential(300, (count, 100, 100)) ** 1.3 * (rng.random((count, 100, 100)) < 0.004)
    return images, rng.integers(0, 5, count)


def tables(images, labels):
    """The seven tables of a file of the record."""
    count = len(images)
    summary = np.full((count, 59), 7.0)
    summary[:, 53:] = 0
    summary[np.arange(count), 53 + labels] = 1  # j_g, j_q, j_w, j_z, j_t; the last column, j_undef, stays 0
    return {
        "jetConstituentList": np.zeros((count, 150, 16)),
        "jetImage": images,
        "jetImageECAL": images / 2,
        "jetImageHCAL": images / 2,
        "jets": summary,
        "jetFeatureNames": np.array([b"j_feature"] * 53 + [b"j_g", b"j_q", b"j_w", b"j_z", b"j_t", b"j_undef"], "S"),
        "particleFeatureNames": np.array([b"j1_px"] * 17, "S"),
    }


def write(path, contents):
    with h5py.File(path, "w") as file:
        for name, table in contents.items():
            file.create_dataset(name, data=table, compression="gzip" if name == "jetImage" else None)
    return path


def chain(image):
    """One image (100, 100) in GeV through the published chain, pixel by pixel."""

    def place(k):  # rows and columns 36 to 63 spread over the frame by two, the rest goes to its border
        return 0 if k < 36 else 55 if k > 63 else 2 * (k - 36)

    frame = np.zeros((56, 56), np.float32)
    for row in range(22, 78):
        for column in range(22, 78):
            value = min(image[row, column] / 1200, 1)
            if value > 0.003:
                frame[place(row), place(column)] = value
    return frame


def as_set(images, labels):
    return {(image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True)}


NAMES = ["jetImage_2_150p_0_10000.h5", "jetImage_2_150p_10000_20000.h5", "jetImage_10_150p_0_10000.h5"]
COUNTS = [401, 50, 149]
