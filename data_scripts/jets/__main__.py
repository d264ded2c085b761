"""The command line of the jets: python -m data_scripts.jets."""

import argparse

from ..common.command_line import run
from .files import RECORD, download
from .generation import GENERATED, RAW, examples, generate
from .inspection import inspect
from .preparation import PREPARED, prepare


def main(argv: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser("data_scripts.jets", description="LHC jets, real or from Pythia.")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("download", help=f"download and unpack the files of Zenodo record {RECORD}")
    one.add_argument("folder", help="where the files go")
    one.add_argument("--match", default="", help='only files with this in their name, such as "val" (1.1 of 3.9 GB)')
    one.add_argument("--count", type=int, help="only so many of them, by name")
    one = commands.add_parser("prepare", help=f"make {PREPARED} of jetImage_*_150p_*.h5")
    one.add_argument("folder", help="where the files are")
    one.add_argument("--out", help=f"folder for {PREPARED} (default: the same)")
    one.add_argument("--files", type=int, help="use only so many files (default: until there are 300,000 jets)")
    one.add_argument("--seed", type=int, default=0, help="of the split (default: 0)")
    one.add_argument("--force", action="store_true", help=f"replace a {PREPARED} that is there")
    one = commands.add_parser("generate", help=f"make {GENERATED} with Pythia 8")
    one.add_argument("folder", help=f"folder for {GENERATED}")
    one.add_argument("--n", type=int, default=60_000, help="number of jets, a multiple of 125 (default: 60,000)")
    one.add_argument("--seed", type=int, default=1, help="default: 1, that of the file that ships")
    one.add_argument("--force", action="store_true", help=f"replace a {GENERATED} that is there")
    one = commands.add_parser("examples", help=f"make {RAW} with Pythia 8: a jet of each class before the chain")
    one.add_argument("folder", help=f"folder for {RAW}")
    one.add_argument("--seed", type=int, default=1, help="default: 1, that of the file that ships")
    one.add_argument("--force", action="store_true", help=f"replace a {RAW} that is there")
    one = commands.add_parser("inspect", help="print shapes, classes and active pixels")
    one.add_argument("folder", nargs="?", help="where the data are (default: the data that ship)")
    one.add_argument("--n", type=int, help="only the first n images of each split")
    one.add_argument("--plot", dest="plot_to", help="save the comparison with the real jets as a picture")
    run(parser, {f.__name__: f for f in (download, prepare, generate, examples, inspect)}, argv)


if __name__ == "__main__":
    main()
