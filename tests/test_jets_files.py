"""Jets files as large as the public ones, and with hardly any jets."""

import tracemalloc

import h5py
import numpy as np
import pytest
from jets_public import NAMES, some_jets, tables, write

from data_scripts import jets
from data_scripts.jets import files


def test_a_whole_file_of_the_record_is_read_in_half_of_its_size(tmp_path):
    """10,000 jets, 0.8 GB. What was never written takes no place in an HDF5 file, and is read as 0."""
    contents = tables(np.zeros((10_000, 1, 1)), np.arange(10_000) % 5)
    path = write(tmp_path / NAMES[0], {"jets": contents["jets"]})
    with h5py.File(path, "a") as file:
        size = file.create_dataset("jetImage", (10_000, 100, 100), "f8", chunks=(2000, 10, 10)).nbytes
    tracemalloc.start()
    try:
        count = sum(len(labels) for _, labels in files.read_jets(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 10_000 and size == 0.8e9
    assert peak < size / 2


def test_too_few_jets_for_three_splits_are_refused(tmp_path):
    write(tmp_path / NAMES[0], tables(*some_jets(14, 1)))
    with pytest.raises(ValueError, match="14 jets are too few"):
        jets.prepare(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [NAMES[0]]


def test_chunks_of_the_file_are_read_whole(tmp_path):
    images, labels = some_jets(450, 4)
    path = write(tmp_path / NAMES[0], {"jets": tables(images, labels)["jets"]})
    with h5py.File(path, "a") as file:
        file.create_dataset("jetImage", data=images, chunks=(150, 10, 10), compression="gzip")
    assert [len(y) for _, y in files.read_jets(path)] == [300, 150]
