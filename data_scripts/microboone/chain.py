"""From the wires of a MicroBooNE readout to 63 x 63 windows: the published chain, plane by plane.

    wires (w, 6400) -> sum of 6 ticks, below 10 -> 0, at most 100 ADC -> image (1066, w)
    hits            -> signal mask (1066, w): neutrino hits +- 2 rms, cosmic hits override
    both            -> a 256 x 512 window with most signal pixels, if the plane has at least 500 of them, and
                       up to 5 windows without any, which overlap neither it nor each other
    window          -> sums of 4 x 8 pixels (64, 64), those of at most 700 ADC -> 0, the first 63 x 63, / 3200

as in arXiv 2512.06208 and its published code, but for two things. Thousands of windows hold the same, largest number of
signal pixels. That code takes the first in raster order, so that a neutrino lies low and right in its window, which
tells it from the background: here one is drawn at random among the equals. And that code fills up with windows of
little signal where it finds fewer than 5 without; here a background window has none. The chains of the jets and of
MNIST, which the library needs itself, are in `sparsepixels_lib.data.chains`. Images have rows of time (bins of 6 ticks,
3 us) and columns of wire.
"""

from typing import NamedTuple

import numpy as np

from sparsepixels_lib.data.chains import MICROBOONE_ADC

WIRES = (2400, 2400, 3456)  # of planes 0, 1 (induction) and 2 (collection)
TICKS, BIN = 6400, 6
BINS = TICKS // BIN
LOW, HIGH = 10.0, 100.0  # ADC summed over 6 ticks: zero below, saturation
RMS = 2.0  # half width of a hit in the mask, in its rms
FEWEST = 500  # signal pixels of a plane
WINDOW, BACKGROUNDS, TRIES = (256, 512), 5, 20_000
POOL, KEPT, SIZE, FULL = (4, 8), 700.0, 63, MICROBOONE_ADC
SIGNAL, BACKGROUND = 1, 0  # labels


class Hits(NamedTuple):
    """Reconstructed pulses of a plane: wire (n,), time and rms (n,) in ticks, neutrino (n,) bool."""

    wire: np.ndarray
    time: np.ndarray
    rms: np.ndarray
    neutrino: np.ndarray


def sum_ticks(adc: np.ndarray) -> np.ndarray:
    """Waveforms (wires, 6400) -> sums over 6 ticks (1066, wires); the last 4 ticks are left out."""
    return (adc[:, : BINS * BIN].reshape(len(adc), BINS, BIN) @ np.ones(BIN, adc.dtype)).T  # ten times faster than sum


def signal_pixels(hits: Hits) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns (k,) of the bins with more neutrino than cosmic ticks; a tick of both is cosmic."""
    label = np.zeros((max(WIRES), BINS * BIN), np.int8)
    for neutrino, value in ((False, -1), (True, 1)):
        pulses = [a[hits.neutrino == neutrino] for a in hits[:3]]
        first, last = (
            np.clip(edge, 0, TICKS - 1).astype(int)
            for edge in (np.floor(pulses[1] - RMS * pulses[2]), np.ceil(pulses[1] + RMS * pulses[2]))
        )
        count = last - first + 1
        tick = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count - first, count)
        wire = np.repeat(pulses[0].astype(int), count)[tick < BINS * BIN]
        tick = tick[tick < BINS * BIN]
        if neutrino:
            bins = np.unique(wire * BINS + tick // BIN)
            wire, tick = (a[label[wire, tick] == 0] for a in (wire, tick))
        label[wire, tick] = value
    bins = bins[label.reshape(-1, BIN)[bins].sum(axis=1, dtype=int) > 0]
    return bins % BINS, bins // BINS


def signal_window(
    row: np.ndarray, column: np.ndarray, wires: int, rng: np.random.Generator | None = None
) -> tuple[int, int]:
    """First row and column of a 256 x 512 window with most signal pixels; of equals one that `rng` draws, or the first
    in raster order."""
    first = [max(0, found.min() - size + 1) for found, size in zip((row, column), WINDOW, strict=True)]
    last = [min(end, found.max() + size) for found, size, end in zip((row, column), WINDOW, (BINS, wires), strict=True)]
    near = np.zeros(np.subtract(last, first), np.int32)  # no window outside of this part has any signal
    near[row - first[0], column - first[1]] = 1
    sums = _sliding_sum(_sliding_sum(near, WINDOW[0]).T, WINDOW[1]).T
    equals = np.flatnonzero(sums == sums.max())
    best = np.unravel_index(equals[0] if rng is None else rng.choice(equals), sums.shape)
    return int(best[0] + first[0]), int(best[1] + first[1])


def _sliding_sum(a, size):
    total = np.pad(np.cumsum(a, axis=0), ((1, 0), (0, 0)))
    return total[size:] - total[:-size]


def background_windows(
    row: np.ndarray, column: np.ndarray, wires: int, signal: tuple[int, int], rng: np.random.Generator
) -> list[tuple[int, int]]:
    """First rows and columns of up to 5 random windows without signal pixels, which overlap nothing taken before."""
    taken = [signal]
    for _ in range(TRIES):
        r, c = rng.integers((BINS - WINDOW[0] + 1, wires - WINDOW[1] + 1)).tolist()
        if all(abs(r - r0) >= WINDOW[0] or abs(c - c0) >= WINDOW[1] for r0, c0 in taken):
            inside = (row >= r) & (row < r + WINDOW[0]) & (column >= c) & (column < c + WINDOW[1])
            if not inside.any():
                taken.append((r, c))
                if len(taken) > BACKGROUNDS:
                    break
    return taken[1:]


def pool(window: np.ndarray) -> np.ndarray:
    """Sums over 6 ticks in a window (256, 512) -> (63, 63) float32 in [0, 1]."""
    return pool_all(window)[:SIZE, :SIZE]


def pool_all(image: np.ndarray) -> np.ndarray:
    """Sums over 6 ticks (h, w) -> all their whole blocks (h // 4, w // 8) float32 in [0, 1], of a readout (266, 432).

    Its slice [r : r + 63, c : c + 63] is the `pool` of the window whose first bin is (4 r, 8 c).
    """
    height, width = (size // by for size, by in zip(image.shape, POOL, strict=True))
    image = image[: height * POOL[0], : width * POOL[1]]
    image = np.where(image < LOW, 0, np.minimum(image, HIGH))
    sums = image.reshape(height, POOL[0], width, POOL[1]).sum(axis=(1, 3))
    return (np.where(sums > KEPT, sums, 0) / FULL).clip(0, 1).astype(np.float32)


def windows(
    image: np.ndarray, hits: Hits, rng: np.random.Generator, first: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Windows (k, 63, 63) and labels (k,) of one plane: image (1066, w) of sums over 6 ticks; none below 500 pixels.

    `first`: of windows with equally much signal the first, as published, not one at random.
    """
    row, column = signal_pixels(hits)
    if len(row) < FEWEST:
        return np.empty((0, SIZE, SIZE), np.float32), np.empty(0, np.uint8)
    signal = signal_window(row, column, image.shape[1], None if first else rng)
    places = [signal, *background_windows(row, column, image.shape[1], signal, rng)]
    pooled = [pool(image[r : r + WINDOW[0], c : c + WINDOW[1]]) for r, c in places]
    return np.array(pooled), np.array([SIGNAL] + [BACKGROUND] * (len(places) - 1), np.uint8)
