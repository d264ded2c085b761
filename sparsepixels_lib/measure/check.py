"""Keras = C++ = RTL on given images: the one check behind the open flow, the tables, `make verify` and notebooks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..cpp.emulate import CnnGraph, emulate
from ..network.exact import exact_predict
from ..network.graph import is_sparse
from ..rtl.project import RtlProject
from .simulation import Simulation, simulate


@dataclass(frozen=True)
class Agreement:
    """What `check_rtl` found on B images with L logits each.

    `expected` (B, L) of `exact_predict`; `found` {what gave them: logits (B, L)}; the simulations of `single` events
    and at `full_rate`.
    """

    top: str
    expected: np.ndarray
    found: dict[str, np.ndarray]
    single: Simulation
    full_rate: Simulation

    @property
    def wrong(self) -> np.ndarray:
        """Which events differ anywhere, (B,) bool."""
        return np.any([(logits != self.expected).any(axis=1) for logits in self.found.values()], axis=0)

    @property
    def rtl_differs(self) -> int:
        """How many logits the RTL gives wrong, with single events or back to back."""
        found = [logits != self.expected for name, logits in self.found.items() if name.startswith("RTL")]
        return int(np.count_nonzero(np.any(found, axis=0)))

    def table(self) -> pd.DataFrame:
        """A row for all that was compared with `exact_predict`: how many `logits`, and `mismatches` among them."""
        rows = {name: [logits.size, int((logits != self.expected).sum())] for name, logits in self.found.items()}
        return pd.DataFrame.from_dict(rows, orient="index", columns=["logits", "mismatches"])

    def require_equal(self) -> Agreement:
        """Itself. Raises RuntimeError that names the first event in which a logit differs."""
        for name, logits in self.found.items():
            wrong = (logits != self.expected).any(axis=1)
            if wrong.any():
                event = int(wrong.argmax())
                raise RuntimeError(
                    f"{self.top}: {name} differs from exact_predict in {wrong.sum()} of {len(wrong)} events, first in "
                    f"event {event}: {logits[event]}, not {self.expected[event]}"
                )
        return self


def check_rtl(project: RtlProject, hls_model: CnnGraph, images: np.ndarray) -> Agreement:
    """Simulate `images` (B, H, W, C) as single events and back to back, and compare the logits with `==`.

    RTL must equal `exact_predict`; a sparse network's compiled C++ must, too (stock hls4ml's average pooling, in a
    standard CNN, rounds otherwise). Raises what `simulate` and `emulate` raise; a difference is in what is returned.
    """
    expected = exact_predict(hls_model.keras_model, images)
    single, full_rate = simulate(project, images, back_to_back=False), simulate(project, images)
    found = {"RTL": single.logits, "RTL with events back to back": full_rate.logits}
    if is_sparse(hls_model.keras_model):
        found["C++"] = emulate(hls_model, images)
    return Agreement(project.top, expected, found, single, full_rate)
