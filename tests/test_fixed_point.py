"""Fixed-point formats against numbers worked out by hand and against exact rational arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsepixels_lib.numerics.codes import Codes, ap_fixed, reciprocal
from sparsepixels_lib.numerics.quantizers import fixed


@pytest.mark.parametrize(
    ("quantizer", "bits", "integer", "signed", "largest", "smallest"),
    [
        ("quantized_bits(8,2,alpha=1)", 8, 3, True, 127 / 32, -4.0),
        ("quantized_bits(8,0,alpha=1)", 8, 1, True, 127 / 128, -1.0),
        ("quantized_bits(16,6,alpha=1)", 16, 7, True, 32767 / 512, -64.0),
        ("quantized_bits(8,0,1,alpha=1)", 8, 1, True, 127 / 128, -127 / 128),
        ("quantized_relu(8,0)", 8, 0, False, 255 / 256, 0.0),
        ("quantized_relu(16,6)", 16, 6, False, 65535 / 1024, 0.0),
    ],
)
def test_a_qkeras_quantizer_is_the_ap_fixed_type_of_its_documentation(
    quantizer, bits, integer, signed, largest, smallest
):
    f = fixed(quantizer)
    assert (f.bits, f.integer, f.signed, f.max, f.min) == (bits, integer, signed, largest, smallest)


def test_ties_go_to_the_even_code():
    assert list(ap_fixed(8, 0, False).quantize(np.array([0.5, 1.5, 2.5, 3.5]) / 256) * 256) == [0, 2, 2, 4]


def test_wide_sums_are_rounded_once():
    """QKeras' float32 gives 4098 here, see NUMERICS.md."""
    assert fixed("quantized_relu(16,6)").quantize(4097.5 / 1024 - 2.0**-30) * 1024 == 4097


@given(st.integers(2, 16), st.integers(-2, 8), st.booleans(), st.floats(-300, 300, allow_nan=False))
def test_quantize_is_rounding_of_the_exact_number(bits, integer, signed, x):
    f = ap_fixed(bits, integer, signed)
    code = round(Fraction(x) * Fraction(2) ** (bits - integer))  # Python rounds a Fraction half to even, exactly
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    assert f.quantize(x) == float(min(max(code, low), high) * Fraction(2) ** (integer - bits))


@given(
    st.sampled_from(["quantized_relu(8,0)", "quantized_relu(16,0)", "quantized_bits(8,1,alpha=1)"]),
    st.floats(0, 0.99),
    st.floats(0, 1, width=32),
    st.sampled_from([np.float32, np.float64]),
)
def test_one_comparison_with_the_cut_decides_as_quantising_first_would(quantizer, threshold, x, dtype):
    f = fixed(quantizer)
    at_a_tie = (np.floor(x * 2**f.fraction) + 0.5) / 2**f.fraction
    for value in (
        dtype(x),
        dtype(at_a_tie),
        np.nextafter(dtype(at_a_tie), dtype(2)),
        np.nextafter(dtype(at_a_tie), dtype(-2)),
    ):
        assert (value > f.cut(threshold, dtype)) == (
            f.quantize(value) > np.floor(threshold * 2**f.fraction) / 2**f.fraction
        )


@pytest.mark.parametrize(
    ("quantizer", "reason"),
    [
        ("quantized_bits(8,2,alpha='auto')", "alpha"),
        ("quantized_bits(8,2,alpha='auto_po2')", "alpha"),
        ("quantized_bits(8,2,alpha=0.5)", "alpha"),
        ("quantized_relu(8,2,negative_slope=0.25)", "leaky"),
        ("quantized_relu(8,2,use_sigmoid=1)", "use_sigmoid"),
        ("quantized_bits(8,2,alpha=1,use_stochastic_rounding=True)", "stochastic"),
        ("quantized_bits(1,0,alpha=1)", "one bit"),
        ("binary()", "quantized_bits"),
    ],
)
def test_a_quantizer_without_exact_meaning_is_refused_with_the_reason(quantizer, reason):
    with pytest.raises(ValueError, match=reason):
        fixed(quantizer)


def test_the_reciprocal_is_fixed_point_and_exact_for_powers_of_two():
    assert reciprocal(49, 16) == 1337 / 65536
    assert [reciprocal(a, 16) for a in (1, 4, 16)] == [1, 0.25, 0.0625]


def test_codes_whose_ends_are_turned_round_are_refused():
    with pytest.raises(ValueError, match="from 8 to 2: low first"):
        Codes(8, 2, 1)
