"""How the nodes are made known to stock hls4ml 1.3.0, through its extension API: parser, C++ templates, headers."""

from __future__ import annotations

import math
from itertools import product

import hls4ml
import numpy as np
from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.converters import register_keras_v2_layer_handler
from hls4ml.converters.keras_v2_to_hls import layer_handlers
from hls4ml.model.layers import register_layer

from ..numerics.quantizers import fixed
from ..paths import cpp_kernels
from .nodes import (
    BACKENDS,
    AveragePooling2DSparseNode,
    FixedQuantizer,
    InputReduceNode,
    MaxPooling2DSparseNode,
    QConv2DSparseNode,
    QDepthwiseConv2DSparseNode,
    SparseFlattenNode,
    ap_type,
)

_PARAMETERS = {  # what of a node's attributes its C++ header reads
    InputReduceNode: ("height", "width", "n_chan", "n_slots", "patch_height", "patch_width", "image_chan"),
    QDepthwiseConv2DSparseNode: ("n_slots", "n_chan", "kernel_height", "kernel_width"),
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
            lines.append(
                f"static const unsigned tree_width = {2 ** math.ceil(math.log2(pixels)) if pixels > 1 else 2};"
            )
            levels = ", ".join(map(repr, node.get_attr("levels")))
            lines += [
                f"static const unsigned count_bits = {pixels.bit_length()};",
                f"static const unsigned n_levels = {len(node.get_attr('levels'))};",
                f"static const bool largest = {str(node.get_attr('largest')).lower()};",
                f"static double level(unsigned k) {{ const double levels[] = {{{levels}}}; return levels[k]; }}",
            ]
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
        tensors = [node.get_input_variable(i) for i in node.inputs] + [
            node.get_output_variable(o) for o in node.outputs
        ]
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
        levels = [pixel.floor(level) for level in config["levels"] or [config["threshold"]]]
        patch = config["patch"] or (1, 1)
        channels = 1 + math.prod(patch) if config["patch"] else shape[2]
        layer |= {"n_slots": config["n_active"], "levels": tuple(levels), "largest": config["selection"] == "largest"}
        layer |= {"patch_height": patch[0], "patch_width": patch[1], "n_chan": channels}
        layer |= {"image_precision": ap_type(pixel)}
        output = [config["n_active"], channels]
    elif "Conv2D" in kind:
        filters = config.get("filters", shape[1])  # a depthwise convolution has as many as channels
        layer |= {"n_filt": filters} if "filters" in config else {}
        layer |= {"kernel_height": config["kernel_size"][0], "kernel_width": config["kernel_size"][1]}
        bias = data_reader.get_weights_data(name, "bias") if config["use_bias"] else np.zeros(filters)
        layer |= {"weight_data": data_reader.get_weights_data(name, "kernel"), "bias_data": bias}
        layer |= {
            f"{w}_quantizer": FixedQuantizer(fixed(config[f"{k}_quantizer"]))
            for w, k in (("weight", "kernel"), ("bias", "bias"))
        }
        output = [shape[0], filters]
    else:
        layer |= {"height": config["image_shape"][0], "width": config["image_shape"][1]}
        output = [shape[0], shape[1]]
        if kind == "SparseFlatten":
            output = [config["image_shape"][0] * config["image_shape"][1] * shape[1]]
        else:
            layer |= {"pool_height": config["pool_size"][0], "pool_width": config["pool_size"][1]}
        if kind == "AveragePooling2DSparse":
            rounds = config["output_quantizer"]
            layer |= {
                "reciprocal_bits": config["reciprocal_bits"],
                "rounded_precision": ap_type(fixed(rounds)) if rounds else None,
            }
    if kind == "InputReduce" or "Pooling" in kind:
        layer["outputs"] = [name, f"{name}_hash"]
    return layer, [None, *output]


_NODES = {  # Keras class -> node, C++ function, header
    "InputReduce": (InputReduceNode, "input_reduce", "input_reduce.h"),
    "QConv2DSparse": (QConv2DSparseNode, "qconv2d_sparse", "qconv2d_sparse.h"),
    "QDepthwiseConv2DSparse": (
        QDepthwiseConv2DSparseNode,
        "qdepthwise_conv2d_sparse",
        "qdepthwise_conv2d_sparse.h",
    ),
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
        vivado.register_template(
            lambda node=node, function=function, header=header: _FunctionTemplate(node, function, header)
        )
    for backend, header in product(BACKENDS, cpp_kernels().glob("*.h")):
        hls4ml.backends.get_backend(backend).register_source(header.resolve())
