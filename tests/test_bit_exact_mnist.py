"""The claim of the project on real data, for every published size.

Keras, C++ and oracle agree on every one of 10,000 real test images.
"""

import networks
import numpy as np
import oracle
import pytest

import sparsepixels_lib as sp


@pytest.fixture(scope="module")
def digits():
    return {split: sp.load("sparse_mnist", split, n=n) for split, n in (("train", 4000), ("val", 500), ("test", None))}


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("n_active", [8, 12, 16, 20])
def test_trained_networks_agree_on_every_real_test_image(n_active, bits, digits, tmp_path, state_count):
    model = sp.sparse_cnn("sparse_mnist", bits, n_active)
    sp.fit(model, digits["train"], digits["val"], epochs=3, batch_size=32, cache=tmp_path)
    images = np.concatenate([networks.corner_images(48, 48, 1, n_active), digits["test"].images])
    keras = sp.exact_predict(model, images)
    hls_model = sp.convert(model, tmp_path / "hls")
    cpp = sp.emulate(hls_model, images)
    expected = oracle.predict(networks.describe(model), images)
    assert (keras != expected).sum() == 0
    assert (cpp != expected).sum() == 0
    accuracy = np.mean(expected[-10_000:].argmax(axis=1) == digits["test"].labels)
    assert accuracy > 0.3 and len(np.unique(expected)) > 1000  # a network that decides something

    probability = np.exp(expected - expected.max(axis=1, keepdims=True))
    probability /= probability.sum(axis=1, keepdims=True)
    table = np.abs(sp.emulate(hls_model, images[:2000], layer="softmax") - probability[:2000]).max()
    assert table < 0.025  # hls4ml's tables of 1,024 entries: exp(-d) in steps of 1/64, 1 / sum in steps of 1/64 from 1
    state_count(
        f"sparse_mnist N={n_active} {bits} bit, trained: 10,000 real test images + "
        f"{len(images) - 10_000} corner images, {expected.size} logits, 0 mismatches; softmax tables within {table:.4f}"
    )
