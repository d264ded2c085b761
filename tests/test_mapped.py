"""What Yosys maps an emitted project to computes what is simulated: DSPs, block RAM, wide multiplexers, every LUT."""

import re
import shutil
from dataclasses import dataclass, replace

import networks
import numpy as np
import oracle
import pytest
from test_rtl_sparse import RELU, chain, images_for, ordinary, set_weights
from test_rtl_timing import Product

import sparsepixels_lib as sp
from sparsepixels_lib.measure.mapped import mapped
from sparsepixels_lib.numerics.codes import ap_fixed

pytest.importorskip("pyosys", reason="Yosys is an optional extra")

KINDS = {"CARRY4", "DSP48E2", "FDRE", "MUXF7", "MUXF8", "MUXF9", "RAMB18E2", *(f"LUT{k}" for k in range(2, 7))}


@dataclass(frozen=True)
class Bits(Product):
    """`bits` numbers of a bit."""

    @property
    def logit(self):
        return ap_fixed(1, 1, False)


def text_of(netlist):
    return (netlist.folder / "rtl" / f"{netlist.top}.sv").read_text()


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A small network, as it is emitted and as Yosys maps it; images, and their logits by the oracle."""
    folder = tmp_path_factory.mktemp("network")
    model = chain((9, 8, 1), 3, ("conv", 2, 3), RELU, ("flatten",), ("dense", 2))  # 72 positions: block RAM
    set_weights(model, lambda shape, rng: abs(ordinary(shape, rng)))  # no channel is 0 everywhere
    project = sp.emit_rtl(sp.convert(model, folder / "hls"), folder / "rtl", sp.Design(rows=5, pixels=3))
    images = images_for(model, 100)
    expected = oracle.predict(networks.describe(model), images)
    assert (sp.exact_predict(model, images) == expected).all()
    return project, mapped(project), images, expected


def test_the_netlist_has_an_instance_of_every_kind(network):
    project, netlist, _, _ = network
    text = text_of(netlist)
    assert set(re.findall(r"^  (\w+) #?\(?", text, re.M)) >= KINDS
    modes = {tuple(re.findall(r"\.OPMODE\(9'h(\w+)\)", module)) for module in text.split("endmodule")}
    assert {("035",), ("035", "015")} <= modes  # A B + C alone, and with A B + PCIN behind it
    assert "initial" not in text and "always" not in text  # instances only
    assert "primitives.sv" not in {path.name for path in project.sources}


def test_a_mapped_network_equals_keras_and_the_oracle(network, state_count):
    project, netlist, images, expected = network
    single, full_rate = sp.simulate(netlist, images, back_to_back=False), sp.simulate(netlist, images)
    for run in (single, full_rate, sp.simulate(netlist, images, gaps=0.3, reset_at={2: 3})):
        assert (run.logits == expected).all()
    assert len(np.unique(expected)) > 50
    assert full_rate.ii == (project.ii, project.ii)
    state_count(f"RTL as Yosys has mapped it: {3 * expected.size} logits, 0 mismatches")


SUM = r"(module \S*adder_tree .*?LUT2 #\(\s*\.INIT\(4'h)(6)\)"  # 0 + 0 = 1
WORD = r"(RAMB18E2 #.*?\.INIT_01\(256'[hb]\w*)(\w)\)"  # the lowest bit of that row


def with_a_wrong_bit(netlist, place, folder):
    """The first LUT or block RAM at `place` with one bit of its table turned over."""
    shutil.copytree(netlist.folder / "rtl", folder / "rtl")
    wrong = replace(netlist, folder=folder)
    text, found = re.subn(place, lambda m: f"{m[1]}{int(m[2], 16) ^ 1:x})", text_of(netlist), count=1, flags=re.S)
    assert found == 1
    (folder / "rtl" / f"{wrong.top}.sv").write_text(text)
    return wrong


def test_a_wrong_bit_of_a_lut_is_seen(network, tmp_path):
    _, netlist, images, expected = network
    wrong = with_a_wrong_bit(netlist, SUM, tmp_path)
    assert (sp.simulate(wrong, images, check=False).logits != expected).any()


ROMS = {"wide": (7, 48), "nine": (11, 9), "four": (12, 4)}  # bits of address and of word
ROM = """
  (* rom_style = "block" *) logic [{bits}-1:0] {name}[1<<{address}];
  initial for (int k = 0; k < 1 << {address}; k++) {name}[k] = {bits}'(64'(k + 1) * 64'h9e3779b97f4a7c15 >> 13);
  always_ff @(posedge clk) if (in_valid) out_data[{low}+:{bits}] <= {name}[in_data[{address}-1:0]];
"""
TOP = """
module top (
  input logic clk, input logic rst, input logic in_valid, output logic in_ready, input logic [15:0] in_data,
  output logic out_valid, output logic [{bits}-1:0] out_data, output logic [0:0] layer_valid
);
  assign in_ready = 1'b1;
  assign layer_valid = out_valid;
  always_ff @(posedge clk) out_valid <= in_valid && !rst;
  {roms}
endmodule
"""


def test_block_ram_gives_its_words_and_a_wrong_bit_is_seen(tmp_path):
    low = np.cumsum([0, *(bits for _, bits in ROMS.values())]).tolist()
    roms = [
        ROM.format(name=name, address=address, bits=bits, low=low[k])
        for k, (name, (address, bits)) in enumerate(ROMS.items())
    ]
    (tmp_path / "rtl").mkdir()
    (tmp_path / "rtl" / "top.sv").write_text(TOP.format(bits=low[-1], roms="".join(roms)))
    netlist = mapped(Bits(tmp_path, 2, 1, logits=low[-1]))
    widths = re.findall(r"(RAMB\d+)E2 #.*?\.READ_WIDTH_A\(32'd(\d+)\)", text_of(netlist), re.S)
    assert sorted(widths) == [("RAMB18", "4"), ("RAMB18", "9"), ("RAMB36", "72")]
    octets = np.random.default_rng(1).integers(0, 256, (3000, 2))
    octets[:2] = [[0, 0], [255, 255]]
    images = octets.reshape(-1, 1, 2, 1) / 256
    found = sp.simulate(netlist, images).logits.astype(int)
    expected = [
        [
            ((number % (1 << address) + 1) * 0x9E3779B97F4A7C15 % (1 << 64) >> 13) >> bit & 1
            for address, bits in ROMS.values()
            for bit in range(bits)
        ]
        for number in (octets @ [1, 256]).tolist()
    ]
    assert found.tolist() == expected
    wrong = with_a_wrong_bit(netlist, WORD, tmp_path / "wrong")
    assert (sp.simulate(wrong, images).logits.astype(int) != found).any()
