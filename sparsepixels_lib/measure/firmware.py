"""The firmware of a notebook's networks: C++ beside what it should compute, active sets, LUTs, vendor synthesis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import tensorflow as tf

from ..cpp.convert import convert
from ..cpp.emulate import CnnGraph, emulate
from ..network.maps import layer_maps
from ..network.networks import Network
from ..tools.process import MissingTool
from .designs import table_of
from .synthesis import available_tools, synthesize


def check_cpp(
    projects: Mapping[Network, CnnGraph], images: np.ndarray, expected: Mapping[Network, np.ndarray]
) -> pd.DataFrame:
    """Compiled C++ against `exact_predict`, a row a network, compared with ==.

    `expected`: logits (n, L) or, with L = 1, (n,) of `images` (B, H, W, C) and, if n > B, of more behind them. Columns:
    `images`, `logits`, `mismatches` among them, `largest difference` of a logit, and `decisions that differ`: the
    largest logit, or with L = 1 its sign. Raises ValueError for no images or
    too few logits, and what `emulate` raises; a difference is in what is returned.
    """
    rows = {}
    if not len(images) or any(len(expected[network]) < len(images) for network in projects):
        raise ValueError(f"{len(images)} images need the logits of each, and at least one image")
    for network, project in projects.items():
        cpp, exact = emulate(project, images), expected[network][: len(images)].reshape(len(images), -1)
        ours, theirs = (a[:, 0] > 0 if a.shape[1] == 1 else a.argmax(axis=1) for a in (cpp, exact))
        differ = [np.count_nonzero(cpp != exact), np.abs(cpp - exact).max(), np.count_nonzero(ours != theirs)]
        rows[network] = [len(images), cpp.size, *differ]
    columns = ["images", "logits", "mismatches", "largest difference", "decisions that differ"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def active_maps(model: tf.keras.Model, images: np.ndarray, layers: Sequence[str]) -> dict[str, np.ndarray]:
    """Of each layer the pixels that are not background in `layer_maps`, (B, H', W') bool."""
    return {layer: ~layer_maps(model, images, layer).mask[..., 0] for layer in layers}


def balanced_luts(
    trained: tf.keras.Model | None, reference: Network, out: str | Path, *, committed: str | Path = "tables"
) -> tuple[str, pd.DataFrame]:
    """What it is of, and `table_of` that in the balanced design: a network just `trained`, or if None the `reference`.

    The trained one is synthesized, in minutes. That of a reference network is taken from the folder `committed` if it
    belongs to today's sources. Projects and tables go into the folder `out`. Raises as `convert` and `table_of`.
    """
    if trained is None:
        model, own = reference.reference(), f"reference network, N={reference.n_active}, {reference.bits} bit"
    else:
        model, own = trained, f"{Network.of(trained) or trained.name}, trained above"
    hls_model, refresh = convert(model, f"{out}/open_flow"), trained is not None
    return own, table_of(hls_model, "balanced", folder=f"{out}/tables", committed=committed, refresh=refresh)


def vendor_synthesis(hls_model: CnnGraph, *, run: bool) -> pd.DataFrame | None:
    """Print where the vendor's tools are, and if `run` is true give their table of a C-synthesis, after hours perhaps.

    Prints what is missing instead of raising MissingTool; otherwise raises what `synthesize` raises.
    """
    print(", ".join(f"{tool}: {path or 'not on the PATH'}" for tool, path in available_tools().items()))
    try:
        if run:
            return synthesize(hls_model, vsynth=False).drop(columns=["tool", "device"]).set_index("module")
    except MissingTool as missing:
        print(missing)
    return None
