"""Every claim of README, notebooks and docs that has a number: what checks it, how long that takes, what must come out.

    python docs/claims.py             # check the quick ones: make claims
    python docs/claims.py NAME ...    # check these
    python docs/claims.py --write     # make CLAIMS.md of what is below

Exits with 1 when a claim does not hold.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

import sparsepixels_lib as sp
from sparsepixels_lib import measure

ROOT = Path(__file__).parents[1]
QUICK = 60  # seconds
CLAIMS: dict[str, "Claim"] = {}


class Claim(NamedTuple):
    """What is claimed, where, and the number that `check` must give, but for the tolerance; it takes `seconds`."""

    text: str
    where: str
    expected: float
    tolerance: float
    seconds: int
    check: Callable[[], float]

    def holds(self, value: float) -> bool:
        return abs(value - self.expected) <= self.tolerance + 1e-9


def claim(text: str, where: str, expected: float, tolerance: float = 0.0, seconds: int = 5):
    """What follows checks this."""

    def register(check: Callable[[], float]) -> Callable[[], float]:
        CLAIMS[check.__name__.replace("_", "-")] = Claim(text, where, expected, tolerance, seconds, check)
        return check

    return register


@cache
def point(design: str = "balanced", dataset: str = "microboone", n_active: int = 20):
    """A row of the tables that ship, and the published one beside it."""
    which = "dataset == @dataset and bits == 8 and n_active == @n_active"
    ours = measure.design_points(ROOT / "notebooks" / "tables").query(f"{which} and design == @design").iloc[0]
    return ours, measure.published_points().query(which).iloc[0]


def tests(*arguments: str) -> float:
    """Exit code of pytest, 0 when all of these tests pass."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False, stdout=sys.stderr).returncode


@claim("So many of the 3,969 pixels of a window carry a signal (median of those with any)", "README", 25, 1)
def active_pixels() -> float:
    active = np.count_nonzero(sp.load("microboone", "test", "default").images, axis=(1, 2, 3))
    return float(np.median(active[active > 0]))


@claim("The balanced network answers after this many ns (cycles simulated, 5 ns a cycle estimated)", "README, 04", 160)
def balanced_ns() -> float:
    return float(point()[0].latency_ns)


@claim("The published hardware takes this many times its cycles, to the logits", "04", 4.1, 0.05)
def fewer_cycles() -> float:
    ours, theirs = point()
    return float((theirs.latency - theirs.after_logits) / ours.latency)


@claim("And this many times its LUTs (Yosys against the vendor's logic synthesis)", "04", 8.7, 0.1)
def fewer_luts() -> float:
    ours, theirs = point()
    return float(theirs.lut / ours.lut)


@claim("The design for triggers answers after this many ns", "04", 149.4)
def trigger_ns() -> float:
    return float(point("trigger")[0].latency_ns)


@claim("And takes an event every so many ns; crossings of the LHC are 24.95 ns apart", "04", 24.9)
def trigger_every() -> float:
    return round(float(point("trigger")[0].ii * sp.DESIGNS["trigger"].period), 6)


@claim("So many sparse design points have a stage that needs more than the period (estimated)", "04, docs/timing.md", 0)
def slow_stages() -> float:
    points = measure.design_points(ROOT / "notebooks" / "tables", ROOT / "notebooks" / "tables" / "chosen")
    sparse = points[points.n_active.notna()]
    return float((~(sparse.ns_routed <= sparse.design.map(lambda name: sp.DESIGNS[name].period))).sum())


@claim("20 pixels do what all do: AUC of standard minus sparse CNN, synthetic windows", "01", 0, 0.01, 30)
def twenty_for_all() -> float:
    test = sp.load("microboone", "test", "default")
    models = (sp.reference_model("microboone", 8, n) for n in (None, 20))
    standard, sparse = (measure.auc(test.labels, sp.exact_predict(model, test.images)[:, 0]).value for model in models)
    return standard - sparse


@claim("8 chosen pixels do what the first 20 do: AUC of the one minus the other, means of seeds", "05", 0.005, 0.01)
def eight_for_twenty() -> float:
    runs = measure.selection_scores("microboone")
    eight, twenty = (runs[sp.Network("microboone", 8, *which)] for which in ((8, "adaptive"), (20,)))
    means = [np.mean([run.value for run in scores if run.value != 0.5]) for scores in (eight, twenty)]
    return float(means[0] - means[1])


@claim("Keras, C++ and oracle are equal on 10,000 digits (N = 20, 8 bit): exit code", "README, 03", 0, 0, 60)
def exact_digits() -> float:
    return tests("tests/test_bit_exact_mnist.py", "-k", "agree_on_real and 20-8")


@claim("RTL equals Keras on corner images, with gaps and resets, small networks: exit code", "README, 04", 0, 0, 300)
def exact_rtl() -> float:
    return tests("tests/test_rtl_sparse.py", "-k", "whatever_the_events_do")


@claim("RTL, C++ and Keras agree on 10,000 events a network, all networks: exit code", "README", 0, 0, 3 * 3600)
def exact_everywhere() -> float:
    return subprocess.run(["make", "verify"], cwd=ROOT, check=False, stdout=sys.stderr).returncode


def markdown() -> str:
    """CLAIMS.md."""
    lines = [
        "# Claims",
        "",
        "Each has one command, `.venv/bin/python docs/claims.py NAME`; `make claims` checks those of a minute or less.",
        "This page is written by `docs/claims.py --write`; a test keeps it in step.",
        "",
        "| name | claim | where | expected | tolerance | takes |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in CLAIMS.items():
        takes = f"{one.seconds} s" if one.seconds <= QUICK else f"{one.seconds / 60:.0f} min"
        lines.append(f"| {name} | {one.text} | {one.where} | {one.expected:g} | {one.tolerance:g} | {takes} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    if options.write:
        (ROOT / "CLAIMS.md").write_text(markdown())
        return 0
    if unknown := set(options.names) - CLAIMS.keys():
        parser.error(f"no claim is called {', '.join(sorted(unknown))}; there are {', '.join(CLAIMS)}")
    failed = 0
    for name in options.names or [name for name, one in CLAIMS.items() if one.seconds <= QUICK]:
        start, one = time.perf_counter(), CLAIMS[name]
        value = one.check()
        failed += not one.holds(value)
        said = "holds" if one.holds(value) else f"DOES NOT HOLD: {one.expected:g} ± {one.tolerance:g} was claimed"
        print(f"{name}: {value:g}, {said} ({time.perf_counter() - start:.0f} s)", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
