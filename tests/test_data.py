"""The data sets: the chain by hand, the genuine MNIST, and what is refused."""

import numpy as np
import pytest

from sparsepixels_lib import data

PLACES = [8, 11, 15, 18, 22, 25, 29, 32, 36]  # 23.5 + 3.5 * (i - 23.5) for i = 19, ..., 27, rounded on paper


def test_each_pooled_pixel_lands_where_pencil_and_paper_say():
    sums = 1000 + np.arange(81).reshape(1, 9, 9)
    expected = np.zeros((48, 48))
    for i, row in enumerate(PLACES):
        for j, column in enumerate(PLACES):
            expected[row, column] = (1000 + 9 * i + j) / 1080
    np.testing.assert_array_equal(data.sparsify_mnist(sums)[0, ..., 0], expected.astype(np.float32))


def test_a_pixel_of_exactly_two_fifths_of_the_maximum_is_kept_and_one_below_is_not():
    sums = np.zeros((1, 9, 9), int)
    sums[0, 0, :3] = 2295, 918, 917
    image = data.sparsify_mnist(sums)[0, 8, :, 0]
    assert image[[8, 11, 15]].tolist() == [1, np.float32(0.4), 0]


def test_an_empty_image_stays_empty():
    with np.errstate(all="raise"):
        assert not data.sparsify_mnist(np.zeros((2, 9, 9), np.uint16)).any()


@pytest.mark.parametrize(("index", "expected"), [(0, 0), (13, 0), (14, 0), (15, 2), (28, 28), (29, 30), (55, 55)])
def test_inflating_rounds_half_to_even_and_clips_to_the_frame(index, expected):
    assert data.inflate(index, 2, 56) == expected  # 27.5 + 2 * (index - 27.5), on paper


def test_pixels_that_would_collide_are_refused():
    with pytest.raises(ValueError, match="two pixels land on one"):
        data.sparsify_mnist(np.ones((1, 9, 9), int), factor=0.5)


@pytest.mark.parametrize(
    "sums", [np.ones((9, 9), int), np.ones((1, 28, 28), int), np.ones((1, 9, 9)), -np.ones((1, 9, 9), int)]
)
def test_sums_of_another_shape_or_kind_are_refused(sums):
    with pytest.raises(ValueError, match="3x3 sums of MNIST"):
        data.sparsify_mnist(sums)


def test_the_pool_sums_three_by_three_pixels_and_leaves_out_the_last_row_and_column():
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, :3, :3] = 255
    image[0, 26, 26], image[0, 27, :], image[0, :, 27] = 7, 9, 9
    expected = np.zeros((9, 9), int)
    expected[0, 0], expected[8, 8] = 2295, 7
    np.testing.assert_array_equal(data.mnist_sums(image)[0], expected)


@pytest.mark.parametrize(
    "images", [np.zeros((28, 28), np.uint8), np.zeros((1, 28, 28)), np.zeros((1, 28, 27), np.uint8)]
)
def test_images_that_are_not_of_mnist_are_refused(images):
    with pytest.raises(ValueError, match="MNIST images are"):
        data.mnist_sums(images)


def test_the_active_pixels_of_all_70000_images_have_the_known_distribution():
    sums = data.read_mnist_sums(data.EMBEDDED_MNIST)
    blocks = np.split(np.concatenate([sums.x_train, sums.x_test]), 7)
    active = np.concatenate([np.count_nonzero(data.sparsify_mnist(block), axis=(1, 2, 3)) for block in blocks])
    assert round(active.mean(), 1) == 14.7
    assert np.percentile(active, [5, 50, 95]).tolist() == [8, 15, 21]


def test_the_first_digits_are_those_of_mnist():
    val, test = data.load("sparse_mnist", "val", n=10), data.load("sparse_mnist", "test", n=10)
    assert val.labels.tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert test.labels.tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert test.classes[test.labels[0]] == "7"


def test_the_test_split_has_the_class_counts_of_mnist():
    labels = data.load("sparse_mnist", "test").labels
    assert np.bincount(labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_training_begins_after_the_ten_thousand_images_of_validation():
    with np.load(data.EMBEDDED_MNIST) as file:
        sums, labels = file["x_train"][10_000:10_500], file["y_train"][10_000:10_500]
    train = data.load("sparse_mnist", "train", n=500)
    assert train.labels.tolist() == labels.tolist()
    np.testing.assert_array_equal(train.images[:, 8, 8, 0] > 0, sums[:, 0, 0] >= 0.4 * sums.max(axis=(1, 2)))
    np.testing.assert_array_equal(train.images[:, 22, 22, 0] > 0, sums[:, 4, 4] >= 0.4 * sums.max(axis=(1, 2)))


@pytest.mark.parametrize(("split", "n"), [("val", 10_000), ("test", 10_000), ("train", 3)])
def test_a_split_has_images_from_0_to_1_and_one_label_each(split, n):
    loaded = data.load("sparse_mnist", split, n=n)
    assert loaded.images.shape == (n, 48, 48, 1) and loaded.images.dtype == np.float32
    assert loaded.labels.shape == (n,) and loaded.labels.dtype == np.int64
    assert (loaded.images.min(), loaded.images.max()) == (0, 1)


def test_the_training_split_has_fifty_thousand_images():
    with pytest.raises(ValueError, match="n=50,001: train of sparse_mnist has only 50,000 images"):
        data.load("sparse_mnist", "train", n=50_001)


@pytest.mark.parametrize("source", data.SOURCES)
def test_without_a_folder_every_source_is_the_real_mnist_that_ships_and_says_so(source):
    assert data.load("sparse_mnist", "test", source, n=1).source.startswith("real: MNIST, all 70,000 images")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mnist", "test"), "no data set 'mnist': this release has 'sparse_mnist'"),
        (("microboone", "test"), "no data set 'microboone': this release has 'sparse_mnist'"),
        (("sparse_mnist", "valid"), "no split 'valid': this release has 'train', 'val', 'test'"),
        (("sparse_mnist", "test", "fake"), "no source 'fake': this release has 'auto', 'real', 'default'"),
    ],
)
def test_an_unknown_choice_is_answered_with_the_choices(arguments, message):
    with pytest.raises(ValueError, match=message):
        data.load(*arguments)


@pytest.mark.parametrize("n", [0, -1, 2.5, "10", True])
def test_n_must_be_a_positive_whole_number(n):
    with pytest.raises(ValueError, match="positive whole number"):
        data.load("sparse_mnist", "test", n=n)


def test_real_with_a_folder_that_holds_no_prepared_file_says_how_to_make_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="data_scripts.mnist prepare"):
        data.load("sparse_mnist", "test", "real", folder=tmp_path)


def test_auto_falls_back_to_the_default_and_says_so(tmp_path):
    assert "shipped with the package" in data.load("sparse_mnist", "test", folder=tmp_path, n=1).source


def damaged(kind, genuine):
    if kind == "truncated":
        return genuine[: len(genuine) // 2]
    if kind == "one byte changed":
        middle = len(genuine) // 2
        return genuine[:middle] + bytes([genuine[middle] ^ 255]) + genuine[middle + 1 :]
    return {"empty": b"", "web page": b"<!DOCTYPE html><p>Not found"}[kind]


@pytest.mark.parametrize("kind", ["truncated", "one byte changed", "empty", "web page"])
def test_a_damaged_prepared_file_is_named_and_left_as_it_is(tmp_path, kind):
    path = tmp_path / data.PREPARED_MNIST
    content = damaged(kind, data.EMBEDDED_MNIST.read_bytes())
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"{path}: cannot be read.*Move it away"):
        data.load("sparse_mnist", "test", folder=tmp_path)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y_test": np.zeros(9_999, np.uint8)}, "10,000 test images and digits, found 10,000 and 9,999"),
        ({"x_train": np.zeros((10, 9, 9), np.uint16)}, "60,000 train images and digits, found 10 and 60,000"),
        ({"x_test": np.full((10_000, 9, 9), 2296, np.uint16)}, "sums above 2295"),
        ({"y_test": np.full(10_000, 10, np.uint8)}, "digits above 9"),
    ],
)
def test_a_prepared_file_that_is_not_the_whole_of_mnist_is_refused(tmp_path, change, message):
    path = tmp_path / data.PREPARED_MNIST
    np.savez(path, **data.read_mnist_sums(data.EMBEDDED_MNIST)._asdict() | change)
    with pytest.raises(ValueError, match=message):
        data.load("sparse_mnist", "test", folder=tmp_path)
