"""Every network is either refused in words or exact: Keras, C++ and, for a third of them, RTL, against the oracle.

`make verify` tries 300: SPARSEPIXELS_RANDOM_NETWORKS=300 pytest tests/test_random_networks.py -n 2 --dist load
"""

import os
import re

import networks
import numpy as np
import oracle
import pytest
from random_networks import Drawn

import sparsepixels_lib as sp

PERIODS = 5.0, 10.0, 4.8, 6.5  # ns
COUNT = int(os.environ.get("SPARSEPIXELS_RANDOM_NETWORKS", 6))


@pytest.mark.parametrize("seed", range(COUNT))
def test_a_random_network_is_refused_in_words_or_exact(seed, tmp_path, state_count):
    try:
        drawn = Drawn(seed)
        images = drawn.images()
        found = {"exact_predict": sp.exact_predict(drawn.model, images)}
        hls_model = sp.convert(drawn.model, tmp_path / "hls")
    except (ValueError, TypeError) as error:
        words = str(error)
        named = re.search(r"'[\w.]+'|Quantizer quantized_|\w is the first layer that differs", words)
        assert named and len(words) < 600, "no layer, option or value is named"
        state_count(f"random network {seed}: refused, {str(error)[:120]}")
        return
    assert drawn.fault not in ("nan", "two_outputs", "reserved_name", "plain_dense")
    assert drawn.sparse or drawn.fault != "no_input_quantizer"
    found["C++"] = sp.emulate(hls_model, images)
    tools = "C++"
    if seed % 3 == 0:
        try:
            project = sp.emit_rtl(hls_model, tmp_path / "rtl", sp.Design(period=PERIODS[seed // 3 % len(PERIODS)]))
        except ValueError as error:
            tools += f" (no RTL: {str(error)[:90]})"
        else:
            found["RTL"] = sp.simulate(project, images).logits
            tools += ", RTL"
    expected = oracle.predict(networks.describe(drawn.model), images)
    for tool, logits in found.items():
        assert (logits == expected).all(), f"{tool} differs in {np.sum(logits != expected)} logits of {drawn.text}"
    state_count(f"random network {seed} ({' | '.join(drawn.text)}), {tools}: {expected.size} logits, 0 mismatches")
