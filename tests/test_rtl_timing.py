"""A period decides where registers are, and nothing else; what is written for DSPs is what DSPs compute."""

from dataclasses import dataclass, replace
from pathlib import Path

import networks
import numpy as np
import oracle
import pytest
from test_rtl_sparse import RELU, chain, images_for, ordinary, set_weights

import sparsepixels_lib as sp
from sparsepixels_lib.measure.timing import worst_paths
from sparsepixels_lib.numerics.codes import Codes, ap_fixed
from sparsepixels_lib.rtl.sparse.chain import stages
from sparsepixels_lib.rtl.sparse.logic import dot_elements
from sparsepixels_lib.rtl.sparse.schedule import SparseTop
from sparsepixels_lib.rtl.steps import steps
from sparsepixels_lib.rtl.timing import Element, Since, cascade_fits, registers, stage_ns
from sparsepixels_lib.tools.verilator import lint
from sparsepixels_lib.tools.yosys import netlist

RTL = Path(__file__).parents[1] / "hls" / "rtl"
TOP = """
module top (
  input logic clk, input logic rst, input logic in_valid, output logic in_ready, input logic [{beat}*8-1:0] in_data,
  output logic out_valid, output logic [{p}-1:0] out_data, output logic [0:0] layer_valid
);
  logic [{count}*{x}-1:0] x;
  logic [{count}*{w}-1:0] w;
  logic valid;
  assign in_ready = 1'b1;
  always_ff @(posedge clk) begin
    {{w, x}} <= in_data[{count}*({x}+{w})-1:0];
    {{out_valid, valid}} <= rst ? '0 : {{valid, in_valid}};
  end
  {module}
  assign layer_valid = out_valid;
endmodule
"""


@dataclass(frozen=True)
class Product:
    """What `simulate` reads of a project: an image of bytes, one number."""

    folder: Path
    beat: int
    bits: int
    ii: int = 1
    interface: str = "image"
    beats: int = 1
    pixel: Codes = ap_fixed(8, 0, False)
    logits: int = 1
    top: str = "top"

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return (1, self.beat, 1)

    @property
    def logit(self) -> Codes:
        return ap_fixed(self.bits, self.bits, True)

    @property
    def layers(self) -> dict[str, str]:
        return {"u_dut": "mlp"}

    @property
    def sources(self) -> list[Path]:
        return sorted(self.folder.glob("rtl/*.sv"))


@pytest.mark.parametrize(
    ("count", "x_bits", "w_bits", "m", "addend"),
    [(2, 9, 27, 0, 0), (2, 17, 16, 1, 0), (1, 27, 18, 1, -12345)],
    ids=[
        "two products, factors of pairs",
        "two products and registers",
        "the widest factors, a register and an addend",
    ],
)
def test_dsps_as_they_are_instantiated_for_synthesis_compute_what_is_simulated(
    count, x_bits, w_bits, m, addend, tmp_path
):
    bits, out = count * (x_bits + w_bits), x_bits + w_bits + count - 1
    beat = -(-bits // 8)
    given = f".COUNT({count}), .X_BITS({x_bits}), .W_BITS({w_bits}), .M({m}), .ADDEND({out}'(signed'({addend})))"
    register = "assign out_data = p;" if m else "always_ff @(posedge clk) out_data <= p;"
    module = f"logic [{out}-1:0] p;\n  multiply_add #({given}) u_dut (.clk, .x, .w, .p);\n  {register}"
    (tmp_path / "rtl").mkdir()
    top = TOP.format(beat=beat, p=out, count=count, x=x_bits, w=w_bits, module=module)
    source = "`define YOSYS\n" + (RTL / "arithmetic" / "multiply_add.sv").read_text()
    primitives = (RTL / "simulation" / "primitives.sv").read_text()
    for name, text in {"top": top, "multiply_add": source, "primitives": primitives}.items():
        (tmp_path / "rtl" / f"{name}.sv").write_text(text)
    octets = np.random.default_rng(1).integers(0, 256, (300, beat))
    octets[:9] = np.array([0, 255, 1, 127, 128, 254, 85, 170, 64])[:, None]  # also all factors at their extremes
    numbers = [int.from_bytes(bytes(row.tolist()), "little") for row in octets]

    def factor(number, at, width):
        code = number >> at & (1 << width) - 1
        return code - (code >> width - 1 << width)

    expected = [
        addend
        + sum(factor(n, k * x_bits, x_bits) * factor(n, count * x_bits + k * w_bits, w_bits) for k in range(count))
        for n in numbers
    ]
    images = octets.reshape(300, 1, beat, 1) / 256
    found = sp.simulate(Product(tmp_path, beat, out), images).logits[:, 0]
    assert found.astype(np.int64).tolist() == expected


def test_registers_stand_where_a_cycle_is_full():
    """5 ns leave (5 - 0.3) / 1.6 = 2.9375; 0.08 go to the register in front and 0.26 to the one behind."""
    assert stage_ns(5) == 2.9375
    one = Element(1.0)
    assert registers("x", [one, one], 5) == (0b00, Since(2.08))
    assert registers("x", [one, one, one], 5) == (0b100, Since(1.08))
    assert registers("x", [one] * 5, 5)[0] == 0b10100
    assert registers("x", [one, one], 5, Since(1.8)) == (0b01, Since(2.08))
    carries = Element(1.0, 0.5)  # which run once through adders behind each other
    assert registers("x", [carries, carries], 5)[0] == 0b00


def test_logic_longer_than_a_cycle_is_refused_by_name():
    with pytest.raises(ValueError, match=r"conv7: a period of 3 ns is too short for it; at least 4\.05 ns are needed"):
        registers("conv7", [Element(2.0)], 3.0)


@pytest.mark.parametrize("period", [2.5, 11, "5", True, float("nan"), None])
def test_a_period_that_makes_no_sense_is_refused_in_words(period):
    with pytest.raises(ValueError, match="period=.* a number of ns from 2.78 to 10"):
        sp.Design(period=period)


MANY_PLACES = ((12, 11, 1), 6, ("conv", 3, 3), RELU, ("conv", 2, (3, 5)), RELU, ("flatten",), ("dense", 3), RELU)
POOLED = ((9, 10, 2), 7, ("max", 2), ("depthwise", 3), RELU, ("average", (1, 3)), ("conv", 4, 3), RELU, ("flatten",))


@pytest.mark.parametrize(
    ("body", "bits", "design"),
    [
        ((*MANY_PLACES, ("dense", 2)), 8, sp.Design(rows=4, pixels=2, period=4.9)),
        ((*MANY_PLACES, ("dense", 2)), 8, sp.Design(rows=12, pixels=3, period=10, multipliers="lut")),
        ((*POOLED, ("dense", 2)), 8, sp.Design(rows=3, pixels=3, filters=2, period=4.9)),
        ((*POOLED, ("dense", 2)), 16, sp.Design(rows=2, pixels=2, filters=1, period=4.9, multipliers="lut")),
    ],
    ids=["block RAM, 4.9 ns", "block RAM, 10 ns, no DSP", "pools, depthwise, 4.9 ns", "16 bit, 4.9 ns, no DSP"],
)
def test_no_period_changes_a_number(body, bits, design, tmp_path, state_count):
    model = chain(*body, bits=bits)
    set_weights(model, ordinary)
    project = sp.emit_rtl(sp.convert(model, tmp_path / "hls"), tmp_path / "rtl", design)
    images = images_for(model, 100)
    expected = oracle.predict(networks.describe(model), images)
    single, full_rate = sp.simulate(project, images, back_to_back=False), sp.simulate(project, images)
    for run in (single, full_rate, sp.simulate(project, images, gaps=0.3, reset_at={3: 4})):
        assert (run.logits == expected).all()
    assert full_rate.ii == (project.ii, project.ii)
    assert lint(project) == []
    assert project.period == design.period
    assert f"-period {design.period:.3f} " in (project.folder / "constraints" / "clock.xdc").read_text()
    assert f"| {design.period:g} ns, as designed |" in (project.folder / "README.md").read_text()
    state_count(f"RTL, {design}: {3 * expected.size} logits, 0 mismatches")


def test_a_shorter_period_never_takes_fewer_cycles(tmp_path):
    model = chain(*MANY_PLACES, ("dense", 2))
    set_weights(model, ordinary)
    found = stages(steps(sp.convert(model, tmp_path)))
    periods = [10, 9, 8, 7, 6.5, 6, 5.5, 5.2, 5, 4.9]
    for design in (sp.Design(pixels=2), sp.Design(pixels=6, multipliers="lut")):
        cycles = [SparseTop(found, replace(design, period=period)).time for period in periods]
        assert cycles == sorted(cycles)
        assert len(set(cycles)) >= 4


def test_a_period_that_a_layer_cannot_keep_names_it(tmp_path):
    model = chain((5, 5, 1), 4, ("conv", 1, 3), RELU, ("flatten",), ("dense", 1), bits=16)
    hls_model = sp.convert(model, tmp_path / "hls")
    with pytest.raises(ValueError, match=r"(input_reduce|conv0|dense3): a period of 2\.8 ns is too short for it"):
        sp.emit_rtl(hls_model, tmp_path / "rtl", sp.Design(period=2.8))


DOT = """
module top (input logic clk, input logic [{x}-1:0] x, input logic [{w}-1:0] w, output logic [23:0] sum);
  logic [{x}-1:0] x_0;
  logic [{w}-1:0] w_0;
  logic [23:0] found;
  dot_product #(.TERMS({terms}), .DSP({dsp}), .CASCADE({cascade}), .MULTIPLY({multiply}), .CUTS({cuts})) u_dot (
    .clk, .x(x_0), .w(w_0), .bias(24'd5), .sum(found));
  always_ff @(posedge clk) {{x_0, w_0, sum}} <= {{x, w, found}};
endmodule
"""


@pytest.mark.parametrize(("dsp", "period"), [(1, 5.0), (0, 5.0), (1, 3.2)])
def test_stages_of_a_dot_product_keep_their_period_by_the_timing_analysis(dsp, period, tmp_path):
    pytest.importorskip("pyosys", reason="Yosys is an optional extra")
    cascade = int(dsp and cascade_fits(period))
    parameters = {"X_BITS": 8, "X_SIGNED": 0, "W_BITS": 8, "DSP": dsp, "CASCADE": cascade, "SUM_BITS": 24}
    elements, products = dot_elements(parameters, 6)
    mask, _ = registers("dot", elements, period)
    cuts = {"multiply": (mask >> 1) & ((1 << products - 1) - 1), "cuts": mask >> products}
    (tmp_path / "top.sv").write_text(DOT.format(x=48, w=48, terms=6, dsp=dsp, cascade=cascade, **cuts))
    library = [RTL / "arithmetic" / f"{name}.sv" for name in ("dot_product", "adder_tree", "multiply", "multiply_add")]
    mapped = netlist([tmp_path / "top.sv", *library], "top", log=tmp_path / "log.txt", progress=False, parallel=1)
    assert 0.5 * stage_ns(period) < worst_paths(mapped, "top")[0].ns <= stage_ns(period)
