"""Training: reduction once, the cache, going on after an interruption, and weights that are not finite."""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy import inf, nan
from test_layers import randomize

import sparsepixels_lib as sp
from sparsepixels_lib.network import probes, training

keras, QDense = sp.models.keras, sp.models.QDense


@pytest.fixture(scope="module")
def digits():
    return {split: sp.load("sparse_mnist", split, n=n) for split, n in (("train", 600), ("val", 200))}


def published():
    return sp.sparse_cnn("sparse_mnist", 8, 12)


def small(seed=0, activation="softmax"):
    """One dense layer on the reduced pixels: Keras builds its graph in less than half the time of the published one."""
    weights = {f"{w}_quantizer": "quantized_bits(8,2,alpha=1)" for w in ("kernel", "bias")}
    image = keras.Input((48, 48, 1))
    logits = QDense(10, **weights)(sp.SparseFlatten((48, 48))(sp.InputReduce(12)(image)))
    model = keras.Model(image, keras.layers.Activation(activation)(logits) if activation else logits, name="small")
    randomize(model, seed, 0.1)
    return model


def train(model, digits, cache, epochs=4, **kwargs):
    return model, sp.fit(model, digits["train"], digits["val"], epochs=epochs, cache=cache, **kwargs)


def test_reduced_arrays_are_those_of_the_layer():
    model = sp.sparse_cnn("sparse_mnist", 8, 12)
    images = probes.corner_images(48, 48, 1, 12)
    features, hash = sp.reduce_dataset(model, images, batch_size=5)
    expected = sp.exact_predict(model, images, layer="input_reduce")
    assert features.dtype == np.float32 and (features == expected[0]).all() and (hash == expected[1]).all()


def test_training_learns_real_digits(digits, tmp_path):
    model = sp.sparse_cnn("sparse_mnist", 8, 12)
    history = sp.fit(
        model, sp.load("sparse_mnist", "train", n=4000), digits["val"], epochs=4, batch_size=32, cache=tmp_path
    )
    assert history["loss"][-1] < 0.8 * history["loss"][0] and history["val_accuracy"][-1] > 0.3


def test_a_finished_run_is_loaded_and_says_so(digits, tmp_path, capsys):
    first, history = train(small(), digits, tmp_path)
    again, loaded = train(small(), digits, tmp_path)
    assert loaded == history and "loaded after epoch 4" in capsys.readouterr().out
    assert all((a == b).all() for a, b in zip(first.get_weights(), again.get_weights(), strict=True))


def test_an_interrupted_run_goes_on_and_ends_as_an_uninterrupted_one(digits, tmp_path, capsys, monkeypatch):
    whole, history = train(published(), digits, tmp_path / "whole")
    save, calls = training._State.save, []

    def interrupt(*arguments):
        save(*arguments)
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(training._State, "save", interrupt)
    with pytest.raises(KeyboardInterrupt):
        train(published(), digits, tmp_path / "cut")
    assert "epochs 1 to 2 are kept" in capsys.readouterr().out
    resumed, rest = train(published(), digits, tmp_path / "cut")
    assert "goes on after epoch 2" in capsys.readouterr().out
    np.testing.assert_allclose(rest["loss"], history["loss"], rtol=1e-4)
    for a, b in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


def test_the_same_call_with_the_same_model_goes_on_or_loads(digits, tmp_path, capsys, monkeypatch):
    """As in a notebook whose cell is run again."""
    model, batches = small(), []
    run = lambda: train(model, digits, tmp_path, epochs=3)[1]  # noqa: E731
    save = training._State.save

    def interrupt(*arguments):
        batches.append(1)
        if len(batches) == 2:
            raise KeyboardInterrupt  # in the second epoch, with weights that nobody has kept
        save(*arguments)

    monkeypatch.setattr(training._State, "save", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run()
    history, trained = run(), model.get_weights()
    assert "goes on after epoch 1" in capsys.readouterr().out
    assert run() == history and "loaded after epoch 3" in capsys.readouterr().out
    assert all(map(np.array_equal, trained, model.get_weights())) and len(list(tmp_path.glob("*.npz"))) == 1


def test_a_model_that_ends_at_its_logits_is_trained_on_logits(digits, tmp_path):
    _, on_logits = train(small(activation=None), digits, tmp_path, epochs=1)
    _, on_softmax = train(small(), digits, tmp_path, epochs=1)
    assert on_logits["loss"] == pytest.approx(on_softmax["loss"], rel=1e-4)


def test_images_without_a_pixel_above_the_threshold_are_refused(digits, tmp_path):
    faint = digits["train"].images * 0.3, digits["train"].labels
    with pytest.raises(ValueError, match="above the threshold 0.4: the largest is 0.3"):
        sp.fit(sp.sparse_cnn("sparse_mnist", 8, 8), faint, digits["val"], cache=tmp_path)


def test_a_cache_that_cannot_be_written_is_said_before_training(digits, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PermissionError, match="name another"):
        train(small(), digits, tmp_path / "file")


def test_other_settings_data_or_weights_are_another_run(digits, tmp_path):
    train(small(), digits, tmp_path, epochs=1)
    train(small(), digits, tmp_path, epochs=1, batch_size=64)
    train(small(seed=1), digits, tmp_path, epochs=1)
    train(small(), {**digits, "train": digits["val"]}, tmp_path, epochs=1)
    assert len(list(tmp_path.glob("*.npz"))) == 4


def test_a_damaged_cache_is_named_and_the_run_starts_again(digits, tmp_path, capsys):
    train(small(), digits, tmp_path, epochs=1)
    (file,) = tmp_path.glob("*.npz")
    file.write_bytes(file.read_bytes()[:1000])
    train(small(), digits, tmp_path, epochs=1)
    assert f"{file} cannot be read" in capsys.readouterr().out


def test_the_best_epoch_is_the_result(digits, tmp_path):
    model, history = train(published(), digits, tmp_path, epochs=5, learning_rate=0.05)
    val = digits["val"]
    compact = sp.compact_model(model)
    compact.compile(loss="sparse_categorical_crossentropy")
    loss = compact.evaluate(sp.reduce_dataset(model, val.images), val.labels, verbose=0)
    assert loss == pytest.approx(min(history["val_loss"]), rel=1e-5)


def test_early_stopping_counts_epochs_without_improvement():
    history = {"loss": [1.0] * 6, "val_loss": [1.0, 0.9, 0.8995, 0.95, 0.93, 0.92]}
    assert training._stopped(history, 200, patience=4, min_delta=1e-3)  # nothing better than 0.9 - 0.001 in four epochs
    assert not training._stopped(history, 200, patience=5, min_delta=1e-3)
    assert not training._stopped(history, 200, patience=4, min_delta=1e-4)
    assert training._stopped(history, 6, patience=9, min_delta=1e-3)


def test_the_standard_cnn_trains_through_the_same_call(digits, tmp_path):
    model = sp.standard_cnn("sparse_mnist", 8)
    before = model.get_weights()
    history = sp.fit(
        model, (digits["train"].images[:128], digits["train"].labels[:128]), digits["val"], epochs=1, cache=tmp_path
    )
    assert len(history["loss"]) == 1 and any((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))


def pretend(monkeypatch, *epochs):
    """In place of Keras' training: an epoch adds 1 to every weight and has the losses given, or raises what is given.

    `epochs`: (loss, val_loss, what the first weight of every array is besides) or an exception.
    """
    epochs = iter(epochs)

    def fit(model, **_):
        given = next(epochs)
        loss, val_loss, first = given if isinstance(given, tuple) else (nan, nan, nan)
        model.set_weights([w + 1 for w in model.get_weights()])
        for w in model.weights:
            w.assign(np.where(np.arange(w.numpy().size).reshape(w.shape) == 0, w + first, w))
        if not isinstance(given, tuple):
            raise given
        return SimpleNamespace(history={"loss": [loss], "val_loss": [val_loss]})

    monkeypatch.setattr(keras.Model, "fit", fit)


def equal(weights, others):
    return all(map(np.array_equal, weights, others))


def moved(weights, epochs):
    for _ in range(epochs):
        weights = [w + 1 for w in weights]
    return weights


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ((nan, 1.0, 0), "small: loss is nan after epoch 3"),
        ((1.0, nan, 0), "small: val_loss is nan after epoch 3"),
        ((inf, -inf, nan), "small: loss is inf and val_loss is -inf after epoch 3"),
        ((1.0, 1.0, inf), r"small: a weight of layer 'q_dense\w*' is not finite after epoch 3"),
    ],
)
def test_what_is_not_finite_is_named_and_the_model_gets_the_last_finite_weights(
    bad, message, digits, tmp_path, monkeypatch
):
    model = small()
    began = model.get_weights()
    pretend(monkeypatch, (2.0, 1.0, 0), (1.0, 2.0, 0), bad)
    with pytest.raises(FloatingPointError, match=f"{message}; .* learning_rate"):
        train(model, digits, tmp_path)
    assert equal(model.get_weights(), moved(began, 2))  # the second epoch's, though the first is better


def test_after_weights_that_are_not_finite_the_same_call_goes_on_and_another_learning_rate_begins_anew(
    digits, tmp_path, monkeypatch, capsys
):
    model, good, bad = small(), (1.0, 1.0, 0), (1.0, 1.0, nan)
    began = model.get_weights()
    pretend(monkeypatch, good, good, bad, good, bad, good, good)
    for epoch in (3, 4):
        with pytest.raises(FloatingPointError, match=f"after epoch {epoch}"):
            train(model, digits, tmp_path)
    assert "goes on after epoch 2" in capsys.readouterr().out and equal(model.get_weights(), moved(began, 3))
    train(model, digits, tmp_path, epochs=1, learning_rate=1e-4)
    assert equal(model.get_weights(), moved(began, 1))
    _, history = train(model, digits, tmp_path)
    assert len(history["loss"]) == 4 and "goes on after epoch 3" in capsys.readouterr().out


def test_a_run_interrupted_when_its_weights_are_not_finite_leaves_the_last_finite_ones(digits, tmp_path, monkeypatch):
    model = small()
    began = model.get_weights()
    pretend(monkeypatch, (1.0, 1.0, 0), KeyboardInterrupt(), (1.0, 0.5, 0))
    with pytest.raises(KeyboardInterrupt):
        train(model, digits, tmp_path, epochs=2)
    assert equal(model.get_weights(), moved(began, 1))
    train(model, digits, tmp_path, epochs=2)
    assert equal(model.get_weights(), moved(began, 2)) and len(list(tmp_path.glob("*.npz"))) == 1


def test_a_learning_rate_beyond_float32_is_said_in_the_first_epoch_and_the_model_is_as_before(digits, tmp_path):
    model = small()
    began = model.get_weights()
    with pytest.raises(FloatingPointError, match="small: val_loss is nan after epoch 1; .* learning_rate"):
        train(model, digits, tmp_path, batch_size=600, learning_rate=1e39)  # one step, after the loss is known
    assert equal(model.get_weights(), began) and not any(tmp_path.iterdir())


def test_a_kept_weight_that_is_not_finite_is_said_and_the_run_starts_again(digits, tmp_path, monkeypatch, capsys):
    pretend(monkeypatch, (1.0, 1.0, 0), (1.0, 1.0, 0))
    whole, _ = train(small(), digits, tmp_path, epochs=1)
    (file,) = tmp_path.glob("*.npz")
    with np.load(file) as kept:
        np.savez(file, **{key: kept[key] * nan if key == "best0" else kept[key] for key in kept})
    again, _ = train(small(), digits, tmp_path, epochs=1)
    assert f"{file} cannot be read (a weight in it is not finite)" in capsys.readouterr().out
    assert equal(whole.get_weights(), again.get_weights())


@pytest.mark.parametrize("value", [nan, inf])
def test_a_model_that_begins_with_a_weight_that_is_not_finite_is_refused(value, digits, tmp_path):
    model = small()
    kernel, bias = model.get_weights()
    model.set_weights([kernel, np.where(np.arange(10) == 3, value, bias)])
    with pytest.raises(ValueError, match=r"Layer 'q_dense\w*' of 'small' begins with a NaN or infinite weight"):
        train(model, digits, tmp_path)
    assert not any(tmp_path.iterdir())
