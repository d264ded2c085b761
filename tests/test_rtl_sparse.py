"""The RTL of sparse networks, simulated, against `exact_predict` and the integer oracle."""

import os
from dataclasses import replace

import networks
import numpy as np
import oracle
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st

import sparsepixels_lib as sp
from sparsepixels_lib.measure import check
from sparsepixels_lib.network import probes
from sparsepixels_lib.network.probes import cancelling, saturating, tying
from sparsepixels_lib.rtl.design import MULTIPLIERS
from sparsepixels_lib.tools.verilator import lint

keras = tf.keras


def chain(shape, n, *body, bits=8, threshold=0.0, name="tiny"):
    """A sparse network of the layers `body`: ("conv", filters, size), ("depthwise", size), ("act", quantizer),
    ("average", pool), ("average", pool, quantizer), ("max", pool), ("flatten",), ("dense", units)."""
    weights = {f"{w}_quantizer": f"quantized_bits({bits},2,alpha=1)" for w in ("kernel", "bias")}
    image = keras.Input(shape, name="image")
    x, hash = sp.InputReduce(n, threshold, f"quantized_relu({bits},0)", name="input_reduce")(image)
    size = shape[:2]
    for k, (kind, *options) in enumerate(body):
        called = {"name": name_of(k, kind)}
        if kind == "conv":
            x = sp.QConv2DSparse(*options, **weights, **called)([x, hash])
        elif kind == "depthwise":
            x = sp.QDepthwiseConv2DSparse(*options, **weights, **called)([x, hash])
        elif kind == "act":
            x = sp.models.QActivation(options[0], **called)(x)
        elif kind in ("average", "max"):
            layer = sp.AveragePooling2DSparse if kind == "average" else sp.MaxPooling2DSparse
            more = called | ({"output_quantizer": options[1]} if options[1:] else {})
            x, hash = layer(options[0], size, **more)([x, hash])
            size = tuple(s // p for s, p in zip(size, np.broadcast_to(options[0], 2).tolist(), strict=True))
        elif kind == "flatten":
            x = sp.SparseFlatten(size, **called)([x, hash])
        else:
            x = sp.models.QDense(options[0], **weights, **called)(x)
    return keras.Model(image, x, name=name)


def name_of(place, kind):
    """Of layer `place` of a body: "conv0", "dense3"."""
    return f"{kind}{place}"


def images_for(model, count, seed=0):
    """Corner images, and random ones from almost empty to full."""
    height, width, channels = model.input_shape[1:]
    rng = np.random.default_rng(seed)
    random = rng.random((count, height, width, channels))
    random *= rng.random((count, height, width, 1)) < rng.random((count, 1, 1, 1)) ** 2
    n = model.get_layer("input_reduce").n_active
    return np.concatenate([probes.corner_images(height, width, channels, n), random])


def ordinary(shape, rng):
    return rng.normal(0, 0.5, shape)


def set_weights(model, kind, seed=1):
    rng = np.random.default_rng(seed)
    model.set_weights([kind((1, *w.shape), rng).reshape(w.shape) for w in model.get_weights()])


def emitted(model, folder, design):
    return sp.emit_rtl(sp.convert(model, folder / "hls"), folder / "rtl project", design)


RELU = ("act", "quantized_relu(6,1)")
NETWORKS = {
    "as MicroBooNE: an average of 6 in the head, several channels, rows streamed": (
        ((9, 11, 2), 8, ("conv", 2, (3, 5)), RELU, ("conv", 3, 3), RELU, ("average", (2, 3)), ("flatten",))
        + (("dense", 4), RELU, ("dense", 3)),
        sp.Design(rows=2, pixels=3, interface="rows"),
    ),
    "as MNIST: two pools, the second in the head, filters one by one, no DSP": (
        ((12, 10, 1), 7, ("conv", 2, 3), RELU, ("average", 2), ("conv", 3, 3), RELU, ("average", 2), ("flatten",))
        + (("dense", 5), RELU, ("dense", 2)),
        sp.Design(rows=5, pixels=2, filters=1, multipliers="lut"),
    ),
    "signed activations, a maximum, pools one behind the other, an average that rounds": (
        ((13, 9, 1), 6, ("conv", 2, 5), ("act", "quantized_bits(6,1,1,alpha=1)"), ("max", (2, 1)))
        + (("average", 3, "quantized_bits(7,1,alpha=1)"), ("flatten",), ("dense", 3)),
        sp.Design(rows=1, pixels=6, multipliers="dsp"),
    ),
    "no activation, an average of 9, a kernel wider than twice the image behind it, a maximum before the head": (
        ((12, 12, 1), 5, ("conv", 1, 3), ("average", 3), ("conv", 2, (1, 9)), ("max", (1, 2)), ("average", (2, 1)))
        + (("flatten",), ("dense", 2)),
        sp.Design(rows=3, pixels=5),
    ),
    "two slots, a whole image and all slots a cycle: an event every other cycle": (
        ((9, 6, 2), 2, ("max", (2, 3)), ("conv", 2, 3), RELU, ("flatten",), ("dense", 2)),
        sp.Design(rows=9, pixels=2, period=6.1),
    ),
    "one slot and a maximum": (((4, 5, 1), 1, ("max", 2), ("flatten",), ("dense", 2)), sp.Design(rows=4, pixels=1)),
    "depthwise convolutions of three channels, the second wider than 9 bits, with a remainder of slots": (
        ((8, 9, 3), 7, ("depthwise", (3, 5)), ("act", "quantized_bits(11,2,alpha=1)"), ("depthwise", 3), RELU)
        + (("average", 2), ("conv", 2, 1), RELU, ("flatten",), ("dense", 2)),
        sp.Design(rows=3, pixels=3),
    ),
    "no convolution at all": (
        ((5, 6, 2), 4, ("flatten",), RELU, ("dense", 3), ("act", "quantized_bits(5,3,alpha=1)"), ("dense", 2)),
        sp.Design(rows=8, pixels=3),
    ),
}


@pytest.mark.parametrize(
    ("name", "weights", "bits"),
    list(zip(NETWORKS, [ordinary] * 7 + [cancelling], [8, 8, 8, 6, 8, 8, 8, 16], strict=True)),
)
def test_the_rtl_equals_keras_and_the_oracle_whatever_the_events_do(name, weights, bits, tmp_path, state_count):
    body, design = NETWORKS[name]
    model = chain(*body, bits=bits)
    set_weights(model, weights)
    project = emitted(model, tmp_path, design)
    images = images_for(model, 150)
    expected = oracle.predict(networks.describe(model), images)
    assert (sp.exact_predict(model, images) == expected).all()
    single, full_rate = sp.simulate(project, images, back_to_back=False), sp.simulate(project, images)
    gaps = sp.simulate(project, images, gaps=0.3)
    reset = sp.simulate(project, images, reset_at={2: 3, 9: min(11, int(single.latency[0]) - 2), 10: 0})
    for run in (single, full_rate, gaps, reset):
        assert (run.logits == expected).all()
    assert len(np.unique(expected)) > 10
    assert len(set(single.latency)) == 1
    assert full_rate.ii == (project.ii, project.ii)
    assert lint(project) == []
    state_count(f"RTL, {name}, {weights.__name__} weights: {4 * expected.size} logits, 0 mismatches")


@st.composite
def networks_and_designs(draw):
    """A small network of layers in any order that makes sense, any knobs, also of one layer, and gaps and a reset."""
    height, width, channels = draw(st.integers(4, 12)), draw(st.integers(4, 12)), draw(st.integers(1, 2))
    bits, size = draw(st.sampled_from([5, 8, 12, 16])), (height, width)  # above 9, sums have a register more
    act = st.sampled_from([RELU, ("act", "quantized_relu(12,2)"), ("act", "quantized_bits(7,1,alpha=1)")])
    body = []
    kinds = st.sampled_from(["conv", "conv", "depthwise", "average", "max"])
    for kind in draw(st.lists(kinds, min_size=1, max_size=3)):
        if kind == "conv":
            kernel = draw(st.sampled_from([1, 3, 5])), draw(st.sampled_from([1, 3, 7, 9]))
            body += [("conv", draw(st.integers(1, 3)), kernel), draw(act)]
        elif kind == "depthwise":
            body += [("depthwise", draw(st.sampled_from([1, 3, 5]))), draw(act)]
        else:
            pool = draw(st.integers(1, 3)), draw(st.integers(1, 3))
            if pool[0] <= size[0] and pool[1] <= size[1]:
                size = size[0] // pool[0], size[1] // pool[1]
                rounded = kind == "average" and draw(st.booleans())
                body.append((kind, pool, "quantized_bits(7,1,alpha=1)") if rounded else (kind, pool))
    body += [("flatten",), ("dense", draw(st.integers(1, 5)))]
    if draw(st.booleans()):
        body += [draw(act), ("dense", draw(st.integers(1, 3)))]
    n = draw(st.integers(1, 9))
    pixels, multipliers = draw(st.integers(1, n + 1)), draw(st.sampled_from(MULTIPLIERS))
    if convolutions := [name_of(k, kind) for k, (kind, *_) in enumerate(body) if kind == "conv"]:
        one = draw(st.sampled_from([None, *convolutions]))
        pixels = {"default": pixels, one: draw(st.integers(1, n))} if one else pixels
        multipliers = {"default": multipliers, one: draw(st.sampled_from(MULTIPLIERS))} if one else multipliers
    design = sp.Design(
        rows=draw(st.integers(1, height + 2)),
        pixels=pixels,
        filters=draw(st.sampled_from([None, 1, 2])),
        multipliers=multipliers,
        interface=draw(st.sampled_from(["image", "rows"])),
        period=draw(st.sampled_from([4.8, 5.0, 6.0, 10.0])),
    )
    threshold, disturbed = draw(st.sampled_from([0.0, 0.3])), {"gaps": draw(st.sampled_from([0.2, 0.7]))}
    disturbed["reset"] = draw(st.integers(0, 50)), draw(st.integers(0, 20))
    return ((height, width, channels), n, *body), bits, threshold, design, disturbed


@settings(  # no shrinking: every network is a compilation of some seconds; `make verify` tries more
    max_examples=int(os.environ.get("SPARSEPIXELS_RANDOM_NETWORKS", 4)),
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(networks_and_designs(), st.sampled_from([ordinary, tying, cancelling, saturating]))
def test_random_small_networks_are_equal_for_all_knobs(tmp_path_factory, state_count, drawn, weights):
    body, bits, threshold, design, disturbed = drawn
    model = chain(*body, bits=bits, threshold=threshold)
    set_weights(model, weights)
    images = images_for(model, 100)
    try:
        expected = oracle.predict(networks.describe(model), images)
    except OverflowError:  # several averages in a row that do not round: more digits than a float64 of the oracle has
        reject()
    try:
        project = emitted(model, tmp_path_factory.mktemp("rtl"), design)
    except ValueError as error:
        assert "ns is too short for it" in str(error) and design.period < 10
        project = emitted(model, tmp_path_factory.mktemp("rtl"), replace(design, period=10.0))
    single, full_rate = sp.simulate(project, images, back_to_back=False), sp.simulate(project, images)
    (event, cycle), gaps = disturbed["reset"], disturbed["gaps"]
    reset = {event: min(cycle, int(single.latency[0]) - 2)}
    for run in (single, full_rate, sp.simulate(project, images, gaps=gaps, reset_at=reset)):
        assert (run.logits == expected).all()
    assert full_rate.ii == (project.ii, project.ii)
    state_count(f"RTL, random network {body}, {design}: {3 * expected.size} logits, 0 mismatches")


def test_rows_pixels_and_filters_change_cycles_as_documented(tmp_path):
    """12 rows, 8 slots, a convolution of 4 filters: chunks of rows, groups of slots times groups of filters."""
    model = chain((12, 5, 1), 8, ("conv", 4, 3), RELU, ("flatten",), ("dense", 1))
    set_weights(model, ordinary)
    hls_model, images = sp.convert(model, tmp_path / "hls"), images_for(model, 5)

    def measured(**knobs):
        project = sp.emit_rtl(hls_model, tmp_path / "rtl", sp.Design(**knobs))
        return sp.simulate(project, images, back_to_back=False).latency[0], project.ii

    base, ii = measured(rows=4, pixels=8)
    assert ii == 3
    # Six chunks or four beats: three cycles more, but smaller sums behind them
    more = {"rows": 2, "pixels": 8}, {"rows": 4, "pixels": 2}, {"rows": 4, "pixels": 4, "filters": 2}
    for knobs, beats in zip(more, (6, 4, 4), strict=True):
        latency, ii = measured(**knobs)
        assert ii == beats
        assert base < latency <= base + 3
    assert measured(rows=5, pixels=8) == (base, 3)  # three chunks of four rows, too


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"rows": 0}, "rows a cycle must be a whole number, at least 1, not 0"),
        ({"pixels": {"conv1": 2.5}}, "pixels of conv1 a cycle .* not 2.5"),
        ({"filters": True}, "filters a cycle"),
        ({"multipliers": {"conv1": "bram"}}, "multipliers of conv1: one of auto, dsp, lut, not 'bram'"),
        ({"interface": "stream"}, 'choose "image" or "rows"'),
    ],
)
def test_knobs_that_make_no_sense_are_refused_in_words(knobs, message):
    with pytest.raises(ValueError, match=message):
        sp.Design(**knobs)


def test_a_knob_of_a_layer_that_is_not_there_is_refused(tmp_path):
    model = chain((4, 4, 1), 3, ("flatten",), ("dense", 1))
    with pytest.raises(ValueError, match="pixels: no knob of conv9; the layers that have it: dense1"):
        emitted(model, tmp_path, sp.Design(pixels={"conv9": 2}))


def test_a_network_that_does_not_end_in_dense_layers_is_refused_by_name(tmp_path):
    model = chain((4, 4, 1), 3, ("conv", 1, 3), RELU, ("flatten",))
    with pytest.raises(ValueError, match="flatten2.*: a dense layer must follow"):
        emitted(model, tmp_path, sp.Design())


@pytest.mark.parametrize("kind", ["sparse", "standard"])
def test_the_open_flow_gives_cycles_and_luts_and_a_project_that_stands_alone(kind, tmp_path, monkeypatch):
    pytest.importorskip("pyosys", reason="Yosys is an optional extra")
    if kind == "sparse":
        model = chain((5, 6, 1), 3, ("conv", 1, 3), RELU, ("flatten",), ("dense", 1))
    else:
        image = keras.Input((5, 6, 1))
        x = sp.models.QActivation("quantized_relu(8,0)")(image)
        weights = {f"{w}_quantizer": "quantized_bits(8,2,alpha=1)" for w in ("kernel", "bias")}
        x = sp.models.QConv2D(1, 3, padding="same", **weights)(x)
        x = keras.layers.Flatten()(sp.models.QActivation("quantized_relu(6,1)")(x))
        model = keras.Model(image, sp.models.QDense(1, **weights)(x), name="tiny")
    set_weights(model, ordinary)
    table = sp.synthesize(sp.convert(model, tmp_path / "hls"), flow="open", design=sp.Design(rows=5, pixels=3))
    top = table.set_index("module").loc["TOP"]
    assert top["lut"] == table["lut"].iloc[:-1].sum() > 0
    assert 0 < top["levels"] <= 12
    assert top["latency_min"] == top["latency_max"] > top["ii"] > 0
    assert set(table["stage"]) == {"yosys"}
    folder = tmp_path / "hls" / "rtl"
    assert "simulated with Verilator" in (folder / "README.md").read_text()
    assert (folder / "testbench" / "logits.hex").read_text().count("\n") == 20


def test_options_of_the_open_flow_are_refused_elsewhere(tmp_path):
    model = chain((4, 4, 1), 3, ("flatten",), ("dense", 1))
    with pytest.raises(TypeError, match="design: only flow='open'"):
        sp.synthesize(sp.convert(model, tmp_path), design=sp.Design())


def test_a_wrong_logit_ends_the_open_flow(tmp_path, monkeypatch):
    model = chain((4, 4, 1), 3, ("flatten",), ("dense", 1))
    set_weights(model, ordinary)
    hls_model = sp.convert(model, tmp_path)
    monkeypatch.setattr(check, "exact_predict", lambda *_: np.full((20, 1), 1e6))
    with pytest.raises(RuntimeError, match="RTL differs from exact_predict in 20 of 20 events, first in event 0"):
        sp.synthesize(hls_model, flow="open", design=sp.Design(rows=4))
