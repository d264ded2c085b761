"""Which pixels get a slot: by pencil, and against the oracle at every corner of the levels, in Keras and in C++."""

import networks
import numpy as np
import oracle
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from test_layers import randomize

import sparsepixels_lib as sp
from sparsepixels_lib.network import probes
from sparsepixels_lib.network.models import QActivation, QDense

keras = tf.keras
ROW = np.array([0.125, 0.5, 0.25, 0.875, 0.375, 0.625, 0, 0.625], np.float32).reshape(1, 1, 8, 1)
W = {"kernel_quantizer": "quantized_bits(8,2,alpha=1)", "bias_quantizer": "quantized_bits(8,2,alpha=1)"}
LEVELS = (0.0, 0.25, 0.5, 0.625)
CHOICES = [
    {"selection": "adaptive", "levels": LEVELS},
    {"selection": "adaptive", "levels": (0.0, 0.4375)},
    {"selection": "largest"},
    {"patch": (2, 3)},
    {"patch": (3, 2), "selection": "adaptive", "levels": LEVELS},
    {"patch": 2, "selection": "largest"},
]


def kept(image, n, **how):
    """Columns of the pixels of an image of one row that get a slot, in the order of the slots."""
    features, hash = (t.numpy()[0] for t in sp.InputReduce(n, **how)(tf.constant(image)))
    used = hash[:, 0] > 0
    assert not used[np.argmin(used) :].any() or used.all()
    assert features[used, 0].tolist() == image[0, 0, hash[used, 1] - 1, 0].tolist()
    return hash[used, 1].tolist()


@pytest.mark.parametrize(
    ("n", "levels", "expected"),
    [
        (7, LEVELS, [1, 2, 3, 4, 5, 6, 8]),  # all seven fit
        (6, LEVELS, [1, 2, 4, 5, 6, 8]),  # five above .25 (.25 is not), then the first at or below it: .125
        (5, LEVELS, [2, 4, 5, 6, 8]),  # exactly the five above .25: nothing to fill
        (4, LEVELS, [2, 4, 6, 8]),  # three above .5, then the first of .5 and .375
        (2, LEVELS, [4, 6]),  # one above .625, then the first of .625 and .625
        (1, LEVELS, [4]),
        (1, LEVELS[:3], [4]),  # three are above the highest level: the first of them
        (2, (0.0, 0.5), [4, 6]),
        (2, (0.0,), [1, 2]),
    ],
)
def test_an_adaptive_threshold_by_hand(n, levels, expected):
    assert kept(ROW, n, selection="adaptive", levels=levels) == expected


@pytest.mark.parametrize(
    ("n", "expected"), [(1, [4]), (2, [4, 6]), (3, [4, 6, 8]), (4, [2, 4, 6, 8]), (8, [1, 2, 3, 4, 5, 6, 8])]
)
def test_the_largest_by_hand_of_equals_the_first(n, expected):
    assert kept(ROW, n, selection="largest") == expected


def test_the_largest_are_active_ones():
    assert kept(ROW, 8, selection="largest", threshold=0.375) == [2, 4, 6, 8]


def test_what_is_ranked_is_the_quantised_pixel():
    image = np.array([0.5, 0.501, 0.504], np.float32).reshape(1, 1, 3, 1)  # codes 128, 128, 129
    assert kept_hash(image, 2, selection="largest") == [1, 3]
    assert kept_hash(image, 1, selection="adaptive", levels=(0, 0.5)) == [3]


def kept_hash(image, n, **how):
    return sp.InputReduce(n, **how)(tf.constant(image))[1].numpy()[0, :, 1].tolist()


def test_a_patch_by_hand():
    image = np.zeros((1, 4, 6, 1), np.float32)
    image[0, 1, 2], image[0, 0, 3], image[0, 3, 5], image[0, 3, 4] = 0.25, 0.5, 0.75, 0.125
    features, hash = (t.numpy()[0] for t in sp.InputReduce(3, patch=(2, 2))(tf.constant(image)))
    assert hash.tolist() == [[1, 2], [2, 3], [0, 0]]
    assert features.tolist() == [[0.5, 0, 0.5, 0.25, 0], [0.75, 0, 0, 0.125, 0.75], [0] * 5]


def test_one_level_is_raster_order():
    images = tf.constant(probes.corner_images(6, 7, 2, 5))
    for threshold in (0.0, 0.3):
        raster = sp.InputReduce(5, threshold)(images)
        adaptive = sp.InputReduce(5, threshold, selection="adaptive", levels=[threshold])(images)
        assert all((a.numpy() == b.numpy()).all() for a, b in zip(raster, adaptive, strict=True))


def corners(n: int, shape=(6, 6), levels=LEVELS, seed=0) -> np.ndarray:
    """Images (B, H, W, 1): for every level n - 1, n and n + 1 pixels above it; ties at it; all equal; and a row that
    lifts the level by two."""
    rng, area = np.random.default_rng(seed), shape[0] * shape[1]
    images = [np.zeros(area), np.ones(area)]
    for low, high in zip(levels, (*levels[1:], 1.0), strict=True):
        images += [np.full(area, high - 1 / 256), np.full(area, high), np.full(area, low)]
        for count in (n - 1, n, n + 1, 2 * n):
            for below in (low, low / 2):  # the others at the level, and below it
                image = np.full(area, below)
                image[rng.choice(area, min(count, area), replace=False)] = rng.uniform(
                    low + min(1 / 128, (high - low) / 2), high
                )
                images.append(image * (rng.random(area) < 0.8) if below else image)
    rising = np.sort(rng.uniform(0, 1, area))
    images += [rising, rising[::-1], np.repeat(rising[:: shape[1]], shape[1])]
    jump = np.full(area, 1 / 256)
    jump[shape[1] : 2 * shape[1]] = np.resize([1 / 256, 0.45, 0.99], shape[1])  # two levels within a row
    images += [jump, np.where(rng.random(area) < 0.5, jump, 0.99)]
    return np.stack(images).reshape(-1, *shape, 1).astype(np.float32)


def pixel_view(layer, images):
    return sp.densify(*layer(tf.constant(images, tf.float32)), layer.image_shape).numpy()


@pytest.mark.parametrize("how", CHOICES, ids=str)
@pytest.mark.parametrize("n", [1, 4, 6])
def test_keras_and_the_exact_rule_are_the_oracle_at_every_corner(how, n):
    images, image = corners(n), keras.Input((6, 6, 1))
    layer = sp.InputReduce(n, **how)
    compact = layer(image)
    model = keras.Model(image, sp.SparseFlatten(layer.image_shape)(compact))
    (step, _) = networks.describe(model)
    expected = oracle.trace([step], images)[0]
    assert (pixel_view(layer, images) == expected).all()
    assert (sp.exact_predict(model, images).reshape(expected.shape) == expected).all()
    assert expected.any(axis=-1).sum() > n * 10


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_any_selection_of_any_image_is_the_oracles(seed):
    rng = np.random.default_rng(seed)
    bits, patch = int(rng.integers(2, 9)), [None, (1, 2), (2, 1), (2, 3), (3, 3)][rng.integers(5)]
    (height, width), channels = rng.integers(1, 4, 2) * (patch or (2, 2)), 1 if patch else int(rng.integers(1, 3))
    cells = height * width // (patch[0] * patch[1] if patch else 1)
    codes = np.arange(2**bits - 1) / 2**bits
    levels = tuple(np.sort(rng.choice(codes, min(len(codes), int(rng.integers(1, 5))), replace=False)).tolist())
    how = [{}, {"selection": "adaptive", "levels": levels}, {"selection": "largest"}][
        rng.integers(3 if channels == 1 else 2)
    ]
    layer = sp.InputReduce(int(rng.integers(1, cells + 1)), levels[0], f"quantized_relu({bits},0)", patch=patch, **how)
    images = (rng.integers(0, 2 ** (bits + 1) + 1, (20, height, width, channels)) / 2 ** (bits + 1)).astype(np.float32)
    images *= rng.random(images.shape[:3])[..., None] < rng.random((20, 1, 1, 1))
    found = pixel_view(layer, images)
    config = layer.get_config()
    grid = oracle.Grid(config["input_quantizer"])
    given_ = {name: config[name] for name in ("threshold", "selection", "levels", "patch")}
    expected = oracle.input_reduce(images, grid, n=config["n_active"], **given_)
    assert (found == expected.codes / 2.0**bits).all()
    exact, hash = layer.reduce(tf.constant(layer.format.quantize(images)), layer.format.floor)
    assert (sp.densify(exact, hash, layer.image_shape).numpy() == found).all()


@pytest.mark.parametrize("bits", [24, 25, 28, 30])
def test_pixels_around_a_level_that_float32_does_not_hold_are_active_as_the_oracle_says(bits):
    """The middle between two codes is no float32 any more: the cut must not round past a pixel."""
    grid = oracle.Grid(f"quantized_relu({bits},0)")
    levels = [float(np.ldexp(code, -bits)) for code in (0, 2 ** (bits - 1) + 1, 2 ** (bits - 1) + 2**7 + 1)]
    near = np.concatenate([np.float32(level) + np.arange(-6, 7) * np.spacing(np.float32(level)) for level in levels])
    images = np.clip(near, 0, 1).astype(np.float32).reshape(1, 3, 13, 1)
    for how in ({"selection": "adaptive", "levels": levels}, {"threshold": levels[1]}):
        layer = sp.InputReduce(20, input_quantizer=f"quantized_relu({bits},0)", **how)
        config = layer.get_config()
        expected = oracle.input_reduce(images, grid, config["threshold"], 20, config["selection"], config["levels"])
        exact, hash = layer.reduce(tf.constant(layer.format.quantize(images)), layer.format.floor)
        assert (layer(tf.constant(images))[1].numpy() == hash.numpy()).all()
        active = sp.densify(tf.ones_like(exact) * tf.cast(hash[..., :1] > 0, exact.dtype), hash, (3, 13)).numpy() > 0
        assert (active[..., 0] == expected.active).all()


def small_network(how: dict, n: int = 4, size=(6, 6)):
    image = keras.Input((*size, 1))
    reduce = sp.InputReduce(n, **how)
    x, hash = reduce(image)
    x = QActivation("quantized_relu(8,2)")(sp.QConv2DSparse(2, 3, **W)([x, hash]))
    x = sp.SparseFlatten(reduce.image_shape)([x, hash])
    model = keras.Model(image, QDense(2, **W)(x))
    randomize(model, 3)
    return model


@pytest.mark.parametrize("how", CHOICES, ids=str)
def test_cpp_is_the_oracle_at_every_corner(how, tmp_path, state_count):
    model = small_network(how)
    rng = np.random.default_rng(1)
    many = rng.uniform(0, 1, (3000, 6, 6, 1)) * (rng.random((3000, 6, 6, 1)) < rng.random((3000, 1, 1, 1)))
    images = np.concatenate([corners(4), probes.corner_images(6, 6, 1, 4), many])
    hls_model = sp.convert(model, tmp_path / "hls")
    expected = oracle.predict(networks.describe(model), images)
    assert (sp.emulate(hls_model, images) == expected).all()
    assert (sp.exact_predict(model, images) == expected).all()
    state_count(f"InputReduce with {how}: {expected.size} logits in C++, 0 mismatches")


def test_a_network_that_chooses_is_saved_trained_and_loaded(tmp_path):
    model = small_network(CHOICES[4])
    images = corners(4)
    labels = np.arange(len(images)) % 2
    sp.fit(model, (images, labels), (images, labels), epochs=1, cache=tmp_path)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.layers[1].get_config() == model.layers[1].get_config()
    assert (sp.exact_predict(loaded, images) == sp.exact_predict(model, images)).all()


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"selection": "first"}, "selection is one of 'raster', 'adaptive', 'largest', not 'first'"),
        ({"selection": "adaptive"}, "needs its levels.*fit_levels"),
        ({"selection": "adaptive", "levels": ()}, "needs its levels"),
        ({"selection": "adaptive", "levels": 0.5}, "needs its levels"),
        ({"selection": "adaptive", "levels": (0, "high")}, "a level is a number.*'high'"),
        ({"selection": "adaptive", "levels": (0, 0.5, 0.25)}, "0.25 comes after 0.5"),
        ({"selection": "adaptive", "levels": (0, 0.5, 0.5)}, "0.5 comes after 0.5"),
        ({"selection": "adaptive", "levels": (0, 0.3)}, "0.3 is not on the grid.*take 0.296875 or 0.30078125"),
        ({"selection": "adaptive", "levels": (0.25, 0.5)}, "begin with the threshold, 0.0, not with 0.25"),
        ({"selection": "adaptive", "levels": (0, 255 / 256)}, "No pixel is above the level 0.99"),
        ({"selection": "adaptive", "levels": (0, float("nan"))}, "nan comes after 0.0"),
        ({"levels": (0, 0.5)}, "levels belong to selection='adaptive', not to 'raster'"),
        ({"selection": "largest", "levels": (0, 0.5)}, "levels belong to selection='adaptive', not to 'largest'"),
        ({"patch": (0, 2)}, "patch must be a whole number"),
        ({"patch": (2, 2, 2)}, "patch must be one or two whole numbers"),
        ({"patch": 1}, "leave patch out"),
    ],
)
def test_what_makes_no_sense_is_refused_when_the_layer_is_made(given_, words):
    with pytest.raises(ValueError, match=words):
        sp.InputReduce(4, **given_)


@pytest.mark.parametrize(
    ("shape", "given_", "words"),
    [
        (
            (6, 9, 1),
            {"patch": 4},
            "Patches of \\(4, 4\\) do not divide the 6x9 image: its height of 6 can be cut by 1, 2, 3, 6",
        ),
        ((6, 9, 1), {"patch": (3, 2)}, "its width of 9 can be cut by 1, 3, 9"),
        ((6, 9, 2), {"patch": 3}, "takes images of one channel, not of 2"),
        ((6, 9, 2), {"selection": "largest"}, "ranks pixels by channel 0.*not of 2.*'adaptive'"),
        ((6, 6, 1), {"patch": 3}, "n_active = 5 is more than the 2x2 image has patches"),
    ],
)
def test_images_that_do_not_fit_are_refused_when_the_network_is_built(shape, given_, words):
    with pytest.raises(ValueError, match=words):
        sp.InputReduce(5, **given_)(keras.Input(shape))


def test_the_third_argument_stays_the_quantizer_and_old_models_load():
    layer = sp.InputReduce(5, 0.25, "quantized_relu(6,0)")
    old = {k: v for k, v in layer.get_config().items() if k not in ("selection", "levels", "patch")}
    assert sp.InputReduce.from_config(old).get_config() == layer.get_config()
    assert layer.input_quantizer == "quantized_relu(6,0)" and layer.selection == "raster"


@pytest.mark.parametrize(
    "network",
    [
        sp.Network("microboone", 8, 8, "adaptive"),
        sp.Network("microboone", 8, 20, "adaptive", (3, 3)),
        sp.Network("lhc_jets", 16, 20, "adaptive", (4, 4)),
        sp.Network("sparse_mnist", 8, 8, "adaptive"),
    ],
    ids=lambda network: network.name,
)
def test_a_reference_network_that_chooses_is_the_oracle_in_cpp_on_a_thousand_events(network, tmp_path, state_count):
    model = network.reference()
    reduce = model.get_layer("input_reduce")
    images = sp.load(network.dataset, "test", "default", n=1000).images
    size, n, levels = images.shape[1:3], network.n_active, reduce.levels
    images = np.concatenate([images, corners(n, size, levels), probes.corner_images(*size, 1, n)])
    expected = oracle.predict(networks.describe(model), images)
    exact = sp.exact_predict(model, images)
    emulated = sp.emulate(sp.convert(model, tmp_path / "hls"), images)
    assert (exact == expected).all() and (emulated == expected).all()
    state_count(f"{network.dataset}, {network}: {expected.size} logits of {len(images)} events, 0 mismatches")
