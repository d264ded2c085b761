"""The C++ of a converted project as a library: compiled with g++ once for all projects with the same sources.

Stock hls4ml's build_lib.sh reads 100,000 lines of headers twice, each time; here g++ has compiled them before.
"""

import shutil
from pathlib import Path

from ..paths import cpp_kernels
from ..tools.compiler import CompilerError, compiler, first_error, precompile, run
from ..tools.files import whole_file
from ..tools.kept import kept
from ..tools.process import MissingTool, plain_folder

# -O3, as of stock hls4ml, takes longer and gives a library that is not faster.
FLAGS = ["-std=c++14", "-O1", "-w", "-fPIC", "-fno-gnu-unique", "-DWEIGHTS_DIR=emulation::weights"]
STANDARD = ["iostream", "sstream", "string", "array", "tuple", "map", "vector", "algorithm", "cassert", "cstddef"]
TYPES = ["ap_fixed.h", "ap_int.h", "hls_stream.h", "nnet_utils/nnet_types.h", "nnet_utils/nnet_helpers.h"]
LAYERS = ["activation", "activation_stream", "dense", "dense_compressed", "dense_stream", "conv2d", "conv2d_stream"]
LAYERS += ["padding", "padding_stream", "pooling", "pooling_stream"]
# One library serves all folders: it reads the weights, as hls4ml's does, from where `weights_are_in` has told it.
SOURCE = """\
#include "shared.h"
namespace emulation { std::string weights; }
extern "C" void weights_are_in(const char* folder) { emulation::weights = folder; }
#include "firmware/%(name)s.cpp"
#include "%(name)s_bridge.cpp"
"""


def compiled(folder: Path, name: str) -> Path:
    """The library of the project `name` that hls4ml has written into `folder`; what g++ said is in its compile.log.

    Its function `weights_are_in` takes the folder of the weights, before the first image. It is kept under the hash of
    all that went into it, in `paths.cache()` or else in `folder`. Raises RuntimeError with the first error, naming
    compile.log, if it does not compile.
    """
    log, folder = folder / "compile.log", folder.absolute()
    firmware = folder / "firmware"
    headers = sorted(firmware.rglob("*.h"))
    sources = [*headers, firmware / f"{name}.cpp", folder / f"{name}_bridge.cpp"]
    texts = {path: f"{path.relative_to(folder)}\n{path.read_text()}" for path in sources}
    general = [texts[path] for path in headers if path.parent not in (firmware, firmware / "weights")]

    def build(library: Path) -> None:
        with plain_folder() as work:
            (work / "shared.h").write_text(_shared())
            (work / "library.cc").write_text(SOURCE % {"name": name})
            includes = [f"-I{firmware / 'ap_types'}", f"-I{firmware}", f"-I{folder}"]
            precompile(work / "shared.h", FLAGS, includes, general)
            log.write_text(run(work, [*FLAGS, *includes, "-shared", "library.cc", "-o", library]))

    try:
        log.write_text("")
        which = compiler("the C++ cannot be emulated")
        content = [which, *FLAGS, _shared(), SOURCE, name, *texts.values()]
        return kept("library", content, build, firmware / "kept")
    except (CompilerError, MissingTool) as error:
        log.write_text(str(error))
        raise RuntimeError(f"The C++ project did not compile ({log}): {first_error(str(error))}") from error


def private_copy(library: Path, path: Path) -> Path:
    """A copy as `path`: the loader takes a file that it knows for the library it has loaded, with all its variables."""
    with whole_file(path) as scratch:
        shutil.copy(library, scratch)
    return path


def _shared() -> str:
    """A header of what no project changes, and many include."""
    lines = [f"#include <{name}>" for name in STANDARD]
    lines.append("namespace emulation { extern std::string weights; }")
    names = [
        *TYPES,
        *(f"nnet_utils/nnet_{name}.h" for name in LAYERS),
        *(f"nnet_utils/{path.name}" for path in sorted(cpp_kernels().glob("*.h"))),
    ]
    return "\n".join([*lines, *(f'#include "{name}"' for name in names), ""])
