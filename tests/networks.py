"""Keras models written out as the oracle's plain dictionaries, and images and weights that try every corner."""

import numpy as np
from oracle import Grid


def describe(model) -> list[dict]:
    """The network up to its logits; weights raw, quantizers as the strings the user gave."""
    steps = []
    for layer in model.layers:
        kind, config = type(layer).__name__, layer.get_config()
        if kind == "InputLayer":
            continue
        if kind == "InputReduce":
            steps.append(
                {
                    "kind": "input_reduce",
                    "grid": Grid(config["input_quantizer"]),
                    "threshold": config["threshold"],
                    "n": config["n_active"],
                    "selection": config["selection"],
                    "levels": config["levels"],
                    "patch": config["patch"],
                }
            )
        elif kind == "QActivation":
            grid = Grid(_text(config["activation"]))
            steps.append({"kind": "quantize" if not steps else "activation", "grid": grid})
        elif kind in ("QConv2DSparse", "QDepthwiseConv2DSparse", "QConv2D", "QDense"):
            quantizers = [config[f"{w}_quantizer"] for w in ("kernel", "bias" if config["use_bias"] else "kernel")]
            grids = [Grid(_text(quantizer)) for quantizer in quantizers]
            weights = [w.astype(np.float64) for w in layer.get_weights()]
            bias = weights[1] if len(weights) > 1 else np.zeros(layer.output_shape[-1])
            steps.append(
                {
                    "kind": {"QDense": "dense", "QDepthwiseConv2DSparse": "depthwise"}.get(kind, "conv"),
                    "kernel": weights[0],
                    "kernel_grid": grids[0],
                    "bias": bias,
                    "bias_grid": grids[1],
                }
            )
            if kind == "QConv2D":
                steps[-1] |= {"strides": config["strides"], "padding": config["padding"]}
        elif "Pooling" in kind:
            step = {"kind": "average" if "Average" in kind else "max", "size": config["pool_size"]}
            if kind == "AveragePooling2DSparse":
                step |= {
                    "k": config["reciprocal_bits"],
                    "output": config["output_quantizer"] and Grid(config["output_quantizer"]),
                }
            steps.append(step)
        elif "Flatten" in kind:
            steps.append({"kind": "flatten"})
        elif kind != "Activation":
            raise ValueError(kind)
    return steps


def _text(quantizer) -> str:
    """A quantizer as Grid reads it, from a string, an object or its config."""
    if isinstance(quantizer, str):
        return quantizer
    if not isinstance(quantizer, dict):
        quantizer = {"class_name": type(quantizer).__name__, "config": quantizer.get_config()}
    name, config = quantizer["class_name"], quantizer["config"]
    more = [int(config[key]) for key in ("symmetric", "keep_negative") if key in config]
    return f"{name}({','.join(map(str, [config['bits'], config['integer'], *more]))})"
