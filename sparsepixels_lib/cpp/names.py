"""Names and folders in generated C++: which a project and its layers cannot have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

KEYWORDS = """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class compl
    concept const const_cast consteval constexpr constinit continue co_await co_return co_yield decltype default delete
    do double dynamic_cast else enum explicit export extern false float for friend goto if inline int long mutable
    namespace new noexcept not not_eq nullptr operator or or_eq private protected public register reinterpret_cast
    requires return short signed sizeof static static_assert static_cast struct switch template this thread_local throw
    true try typedef typeid typename union unsigned using virtual void volatile wchar_t while xor xor_eq
"""  # C++23, table of keywords and of alternative tokens
TAKEN = """
    main std nnet hls input output test defines parameters weights firmware loaded_weights trace_enabled ap_fixed
    ap_ufixed ap_int ap_uint input_t result_t model_default_t NULL EOF BUFSIZ NAN INFINITY MIN MAX DIV_ROUNDUP assert
    errno stdin stdout stderr
"""  # of the standard library's macros and of what hls4ml 1.3.0 writes: identifiers, and files named as the project
MACROS = r"M_\w+|AP_\w+|[A-Z]+_(MAX|MIN|BIT)|\w+_t|timezone|signgam"  # of <cmath>, <climits>, ap_types; and all types
GENERATED = r"(layer|w|b|s|weight|bias|scale|config|\w+_config)\d+(_\w+)?"  # by hls4ml, numbered


def check_names(project_name: str, layers: Iterable[str]) -> None:
    """Raises ValueError, naming it, for the name of a project or a layer (the input first) that the C++ cannot have.

    hls4ml keeps precisions by names in small letters, and makes layers of its own beside ours: `_hash` for the second
    output of a layer, `_linear` for the activation that a layer does not have, `zp2d_` for its padding.
    """
    layers = list(layers)
    for name in [project_name, *layers]:  # of the layers, only the input is an identifier of its own
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII):
            raise ValueError(f"{name!r} cannot be a name in C++: use the letters a to z, digits and _.")
        if len(name) > 100:
            raise ValueError(
                f"{name[:40]!r}... has {len(name)} letters: files are called after it, choose at most 100."
            )
        taken = name in KEYWORDS.split() or name in TAKEN.split() or re.fullmatch(f"{GENERATED}|{MACROS}", name)
        if taken and name in (project_name, layers[0]):
            raise ValueError(
                f"{name!r} cannot be a name in C++: the language or hls4ml has it for something else. Choose another."
            )
    names: dict[str, str] = {project_name.lower(): "the project", f"{layers[0]}_ap".lower(): "the input in C++"}
    if project_name.lower() == f"{layers[0]}_ap".lower():
        raise ValueError(f"{project_name!r} cannot be a name in C++: the input {layers[0]!r} has it. Choose another.")
    for name in layers:
        of = f"layer {name!r}"
        for made in (name, f"{name}_hash", f"{name}_linear", f"zp2d_{name}", f"repack_{name}"):
            if (other := names.setdefault(made.lower(), of)) != of:
                raise ValueError(f"{of} and {other} would both have the name {made!r} in C++: choose another name.")


def check_folder(folder: Path) -> None:
    """Raises ValueError for a path that the compile script and the sources of hls4ml cannot name."""
    if bad := sorted(set(str(folder.resolve())) & set('"\\\n\r')):
        raise ValueError(f"{str(folder)!r} has {' and '.join(map(repr, bad))} in its path: choose another output_dir.")
