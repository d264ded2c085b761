"""Keras = C++ = RTL on many images: the shipped reference networks, a line each. `make verify` is this.

    python hls/verify.py [NAME ...] [--scale 1]

For each network and design point: events compared with `==` on the logits, how many of them differ, latency and
initiation interval in clock cycles (5 ns are assumed nowhere here). 10,000 events for the balanced design at N = 20;
1,000 for the other N, the other designs (of MicroBooNE at 8 bits at every N), the interface "rows", and adversarial
weights, whose sums saturate, tie or cancel; 200 for the standard CNNs, whose events take thousands of cycles; --scale
multiplies that. Each event is sent once by itself and once back to back; corner images (empty, full, overflow, border,
ties) are among them. Exit code 1 if anything differs.
"""

import argparse
import signal
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import sparsepixels_lib as sp
from sparsepixels_lib.network import reference

sys.path.append(str(Path(__file__).parents[1] / "tests"))
import networks  # noqa: E402

SHOWN = "microboone", 8  # at every N with every design by the hardware notebook
WEIGHTS = {"saturating": networks.saturating, "tying": networks.tying, "cancelling": networks.cancelling}


@dataclass(frozen=True)
class Point:
    """A line of the answer: a reference network, or its architecture with the weights of a key of WEIGHTS."""

    dataset: str
    bits: int
    n_active: int | None
    events: int = 1_000
    design: str = "balanced"
    interface: str = "image"
    weights: str = "trained"

    def __str__(self):
        kind = "standard" if self.n_active is None else f"sparse_n{self.n_active}"
        parts = [f"{self.dataset}_{kind}_{self.bits}bit", self.design]
        parts += [f"{self.weights} weights"] * (self.weights != "trained")
        return ", ".join(parts + ["rows streamed"] * (self.interface == "rows"))

    def model(self):
        model, rng = sp.reference_model(self.dataset, self.bits, self.n_active), np.random.default_rng(0)
        if self.weights != "trained":
            draw = WEIGHTS[self.weights]
            model.set_weights([draw((1, *w.shape), rng).reshape(w.shape) for w in model.get_weights()])
        return model


def wanted() -> list[Point]:
    """What is compared."""
    points = []
    for network in reference.networks():
        dataset, bits, n = network
        point = Point(*network)
        if n is None:
            points.append(replace(point, events=200))
        elif n == 20:
            points += [replace(point, events=10_000)]
            points += [replace(point, design=design) for design in sp.DESIGNS if design != "balanced"]
            points += [replace(point, interface="rows"), *(replace(point, weights=weights) for weights in WEIGHTS)]
        else:
            points += [replace(point, design=d) for d in (sp.DESIGNS if network[:2] == SHOWN else ["balanced"])]
    return points


def images_of(dataset: str, events: int, n_active: int | None) -> np.ndarray:
    """Corner images, then those of the test split and, where it has too few, of the others."""
    height, width = sp.ARCHITECTURES[dataset].image_shape
    found = [networks.corner_images(height, width, 1, n_active or 20)]
    for split in ("test", "val", "train"):
        missing = events - sum(map(len, found))
        if missing > 0:
            found.append(sp.load(dataset, split, "default").images[:missing])
    return np.concatenate(found)[:events]


def verify(point: Point, events: int) -> int:
    """Print the line of one network; the number of events that differ anywhere."""
    model, images = point.model(), images_of(point.dataset, events, point.n_active)
    with tempfile.TemporaryDirectory() as folder:
        hls_model = sp.convert(model, Path(folder) / "hls")
        design = replace(sp.DESIGNS[point.design], interface=point.interface)
        project = sp.emit_rtl(hls_model, Path(folder) / "rtl", design)
        expected = sp.exact_predict(model, images)
        single, full_rate = sp.simulate(project, images, back_to_back=False), sp.simulate(project, images)
        found = [single.logits, full_rate.logits]
        if point.n_active is not None:  # stock hls4ml's average pooling, in a standard CNN, rounds otherwise
            found.append(sp.emulate(hls_model, images))
        wrong = np.any([(logits != expected).any(axis=1) for logits in found], axis=0).sum()
    cycles = sorted({int(single.latency.min()), int(single.latency.max())})
    parts = "Keras = C++ = RTL" if point.n_active else "Keras = RTL"
    print(
        f"{point}: {parts}, {len(images):,} events, {wrong} mismatches, "
        f"latency {' to '.join(map(str, cycles))} cycles, II {full_rate.ii[1]}",
        flush=True,
    )
    return int(wrong)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="parts of names of networks")
    parser.add_argument("--scale", type=float, default=1.0)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that no simulator outlives this
    wrong = 0
    for point in wanted():
        if not options.names or any(part in str(point) for part in options.names):
            try:
                wrong += verify(point, max(int(options.scale * point.events), 50))
            except sp.MissingTool as missing:
                parser.exit(1, f"{missing}\n")
            except RuntimeError as error:  # of one network: the others go on
                print(f"{point}: {error}", flush=True)
                wrong += 1
            except KeyboardInterrupt:
                parser.exit(130, "\nstopped\n")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
