"""The RTL of networks that choose their pixels, simulated at every corner of the choice, against the integer oracle."""

import re
from pathlib import Path

import networks
import numpy as np
import oracle
import pytest
import tensorflow as tf
from test_layers import randomize
from test_selection import LEVELS, W, corners, small_network

import sparsepixels_lib as sp
from sparsepixels_lib.network import probes
from sparsepixels_lib.network.models import QActivation, QDense
from sparsepixels_lib.rtl.sparse import logic
from sparsepixels_lib.rtl.steps import steps
from sparsepixels_lib.tools.verilator import lint

keras = tf.keras
SPARSE_RTL = Path(__file__).parents[1] / "hls/rtl/sparse"
EIGHT = (0.0, 0.125, 0.25, 0.375, 0.4375, 0.5, 0.625, 0.75)


def adaptive(levels, **how):
    return {"selection": "adaptive", "levels": levels, "threshold": levels[0], **how}


def images_for(model, seed=0, count=250):
    """Corners of the levels of a network, corner images, and random ones from almost empty to full."""
    reduce, rng = model.layers[1], np.random.default_rng(seed)
    *size, channels = model.input_shape[1:]
    n, levels = reduce.n_active, reduce.levels or (reduce.threshold,)
    known = np.repeat(corners(n, tuple(size), levels), channels, axis=-1)
    random = rng.random((count, *size, channels))
    random *= rng.random((count, *size, 1)) < rng.random((count, 1, 1, 1)) ** 2
    rising = np.sort(random[:40, ..., :1].reshape(40, -1), axis=1).reshape(40, *size, 1)  # every level on the way
    scale = 1 if reduce.format.min == 0 else np.sign(rng.uniform(-1, 4, (count, *size, channels)))
    images = [known, probes.corner_images(*size, channels, n), random * scale, np.repeat(rising, channels, axis=-1)]
    return np.concatenate(images).astype(np.float32)


def check(model, folder, design, images):
    """Simulated alone, back to back, and with gaps and resets: the oracle's logits each time. Returns the project."""
    expected = oracle.predict(networks.describe(model), images)
    project = sp.emit_rtl(sp.convert(model, folder / "hls"), folder / "rtl", design)
    single, full_rate = sp.simulate(project, images, back_to_back=False), sp.simulate(project, images)
    disturbed = sp.simulate(project, images, gaps=0.3, reset_at={3: 1, 20: 9, 21: 0})
    for run in (single, full_rate, disturbed):
        assert (run.logits == expected).all()
    assert len(np.unique(expected)) > 10
    assert full_rate.ii == (project.ii, project.ii)
    return project, single


def rich_network(n, pixel, size, channels, **how):
    """Two channels or a signed quantizer, with a pooling behind."""
    image = keras.Input((*size, channels))
    reduce = sp.InputReduce(n, input_quantizer=pixel, **how)
    x, hash = reduce(image)
    x = QActivation("quantized_relu(8,2)")(sp.QConv2DSparse(2, 3, **W)([x, hash]))
    x, hash = sp.MaxPooling2DSparse(2, reduce.image_shape)([x, hash])
    x = sp.SparseFlatten([length // 2 for length in reduce.image_shape])([x, hash])
    model = keras.Model(image, QDense(2, **W)(x), name="rich")
    randomize(model, 3)
    return model


CASES = {
    "a row a cycle": (lambda: small_network(adaptive(LEVELS)), sp.Design(rows=1)),
    "two levels, rows that do not divide the height, streamed": (
        lambda: small_network(adaptive((0.0, 0.4375)), 9, (7, 35)),
        sp.Design(rows=3, interface="rows"),
    ),
    "eight levels, as many slots as pixels in a group": (
        lambda: small_network(adaptive(EIGHT), 20, (9, 16)),
        sp.Design(rows=4, pixels=5),
    ),
    "one slot, more rows than the image has": (lambda: small_network(adaptive(LEVELS), 1), sp.Design(rows=8, pixels=1)),
    "one level is raster order": (lambda: small_network(adaptive((0.25,))), sp.Design(rows=2)),
    "two channels of 16 bits": (
        lambda: rich_network(7, "quantized_relu(16,0)", (8, 11), 2, **adaptive((0.25, 0.5, 0.75))),
        sp.Design(rows=3),
    ),
    "signed pixels": (
        lambda: rich_network(6, "quantized_bits(8,0,alpha=1)", (6, 17), 1, **adaptive(LEVELS)),
        sp.Design(rows=2, interface="rows"),
    ),
    "patches in raster order, streamed": (
        lambda: small_network({"patch": (2, 3)}, 4, (10, 9)),
        sp.Design(rows=5, interface="rows"),  # two rows of patches
    ),
    "signed patches of two": (
        lambda: rich_network(5, "quantized_bits(8,0,alpha=1)", (6, 10), 1, patch=(1, 2)),
        sp.Design(rows=4),
    ),
    "an adaptive threshold on patches": (
        lambda: small_network(adaptive(LEVELS, patch=(3, 2)), 6, (15, 14)),
        sp.Design(rows=6),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_rtl_of_a_choice_is_the_oracle_at_every_corner(name, tmp_path, state_count):
    build, design = CASES[name]
    model = build()
    images = images_for(model)
    project, single = check(model, tmp_path, design, images)
    assert len(set(single.latency)) == 1
    assert lint(project) == []
    state_count(f"RTL, {name}: {3 * len(images)} events, 0 mismatches")


def test_an_adaptive_threshold_takes_as_many_cycles_more_as_the_modules_say(tmp_path):
    said = [
        re.search(r"out_valid is high (\w+) cycles after", (SPARSE_RTL / f"{module}.sv").read_text())[1]
        for module in ("input_reduce", "adaptive_reduce")
    ]
    assert said == ["three", "13"]
    latency = []
    for how in ({}, adaptive(LEVELS)):
        model = small_network(how)
        project = sp.emit_rtl(sp.convert(model, tmp_path / "hls"), tmp_path / "rtl", sp.Design(rows=2))
        latency.append(sp.simulate(project, corners(4)[:5], back_to_back=False).latency[0])
    assert latency[1] - latency[0] == 13 - 3 - 1  # of raster order CUT_ABOVE, which a period of 5 ns takes


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"selection": "largest"}, "selection='largest' has no RTL: it would have to sort.*'adaptive'"),
        (adaptive((*EIGHT, 0.875)), "with 9 levels has no RTL.*at most 8"),
    ],
)
def test_a_choice_without_rtl_is_refused_by_name(how, words, tmp_path):
    hls_model = sp.convert(small_network(how), tmp_path / "hls")
    with pytest.raises(ValueError, match=words):
        sp.emit_rtl(hls_model, tmp_path / "rtl")


def test_a_shorter_period_takes_more_cuts_until_none_are_left(tmp_path):
    raster = steps(sp.convert(small_network({}, 20, (64, 63)), tmp_path / "hls"))[0]

    def cuts(rows, period):
        needed = logic.reduction_cuts(raster, rows, period)
        assert set(needed) == {"CUT_ABOVE", "CUT_TAKE", "SUM_CUTS"}
        return needed["CUT_ABOVE"] + needed["CUT_TAKE"] + int(needed["SUM_CUTS"].split("d")[1]).bit_count()

    by_period = [cuts(8, period) for period in (10.0, 6.5, 5.0, 4.72)]
    assert by_period == sorted(by_period) and by_period[0] == 0 and by_period[2] == 2
    by_rows = [cuts(rows, 5.0) for rows in (1, 2, 8, 9, 13, 40)]
    assert by_rows == sorted(by_rows) and by_rows[3:5] == [2, 3]  # 9 rows of 4 blocks are 18 pairs, 2 x 3 x 3
    with pytest.raises(
        ValueError, match="input_reduce.*: a period of 3 ns is too short for it with 8 rows a cycle.*4.72"
    ):
        cuts(8, 3.0)


@pytest.mark.parametrize(
    "network",
    [sp.Network("microboone", 8, 8, "adaptive"), sp.Network("microboone", 8, 8, "adaptive", (3, 3))],
    ids=lambda network: network.name,
)
def test_a_reference_network_that_chooses_has_rtl(network, tmp_path, state_count):
    model = network.reference()
    reduce = model.get_layer("input_reduce")
    images = sp.load(network.dataset, "test", "default", n=150).images
    size = images.shape[1:3]
    images = np.concatenate([images, corners(8, size, reduce.levels), probes.corner_images(*size, 1, 8)])
    expected = oracle.predict(networks.describe(model), images)
    design = sp.Design()
    project = sp.emit_rtl(sp.convert(model, tmp_path / "hls"), tmp_path / "rtl", design)
    assert (sp.simulate(project, images).logits == expected).all()
    state_count(f"RTL, {network}: {len(images)} events, 0 mismatches")
