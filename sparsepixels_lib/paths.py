"""Where the files are that are no Python: inside the wheel, or in the clone; and where compiled programs are kept."""

import os
from pathlib import Path

PACKAGE = Path(__file__).parent
EMBEDDED = PACKAGE / "embedded"  # data, weights and published figures that ship
DEVICE = "xcu250-figd2104-2L-e"  # of the published reports


def _hls() -> Path:
    packaged = PACKAGE / "hls"
    return packaged if packaged.is_dir() else PACKAGE.parent / "hls"


def cpp_kernels() -> Path:
    """The folder with the C++ headers of the sparse layers."""
    return _hls() / "cpp"


def rtl_modules() -> Path:
    """The folder with the SystemVerilog modules, and what else an emitted project is made of."""
    return _hls() / "rtl"


def cache() -> Path:
    """The folder of compiled programs: $SPARSEPIXELS_CACHE, else build/cache of the clone, else of the user's caches.

    Raises RuntimeError where a user without a home would need one.
    """
    if named := os.environ.get("SPARSEPIXELS_CACHE"):
        return Path(named).absolute()
    if (PACKAGE.parent / "pyproject.toml").exists():
        return PACKAGE.parent / "build" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sparsepixels_lib"
