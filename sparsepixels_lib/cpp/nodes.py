"""The sparse layers as nodes of stock hls4ml 1.3.0: the shape and type of whatever goes in and out of each.

A node with two outputs gives `name` (features) and `name_hash`. All types are known when a node is made, because
a QKeras network states the type of every activation: sums are exact, so their types follow from the types that
go in.
"""

from __future__ import annotations

import numpy as np
from hls4ml.model.attributes import Attribute, ConfigurableAttribute, TypeAttribute, WeightAttribute
from hls4ml.model.layers import Layer
from hls4ml.model.quantizers import Quantizer
from hls4ml.model.types import FixedPrecisionType, IntegerPrecisionType, NamedType

from ..numerics.codes import Codes, ap_fixed, reciprocal_code
from ..numerics.whole import is_whole

BACKENDS = ("Vitis", "Vivado")


def ap_type(f: Codes) -> FixedPrecisionType:
    """A quantizer's format as hls4ml type: round half to even, saturate."""
    return FixedPrecisionType(f.bits, f.integer, f.signed, "RND_CONV", "SAT_SYM" if f.symmetric else "SAT")


def codes_of(precision) -> Codes:
    """The codes of an hls4ml type."""
    symmetric = str(getattr(precision, "saturation_mode", "")).endswith("SAT_SYM")
    return ap_fixed(precision.width, precision.integer, bool(precision.signed), symmetric)


def _exact(fraction: int, largest: int, signed: bool) -> FixedPrecisionType:
    """The type that holds every code of magnitude up to `largest` at `fraction` fraction bits."""
    codes = Codes(-largest if signed else 0, max(largest, 1), fraction)
    return FixedPrecisionType(codes.bits, codes.integer, signed)


def _largest(precision) -> int:
    return ap_fixed(precision.width, precision.integer, bool(precision.signed)).largest


class TypeOf(Quantizer):
    """What hls4ml asks a quantizer of an activation for: its type."""

    def __init__(self, f: Codes):
        super().__init__(f.bits, ap_type(f))


class FixedQuantizer(Quantizer):
    """Weights on the grid of a format, computed in float64.

    QKeras' own quantizer leaves float32 dust that C++ would truncate.
    """

    def __init__(self, f: Codes):
        super().__init__(f.bits, FixedPrecisionType(f.bits, f.integer, f.signed))
        self.format = f

    def __call__(self, data: np.ndarray) -> np.ndarray:
        return self.format.quantize(data)


class _SparseNode(Layer):
    """Base of the nodes.

    hls4ml lets the last output's type win `result_t`, so both types have attributes of their own.
    """

    def initialize(self):
        backend, io_type = self.model.config.backend.name, self.model.config.get_config_value("IOType")
        if backend not in BACKENDS or io_type != "io_parallel":
            raise ValueError(
                f"{self.name}: the sparse layers have kernels for {' and '.join(BACKENDS)} with io_parallel, "
                f"not for {backend} with {io_type}."
            )
        self._define()

    def _add_outputs(self, n_chan: int, precision, hash_precision=None):
        self.add_output_variable([self.get_attr("n_slots"), n_chan], self.outputs[0], precision=precision)
        if hash_precision is not None:
            self.add_output_variable(
                [self.get_attr("n_slots"), 2],
                self.outputs[1],
                "layer{index}_hash",
                "layer{index}_hash_t",
                hash_precision,
            )
            for name, output in zip(
                ("hash_t", "feat_t", "result_t"), (*self.outputs[::-1], self.outputs[0]), strict=True
            ):
                self.set_attr(name, self.get_output_variable(output).type)

    def _features(self):
        features = self.get_input_variable(self.inputs[0])
        self.set_attr("n_slots", features.shape[0])
        self.set_attr("n_chan", features.shape[1])
        return features.type.precision

    def _knob(self, name: str, limit: int):
        value = self.get_attr(f"parallel_{name}") or limit
        if not is_whole(value, 1) or value > limit:
            raise ValueError(f"{self.name}: parallel {name} must be 1 to {limit} (0 means all), not {value!r}.")
        self.set_attr(f"parallel_{name}", int(value))


class InputReduceNode(_SparseNode):
    _expected_attributes = [
        *(Attribute(a) for a in ("n_slots", "n_chan", "patch_height", "patch_width")),
        Attribute("levels", value_type=tuple),
        Attribute("largest", value_type=bool),
    ]

    def _define(self):
        image = self.get_input_variable()
        image.type.precision = self.get_attr("image_precision")  # the C++ quantises raw images once, as it reads them
        for key, length in zip(("height", "width"), image.shape, strict=False):
            self.set_attr(key, length // self.get_attr(f"patch_{key}"))
        self.set_attr("image_chan", image.shape[2])
        hash_t = IntegerPrecisionType(max(self.get_attr("height"), self.get_attr("width")).bit_length(), signed=False)
        self._add_outputs(self.get_attr("n_chan"), image.type.precision, hash_t)


class _ConvolutionNode(_SparseNode):
    _expected_attributes = [
        *(Attribute(a) for a in ("kernel_height", "kernel_width")),
        *(ConfigurableAttribute(f"parallel_{a}", default=0) for a in ("pixels", "channels")),
        *(kind(a) for a in ("weight", "bias") for kind in (WeightAttribute, TypeAttribute)),
    ]

    def _sums(self, x: FixedPrecisionType, n_chan: int, n_filt: int) -> None:
        """Types and weights of `n_filt` sums over what `n_chan` channels show in the kernel."""
        hash_t, n_slots = self.get_input_variable(self.inputs[1]).type.precision, self.get_attr("n_slots")
        w, b = self.get_attr("weight_quantizer").hls_type, self.get_attr("bias_quantizer").hls_type
        terms = min(n_slots, self.get_attr("kernel_height") * self.get_attr("kernel_width")) * n_chan
        fraction = max(x.fractional + w.fractional, b.fractional)
        products = terms * _largest(x) * _largest(w) << (fraction - x.fractional - w.fractional)
        accum = _exact(fraction, products + (_largest(b) << (fraction - b.fractional)), signed=True)
        self.set_attr("accum_t", NamedType(f"{self.name}_accum_t", accum))
        self.set_attr(
            "offset_t", NamedType(f"{self.name}_offset_t", IntegerPrecisionType(hash_t.width + 1, signed=True))
        )
        self._add_outputs(n_filt, accum)
        self.add_weights_variable("weight", "w{index}", quantizer=self.get_attr("weight_quantizer"))
        self.add_weights_variable("bias", "b{index}", quantizer=self.get_attr("bias_quantizer"))


class QConv2DSparseNode(_ConvolutionNode):
    _expected_attributes = [Attribute("n_filt"), ConfigurableAttribute("parallel_filters", default=0)]

    def _define(self):
        x, n_chan, n_filt = self._features(), self.get_attr("n_chan"), self.get_attr("n_filt")
        for name, limit in {"pixels": self.get_attr("n_slots"), "filters": n_filt, "channels": n_chan}.items():
            self._knob(name, limit)
        self._sums(x, n_chan, n_filt)


class QDepthwiseConv2DSparseNode(_ConvolutionNode):
    def _define(self):
        x, n_chan = self._features(), self.get_attr("n_chan")
        for name, limit in {"pixels": self.get_attr("n_slots"), "channels": n_chan}.items():
            self._knob(name, limit)
        self._sums(x, 1, n_chan)


class _PoolingNode(_SparseNode):
    _expected_attributes = [
        *(Attribute(a) for a in ("height", "width", "pool_height", "pool_width")),
        ConfigurableAttribute("parallel_pixels", default=0),
    ]

    def _define(self):
        x = self._features()
        self._knob("pixels", self.get_attr("n_slots"))
        rows, columns = (self.get_attr(a) // self.get_attr(f"pool_{a}") for a in ("height", "width"))
        self._add_outputs(
            self.get_attr("n_chan"),
            self._result(x),
            IntegerPrecisionType(max(rows, columns).bit_length(), signed=False),
        )

    def _result(self, x):
        return x


class AveragePooling2DSparseNode(_PoolingNode):
    def _result(self, x):
        area, k = self.get_attr("pool_height") * self.get_attr("pool_width"), self.get_attr("reciprocal_bits")
        code, k = reciprocal_code(area, k)
        summed = min(self.get_attr("n_slots"), area) * _largest(x)
        scale = _exact(k, code, signed=False)
        self.set_attr("reciprocal", code / 2**k)
        self.set_attr("scale_t", NamedType(f"{self.name}_scale_t", scale))
        self.set_attr("accum_t", NamedType(f"{self.name}_accum_t", _exact(x.fractional, summed, x.signed)))
        return self.get_attr("rounded_precision") or _exact(x.fractional + k, summed * code, x.signed)


class MaxPooling2DSparseNode(_PoolingNode):
    pass


class SparseFlattenNode(_SparseNode):
    _expected_attributes = [
        Attribute("height"),
        Attribute("width"),
        ConfigurableAttribute("parallel_pixels", default=0),
    ]

    def _define(self):
        x = self._features()
        self._knob("pixels", self.get_attr("n_slots"))
        self.add_output_variable(
            [self.get_attr("height") * self.get_attr("width") * self.get_attr("n_chan")], precision=x
        )
