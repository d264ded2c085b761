"""An independent oracle: the sparse and the standard CNN in plain NumPy integers on the dense image.

It knows nothing of the library: no compact arrays, no slots beyond "the first N active pixels", no
TensorFlow. Every number is a count of LSBs in int64 with its number of fraction bits beside it; conv, pool
and dense are loops over offsets and windows. What it computes is written down in
sparsepixels_lib/NUMERICS.md.
"""

import re

import numpy as np


def half_even(x: np.ndarray) -> np.ndarray:
    """Round real numbers to the nearest integer, ties to the even one."""
    low = np.floor(x)
    up = (x - low > 0.5) | ((x - low == 0.5) & (low % 2 == 1))
    return (low + up).astype(np.int64)


def shift_half_even(codes: np.ndarray, bits: int) -> np.ndarray:
    """codes / 2^bits, rounded half to even, in integers only."""
    if bits <= 0:
        return codes << -bits
    low, rest, half = codes >> bits, codes & ((1 << bits) - 1), 1 << (bits - 1)
    return low + ((rest > half) | ((rest == half) & (low % 2 == 1)))


class Grid:
    """A quantizer string read by its documentation.

    quantized_bits(b, i[, symmetric[, keep_negative]][, alpha=1]) or quantized_relu(b, i), or with the names of these.
    """

    def __init__(self, text: str):
        name, arguments = re.fullmatch(r"(\w+)\((.*)\)", text.replace(" ", "")).groups()
        given = {"symmetric": 0, "keep_negative": 1}
        for place, argument in enumerate(arguments.split(",")):
            key, _, value = argument.rpartition("=")
            order = ("bits", "integer", "symmetric", "keep_negative")
            given[key or order[place]] = {"True": 1, "False": 0}.get(value) if value[0] in "TF" else int(value)
        bits, integer, symmetric = given["bits"], given["integer"], given["symmetric"]
        signed = name == "quantized_bits" and given["keep_negative"] == 1
        self.fraction = bits - integer - signed
        self.low = -(2 ** (bits - 1)) + symmetric if signed else 0
        self.high = 2 ** (bits - signed) - 1

    def codes(self, x: np.ndarray) -> np.ndarray:
        """Real numbers to codes: round half to even, saturate."""
        return np.clip(half_even(np.asarray(x, np.float64) * 2.0**self.fraction), self.low, self.high)

    def requantize(self, codes: np.ndarray, fraction: int) -> np.ndarray:
        return np.clip(shift_half_even(codes, fraction - self.fraction), self.low, self.high)


class Image:
    """Dense integer images (B, H, W, C) at `fraction` bits; of a sparse network, the active pixels (B, H, W)."""

    def __init__(self, codes, fraction, active=None):
        self.codes, self.fraction, self.active = codes, fraction, active


def input_reduce(
    images: np.ndarray, grid: Grid, threshold: float, n: int, selection="raster", levels=None, patch=None
) -> Image:
    codes = grid.codes(images)
    if patch:
        codes = cut(codes, *patch)
    levels = [int(np.floor(level * 2.0**grid.fraction)) for level in levels or [threshold]]
    active = np.zeros(codes.shape[:3], bool)
    for image, values in enumerate(codes[..., 0].tolist()):
        for row, column in chosen(values, levels, n, selection):
            active[image, row, column] = True
    return Image(np.where(active[..., None], codes, 0), grid.fraction, active)


def cut(codes: np.ndarray, p: int, q: int) -> np.ndarray:
    """Patches as pixels: their largest value, then their values in raster order."""
    batch, height, width, _ = codes.shape
    out = np.zeros((batch, height // p, width // q, 1 + p * q), np.int64)
    for row, column in np.ndindex(out.shape[1:3]):
        patch = codes[:, row * p : row * p + p, column * q : column * q + q, 0].reshape(batch, p * q)
        out[:, row, column, 0], out[:, row, column, 1:] = patch.max(axis=1), patch
    return out


def chosen(values: list[list[int]], levels: list[int], n: int, selection: str) -> list[tuple[int, int]]:
    """(row, column) of the pixels of one image that get a slot."""
    pixels = [(v, (row, column)) for row, line in enumerate(values) for column, v in enumerate(line) if v > levels[0]]
    if selection == "largest":
        return [place for _, place in sorted(pixels, key=lambda pixel: (-pixel[0], pixel[1]))[:n]]
    few = [level for level in levels if sum(v > level for v, _ in pixels) <= n]
    level = few[0] if few else levels[-1]
    lower = [other for other in levels if other < level]
    filling = [place for v, place in pixels if lower and lower[-1] < v <= level]
    return ([place for v, place in pixels if v > level] + filling)[:n]


def conv2d(x: Image, kernel, kernel_grid: Grid, bias, bias_grid: Grid, strides=(1, 1), padding="same") -> Image:
    k, b = kernel_grid.codes(kernel), bias_grid.codes(bias)
    (k_h, k_w, channels, filters), (batch, height, width, _) = k.shape, x.codes.shape
    fraction = max(x.fraction + kernel_grid.fraction, bias_grid.fraction)
    sizes, zeros = [], []
    for size, kernel_size, stride in zip((height, width), (k_h, k_w), strides, strict=True):
        outputs = -(-size // stride) if padding == "same" else (size - kernel_size) // stride + 1
        missing = max((outputs - 1) * stride + kernel_size - size, 0)
        sizes.append(outputs)
        zeros.append((missing // 2, missing - missing // 2))  # as TensorFlow: the odd one behind
    padded = np.pad(x.codes, ((0, 0), *zeros, (0, 0)))
    (rows, columns), (down, right) = sizes, strides
    out = np.zeros((batch, rows, columns, filters), np.int64)
    for dy, dx, c, f in np.ndindex(k_h, k_w, channels, filters):
        taps = padded[:, dy : dy + rows * down : down, dx : dx + columns * right : right, c][:, :rows, :columns]
        out[..., f] += taps * k[dy, dx, c, f]
    out = (out << (fraction - x.fraction - kernel_grid.fraction)) + (b << (fraction - bias_grid.fraction))
    return Image(out if x.active is None else np.where(x.active[..., None], out, 0), fraction, x.active)


def depthwise_conv2d(x: Image, kernel, kernel_grid: Grid, bias, bias_grid: Grid) -> Image:
    """Every channel by itself through `conv2d`; `kernel` (K_h, K_w, C, 1)."""
    channels = [
        conv2d(
            Image(x.codes[..., c : c + 1], x.fraction, x.active),
            kernel[:, :, c : c + 1],
            kernel_grid,
            bias[c : c + 1],
            bias_grid,
        )
        for c in range(x.codes.shape[-1])
    ]
    return Image(np.concatenate([one.codes for one in channels], axis=-1), channels[0].fraction, x.active)


def activation(x: Image, grid: Grid) -> Image:
    return Image(grid.requantize(x.codes, x.fraction), grid.fraction, x.active)


def pool(x: Image, size, kind: str, k: int = 16, output: Grid | None = None) -> Image:
    (p, q), (batch, height, width, channels) = size, x.codes.shape
    rows, columns = height // p, width // q
    on = np.ones((batch, height, width), bool) if x.active is None else x.active
    out, active = np.zeros((batch, rows, columns, channels), np.int64), np.zeros((batch, rows, columns), bool)
    for r, c in np.ndindex(rows, columns):
        window = (slice(None), slice(r * p, r * p + p), slice(c * q, c * q + q))
        there = on[window][..., None]
        active[:, r, c] = there.any(axis=(1, 2, 3))
        if kind == "average":
            out[:, r, c] = np.where(there, x.codes[window], 0).sum(axis=(1, 2)) * round(2**k / (p * q))
        else:
            largest = np.where(there, x.codes[window], -(2**62)).max(axis=(1, 2))
            out[:, r, c] = np.where(active[:, r, c][:, None], largest, 0)
    fraction = x.fraction + (k if kind == "average" else 0)
    if output is not None:
        out, fraction = output.requantize(out, fraction), output.fraction
    return Image(out, fraction, None if x.active is None else active)


def dense(codes, fraction, kernel, kernel_grid: Grid, bias, bias_grid: Grid):
    out_fraction = max(fraction + kernel_grid.fraction, bias_grid.fraction)
    products = (codes @ kernel_grid.codes(kernel)) << (out_fraction - fraction - kernel_grid.fraction)
    return products + (bias_grid.codes(bias) << (out_fraction - bias_grid.fraction)), out_fraction


def predict(network: list[dict], images: np.ndarray, chunk: int = 200) -> np.ndarray:
    """Logits (B, classes) of images (B, H, W, C), float64 and exact.

    `network` is a list of dictionaries, see tests/networks.py.
    """
    return np.concatenate([trace(network, images[i : i + chunk])[-1] for i in range(0, len(images), chunk)])


def trace(network: list[dict], images: np.ndarray) -> list[np.ndarray]:
    """The output of every step as float64: pixel views (B, H, W, C), then vectors (B, n)."""
    x, outputs = images, []
    for step in network:
        kind, a = step["kind"], {k: v for k, v in step.items() if k != "kind"}
        if kind == "input_reduce":
            x = input_reduce(x, **a)
        elif kind == "quantize":
            x = Image(a["grid"].codes(x), a["grid"].fraction)
        elif kind == "conv":
            x = conv2d(x, **a)
        elif kind == "depthwise":
            x = depthwise_conv2d(x, **a)
        elif kind in ("average", "max"):
            x = pool(x, kind=kind, **a)
        elif kind == "activation" and isinstance(x, Image):
            x = activation(x, a["grid"])
        elif kind == "activation":
            x = a["grid"].requantize(*x), a["grid"].fraction
        elif kind == "flatten":
            x = x.codes.reshape(len(x.codes), -1), x.fraction
        elif kind == "dense":
            x = dense(*x, **a)
        codes, fraction = (x.codes, x.fraction) if isinstance(x, Image) else x
        if np.abs(codes).max(initial=0) >= 2**53:
            raise OverflowError("beyond float64")
        outputs.append(codes / 2.0**fraction)
    return outputs
