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
                }
            )
        elif kind == "QActivation":
            grid = Grid(_text(config["activation"]))
            steps.append({"kind": "quantize" if not steps else "activation", "grid": grid})
        elif kind in ("QConv2DSparse", "QConv2D", "QDense"):
            quantizers = [config[f"{w}_quantizer"] for w in ("kernel", "bias" if config["use_bias"] else "kernel")]
            grids = [Grid(_text(quantizer)) for quantizer in quantizers]
            weights = [w.astype(np.float64) for w in layer.get_weights()]
            bias = weights[1] if len(weights) > 1 else np.zeros(weights[0].shape[-1])
            steps.append(
                {
                    "kind": "dense" if kind == "QDense" else "conv",
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


def corner_images(height: int, width: int, channels: int, n_active: int, seed: int = 0) -> np.ndarray:
    """Empty, full, single-pixel, border, overflow, one-over-full, tie and saturation images.

    (B, H, W, C) float32 in [0, 1].
    """
    rng = np.random.default_rng(seed)
    empty = np.zeros((height, width, channels), np.float32)
    images = [empty, np.ones_like(empty), rng.uniform(0.5, 1, empty.shape).astype(np.float32)]
    for row in (0, height // 2, height - 1):
        for column in (0, width // 2, width - 1):
            single = empty.copy()
            single[row, column] = rng.uniform(0.5, 1)
            images.append(single)
    border = empty.copy()
    border[[0, -1]] = border[:, [0, -1]] = rng.uniform(0.5, 1)
    images.append(border)
    for count in {n_active - 1, n_active, n_active + 1, 2 * n_active}:
        scattered = empty.copy()
        pixels = rng.choice(height * width, min(count, height * width), replace=False)
        scattered.reshape(-1, channels)[pixels] = rng.uniform(0.45, 1, (len(pixels), channels))
        images.append(scattered)
    ties = empty.copy()  # codes k + 1/2 of an 8-bit input: half to even
    ties.reshape(-1, channels)[:: max(1, height * width // 40)] = (rng.integers(102, 255) + 0.5) / 256
    return np.stack([*images, ties])


def saturating(shape, rng):
    """Weights at and beyond the ends of their range: sums saturate every activation."""
    return rng.choice([-100.0, 100.0], shape)


def tying(shape, rng):
    """Weights of a few LSBs of the 8-bit and 16-bit grids: sums fall on half codes."""
    return rng.integers(-4, 5, shape) / rng.choice([32.0, 64.0, 128.0, 512.0], shape)


def cancelling(shape, rng):
    """Rows of opposite sign: sums cancel to exactly 0, where only the bias is left."""
    w = rng.normal(0, 0.5, shape)
    flat = w.reshape(-1, shape[-1])
    flat[1::2] = -flat[: len(flat) // 2 * 2 : 2][: len(flat[1::2])]
    return w
