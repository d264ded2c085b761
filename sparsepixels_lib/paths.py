"""Where the files are that are no Python: inside the wheel, or in the clone."""

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
