"""Synthesise the shipped reference networks with Yosys and keep the tables that the notebooks show.

    python notebooks/tables.py [NAME ...] [--out notebooks/tables]

A table a network and design point: OUT/<top>_<design>.json, with the command, the versions and a hash of the sources
that made it, and the latency and initiation interval that a simulation measured. What is there already and belongs to
the same sources is kept. A few minutes each on two cores; names are parts of file names.
"""

import argparse
import json
import tempfile
from pathlib import Path

import sparsepixels_lib as sp
from sparsepixels_lib import reference
from sparsepixels_lib.open_flow import check_rtl
from sparsepixels_lib.yosys import load_table, synthesize_open, write_table

IMAGES = 40  # simulated, from the test split


def wanted() -> list[tuple[str, int, int | None, str]]:
    """(data set, bits, n_active, design): MicroBooNE at 8 bit in all, the others balanced."""
    points = [("microboone", 8, n, design) for n in (20, 16, 12, 8) for design in sp.DESIGNS]
    others = [(dataset, bits, 20, "balanced") for dataset, bits, n in reference.networks() if n == 20]
    standard = [(dataset, bits, None, "balanced") for dataset, bits, n in reference.networks() if n is None]
    return points + [point for point in others if point not in points] + standard


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
        single, full_rate = check_rtl(project, hls_model, sp.load(dataset, "test", "default", n=IMAGES).images)
        table = synthesize_open(project)
        top = table["module"] == "TOP"
        table.loc[top, ["latency_min", "latency_max"]] = single.latency.min(), single.latency.max()
        table.loc[top, "ii"] = full_rate.ii[1]
        write_table(path, project, table)
        record = {"dataset": dataset, "bits": bits, "n_active": n_active, "design": design}
        record |= {"latency": int(single.latency.max()), "ii": int(full_rate.ii[1]), "command": "notebooks/tables.py"}
        path.write_text(json.dumps(record | json.loads(path.read_text()), indent=1) + "\n")
        print(
            path.name,
            record["latency"],
            record["ii"],
            *table.loc[top, ["lut", "ff", "dsp", "levels"]].iloc[0],
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("tables"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for dataset, bits, n_active, design in wanted():
        kind = "standard" if n_active is None else f"sparse_n{n_active}"
        name = f"{dataset}_{kind}_{bits}bit_top_{design}"
        if not options.names or any(part in name for part in options.names):
            make(dataset, bits, n_active, design, options.out)


if __name__ == "__main__":
    main()
