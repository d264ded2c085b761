"""The authors' networks and images: they predict what the authors' Keras predicted, and have no labels made up.

Their predictions come from their Keras models in float32, so decisions are counted here instead of compared with ==.
"""

import json
from functools import cache

import numpy as np
import pytest
import tensorflow as tf

import sparsepixels_lib as sp
from data_scripts import published_networks as script
from sparsepixels_lib.data import dataset as data
from sparsepixels_lib.network import reference
from sparsepixels_lib.plots import roc_curve

NETWORKS = list(script.NETWORKS.values())
COUNTS = {"microboone": 4121, "lhc_jets": 4535, "sparse_mnist": 4422}  # arXiv 2512.06208
MEAN_ACTIVE = {"microboone": 26.9, "lhc_jets": 20.1, "sparse_mnist": 13.8}
each_network = pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
each_dataset = pytest.mark.parametrize("dataset", COUNTS)


@cache  # to build a model takes longer than to run it
def model_of(network):
    return network.published()


def theirs(network):
    return sp.published_predictions(network.dataset, network.bits, network.n_active)


def decisions(scores, threshold):
    return scores[:, 0] > threshold if scores.shape[1] == 1 else scores.argmax(axis=1)


# --- the networks -----------------------------------------------------------------------------------------------------


@each_network
def test_our_exact_network_decides_as_the_authors_keras_did(network, state_count):
    logits = sp.exact_predict(model_of(network), sp.load(network.dataset, "sample").images)
    same = np.count_nonzero(decisions(logits, 0) == decisions(theirs(network), 0.5))
    state_count(f"{network.dataset}, {network}, authors' weights: {same} of 100 decisions as the authors' Keras model")
    assert len(logits) == 100 and same >= 96


def as_the_authors(network, images):
    """Their Keras again: images are not quantized, and a sparse convolution adds no bias where its sum is exactly 0."""
    arch, sparse = sp.ARCHITECTURES[network.dataset], network.n_active is not None
    weights = [w.astype(float) for w in model_of(network).get_weights()]
    integer = 6 if network.bits == 16 else arch.integer
    lsb = 2.0 ** (integer - network.bits)
    x, keep = images.astype(float), np.ones(images.shape)
    if sparse:
        active = (images > arch.threshold).reshape(len(images), -1)
        keep = (active & (active.cumsum(axis=1) <= network.n_active)).reshape(images.shape)
    x = x * keep
    for kind, size, *_ in arch.body:
        if kind == "conv":
            kernel, bias, *weights = weights
            sums = tf.nn.conv2d(x, kernel, 1, "SAME").numpy()
            x = relu(np.where((sums == 0) & sparse, 0, sums + bias) * keep, lsb, integer)
        else:
            n, rows, columns = len(x), x.shape[1] // size, x.shape[2] // size
            cells = (slice(None), slice(rows * size), slice(columns * size))
            x = x[cells].reshape(n, rows, size, columns, size, -1).mean(axis=(2, 4))
            keep = keep[cells].reshape(n, rows, size, columns, size, -1).any(axis=(2, 4))
    kernel, bias, last, last_bias = weights
    logits = relu(x.reshape(len(x), -1) @ kernel + bias, lsb, integer) @ last + last_bias
    return (tf.sigmoid if arch.classes == 1 else tf.nn.softmax)(logits).numpy()


def relu(x, lsb, integer):
    return np.clip(np.rint(x / lsb) * lsb, 0, 2.0**integer - lsb)


@each_network
def test_two_habits_of_the_authors_keras_are_all_that_differs(network):
    found = as_the_authors(network, sp.load(network.dataset, "sample").images)
    assert np.abs(found - theirs(network)).max() < 0.005  # float32 rounds some value between two codes the other way


@each_network
def test_a_published_network_is_the_architecture_with_other_weights_of_its_grids(network):
    model = model_of(network)
    assert sp.Network.of(model) == network and model.count_params() == COUNTS[network.dataset]
    for weights, grid in zip(model.get_weights(), reference.grids(model), strict=True):
        np.testing.assert_array_equal(grid.quantize(weights), weights)
    with np.load(reference.PATH) as ours:
        assert (reference.weight_codes(model)[f"{network.name}_4"] != ours[f"{network.name}_4"]).any()  # of dense1


@pytest.mark.parametrize(("dataset", "least"), [("microboone", 0.85), ("lhc_jets", 0.45)])
def test_their_outputs_are_our_classes_in_our_order(dataset, least):
    """On synthetic images, of which labels are known. It is no published score: another data set."""
    test = sp.load(dataset, "test", "default", n=1000)
    logits = sp.exact_predict(model_of(sp.Network(dataset, 16, 20)), test.images)
    if dataset == "microboone":
        assert roc_curve(test.labels, logits[:, 0])[2] > least
    else:
        matrix = np.histogram2d(test.labels, logits.argmax(axis=1), bins=5)[0]
        assert matrix.diagonal().sum() > least * 1000 and (matrix.argmax(axis=1) == np.arange(5)).sum() >= 4


def test_their_digits_are_those_of_mnist():
    sample = sp.load("sparse_mnist", "sample")
    assert np.mean(theirs(sp.Network("sparse_mnist", 16, 20)).argmax(axis=1) == sample.labels) > 0.9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mnist", 8, 20), "Unknown data set 'mnist': choose one of microboone"),
        (("microboone", 12, 20), "have 8 or 16 bits, not 12"),
        (("microboone", 8, 10), "n_active is 8, 12, 16, 20 or None"),
    ],
)
def test_a_network_that_was_not_published_is_refused_in_words(arguments, message):
    with pytest.raises(ValueError, match=message):
        sp.published_model(*arguments)
    with pytest.raises(ValueError, match="bits 8 or 16, n_active 8, 12, 16, 20 or None"):
        sp.published_predictions(*arguments)


# --- the images -------------------------------------------------------------------------------------------------------


@each_dataset
def test_the_sample_is_a_hundred_real_sparse_images_that_say_so(dataset):
    sample, arch = sp.load(dataset, "sample"), sp.ARCHITECTURES[dataset]
    assert sample.images.shape == (100, *arch.image_shape, 1) and sample.images.dtype == np.float32
    assert sample.images.min() == 0 and sample.images.max() <= 1
    assert round(np.count_nonzero(sample.images) / 100, 1) == MEAN_ACTIVE[dataset]
    assert sample.images[sample.images > 0].min() > arch.threshold
    assert sample.source.startswith("real: 100 test images") and "shipped with the package" in sample.source
    same = sp.load(dataset, "test", n=1)
    assert (sample.classes, sample.unit, sample.full_scale) == (same.classes, same.unit, same.full_scale)


@each_dataset
def test_the_sample_ships_whatever_source_and_folder(dataset, tmp_path):
    for source in data.SOURCES:
        assert sp.load(dataset, "sample", source, folder=tmp_path, n=3).images.shape[0] == 3
    assert len(sp.load(dataset, "sample", n=1000).images) == 100


@pytest.mark.parametrize("dataset", ["microboone", "lhc_jets"])
def test_labels_that_were_not_published_are_refused_and_never_numbers(dataset, tmp_path):
    sample = sp.load(dataset, "sample")
    with pytest.raises(ValueError, match=f"labels of {dataset}, sample, were not published"):
        np.mean(theirs(sp.Network(dataset, 8)).argmax(axis=1) == sample.labels)
    with pytest.raises(ValueError, match="were not published"):
        sp.fit(sp.sparse_cnn(dataset, 8, 8), sample, sample, cache=tmp_path)
    assert dataset in repr(sample)
    assert sp.occupancy(sample.images, 0).counts.mean() == pytest.approx(MEAN_ACTIVE[dataset], abs=0.05)


def test_the_digits_of_the_sample_are_those_of_the_first_test_images_of_mnist():
    sample, test = sp.load("sparse_mnist", "sample"), sp.load("sparse_mnist", "test", n=100)
    assert sample.labels.tolist() == test.labels.tolist()
    np.testing.assert_array_equal(sample.images > 0, test.images > 0)
    np.testing.assert_allclose(sample.images, test.images, rtol=0, atol=3e-7)  # float32 steps of theirs


def test_a_data_set_of_ones_own_has_no_sample(monkeypatch):
    monkeypatch.setitem(data._LOADERS, "tracks", None)
    with pytest.raises(
        ValueError, match="no sample of 'tracks' was published: choose one of the splits train, val, test"
    ):
        sp.load("tracks", "sample")


# --- the script -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def collected():
    """What the authors' repository has, as the script wants it: made again of what ships."""
    weights, samples = {}, {f"{dataset}__X": sp.load(dataset, "sample").images[..., 0] for dataset in COUNTS}
    for (dataset, kind), network in script.NETWORKS.items():
        for part, values in zip(script.PARTS, model_of(network).get_weights(), strict=True):
            weights[f"{script.PREFIXES[dataset]}_{kind}__{part}"] = values
        samples[f"{dataset}__pred_{kind}"] = theirs(network)
    return weights, samples


def folder_of(path, weights, samples):
    np.savez(path / "published_weights.npz", **weights)
    np.savez(path / "published_samples.npz", **samples)
    return path


def test_what_ships_is_what_the_script_makes(tmp_path, collected):
    networks, *images = script.make(folder_of(tmp_path, *collected))
    with np.load(networks) as made, np.load(reference.PUBLISHED) as shipped:  # another zlib may compress otherwise
        assert networks.name == reference.PUBLISHED.name and made.files == shipped.files
        assert all(made[key].tobytes() == shipped[key].tobytes() for key in made.files)
        arrays = dict(made)
    reference.write(tmp_path / "again.npz", arrays, json.loads(str(arrays.pop("meta"))))
    assert networks.read_bytes() == (tmp_path / "again.npz").read_bytes()
    assert [path.stem for path in images] == list(COUNTS)
    assert all(path.read_bytes() == reference.PUBLISHED.with_name(path.name).read_bytes() for path in images)


def test_images_that_are_no_test_images_of_mnist_have_no_digits(collected):
    images = collected[1]["sparse_mnist__X"][:3].copy()
    assert script._digits(images).tolist() == [7, 2, 1]
    images[1] *= 0.999
    assert script._digits(images).tolist() == [-1, -1, -1]


W, X, P = "neutrino_8_full__conv1_w", "microboone__X", "microboone__pred_8_full"


@pytest.mark.parametrize(
    ("key", "change", "message"),
    [
        (W, lambda a: a + np.float32(0.01), "microboone_standard_8bit, conv1_w: weights that are no ap_fixed<8,3>"),
        (W, lambda a: a * np.nan, "conv1_w: weights that are no ap_fixed"),
        (W, lambda a: a[1:], "conv1_w: 42 numbers, not 49"),
        (W, None, "published_weights.npz is not as expected: it lacks neutrino_8_full__conv1_w"),
        (X, lambda a: a[:, 1:], r"images of microboone must be \(n, 63, 63\) float32"),
        (X, lambda a: a.astype(float), "images of microboone must be .* float64"),
        (X, lambda a: a + 1, r"pixels must be in \[0, 1\]"),
        (X, lambda a: a[:99], r"predictions of microboone_standard_8bit must be \(99, 1\)"),
        (P, lambda a: a * 3, r"predictions of microboone_standard_8bit must be .* in \[0, 1\]"),
        (P, None, "published_samples.npz is not as expected: it lacks microboone__pred_8_full"),
    ],
)
def test_a_source_that_is_not_as_described_is_refused_and_leaves_nothing(tmp_path, collected, key, change, message):
    arrays = [dict(part) for part in collected]
    part = arrays[key not in arrays[0]]
    given = part.pop(key)
    if change:
        part[key] = change(given)
    with pytest.raises(ValueError, match=message):
        script.make(folder_of(tmp_path, *arrays))
    assert not (tmp_path / "published").exists()


def test_a_source_that_is_missing_or_something_else_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["published_networks", str(tmp_path)])
    with pytest.raises(SystemExit):
        script.main()
    assert f"{tmp_path / 'published_weights.npz'} is not there" in capsys.readouterr().err
    (tmp_path / "published_weights.npz").write_text("<html>404</html>")
    with pytest.raises(ValueError, match="published_weights.npz is not as expected"):
        script.make(tmp_path)
