"""Electromagnetic cascades in liquid argon: electrons, positrons and photons, generation by generation.

Bremsstrahlung and pair production in units of the radiation length, Compton scattering by Klein and Nishina's formula
(Particle Data Group, Review of Particle Physics 2022, chapter 34: PDG). Lengths in cm, energies in MeV.
"""

import numpy as np

from .argon import (
    DENSITY,
    ELECTRON,
    RADIATION_LENGTH,
    Z_OVER_A,
    Deposits,
    K,
    Particles,
    electrons_of,
    inside,
    join,
    tilt,
    walk,
)

SOFT_PHOTON = 4.0  # MeV: bremsstrahlung below is part of the electron's continuous loss
ELECTRON_LOSS = 2.2  # MeV/cm, an electron's continuous loss (minimum ionising with soft radiation)
NEGLIGIBLE = 0.3  # MeV: particles below are dropped


def showers(rng: np.random.Generator, electrons: Particles, photons: Particles) -> list[Deposits]:
    """Follow electrons (positrons among them) and photons down to 0.3 MeV; give what each generation deposits."""
    deposits = []
    while len(electrons.energy) or len(photons.energy):
        (more, hard), (after, radiated) = _convert(rng, photons), _radiate(rng, electrons, deposits)
        electrons, photons = join([after, more]), join([hard, radiated])
        electrons, photons = (p.take((p.energy > NEGLIGIBLE) & inside(p.position)) for p in (electrons, photons))
    return deposits


def _radiate(rng, start, deposits):
    """Electrons to their next bremsstrahlung photon, or to their end: the electrons after it and the photons.

    Spectrum (1/k)(4/3 - 4/3 y + y^2) per radiation length, y = k/E (PDG equation 34.29): tried at the rate of its 4/3k,
    accepted with the rest.
    """
    rate = 4 / 3 * np.log(np.maximum(start.energy / SOFT_PHOTON, 1)) / RADIATION_LENGTH
    with np.errstate(divide="ignore"):
        flight = rng.standard_exponential(len(rate)) / rate
    length = np.minimum(flight, start.energy / ELECTRON_LOSS)
    path = walk(rng, start, length, lambda owner, s: start.energy[owner] - ELECTRON_LOSS * s, ELECTRON)
    xi = K / 2 * Z_OVER_A * DENSITY * path.length
    charge = electrons_of(rng, ELECTRON_LOSS * path.length, xi, path.length)
    deposits.append(Deposits(path.position, charge, start.source[path.owner]))
    energy = start.energy - ELECTRON_LOSS * length
    photon = SOFT_PHOTON * np.maximum(energy / SOFT_PHOTON, 1) ** rng.random(len(energy))
    y = photon / np.maximum(energy, 1e-9)
    emits = (flight <= length) & (energy > SOFT_PHOTON) & (rng.random(len(y)) < 1 - y + 0.75 * y**2)
    after = Particles(path.position[path.last], path.direction[path.last], energy - photon * emits, start.source)
    return after, after._replace(energy=photon).take(emits)


def _convert(rng, start):
    """Photons to their interaction: the electrons that they make or hit, and the photons that go on.

    Pair production rises from its threshold to 7/9 per radiation length (PDG equation 34.32), here as E / (E + 30 MeV).
    """
    kappa = start.energy / ELECTRON
    compton = DENSITY * 0.6022 * Z_OVER_A * _klein_nishina(kappa)  # N_A times barn: 0.6022 cm^2/mol
    pair = 7 / 9 / RADIATION_LENGTH * np.where(kappa > 4, start.energy / (start.energy + 30), 0)
    flight = rng.standard_exponential(len(kappa)) / (compton + pair)
    start = start._replace(position=start.position + flight[:, None] * start.direction)
    is_pair = rng.random(len(kappa)) * (compton + pair) < pair
    azimuth = rng.uniform(0, 2 * np.pi, len(kappa))

    pairs, angle = start.take(is_pair), azimuth[is_pair]
    share, total = rng.random(len(angle)), pairs.energy - 2 * ELECTRON
    both = [
        pairs._replace(direction=tilt(pairs.direction, np.cos(ELECTRON / pairs.energy), angle + turn), energy=part)
        for turn, part in ((0, share * total), (np.pi, (1 - share) * total))
    ]
    hit, angle, kappa = start.take(~is_pair), azimuth[~is_pair], kappa[~is_pair]
    left = _compton_ratio(rng, kappa)
    cosine = 1 - (1 / left - 1) / kappa
    electron = hit.energy[:, None] * hit.direction  # momentum balance
    scattered = tilt(hit.direction, cosine, angle)
    electron = electron - (left * hit.energy)[:, None] * scattered
    electron /= np.linalg.norm(electron, axis=1, keepdims=True) + 1e-12
    both.append(hit._replace(direction=electron, energy=(1 - left) * hit.energy))
    return join(both), hit._replace(direction=scattered, energy=left * hit.energy)


def _klein_nishina(kappa):
    """Total Compton cross section in barn per electron, photon energy in electron masses."""
    k, logarithm = kappa, np.log(1 + 2 * kappa)
    bracket = (1 + k) / k**2 * (2 * (1 + k) / (1 + 2 * k) - logarithm / k) + logarithm / (2 * k)
    return 2 * np.pi * 0.07941 * (bracket - (1 + 3 * k) / (1 + 2 * k) ** 2)  # r_e^2 = 0.07941 barn


def _compton_ratio(rng, kappa):
    """Energy of the scattered photon over that of the incoming one, by rejection from Klein and Nishina's formula."""
    ratio, open_ = np.ones(len(kappa)), np.arange(len(kappa))
    while len(open_):
        k = kappa[open_]
        trial = (1 + 2 * k) ** -rng.random(len(k))  # density 1 / ratio
        versine = (1 / trial - 1) / k
        good = rng.random(len(k)) * 2 < 1 + trial**2 - trial * versine * (2 - versine)
        ratio[open_[good]] = trial[good]
        open_ = open_[~good]
    return ratio
