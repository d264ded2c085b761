"""Every option that Keras has for a supported class, as its own get_config() lists them, is honoured or refused."""

from functools import cache
from types import SimpleNamespace

import networks
import oracle
import pytest
from test_layers import randomize

import sparsepixels_lib as sp
from sparsepixels_lib.network import probes
from sparsepixels_lib.network.models import QActivation, QConv2D, QDense
from sparsepixels_lib.network.ranges import ranges
from sparsepixels_lib.network.supported import OPTIONS, check_layers

keras = sp.models.keras
W = {"kernel_quantizer": "quantized_bits(6,2,alpha=1)", "bias_quantizer": "quantized_bits(6,2,alpha=1)"}
IMAGES = probes.corner_images(6, 8, 2, 5)
FREE = {  # without a bearing on predictions: nothing that is emitted may change
    "name": ["another"], "trainable": [False], "kernel_initializer": ["zeros"], "bias_initializer": ["ones"],
    "kernel_regularizer": ["l2"], "bias_regularizer": ["l1"], "activity_regularizer": ["l2"],
    "kernel_constraint": ["non_neg"], "bias_constraint": ["non_neg"], "kernel_range": [3.0], "bias_range": [2.0],
}  # fmt: skip
POLICIES = ["float16", "bfloat16", "float64", "mixed_bfloat16"]
TRIED = {  # other values than the base networks have; the first two are honoured where any are
    "n_active": [7, 48],
    "threshold": [0.3, 0.5],
    "input_quantizer": ["quantized_relu(5,0)", "quantized_bits(6,0,alpha=1)"],
    "selection": ["largest", "adaptive", "first"],  # of what they do with one channel: test_selection.py
    "levels": [(0.0, 0.5)],
    "patch": [(2, 2), (4, 4)],
    "filters": [3, 1],
    "units": [4, 1],
    "kernel_size": [(1, 3), (5, 3), (2, 4)],
    "use_bias": [False],
    "kernel_quantizer": [
        "quantized_bits(8,0,1,alpha=1)", "quantized_bits(5,1,0,0,alpha=1)", "quantized_bits(4,0)",
        "quantized_bits(4,0,alpha='auto')", "quantized_po2(4)", "binary()", "stochastic_ternary()",
    ],
    "bias_quantizer": [
        "quantized_bits(3,0,alpha=1)", "quantized_relu(7,3)", "quantized_bits(0,0,alpha=1)", "ternary()",
    ],
    "pool_size": [(1, 2), (2, 1)],
    "image_shape": [(7, 8), (3, 3)],
    "reciprocal_bits": [9, 12, -1],
    "output_quantizer": ["quantized_relu(6,2)", "quantized_bits(7,1,1,alpha=1)", "quantized_tanh(4)"],
    "strides": [(2, 1), (1, 2), (3, 3)],
    "padding": ["valid", "same", "causal"],
    "data_format": ["channels_first"],
    "dilation_rate": [(2, 2), (1, 2)],
    "groups": [2],
    "activation": [
        "quantized_relu(4,1)", "quantized_bits(5,2,1,alpha=1)", "linear", "softmax", "relu", "tanh",
        "quantized_tanh(4)", "quantized_relu(4,1,negative_slope=0.5)",
    ],
    "dtype": POLICIES,
    "batch_input_shape": [(3, 6, 8, 2)], "sparse": [True], "ragged": [True], "optional": [True],
}  # fmt: skip


@cache
def base(kind: str) -> keras.Model:
    image = keras.Input((6, 8, 2))
    if kind == "sparse":
        x, hash = sp.InputReduce(5)(image)
        x = QActivation("quantized_relu(6,2)")(sp.QConv2DSparse(2, 3, **W)([x, hash]))
        x = QActivation("quantized_relu(6,2)")(sp.QDepthwiseConv2DSparse((3, 5), **W)([x, hash]))
        x, hash = sp.AveragePooling2DSparse(2, (6, 8))([x, hash])
        x, hash = sp.MaxPooling2DSparse((1, 2), (3, 4))([x, hash])
        x = sp.SparseFlatten((3, 2))([x, hash])
    else:
        x = QConv2D(2, 3, padding="same", **W)(QActivation("quantized_relu(8,0)")(image))
        x = keras.layers.AveragePooling2D(2)(QActivation("quantized_relu(6,2)")(x))
        x = keras.layers.Flatten()(keras.layers.MaxPooling2D((1, 2))(x))
    x = QActivation("quantized_relu(8,3)")(QDense(3, **W)(x))
    return keras.Model(image, keras.layers.Activation("sigmoid")(QDense(2, **W)(x)))


def changed(kind: str, changes: dict) -> keras.Model:
    """The base network with other options {class: {option: value}} in the first layer of each class."""
    changes = dict(changes)

    def clone(layer):
        return type(layer).from_config(layer.get_config() | changes.pop(type(layer), {}))

    model = keras.models.clone_model(base(kind), clone_function=clone)
    randomize(model, 2)
    return model


CASES = [
    (kind, type(layer), option, value)
    for kind in ("sparse", "standard")
    for layer in {type(layer): layer for layer in base(kind).layers}.values()
    for option in OPTIONS[type(layer)]
    for value in {**FREE, **TRIED}[option]
    if type(layer) is not keras.layers.InputLayer
]


def around(kind: str, cls: type, changes: dict) -> keras.Model:
    """The first layer of a class in the base network, with changed options, between what it needs and a flattening."""
    first = next(layer for layer in base(kind).layers if type(layer) is cls)
    layer, image = cls.from_config(first.get_config() | changes), keras.Input((6, 8, 2))
    flat = keras.layers.Flatten(name="flat")
    if cls is sp.InputReduce:
        model = keras.Model(image, sp.SparseFlatten((6, 8))(layer(image)))
    elif cls in (sp.QConv2DSparse, sp.SparseFlatten) or "2DSparse" in cls.__name__:
        shape = (6, 8) if cls is not sp.MaxPooling2DSparse and cls is not sp.SparseFlatten else first.image_shape
        reduce = sp.InputReduce(5)
        if shape != (6, 8):
            image = keras.Input((*shape, 2))
        x, hash = reduce(image)
        out = layer([x, hash])
        if cls is sp.SparseFlatten:
            model = keras.Model(image, out)
        elif cls in (sp.QConv2DSparse, sp.QDepthwiseConv2DSparse):
            model = keras.Model(image, sp.SparseFlatten(shape)([out, hash]))
        else:
            pooled = tuple(s // p for s, p in zip(layer.image_shape, layer.pool_size, strict=True))
            model = keras.Model(image, sp.SparseFlatten(pooled)(out))
    elif cls is keras.layers.Flatten:
        model = keras.Model(image, layer(QActivation("quantized_relu(8,0)", name="pixels")(image)))
    elif cls in (QDense, keras.layers.Activation):
        model = keras.Model(image, layer(flat(QActivation("quantized_relu(8,0)", name="pixels")(image))))
    else:
        model = keras.Model(image, flat(layer(QActivation("quantized_relu(8,0)", name="pixels")(image))))
    randomize(model, 2)
    return model


def test_the_tables_know_every_option_that_keras_has():
    for kind in ("sparse", "standard"):
        for layer in base(kind).layers:
            assert set(layer.get_config()) == set(OPTIONS[type(layer)])
            assert set(OPTIONS[type(layer)]) <= {*FREE, *TRIED}
    assert {type(layer) for kind in ("sparse", "standard") for layer in base(kind).layers} == set(OPTIONS)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c[0]}-{c[1].__name__}-{c[2]}-{c[3]}")
def test_an_option_is_honoured_or_refused_by_name(case):
    kind, cls, option, value = case
    try:
        model = around(kind, cls, {option: value})
        images = probes.corner_images(*model.input_shape[1:], 5)
        found = sp.exact_predict(model, images)
    except (ValueError, TypeError) as error:
        assert option not in FREE
        assert any(part in str(error) for part in (option, str(value).split("(")[0], "image_shape", "layer"))
        return
    expected = oracle.predict(networks.describe(model), images)
    assert (found == expected).all()
    if option in FREE:
        plain = around(kind, cls, {})
        plain.set_weights(model.get_weights())
        assert (expected == oracle.predict(networks.describe(plain), images)).all()


@pytest.mark.parametrize("value", [p for p in POLICIES if p != "mixed_bfloat16"])
@pytest.mark.parametrize("kind", ["sparse", "standard"])
def test_options_of_the_input_are_refused(kind, value):
    image = keras.Input((6, 8, 2), dtype=value)
    model = keras.Model(image, keras.layers.Flatten()(QActivation("quantized_relu(8,0)")(image)))
    with pytest.raises(ValueError, match="dtype"):
        ranges(model)


def honoured_alone(kind: str, cls: type, option: str, value) -> bool:
    """Whether the table of options lets the first layer of a class have the value."""
    first = next(layer for layer in base(kind).layers if type(layer) is cls)
    try:
        check_layers(SimpleNamespace(layers=[cls.from_config(first.get_config() | {option: value})]))
        return True
    except (ValueError, TypeError):
        return False


def with_honoured(kind: str, changes: dict, cases: list) -> dict:
    """`changes` and those of `cases` that go with them: all at once, or else one half after the other."""
    together = {cls: dict(options) for cls, options in changes.items()}
    for cls, option, value in cases:
        together.setdefault(cls, {})[option] = value
    try:
        ranges(changed(kind, together))
        return together
    except (ValueError, TypeError):  # not honoured, or a pool whose image is another now
        if len(cases) == 1:
            return changes
    half = len(cases) // 2
    return with_honoured(kind, with_honoured(kind, changes, cases[:half]), cases[half:])


@pytest.mark.parametrize("kind", ["sparse", "standard"])
@pytest.mark.parametrize("turn", [0, 1])
def test_all_honoured_options_together_are_exact_through_to_rtl(kind, turn, tmp_path, state_count):
    """The first, then the second honoured value of every option at once, as far as they go together."""
    cases = [
        (cls, option, value)
        for case_kind, cls, option, value in CASES
        if (case_kind, {**FREE, **TRIED}[option].index(value)) == (kind, turn) and option not in ("name", "image_shape")
    ]
    changes = with_honoured(kind, {}, [case for case in cases if honoured_alone(kind, *case)])
    assert changes.keys() >= {
        QActivation,
        *([sp.QConv2DSparse, sp.QDepthwiseConv2DSparse] if kind == "sparse" else [QConv2D]),
    }
    assert sum(map(len, changes.values())) >= (18 if turn == 0 else 10)
    model = changed(kind, changes)
    expected = oracle.predict(networks.describe(model), IMAGES)
    hls_model = sp.convert(model, tmp_path / "hls")
    assert (sp.emulate(hls_model, IMAGES) == expected).all()
    assert (sp.simulate(sp.emit_rtl(hls_model, tmp_path / "rtl"), IMAGES).logits == expected).all()
    tried = "; ".join(f"{cls.__name__}: {', '.join(options)}" for cls, options in changes.items())
    state_count(f"{kind} network with {tried}: {expected.size} logits in C++ and RTL, 0 mismatches")
