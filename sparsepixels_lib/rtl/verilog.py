"""Whole numbers as Verilog literals: packed side by side, and tables bit plane by bit plane."""

from __future__ import annotations

from collections.abc import Iterable

PART = 32768  # bits of a literal
TOP_PORTS = """module {top} (
  input  logic clk,
  input  logic rst,
  input  logic in_valid,
  output logic in_ready,
  input  logic [{in_bits}-1:0] in_data,
  output logic out_valid,
  output logic [{out_bits}-1:0] out_data,
  output logic [{layers}-1:0] layer_valid
);
"""  # of every top module


def code(values: Iterable[int], width: int) -> int:
    """Values side by side, the first lowest."""
    return sum((int(v) & (1 << width) - 1) << i * width for i, v in enumerate(values))


def literal(number: int, width: int) -> str:
    """A whole number of `width` bits in Verilog; in parts, because tools take no literal above 65,536 bits."""
    parts = [
        f"{min(PART, width - at)}'h{number >> at & (1 << min(PART, width - at)) - 1:x}" for at in range(0, width, PART)
    ]
    return parts[0] if len(parts) == 1 else f"{{{', '.join(reversed(parts))}}}"


def packed(values: Iterable[int], width: int) -> str:
    """Values side by side as a literal."""
    values = list(values)
    return literal(code(values, width), len(values) * width)


def bit_planes(words: list[int], width: int, address: int) -> str:
    """A table of at most 2^address words as a literal, bit plane by bit plane: bit b of word k at b 2^address + k."""
    table = 0
    for b in range(width):
        table |= sum((word >> b & 1) << k for k, word in enumerate(words)) << (b << address)
    return literal(table, width << address)
