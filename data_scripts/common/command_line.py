"""How the command line of a data set runs a command: a mistake is one line, not a traceback."""

from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from pathlib import Path


def run(parser: ArgumentParser, commands: Mapping[str, Callable], argv: list[str] | None) -> None:
    """Parse `argv` (None: that of the process), call what `commands` has for its `command`, print the files it wrote.

    What the command raises for a mistake ends the process with its text and code 1, an interruption with code 130.
    """
    arguments = vars(parser.parse_args(argv))
    try:
        result = commands[arguments.pop("command")](**arguments)
    except (ValueError, OSError, ImportError, RuntimeError) as error:
        parser.exit(1, f"error: {error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "interrupted: what is finished is kept, the same command goes on\n")
    for path in [result] if isinstance(result, Path) else result or []:
        print(f"wrote {path}")
