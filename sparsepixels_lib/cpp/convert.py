"""From Keras to a C++ project through stock hls4ml, whose every type is checked against what the layer can give."""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
from collections.abc import Iterator, Mapping
from math import prod
from numbers import Real
from pathlib import Path

import hls4ml
import numpy as np
import tf_keras
from hls4ml.converters.keras_v2_to_hls import KerasModelReader, parse_keras_model
from qkeras import QActivation, QConv2D, QDense

from ..network.agreement import check_keras
from ..network.graph import is_sparse, logits_layer, pixel_format, quantized_weights, weight_format
from ..network.probes import probe_images
from ..network.ranges import ranges
from ..network.rules import RECIPROCAL_BITS
from ..network.supported import graph_model
from ..numerics.codes import Codes, reciprocal_code
from ..numerics.quantizers import fixed
from ..paths import DEVICE
from . import nodes
from .config import check_effect
from .config import hls_config as configuration
from .emulate import CnnGraph
from .names import check_folder, check_names

CONVERTING = threading.RLock()  # hls4ml is quieted, and shown legacy Keras, by what all threads share


def convert(
    model,
    output_dir,
    backend: str = "Vitis",
    *,
    project_name: str = "sparsepixels",
    parallel: Mapping | None = None,
    part: str = DEVICE,
    clock_period: float = 5,
    hls_config: Mapping | None = None,
    check: bool = True,
) -> CnnGraph:
    """Write the C++ project of a sparse or standard QKeras CNN into `output_dir` and return hls4ml's ModelGraph.

    `model` takes images; `backend` is 'Vitis' or 'Vivado'; `parallel` says per layer how much is computed at
    once, e.g. {"conv1": {"pixels": 4, "filters": 1, "channels": 1}} (default: all); `clock_period` in ns;
    `hls_config` is merged into hls4ml's configuration key by key. Standard CNNs use hls4ml's own layers in io_stream.
    `check` compares Keras with exact evaluation, layer by layer, on eight images.
    Raises ValueError for other backends, unknown layers, knobs or settings, types that cannot hold a layer's numbers,
    and whatever cannot be exact; TypeError for what is no tf.keras model; OSError if the folder cannot be written.
    """
    backend = _checked_options(backend, part, clock_period)
    model = graph_model(model)
    bounds = ranges(model)
    check_names(project_name, [layer.name for layer in model.layers])
    if isinstance(bounds[logits_layer(model)], tuple):
        raise ValueError(
            f"{model.name!r} ends on {logits_layer(model)!r}, which has two outputs: end it on a dense layer."
        )
    if check:
        check_keras(model, probe_images(model))
    output_dir = _made_folder(output_dir)
    _say_averages(model)
    io_type = "io_parallel" if is_sparse(model) else "io_stream"
    settings = {"io_type": io_type, "part": part, "clock_period": clock_period}
    with CONVERTING:
        with contextlib.redirect_stdout(None):  # it prints of quantizers whose types we give it ourselves
            layers, inputs, outputs, _ = parse_keras_model(json.loads(model.to_json()), _GridReader(model))
        for layer in layers:
            _state_types(layer, model)
        config = hls4ml.utils.config.create_config(str(output_dir), project_name, backend, **settings)
        config |= {
            "KerasModel": model,
            "HLSConfig": configuration(model, backend, parallel or {}, hls_config or {}),
        }
        hls_model = CnnGraph.from_layer_list(config, layers, inputs, outputs)
        _check_templates(hls_model, backend)
        _check_types(hls_model, model, bounds)
        check_effect(hls_model, hls_config or {})
        hls_model.remember()
        hls_model.write()
    return hls_model


def _checked_options(backend, part, clock_period) -> str:
    """The backend as hls4ml writes it. Raises ValueError for one without kernels and for options that mean nothing."""
    names = {b.lower(): b for b in nodes.BACKENDS}
    if str(backend).lower() not in names:
        raise ValueError(f"Backend {backend!r} has no sparse kernels: use {' or '.join(nodes.BACKENDS)}.")
    if isinstance(clock_period, bool) or not isinstance(clock_period, Real) or not 0 < clock_period < np.inf:
        raise ValueError(f"clock_period={clock_period!r}: a number of ns above 0.")
    if not re.fullmatch(r"[\w-]+", str(part), re.ASCII):
        raise ValueError(f"part={part!r}: the name of a device, such as {DEVICE!r}.")
    return names[backend.lower()]


def _made_folder(output_dir) -> Path:
    if not isinstance(output_dir, (str, os.PathLike)) or not str(output_dir):
        raise ValueError(f"output_dir={output_dir!r}: the name of a folder.")
    output_dir = Path(output_dir)
    check_folder(output_dir)
    output_dir.mkdir(parents=True, exist_ok=True)
    if not os.access(output_dir, os.W_OK):
        raise PermissionError(f"No permission to write into {output_dir}: choose another output_dir.")
    return output_dir


def _say_averages(model) -> None:
    for layer in model.layers:
        area = prod(layer.pool_size) if type(layer) is tf_keras.layers.AveragePooling2D else 1
        if reciprocal_code(area, RECIPROCAL_BITS)[0] != 1:
            print(
                f"{layer.name}: the C++ of stock hls4ml divides by {area} and cuts off, where exact_predict and RTL "
                "multiply by a reciprocal: its last bits may differ from theirs"
            )


def _check_templates(hls_model: CnnGraph, backend: str) -> None:
    sparse = [node for node in hls_model.get_layers() if isinstance(node, nodes._SparseNode)]
    if silent := [node.name for node in sparse if not node.get_attr("function_cpp")]:
        raise ValueError(f"No C++ was generated for {', '.join(silent)}: the {backend} backend lacks their templates.")


class _GridReader(KerasModelReader):
    """Reads weights already on their grid, in float64, so that no later rounding can move them."""

    def get_weights_data(self, layer_name, var_name):
        layer = self.model.get_layer(layer_name)
        if var_name == "bias" and not layer.use_bias:
            return None
        return dict(zip(("kernel", "bias"), quantized_weights(layer), strict=True))[var_name]


def _state_types(parsed: dict, model) -> None:
    """Give a layer as hls4ml has parsed it the types of its quantizers, which stock hls4ml does not know in full.

    It asks the quantizer of an activation that it merges into a dense layer for the type; weights it takes for signed.
    """
    layer = next((layer for layer in model.layers if layer.name == parsed["name"]), None)
    if type(layer) is QActivation:
        parsed["quantizer"] = nodes.TypeOf(fixed(layer.quantizer))
    if type(layer) in (QConv2D, QDense):
        for name, ours in (("weight", "kernel"), ("bias", "bias")):
            if ours == "kernel" or layer.use_bias:
                parsed[f"{name}_quantizer"] = nodes.FixedQuantizer(weight_format(layer, ours))


def _check_types(hls_model: CnnGraph, model, bounds: dict) -> None:
    """Raises ValueError for the first layer whose types in the C++ cannot hold all that it may have to hold."""
    for name, node in hls_model.computed().items():
        for what, precision, exact in _types(model.get_layer(name), node, bounds[name], model):
            if not exact:
                raise ValueError(
                    f"Layer {name!r}: its {what} would have the type {precision} in C++, which cannot hold them "
                    "exactly: leave its Precision out of hls_config, or widen it."
                )


def _types(layer, node, bound, model) -> Iterator[tuple[str, object, bool]]:
    """(what, its type in the C++, whether that is exact) of a layer whose output has the Range `bound`."""
    kind, found = type(layer), node.get_output_variable().type.precision
    if bound is None:
        yield "pixels", found, found == nodes.ap_type(pixel_format(model))
    elif kind is QActivation:
        yield "numbers", found, found == nodes.ap_type(fixed(layer.quantizer))
    elif kind is not tf_keras.layers.Activation or layer.activation is tf_keras.activations.linear:  # else a table
        yield "numbers", found, _holds(found, (bound[0] if isinstance(bound, tuple) else bound).codes)
    if kind in (QConv2D, QDense):
        yield "sums", (accum := node.get_attr("accum_t").precision), _holds(accum, bound.codes)
        for part, ours in (("weight", "kernel"), ("bias", "bias")):
            if ours == "kernel" or layer.use_bias:
                grid, held = weight_format(layer, ours), node.get_attr(f"{part}_t").precision
                yield f"{ours} weights", held, _holds(held, grid)


def _holds(precision, codes: Codes) -> bool:
    return nodes.codes_of(precision).holds(codes)
