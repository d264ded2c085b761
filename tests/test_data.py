"""The data sets: the chain by hand, the genuine MNIST, and what is refused."""

import numpy as np
import pytest

from sparsepixels_lib.data import chains, coordinate_lists, mnist
from sparsepixels_lib.data import dataset as data

PLACES = [8, 11, 15, 18, 22, 25, 29, 32, 36]  # 23.5 + 3.5 * (i - 23.5) for i = 19, ..., 27, rounded on paper


def test_each_pooled_pixel_lands_where_pencil_and_paper_say():
    sums = 1000 + np.arange(81).reshape(1, 9, 9)
    expected = np.zeros((48, 48))
    for i, row in enumerate(PLACES):
        for j, column in enumerate(PLACES):
            expected[row, column] = (1000 + 9 * i + j) / 1080
    np.testing.assert_array_equal(chains.sparsify_mnist(sums)[0, ..., 0], expected.astype(np.float32))


def test_a_pixel_of_exactly_two_fifths_of_the_maximum_is_kept_and_one_below_is_not():
    sums = np.zeros((1, 9, 9), int)
    sums[0, 0, :3] = 2295, 918, 917
    image = chains.sparsify_mnist(sums)[0, 8, :, 0]
    assert image[[8, 11, 15]].tolist() == [1, np.float32(0.4), 0]


def test_an_empty_image_stays_empty():
    with np.errstate(all="raise"):
        assert not chains.sparsify_mnist(np.zeros((2, 9, 9), np.uint16)).any()


@pytest.mark.parametrize(("index", "expected"), [(0, 0), (13, 0), (14, 0), (15, 2), (28, 28), (29, 30), (55, 55)])
def test_inflating_rounds_half_to_even_and_clips_to_the_frame(index, expected):
    assert chains.inflate(index, 2, 56) == expected  # 27.5 + 2 * (index - 27.5), on paper


def test_pixels_that_would_collide_are_refused():
    with pytest.raises(ValueError, match="two pixels land on one"):
        chains.sparsify_mnist(np.ones((1, 9, 9), int), factor=0.5)


@pytest.mark.parametrize(
    "sums", [np.ones((9, 9), int), np.ones((1, 28, 28), int), np.ones((1, 9, 9)), -np.ones((1, 9, 9), int)]
)
def test_sums_of_another_shape_or_kind_are_refused(sums):
    with pytest.raises(ValueError, match="3x3 sums of MNIST"):
        chains.sparsify_mnist(sums)


def test_the_pool_sums_three_by_three_pixels_and_leaves_out_the_last_row_and_column():
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, :3, :3] = 255
    image[0, 26, 26], image[0, 27, :], image[0, :, 27] = 7, 9, 9
    expected = np.zeros((9, 9), int)
    expected[0, 0], expected[8, 8] = 2295, 7
    np.testing.assert_array_equal(chains.mnist_sums(image)[0], expected)


@pytest.mark.parametrize(
    "images", [np.zeros((28, 28), np.uint8), np.zeros((1, 28, 28)), np.zeros((1, 28, 27), np.uint8)]
)
def test_images_that_are_not_of_mnist_are_refused(images):
    with pytest.raises(ValueError, match="MNIST images are"):
        chains.mnist_sums(images)


def test_the_active_pixels_of_all_70000_images_have_the_known_distribution():
    sums = mnist.read_mnist_sums(mnist.EMBEDDED_MNIST)
    blocks = np.split(np.concatenate([sums.x_train, sums.x_test]), 7)
    active = np.concatenate([np.count_nonzero(chains.sparsify_mnist(block), axis=(1, 2, 3)) for block in blocks])
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
    with np.load(mnist.EMBEDDED_MNIST) as file:
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
    assert len(data.load("sparse_mnist", "train", n=50_001).labels) == 50_000


@pytest.mark.parametrize("source", data.SOURCES)
def test_without_a_folder_every_source_is_the_real_mnist_that_ships_and_says_so(source):
    assert data.load("sparse_mnist", "test", source, n=1).source.startswith("real: MNIST, all 70,000 images")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mnist", "test"), "no data set 'mnist': this release has 'sparse_mnist', 'lhc_jets', 'microboone'"),
        (("sparse_mnist", "valid"), "no split 'valid': this release has 'train', 'val', 'test'"),
        (("sparse_mnist", "test", "fake"), "no source 'fake': this release has 'auto', 'real', 'default'"),
    ],
)
def test_an_unknown_choice_is_answered_with_the_choices(arguments, message):
    with pytest.raises(ValueError, match=message):
        data.load(*arguments)


@pytest.mark.parametrize("n", [0, -1, 2.5, "10", True])
def test_n_must_be_a_positive_whole_number(n):
    with pytest.raises(ValueError, match="n, the number of images .* must be a whole number, at least 1"):
        data.load("sparse_mnist", "test", n=n)


def test_real_with_a_folder_that_holds_no_prepared_file_says_how_to_make_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="data_scripts.mnist prepare"):
        data.load("sparse_mnist", "test", "real", folder=tmp_path)


# --- LHC jets and MicroBooNE ------------------------------------------------------------------------------------------


def jet_pixel(row, column, value):
    image = np.zeros((1, 100, 100))
    image[0, row, column] = value
    return chains.sparsify_jets(image)[0, ..., 0]


@pytest.mark.parametrize(
    ("at", "lands"), [(36, 0), (37, 2), (50, 28), (62, 52), (63, 54), (64, 55), (77, 55), (35, 0), (22, 0)]
)
def test_a_jet_pixel_lands_where_pencil_and_paper_say(at, lands):
    assert np.argwhere(jet_pixel(at, 40, 600.0)).tolist() == [[lands, 8]]  # 27.5 + 2 * (at - 22 - 27.5), rounded
    assert np.argwhere(jet_pixel(40, at, 600.0)).tolist() == [[8, lands]]


@pytest.mark.parametrize(("gev", "value"), [(600, 0.5), (3, 0), (3.5, 0), (4.8, 0.004), (1200, 1), (5000, 1)])
def test_a_jet_pixel_is_its_momentum_over_1200_gev_cut_below_0_003_and_at_1(gev, value):
    assert jet_pixel(40, 40, gev)[8, 8] == np.float32(value)


@pytest.mark.parametrize("at", [0, 21, 78, 99])
def test_jet_pixels_outside_the_crop_are_lost(at):
    assert not jet_pixel(at, 50, 600.0).any() and not jet_pixel(50, at, 600.0).any()


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((100, 100)), "jet images are"),
        (np.zeros((1, 56, 56)), "jet images are"),
        (np.zeros((1, 100, 100), int), "jet images are .* int64"),
        (np.full((1, 100, 100), -1.0), "negative"),
        (np.full((1, 100, 100), np.nan), "NaN"),
        (np.full((1, 100, 100), np.inf), "infinite"),
    ],
)
def test_images_that_are_not_of_jets_are_refused(images, message):
    with pytest.raises(ValueError, match=message):
        chains.sparsify_jets(images)


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [("lhc_jets", (56, 56), ("g", "q", "W", "Z", "t")), ("microboone", (63, 63), ("background", "signal"))],
)
def test_a_physics_data_set_ships_a_synthetic_default_that_says_so(name, shape, classes):
    loaded = data.load(name, "val", n=7)
    assert loaded.images.shape == (7, *shape, 1) and loaded.classes == classes
    assert loaded.source.startswith("synthetic default: ") and "shipped with the package" in loaded.source


@pytest.mark.parametrize(("name", "script"), [("lhc_jets", "jets"), ("microboone", "microboone")])
def test_real_physics_data_need_a_folder_and_say_how_to_fill_it(tmp_path, name, script):
    with pytest.raises(FileNotFoundError, match=f"name a folder.*python -m data_scripts.{script} download"):
        data.load(name, "test", "real")
    with pytest.raises(FileNotFoundError, match=f"{name}.npz is not there.*python -m data_scripts.{script} download"):
        data.load(name, "test", "real", folder=tmp_path)


def physics_file(path, source):
    image = np.zeros((2, 56, 56))
    image[:, 3, 4] = 0.5, 1
    meta = {"image_shape": [56, 56], "classes": list("gqWZt"), "source": source}
    coordinate_lists.write(path, {"test": coordinate_lists.coordinate_list(image, [1, 4])}, meta)


def test_real_goes_before_generated_and_generated_before_shipped(tmp_path):
    sources = [data.load("lhc_jets", "test", n=2, folder=tmp_path).source]
    for name, source in (("lhc_jets_default.npz", "synthetic default: mine"), ("lhc_jets.npz", "real: mine")):
        physics_file(tmp_path / name, source)
        sources.append(data.load("lhc_jets", "test", n=2, folder=tmp_path).source)
    assert sources[0].endswith("(shipped with the package)")
    assert sources[1:] == [
        f"synthetic default: mine ({tmp_path / 'lhc_jets_default.npz'})",
        f"real: mine ({tmp_path / 'lhc_jets.npz'})",
    ]
    assert data.load("lhc_jets", "test", "default", folder=tmp_path).source == sources[1]


def test_a_prepared_file_that_does_not_say_real_is_refused(tmp_path):
    physics_file(tmp_path / "lhc_jets.npz", "synthetic default: mine")
    with pytest.raises(ValueError, match="lhc_jets.npz should be real, but says 'synthetic default: mine'"):
        data.load("lhc_jets", "test", folder=tmp_path)


# --- sparse MNIST, prepared -------------------------------------------------------------------------------------------


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
    content = damaged(kind, mnist.EMBEDDED_MNIST.read_bytes())
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
    np.savez(path, **mnist.read_mnist_sums(mnist.EMBEDDED_MNIST)._asdict() | change)
    with pytest.raises(ValueError, match=message):
        data.load("sparse_mnist", "test", folder=tmp_path)
