"""Coordinate lists: the format by hand, and files that are damaged."""

import json
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sparsepixels_lib.data import coordinate_lists as lists

META = {"image_shape": [2, 3], "classes": ["a", "b"], "source": "made up"}
BY_HAND = {  # three images: empty, two pixels, one pixel
    "test_offsets": np.array([0, 0, 2, 3], np.uint32),
    "test_index": np.array([1, 5, 0], np.uint16),
    "test_value": np.array([13107, 65535, 1], np.uint16),
    "test_label": np.array([0, 1, 1], np.uint8),
    "meta": np.array(json.dumps(META)),
}


def test_a_file_written_by_hand_gives_the_images_that_it_means(tmp_path):
    np.savez(tmp_path / "file.npz", **BY_HAND)
    images, labels, meta = lists.read(tmp_path / "file.npz", "test")
    expected = np.array([[[0, 0, 0], [0, 0, 0]], [[0, 0.2, 0], [0, 0, 1]], [[1 / 65535, 0, 0], [0, 0, 0]]], np.float32)
    np.testing.assert_array_equal(images[..., 0], expected)
    assert images.dtype == np.float32 and labels.tolist() == [0, 1, 1] and meta == META


def test_only_the_first_n_images_are_made(tmp_path):
    np.savez(tmp_path / "file.npz", **BY_HAND)
    images, labels, _ = lists.read(tmp_path / "file.npz", "test", 2)
    assert images.shape == (2, 2, 3, 1) and np.count_nonzero(images) == 2 and labels.tolist() == [0, 1]
    assert len(lists.read(tmp_path / "file.npz", "test", 4)[0]) == 3


def test_what_is_written_is_the_format(tmp_path):
    images = np.array([[[0, 0, 0], [0, 0, 0]], [[0, 0.2, 0], [0, 0, 1]], [[1e-9, 0, 0], [0, 0, 0]]])
    lists.write(tmp_path / "file.npz", {"test": lists.coordinate_list(images, [0, 1, 1], quantize=True)}, META)
    with np.load(tmp_path / "file.npz") as file:
        for key, expected in BY_HAND.items():
            np.testing.assert_array_equal(file[key], expected)
            assert file[key].dtype == expected.dtype


@given(arrays(np.float32, (4, 3, 5, 1), elements=st.sampled_from([0, 0, 0, 1e-30, 0.003, 1 / 3, 1])))
def test_unquantized_values_come_back_bit_by_bit(tmp_path_factory, images):
    path = tmp_path_factory.mktemp("lists") / "file.npz"
    pixels = lists.coordinate_list(images, [0, 1, 0, 1])
    lists.write(path, {"val": pixels}, META | {"image_shape": [3, 5]})
    np.testing.assert_array_equal(lists.read(path, "val")[0], images)


@pytest.mark.parametrize(("height", "kind"), [(256, np.uint16), (257, np.uint32)])
def test_images_of_more_than_65536_pixels_have_a_longer_index(tmp_path, height, kind):
    image = np.zeros((1, height, 256), np.float32)
    image[0, -1, -1] = 1
    pixels = lists.coordinate_list(image, [0])
    assert pixels.index.dtype == kind and pixels.index.tolist() == [height * 256 - 1]
    lists.write(tmp_path / "file", {"test": pixels}, META | {"image_shape": [height, 256]})
    np.testing.assert_array_equal(lists.read(tmp_path / "file", "test")[0][..., 0], image)


def test_the_bytes_of_a_file_do_not_depend_on_the_time(tmp_path, monkeypatch):
    pixels = lists.coordinate_list(np.eye(3)[None], [0])
    for name, seconds in (("a", 1e9), ("b", 2e9)):
        monkeypatch.setattr(time, "time", lambda seconds=seconds: seconds)
        lists.write(tmp_path / name, {"test": pixels}, META | {"image_shape": [3, 3]})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_labels_that_are_not_known_are_minus_one_in_all_images(tmp_path):
    lists.write(tmp_path / "file", {"test": lists.coordinate_list(np.ones((2, 2, 3)), [-1, -1])}, META)
    with np.load(tmp_path / "file") as file:
        assert file["test_label"].tolist() == [255, 255]
    assert lists.read(tmp_path / "file", "test")[1].tolist() == [-1, -1]


def test_lists_are_joined_and_dealt_out_image_by_image(tmp_path):
    images = np.arange(30).reshape(5, 2, 3) % 4 / 3
    images[2] = 0
    parts = [lists.coordinate_list(images[:2], [0, 1]), lists.coordinate_list(images[2:], [0, 1, 0])]
    order = np.array([4, 2, 0, 0])
    lists.write(tmp_path / "file", {"test": lists.select(lists.concatenate(parts), order)}, META)
    found, labels, _ = lists.read(tmp_path / "file", "test")
    np.testing.assert_array_equal(found[..., 0], images[order].astype(np.float32))
    assert labels.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((2, 3)), [0, 0], "images are"),
        (np.zeros((2, 3, 3, 2)), [0, 0], "images are"),
        (np.zeros((2, 3, 3)), [0], "labels"),
        (np.full((1, 2, 2), -0.1), [0], r"from -0.1 to -0.1"),
        (np.full((1, 2, 2), 1.1), [0], r"in \[0, 1\]"),
        (np.full((1, 2, 2), np.nan), [0], r"in \[0, 1\]"),
    ],
)
def test_images_that_do_not_fit_the_format_are_refused(images, labels, message):
    with pytest.raises(ValueError, match=message):
        lists.coordinate_list(images, labels)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"test_offsets": np.array([0, 0, 2, 4], np.uint32)}, "offsets"),
        ({"test_offsets": np.array([0, 3, 2, 3], np.uint32)}, "cannot be read"),
        ({"test_label": np.array([0, 1], np.uint8)}, "offsets"),
        ({"test_index": np.array([5, 1, 0], np.uint16)}, "raster order"),
        ({"test_index": np.array([1, 1, 0], np.uint16)}, "raster order"),
        ({"test_index": np.array([1, 6, 0], np.uint16)}, "raster order"),
        ({"test_value": np.array([13107, 0, 1], np.uint16)}, r"not in \(0, 1\]"),
        ({"test_value": np.array([0.2, 1.5, 1], np.float32)}, r"not in \(0, 1\]"),
        ({"test_value": np.array([0.2, np.nan, 1], np.float32)}, r"not in \(0, 1\]"),
        ({"test_value": np.array([0.2, 1, 1])}, "float64"),
        ({"test_label": np.array([0, 1, 2], np.uint8)}, "labels beyond its classes"),
        ({"test_label": np.array([0, 1, 255], np.uint8)}, "labels beyond its classes"),
        ({"meta": np.array("{")}, "cannot be read"),
    ],
)
def test_a_file_that_contradicts_itself_is_named(tmp_path, change, message):
    path = tmp_path / "file.npz"
    np.savez(path, **BY_HAND | change)
    with pytest.raises(ValueError, match=f"{path}: cannot be read as coordinate lists.*{message}|{path}.*{message}"):
        lists.read(path, "test")


def test_columns_say_more_of_each_image(tmp_path):
    pixels = lists.coordinate_list(np.ones((3, 2, 3)), [0, 1, 0])
    own = {"event": np.array([7, 7, 9]), "energy": np.array([0.5, 1, 2], np.float32)}
    lists.write(tmp_path / "file", {"test": pixels, "val": lists.select(pixels, [2])}, META, {"test": own, "val": {
        name: column[[2]] for name, column in own.items()}})  # fmt: skip
    assert {name: column.tolist() for name, column in lists.read_columns(tmp_path / "file", "test", 2).items()} == {
        "event": [7, 7], "energy": [0.5, 1]}  # fmt: skip
    assert lists.read_columns(tmp_path / "file", "val")["event"].tolist() == [9]
    lists.write(tmp_path / "none", {"test": pixels}, META)
    assert lists.read_columns(tmp_path / "none", "test") == {}
    lists.write(tmp_path / "short", {"test": pixels}, META, {"test": {"event": np.arange(2)}})
    with pytest.raises(ValueError, match="short: event has not one value for each of 3 images"):
        lists.read_columns(tmp_path / "short", "test")


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"PK\x03\x04half"])
def test_a_file_of_something_else_is_named(tmp_path, content):
    path = tmp_path / "file.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"{path}: cannot be read as coordinate lists"):
        lists.read(path, "test")


def test_a_changed_byte_is_noticed(tmp_path):
    path = tmp_path / "file.npz"
    lists.write(path, {"test": lists.coordinate_list(np.ones((1, 100, 100)), [0])}, META | {"image_shape": [100, 100]})
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="cannot be read as coordinate lists"):
        lists.read(path, "test")


def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "file.npz"
    path.write_text("mine")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array", full)
    with pytest.raises(OSError, match=f"cannot write {path}.*No space left"):
        lists.write(path, {"test": lists.coordinate_list(np.ones((1, 2, 3)), [0])}, META)
    assert [p.read_text() for p in tmp_path.iterdir()] == ["mine"]


def test_meta_must_say_where_the_images_come_from(tmp_path):
    with pytest.raises(KeyError, match="lacks source"):
        lists.write(tmp_path / "file", {}, {"image_shape": [2, 3], "classes": []})
