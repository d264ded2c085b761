"""What the largest pixels would cost in hardware: networks that sort, counted by Yosys.

    python benchmarks/largest.py

The N = 8 largest of 63 x 63 pixels of 8 bits, nine rows a cycle as in the balanced design: of every 16 neighbours the
8 largest (Batcher's odd-even merge sort), then two lists of 8 become one, in a tree, until one is left, and that with
the 8 kept so far. A pixel travels with its place, and of equals the first is larger. Left out: registers, and the way
back into raster order. Printed: LUTs of a sorter and of a merger, how many are needed, and beside them the reductions
of raster order and of the adaptive threshold, from the tables that ship.
"""

import json
import tempfile
from pathlib import Path

from sparsepixels_lib.measure.resources import modules
from sparsepixels_lib.tools import yosys

TABLES = Path(__file__).parents[1] / "notebooks" / "tables"

VALUE, PLACE, N, BLOCK, ROWS, WIDTH = 8, 12, 8, 16, 9, 63
EXCHANGE = f"""
module exchange (input logic [{VALUE + PLACE - 1}:0] a, b, output logic [{VALUE + PLACE - 1}:0] high, low);
  assign {{high, low}} = a > b ? {{a, b}} : {{b, a}};  // places as complements: of equals the first is larger
endmodule
"""


def sorted_pairs(n: int) -> list[tuple[int, int]]:
    """Batcher's odd-even merge sort of n numbers, a power of two, as exchanges (larger to, smaller to)."""
    pairs, p = [], 1
    while p < n:
        k = p
        while k:
            for j in range(k % p, n - k, 2 * k):
                same = (i for i in range(min(k, n - j - k)) if (i + j) // (2 * p) == (i + j + k) // (2 * p))
                pairs += [(i + j, i + j + k) for i in same]
            k //= 2
        p *= 2
    return pairs


def bitonic(n: int) -> list[tuple[int, int]]:
    """What sorts a bitonic sequence."""
    steps = [n >> k for k in range(1, n.bit_length())]
    return [(i, i + step) for step in steps for i in range(n) if not i & step]


def network(name: str, inputs: int, pairs: list[tuple[int, int]], outputs: int) -> str:
    """A module of exchanges one behind the other: `inputs` keys in, the `outputs` largest out."""
    at, lines, bits = [f"x[{i}]" for i in range(inputs)], [], VALUE + PLACE
    for k, (i, j) in enumerate(pairs):
        lines.append(f"  logic [{bits - 1}:0] h{k}, l{k};")
        lines.append(f"  exchange u{k} (.a({at[i]}), .b({at[j]}), .high(h{k}), .low(l{k}));")
        at[i], at[j] = f"h{k}", f"l{k}"
    lines += [f"  assign y[{i}] = {at[i]};" for i in range(outputs)]
    ports = f"input logic [{inputs - 1}:0][{bits - 1}:0] x, output logic [{outputs - 1}:0][{bits - 1}:0] y"
    return f"module {name} ({ports});\n" + "\n".join(lines) + "\nendmodule\n"


def main() -> None:
    merge = [(i, 2 * N - 1 - i) for i in range(N)] + bitonic(N)
    text = EXCHANGE + network("sorter", BLOCK, sorted_pairs(BLOCK), N) + network("merger", 2 * N, merge, N)
    blocks, luts = ROWS * -(-WIDTH // BLOCK), {}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "largest.sv")
        source.write_text(text)
        for name in ("sorter", "merger"):
            netlist = yosys.netlist([source], name, log=Path(folder, "log"), progress=False)
            luts[name] = int(modules(netlist, name)["lut"].iloc[0])
    total = blocks * (luts["sorter"] + luts["merger"])
    print(
        f"a sorter {luts['sorter']:,} LUT, a merger {luts['merger']:,}; {blocks} of each: {total:,} LUT (Yosys, xcup)"
    )
    for path in ("microboone_sparse_n8_8bit_top_balanced", "chosen/microboone_sparse_n8_adaptive_8bit_top_balanced"):
        rows = {row["module"]: row["lut"] for row in json.loads((TABLES / f"{path}.json").read_text())["rows"]}
        print(f"{path}: input reduction {rows['input_reduce']:,} LUT, all {rows['TOP']:,}")


if __name__ == "__main__":
    main()
