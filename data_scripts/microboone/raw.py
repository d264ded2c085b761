"""A MicroBooNE readout before the chain: what a notebook starts from."""

from pathlib import Path

import numpy as np

from .chain import FEWEST, Hits, signal_pixels
from .generation import CHUNK, SYNTHETIC
from .generator import lartpc
from .reader import read_events, wire_files


def example(folder: str | Path | None = None, plane: int = 2, seed: int = 1) -> tuple[np.ndarray, Hits, str]:
    """One readout of a plane before the chain: image (1066, wires) in ADC summed over 6 ticks, its hits, its source.

    The first one with a signal window, of the public files in `folder`, if it holds any, else of the generator. Raises
    ValueError, naming the file, for one that is damaged or has no such readout, OSError for one that cannot be read.
    """
    paths = wire_files(folder) if folder else []
    if paths:
        found, source = (planes for *_, planes in read_events(paths[0], [plane])), f"real: MicroBooNE, {paths[0].name}"
    else:
        found, source = (event.planes for event in lartpc.generate((seed, 0), CHUNK, [plane])), SYNTHETIC
    for planes in found:
        if plane in planes and len(signal_pixels(planes[plane][1])[0]) >= FEWEST:
            return *planes[plane], source
    raise ValueError(f"no readout of plane {plane} with {FEWEST} signal pixels; source: {source}")
