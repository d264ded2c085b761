"""Training: sparse networks on arrays reduced once, every epoch kept, so that an interrupted run goes on.

As published (arXiv 2512.06208): Adam 1e-3, batches of 128, early stopping on the validation loss (min_delta
1e-3, patience 15), at most 200 epochs. The best epoch's weights are the result.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import tempfile
import weakref
import zipfile
from pathlib import Path

import numpy as np
import tensorflow as tf
from qkeras import QActivation
from tqdm.auto import tqdm

from .layers import InputReduce
from .models import compact_model, input_reduce_of
from .ranges import check_images

keras = tf.keras


def reduce_dataset(model: keras.Model, images: np.ndarray, *, batch_size: int = 1024) -> tuple[np.ndarray, np.ndarray]:
    """Compact arrays of all `images` (B, H, W, C), once, by the model's InputReduce.

    They are features (B, N, C) float32 and hash (B, N, 2) int32.
    Raises ValueError or TypeError if the model is not sparse or the images do not fit it.
    """
    images, reduce = check_images(images, model), tf.function(input_reduce_of(model))
    n, channels = input_reduce_of(model).n_active, images.shape[-1]
    features, hash = np.empty((len(images), n, channels), np.float32), np.empty((len(images), n, 2), np.int32)
    for i in tqdm(
        range(0, len(images), batch_size),
        desc="input reduction",
        unit="batch",
        leave=False,
        disable=len(images) <= batch_size,
    ):
        batch = slice(i, i + batch_size)
        features[batch], hash[batch] = reduce(tf.constant(images[batch], tf.float32))
    return features, hash


def fit(
    model: keras.Model,
    train,
    val,
    *,
    epochs: int = 200,
    batch_size: int = 128,
    learning_rate: float = 1e-3,
    patience: int = 15,
    min_delta: float = 1e-3,
    seed: int = 0,
    cache: str | os.PathLike = "build/training",
) -> dict[str, list[float]]:
    """Train `model` (in place) and return its history: loss, accuracy, val_loss, val_accuracy, one number an epoch.

    `train`, `val`: pairs (images (B, H, W, C), labels (B,)), or a Dataset of `load`. A sparse model trains on
    reduced arrays. The state after each epoch is kept in the folder `cache` under a key of model, data and
    settings: the same call later, with this or an equal model, loads the result, or goes on after an interruption, and
    says so. Raises ValueError or TypeError for images, labels or settings that do not fit, PermissionError for a cache
    that cannot be written, and FloatingPointError if the loss is not finite.
    """
    if epochs < 1 or patience < 1 or batch_size < 1:
        raise ValueError(f"epochs, patience and batch_size must be at least 1, not {epochs}, {patience}, {batch_size}.")
    if unnamed := [a.name for a in model.layers if type(a) is QActivation and not isinstance(a.activation, str)]:
        raise ValueError(
            f"QActivation {unnamed[0]!r}: give its quantizer as a string, or the saved model cannot be loaded."
        )
    _check_folder(Path(cache))
    trained = compact_model(model) if any(isinstance(layer, InputReduce) for layer in model.layers) else model
    (x, y), (x_val, y_val) = (_arrays(model, trained, data) for data in (train, val))
    logits = getattr(model.layers[-1], "activation", None) not in (keras.activations.sigmoid, keras.activations.softmax)
    losses = keras.losses
    kind = losses.BinaryCrossentropy if model.output_shape[-1] == 1 else losses.SparseCategoricalCrossentropy
    optimizer = keras.optimizers.Adam(learning_rate)
    optimizer.build(trained.trainable_variables)
    trained.compile(optimizer, kind(from_logits=logits), metrics=["accuracy"], steps_per_execution=16)

    start = _start(model)
    model.set_weights(start)
    settings = [epochs, batch_size, learning_rate, patience, min_delta, seed]
    state = _State(Path(cache), model, [*x, y, *x_val, y_val], settings)
    history = state.load(trained)
    finished = _stopped(history, epochs, patience, min_delta)
    if history:
        print(
            f"{model.name}: {'loaded' if finished else 'goes on'} after epoch {len(history['loss'])} "
            f"of at most {epochs} ({state.path})"
        )
    try:
        with tqdm(
            total=epochs, initial=len(history.get("loss", [])), desc=model.name, unit="epoch", disable=finished
        ) as bar:
            while not _stopped(history, epochs, patience, min_delta):
                order = np.random.default_rng([seed, len(history.get("loss", []))]).permutation(len(y))
                data = dict(
                    x=[a[order] for a in x], y=y[order], validation_data=(x_val, y_val), validation_batch_size=1024
                )
                epoch = trained.fit(**data, batch_size=batch_size, shuffle=False, verbose=0).history
                if not np.isfinite([epoch["loss"][0], epoch["val_loss"][0]]).all():
                    raise FloatingPointError(
                        f"{model.name}: the loss is {epoch['loss'][0]}. Lower learning_rate, or look at the images."
                    )
                history = {key: history.get(key, []) + [float(v[0])] for key, v in epoch.items()}
                state.save(trained, history)
                if trained is model:  # Keras leaves the epoch's images in cycles: gigabytes after some tens of epochs
                    gc.collect()
                bar.update()
                bar.set_postfix({key: f"{v[-1]:.3f}" for key, v in history.items()})
    except KeyboardInterrupt:
        print(
            f"{model.name}: interrupted; epochs 1 to {len(history.get('loss', []))} are kept. "
            "Run the same call again to go on."
        )
        raise
    finally:
        if _stopped(history, epochs, patience, min_delta):
            state.restore_best(trained)
        _LEFT[model] = model.get_weights(), start
    return history


_LEFT = weakref.WeakKeyDictionary()  # model -> weights that fit left it with, weights that it began with


def _start(model) -> list[np.ndarray]:
    """The weights a run begins with: those before the last fit, if nobody has changed them since."""
    now, (left, began) = model.get_weights(), _LEFT.get(model, ([], None))
    return began if left and all(map(np.array_equal, now, left)) else now


def _check_folder(cache: Path) -> None:
    try:
        cache.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=cache).close()
    except OSError as error:
        raise PermissionError(f"Cannot write into the cache folder {cache} ({error.strerror}): name another.") from None


def _arrays(model, trained, data) -> tuple[list[np.ndarray], np.ndarray]:
    images, labels = (data.images, data.labels) if hasattr(data, "images") else data
    labels, classes = np.asarray(labels), max(model.output_shape[-1], 2)
    if labels.shape != (len(images),) or len(labels) == 0:
        raise ValueError(
            f"{len(images)} images need as many labels (at least one), not an array of shape {labels.shape}."
        )
    if labels.min() < 0 or labels.max() >= classes or (labels != labels.astype(int)).any():
        raise ValueError(f"Labels must be whole numbers from 0 to {classes - 1}, not {labels.min()} to {labels.max()}.")
    if trained is model:
        return [check_images(images, model)], labels.reshape(-1, 1)
    features, hash = reduce_dataset(model, images)
    if not hash.any():
        threshold = input_reduce_of(model).threshold
        raise ValueError(f"No pixel is above the threshold {threshold:g}: the largest is {np.max(images):g}.")
    x = [features, hash]
    return x, labels.reshape(-1, 1)


def _stopped(history: dict, epochs: int, patience: int, min_delta: float) -> bool:
    """Keras' EarlyStopping, from the history alone: nothing but the history has to be kept to go on."""
    best, wait = np.inf, 0
    for value in history.get("val_loss", []):
        best, wait = (value, 0) if value < best - min_delta else (best, wait + 1)
    return len(history.get("loss", [])) >= epochs or wait >= patience


class _State:
    """Weights, best weights, optimizer and history of one run, in one file that is replaced as a whole."""

    def __init__(self, cache: Path, model, arrays, settings):
        layers = [(type(a).__name__, {k: v for k, v in a.get_config().items() if k != "name"}) for a in model.layers]
        digest = hashlib.sha256(json.dumps([layers, settings], default=str).encode())
        for array in [*model.get_weights(), *arrays]:
            digest.update(np.ascontiguousarray(array))
        self.path = cache / f"{model.name}-{digest.hexdigest()[:12]}.npz"
        self.best = model.get_weights()

    def load(self, model) -> dict:
        if not self.path.exists():
            return {}
        try:
            with np.load(self.path) as file:
                history, variables = json.loads(str(file["history"])), _variables(model)
                values = [file[f"v{i}"] for i in range(len(variables))]
                self.best = [file[f"best{i}"] for i in range(len(self.best))]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            print(f"{self.path} cannot be read ({error}): this run starts from the beginning.")
            return {}
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        return history

    def save(self, model, history: dict) -> None:
        if history["val_loss"][-1] == min(history["val_loss"]):
            self.best = model.get_weights()
        arrays = {f"v{i}": v.numpy() for i, v in enumerate(_variables(model))} | {
            f"best{i}": w for i, w in enumerate(self.best)
        }
        scratch = self.path.with_suffix(f".{os.getpid()}.tmp.npz")
        np.savez(scratch, history=json.dumps(history), **arrays)
        scratch.replace(self.path)

    def restore_best(self, model) -> None:
        model.set_weights(self.best)


def _variables(model) -> list:
    return [*model.weights, *model.optimizer.variables]
