"""The configuration of hls4ml for a network: types that keep every number, and a user's settings merged into it."""

from __future__ import annotations

import contextlib
import copy
import sys
from collections.abc import Mapping

import hls4ml
import tf_keras
from hls4ml.backends.fpga.fpga_backend import FPGABackend
from hls4ml.model.types import FixedPrecisionType
from qkeras import QActivation, QConv2D, QDense

from ..network.base import OnCompactArrays
from ..network.graph import is_sparse, layer_before, pixel_format
from ..network.ranges import ranges
from ..network.rules import RECIPROCAL_BITS, Range
from ..numerics.quantizers import fixed
from ..numerics.whole import whole
from . import nodes

WHOLE = ("ReuseFactor", "TableSize", "BramFactor", "ParallelizationFactor")
CHOICES = {
    "Strategy": ("Latency", "Resource", "latency", "resource"),
    "PipelineStyle": ("dataflow", "pipeline", "auto"),
    "ConvImplementation": ("LineBuffer", "Encoded"),
    "Implementation": ("stable", "latency", "argmax", "legacy"),
    "TraceOutput": (False, True),
    "Trace": (True, False),  # hls4ml's own default is in the way of emulate: it is on, whatever is given
    "Skip": (False,),
}


def hls_config(model, backend: str, parallel: Mapping, extra: Mapping) -> dict:
    """What hls4ml calls HLSConfig, for a `graph_model`: by layer name, with types that keep every number exact.

    `parallel` {layer: {knob: number}} and `extra` {"Model": ..., "LayerName": {layer: ...}} are merged in, key by key.

    Raises ValueError for sections, layers, keys and values that are not known.
    """
    with keras_2(), contextlib.redirect_stdout(None):  # it prints of quantizers whose types we give it ourselves
        config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend=backend)
    by_name, bounds = config["LayerName"], ranges(model)
    config["Model"]["PipelineStyle"] = "dataflow"
    if not is_sparse(model):  # as InputReduce: quantised once, as it is read
        by_name[model.layers[0].name]["Precision"] = {"result": str(nodes.ap_type(pixel_format(model)))}
    for layer in model.layers:
        settings = by_name[layer.name]
        if isinstance(layer, OnCompactArrays) and layer.weights:  # hls4ml takes it for a dense convolution
            settings["Strategy"] = "Latency"
        if type(layer) is tf_keras.layers.AveragePooling2D:
            settings["Precision"] |= _average_types(bounds[layer_before(model, layer).name], layer)
        if type(layer) is QActivation:  # stock hls4ml forgets that a quantizer is symmetric
            settings["Precision"]["result"] = str(nodes.ap_type(fixed(layer.quantizer)))
        if getattr(layer, "activation", None) is tf_keras.activations.linear and not layer.weights:
            settings["Precision"]["result"] = str(_exact_type(bounds[layer.name]))
        if getattr(layer, "activation", None) is tf_keras.activations.softmax:
            tables, precision = _softmax_types(layer.output_shape[-1])
            settings |= tables
            settings["Precision"] |= precision
    for name, knobs in _mapping(parallel, "parallel").items():
        _known("parallel", [name], by_name, "layer")
        known = {k.removeprefix("Parallel").lower(): k for k in by_name.get(name, {}) if k[:8] == "Parallel"}
        known.pop("izationfactor", None)
        for knob, value in _mapping(knobs, f"parallel[{name!r}]").items():
            if knob not in known:
                raise ValueError(f"parallel: layer {name!r} has no knob {knob!r}; it has {', '.join(known) or 'none'}.")
            by_name[name][known[knob]] = value
    _merge(config, model, extra)
    for settings in by_name.values():
        settings["Trace"] = True
    return config


def _merge(config: dict, model, extra: Mapping) -> None:
    extra = _mapping(extra, "hls_config")
    _known("hls_config", extra, ("Model", "LayerName"), "section")
    _merge_settings("hls_config['Model']", config["Model"], extra.get("Model", {}), set())
    layers = _mapping(extra.get("LayerName", {}), "hls_config['LayerName']")
    _known("hls_config['LayerName']", layers, config["LayerName"], "layer")
    kinds = {layer.name: type(layer) for layer in model.layers}
    for name, settings in layers.items():
        types = settings.get("Precision", {}) if isinstance(settings, Mapping) else {}
        types = types.values() if isinstance(types, Mapping) else [types]
        if kinds.get(name) is tf_keras.layers.AveragePooling2D and any(text != "auto" for text in types):
            raise ValueError(f"hls_config: the types of the average {name!r} follow from its input: leave them out.")
        more = {"Strategy"} if kinds.get(name) in (QConv2D, QDense) else set()
        _merge_settings(f"hls_config['LayerName'][{name!r}]", config["LayerName"][name], settings, more)


def _merge_settings(where: str, known: dict, settings: Mapping, more: set[str]) -> None:
    settings = copy.deepcopy(dict(_mapping(settings, where)))
    _known(where, settings, known.keys() | more, "key")
    if "Precision" in settings:
        precision = settings.pop("Precision")
        if isinstance(precision, str) and "default" in known["Precision"]:
            precision = {"default": precision}
        _known(f"{where}['Precision']", _mapping(precision, f"{where}['Precision']"), known["Precision"], "type")
        precision = {name: text for name, text in precision.items() if text != "auto"}  # as it is
        for name, text in precision.items():
            _check_type(f"{where}['Precision'][{name!r}]", text)
        known["Precision"] |= precision
    for key, value in settings.items():
        if key in CHOICES and value not in CHOICES[key]:
            raise ValueError(f"{where}[{key!r}]: one of {', '.join(map(repr, CHOICES[key]))}, not {value!r}.")
        if key in WHOLE:
            whole(value, f"{where}[{key!r}]")
        if key.endswith("_t"):
            _check_type(f"{where}[{key!r}]", value)
    known |= settings


def check_effect(hls_model, extra: Mapping) -> None:
    """Raises ValueError for a type in `extra` that the nodes of a ModelGraph do not have: that of weights, and of the
    numbers between sparse layers, follows from the quantizers."""
    for name, settings in extra.get("LayerName", {}).items():
        for kind, text in settings.get("Precision", {}).items():
            if kind not in ("result", "accum", "weight", "bias"):  # tables, of which no claim is made
                continue
            node = hls_model.graph.get(name)
            named = node and (node.get_output_variable().type if kind == "result" else node.get_attr(f"{kind}_t"))
            wanted = None if text == "auto" else FPGABackend.convert_precision_string(text)
            if wanted is not None and (not named or named.precision != wanted):
                found = f"the type {named.precision}, by its quantizers" if named else "no such type in C++"
                raise ValueError(f"hls_config: the {kind} Precision of {name!r} would have no effect: it has {found}.")


def _check_type(where: str, text) -> None:
    try:
        width = FPGABackend.convert_precision_string(text).width
    except Exception:
        raise ValueError(f"{where}: a type such as 'ap_fixed<16,6>', not {text!r}.") from None
    if not 1 <= width <= 1024:
        raise ValueError(f"{where}: {text!r} has {width} bits; a type has 1 to 1024.")


def _known(where: str, given: Mapping, known, what: str) -> None:
    if unknown := [key for key in given if key not in known]:
        raise ValueError(f"{where}: no {what} {unknown[0]!r}; there are {', '.join(map(str, known))}.")


def _mapping(value, name: str) -> Mapping:
    if not isinstance(value, Mapping):
        raise ValueError(f"{name}: a dictionary is needed, not {value!r}.")
    return value


def _exact_type(bound: Range) -> FixedPrecisionType:
    """The type that holds all of a Range, for an activation that does nothing: stock hls4ml would give it a default."""
    return nodes.ap_type(bound.codes.fixed())


def _average_types(x: Range, layer) -> dict:
    """Types for stock average pooling: enough fraction bits that a division by a power of two is exact."""
    fraction, area = x.codes.fraction, layer.pool_size[0] * layer.pool_size[1]
    integer = max(max(x.codes.largest, 1).bit_length() - fraction, 0) + 1
    accum = f"ap_fixed<{integer + area.bit_length() + fraction + RECIPROCAL_BITS},{integer + area.bit_length()}>"
    return {"accum": accum, "result": f"ap_fixed<{integer + fraction + RECIPROCAL_BITS},{integer}>"}


def _softmax_types(classes: int) -> tuple[dict, dict]:
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
    return types, {"accum": total, "result": "ap_ufixed<16,1,AP_RND,AP_SAT>"}


@contextlib.contextmanager
def keras_2():
    """hls4ml asks `import keras` for its version, and so would take our tf_keras models for Keras 3.

    Whoever calls hls4ml's own functions on a model of tf.keras (config_from_keras_model, profiling, plot_model) needs
    the same: tf_keras in the place of keras while they run.
    """
    saved = sys.modules.get("keras")
    sys.modules["keras"] = tf_keras
    try:
        yield
    finally:
        if saved is None:
            del sys.modules["keras"]
        else:
            sys.modules["keras"] = saved
