"""The quantizer of the hardware, simulated on all codes of 7 and 12 bits and ties of wide ones, against fractions."""

from fractions import Fraction
from itertools import product
from typing import NamedTuple

import numpy as np
from test_rtl_timing import RTL, Product

import sparsepixels_lib as sp

TOP = """
module top (
  input logic clk, input logic rst, input logic in_valid, output logic in_ready, input logic [31:0] in_data,
  output logic out_valid, output logic [{n}*18-1:0] out_data, output logic [0:0] layer_valid
);
  assign in_ready = 1'b1;
  always_ff @(posedge clk) out_valid <= in_valid && !rst;
  assign layer_valid = out_valid;
{instances}
endmodule
"""
INSTANCE = """
  logic [{bits}-1:0] y_{k};
  quantize #(.IN_BITS({into}), .IN_FRACTION({fraction}), .OUT_BITS({bits}), .OUT_FRACTION({out_fraction}),
    .OUT_SIGNED({signed}), .SYMMETRIC({symmetric}), .HALF_ADDED({half})) u_{k} (.x(in_data[{into}-1:0]), .y(y_{k}));
  always_ff @(posedge clk) out_data[18*{k}+:18] <= {extended};
"""


class Case(NamedTuple):
    into: int  # bits of x
    fraction: int
    bits: int  # of y
    out_fraction: int
    signed: int = 0
    symmetric: int = 0
    half: int = 0


CASES = [
    Case(12, 8, 6, 4),
    Case(12, 8, 6, 4, half=1),
    Case(12, 11, 2, 1, signed=1),
    Case(12, 9, 4, 2, signed=1, symmetric=1),
    Case(12, 3, 5, 3, signed=1, symmetric=1),  # nothing is dropped
    Case(12, 2, 9, 5),  # and more bits than there were
    Case(32, 30, 8, 5, half=1),
    Case(32, 30, 6, 1, signed=1),
    Case(32, 6, 8, 0),
]
SIGNS = (0, 0), (1, 0), (1, 1)
CASES += [Case(7, *grid[:3], *grid[3], grid[4]) for grid in product((-1, 2, 5), (2, 6), (-2, 1, 3, 7), SIGNS, (0, 1))]


def expected(case: Case, code: int) -> int:
    """Round half to even and saturate."""
    code &= (1 << case.into) - 1
    code -= (code >> case.into - 1) << case.into
    value = code * Fraction(2) ** (case.out_fraction - case.fraction)
    low, high = (-(1 << case.bits - 1), (1 << case.bits - 1) - 1) if case.signed else (0, (1 << case.bits) - 1)
    half = Fraction(case.half, 2) if case.fraction > case.out_fraction else 0  # of y, where anything is dropped
    return min(max(round(value - half), low + case.symmetric), high)


def test_every_code_is_rounded_to_even_and_saturated(tmp_path):
    (tmp_path / "rtl").mkdir()
    for name in ("quantize", "round_even", "any_set"):
        (tmp_path / "rtl" / f"{name}.sv").write_text((RTL / "arithmetic" / f"{name}.sv").read_text())
    instances = "".join(
        INSTANCE.format(k=k, **case._asdict(), extended=f"18'(signed'(y_{k}))" if case.signed else f"18'(y_{k})")
        for k, case in enumerate(CASES)
    )
    (tmp_path / "rtl" / "top.sv").write_text(TOP.format(n=len(CASES), instances=instances))
    rng = np.random.default_rng(1)
    codes = np.arange(4096) | rng.integers(0, 1 << 20, 4096) * rng.integers(0, 2, 4096) << 12
    halves = rng.integers(0, 64, 300) << 26 | rng.choice([1 << 24, 1 << 25, 1 << 28, 1 << 5, 0], 300)
    near = halves + rng.integers(-1, 2, 300) & (1 << 32) - 1
    codes = np.concatenate([codes, halves, near])
    images = (codes[:, None] >> np.array([0, 8, 16, 24]) & 255).reshape(-1, 1, 4, 1) / 256
    found = sp.simulate(Product(tmp_path, 4, 18, logits=len(CASES)), images).logits
    for k, case in enumerate(CASES):
        assert found[:, k].astype(int).tolist() == [expected(case, int(code)) for code in codes], case
        assert case.into == 7 or len(np.unique(found[:, k])) > min(1 << case.bits, 16) // 2
