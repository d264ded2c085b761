"""Logic levels of netlists small enough to count by hand."""

import pytest
from small_netlists import cell, dsp, flop, lut, module

from sparsepixels_lib.measure.levels import logic_levels


def levels(**modules):
    return logic_levels({"modules": modules}, "top")


def test_two_luts_and_a_wide_multiplexer_between_two_registers_are_two_and_a_half_levels():
    cells = {
        "r1": flop(2, 3),
        "l1": lut([3, 2], 4),
        "l2": lut([4], 5),
        "m": cell("MUXF7", {"I0": [5], "I1": ["0"], "S": [3]}, {"O": [6]}),
        "i": cell("INV", {"I": [6]}, {"O": [7]}),
        "r2": flop(7, 8),
    }
    [path] = levels(top=module({"clk": [1], "d": [2]}, {"q": [8]}, cells, state=[3]))
    assert (path.levels, path.end, path.cells) == (2.5, "q", "1 MUXF, 2 LUT")


def test_a_register_ends_a_path():
    chain = {"l1": lut([2], 3), "r1": flop(3, 4), "l2": lut([4], 5), "l3": lut([5], 6), "r2": flop(6, 7)}
    [path] = levels(top=module({"clk": [1], "d": [2]}, {"q": [7]}, chain, middle=[4]))
    assert (path.levels, path.start, path.end) == (2, "middle", "q")


def test_a_path_from_the_tops_input_to_its_output_counts():
    [path] = levels(top=module({"d": [1, 2]}, {"q": [3]}, {"l": lut([1, 2], 3)}))
    assert (path.levels, path.start, path.end) == (1, "d[1]", "q")


def test_a_carry_hop_is_half_a_level_and_does_not_reach_lower_bits():
    """Bit 3 of S comes late, after three LUTs: it passes one hop, from one to the next CARRY4, and not into bit 0."""
    ports = {"CI": ["0"], "CYINIT": ["0"], "DI": ["0"] * 4, "S": [1, 1, 1, 4]}
    cells = {
        "a": lut([1], 2),
        "b": lut([2], 3),
        "c": lut([3], 4),
        "low": cell("CARRY4", ports, {"O": [10, 11, 12, 13], "CO": [14, 15, 16, 17]}),
        "high": cell("CARRY4", ports | {"CI": [17], "S": ["0"] * 4}, {"O": [20, 21, 22, 23], "CO": [24, 25, 26, 27]}),
    }
    slow = levels(top=module({"d": [1]}, {"q": [20]}, cells))
    fast = levels(top=module({"d": [1]}, {"q": [10]}, cells))
    assert (slow[0].levels, fast[0].levels) == (4, 0.5)


@pytest.mark.parametrize(
    ("registers", "expected"),
    [
        ({}, 3),  # LUT, DSP, LUT
        ({"PREG": 1}, 2),  # LUT, DSP; from P, one LUT
        ({"AREG": 1}, 3),  # C has none: LUT, DSP, LUT
        ({"AREG": 1, "CREG": 1}, 2),  # LUT; DSP, LUT
        ({"MREG": 1, "CREG": 1}, 2),  # LUT, DSP up to M; DSP, LUT after it
        ({"AREG": 1, "CREG": 1, "PREG": 1}, 1),
    ],
)
def test_a_dsp_is_a_level_up_to_the_register_it_has_inside_and_one_after(registers, expected):
    cells = {"x": lut([1], 2), "d": dsp(2, 2, 3, **registers), "y": lut([3], 4)}
    paths = levels(top=module({"d": [1]}, {"q": [4]}, cells))
    assert paths[0].levels == expected


def test_reading_a_lut_ram_at_an_address_is_a_level_and_writing_it_ends_a_path():
    pins = {"A0": [2], "D": [3], "WE": ["1"], "WCLK": [1]}
    ram = {"a": lut([2], 3), "m": cell("RAM32X1S", pins, {"O": [4]}), "l": lut([4], 5)}
    paths = levels(top=module({"clk": [1], "d": [2]}, {"q": [5]}, ram))
    assert paths[0].levels == 2  # d, RAM, LUT; not d, LUT, D, RAM, LUT


def test_a_block_ram_is_a_register():
    pins = {"ADDRARDADDR": [3], "CLKARDCLK": [1]}
    cells = {"a": lut([2], 3), "m": cell("RAMB18E2", pins, {"DOUTADOUT": [4]}), "l": lut([4], 5)}
    assert levels(top=module({"clk": [1], "d": [2]}, {"q": [5]}, cells))[0].levels == 1


def test_a_path_through_a_shift_registers_address_is_a_level_but_its_data_is_registered():
    pins = {"A0": [4], "D": [3], "CE": ["1"], "CLK": [1]}
    cells = {"a": lut([2], 3), "b": lut([3], 4), "s": cell("SRL16E", pins, {"Q": [5]}), "l": lut([5], 6)}
    assert levels(top=module({"clk": [1], "d": [2]}, {"q": [6]}, cells))[0].levels == 4


HALF = module({"clk": [1], "d": [2]}, {"q": [5]}, {"l": lut([2], 3), "r": flop(3, 4), "m": lut([4], 5)}, kept=[4])


def test_a_path_crosses_modules_and_belongs_to_the_instance_in_which_it_ends():
    cells = {
        "one": cell("half", {"clk": [1], "d": [2]}, {"q": [3]}),
        "between": lut([3], 4),
        "two": cell("half", {"clk": [1], "d": [4]}, {"q": [5]}),
    }
    paths = {path.end: path for path in levels(top=module({"clk": [1], "d": [2]}, {"q": [5]}, cells), half=HALF)}
    inner = paths["two.kept"]
    assert (inner.levels, inner.start, inner.instance, inner.module) == (3, "one.kept", "two", "half")
    assert paths["one.kept"].levels == 1


def test_a_path_to_an_output_of_the_top_belongs_to_what_drives_it():
    cells = {"one": cell("comb", {"d": [1]}, {"q": [2]}), "two": cell("comb", {"d": [2]}, {"q": [3]})}
    comb = module({"d": [1]}, {"q": [3]}, {"a": lut([1], 2), "b": lut([2], 3)})
    [path] = levels(top=module({"d": [1]}, {"q": [3]}, cells), comb=comb)
    assert (path.levels, path.instance, path.end) == (4, "two", "q")


def test_a_wire_straight_through_a_module_is_no_level():
    wire = module({"d": [1]}, {"q": [1], "same": [1]}, {})
    cells = {"w": cell("wire", {"d": [2]}, {"q": [3], "same": [4]}), "l": lut([3, 4], 5)}
    [path] = levels(top=module({"d": [2]}, {"q": [5]}, cells), wire=wire)
    assert (path.levels, path.start) == (1, "d")


def test_a_chain_of_a_hundred_thousand_luts_does_not_hit_the_recursion_limit():
    cells = {f"l{i}": lut([i], i + 1) for i in range(1, 100_001)}
    assert levels(top=module({"d": [1]}, {"q": [100_001]}, cells))[0].levels == 100_000


def test_a_loop_across_two_modules_is_named():
    inverter = module({"a": [1]}, {"y": [2]}, {"i": lut([1], 2)})
    cells = {"u": cell("inverter", {"a": [1]}, {"y": [2]}), "v": cell("inverter", {"a": [2]}, {"y": [1]})}
    with pytest.raises(ValueError, match=r"u\.y <- v\.y|v\.y <- u\.y"):
        levels(top=module({}, {"q": [2]}, cells), inverter=inverter)


def test_an_unknown_cell_is_refused_by_name():
    cells = {"u": cell("SB_LUT4", {"I0": [1]}, {"O": [2]})}
    with pytest.raises(ValueError, match="cell u of top is a SB_LUT4"):
        levels(top=module({"d": [1]}, {"q": [2]}, cells))
