"""Keras = C++ = RTL on many images: the shipped reference networks, a line each. `make verify` is this.

    python hls/verify.py [NAME ...] [--scale 1]

For each network and design point: events compared with `==` on the logits, how many of them differ, latency and
initiation interval in clock cycles (5 ns are assumed nowhere here). 10,000 events for the balanced design at N = 20,
1,000 for the others, 200 for the standard CNNs, whose events take thousands of cycles; --scale multiplies that. Each
event is sent once by itself and once back to back; corner images (empty, full, overflow, border, ties) are among them.
Exit code 1 if anything differs.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

import sparsepixels_lib as sp
from sparsepixels_lib import reference

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from networks import corner_images  # noqa: E402


def wanted() -> list[tuple[str, int, int | None, str, int]]:
    """(data set, bits, n_active, design, events)."""
    points = []
    for dataset, bits, n in reference.networks():
        if n is None:
            points.append((dataset, bits, n, "balanced", 200))
        for design in sp.DESIGNS if n == 20 else ["balanced"] if n else []:
            points.append((dataset, bits, n, design, 10_000 if (n, design) == (20, "balanced") else 1_000))
    return points


def images_of(dataset: str, events: int, n_active: int | None) -> np.ndarray:
    """Corner images, then those of the test split and, where it has too few, of the others."""
    height, width = sp.ARCHITECTURES[dataset].image_shape
    found = [corner_images(height, width, 1, n_active or 20)]
    for split in ("test", "val", "train"):
        missing = events - sum(map(len, found))
        if missing > 0:
            found.append(sp.load(dataset, split, "default").images[:missing])
    return np.concatenate(found)[:events]


def verify(dataset: str, bits: int, n_active: int | None, design: str, events: int) -> int:
    """Print the line of one network; the number of events that differ anywhere."""
    model, images = sp.reference_model(dataset, bits, n_active), images_of(dataset, events, n_active)
    with tempfile.TemporaryDirectory() as folder:
        hls_model = sp.convert(model, Path(folder) / "hls")
        project = sp.emit_rtl(hls_model, Path(folder) / "rtl", sp.DESIGNS[design])
        expected = sp.exact_predict(model, images)
        single, full_rate = sp.simulate(project, images, back_to_back=False), sp.simulate(project, images)
        found = [single.logits, full_rate.logits]
        if n_active is not None:  # stock hls4ml's average pooling, in a standard CNN, rounds otherwise
            found.append(sp.emulate(hls_model, images))
        wrong = np.any([(logits != expected).any(axis=1) for logits in found], axis=0).sum()
    cycles = sorted({int(single.latency.min()), int(single.latency.max())})
    parts = "Keras = C++ = RTL" if n_active else "Keras = RTL"
    print(
        f"{model.name}, {design}: {parts}, {len(images):,} events, {wrong} mismatches, "
        f"latency {' to '.join(map(str, cycles))} cycles, II {full_rate.ii[1]}",
        flush=True,
    )
    return int(wrong)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="parts of names of networks")
    parser.add_argument("--scale", type=float, default=1.0)
    options = parser.parse_args()
    wrong = 0
    for dataset, bits, n_active, design, events in wanted():
        kind = "standard" if n_active is None else f"sparse_n{n_active}"
        name = f"{dataset}_{kind}_{bits}bit, {design}"
        if not options.names or any(part in name for part in options.names):
            try:
                wrong += verify(dataset, bits, n_active, design, max(int(options.scale * events), 50))
            except sp.MissingTool as missing:
                parser.exit(1, f"{missing}\n")
            except RuntimeError as error:  # of one network: the others go on
                print(f"{name}: {error}", flush=True)
                wrong += 1
            except KeyboardInterrupt:
                parser.exit(130, "\nstopped\n")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
