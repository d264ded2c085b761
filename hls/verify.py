"""Keras = C++ = RTL on many images: the shipped reference networks, a line each. `make verify` is this.

    python hls/verify.py [NAME ...] [--scale 1]

For each network and design point: events compared with `==` on the logits, how many of them differ, latency and
initiation interval in clock cycles (5 ns are assumed nowhere here). 10,000 events for the balanced design at N = 20 and
of the networks that choose their pixels; 1,000 for the other N, the other designs (of MicroBooNE at 8 bits at every N),
the interface "rows", adversarial weights, whose sums saturate, tie or cancel, and the netlist that Yosys makes of one
network (DSPs, block RAM and wide multiplexers are instances there, which no other line simulates); 200 for the standard
CNNs, whose events take thousands of cycles; --scale multiplies that. Each event is sent once by itself and once back to
back; corner images (empty, full, overflow, border, ties) are among them. Exit code 1 if anything differs.
"""

import argparse
import signal
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import sparsepixels_lib as sp
from sparsepixels_lib.measure.mapped import mapped
from sparsepixels_lib.network import probes

SHOWN = "microboone", 8  # verified at every N with every design
WEIGHTS = {"saturating": probes.saturating, "tying": probes.tying, "cancelling": probes.cancelling}


@dataclass(frozen=True)
class Point:
    """A line of the answer: a reference network, or its architecture with the weights of a key of WEIGHTS."""

    network: sp.Network
    events: int = 1_000
    design: str = "balanced"
    interface: str = "image"
    weights: str = "trained"
    mapped: bool = False  # what is simulated is the netlist that Yosys makes of it

    def __str__(self):
        parts = [self.network.name, self.design]
        parts += [f"{self.weights} weights"] * (self.weights != "trained")
        parts += ["mapped by Yosys"] * self.mapped
        return ", ".join(parts + ["rows streamed"] * (self.interface == "rows"))

    def model(self):
        model, rng = self.network.reference(), np.random.default_rng(0)
        if self.weights != "trained":
            draw = WEIGHTS[self.weights]
            model.set_weights([draw((1, *w.shape), rng).reshape(w.shape) for w in model.get_weights()])
        return model


def wanted() -> list[Point]:
    """What is compared."""
    points = []
    for network in sp.Network.shipped():
        point, n = Point(network), network.n_active
        if n is None:
            points.append(replace(point, events=200))
        elif n == 20:
            points += [replace(point, events=10_000)]
            points += [replace(point, design=design) for design in sp.DESIGNS if design != "balanced"]
            points += [replace(point, interface="rows"), *(replace(point, weights=weights) for weights in WEIGHTS)]
        else:
            points += [
                replace(point, design=d)
                for d in (sp.DESIGNS if (network.dataset, network.bits) == SHOWN else ["balanced"])
            ]
    points.append(Point(sp.Network(*SHOWN, 8), mapped=True))
    return points + [Point(network, 10_000) for network in sp.Network.chosen()]


def images_of(network: sp.Network, events: int) -> np.ndarray:
    """Corner images, then those of the test split and, where it has too few, of the others."""
    height, width = sp.ARCHITECTURES[network.dataset].image_shape
    found = [probes.corner_images(height, width, 1, network.n_active or 20)]
    for split in ("test", "val", "train"):
        missing = events - sum(map(len, found))
        if missing > 0:
            found.append(sp.load(network.dataset, split, "default").images[:missing])
    return np.concatenate(found)[:events]


def verify(point: Point, events: int) -> int:
    """Print the line of one network; the number of events that differ anywhere."""
    model, images = point.model(), images_of(point.network, events)
    with tempfile.TemporaryDirectory() as folder:
        hls_model = sp.convert(model, Path(folder) / "hls")
        design = replace(sp.DESIGNS[point.design], interface=point.interface)
        project = sp.emit_rtl(hls_model, Path(folder) / "rtl", design)
        agreement = sp.check_rtl(mapped(project) if point.mapped else project, hls_model, images)
    wrong, single = int(agreement.wrong.sum()), agreement.single
    cycles = sorted({int(single.latency.min()), int(single.latency.max())})
    parts = " = ".join(["Keras", *(["C++"] if "C++" in agreement.found else []), "RTL"])
    print(
        f"{point}: {parts}, {len(images):,} events, {wrong} mismatches, "
        f"latency {' to '.join(map(str, cycles))} cycles, II {agreement.full_rate.ii[1]}",
        flush=True,
    )
    return wrong


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
