"""Tracks of charged particles in liquid argon, a whole batch at once: where they leave how many ionisation electrons.

Lengths are in cm, energies (always kinetic) in MeV. Formulas and constants are those of the Particle Data Group, Review
of Particle Physics 2022, chapter 34, "Passage of particles through matter" (PDG), and of its table of liquid argon:
Bethe's stopping power with the density effect, restricted to energy transfers below 1 MeV; harder transfers are
electrons of their own; multiple scattering (Highland, without its logarithm). Fluctuations follow Moyal's approximation
to Landau's distribution. Recombination is the modified box model of ArgoNeuT (arXiv:1306.1712) at MicroBooNE's
0.273 kV/cm. Electrons and photons are followed in `cascades`.

It is a sketch of nature, not Geant4: neutrons, kaons, nuclear recoils and space charge are left out.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

ELECTRON, MUON, PION, PROTON = 0.511, 105.66, 139.57, 938.27  # masses, MeV
DENSITY, RADIATION_LENGTH, Z_OVER_A, EXCITATION = 1.396, 14.0, 0.4506, 188e-6  # g/cm^3, cm, mol/g, MeV
K = 0.307075  # MeV cm^2/mol, 4 pi N_A r_e^2 m_e c^2
KNOCK_ON = 1.0  # MeV: harder transfers to an electron make a track of its own
PAIR_WORK = 23.6e-6  # MeV per electron-ion pair
BOX_ALPHA, BOX_BETA = 0.93, 0.212 / (DENSITY * 0.273)  # modified box model: 1 and cm/MeV
INTERACTION_LENGTH = {PION: 106.7, PROTON: 85.7}  # nuclear, cm
MUON_RADIATION_LENGTH = RADIATION_LENGTH * (MUON / ELECTRON) ** 2  # cm: bremsstrahlung goes with the mass squared
HARD_PHOTON = 10.0  # MeV: bremsstrahlung of muons below is left out
CAPTURED = 0.76  # share of stopping negative muons captured by an argon nucleus: no Michel electron
STEP = 0.15  # cm, half a wire pitch
VOLUME = np.array([[0.0, 256.0], [-116.5, 116.5], [0.0, 1036.8]])  # MicroBooNE: drift x, vertical y, beam z


class Particles(NamedTuple):
    """position (n, 3), direction (n, 3) of unit length, kinetic energy (n,), source (n,): the primary's number."""

    position: np.ndarray
    direction: np.ndarray
    energy: np.ndarray
    source: np.ndarray

    def take(self, which: np.ndarray) -> "Particles":
        """Those of an index or mask."""
        return Particles(*(a[which] for a in self))


class Deposits(NamedTuple):
    """position (m, 3), electrons (m,) that escape recombination, source (m,)."""

    position: np.ndarray
    electrons: np.ndarray
    source: np.ndarray


def join(parts: Sequence[NamedTuple]) -> NamedTuple:
    """All of `parts`, of one kind, in their order."""
    return type(parts[0])(*map(np.concatenate, zip(*parts, strict=True)))


def nothing() -> Particles:
    """No particles."""
    return Particles(np.empty((0, 3)), np.empty((0, 3)), np.empty(0), np.empty(0, int))


def inside(position: np.ndarray) -> np.ndarray:
    """Which of the positions (n, 3) are in the active volume."""
    return ((position > VOLUME[:, 0]) & (position < VOLUME[:, 1])).all(axis=1)


def crossing(position: np.ndarray, direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances (n,) at which straight lines enter and leave the active volume; a line that misses it leaves first."""
    with np.errstate(divide="ignore", invalid="ignore"):
        walls = (VOLUME - position[..., None]) / direction[..., None]
    return np.nanmax(walls.min(axis=2), axis=1), np.nanmin(walls.max(axis=2), axis=1)


def isotropic(rng: np.random.Generator, n: int) -> np.ndarray:
    """Directions (n, 3)."""
    v = rng.standard_normal((n, 3))
    return v / np.linalg.norm(v, axis=1, keepdims=True)


def tilt(direction: np.ndarray, cosine: np.ndarray, azimuth: np.ndarray) -> np.ndarray:
    """Turn the directions (n, 3) by polar angles of the given cosines (n,), at azimuths (n,)."""
    u, v = _across(direction)
    sine = np.sqrt(np.clip(1 - cosine**2, 0, None))
    return cosine[:, None] * direction + (sine * np.cos(azimuth))[:, None] * u + (sine * np.sin(azimuth))[:, None] * v


def _across(direction):
    other = np.where(np.abs(direction[:, :1]) < 0.9, [[1.0, 0, 0]], [[0, 1.0, 0]])
    u = np.cross(direction, other)
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    return u, np.cross(direction, u)


# --- energy loss ------------------------------------------------------------------------------------------------------


def hardest_transfer(energy: np.ndarray, mass: float) -> np.ndarray:
    """Largest energy that a particle can give to one electron (PDG equation 34.4)."""
    gamma = 1 + energy / mass
    return 2 * ELECTRON * (gamma**2 - 1) / (1 + 2 * gamma * ELECTRON / mass + (ELECTRON / mass) ** 2)


def stopping_power(energy: np.ndarray, mass: float, cut: float = np.inf) -> np.ndarray:
    """dE/dx in MeV/cm for transfers below `cut` MeV (PDG equations 34.5, 34.7 and 34.11).

    The density effect has Sternheimer's parameters of liquid argon: C = 5.2146, x0 = 0.2, x1 = 3, a = 0.19559, k = 3.
    """
    gamma = 1 + energy / mass
    beta2 = 1 - gamma**-2
    momentum2 = gamma**2 - 1  # (beta gamma)^2
    hardest = hardest_transfer(energy, mass)
    top = np.minimum(hardest, cut)
    x = np.log10(momentum2) / 2
    density = np.where(x > 0.2, 2 * np.log(10) * x - 5.2146 + 0.19559 * np.clip(3 - x, 0, None) ** 3, 0)
    logarithm = np.log(np.maximum(2 * ELECTRON * momentum2 * top / EXCITATION**2, 1.01)) / 2
    return K * Z_OVER_A * DENSITY / beta2 * (logarithm - beta2 / 2 * (1 + top / hardest) - density / 2)


_ENERGIES = np.geomspace(0.3, 2e5, 3000)
_RANGES = {
    mass: np.cumsum(np.diff(_ENERGIES, prepend=0) / stopping_power(_ENERGIES, mass)) for mass in (MUON, PION, PROTON)
}


def electrons_of(rng: np.random.Generator, mean: np.ndarray, spread: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Electrons that escape from steps (m,) with mean losses (m,) and Landau widths xi (m,), both in MeV."""
    moyal = -np.log(rng.standard_normal(len(mean)) ** 2 + 1e-12) - 1.27036  # of mean 0
    loss = np.clip(mean + spread * moyal, 0.2 * mean, mean + KNOCK_ON)
    density = BOX_BETA * loss / step
    survival = np.log(np.maximum(BOX_ALPHA + density, 1)) / density
    return loss * survival / PAIR_WORK


# --- paths ------------------------------------------------------------------------------------------------------------


class Path(NamedTuple):
    """Steps of several particles: owner (m,) is the particle's index; last (n,) the index of each one's last step."""

    owner: np.ndarray
    position: np.ndarray
    direction: np.ndarray
    energy: np.ndarray
    length: np.ndarray
    last: np.ndarray


def walk(rng: np.random.Generator, start: Particles, length: np.ndarray, energy: Callable, mass: float) -> Path:
    """Follow particles over `length` (n,) with multiple scattering; `energy(owner, s)` is what is left after s cm."""
    n = np.maximum(np.ceil(length / STEP), 1).astype(int)
    owner, last = np.repeat(np.arange(len(n)), n), np.cumsum(n) - 1
    first = last - n + 1
    step = (length / n)[owner]
    left = np.maximum(energy(owner, (np.arange(len(owner)) - first[owner] + 0.5) * step), 0.3)

    def along(x):  # cumulative sum of each particle's own steps
        total = np.cumsum(x, axis=0)
        return total - (total[first] - x[first])[owner]

    width = 13.6 * (left + mass) / (left * (left + 2 * mass)) * np.sqrt(step / RADIATION_LENGTH)
    a, b = along(rng.standard_normal((len(owner), 2)) * np.minimum(width, 0.5)[:, None]).T
    u, v = _across(start.direction)
    angle = np.hypot(a, b) + 1e-12
    sine = np.sin(angle) / angle
    direction = np.cos(angle)[:, None] * start.direction[owner]
    direction += (sine * a)[:, None] * u[owner] + (sine * b)[:, None] * v[owner]
    moved = direction * step[:, None]
    return Path(owner, start.position[owner] + along(moved) - moved / 2, direction, left, step, last)


def tracks(
    rng: np.random.Generator, start: Particles, mass: float, michel: float = 0
) -> tuple[Deposits, Particles, Particles, Particles]:
    """Follow muons, pions or protons: what they deposit; the electrons, the protons and the photons that they set free.

    Pions and protons end in nuclear interactions; `michel` is the share of stopping particles that gives a Michel
    electron. Photons are the bremsstrahlung of muons, which go on as if they had lost nothing: one in 400 that crosses
    the volume radiates more than 50 MeV.
    """
    reach = np.interp(start.energy, _ENERGIES, _RANGES[mass])
    free = rng.exponential(INTERACTION_LENGTH.get(mass, np.inf), len(reach))
    leaves = crossing(start.position, start.direction)[1] * 1.05 + 5  # scattering lengthens the way out
    path = walk(
        rng,
        start,
        np.minimum(np.minimum(reach, free), leaves),
        lambda owner, s: np.interp(reach[owner] - s, _RANGES[mass], _ENERGIES),
        mass,
    )
    beta2 = 1 - (1 + path.energy / mass) ** -2
    xi = K / 2 * Z_OVER_A * DENSITY * path.length / beta2  # PDG 34.12
    mean = stopping_power(path.energy, mass, KNOCK_ON) * path.length
    source = start.source[path.owner]
    deposits = Deposits(path.position, electrons_of(rng, mean, xi, path.length), source)

    hardest = hardest_transfer(path.energy, mass)
    rate = xi * (1 / KNOCK_ON - 1 / np.maximum(hardest, KNOCK_ON))  # spectrum 1/T^2 ...
    hit = np.flatnonzero(rng.random(len(rate)) < rate)
    transfer = 1 / (1 / KNOCK_ON - rng.random(len(hit)) * (1 / KNOCK_ON - 1 / hardest[hit]))
    good = rng.random(len(hit)) < 1 - beta2[hit] * transfer / hardest[hit]  # ... times this factor (PDG 34.8)
    hit, transfer = hit[good], transfer[good]
    cosine = np.sqrt(transfer / (transfer + 2 * ELECTRON) * (hardest[hit] + 2 * ELECTRON) / hardest[hit])
    knocked = tilt(path.direction[hit], np.minimum(cosine, 1), rng.uniform(0, 2 * np.pi, len(hit)))
    electrons = [Particles(path.position[hit], knocked, transfer, source[hit])]

    stops = np.flatnonzero((reach <= np.minimum(free, leaves)) & (rng.random(len(reach)) < michel))
    x = rng.random((8, len(stops)))  # Michel spectrum x^2 (3 - 2x) by rejection; 8 trials leave 0.4 %, as uniform
    chosen = np.argmax(rng.random(x.shape) < x**2 * (3 - 2 * x), axis=0)
    energy = 52.8 * np.take_along_axis(x, chosen[None], 0)[0]
    electrons.append(
        Particles(path.position[path.last[stops]], isotropic(rng, len(stops)), energy, start.source[stops])
    )

    broken = np.flatnonzero((free < np.minimum(reach, leaves)) & (mass in INTERACTION_LENGTH))
    broken = np.repeat(broken, rng.poisson(1.5, len(broken)))
    energy = 20 + rng.exponential(60, len(broken))
    protons = Particles(path.position[path.last[broken]], isotropic(rng, len(broken)), energy, start.source[broken])
    photons = _bremsstrahlung(rng, path, source) if mass == MUON else nothing()
    return deposits, join(electrons), protons.take(inside(protons.position)), photons


def _bremsstrahlung(rng, path, source):
    """Photons above 10 MeV of the steps of muons: spectrum (1/k)(4/3 - 4/3 y + y^2) per radiation length of a muon."""
    octaves = np.log(np.maximum(path.energy / HARD_PHOTON, 1))
    hit = np.flatnonzero(rng.random(len(octaves)) < 4 / 3 * octaves * path.length / MUON_RADIATION_LENGTH)
    energy = HARD_PHOTON * np.exp(octaves[hit] * rng.random(len(hit)))
    y = energy / path.energy[hit]
    good = rng.random(len(hit)) < 1 - y + 0.75 * y**2
    hit, energy = hit[good], energy[good]
    return Particles(path.position[hit], path.direction[hit], energy, source[hit])
