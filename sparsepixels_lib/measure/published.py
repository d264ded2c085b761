"""The figures that SparsePixels published, to put beside one's own: arXiv 2512.06208.

Latency and resources are parsed from the synthesis reports in the authors' public repository (MIT licence). Every
network was built for an xcu250-figd2104-2L-e with a clock target of 5 ns: the standard CNNs with Vivado HLS and Vivado
2020.1, the sparse ones with Vitis HLS and Vivado 2023.1. Nothing here was measured by this package.
"""

import pandas as pd

from ..paths import EMBEDDED
from .reports import tidy

XCU250 = {"bram18": 5376, "dsp": 12288, "ff": 3456000, "lut": 1728000}  # available, as its synthesis reports say
NETWORK = ["dataset", "bits", "model", "n_active"]


def totals() -> pd.DataFrame:
    """Latency, initiation interval and resources of each published network, before and after logic synthesis.

    60 rows: 3 data sets x 8 or 16 bits x (standard, sparse with `n_active` 8, 12, 16, 20) x 2 stages. Columns:
    `dataset`, `bits`, `model` ("standard" or "sparse"), `n_active` (`pd.NA` for standard), then those of
    `reports.read_reports`.
    """
    table = _synthesis()
    return table[table["module"] == "TOP"].reset_index(drop=True)


def modules(
    dataset: str | None = None, bits: int | None = None, n_active: int | None = None, stage: str | None = None
) -> pd.DataFrame:
    """Per-module table of the published networks, TOP included, in the columns of `totals`; None: all of them.

    `n_active` = 0 chooses the standard CNN. For stage "csynth" the FIFOs and the glue are one row: what TOP has beyond
    its modules. Raises ValueError for what was not published.
    """
    table = _synthesis()
    for name, wanted in {"dataset": dataset, "bits": bits, "n_active": n_active, "stage": stage}.items():
        if wanted is None:
            continue
        values = table[name].fillna(0) if name == "n_active" else table[name]
        if wanted not in set(values):
            raise ValueError(f"{name}={wanted!r} was not published: it has {', '.join(map(str, values.unique()))}")
        table = table[values == wanted]
    return table.reset_index(drop=True)


def scores() -> pd.DataFrame:
    """Published test scores: `dataset`, `bits`, `model`, `n_active`, `quantity` ("AUC" or "accuracy"), `value`.

    AUC of MicroBooNE for 8 and 16 bits, accuracy of the LHC jets for 16 bits. Those of MNIST were published as a plot
    only, so they have no rows. Source: arXiv 2512.06208 and the authors' slides.
    """
    return _load("scores.csv")


def scaling() -> pd.DataFrame:
    """The published scaling study of the five operations, a row a design: vendor C-synthesis of one operation alone.

    Columns: `op` ("input reduction", "convolution", "activation", "pooling", "flatten"), `bits` (8, 10, 16), `n_active`
    (5 to 30), and what belongs to the operation, else `pd.NA`: `pixels` of the image (H W), `channels`, `filters`,
    `kernel` (3 or 5 for K x K; of those of 10 bits it is not known), `pool`; then `latency` and `ii` in clock cycles of
    5 ns, `bram18`, `dsp`, `ff`, `lut`. Source: the reports in the authors' repository, Vitis HLS for xcu250.
    """
    table = _load("scaling.csv")
    return table.astype(dict.fromkeys(table.columns[1:], "Int64"))


def other_methods() -> pd.DataFrame:
    """Firmware of others for a task of ours, a row a network: `method`, `task`, `input` (theirs is not ours), `score`
    (accuracy), `latency` and `ii` in clock cycles, latency in `ns` at the period the placed and routed design reaches,
    `lut`, `dsp`, `device`, `stage` and `source`.

    JEDI-linear classifies jets of the same five classes from lists of particles, on the public data; an image of a jet
    has less in it, and our networks are trained on jets of a simulation of our own: scores are not comparable, the
    hardware is what stands beside ours.
    """
    return _load("other_methods.csv")


def _synthesis() -> pd.DataFrame:
    table = _load("synthesis.csv")
    return pd.concat([table[NETWORK], tidy(table, XCU250)], axis=1)


def _load(name: str) -> pd.DataFrame:
    return pd.read_csv(EMBEDDED / "published" / name, dtype={"n_active": "Int64"})
