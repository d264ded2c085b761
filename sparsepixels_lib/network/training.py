"""Training: sparse networks on arrays reduced once, every epoch kept, so that an interrupted run goes on.

As published (arXiv 2512.06208): Adam 1e-3, batches of 128, early stopping on the validation loss (min_delta
1e-3, patience 15), at most 200 epochs. The best epoch's weights are the result.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import re
import tempfile
import weakref
import zipfile
from numbers import Real
from pathlib import Path

import numpy as np
import tensorflow as tf
from qkeras import QActivation
from tqdm.auto import tqdm

from ..numerics.whole import whole
from ..tools.files import whole_file
from .graph import input_reduce_of, is_sparse
from .images import check_images
from .models import compact_model
from .supported import check_trainable, graph_model

keras = tf.keras


def reduce_dataset(model: keras.Model, images: np.ndarray, *, batch_size: int = 1024) -> tuple[np.ndarray, np.ndarray]:
    """Compact arrays of all `images` (B, H, W, C), once, by the model's InputReduce.

    They are features (B, N, C) float32 and hash (B, N, 2) int32.
    Raises ValueError or TypeError if the model is not sparse, the images do not fit it or batch_size is no number of
    images.
    """
    batch_size = whole(batch_size, "batch_size")
    model = graph_model(model)
    images, reduce = check_images(images, model), tf.function(input_reduce_of(model))
    shapes = [tuple(t.shape[1:]) for t in input_reduce_of(model).output]
    features, hash = (np.empty((len(images), *s), of) for s, of in zip(shapes, (np.float32, np.int32), strict=True))
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

    `train`, `val`: pairs (images (B, H, W, C), labels (B,) or (B, 1)), or a Dataset of `load`; labels are whole numbers
    from 0 on, for two classes also True and False. A sparse model trains on reduced arrays. The state after each epoch
    is kept in the folder `cache` under a key of model, data and settings: the same call later, with this or an equal
    model, loads the result, or goes on after an interruption, and says so.

    Raises before training ValueError or TypeError for images, labels or settings that do not fit and for a model with a
    NaN or infinite weight, PermissionError for a cache that cannot be written; and FloatingPointError after an epoch
    that leaves loss, val_loss or a weight not finite. Whatever stops it, the model then has the weights of the last
    epoch that ended well, or those it began with.
    """
    check_trainable(model)
    for name, value in {"epochs": epochs, "batch_size": batch_size, "patience": patience}.items():
        whole(value, name)
    whole(seed, "seed", 0)
    _require("a finite number above 0", lambda v: 0 < v < np.inf, learning_rate=learning_rate)
    _require("a finite number, at least 0", lambda v: 0 <= v < np.inf, min_delta=min_delta)
    if unnamed := [a.name for a in model.layers if type(a) is QActivation and not isinstance(a.activation, str)]:
        raise ValueError(
            f"QActivation {unnamed[0]!r}: give its quantizer as a string, or the saved model cannot be loaded."
        )
    if broken := _not_finite(model):
        raise ValueError(
            f"Layer {broken[0]!r} of {model.name!r} begins with a NaN or infinite weight: build or load it again."
        )
    pairs = [_pair(name, data, model) for name, data in (("train", train), ("val", val))]
    _check_folder(cache)
    trained = compact_model(model) if is_sparse(model) else model
    (x, y), (x_val, y_val) = ((_inputs(name, images, model), labels) for name, images, labels in pairs)
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
    last = trained.get_weights()  # what is cut off in the middle, or not finite, is not left in the model
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
                done = len(history.get("loss", []))
                order = np.random.default_rng([seed, done]).permutation(len(y))
                data = dict(
                    x=[a[order] for a in x], y=y[order], validation_data=(x_val, y_val), validation_batch_size=1024
                )
                epoch = trained.fit(**data, batch_size=batch_size, shuffle=False, verbose=0).history
                if wrong := _wrong(epoch, trained):
                    raise FloatingPointError(
                        f"{model.name}: {wrong} after epoch {done + 1}; the weights from before it are restored. "
                        "Lower learning_rate, or look at the images."
                    )
                history = {key: history.get(key, []) + [float(v[0])] for key, v in epoch.items()}
                last = trained.get_weights()
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
        trained.set_weights(state.best if _stopped(history, epochs, patience, min_delta) else last)
        _LEFT[model] = model.get_weights(), start
    return history


_LEFT = weakref.WeakKeyDictionary()  # model -> weights that fit left it with, weights that it began with


def _start(model) -> list[np.ndarray]:
    """The weights a run begins with: those before the last fit, if nobody has changed them since."""
    now, (left, began) = model.get_weights(), _LEFT.get(model, ([], None))
    return began if left and all(map(np.array_equal, now, left)) else now


def _require(wanted: str, fits, **settings) -> None:
    for name, value in settings.items():
        if isinstance(value, bool) or not isinstance(value, Real) or not fits(value):
            raise ValueError(f"{name} must be {wanted}, not {value!r}.")


def _not_finite(model) -> list[str]:
    """The layers that have a NaN or infinite weight."""
    return [layer.name for layer in model.layers if not all(np.isfinite(w).all() for w in layer.get_weights())]


def _wrong(epoch: dict, model) -> str:
    """Which loss of the epoch is not finite, else which layer's weights; nothing if all is well."""
    wrong = [f"{key} is {epoch[key][0]}" for key in ("loss", "val_loss") if not np.isfinite(epoch[key][0])]
    return " and ".join(wrong or [f"a weight of layer {name!r} is not finite" for name in _not_finite(model)[:1]])


def _check_folder(cache) -> None:
    if not isinstance(cache, str | os.PathLike):
        raise TypeError(f"cache must be the path of a folder, not {cache!r}.")
    try:
        Path(cache).mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=cache).close()
    except OSError as error:
        raise PermissionError(f"Cannot write into the cache folder {cache} ({error.strerror}): name another.") from None


def _pair(name: str, data, model) -> tuple[str, np.ndarray, np.ndarray]:
    """`name` ("train" or "val", with which every error begins), its images and its labels (B, 1), checked."""
    if hasattr(data, "images") and hasattr(data, "labels"):
        data = data.images, data.labels
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise TypeError(
            f"{name} is {_given(data)}: write fit(model, (x, y), (x_val, y_val)), pairs of whole arrays, or give what "
            "sp.load returns."
        )
    try:
        if np.ndim(data[0]) < 2:
            raise TypeError(f"the images are {_given(data[0])}: give one array (B, H, W, C), then the labels.")
        images = check_images(data[0], model)
        return name, images, _labels(data[1], len(images), max(model.output_shape[-1], 2))
    except (TypeError, ValueError, RuntimeError) as error:  # RuntimeError: torch, of a tensor that requires grad
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name}: {' '.join(str(error).split())}") from None


def _labels(given, n: int, classes: int) -> np.ndarray:
    labels, wanted = np.asarray(given), f"whole numbers from 0 to {classes - 1}"
    if n == 0:
        raise ValueError("there is no image, but at least one is needed.")
    if labels.shape not in ((n,), (n, 1)):
        one_hot = ": if they are one-hot, write labels.argmax(axis=1)" if labels.ndim == 2 and len(labels) == n else ""
        these = _given(labels if labels.ndim else given)
        raise ValueError(f"{n} images need as many labels; these are {these}{one_hot}.")
    if labels.dtype.kind not in "biuf":
        raise TypeError(
            f"the labels are of type {labels.dtype.type.__name__}, such as {labels.item(0)!r}: give {wanted}, "
            "e.g. [names.index(label) for label in labels]."
        )
    if labels.dtype == bool and classes > 2:
        raise ValueError(f"the labels are True and False, but the model has {classes} classes: give {wanted}.")
    wrong = labels[~((labels >= 0) & (labels < classes) & (labels == np.floor(labels)))]
    if wrong.size:
        raise ValueError(f"labels must be {wanted}; {wrong.size} of {n} are not, such as {wrong[0]}.")
    return labels.reshape(-1, 1)


def _given(data) -> str:
    if data is None:
        return "None"
    shape = tuple(getattr(data, "shape", ()))
    length = f", length {len(data)}" if isinstance(data, tuple | list | dict) else ""
    return f"of type {type(data).__name__}{length}{f', shape {shape}' if shape else ''}"


def _inputs(name: str, images, model) -> list[np.ndarray]:
    if not is_sparse(model):
        return [images]
    features, hash = reduce_dataset(model, images)
    if not hash.any():
        threshold = input_reduce_of(model).threshold
        raise ValueError(f"{name}: no pixel is above the threshold {threshold:g}: the largest is {np.max(images):g}.")
    return [features, hash]


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
        name = re.sub(r"[^\w.-]", "_", model.name)
        self.path = cache / f"{name}-{digest.hexdigest()[:12]}.npz"
        self.best = model.get_weights()

    def load(self, model) -> dict:
        if not self.path.exists():
            return {}
        try:
            with np.load(self.path) as file:
                history, variables = json.loads(str(file["history"])), _variables(model)
                values = [file[f"v{i}"] for i in range(len(variables))]
                best = [file[f"best{i}"] for i in range(len(self.best))]
                if not all(np.isfinite(a).all() for a in [*values, *best]):
                    raise ValueError("a weight in it is not finite")
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            print(f"{self.path} cannot be read ({error}): this run starts from the beginning.")
            return {}
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        self.best = best
        return history

    def save(self, model, history: dict) -> None:
        if history["val_loss"][-1] == min(history["val_loss"]):
            self.best = model.get_weights()
        arrays = {f"v{i}": v.numpy() for i, v in enumerate(_variables(model))} | {
            f"best{i}": w for i, w in enumerate(self.best)
        }
        with whole_file(self.path) as scratch:
            np.savez(scratch, history=json.dumps(history), **arrays)


def _variables(model) -> list:
    return [*model.weights, *model.optimizer.variables]
