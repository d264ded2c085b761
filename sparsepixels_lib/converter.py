"""From Keras to a C++ project through stock hls4ml, and back: convert, emulate with g++, compare layer by layer."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import sys
from pathlib import Path

import hls4ml
import numpy as np
import tf_keras
from hls4ml.converters.keras_v2_to_hls import KerasModelReader, parse_keras_model
from hls4ml.model.graph import ModelGraph
from qkeras import QActivation
from tqdm.auto import tqdm

from . import hls_layers
from .exact import exact_predict, logits_layer
from .fixed_point import fixed
from .ranges import RECIPROCAL_BITS, check_images, pixel_format, quantized_weights, ranges

_RESERVED = {"input", "class", "struct", "template", "double", "float", "int", "for", "if", "while", "return", "new"}
DEVICE = "xcu250-figd2104-2L-e"  # of the published reports


def convert(
    model,
    output_dir,
    backend: str = "Vitis",
    *,
    project_name: str = "sparsepixels",
    parallel: dict | None = None,
    part: str = DEVICE,
    clock_period: float = 5,
    hls_config: dict | None = None,
) -> ModelGraph:
    """Write the C++ project of a sparse or standard QKeras CNN into `output_dir` and return hls4ml's ModelGraph.

    `model` takes images; `backend` is 'Vitis' or 'Vivado'; `parallel` says per layer how much is computed at
    once, e.g. {"conv1": {"pixels": 4, "filters": 1, "channels": 1}} (default: all); `clock_period` in ns;
    `hls_config` is merged into hls4ml's configuration. Standard CNNs use hls4ml's own layers in io_stream.
    Raises ValueError for other backends, unknown layers or knobs, and whatever cannot be exact; OSError if
    the folder cannot be written.
    """
    names = {b.lower(): b for b in hls_layers.BACKENDS}
    if backend.lower() not in names:
        raise ValueError(f"Backend {backend!r} has no sparse kernels: use {' or '.join(hls_layers.BACKENDS)}.")
    ranges(model)
    for name in [project_name, *(layer.name for layer in model.layers)]:
        if not re.fullmatch(r"[A-Za-z]\w*", name) or name in _RESERVED:
            raise ValueError(f"{name!r} cannot be a name in C++: use letters, digits and _, and no keyword.")
    sparse = any(type(layer).__module__ == f"{__package__}.layers" for layer in model.layers)
    output_dir = Path(output_dir)
    output_dir.mkdir(parents=True, exist_ok=True)
    if not os.access(output_dir, os.W_OK):
        raise PermissionError(f"No permission to write into {output_dir}: choose another output_dir.")

    reader = _GridReader(model)
    layers, inputs, outputs, _ = parse_keras_model(json.loads(model.to_json()), reader)
    grids = {layer.name: fixed(layer.activation) for layer in model.layers if type(layer) is QActivation}
    for (
        layer
    ) in layers:  # stock hls4ml merges a linear activation into a dense layer, and asks its quantizer for the type
        if layer["name"] in grids:
            layer["quantizer"] = hls_layers.TypeOf(grids[layer["name"]])
    settings = {"io_type": "io_parallel" if sparse else "io_stream", "part": part, "clock_period": clock_period}
    config = hls4ml.utils.config.create_config(str(output_dir), project_name, names[backend.lower()], **settings)
    config |= {
        "KerasModel": model,
        "HLSConfig": _hls_config(model, names[backend.lower()], sparse, parallel or {}, hls_config or {}),
    }
    hls_model = ModelGraph.from_layer_list(config, layers, inputs, outputs)
    silent = [
        n.name
        for n in hls_model.get_layers()
        if isinstance(n, hls_layers._SparseNode) and not n.get_attr("function_cpp")
    ]
    if silent:
        raise ValueError(f"No C++ was generated for {', '.join(silent)}: the {backend} backend lacks their templates.")
    hls_model.write()
    return hls_model


def emulate(hls_model: ModelGraph, images: np.ndarray, *, layer: str | None = None) -> np.ndarray:
    """Predictions of the C++, (B, ...) float64: by default the logits, as `exact_predict`.

    It is compiled with g++, once per project. `images` (B, H, W, C); `layer` names any layer instead; one
    with two outputs gives [features, hash].
    Raises RuntimeError with the compiler's message if the project does not compile.
    """
    return _run(hls_model, images, [layer or logits_layer(hls_model.config.config["KerasModel"])])[0]


def compare_layers(model, hls_model: ModelGraph, images: np.ndarray) -> str:
    """The first layer in which C++ and exact Keras differ, and by how much, in words; or that all are equal."""
    names = [
        layer.name
        for layer in model.layers[1:]
        if layer.name in hls_model.graph and _traced(hls_model.graph[layer.name])
    ]
    last = names.index(logits_layer(model)) + 1
    for name, cpp in zip(names[:last], _run(hls_model, images, names[:last]), strict=True):
        keras = exact_predict(model, images, layer=name)
        for part, a, b in zip(
            ("features", "hash"), *([v] if isinstance(v, np.ndarray) else v for v in (keras, cpp)), strict=False
        ):
            a = a.reshape(b.shape)
            wrong = a != b
            if wrong.any():
                where = np.argmax(wrong.reshape(len(a), -1).any(axis=1))
                return (
                    f"{name} ({part}) is the first layer that differs: {wrong.sum()} of {wrong.size} values, "
                    f"largest difference {np.abs(a - b).max():.6g}, first in image {where}: "
                    f"Keras {a[where][wrong[where]][0]:.9g}, C++ {b[where][wrong[where]][0]:.9g}."
                )
    return f"All {last} layers are equal on {len(images)} images."


class _GridReader(KerasModelReader):
    """Reads weights already on their grid, in float64, so that no later rounding can move them."""

    def get_weights_data(self, layer_name, var_name):
        layer = self.model.get_layer(layer_name)
        if var_name == "bias" and not layer.use_bias:
            return None
        return dict(zip(("kernel", "bias"), quantized_weights(layer), strict=True))[var_name]


def _hls_config(model, backend: str, sparse: bool, parallel: dict, extra: dict) -> dict:
    with _keras_2():
        config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend=backend)
    config["Model"] |= {"PipelineStyle": "dataflow", **extra.get("Model", {})}
    if not sparse:  # as InputReduce does: raw images are quantised once, as the C++ reads them
        pixel = hls_layers.ap_type(pixel_format(model))
        config["LayerName"][model.layers[0].name]["Precision"] = {"result": str(pixel)}
    for layer in model.layers:
        if type(layer) is tf_keras.layers.AveragePooling2D:
            config["LayerName"][layer.name]["Precision"] = _average_types(model, layer)
        if type(layer) is QActivation:  # stock hls4ml forgets that a quantizer is symmetric
            config["LayerName"][layer.name]["Precision"]["result"] = str(hls_layers.ap_type(fixed(layer.activation)))
        if getattr(layer, "activation", None) is tf_keras.activations.softmax:
            config["LayerName"][layer.name] |= _softmax_types(layer.output_shape[-1])
    for name, knobs in parallel.items():
        known = {
            k.removeprefix("Parallel").lower(): k for k in config["LayerName"].get(name, {}) if k.startswith("Parallel")
        }
        for knob, value in knobs.items():
            if knob not in known:
                raise ValueError(f"parallel: layer {name!r} has no knob {knob!r}; it has {', '.join(known) or 'none'}.")
            config["LayerName"][name][known[knob]] = value
    for name, settings in extra.get("LayerName", {}).items():
        if name not in config["LayerName"]:
            raise ValueError(f"hls_config: no layer {name!r}; there are {', '.join(config['LayerName'])}.")
        config["LayerName"][name].update(settings)
    for settings in config["LayerName"].values():
        settings["Trace"] = True
    return config


def _average_types(model, layer) -> dict:
    """Types for stock average pooling: enough fraction bits that a division by a power of two is exact."""
    x = ranges(model)[layer.inbound_nodes[0].inbound_layers.name]
    integer = max(int(np.floor(np.log2(max(x.largest, 2.0**-x.fraction)))) + 1, 0) + 1
    area = layer.pool_size[0] * layer.pool_size[1]
    accum = f"ap_fixed<{integer + area.bit_length() + x.fraction + RECIPROCAL_BITS},{integer + area.bit_length()}>"
    return {"accum": accum, "result": f"ap_fixed<{integer + x.fraction + RECIPROCAL_BITS},{integer}>"}


def _softmax_types(classes: int) -> dict:
    """Types for the tables of hls4ml's softmax.

    Its 1,024 entries are made to cover what they can meet, exp(-d) for d in [0, 16) and 1 / sum for sums up to
    `classes`, not the whole range of the (wide) logits.
    """
    probability, total = "ap_ufixed<18,1,AP_RND,AP_SAT>", f"ap_ufixed<18,{classes.bit_length()},AP_RND,AP_SAT>"
    types = {
        "exp_table_t": probability,
        "inv_table_t": probability,
        "inv_inp_t": total,
        "inp_norm_t": "ap_ufixed<10,4,AP_RND,AP_SAT>",
    }
    return {**types, "Precision": {"accum": total, "result": "ap_ufixed<16,1,AP_RND,AP_SAT>"}}


def _run(hls_model: ModelGraph, images: np.ndarray, names: list[str]) -> list:
    keras_model = hls_model.config.config["KerasModel"]
    images = check_images(images, keras_model).astype(np.float64)
    for name in names:
        if name not in (computed := [node.name for node in hls_model.get_layers() if _traced(node)]):
            raise ValueError(f"The project has no layer {name!r}; it has {', '.join(computed)}.")
    _compile(hls_model)
    library = hls_model._top_function_lib
    top, _ = hls_model._get_top_function(images)
    shapes = {key: variable.shape for node in hls_model.get_layers() for key, variable in _traced(node)}
    wanted = [[key for key, _ in _traced(hls_model.graph[name])] for name in names]
    out = {key: np.empty((len(images), *shapes[key])) for keys in wanted for key in keys}
    trace = (_TraceData * len(shapes))()
    library.allocate_trace_storage(ctypes.c_size_t(8))
    try:
        final = np.zeros(hls_model.get_output_variables()[0].size())
        for k, image in enumerate(tqdm(images, desc="C++ emulation", unit="event", disable=len(images) < 2000)):
            top(np.ascontiguousarray(image), final)
            library.collect_trace_output(trace)
            buffers = {t.name.decode(): t.data for t in trace}
            for key, array in out.items():
                ctypes.memmove(array[k].ctypes.data, buffers[key], array[k].nbytes)
    finally:
        library.free_trace_storage()
    return [[out[key] for key in keys] if len(keys) > 1 else out[keys[0]] for keys in wanted]


class _TraceData(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("data", ctypes.c_void_p)]


def _traced(node) -> list[tuple[str, object]]:
    """(name in the trace, variable) of each output of a node that computes something."""
    return (
        [(o, node.get_output_variable(o)) for o in node.outputs]
        if node.get_attr("function_cpp") and node.get_attr("trace")
        else []
    )


def _compile(hls_model: ModelGraph) -> None:
    if hls_model._top_function_lib is not None and hls_model.config.trace_output:
        return
    hls_model.config.trace_output = True
    hls_model.write()
    _name_second_outputs(hls_model)
    log = Path(hls_model.config.get_output_dir()) / "compile.log"
    with log.open("w") as sink, contextlib.redirect_stdout(sink):
        try:
            hls_model._compile()
        except Exception as error:
            sink.flush()
            lines = [
                line for line in log.read_text().splitlines() if "error" in line.lower() or "not found" in line.lower()
            ]
            raise RuntimeError(f"The C++ project did not compile ({log}): {lines[0] if lines else error}") from error


def _name_second_outputs(hls_model: ModelGraph) -> None:
    """hls4ml traces all outputs of a node under one name and one buffer; give each hash its own."""
    folder, project = Path(hls_model.config.get_output_dir()), hls_model.config.get_project_name()
    source, bridge = folder / "firmware" / f"{project}.cpp", folder / f"{project}_bridge.cpp"
    text, glue = source.read_text(), bridge.read_text()
    for node in hls_model.get_layers():
        for output in node.outputs[1:]:
            hash_name = node.get_output_variable(output).name
            text = text.replace(f'({hash_name}, "{node.name}", ', f'({hash_name}, "{output}", ')
            entry = f'"{node.name}", (void *)'
            head, entry, tail = glue.partition(entry)
            glue = head + entry + tail.replace(entry, f'"{output}", (void *)', 1)
    source.write_text(text)
    bridge.write_text(glue)


@contextlib.contextmanager
def _keras_2():
    """hls4ml asks `import keras` for its version; our models are tf_keras."""
    saved = sys.modules.get("keras")
    sys.modules["keras"] = tf_keras
    try:
        yield
    finally:
        if saved is None:
            del sys.modules["keras"]
        else:
            sys.modules["keras"] = saved
