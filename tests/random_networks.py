"""Random small networks, sparse and standard, Sequential and functional, over layers, options and formats; some with a
fault that must be refused. A seed gives a network, always the same."""

from __future__ import annotations

import numpy as np
from qkeras.quantizers import get_quantizer

import sparsepixels_lib as sp
from sparsepixels_lib.network.models import QActivation, QConv2D, QDense
from sparsepixels_lib.network.probes import cancelling, saturating, tying

keras = sp.models.keras
layers = keras.layers
FAULTS = (
    "groups", "dilation", "channels_first", "pool_stride", "pool_same", "no_alpha", "auto", "negative_integer",
    "no_bits", "many_bits", "fractional_bits", "integer_beyond", "inside_activation", "tanh", "dropout", "float16",
    "nan", "batch_norm", "leaky", "plain_dense", "no_quantizer", "two_outputs", "reserved_name", "no_input_quantizer",
)  # fmt: skip


class Drawn:
    """A network being drawn: `model`, `fault` (None: must be exact), `text` says what it is."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng(seed)
        self.seed, self.text = seed, []
        self.fault = str(self.rng.choice(FAULTS)) if self.rng.random() < 0.3 else None
        self.sparse = bool(self.rng.random() < 0.5)
        self.sequential = not self.sparse and bool(self.rng.random() < 0.5)
        self.shape = (*(int(v) for v in self.rng.integers(4, 10, 2)), self._of(1, 1, 2, 3))
        self.bits = self._of(4, 6, 8, 8, 12, 16)
        self.stack: list = []
        self.model = self._build()
        self._weights()

    def _of(self, *values):
        return values[self.rng.integers(len(values))]

    def _say(self, *what):
        self.text.append(" ".join(map(str, what)))

    def _weight_format(self):
        bits = int(self.rng.integers(2, self.bits + 1))
        integer = int(self.rng.integers(0, min(bits, 4)))
        text = f"quantized_bits({bits},{integer},{self._of(0, 0, 1)},{self._of(1, 1, 1, 0)},alpha=1)"
        if self.fault in (
            "no_alpha",
            "auto",
            "negative_integer",
            "no_bits",
            "many_bits",
            "fractional_bits",
            "integer_beyond",
        ):
            text = {
                "no_alpha": f"quantized_bits({bits},{integer})",
                "auto": f"quantized_bits({bits},{integer},1,alpha='auto')",
                "negative_integer": f"quantized_bits({bits},-1,alpha=1)", "no_bits": "quantized_bits(0,0,alpha=1)",
                "many_bits": "quantized_bits(40,2,alpha=1)", "fractional_bits": "quantized_bits(4.5,1,alpha=1)",
                "integer_beyond": f"quantized_bits({bits},{bits + 2},alpha=1)",
            }[self.fault]  # fmt: skip
        elif self.rng.random() < 0.1:
            text = f"quantized_relu({bits},{integer})"
        self._say(text)
        return get_quantizer(text) if self.rng.random() < 0.3 and self.fault is None else text

    def _weighted(self) -> dict:
        options = {"kernel_quantizer": self._weight_format(), "bias_quantizer": self._weight_format()}
        options["use_bias"] = bool(self.rng.random() < 0.8)
        if self.fault == "inside_activation":
            options["activation"] = "quantized_relu(4,1)"
        if self.fault == "no_quantizer":
            options["kernel_quantizer"] = None
        return options

    def _activation(self):
        bits = int(self.rng.integers(2, self.bits + 1))
        integer = int(self.rng.integers(0, min(bits, 5)))
        kind = f"quantized_relu({bits},{integer})"
        if self.rng.random() < 0.3:
            kind = f"quantized_bits({bits},{min(integer, bits - 1)},{self._of(0, 1)},alpha=1)"
        if self.fault == "leaky":
            kind = f"quantized_relu({bits},{integer},negative_slope=0.25)"
        self._say(kind)
        return QActivation(kind)

    def _build(self):
        image = keras.Input(self.shape, name="class" if self.fault == "reserved_name" else None)
        x = self._sparse(image) if self.sparse else self._standard(image)
        for k in range(int(self.rng.integers(1, 3))):
            last = self._dense(x)
            x = self._put(last, x)
            if k == 0 and self.rng.random() < 0.6:
                x = self._put(self._activation(), x)
        if self.fault == "dropout":
            x = self._put(layers.Dropout(0.5), x)
        if self.fault == "tanh":
            x = self._put(layers.Activation("tanh"), x)
        if self.rng.random() < 0.4:
            x = self._put(layers.Activation(self._of("softmax", "sigmoid", "linear")), x)
        if self.fault == "two_outputs":
            return keras.Model(image, [x, x])
        if self.sequential:
            return keras.Sequential([keras.Input(self.shape), *self.stack])
        return keras.Model(image, x)

    def _put(self, layer, x):
        self.stack.append(layer)
        return layer(x)

    def _dense(self, x):
        units = int(self.rng.integers(1, 5))
        self._say("dense", units)
        if self.fault == "plain_dense":
            return layers.Dense(units)
        return QDense(units, **self._weighted())

    def _input_format(self) -> str:
        bits = self._of(4, 6, 8, 16) if self.rng.random() < 0.7 else self.bits
        return f"quantized_relu({bits},0)" if self.rng.random() < 0.9 else f"quantized_bits({bits},0,alpha=1)"

    def _choice(self, threshold: float, pixel: str, n: int) -> dict:
        """Selection, levels and patch of a third of the input reductions: from a generator of their own."""
        rng, grid, (height, width, channels) = np.random.default_rng([self.seed, 1]), sp.fixed(pixel), self.shape
        if rng.random() > 0.35:
            return {}
        sizes = [(p, q) for p in (1, 2, 3) for q in (1, 2, 3) if p * q > 1 and height % p == width % q == 0]
        sizes = [(p, q) for p, q in sizes if channels == 1 and n <= height * width // (p * q)]
        choice = {"patch": sizes[rng.integers(len(sizes))]} if sizes and rng.random() < 0.5 else {}
        if rng.random() < 0.3 and channels == 1:
            choice["selection"] = "largest"
        elif rng.random() < 0.8:
            codes = np.arange(grid.floor(threshold), grid.max, grid.lsb)[1:]
            more = np.sort(rng.choice(codes, min(len(codes), int(rng.integers(0, 4))), replace=False))
            choice |= {"selection": "adaptive", "levels": (threshold, *more.tolist())}
        self._say("chosen", choice)
        return choice

    def _sparse(self, image):
        n = int(self.rng.integers(1, 12))
        threshold, pixel = self._of(0.0, 0.0, 0.3), self._input_format()
        self._say("sparse", self.shape, "n", n, threshold, pixel)
        reduce = sp.InputReduce(n, threshold, pixel, **self._choice(threshold, pixel, n))
        x, hash = reduce(image)
        shape = reduce.image_shape
        for _ in range(int(self.rng.integers(0, 3))):
            if self.rng.random() < 0.6:
                size, options = (self._of(1, 3, 5), self._of(1, 3)), self._weighted()
                options.pop("activation", None)
                if options["kernel_quantizer"] is None:
                    options["kernel_quantizer"] = "binary()"
                filters = int(self.rng.integers(1, 4))
                depthwise = self.rng.random() < 0.25
                self._say("depthwise" if depthwise else "conv", size, filters)
                layer = sp.QDepthwiseConv2DSparse(size, **options) if depthwise else None
                x = (layer or sp.QConv2DSparse(filters, size, **options))([x, hash])
                x = self._put(self._activation(), x)
            else:
                size = tuple(int(self.rng.integers(1, min(3, s) + 1)) for s in shape)
                self._say("pool", size)
                if self.rng.random() < 0.6:
                    rounded = self._of(None, "quantized_relu(6,1)")
                    pool = sp.AveragePooling2DSparse(size, shape, self._of(8, 12), rounded)
                else:
                    pool = sp.MaxPooling2DSparse(size, shape)
                x, hash = pool([x, hash])
                shape = shape[0] // size[0], shape[1] // size[1]
        if self.fault == "channels_first":
            return self._put(layers.Flatten(data_format="channels_first"), x)
        return sp.SparseFlatten(shape)([x, hash])

    def _standard(self, image):
        pixel = self._input_format()
        self._say("standard", "Sequential" if self.sequential else "functional", self.shape, pixel)
        x = image if self.fault == "no_input_quantizer" else self._put(QActivation(pixel), image)
        if self.fault == "batch_norm":
            x = self._put(layers.BatchNormalization(), x)
        for _ in range(int(self.rng.integers(0, 3))):
            if self.rng.random() < 0.6:
                options = {"padding": self._of("same", "valid"), **self._weighted()}
                options["strides"] = self._of(1, 1, 2, (1, 2))
                size = tuple(min(int(self.rng.integers(1, 5)), s) for s in x.shape[1:3])
                if self.fault == "groups":
                    options |= {"groups": x.shape[-1]} if x.shape[-1] > 1 else {"dilation_rate": 2, "strides": 1}
                if self.fault == "dilation":
                    options |= {"dilation_rate": (1, 2), "strides": 1, "padding": "same"}
                filters = x.shape[-1] if self.fault == "groups" else int(self.rng.integers(1, 4))
                self._say("conv", size, filters, options["strides"], options["padding"])
                x = self._put(QConv2D(filters, size, **options), x)
                if self.rng.random() < 0.9:
                    x = self._put(self._activation(), x)
            else:
                size = self._of((1, 2), (2, 1), (2, 2), (1, 1))
                size = tuple(min(a, b) for a, b in zip(size, x.shape[1:3], strict=True))
                kind, options = self._of(layers.AveragePooling2D, layers.MaxPooling2D), {}
                if self.fault == "pool_stride":
                    options["strides"] = tuple(s + 1 for s in size)
                if self.fault == "pool_same":
                    options["padding"] = "same"
                self._say(kind.__name__, size)
                x = self._put(kind(size, **options), x)
        flat = {"data_format": "channels_first"} if self.fault == "channels_first" else {}
        return self._put(layers.Flatten(**flat, **({"dtype": "float16"} if self.fault == "float16" else {})), x)

    def _weights(self):
        kind = self._of("ordinary", "ordinary", "saturating", "tying", "cancelling")
        self._say(kind)
        maker = {"saturating": saturating, "tying": tying, "cancelling": cancelling}.get(kind)

        def make(shape):
            if maker is None:
                return self.rng.normal(0, 0.7, shape)
            return maker(shape, self.rng) if len(shape) > 1 else maker((1, *shape), self.rng)[0]

        weights = [make(w.shape) for w in self.model.get_weights()]
        if self.fault == "nan":
            weights[0].flat[0] = np.nan
        self.model.set_weights(weights)

    def images(self, count: int = 20) -> np.ndarray:
        values = self.rng.uniform(0, 1.2, (count, *self.shape))
        shares = np.linspace(0, 1, count)[:, None, None, None]
        values[1::4] = np.rint(values[1::4] * 32) / 64
        return values * (self.rng.random((count, *self.shape[:2], 1)) <= shares)
