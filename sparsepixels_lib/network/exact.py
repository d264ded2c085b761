"""Exact evaluation: the Keras network in float64 on fixed-point grids, number for number what the hardware computes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from ..numerics.whole import whole
from .graph import logits_layer, walk
from .images import check_images
from .ranges import ranges
from .rules import RULES
from .supported import graph_model


def exact_predict(
    model: tf.keras.Model, images: np.ndarray, *, layer: str | None = None, batch_size: int = 500
) -> np.ndarray:
    """Outputs in float64 that C++ and RTL must equal with `==`: by default the logits.

    `images` (B, H, W, C) float; `layer` names any layer instead of the logits (the input of the final sigmoid
    or softmax), and one with two outputs gives the list [features, hash]. Raises as `exact_trace`.
    """
    name = layer or logits_layer(graph_model(model))
    return exact_trace(model, images, [name], batch_size=batch_size)[name]


def exact_trace(
    model: tf.keras.Model, images: np.ndarray, layers: Iterable[str] | None = None, *, batch_size: int = 500
) -> dict[str, np.ndarray | list[np.ndarray]]:
    """{layer: its output (B, ...) float64, or [features, hash]} of the `layers` named, by default of all.

    `images` (B, H, W, C) float; `batch_size` of them are computed at a time.
    Raises TypeError or ValueError for images that are not finite floats of the model's shape and scale, for layers or
    quantizers without an exact meaning, and for networks whose sums do not fit float64.
    """
    batch_size = whole(batch_size, "batch_size")
    model = graph_model(model)
    ranges(model)
    images = check_images(images, model)
    if isinstance(layers, str):
        raise TypeError(f"layers={layers!r}: a list of names, [{layers!r}]")
    names = [layer.name for layer in model.layers[1:]] if layers is None else list(layers)
    names = [model.get_layer(name).name for name in names]
    starts = range(0, max(len(images), 1), batch_size)
    batches = []
    for i in starts:
        values = walk(model, images[i : i + batch_size].astype(np.float64), layer_values)
        batches.append({name: values[name] for name in names})
    return {name: _joined([batch[name] for batch in batches]) for name in names}


def layer_values(layer, inputs, weights=None):
    """What one layer gives for the float64 arrays `inputs`: see `rules.Rule`."""
    return RULES[type(layer)].values(layer, inputs, weights)


def _joined(parts: list):
    if isinstance(parts[0], tuple):
        return [np.concatenate(part) for part in zip(*parts, strict=True)]
    return np.concatenate(parts)
