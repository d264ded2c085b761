"""The command line of the MicroBooNE windows: python -m data_scripts.microboone."""

import argparse

from ..common.command_line import run
from .generation import EVENTS, GENERATED, PLACES, generate
from .inspection import inspect
from .preparation import PREPARED, SAMPLES, download, prepare
from .readouts import EACH, READOUTS, generate_readouts


def main(argv: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser("data_scripts.microboone", description="MicroBooNE windows, real or generated.")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("download", help="download files of two Zenodo records and verify their checksums")
    one.add_argument("folder", help="where the files go")
    one.add_argument("--sample", choices=[*SAMPLES, "both"], default="both", help="which record (default: both)")
    one.add_argument("--count", type=int, default=1, help="files of each record, 2.2 GB each (default: 1)")
    one = commands.add_parser("prepare", help=f"make {PREPARED} of the files")
    one.add_argument("folder", help="where the files are")
    one.add_argument("--out", help=f"folder for {PREPARED} (default: the same)")
    one.add_argument("--split", choices=["event", "published"], default="event", help="the published one leaks")
    _common(one, PREPARED, 0, None)
    one = commands.add_parser("generate", help=f"make {GENERATED} with the generator")
    one.add_argument("folder", help=f"folder for {GENERATED}")
    one.add_argument("--events", type=int, default=EVENTS, help=f"about 4 windows each (default: {EVENTS})")
    one.add_argument("--place", choices=[*PLACES], default="random", help="signal window of equals (default: random)")
    _common(one, GENERATED, 1, [0, 1, 2])
    one = commands.add_parser("readouts", help=f"make {READOUTS}, whole readouts, with the generator")
    one.add_argument("folder", help=f"folder for {READOUTS}")
    one.add_argument("--events", type=int, default=EACH, help=f"of each class (default: {EACH})")
    _again(one, READOUTS, 2)
    one = commands.add_parser("inspect", help="print shapes, classes and active pixels")
    one.add_argument("folder", nargs="?", help="where the data are (default: the data that ship)")
    one.add_argument("--n", type=int, help="only the first n windows of each split")
    one.add_argument("--plot", dest="plot_to", help="save the comparison with the published windows as a picture")
    own = {f.__name__: f for f in (download, prepare, generate, inspect)}
    run(parser, own | {"readouts": generate_readouts}, argv)


def _common(parser, target, seed, planes):
    parser.add_argument("--planes", type=int, nargs="+", default=planes, help="wire planes (default: 0 1 2)")
    _again(parser, target, seed)


def _again(parser, target, seed):
    parser.add_argument("--seed", type=int, default=seed, help=f"of all that is random (default: {seed})")
    parser.add_argument("--force", action="store_true", help=f"replace a {target} that is there")


if __name__ == "__main__":
    main()
