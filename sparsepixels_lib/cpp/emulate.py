"""A converted project compiled with g++: emulate it, trace its layers, compare them with exact evaluation."""

from __future__ import annotations

import ctypes
import threading
from pathlib import Path

import numpy as np
import tensorflow as tf
from hls4ml.model.graph import ModelGraph
from qkeras import QActivation
from tqdm.auto import tqdm

from ..network.agreement import first_difference, layer_difference, no_tolerance, stock_average
from ..network.exact import exact_trace
from ..network.graph import graph_nodes, layer_before, logits_layer
from ..network.images import check_images
from ..network.probes import probe_images
from ..network.supported import graph_model
from .compile import compiled, private_copy

RUNNING = threading.RLock()  # a library has one trace and one set of streams


class CnnGraph(ModelGraph):
    """hls4ml's ModelGraph of a network converted by `convert`, which knows that a node may have two outputs.

    `keras_model` is the network it was made from, as a `graph_model`.
    """

    checked = False  # whether the C++ was compared with exact evaluation

    @property
    def keras_model(self) -> tf.keras.Model:
        return self.config.config["KerasModel"]

    def remember(self) -> None:
        """Keep the weights and the options that the C++ was made from, for `check_unchanged`."""
        self._converted = self.keras_model.get_weights(), _options(self.keras_model)

    def check_unchanged(self) -> None:
        """Raises ValueError if the Keras model has been trained, loaded or altered since it was converted."""
        weights, options = self._converted
        for what, same in (
            ("weights", all(map(np.array_equal, weights, self.keras_model.get_weights()))),
            ("layers", options == _options(self.keras_model)),
        ):
            if not same:
                raise ValueError(
                    f"The {what} of {self.keras_model.name!r} have changed since convert: convert it again."
                )

    def computed(self) -> dict:
        """{name of a Keras layer: the node that gives its output}, for all layers that the C++ computes.

        Stock hls4ml merges a linear QActivation into the dense layer before it: then that node gives the output of the
        activation, and the sums stand nowhere.
        """
        found = {}
        for node in graph_nodes(self.keras_model):
            name = node.layer.name
            if name in self.graph:
                found[name] = self.graph[name]
            elif type(node.layer) is QActivation:
                before = layer_before(self.keras_model, node.layer).name
                if before in found:
                    found[name] = found.pop(before)
        return found

    def write(self) -> None:
        super().write()
        if self.config.trace_output:
            _name_second_outputs(self)

    def trace(self, x: np.ndarray) -> tuple:
        """What the project gives for images `x` (B, H, W, C), and {output of a node: (B, ...)}, as stock hls4ml.

        Raises TypeError or ValueError for images that do not fit.
        """
        images = check_images(x, self.keras_model)
        outputs = [output for node in self.get_layers() for output in _traced(node)]
        final, values = _run(self, images, outputs)
        return (final[0] if len(images) == 1 else final), values


def emulate(hls_model: CnnGraph, images: np.ndarray, *, layer: str | None = None, check: bool = True) -> np.ndarray:
    """Predictions of the C++, (B, ...) float64: by default the logits, as `exact_predict`.

    It is compiled with g++, once per project. `images` (B, H, W, C); `layer` names any layer instead; one
    with two outputs gives [features, hash]. `check` compares all layers with exact evaluation on eight images, on the
    first call.
    Raises RuntimeError with the compiler's message if the project does not compile, or that names the first layer that
    is not exact; TypeError for a model that is not converted; ValueError if its weights or layers have changed.
    """
    model = _converted(hls_model).keras_model
    images = check_images(images, model)
    names = _given_layers(hls_model)
    if (name := layer or logits_layer(model)) not in names:
        raise ValueError(f"The project has no layer {name!r}; it has {', '.join(names)}.")
    hls_model.check_unchanged()
    if check and not hls_model.checked:
        probe = probe_images(model)
        difference = first_difference(model, _given(hls_model, probe), probe, stock_average, "C++")
        if difference:
            raise RuntimeError(
                f"The C++ in {hls_model.config.get_output_dir()} is not exact. {difference} Look at what hls_config "
                "has for this layer; check=False emulates in spite of this."
            )
        hls_model.checked = True
    values = _run(hls_model, images, names[name])[1]
    outputs = [values[output] for output in names[name]]
    return outputs if len(outputs) > 1 else outputs[0]


def compare_layers(model, hls_model: CnnGraph, images: np.ndarray) -> str:
    """The first layer in which C++ and exact Keras differ, and by how much, in words; or that all are equal."""
    model = graph_model(model)
    images = check_images(images, model)
    _converted(hls_model).check_unchanged()
    given = _given(hls_model, images)
    for name, exact in exact_trace(model, images, given).items():
        wanted = tf.nest.flatten(exact)
        parts = [np.reshape(part, want.shape) for part, want in zip(tf.nest.flatten(given[name]), wanted, strict=True)]
        if difference := layer_difference(model.get_layer(name), [], exact, parts, no_tolerance, "C++"):
            return difference
    return f"All {len(given)} layers are equal on {len(images)} images."


def _converted(hls_model) -> CnnGraph:
    if not isinstance(hls_model, CnnGraph):
        raise TypeError(f"What convert returns is needed, not {type(hls_model).__name__}.")
    return hls_model


def _options(model) -> list[str]:
    """What all layers are, with the quantizers that QKeras computes with, as text."""
    names = ("quantizer", "kernel_quantizer_internal", "bias_quantizer_internal", "_quantize_kernel", "_quantize_bias")
    live = [[getattr(layer, name, None) for name in names] for layer in model.layers]
    configs = [[q.get_config() for q in quantizers if hasattr(q, "get_config")] for quantizers in live]
    return [repr((layer.get_config() | {"trainable": True}, q)) for layer, q in zip(model.layers, configs, strict=True)]


def _given_layers(hls_model: CnnGraph) -> dict[str, list[str]]:
    """{Keras layer: names of its outputs in the trace}, in the order of the data."""
    return {name: outputs for name, node in hls_model.computed().items() if (outputs := list(_traced(node)))}


def _given(hls_model: CnnGraph, images: np.ndarray) -> dict:
    """{layer: what the C++ gives for it} of all layers from the first one to the logits."""
    names, model = _given_layers(hls_model), hls_model.keras_model
    order = [node.layer.name for node in graph_nodes(model) if node.keras_inputs]
    names = {name: names[name] for name in order[: order.index(logits_layer(model)) + 1] if name in names}
    values = _run(hls_model, images, [output for outputs in names.values() for output in outputs])[1]
    return {n: [values[o] for o in outs] if len(outs) > 1 else values[outs[0]] for n, outs in names.items()}


def _run(hls_model: CnnGraph, images: np.ndarray, outputs: list[str]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The last numbers that the C++ gives for `images`, and {output: (B, ...)} for these outputs of nodes; float64."""
    images = np.ascontiguousarray(images, np.float64)
    with RUNNING:
        return _run_alone(hls_model, images, outputs)


def _run_alone(hls_model: CnnGraph, images: np.ndarray, outputs: list[str]) -> tuple[np.ndarray, dict]:
    _compile(hls_model)
    library = hls_model._top_function_lib
    top, _ = hls_model._get_top_function(images)
    shapes = {key: variable.shape for node in hls_model.get_layers() for key, variable in _traced(node).items()}
    out = {key: np.empty((len(images), *shapes[key])) for key in outputs}
    trace = (_TraceData * len(shapes))()
    library.allocate_trace_storage(ctypes.c_size_t(8))
    try:
        final = np.zeros((len(images), hls_model.get_output_variables()[0].size()))
        for k, image in enumerate(tqdm(images, desc="C++ emulation", unit="event", disable=len(images) < 2000)):
            top(image, final[k])
            library.collect_trace_output(trace)
            buffers = {t.name.decode(): t.data for t in trace}
            for key, array in out.items():
                ctypes.memmove(array[k].ctypes.data, buffers[key], array[k].nbytes)
    finally:
        library.free_trace_storage()
    return final, out


class _TraceData(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("data", ctypes.c_void_p)]


def _traced(node) -> dict[str, object]:
    """{name in the trace: variable} for each output of a node that computes something."""
    if node.get_attr("function_cpp") and node.get_attr("trace"):
        return {output: node.get_output_variable(output) for output in node.outputs}
    return {}


def _compile(hls_model: CnnGraph) -> None:
    """Write, compile and load the project, unless that was done, here or by stock hls4ml, with the trace."""
    if hls_model._top_function_lib is not None and hls_model.config.trace_output:
        return
    hls_model.config.trace_output = True
    hls_model.write()
    folder, name = Path(hls_model.config.get_output_dir()), hls_model.config.get_project_name()
    stamp = hls_model.config.get_config_value("Stamp")
    library = private_copy(compiled(folder, name), folder / "firmware" / f"{name}-{stamp}-traced.so")
    hls_model._top_function_lib = ctypes.CDLL(str(library.absolute()))
    hls_model._top_function_lib.weights_are_in(str((folder / "firmware" / "weights").absolute()).encode())


def _name_second_outputs(hls_model: CnnGraph) -> None:
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
