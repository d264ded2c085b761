"""Training: which forms of data and settings are taken, and what is said of the others."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from numpy import inf, nan
from test_training import QDense, small

import sparsepixels_lib as sp
from sparsepixels_lib.data.dataset import Dataset
from sparsepixels_lib.network import training

keras = tf.keras
X = np.zeros((4, 48, 48, 1), np.float32)
X[range(4), range(4), 5] = 1
Y = np.array([0, 1, 1, 0])


def two_classes(units):
    weights = {f"{w}_quantizer": "quantized_bits(8,2,alpha=1)" for w in ("kernel", "bias")}
    image = keras.Input((48, 48, 1))
    x = QDense(units, **weights)(sp.SparseFlatten((48, 48))(sp.InputReduce(12)(image)))
    return keras.Model(image, keras.layers.Activation("sigmoid" if units == 1 else "softmax")(x), name="two")


@pytest.fixture
def given(monkeypatch):
    """The arguments of every epoch: Keras itself does not train here."""
    calls = []

    def fit(model, **arguments):
        calls.append(arguments)
        return SimpleNamespace(history={"loss": [1.0], "val_loss": [1.0]})

    monkeypatch.setattr(keras.Model, "fit", fit)
    return calls


def fit(model, train, val, cache, **settings):
    return sp.fit(model, train, val, **{"epochs": 1, "cache": cache, **settings})


def test_other_forms_of_the_same_data_are_the_same_run(given, tmp_path):
    dataset = Dataset(X, Y, "sparse_mnist", "train", "real", tuple("0123456789"))
    columns, tensors = (X, Y.reshape(4, 1)), (tf.constant(X), tf.constant(Y))
    for train in ((X, Y), [X, Y], (X.tolist(), Y.tolist()), columns, tensors, dataset):
        fit(small(), train, train, tmp_path)
    assert len(list(tmp_path.glob("*.npz"))) == len(given) == 1  # the first trains, all others load


@pytest.mark.parametrize("labels", [Y == 1, (Y == 1).reshape(4, 1), Y.astype(np.float32)])
@pytest.mark.parametrize("units", [1, 2])
def test_boolean_and_whole_float_labels_are_taken_for_two_classes(units, labels, given, tmp_path):
    fit(two_classes(units), (X, labels), (X, Y), tmp_path)
    order = np.random.default_rng([0, 0]).permutation(4)
    assert given[0]["y"].shape == (4, 1) and (given[0]["y"].ravel() == Y[order]).all()


def test_keras_trains_on_boolean_columns_as_on_whole_numbers(tmp_path):
    model = two_classes(1)
    began = model.get_weights()
    columns = fit(model, (X, (Y == 1).reshape(4, 1)), (X, Y == 1), tmp_path, learning_rate=0.1)
    model.set_weights(began)
    assert columns == fit(model, (X, Y), (X, Y), tmp_path, learning_rate=0.1)
    assert columns["loss"] != columns["val_loss"] and len(list(tmp_path.glob("*.npz"))) == 2


WRITE = r"write fit\(model, \(x, y\), \(x_val, y_val\)\)"
GOOD = X, Y


class NeedsGrad:
    """As a torch tensor that requires grad."""

    ndim, shape = 4, X.shape

    def __array__(self, *_, **__):
        raise RuntimeError("Can't call numpy() on Tensor\nthat requires grad.")


@pytest.mark.parametrize(
    ("train", "val", "error", "message"),
    [
        (X, Y, TypeError, rf"train is of type ndarray, shape \(4, 48, 48, 1\): {WRITE}"),
        (X[:2], Y[:2], TypeError, rf"train is of type ndarray, shape \(2, 48, 48, 1\): {WRITE}"),
        (tf.constant(X[:2]), Y[:2], TypeError, rf"train is of type EagerTensor, shape \(2, 48, 48, 1\): {WRITE}"),
        (tf.data.Dataset.from_tensors(GOOD), GOOD, TypeError, f"train is of type .*TensorDataset: {WRITE}"),
        ((batch for batch in [GOOD, GOOD]), GOOD, TypeError, f"train is of type generator: {WRITE}"),
        ("sparse_mnist", GOOD, TypeError, f"train is of type str: {WRITE}.* sp.load"),
        (GOOD, None, TypeError, f"val is None: {WRITE}"),
        (GOOD, {"images": X, "labels": Y}, TypeError, f"val is of type dict, length 2: {WRITE}"),
        (GOOD, (*GOOD, Y), TypeError, f"val is of type tuple, length 3: {WRITE}"),
        (GOOD, [X], TypeError, f"val is of type list, length 1: {WRITE}"),
        ((Y, X), GOOD, TypeError, r"train: the images are of type ndarray, shape \(4,\): give one array"),
        ((None, Y), GOOD, TypeError, "train: the images are None: give one array"),
        ((NeedsGrad(), Y), GOOD, TypeError, r"train: .* NeedsGrad: Can't call numpy\(\) on Tensor that requires grad"),
        (GOOD, (X, None), ValueError, "val: 4 images need as many labels; these are None"),
        (GOOD, (X, (y for y in Y)), ValueError, "val: 4 images need .* type generator"),
        ((X, np.eye(10)[Y]), GOOD, ValueError, r"\(4, 10\): if they are one-hot, write labels.argmax\(axis=1\)"),
        ((X, X), GOOD, ValueError, r"train: 4 images need as many labels; .* shape \(4, 48, 48, 1\)\.$"),
        (GOOD, (X, Y[:3]), ValueError, r"val: 4 images need as many labels; .* shape \(3,\)\."),
        (GOOD, (X[:0], Y[:0]), ValueError, "val: there is no image, but at least one is needed"),
        (GOOD, (X * 0, Y), ValueError, "val: no pixel is above"),
        (GOOD, (X * nan, Y), ValueError, "val: .* pixels are NaN"),
        (GOOD, ((X * 255).astype(np.uint8), Y), TypeError, "val: .* divide by 255"),
        ((X[:, :28, :28], Y), GOOD, ValueError, r"train: .* \(batch, 48, 48, 1\)"),
        ((X, np.array(list("catc"))), GOOD, TypeError, "train: the labels are of type str_, such as 'c': .* 0 to 9"),
        ((X, [0, 1, 1, None]), GOOD, TypeError, "train: the labels are of type object_, .* 0 to 9"),
        ((X, Y == 1), GOOD, ValueError, "train: the labels are True and False, but the model has 10 classes"),
        ((X, np.array([0, 1, nan, 1])), GOOD, ValueError, "labels must be whole numbers from 0 to 9; 1 of 4 .* nan"),
        ((X, np.array([0, inf, nan, 1])), GOOD, ValueError, "whole numbers from 0 to 9; 2 of 4 are not, such as inf"),
        (GOOD, (X, Y + 9), ValueError, "val: .* 0 to 9; 2 of 4 are not, such as 10"),
        (GOOD, (X, Y - 1), ValueError, "val: .* 0 to 9; 2 of 4 are not, such as -1"),
        (GOOD, (X, Y + 0.5), ValueError, "val: .* whole numbers .* such as 0.5"),
    ],
)
def test_data_in_another_form_are_named_and_what_to_write_is_said(train, val, error, message, given, tmp_path):
    with pytest.raises(error, match=message) as raised:
        fit(small(), train, val, tmp_path)
    assert not given and not any(tmp_path.iterdir()) and "\n" not in str(raised.value)


def test_validation_data_are_looked_at_before_the_training_images_are_reduced(monkeypatch, tmp_path):
    monkeypatch.setattr(training, "reduce_dataset", lambda *_: pytest.fail("reduced"))
    with pytest.raises(ValueError, match="val: labels"):
        fit(small(), GOOD, (X, Y + 10), tmp_path)


WHOLE = "{} must be a whole number, at least {}, not "
WRONG = [
    *((name, value, WHOLE.format(name, 1)) for name in ("epochs", "batch_size", "patience")
      for value in (0, -1, 2.5, 2.0, True, "3", None, nan)),
    *(("seed", value, WHOLE.format("seed", 0)) for value in (-1, 0.5, True, "3", None)),
    *(("learning_rate", value, "learning_rate must be a finite number above 0, not ")
      for value in (nan, inf, 0, -1e-3, True, "0.1", None)),
    *(("min_delta", value, "min_delta must be a finite number, at least 0, not ")
      for value in (nan, inf, -1e-3, True, "0", None)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "message"), WRONG)
def test_a_setting_that_means_nothing_is_named_with_what_is_wanted(name, value, message, given, tmp_path):
    with pytest.raises(ValueError) as raised:
        fit(small(), GOOD, GOOD, tmp_path, **{name: value})
    assert str(raised.value) == f"{message}{value!r}." and not given and not any(tmp_path.iterdir())


def test_settings_may_be_numbers_of_numpy(given, tmp_path):
    settings = dict(epochs=np.int64(1), batch_size=np.int32(2), seed=np.uint8(0), patience=np.int64(1))
    history = fit(small(), GOOD, GOOD, tmp_path, learning_rate=np.float32(1e-3), min_delta=0, **settings)
    assert len(history["loss"]) == 1


def test_a_cache_that_is_no_path_is_named(given, tmp_path):
    with pytest.raises(TypeError, match="cache must be the path of a folder, not None"):
        fit(small(), GOOD, GOOD, None)


def test_reduction_in_batches_of_nothing_is_refused():
    with pytest.raises(ValueError, match="batch_size must be a whole number, at least 1, not 0"):
        sp.reduce_dataset(small(), X, batch_size=0)
