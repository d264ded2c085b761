"""The sparse layers as nodes of stock hls4ml 1.3.0, through its extension API: parser, node, types and C++ templates of each.

A node with two outputs gives `name` (features) and `name_hash`. All types are known when a node is made, because a QKeras network states
the type of every activation: sums are exact, so their types follow from the types that go in.
"""

from __future__ import annotations

import math
from pathlib import Path

import hls4ml
import numpy as np
from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.converters import register_keras_v2_layer_handler
from hls4ml.converters.keras_v2_to_hls import layer_handlers
from hls4ml.model.attributes import Attribute, ConfigurableAttribute, TypeAttribute, WeightAttribute
from hls4ml.model.layers import Layer, register_layer
from hls4ml.model.quantizers import Quantizer
from hls4ml.model.types import FixedPrecisionType, IntegerPrecisionType, NamedType

from .fixed_point import Fixed, fixed

BACKENDS = ("Vitis", "Vivado")


def kernels() -> Path:
    """The folder with the C++ headers: inside the wheel, or hls/ of the clone."""
    packaged = Path(__file__).with_name("hls")
    return (packaged if packaged.is_dir() else Path(__file__).parents[1] / "hls") / "cpp"


def ap_type(f: Fixed) -> FixedPrecisionType:
    """A quantizer's format as hls4ml type: round half to even, saturate."""
    return FixedPrecisionType(f.bits, f.integer, f.signed, "RND_CONV", "SAT_SYM" if f.symmetric else "SAT")


def _exact(fraction: int, largest: int, signed: bool) -> FixedPrecisionType:
    """The type that holds every code of magnitude up to `largest` at `fraction` fraction bits."""
    width = max(largest.bit_length(), 1) + signed
    return FixedPrecisionType(width, width - fraction, signed)


def _largest(t) -> int:
    return 2 ** (t.width - 1) if t.signed else 2**t.width - 1


class FixedQuantizer(Quantizer):
    """Weights on the grid of a format, computed in float64 (QKeras' own quantizer leaves float32 dust that C++ would truncate)."""

    def __init__(self, f: Fixed):
        super().__init__(f.bits, FixedPrecisionType(f.bits, f.integer, f.signed))
        self.format = f

    def __call__(self, data: np.ndarray) -> np.ndarray:
        return self.format.quantize(data)


class _SparseNode(Layer):
    """Base of the nodes. hls4ml lets the last output's type win `result_t`, so both types have attributes of their own."""

    def initialize(self):
        backend, io_type = self.model.config.backend.name, self.model.config.get_config_value("IOType")
        if backend not in BACKENDS or io_type != "io_parallel":
            raise ValueError(
                f"{self.name}: the sparse layers have kernels for {' and '.join(BACKENDS)} with io_parallel, not for {backend} with {io_type}."
            )
        self._define()

    def _add_outputs(self, n_chan: int, precision, hash_precision=None):
        self.add_output_variable([self.get_attr("n_slots"), n_chan], self.outputs[0], precision=precision)
        if hash_precision is not None:
            self.add_output_variable([self.get_attr("n_slots"), 2], self.outputs[1], "layer{index}_hash", "layer{index}_hash_t", hash_precision)
            for name, output in zip(("hash_t", "feat_t", "result_t"), (*self.outputs[::-1], self.outputs[0]), strict=True):
                self.set_attr(name, self.get_output_variable(output).type)

    def _features(self):
        features = self.get_input_variable(self.inputs[0])
        self.set_attr("n_slots", features.shape[0])
        self.set_attr("n_chan", features.shape[1])
        return features.type.precision

    def _knob(self, name: str, limit: int):
        value = self.get_attr(f"parallel_{name}") or limit
        if not 1 <= value <= limit:
            raise ValueError(f"{self.name}: parallel {name} must be 1 to {limit} (0 means all), not {value}.")
        self.set_attr(f"parallel_{name}", value)


class InputReduceNode(_SparseNode):
    _expected_attributes = [Attribute("n_slots"), Attribute("threshold", value_type=float)]

    def _define(self):
        image = self.get_input_variable()
        image.type.precision = self.get_attr("image_precision")  # the C++ quantises raw images once, as it reads them
        height, width, n_chan = image.shape
        for key, value in {"height": height, "width": width, "n_chan": n_chan}.items():
            self.set_attr(key, value)
        self._add_outputs(n_chan, image.type.precision, IntegerPrecisionType(max(height, width).bit_length(), signed=False))


class QConv2DSparseNode(_SparseNode):
    _expected_attributes = [
        *(Attribute(a) for a in ("n_filt", "kernel_height", "kernel_width")),
        *(ConfigurableAttribute(f"parallel_{a}", default=0) for a in ("pixels", "filters", "channels")),
        *(kind(a) for a in ("weight", "bias") for kind in (WeightAttribute, TypeAttribute)),
    ]

    def _define(self):
        x, hash_t = self._features(), self.get_input_variable(self.inputs[1]).type.precision
        n_slots, n_chan, n_filt = self.get_attr("n_slots"), self.get_attr("n_chan"), self.get_attr("n_filt")
        for name, limit in {"pixels": n_slots, "filters": n_filt, "channels": n_chan}.items():
            self._knob(name, limit)
        w, b = self.get_attr("weight_quantizer").hls_type, self.get_attr("bias_quantizer").hls_type
        terms = min(n_slots, self.get_attr("kernel_height") * self.get_attr("kernel_width")) * n_chan
        fraction = max(x.fractional + w.fractional, b.fractional)
        products = terms * _largest(x) * _largest(w) << (fraction - x.fractional - w.fractional)
        accum = _exact(fraction, products + (_largest(b) << (fraction - b.fractional)), signed=True)
        self.set_attr("accum_t", NamedType(f"{self.name}_accum_t", accum))
        self.set_attr("offset_t", NamedType(f"{self.name}_offset_t", IntegerPrecisionType(hash_t.width + 1, signed=True)))
        self._add_outputs(n_filt, accum)
        self.add_weights_variable("weight", "w{index}", quantizer=self.get_attr("weight_quantizer"))
        self.add_weights_variable("bias", "b{index}", quantizer=self.get_attr("bias_quantizer"))


class _PoolingNode(_SparseNode):
    _expected_attributes = [
        *(Attribute(a) for a in ("height", "width", "pool_height", "pool_width")),
        ConfigurableAttribute("parallel_pixels", default=0),
    ]

    def _define(self):
        x = self._features()
        self._knob("pixels", self.get_attr("n_slots"))
        rows, columns = (self.get_attr(a) // self.get_attr(f"pool_{a}") for a in ("height", "width"))
        self._add_outputs(self.get_attr("n_chan"), self._result(x), IntegerPrecisionType(max(rows, columns).bit_length(), signed=False))

    def _result(self, x):
        return x


class AveragePooling2DSparseNode(_PoolingNode):
    def _result(self, x):
        area, k = self.get_attr("pool_height") * self.get_attr("pool_width"), self.get_attr("reciprocal_bits")
        code = round(2**k / area)
        spare = min((code & -code).bit_length() - 1, k)  # a power of two needs no fraction bits below its own
        code, k = code >> spare, k - spare
        summed = min(self.get_attr("n_slots"), area) * _largest(x)
        scale = _exact(k, code, signed=False)
        self.set_attr("reciprocal", code / 2**k)
        self.set_attr("scale_t", NamedType(f"{self.name}_scale_t", scale))
        self.set_attr("accum_t", NamedType(f"{self.name}_accum_t", _exact(x.fractional, summed, x.signed)))
        return self.get_attr("rounded_precision") or _exact(x.fractional + k, summed * code, x.signed)


class MaxPooling2DSparseNode(_PoolingNode):
    pass


class SparseFlattenNode(_SparseNode):
    _expected_attributes = [Attribute("height"), Attribute("width"), ConfigurableAttribute("parallel_pixels", default=0)]

    def _define(self):
        x = self._features()
        self._knob("pixels", self.get_attr("n_slots"))
        self.add_output_variable([self.get_attr("height") * self.get_attr("width") * self.get_attr("n_chan")], precision=x)


_PARAMETERS = {  # what of a node's attributes its C++ header reads
    InputReduceNode: ("height", "width", "n_chan", "n_slots"),
    QConv2DSparseNode: ("n_slots", "n_chan", "n_filt", "kernel_height", "kernel_width"),
    AveragePooling2DSparseNode: ("n_slots", "n_chan", "height", "width", "pool_height", "pool_width"),
    MaxPooling2DSparseNode: ("n_slots", "n_chan", "height", "width", "pool_height", "pool_width"),
    SparseFlattenNode: ("n_slots", "n_chan", "height", "width"),
}


class _ConfigTemplate(LayerConfigTemplate):
    def format(self, node):
        kind = next(k for k in _PARAMETERS if isinstance(node, k))
        lines = [f"static const unsigned {p} = {node.get_attr(p)};" for p in _PARAMETERS[kind]]
        for knob in ("pixels", "filters", "channels"):
            if node.get_attr(f"parallel_{knob}"):
                lines.append(f"static const unsigned {knob} = {node.get_attr(f'parallel_{knob}')};")
        if kind is InputReduceNode:
            pixels = node.get_attr("height") * node.get_attr("width")
            lines.append(f"static const unsigned tree_width = {2 ** math.ceil(math.log2(pixels)) if pixels > 1 else 2};")
            lines.append(f"static double threshold() {{ return {node.get_attr('threshold')!r}; }}")
        if kind is AveragePooling2DSparseNode:
            lines.append(f"static double reciprocal() {{ return {node.get_attr('reciprocal')!r}; }}")
        types = [t for t in ("weight_t", "bias_t", "accum_t", "offset_t", "scale_t") if node.get_attr(t)]
        lines += [f"typedef {node.get_attr(t).name} {t};" for t in types]
        body = "".join(f"    {line}\n" for line in lines)
        return f"struct config{node.index} {{\n{body}}};\n"


class _FunctionTemplate(FunctionCallTemplate):
    def __init__(self, layer_class, function: str, header: str):
        super().__init__(layer_class, include_header=[f"nnet_utils/{header}"])
        self.function = function

    def format(self, node):
        tensors = [node.get_input_variable(i) for i in node.inputs] + [node.get_output_variable(o) for o in node.outputs]
        weights = [node.get_weights(w).name for w in ("weight", "bias") if w in node.weights]
        types = ", ".join([t.type.name for t in tensors] + [f"config{node.index}"])
        return f"nnet::{self.function}<{types}>({', '.join([t.name for t in tensors] + weights)});"


def _inputs(keras_layer: dict) -> list[str]:
    """Names of the tensors that go in; the stock parser drops which output of a layer it was."""
    return [node[0] if node[2] == 0 else f"{node[0]}_hash" for node in keras_layer["inbound_nodes"][0]]


def _parse(keras_layer: dict, input_names, input_shapes, data_reader):
    """hls4ml's layer dictionary and output shape (of the features) for each of our Keras layers."""
    kind, config = keras_layer["class_name"], keras_layer["config"]
    name, (_, *shape) = config["name"], input_shapes[0]
    layer = {"name": name, "class_name": kind, "inputs": _inputs(keras_layer)}
    if kind == "InputReduce":
        pixel = fixed(config["input_quantizer"])
        threshold = float(np.floor(config["threshold"] / pixel.lsb) * pixel.lsb)
        layer |= {"n_slots": config["n_active"], "threshold": threshold, "image_precision": ap_type(pixel)}
        output = [config["n_active"], shape[2]]
    elif kind == "QConv2DSparse":
        layer |= {"n_filt": config["filters"], "kernel_height": config["kernel_size"][0], "kernel_width": config["kernel_size"][1]}
        bias = data_reader.get_weights_data(name, "bias") if config["use_bias"] else np.zeros(config["filters"])
        layer |= {"weight_data": data_reader.get_weights_data(name, "kernel"), "bias_data": bias}
        layer |= {f"{w}_quantizer": FixedQuantizer(fixed(config[f"{k}_quantizer"])) for w, k in (("weight", "kernel"), ("bias", "bias"))}
        output = [shape[0], config["filters"]]
    else:
        layer |= {"height": config["image_shape"][0], "width": config["image_shape"][1]}
        output = [shape[0], shape[1]]
        if kind == "SparseFlatten":
            output = [config["image_shape"][0] * config["image_shape"][1] * shape[1]]
        else:
            layer |= {"pool_height": config["pool_size"][0], "pool_width": config["pool_size"][1]}
        if kind == "AveragePooling2DSparse":
            rounds = config["output_quantizer"]
            layer |= {"reciprocal_bits": config["reciprocal_bits"], "rounded_precision": ap_type(fixed(rounds)) if rounds else None}
    if kind == "InputReduce" or "Pooling" in kind:
        layer["outputs"] = [name, f"{name}_hash"]
    return layer, [None, *output]


_NODES = {  # Keras class -> node, C++ function, header
    "InputReduce": (InputReduceNode, "input_reduce", "input_reduce.h"),
    "QConv2DSparse": (QConv2DSparseNode, "qconv2d_sparse", "qconv2d_sparse.h"),
    "AveragePooling2DSparse": (AveragePooling2DSparseNode, "average_pooling2d_sparse", "pooling2d_sparse.h"),
    "MaxPooling2DSparse": (MaxPooling2DSparseNode, "max_pooling2d_sparse", "pooling2d_sparse.h"),
    "SparseFlatten": (SparseFlattenNode, "sparse_flatten", "sparse_flatten.h"),
}


def register() -> None:
    """Make the sparse layers known to hls4ml. Idempotent; called when the library is imported."""
    vivado = hls4ml.backends.get_backend("Vivado")
    for name, (node, function, header) in _NODES.items():
        if name in layer_handlers:
            continue
        register_layer(name, node)
        register_keras_v2_layer_handler(name, _parse)
        vivado.register_template(lambda node=node: _ConfigTemplate(node))
        vivado.register_template(lambda node=node, function=function, header=header: _FunctionTemplate(node, function, header))
        for backend in BACKENDS:
            hls4ml.backends.get_backend(backend).register_source((kernels() / header).resolve())
