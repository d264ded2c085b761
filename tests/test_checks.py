"""The checks that convert, emulate and simulate make on their first call, and words where there was a crash."""

from threading import Thread

import keras as keras_3
import numpy as np
import pytest
import tensorflow as tf
from small_networks import IMAGES, W, expected, keras, sparse, standard
from tensorflow_model_optimization.sparsity.keras import prune_low_magnitude

import sparsepixels_lib as sp
from sparsepixels_lib.network import agreement, probes
from sparsepixels_lib.network.models import QActivation, QConv2D, QDense


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    return sp.convert(sparse(), tmp_path_factory.mktemp("hls"))


def test_convert_compares_keras_with_the_exact_rules_and_names_the_layer(tmp_path, monkeypatch):
    model = sparse()
    layer, right = model.get_layer("dense1"), QDense.call
    monkeypatch.setattr(layer, "call", lambda x: right(layer, x) + 2.0**-5)
    with pytest.raises(ValueError, match=r"dense1 \(features\) is the first layer that differs.* largest .*0\.03125"):
        sp.convert(model, tmp_path)
    sp.convert(model, tmp_path, check=False)


def test_the_check_of_convert_allows_what_float32_rounds_and_no_more():
    """Wide sums of adversarial 16-bit weights: float32 is off, the network is right."""
    for maker in (probes.saturating, probes.tying, probes.cancelling):
        model, rng = sp.sparse_cnn("lhc_jets", 16, 20), np.random.default_rng(2)
        model.set_weights([maker((1, *w.shape)[-max(w.ndim, 2) :], rng).reshape(w.shape) for w in model.get_weights()])
        agreement.check_keras(model, probes.probe_images(model))


def test_emulate_compares_on_its_first_call_and_names_the_layer(tmp_path):
    hls_model = sp.convert(sparse(), tmp_path)
    write = hls_model.write

    def damaged():
        write()
        path = tmp_path / "firmware" / "weights" / "w3.txt"  # of conv1
        path.write_text(path.read_text().replace(path.read_text().split(",")[0], "1.5", 1))

    hls_model.write = damaged
    with pytest.raises(RuntimeError, match=r"is not exact. conv1 \(features\) is the first layer that differs"):
        sp.emulate(hls_model, IMAGES)
    assert sp.emulate(hls_model, IMAGES, check=False).shape == (len(IMAGES), 3)


def test_simulate_compares_on_its_first_call(converted, tmp_path):
    project = sp.emit_rtl(converted, tmp_path)
    (top,) = (path for path in project.sources if path.stem == project.top)
    text = top.read_text()
    at = text.index(".BIAS(")
    digit = text.index("'h", at) + 2
    top.write_text(text[:digit] + ("1" if text[digit] != "1" else "2") + text[digit + 1 :])
    with pytest.raises(RuntimeError, match="RTL differs from exact_predict in .* events of its own"):
        sp.simulate(project, IMAGES)
    assert len(sp.simulate(project, IMAGES, check=False).logits) == len(IMAGES)


def test_a_model_trained_after_its_conversion_is_said(tmp_path):
    model = sparse()
    hls_model = sp.convert(model, tmp_path / "hls")
    model.set_weights([w + 0.25 for w in model.get_weights()])
    for use in (lambda: sp.emulate(hls_model, IMAGES), lambda: sp.emit_rtl(hls_model, tmp_path / "rtl")):
        with pytest.raises(ValueError, match="changed since convert: convert it again"):
            use()


def test_a_layer_altered_after_the_conversion_is_said(converted):
    model = converted.keras_model
    threshold, quantizer = model.get_layer("reduce"), model.get_layer("relu1").quantizer
    for thing, name, value in (
        (threshold, "threshold", 0.6),
        (quantizer, "integer", 1),
        (quantizer, "qnoise_factor", 0.5),
    ):
        before = getattr(thing, name)
        setattr(thing, name, value)
        with pytest.raises(ValueError, match="The layers of 'sparse' have changed since convert"):
            sp.emulate(converted, IMAGES)
        setattr(thing, name, before)
    model.trainable = False  # is no number
    assert sp.emulate(converted, IMAGES).shape == (len(IMAGES), 3)


def test_threads_that_emulate_one_project_wait_for_each_other(converted):
    logits, found = expected(converted.keras_model), []
    work = [Thread(target=lambda: found.append(sp.emulate(converted, IMAGES))) for _ in range(8)]
    for step in (Thread.start, Thread.join):
        for thread in work:
            step(thread)
    assert len(found) == 8 and all((one == logits).all() for one in found)


def test_stock_trace_works_and_has_both_outputs_of_a_layer(converted):
    """It ended the process in half of all cases."""
    for images in (IMAGES, IMAGES.astype(np.float64), IMAGES[:1]):
        logits, trace = converted.trace(images)
        assert (logits.reshape(-1, 3) == expected(converted.keras_model)[: len(images)]).all()
        features, hash = sp.exact_predict(converted.keras_model, images, layer="pool1")
        assert (trace["pool1"] == features).all() and (trace["pool1_hash"] == hash).all()


def test_images_in_any_layout_and_byte_order_are_taken(converted):
    logits = expected(converted.keras_model)
    for images in (np.asfortranarray(IMAGES), IMAGES[::-1][::-1], IMAGES.astype(">f4"), IMAGES.astype(">f8")):
        assert (sp.emulate(converted, images) == logits).all()
        assert (sp.exact_predict(converted.keras_model, images) == logits).all()
        assert (sp.reduce_dataset(converted.keras_model, images)[0] == sp.reduce_dataset(sparse(), IMAGES)[0]).all()


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (np.ma.masked_less(IMAGES, 0.5), "masked array: fill it"),
        (IMAGES.astype(np.int64), "divide by 255"),
        (IMAGES.astype(complex), "array of floats is needed as images, not ndarray of complex128"),
        (None, "array of floats is needed"),
        ((IMAGES, np.zeros(len(IMAGES))), "array of images is needed, not tuple"),
        (IMAGES - 5, "smallest pixel is -5"),
    ],
)
def test_images_that_are_not_what_they_seem_are_refused(converted, images, words):
    for use in (sp.exact_predict, sp.reduce_dataset):
        with pytest.raises((ValueError, TypeError), match=words):
            use(converted.keras_model, images)
    with pytest.raises((ValueError, TypeError), match=words):
        sp.emulate(converted, images)


@pytest.mark.parametrize(
    "name",
    [
        "main",
        "auto",
        "std",
        "nnet",
        "input_t",
        "default",
        "é",
        "co_await",
        "xor",
        "w3",
        "layer2_out",
        "parameters",
        "2d",
    ],
)
def test_names_that_cpp_or_hls4ml_have_are_refused_for_projects_and_inputs(name, tmp_path):
    with pytest.raises(ValueError, match=f"'{name}' cannot be a name in C"):
        sp.convert(sparse(), tmp_path, project_name=name)
    image = keras.Input((6, 6, 1), name=name)
    x = QDense(3, **W)(keras.layers.Flatten()(QActivation("quantized_relu(8,0)")(image)))
    with pytest.raises(ValueError, match=f"'{name}' cannot be a name in C"):
        sp.convert(keras.Model(image, x), tmp_path)


@pytest.mark.parametrize("names", [("pool1", "pool1_hash"), ("Relu", "relu"), ("conv", "conv_linear"), ("a", "zp2d_a")])
def test_names_that_meet_generated_ones_are_refused(names, tmp_path):
    first, second = names
    body = [QConv2D(2, 3, padding="same", name=first, **W), QActivation("quantized_relu(6,2)", name=second)]
    with pytest.raises(ValueError, match=f"{first}.* would both have the name|{second}.* would both have the name"):
        sp.convert(standard(*body), tmp_path)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"clock_period": -1}, "clock_period=-1: a number of ns above 0"),
        ({"clock_period": float("nan")}, "clock_period=nan"),
        ({"clock_period": "5"}, "clock_period='5'"),
        ({"part": "xc u250"}, "part='xc u250'"),
        ({"parallel": {"conv1": 4}}, "a dictionary is needed, not 4"),
        ({"backend": None}, "Backend None"),
        ({"parallel": {"CONV1": {"pixels": 4}}}, "no layer 'CONV1'"),
        ({"project_name": "x" * 300}, "has 300 letters"),
        ({"project_name": "image_ap"}, "'image_ap' cannot be a name in C"),
        ({"project_name": "M_PI"}, "'M_PI' cannot be a name in C"),
    ],
)
def test_options_of_convert_that_mean_nothing_are_refused(options, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        sp.convert(sparse(), tmp_path, **options)


def test_folders_that_the_compile_script_cannot_name_are_refused(tmp_path):
    with pytest.raises(ValueError, match="in its path: choose another output_dir"):
        sp.convert(sparse(), tmp_path / 'a"b')


def test_objects_of_keras_3_are_named_at_every_entry():
    model = keras_3.Sequential([keras_3.Input((6, 6, 1)), keras_3.layers.Flatten()])
    data = IMAGES, np.zeros(len(IMAGES))
    uses = [
        lambda: sp.exact_predict(model, IMAGES), lambda: sp.convert(model, "unused"), lambda: sp.fit(model, data, data),
        lambda: sp.compact_model(model), lambda: sp.reduce_dataset(model, IMAGES),
        lambda: sp.compare_layers(model, None, IMAGES), lambda: sp.InputReduce(4)(keras_3.Input((6, 6, 1))),
    ]  # fmt: skip
    for use in uses:
        with pytest.raises(TypeError, match="is of Keras 3.*use tf.keras"):
            use()
    for use in (sp.emulate, sp.simulate, lambda m, _: sp.synthesize(m), lambda m, _: sp.emit_rtl(m, "unused")):
        with pytest.raises(TypeError, match="Sequential"):
            use(model, IMAGES)


def test_a_second_input_pruning_wrappers_and_a_call_of_ones_own_are_said():
    image, more = keras.Input((6, 6, 1)), keras.Input((2,))
    x = keras.layers.Flatten()(QActivation("quantized_relu(8,0)")(image))
    two = keras.Model([image, more], keras.layers.Concatenate()([x, more]))
    with pytest.raises(ValueError, match="has 2 inputs"):
        sp.exact_predict(two, IMAGES)
    with pytest.raises(ValueError, match="strip_pruning first"):
        sp.exact_predict(keras.Model(image, prune_low_magnitude(QDense(3, **W))(x)), IMAGES)

    class Doubled(keras.Model):
        def call(self, inputs, **options):
            return 2 * super().call(inputs, **options)

    with pytest.raises(ValueError, match="call of its own, Doubled.call"):
        sp.exact_predict(Doubled(image, QDense(3, **W)(x)), IMAGES)


def test_a_hash_taken_for_features_and_slots_taken_for_pixels_are_refused():
    image = keras.Input((6, 6, 1))
    x, hash = sp.InputReduce(4)(image)
    for wrong, words in (
        (QActivation("quantized_relu(8,2)")(tf.cast(hash, tf.float32)), "TFOpLambda"),
        (keras.layers.Flatten()(x), "flattened by SparseFlatten"),
        (QDense(2, **W)(x), "put a Flatten before it"),
    ):
        with pytest.raises(ValueError, match=words):
            sp.exact_predict(keras.Model(image, wrong), IMAGES)
