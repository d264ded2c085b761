"""The claim of the project on real data, for every published size.

Keras, C++ and oracle agree on every one of 10,000 real test images with N = 20, on every fourth of them with less.
"""

from functools import cache

import networks
import numpy as np
import oracle
import pytest

import sparsepixels_lib as sp
from sparsepixels_lib.network import probes


@pytest.fixture(scope="module")
def digits():
    return sp.load("sparse_mnist", "test")


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A trained network, with weights that ship, and its C++ project, which is compiled once."""

    @cache
    def converted(bits, n_active):
        model = sp.reference_model("sparse_mnist", bits, n_active)
        return model, sp.convert(model, tmp_path_factory.mktemp("hls"))

    return converted


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("n_active", [8, 12, 16, 20])
def test_trained_networks_agree_on_real_test_images(n_active, bits, digits, network, state_count):
    model, hls_model = network(bits, n_active)
    real = slice(None, None, 1 if n_active == 20 else 4)
    images = np.concatenate([probes.corner_images(48, 48, 1, n_active), digits.images[real]])
    keras = sp.exact_predict(model, images, batch_size=2000)
    cpp = sp.emulate(hls_model, images)
    expected = oracle.predict(networks.describe(model), images)
    assert (keras != expected).sum() == 0
    assert (cpp != expected).sum() == 0
    labels = digits.labels[real]
    accuracy = np.mean(expected[-len(labels) :].argmax(axis=1) == labels)
    assert accuracy > 0.5 and len(np.unique(expected)) > 1000  # a network that decides something
    state_count(
        f"sparse_mnist N={n_active} {bits} bit, trained: {len(labels):,} real test images + "
        f"{len(images) - len(labels)} corner images, {expected.size} logits, 0 mismatches"
    )


@pytest.mark.parametrize("bits", [8, 16])
def test_softmax_tables_behind_the_logits_are_within_their_steps(bits, digits, network, state_count):
    (model, hls_model), images = network(bits, 20), digits.images[:2000]
    logits = sp.exact_predict(model, images)
    probability = np.exp(logits - logits.max(axis=1, keepdims=True))
    probability /= probability.sum(axis=1, keepdims=True)
    tables = sp.emulate(hls_model, images, layer="softmax")
    largest = np.abs(tables - probability).max()
    assert largest < 0.025  # hls4ml's 1,024 entries: exp(-d) in steps of 1/64, 1 / sum in steps of 1/64 from 1
    state_count(f"sparse_mnist N=20 {bits} bit: softmax tables within {largest:.4f} on 2,000 real test images")
