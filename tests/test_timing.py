"""Static timing analysis: nanoseconds of netlists small enough to add up by hand.

The figures are those of embedded/delays.csv, written down here once more: what is added up is not what the library
read.
"""

import csv
import math

import pytest
from small_netlists import carry, cell, dsp, flop, lut, module

from sparsepixels_lib import measure
from sparsepixels_lib.measure.timing import routed
from sparsepixels_lib.paths import EMBEDDED

CLOCK_TO_Q, SETUP, ENABLE, RESET = 0.077, 0.077, 0.098, 0.15
ONE, TWO, THREE, FIVE = 0.184, 0.185, 0.242, 0.264  # nets by fan-out
LUT = {1: 0.038, 2: 0.038, 3: 0.052, 4: 0.087, 5: 0.087, 6: 0.129}
SMALLEST = CLOCK_TO_Q + ONE + SETUP  # from one flip-flop into the next
MULTIPLY = 0.192 + 0.076 + 0.505  # pin A, preadder, multiplier
ADD = 0.585 + 0.109  # ALU, output


def near(ns):
    return pytest.approx(ns, abs=1e-9)


def slowest(**modules):
    return measure.worst_paths({"modules": modules}, "top")[0]


def between(cells, last, first=2, more=()):
    """A top with `cells` between a flip-flop that drives the bit `first` and one that takes the bit `last`."""
    inputs = {"clk": [1], "d": [900], **({"more": [*more]} if more else {})}
    return module(inputs, {"q": [901]}, {**cells, "from": flop(900, first), "to": flop(last, 901)})


@pytest.mark.parametrize("inputs", range(1, 7))
def test_a_path_is_clock_net_lut_net_and_setup(inputs):
    found = slowest(top=between({"l": lut([2, *range(10, 9 + inputs)], 3)}, 3, more=range(10, 16)))
    assert found.ns == near(CLOCK_TO_Q + ONE + LUT[inputs] + ONE + SETUP)
    assert [element.ns for element in found.elements] == [CLOCK_TO_Q, ONE, LUT[inputs], ONE, SETUP]
    assert found.elements[2].what == f"LUT{inputs} I->O" and found.elements[1].what == "net, fan-out 1"


@pytest.mark.parametrize(
    ("loads", "ns"),
    [(1, ONE), (2, TWO), (3, THREE), (4, FIVE), (5, FIVE), (10, FIVE + 0.033), (20, FIVE + 0.066)]
    + [(825, FIVE + 0.033 * math.log2(165))],
)
def test_a_net_costs_by_its_fanout_which_never_makes_it_faster(loads, ns):
    cells = {f"r{i}": flop(2, 10 + i) for i in range(loads - 1)}
    found = slowest(top=between(cells, 2))
    assert found.ns == near(CLOCK_TO_Q + ns + SETUP)
    assert found.elements[1].what == f"net, fan-out {loads}"


def test_loads_in_all_instances_count_whatever_modules_a_net_crosses():
    """The bit 2 goes to two LUTs in each of two instances, and to a flip-flop: five."""
    leaf = module({"d": [1]}, {"y": [2, 3]}, {"a": lut([1], 2), "b": lut([1], 3)})
    shell = module({"d": [1]}, {"y": [2, 3]}, {"leaf": cell("leaf", {"d": [1]}, {"y": [2, 3]})})
    cells = {"u": cell("shell", {"d": [2]}, {"y": [3, 4]}), "v": cell("leaf", {"d": [2]}, {"y": [5, 6]})}
    top = between({**cells, "r": flop(2, 7), "s": flop(4, 8)}, 3)
    found = slowest(top=top, shell=shell, leaf=leaf)
    assert found.ns == near(CLOCK_TO_Q + FIVE + LUT[1] + ONE + SETUP)
    assert found.elements[1].what == "net, fan-out 5"


def test_a_path_that_crosses_instances_ends_in_the_last():
    half = module({"clk": [1], "d": [2]}, {"q": [5]}, {"l": lut([2], 3), "r": flop(3, 4), "m": lut([4], 5)}, kept=[4])
    cells = {name: cell("half", {"clk": [1], "d": [d]}, {"q": [d + 1]}) for name, d in (("one", 2), ("two", 3))}
    top = module({"clk": [1], "d": [2]}, {"q": [4]}, cells)
    paths = {path.instance: path for path in measure.worst_paths({"modules": {"top": top, "half": half}}, "top")}
    assert (paths["two"].start, paths["two"].end, paths["two"].module) == ("one.kept", "two.kept", "half")
    assert paths["two"].ns == near(CLOCK_TO_Q + ONE + LUT[1] + ONE + LUT[1] + ONE + SETUP)
    assert paths["two"].cells == "2 LUT"


def test_enable_and_reset_have_setups_of_their_own():
    for pins, setup in (({"enable": 3}, ENABLE), ({"reset": 3}, RESET)):
        top = between({"l": lut([2], 3), "r": flop("0", 5, **pins)}, 2)
        assert slowest(top=top).ns == near(CLOCK_TO_Q + TWO + LUT[1] + ONE + setup)


def test_a_constant_enable_and_the_clock_are_no_paths():
    found = slowest(top=between({f"r{i}": flop("0", 10 + i) for i in range(2000)}, 2))
    assert found.ns == near(SMALLEST)


def test_a_carry_chain_is_added_up_arc_by_arc():
    """S of bit 1 late: 1 cell to its carry, 1 through, then O[2] of the third; nets within the chain are its own."""
    low = carry("0", ["0", 3, "0", "0"], [10, 11, 12, 13], [14, 15, 16, 17])
    middle = carry(17, ["0"] * 4, [20, 21, 22, 23], [24, 25, 26, 27])
    high = carry(27, ["0"] * 4, [30, 31, 32, 33], [34, 35, 36, 37])
    cells = {"l": lut([2], 3), "low": low, "middle": middle, "high": high}
    before = CLOCK_TO_Q + ONE + LUT[1] + ONE
    for last, through in (
        (32, 0.16 + 0.005 + 0.025 + 0.005 + 0.086),
        (31, 0.16 + 0.005 + 0.025 + 0.005 + 0.076),
        (20, 0.16 + 0.005 + 0.056),
        (12, 0.216),
    ):
        assert slowest(top=between(cells, last)).ns == near(before + through + ONE + SETUP), last


def test_what_is_added_at_a_bit_does_not_reach_the_bits_below_nor_data_its_own_sum():
    late = carry("0", ["0", "0", 3, "0"], [10, 11, 12, 13], [14, 15, 16, 17])
    data = carry("0", ["0"] * 4, [10, 11, 12, 13], [14, 15, 16, 17], data=("0", "0", 3, "0"))
    for last, by_s, by_data in ((11, None, None), (12, 0.216, None), (13, 0.216, 0.196), (16, 0.16, 0.147)):
        for chain, through in ((late, by_s), (data, by_data)):
            paths = measure.worst_paths({"modules": {"top": between({"l": lut([2], 3), "c": chain}, last)}}, "top")
            found = [path.ns for path in paths if path.cells]
            expected = [CLOCK_TO_Q + ONE + LUT[1] + ONE + through + ONE + SETUP] if through else []
            assert found == pytest.approx(expected)


def test_a_chain_that_a_lut_starts_costs_the_way_to_ci():
    chain = carry(3, ["0"] * 4, [10, 11, 12, 13], [14, 15, 16, 17])
    found = slowest(top=between({"l": lut([2], 3), "c": chain}, 10))
    assert found.ns == near(CLOCK_TO_Q + ONE + LUT[1] + ONE + 0.107 + 0.056 + ONE + SETUP)
    assert [element.what for element in found.elements[4:6]] == ["CARRY to CI from elsewhere", "CARRY4 CI->O[0]"]


def test_a_carry_that_leaves_its_chain_takes_a_net_but_the_chain_does_not():
    low = carry("0", [2, "0", "0", "0"], [10, 11, 12, 13], [14, 15, 16, 17])
    high = carry(17, ["0"] * 4, [20, 21, 22, 23], [24, 25, 26, 27])
    found = slowest(top=between({"low": low, "high": high, "r": flop(17, 30)}, 20))
    assert found.ns == near(CLOCK_TO_Q + ONE + 0.16 + 0.005 + 0.056 + ONE + SETUP)
    found = slowest(top=between({"low": low, "high": high, "l": lut([17], 30)}, 30))
    assert found.ns == near(CLOCK_TO_Q + ONE + 0.16 + TWO + LUT[1] + ONE + SETUP)


def wide(kind, a, b, select, out):
    return cell(kind, {"I0": [a], "I1": [b], "S": [select]}, {"O": [out]})


def test_wide_multiplexers_share_the_slice_of_their_luts():
    cells = {"l": lut([2], 3), "m": wide("MUXF7", 3, "0", "0", 4), "n": wide("MUXF8", "0", 4, "0", 5)}
    found = slowest(top=between(cells, 5))
    assert found.ns == near(CLOCK_TO_Q + ONE + LUT[1] + 2 * (0.025 + 0.087) + ONE + SETUP)


def test_the_select_of_a_wide_multiplexer_comes_by_a_net_and_costs_more():
    cells = {"l": lut([2], 3), "m": wide("MUXF7", "0", "0", 3, 4)}
    assert slowest(top=between(cells, 4)).ns == near(CLOCK_TO_Q + ONE + LUT[1] + ONE + 0.15 + ONE + SETUP)


def test_a_lut_stands_before_a_wide_multiplexer_that_none_of_its_own_drives():
    """A flip-flop, or a LUT that drives two: one of them is in another slice."""
    found = slowest(top=between({"m": wide("MUXF7", 2, "0", "0", 3)}, 3))
    assert found.ns == near(CLOCK_TO_Q + ONE + LUT[1] + 0.087 + ONE + SETUP)
    two = {"l": lut([2], 3), "m": wide("MUXF7", 3, "0", "0", 4), "n": wide("MUXF7", "0", 3, "0", 5), "r": flop(5, 6)}
    assert slowest(top=between(two, 4)).ns == near(CLOCK_TO_Q + ONE + LUT[1] + TWO + LUT[1] + 0.087 + ONE + SETUP)


@pytest.mark.parametrize(
    ("registers", "ns"),
    [
        ({}, CLOCK_TO_Q + TWO + MULTIPLY + 0.047 + ADD + ONE + SETUP),
        ({"MREG": 1, "CREG": 1}, 0.263 + ADD + ONE + SETUP),  # from M to the next flip-flop, more than up to M
        ({"MREG": 1, "AREG": 1, "CREG": 1, "PREG": 1}, 0.263 + 0.076 + 0.505 + 0.1),  # from A to M, inside
        ({"PREG": 1}, CLOCK_TO_Q + TWO + MULTIPLY + 0.047 + 0.585 + 0.045),  # up to P
        ({"AREG": 1, "CREG": 1, "PREG": 1}, 0.263 + 0.076 + 0.505 + 0.047 + 0.585 + 0.045),  # from A to P, inside
    ],
)
def test_a_dsp_is_cut_at_the_registers_it_has_inside(registers, ns):
    assert slowest(top=between({"d": dsp(2, 2, 3, **registers)}, 3)).ns == near(ns)


def test_a_path_ends_at_the_m_register_behind_the_multiplier():
    found = slowest(top=between({"d": dsp(2, "0", 3, MREG=1)}, 2))  # nobody listens to P
    assert found.ns == near(CLOCK_TO_Q + TWO + MULTIPLY + 0.1)


def test_a_p_register_is_left_by_its_output():
    top = module({"clk": [1]}, {"q": [4]}, {"d": dsp("0", "0", 3, PREG=1), "l": lut([3], 4)})
    assert slowest(top=top).ns == near(0.372 + ONE + LUT[1] + ONE + SETUP)


def test_a_dsp_of_which_nothing_is_said_has_all_its_registers():
    """UG974: the registers of a DSP48E2 are there by default."""
    top = between({"d": cell("DSP48E2", {"A": [2], "B": [2]}, {"P": [3]})}, 3)
    assert slowest(top=top).ns == near(0.263 + 0.076 + 0.505 + 0.1)


def test_dsps_are_cascaded_by_a_wire_of_their_own():
    second = cell("DSP48E2", {"PCIN": [3]}, {"P": [4]}, **dsp(2, 2, 3)["parameters"])
    first = cell("DSP48E2", {"A": [2]}, {"PCOUT": [3]}, **dsp(2, 2, 3)["parameters"])
    found = slowest(top=between({"a": first, "b": second}, 4))
    assert found.ns == near(CLOCK_TO_Q + ONE + MULTIPLY + 0.047 + ADD + 0.016 + ADD + ONE + SETUP)


@pytest.mark.parametrize(("register", "clock_to_out"), [("0", 0.9), ("1", 0.4)])
def test_a_block_ram_starts_and_ends_paths(register, clock_to_out):
    ram = cell("RAMB18E2", {"ADDRARDADDR": [3], "CLKARDCLK": [1]}, {"DOUTADOUT": [4]}, DOA_REG=register, DOB_REG="0")
    top = module({"clk": [1], "d": [2]}, {"q": [5]}, {"a": lut([2], 3), "m": ram, "l": lut([4], 5)})
    paths = measure.worst_paths({"modules": {"top": top}}, "top")
    assert paths[0].ns == near(max(clock_to_out + ONE + LUT[1] + ONE + SETUP, CLOCK_TO_Q + ONE + LUT[1] + ONE + 0.4))


def test_memory_in_luts_is_read_at_an_address_and_kept_by_a_clock():
    shift = cell("SRL16E", {"A0": ["0"], "D": [2], "CE": ["1"], "CLK": [1]}, {"Q": [3]})
    assert slowest(top=between({"s": shift}, 3)).ns == near(0.6 + ONE + SETUP)
    ram = cell("RAM32X1S", {"A0": [2], "D": ["0"], "WE": ["1"], "WCLK": [1]}, {"O": [3]})
    assert slowest(top=between({"m": ram, "l": lut([3], 4)}, 4)).ns == near(0.7 + ONE + LUT[1] + ONE + SETUP)
    cells = {"l": lut([2], 3), "k": lut([3], 5), "m": cell("SRL16E", {"A0": [5], "CLK": [1]}, {"Q": [4]})}
    address = CLOCK_TO_Q + ONE + LUT[1] + ONE + LUT[1] + ONE + 0.15 + ONE + SETUP
    assert slowest(top=between(cells, 4)).ns == near(address)


def inverter(bit, out):
    return cell("INV", {"I": [bit]}, {"O": [out]})


def test_a_flip_flop_inverts_what_it_takes_and_an_inverter_hands_its_loads_on():
    """Bit 2 goes to a flip-flop, and by an inverter to two more: a net of three, and no LUT."""
    cells = {"i": inverter(2, 3), "r": flop(3, 4), "s": flop("0", 5, reset=3)}
    found = slowest(top=between(cells, 2))
    assert found.ns == near(CLOCK_TO_Q + THREE + RESET)
    assert len(found.elements) == 3


def test_an_inverter_in_front_of_a_carry_chain_is_a_lut():
    cells = {"i": inverter(2, 3), "c": carry("0", [3, "0", "0", "0"], [10, 11, 12, 13], [14, 15, 16, 17])}
    assert slowest(top=between(cells, 10)).ns == near(CLOCK_TO_Q + ONE + LUT[1] + ONE + 0.216 + ONE + SETUP)


def test_the_assumed_share_is_said_with_the_path_and_printed():
    cells = {f"r{i}": flop(2, 10 + i) for i in range(9)}  # fan-out 10: .297, assumed
    found = slowest(top=between(cells | {"l": lut([2], 3)}, 3))
    ns = CLOCK_TO_Q + 0.297 + LUT[1] + ONE + SETUP
    assert (found.ns, found.assumed) == (near(ns), near(0.297 / ns))
    head, start, end, titles, *lines = measure.report_path(found).splitlines()
    assert head == "0.673 ns estimated, 1.38 ns to expect after routing; 44 % of the estimate is assumed"
    assert (start, end) == ("from n2", "to   q") and titles.split() == ["element", "ns", "sum", "basis", "net"]
    assert [line.split() for line in lines] == [
        ["FDRE", "C->Q", "0.077", "0.077", "measured", "n2"],
        ["net,", "fan-out", "10", "0.297", "0.374", "assumed", "n2"],
        ["LUT1", "I->O", "0.038", "0.412", "measured", "n3"],
        ["net,", "fan-out", "1", "0.184", "0.596", "measured", "n3"],
        ["FDRE", "D", "setup", "0.077", "0.673", "composed", "q"],
    ]


def test_routing_makes_it_slower_by_the_largest_known_ratio_and_the_uncertainty():
    assert routed(2.0) == near(3.5) and routed(2.0, uncertainty=0.5) == near(3.7)


def test_an_unknown_cell_and_a_loop_are_refused_by_name():
    with pytest.raises(ValueError, match="cell l of top is a SB_LUT4"):
        slowest(top=between({"l": cell("SB_LUT4", {"I0": [2]}, {"O": [3]})}, 3))
    with pytest.raises(ValueError, match="a combinational loop"):
        slowest(top=between({"a": lut([2, 4], 3), "b": lut([3], 4)}, 3))


def test_every_delay_says_what_it_rests_on():
    with (EMBEDDED / "delays.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(float(row["ns"]) > 0 and row["source"] for row in rows)
    assert {row["basis"] for row in rows} == {"measured", "composed", "assumed"}
    assert len({(row["cell"], row["arc"]) for row in rows}) == len(rows)
    named = [row for row in rows if row["basis"] == "measured"]
    assert all(row["source"].startswith("xcvu13p") for row in named) and len(named) >= 15
