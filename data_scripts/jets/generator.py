"""Jets of about 1 TeV from gluons, light quarks, W and Z bosons and top quarks, as images: the physics, with Pythia 8.

The public sample (M. Pierini, J. Duarte, N. Tran, M. Freytsis, doi 10.5281/zenodo.3602260) is described in
E. Coleman et al., arXiv:1709.08705, and J. Duarte et al., arXiv:1804.06913: pp at 13 TeV to WW, ZZ, tt, qq and gg, with
transverse momenta within 1.5 % of 1 TeV, Pythia 8 with the Monash tune and the underlying event, no pile-up, anti-kT
jets of R = 0.8 with 0.8 to 1.6 TeV, and a CMS-like detector with cells of 0.0175 (electromagnetic) and 0.022 (hadronic,
a quarter of a CMS tower: the fine calorimeter that the description compares), tracks up to 220 GeV. This generator does
the same with these differences: Pythia's own leading-order matrix elements (there: MadGraph), clustering before the
detector (there: after), and each particle is measured on its own. Two numbers are not those of the description but of
100 real images that the authors of SparsePixels publish, because with the description's they cannot be had:

- RADIUS. No pixel of the 100 images lies further than 0.28 from the axis in both directions at once, where R = 0.8 puts
  one into every fifth jet, and 1.5 % of their active pixels are in the last row or column, 4.9 % with R = 0.8. With
  R = 0.4 both agree.
- PT_HAT. The pixels of a real image sum to 999 GeV (median, of 5 to 95 %: 856 to 1162), here to 960 (810 to 1087) with
  partons of 985 to 1015 GeV, and to 998 (846 to 1119) with those of 1025 to 1055.

Needs the optional pythia8mc, no other module does: T. Sjostrand et al., arXiv:1410.3012; C. Bierlich et al.,
arXiv:2203.11601; its jets are clustered by fjcore: M. Cacciari, G. P. Salam, G. Soyez, arXiv:1111.6097.
"""

from typing import NamedTuple

import numpy as np

__all__ = ["CLASSES", "Particles", "generate_jets", "jet_image", "measure", "pythia_version"]

DESCRIPTION = "version 2: pp at 13 TeV, pTHat 1025 to 1055 GeV, anti-kT R = 0.4, CMS-like detector (arXiv:1709.08705)"

CLASSES = ("g", "q", "W", "Z", "t")
RADIUS = 0.4  # of the anti-kT jets
PT_HAT = 1025, 1055  # GeV, of the hard process
JET_PT = 800, 1600  # GeV, of a jet as measured: the window of arXiv:1804.06913
HALF_WIDTH = 1.0  # of the image in eta and phi
PIXELS = 100
TRACK_LIMIT = 220.0  # GeV: a charged particle above, unless a muon, is seen by the calorimeters only
ECAL_CELL, HCAL_CELL = 0.0175, 0.022  # in eta and phi
MATCHED = 0.4  # largest distance in (eta, phi) between a jet and the parton or boson it is named after

_COMMON = (
    "Beams:eCM = 13000.",  # GeV
    f"PhaseSpace:pTHatMin = {PT_HAT[0]}",
    f"PhaseSpace:pTHatMax = {PT_HAT[1]}",
    "Random:setSeed = on",
    "Print:quiet = on",
)
_TO_QUARKS = "onMode = off", "onIfAny = 1 2 3 4 5"
_W, _Z = ([f"{boson}:{mode}" for mode in _TO_QUARKS] for boson in (24, 23))
_PROCESS = {
    "g": ["HardQCD:gg2gg = on", "HardQCD:qqbar2gg = on"],
    "q": ["HardQCD:qq2qq = on", "HardQCD:gg2qqbar = on", "HardQCD:qqbar2qqbarNew = on", "HardQCD:nQuarkNew = 3"],
    "W": ["WeakDoubleBoson:ffbar2WW = on", *_W],
    "Z": ["WeakDoubleBoson:ffbar2gmZgmZ = on", "WeakZ0:gmZmode = 2", *_Z],  # 2: no photons
    "t": ["Top:gg2ttbar = on", "Top:qqbar2ttbar = on", *_W],
}
_PDG = {"g": (21,), "q": (1, 2, 3), "W": (24,), "Z": (23,), "t": (6,)}


class Particles(NamedTuple):
    """Particles of one jet, arrays of one length: pt, energy in GeV, eta, phi, PDG code, charge in units of e."""

    pt: np.ndarray
    eta: np.ndarray
    phi: np.ndarray
    energy: np.ndarray
    pdg: np.ndarray
    charge: np.ndarray


def generate_jets(kind: str, count: int, seed: int) -> np.ndarray:
    """Images (count, 100, 100) in GeV of `count` jets of the class `kind`; at most two come from one event.

    The same arguments and Pythia version give the same images. `seed` is 1 to 900,000,000.
    Raises ValueError for another class or seed, ImportError without Pythia, RuntimeError where it does not start.
    """
    if kind not in CLASSES or not 1 <= seed <= 900_000_000:
        raise ValueError(f"kind={kind!r}, seed={seed}: kinds are {', '.join(CLASSES)}, seeds 1 to 900,000,000")
    rng = np.random.default_rng(seed)
    measured = (measure(jet, rng) for jet in _particle_jets(kind, seed))
    kept = (jet_image(jet) for jet in measured if JET_PT[0] < np.hypot(*momentum(jet)[:2]) < JET_PT[1])
    return np.array([image for _, image in zip(range(count), kept, strict=False)])


def momentum(jet: Particles) -> np.ndarray:
    """The sum (3,) of the particles' momenta in GeV."""
    return np.array([np.sum(jet.pt * f(a)) for f, a in ((np.cos, jet.phi), (np.sin, jet.phi), (np.sinh, jet.eta))])


def measure(jet: Particles, rng: np.random.Generator) -> Particles:
    """What the detector measures of the particles of a jet: energies with the resolution, neutral ones in cells.

    Relative resolutions of arXiv:1709.08705, CMS-like, pt and E in GeV, terms in quadrature:
    tracks 0.00025 pt (+) 0.015, photons 0.021 / sqrt(E) (+) 0.094 / E (+) 0.005, hadrons in the calorimeter
    0.45 / sqrt(E) (+) 0.05. A track keeps its direction, everything else gets that of the centre of its cell.
    """
    track = (jet.charge != 0) & ((jet.energy <= TRACK_LIMIT) | (np.abs(jet.pdg) == 13))
    electromagnetic = ~track & np.isin(np.abs(jet.pdg), (11, 22))
    energy = np.maximum(jet.energy, 1e-3)
    resolution = np.where(
        track,
        np.hypot(0.00025 * jet.pt, 0.015),
        np.where(
            electromagnetic,
            np.sqrt(0.021**2 / energy + (0.094 / energy) ** 2 + 0.005**2),
            np.sqrt(0.45**2 / energy + 0.05**2),
        ),
    )
    response = np.maximum(rng.normal(1, resolution), 0)
    cell = np.where(electromagnetic, ECAL_CELL, HCAL_CELL)
    eta, phi = (np.where(track, x, (np.floor(x / cell) + 0.5) * cell) for x in (jet.eta, jet.phi))
    return jet._replace(pt=jet.pt * response, energy=jet.energy * response, eta=eta, phi=phi)


def jet_image(jet: Particles) -> np.ndarray:
    """Transverse momentum (100, 100) in GeV: rows in eta, columns in phi, 0.02 each, the jet axis in the middle.

    The axis is that of the summed momentum; nothing is rotated. Particles outside go to the border pixel.
    """
    x, y, z = momentum(jet)
    deta = jet.eta - np.arcsinh(z / np.hypot(x, y))
    dphi = (jet.phi - np.arctan2(y, x) + np.pi) % (2 * np.pi) - np.pi
    row, column = (
        np.clip(np.floor((a / HALF_WIDTH + 1) * PIXELS / 2).astype(int), 0, PIXELS - 1) for a in (deta, dphi)
    )
    return np.bincount(row * PIXELS + column, weights=jet.pt, minlength=PIXELS**2).reshape(PIXELS, PIXELS)


def pythia_version() -> str:
    """Version of the installed Pythia, such as "8.317". Raises ImportError where there is none."""
    return f"{_pythia().Pythia('', False).settings.parm('Pythia:versionNumber'):.3f}"


def _pythia():
    try:
        import pythia8mc  # noqa: PLC0415  (optional)
    except ImportError as error:
        raise ImportError("generating jets needs Pythia 8: pip install 'sparsepixels-lib[pythia]'") from error
    return pythia8mc


def _particle_jets(kind, seed):
    """Particles of the jets of a class, without end: the two leading ones of each event, if they are of the class."""
    pythia8 = _pythia()
    pythia = pythia8.Pythia("", False)
    for setting in (*_COMMON, f"Random:seed = {seed}", *_PROCESS[kind]):
        if not pythia.readString(setting):
            raise RuntimeError(f"Pythia refuses the setting {setting!r}")
    if not pythia.init():
        raise RuntimeError(f"Pythia does not start for {kind} jets: is its own data (XMLDOC) installed?")
    clusters = pythia8.SlowJet(-1, RADIUS, 100.0, 2.6, 2, 2)  # anti-kT; pt > 100 GeV, |eta| < 2.6, visible, true mass
    while True:
        if not pythia.next() or not clusters.analyze(pythia.event):
            continue
        event = pythia.event
        hard = [
            (event[i].eta(), event[i].phi())
            for i in range(5, min(9, event.size()))
            if abs(event[i].id()) in _PDG[kind] and event[i].statusAbs() in (22, 23)  # outgoing from the hard process
        ]
        for j in range(min(2, clusters.sizeJet())):
            eta, phi = clusters.p(j).eta(), clusters.phi(j)
            distances = [np.hypot(eta - a, (phi - b + np.pi) % (2 * np.pi) - np.pi) for a, b in hard]
            if min(distances, default=np.inf) < MATCHED:
                yield _particles(event, clusters.constituents(j))


def _particles(event, indices):
    found = [event[i] for i in indices]
    rows = [(p.pT(), p.eta(), p.phi(), p.e(), p.id(), p.charge()) for p in found]
    return Particles(*np.array(rows).T)
