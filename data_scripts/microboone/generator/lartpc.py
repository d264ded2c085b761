"""A MicroBooNE-like liquid-argon time projection chamber in numpy: neutrino interactions among cosmic muons, read out.

It stands in where the public MicroBooNE files are absent: honest in its physics (`argon`), simple in its kinematics.
The neutrino interactions are phenomenological shapes near those of the Booster beam, not an event generator; the cosmic
muons, which in the real files are recorded data, are drawn from the textbook flux.

Detector: drift speed, wire geometry, readout and trigger offset of the MicroBooNE public data set (its README and
microboone_utils.py); longitudinal diffusion 3.74 cm^2/s (arXiv:2104.06551), transverse 5.85 cm^2/s (Li et al.,
arXiv:1508.07059); a pulse as wide as the software filters of arXiv:1802.08709 leave it; about one wire in ten dead
(arXiv:1705.07341). `GAIN` and `DEAD` are tuned so that windows are as full as the real ones.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from ..chain import BIN, BINS, WIRES, Hits
from . import argon, cascades
from .argon import MUON, PION, PROTON, VOLUME, Deposits, Particles, join, nothing, tilt

TICK_LENGTH, DRIFT_SPEED, TRIGGER = 0.0548965, 0.1098, 800  # cm of drift a tick, cm/us, tick of the beam
PITCH = 0.3  # cm between wires
LONGITUDINAL, TRANSVERSE = 3.74e-6, 5.85e-6  # diffusion, cm^2/us
PULSE = 2.4  # ticks, width of the deconvolved response to a point charge
GAIN = 1 / 217  # ADC ticks an electron
NOISE = 2.5  # ADC, of a bin within a region of interest
REGION = 3.0  # ADC: bins below are outside every region of interest
HIT = 6.0  # ADC: bins of a hit are above
DEAD = 0.08  # share of dead wires
FLUX = 70.0  # muons / (m^2 s sr), vertical, at sea level (PDG, chapter 30), which goes with cos^2 of the zenith angle
EARLIEST, LATEST = -400 - 256 / DRIFT_SPEED, 2800  # us: arrival of muons that are seen in the readout
SAMPLES = 6  # points that the charge of one step is spread over
MIXTURE = {"nue CC": 0.45, "numu CC": 0.38, "NC": 0.17}  # the public files hold 19,940 nue and 24,332 inclusive events


class Event(NamedTuple):
    """One readout: per plane the image (1066, wires) float32, ADC summed over 6 ticks, and the hits."""

    planes: dict[int, tuple[np.ndarray, Hits]]
    kind: str
    energy: float  # GeV, of the neutrino


def generate(
    seed: int | tuple[int, ...], n: int, planes: Sequence[int] = (0, 1, 2), neutrino: bool = True
) -> Iterator[Event]:
    """Yield `n` events, the same ones for the same arguments; without a `neutrino` of the kind "none" and 0 GeV."""
    rng = np.random.default_rng(seed)
    deposits, truth, time, muon_event = _simulate(rng, n, neutrino)
    order = np.argsort(deposits.source, kind="stable")
    deposits = Deposits(*(a[order] for a in deposits))
    event_of = np.concatenate([np.arange(n), muon_event])
    ends = np.searchsorted(deposits.source, np.arange(len(event_of) + 1))
    for event in range(n):
        parts = [slice(ends[s], ends[s + 1]) for s in np.flatnonzero(event_of == event)]
        own = join([Deposits(*(a[part] for a in deposits)) for part in parts])
        yield Event(readout(rng, own, time[own.source], own.source < n, planes), *truth[event])


def _simulate(rng, n, neutrino):
    """Deposits of n events, with what they are, the time of each source and the event of each muon (source n, ...)."""
    truth, primary = neutrinos(rng, n)
    if not neutrino:
        truth, primary = [("none", 0.0)] * n, dict.fromkeys(primary, nothing())
    muon_event = np.repeat(np.arange(n), rng.poisson(muons(), n))
    cosmic = cosmics(rng, len(muon_event))
    cosmic = cosmic._replace(source=n + cosmic.source)
    arrival = np.concatenate([np.zeros(n), rng.uniform(EARLIEST, LATEST, len(cosmic.source))])
    deposits, electrons, protons, photons = [], [primary["electron"]], [primary["proton"]], [primary["photon"]]
    followed = ((primary["muon"], MUON, 1 - argon.CAPTURED), (cosmic, MUON, 0.55 + 0.45 * (1 - argon.CAPTURED)))
    for particles, mass, michel in (*followed, (primary["pion"], PION, 0.5)):
        path, knocked, broken, radiated = argon.tracks(rng, particles, mass, michel)
        deposits, electrons = [*deposits, path], [*electrons, knocked]
        protons, photons = [*protons, broken], [*photons, radiated]
    path, knocked, broken, _ = argon.tracks(rng, join(protons), PROTON)
    deposits += [path, *cascades.showers(rng, join([*electrons, knocked]), join(photons))]
    deposits = join([*deposits, argon.tracks(rng, broken, PROTON)[0]])
    within = argon.inside(deposits.position)
    return Deposits(*(a[within] for a in deposits)), truth, arrival, muon_event


# --- primaries --------------------------------------------------------------------------------------------------------


def neutrinos(rng: np.random.Generator, n: int) -> tuple[list[tuple[str, float]], dict[str, Particles]]:
    """Kind and energy (GeV) of n interactions, and the particles that leave them; source i is interaction i."""
    kind = rng.choice(list(MIXTURE), n, p=list(MIXTURE.values()))
    vertex = rng.uniform(VOLUME[:, 0] + 5, VOLUME[:, 1] - 5, (n, 3))
    energy = 1000 * np.clip(rng.lognormal(-0.05, 0.5, n) * np.where(kind == "nue CC", 1.3, 1), 0.25, 5)  # MeV
    transferred = energy * np.clip(rng.beta(1.3, 2.6, n), 0.02, 0.9)
    lepton = energy - transferred
    cosine = np.maximum(1 - 0.35 * rng.standard_exponential(n) * 800 / np.maximum(lepton, 200), -1)
    beam = np.tile([0.0, 0, 1], (n, 1))
    leptons = Particles(vertex, tilt(beam, cosine, rng.uniform(0, 2 * np.pi, n)), lepton, np.arange(n))
    muons = leptons._replace(energy=np.maximum(lepton - MUON, 20)).take(kind == "numu CC")
    pions = _spray(rng, vertex, rng.poisson(np.clip(0.0016 * (transferred - 200), 0, 2)), 0.6)
    protons = _spray(rng, vertex, 1 + rng.poisson(0.8, n), 0.7)
    hadrons = join([pions, protons])  # they share what binding, neutrons and pion masses leave, pions twice as much
    left = transferred * rng.uniform(0.5, 1, n) - PION * np.bincount(pions.source, minlength=n)
    weight = rng.standard_exponential(len(hadrons.source)) * np.repeat([2, 1], [len(pions.source), len(protons.source)])
    total = np.bincount(hadrons.source, weight, n)[hadrons.source]
    hadrons = hadrons._replace(energy=np.maximum(left, 30)[hadrons.source] * weight / total)
    pions, protons = hadrons.take(slice(len(pions.source))), hadrons.take(slice(len(pions.source), None))
    neutral = rng.random(len(pions.source)) < 0.35
    return list(zip(kind.tolist(), (energy / 1000).tolist(), strict=True)), {
        "electron": leptons.take(kind == "nue CC"),
        "muon": muons,
        "pion": pions.take(~neutral),
        "proton": protons,
        "photon": _two_photons(rng, pions.take(neutral)),
    }


def _spray(rng, vertex, count, width):
    """`count` (n,) hadrons a vertex, forward, with exponential 1 - cosine of mean `width`; energies to be filled in."""
    source = np.repeat(np.arange(len(count)), count)
    cosine = np.maximum(1 - rng.exponential(width, len(source)), -1)
    direction = tilt(np.tile([0.0, 0, 1], (len(source), 1)), cosine, rng.uniform(0, 2 * np.pi, len(source)))
    return Particles(vertex[source], direction, np.empty(len(source)), source)


def _two_photons(rng, pions):
    """The decay of neutral pions (134.98 MeV) at once, isotropic at rest, boosted."""
    n, gamma = len(pions.source), 1 + pions.energy / 134.98
    beta, rest, azimuth = np.sqrt(1 - gamma**-2), rng.uniform(-1, 1, len(pions.source)), rng.uniform(0, 2 * np.pi, n)
    photons = [nothing()]
    for cosine, turn in ((rest, 0), (-rest, np.pi)):
        direction = tilt(pions.direction, (cosine + beta) / (1 + beta * cosine), azimuth + turn)
        photons.append(pions._replace(direction=direction, energy=gamma * 134.98 / 2 * (1 + beta * cosine)))
    return join(photons)


def muons() -> float:
    """Mean number of cosmic muons that cross the volume from a drift time before the readout to its end: 25.

    The flux FLUX cos^2 through the top is pi/2 FLUX an area, through the four sides together pi/4 FLUX an area of two.
    """
    x, y, z = np.diff(VOLUME).ravel() / 100  # m
    return FLUX * (np.pi / 2 * x * z + np.pi / 4 * y * (x + z)) * (LATEST - EARLIEST) * 1e-6


def cosmics(rng: np.random.Generator, n: int) -> Particles:
    """n muons where they enter the volume: flux cos^2 of the zenith angle, falling with energy as PDG chapter 30."""
    found = [nothing()]
    while sum(len(part.energy) for part in found) < n:
        tries = 20 * n
        cosine = rng.random(tries) ** (1 / 4)  # cos^2 times the cosine of crossing a horizontal area
        direction = tilt(np.tile([0, -1.0, 0], (tries, 1)), cosine, rng.uniform(0, 2 * np.pi, tries))
        low, high = VOLUME[:, 0] - 500, VOLUME[:, 1] + 500
        above = rng.uniform(low, high, (tries, 3)) * [1, 0, 1] + [0, VOLUME[1, 1], 0]
        enter, leave = argon.crossing(above, direction)
        enter = np.maximum(enter, 0)
        energy = np.maximum(1000 * (4 * rng.random(tries) ** -0.5 - 3.9), 30)
        muons = Particles(above + (enter + 0.01)[:, None] * direction, direction, energy, np.zeros(tries, int))
        found.append(muons.take(leave - enter > 2))
    muons = join(found).take(slice(n))
    return muons._replace(source=np.arange(n))


# --- detector ---------------------------------------------------------------------------------------------------------


def wire_of(y: np.ndarray, z: np.ndarray, plane: int) -> np.ndarray:
    """Wire coordinate of places in the plane; wire w collects from w to w + 1."""
    if plane == 2:
        return z / PITCH
    sign, offset = ((-1, 117.153), (1, 115.213))[plane]
    return (0.5 * z + 0.75**0.5 * (sign * y + offset)) / PITCH


@cache
def dead_wires(plane: int) -> np.ndarray:
    """Mask (wires,) of the dead wires of a plane, in groups of 1 to 24; the same in every event, as in a detector."""
    rng, dead = np.random.default_rng(plane), np.zeros(WIRES[plane], bool)
    while dead.mean() < DEAD:
        start = rng.integers(len(dead))
        dead[start : start + rng.integers(1, 25)] = True
    return dead


def readout(
    rng: np.random.Generator, deposits: Deposits, time: np.ndarray, neutrino: np.ndarray, planes: Sequence[int]
) -> dict[int, tuple[np.ndarray, Hits]]:
    """Images (1066, wires) float32 and hits of planes; `time` (m,) in us after the beam, `neutrino` (m,) bool.

    All planes see the same electrons, drifted and diffused once, as `SAMPLES` points a deposit.
    """
    x, y, z = deposits.position.astype(np.float32).T
    tick = (TRIGGER + x / TICK_LENGTH + 2 * time).astype(np.float32)
    wide = np.hypot(PULSE, np.sqrt(2 * LONGITUDINAL / DRIFT_SPEED * x) / TICK_LENGTH)
    far = np.sqrt(2 * TRANSVERSE / DRIFT_SPEED * x)
    spread = rng.standard_normal((3, SAMPLES, len(x)), np.float32)
    row = np.floor((tick + wide * spread[0]) / BIN).astype(np.int32)
    seen = (row >= 0) & (row < BINS)
    row, y, z = row[seen], (y + far * spread[1])[seen], (z + far * spread[2])[seen]
    charge, own = (np.broadcast_to(a, seen.shape)[seen] for a in (deposits.electrons * GAIN / SAMPLES, neutrino))
    seen_planes = {}
    for plane in planes:
        wire = np.clip(wire_of(y, z, plane).astype(np.int32), 0, WIRES[plane] - 1)
        cell = wire * BINS + row
        total = np.bincount(cell, charge, WIRES[plane] * BINS)
        total.reshape(-1, BINS)[dead_wires(plane)] = 0
        active = np.flatnonzero(total > REGION)
        image = np.zeros(len(total), np.float32)
        image[active] = total[active] + NOISE * rng.standard_normal(len(active))
        from_neutrino = np.bincount(cell[own], charge[own], len(total))
        seen_planes[plane] = image.reshape(-1, BINS).T, _hits(total, from_neutrino, active[total[active] > HIT])
    return seen_planes


def _hits(total, from_neutrino, above):
    """A hit is a run of bins above threshold on a wire; the neutrino's if it brought a third of the charge."""
    if not len(above):
        return Hits(*np.empty((3, 0)), np.empty(0, bool))
    wire, row = np.divmod(above, BINS)
    first = np.flatnonzero((np.diff(above, prepend=-2) > 1) | (np.diff(wire, prepend=-1) > 0))
    charge, moment, square, own = (
        np.add.reduceat(a, first)
        for a in (total[above], total[above] * row, total[above] * row**2, from_neutrino[above])
    )
    variance = square / charge - (moment / charge) ** 2
    # the centre of a bin is 2.5 ticks after its first; grouping into bins adds 1/12 to a variance (Sheppard)
    rms = BIN * np.sqrt(np.maximum(variance - 1 / 12, 0.05))
    return Hits(wire[first], BIN * moment / charge + 2.5, rms, own > charge / 3)
