"""The liquid-argon generator against paper, tables and conservation laws; its windows against the real ones."""

import h5py
import numpy as np
import pytest
from interruptions import interrupted
from microboone_files import SCHEMA
from sklearn.metrics import roc_auc_score

from data_scripts import microboone
from data_scripts.microboone import chain, generation, windows
from data_scripts.microboone.generator import argon, cascades, lartpc
from data_scripts.microboone.generator.argon import Deposits, Particles
from data_scripts.microboone.reader import read_events
from sparsepixels_lib.data import dataset as data

RNG = np.random.default_rng


def particles(n, energy, position=(128, 0, 500), direction=(0, 0, 1)):
    ones = np.ones((n, 1))
    return Particles(ones * position, ones * np.array(direction, float), np.full(n, float(energy)), np.arange(n))


# --- physics ----------------------------------------------------------------------------------------------------------


def test_a_minimum_ionising_muon_loses_what_the_particle_data_group_lists():
    """Liquid argon: 1.508 MeV cm^2/g (PDG, atomic and nuclear properties), at 1.396 g/cm^3."""
    loss = argon.stopping_power(np.geomspace(50, 2000, 500), argon.MUON)
    assert loss.min() == pytest.approx(1.508 * 1.396, rel=0.005)


def test_the_hardest_knock_on_electron_takes_all_from_one_of_its_own_mass():
    energy = np.array([1.0, 30.0])
    np.testing.assert_allclose(argon.hardest_transfer(energy, argon.ELECTRON), energy, rtol=1e-12)


def test_recombination_is_the_modified_box_model():
    """2 MeV/cm: xi = 0.212 * 2 / (1.396 * 0.273) = 1.11255; ln(0.93 + xi) / xi = 0.64195; 23.6 eV a pair."""
    electrons = argon.electrons_of(RNG(0), np.array([0.4]), np.zeros(1), np.array([0.2]))
    assert electrons[0] == pytest.approx(0.4 * 0.64195 / 23.6e-6, rel=1e-4)


def test_a_muon_without_scattering_goes_straight_for_its_range(monkeypatch):
    monkeypatch.setattr(argon, "RADIATION_LENGTH", 1e12)
    deposits, *_ = argon.tracks(RNG(0), particles(1, 300), argon.MUON)
    energies = np.linspace(300, 0.5, 20_000)
    expected = np.sum(-np.diff(energies) / argon.stopping_power((energies[1:] + energies[:-1]) / 2, argon.MUON))
    assert deposits.position[-1, 2] - 500 == pytest.approx(expected, abs=0.5)
    assert np.abs(deposits.position[:, :2] - (128, 0)).max() < 1e-3


def test_a_muon_that_stops_leaves_its_energy_in_its_steps_and_its_knock_on_electrons(monkeypatch):
    monkeypatch.setattr(argon, "electrons_of", lambda rng, mean, spread, step: mean)
    deposits, electrons, *_ = argon.tracks(RNG(1), particles(60, 400), argon.MUON)
    assert len(electrons.energy) > 60  # about 2.4 cm^-1 MeV^-1 * 1/MeV * 0.04 * 170 cm each
    assert (deposits.electrons.sum() + electrons.energy.sum()) / 60 == pytest.approx(400, rel=0.02)


def test_muons_radiate_as_electrons_but_for_their_mass():
    """Photons of more than 10 MeV a muon of 50 GeV over 20 m, X = 14 cm (105.66 / 0.511)^2:
    20 m / X times the integral of (1/k)(4/3 - 4/3 y + y^2)."""
    start, energy = particles(100_000, 50_000), 50_000.0
    path = argon.Path(*(start.source,), start.position, start.direction, start.energy, np.full(100_000, 2e3), None)
    photons = argon._bremsstrahlung(RNG(4), path, start.source)
    y = np.geomspace(10 / energy, 1, 100_000)
    expected = np.trapezoid((4 / 3 - 4 / 3 * y + y**2) / y, y) * 100_000 * 2e3 / (14 * (105.66 / 0.511) ** 2)
    assert len(photons.energy) == pytest.approx(expected, rel=0.06)  # some 3,500; several photons a step count once
    hard = photons.energy > 1000
    y = y[y > 1000 / energy]
    share = np.trapezoid((4 / 3 - 4 / 3 * y + y**2) / y, y) * 100_000 * 2e3 / (14 * (105.66 / 0.511) ** 2) / expected
    assert hard.mean() == pytest.approx(share, rel=0.06)
    assert argon.tracks(RNG(5), particles(3000, 400), argon.PION)[3].energy.size == 0


def test_cosmic_muons_come_at_the_rate_of_their_flux():
    """70 cos^2 / (m^2 s sr) over the projected area of the box 2.56 x 2.33 x 10.368 m, summed over directions, in the
    5.53 ms from a drift time before the readout to its end; the simulated box sees the same."""
    rng = RNG(6)
    cosine, azimuth = rng.random(1_000_000), rng.uniform(0, 2 * np.pi, 1_000_000)
    sine = np.sqrt(1 - cosine**2)
    area = 2.56 * 10.368 * cosine + 2.33 * sine * (10.368 * np.abs(np.cos(azimuth)) + 2.56 * np.abs(np.sin(azimuth)))
    expected = 70 * 2 * np.pi * np.mean(cosine**2 * area) * (2800 + 400 + 256 / 0.1098) * 1e-6
    assert lartpc.muons() == pytest.approx(expected, rel=0.01) and 25 < expected < 26


def test_scattering_angles_have_highlands_width():
    """A muon of 1 GeV kinetic energy, 20 cm: 13.6 MeV / (beta p c) sqrt(20/14) in a plane."""
    start = particles(4000, 1000)
    path = argon.walk(RNG(2), start, np.full(4000, 20.0), lambda owner, s: np.full(len(s), 1000.0), argon.MUON)
    momentum_beta = 1000 * (1000 + 2 * 105.66) / (1000 + 105.66)
    angles = np.arctan2(path.direction[path.last, :2], path.direction[path.last, 2:])
    assert angles.std() == pytest.approx(13.6 / momentum_beta * np.sqrt(20 / 14), rel=0.04)


def test_stopped_muons_give_michel_electrons_of_their_spectrum():
    """x^2 (3 - 2x) up to 52.8 MeV has the mean 0.7 * 52.8 MeV."""
    _, electrons, *_ = argon.tracks(RNG(3), particles(3000, 30), argon.MUON, michel=1)
    assert len(electrons.energy) == 3000  # knock-on electrons above 1 MeV need faster muons
    assert electrons.energy.mean() == pytest.approx(0.7 * 52.8, rel=0.02)
    assert np.abs(electrons.direction.mean(axis=0)).max() < 0.05


def test_klein_nishina_at_low_energy_is_thomson_and_at_1_mev_the_tabulated_value():
    found = cascades._klein_nishina(np.array([1e-3, 1 / 0.511]))
    np.testing.assert_allclose(found, [0.6652 * (1 - 2e-3), 0.2112], rtol=1e-3)


def test_an_electron_shower_deposits_its_energy(monkeypatch):
    for module in (argon, cascades):
        monkeypatch.setattr(module, "electrons_of", lambda rng, mean, spread, step: mean)
    none = particles(0, 0)
    deposits = argon.join(cascades.showers(RNG(4), particles(50, 500, direction=(0, 0, 1)), none))
    inside = argon.inside(deposits.position)
    assert deposits.electrons[inside].sum() / 50 == pytest.approx(500, rel=0.04)


def test_a_high_energy_photon_converts_after_nine_sevenths_of_a_radiation_length():
    (pairs, _) = cascades._convert(RNG(5), particles(4000, 20_000))
    distance = pairs.position[:, 2] - 500
    assert distance.mean() == pytest.approx(9 / 7 * 14.0, rel=0.05)


def test_compton_scattering_conserves_energy_and_momentum(monkeypatch):
    start = particles(500, 2)
    electrons, photons = cascades._convert(RNG(6), start)
    np.testing.assert_allclose(electrons.energy + photons.energy, 2)
    momentum = np.sqrt(electrons.energy * (electrons.energy + 2 * 0.511))[:, None] * electrons.direction
    np.testing.assert_allclose(momentum + photons.energy[:, None] * photons.direction, [[0, 0, 2.0]] * 500, atol=1e-6)


def test_the_two_photons_of_a_neutral_pion_have_its_mass_and_momentum():
    photons = lartpc._two_photons(RNG(7), particles(100, 300))
    momenta = (photons.energy[:, None] * photons.direction).reshape(2, 100, 3).sum(axis=0)
    energies = photons.energy.reshape(2, 100).sum(axis=0)
    np.testing.assert_allclose(energies, 300 + 134.98)
    np.testing.assert_allclose(energies**2 - (momenta**2).sum(axis=1), 134.98**2, rtol=1e-9)


def test_cosmic_muons_come_from_above_through_the_walls():
    muons = lartpc.cosmics(RNG(8), 500)
    assert muons.energy.shape == (500,) and (muons.direction[:, 1] < 0).all()
    wall = np.minimum(np.abs(muons.position - argon.VOLUME[:, 0]), np.abs(muons.position - argon.VOLUME[:, 1]))
    assert wall.min(axis=1).max() < 0.1


# --- detector ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plane", "y", "z", "wire"),
    [
        (0, 117.153 - 34.641, 0.0353, 100),
        (1, -115.213 + 34.641, 0.0353, 100),
        (0, 117.153, 600, 1000),
        (2, 0, 300, 1000),
    ],
)
def test_wires_are_where_the_public_geometry_has_them(plane, y, z, wire):
    assert lartpc.wire_of(np.array([y]), np.array([z]), plane)[0] == pytest.approx(wire, abs=0.6)


@pytest.fixture
def point():
    """A million electrons 100 cm from the wires, at z = 300.15 cm: on wire 1000 of plane 2."""
    n = 2000
    return Deposits(np.full((n, 3), [100, 0, 300.15]), np.full(n, 500.0), np.zeros(n, int))


def test_a_point_of_charge_arrives_where_and_when_it_drifts_to(point, monkeypatch):
    """Tick 800 + 100 / 0.0548965 = 2621.6, counted from tick centres 2621.1; bin 436; 1e6 / 217 ADC ticks."""
    monkeypatch.setattr(lartpc, "NOISE", 0)
    monkeypatch.setattr(lartpc, "dead_wires", lambda plane: np.zeros(3456, bool))
    ((image, hits),) = lartpc.readout(RNG(0), point, np.zeros(2000), np.ones(2000, bool), [2]).values()
    rows, columns = image.nonzero()
    assert image.sum() == pytest.approx(1e6 / 217, rel=0.01)
    assert abs((image[rows, columns] * rows).sum() / image.sum() - 436.4) < 0.2
    assert (image[rows, columns] * columns).sum() / image.sum() == pytest.approx(1000, abs=0.05)
    own = np.flatnonzero(hits.wire == 1000)
    assert hits.neutrino[own].tolist() == [True]
    assert hits.time[own[0]] == pytest.approx(2621.1, abs=0.2)
    assert hits.rms[own[0]] == pytest.approx(np.hypot(2.4, np.sqrt(2 * 3.74e-6 * 100 / 0.1098) / 0.0548965), rel=0.1)


def test_charge_of_a_muon_500_us_late_arrives_1000_ticks_later(point):
    images = [
        lartpc.readout(RNG(0), point, np.full(2000, time), np.zeros(2000, bool), [1])[1][0] for time in (0.0, 600.0)
    ]
    rows = [np.average(np.arange(1066), weights=image.sum(axis=1)) for image in images]
    assert rows[1] - rows[0] == pytest.approx(1200 / 6, abs=0.2)


def test_dead_wires_see_nothing_in_any_event():
    events = list(lartpc.generate(1, 2))
    for plane in (0, 1, 2):
        dead = lartpc.dead_wires(plane)
        assert 0.08 <= dead.mean() < 0.1
        for event in events:
            image, hits = event.planes[plane]
            assert image.any() and not image[:, dead].any() and not dead[hits.wire].any()


def test_an_event_from_a_file_gives_the_windows_that_it_gives_in_memory(tmp_path):
    """Its images are written as waveforms, six equal ticks a bin, in the schema of the public files."""
    events = {(0, 0, i): event.planes for i, event in enumerate(lartpc.generate(11, 3, planes=[2]))}
    with h5py.File(tmp_path / "x.h5", "w") as file:
        rows = {table: {column: [] for column in columns} for table, columns in SCHEMA.items()}
        for event, planes in events.items():
            image, hits = planes[2]
            hits = hits._replace(time=np.float32(hits.time), rms=np.float32(hits.rms))
            planes[2] = image, hits
            wires = np.flatnonzero(image.any(axis=0) | np.isin(np.arange(3456), hits.wire))
            adc = np.zeros((len(wires), 6400), np.float32)
            adc[:, :6396] = np.repeat(image.T[wires] / 6, 6, axis=1)
            owned, number = np.flatnonzero(hits.neutrino), np.arange(len(hits.wire))
            for table, columns in {
                "wire_table": {"local_wire": wires, "adc": adc, "local_plane": np.full(len(wires), 2)},
                "hit_table": {"hit_id": number, "local_wire": hits.wire, "local_time": hits.time, "rms": hits.rms,
                              "local_plane": np.full(len(number), 2)},
                "edep_table": {"hit_id": owned, "g4_id": owned * 0 + 1, "energy_fraction": owned * 0 + 1.0},
            }.items():  # fmt: skip
                columns["event_id"] = np.tile(event, (len(next(iter(columns.values()))), 1))
                for column, values in columns.items():
                    rows[table][column].append(values)
        for table in ("wire_table", "hit_table", "edep_table"):
            for column, (kind, width) in SCHEMA[table].items():
                if rows[table][column]:
                    file[f"{table}/{column}"] = np.concatenate(rows[table][column]).reshape(-1, width).astype(kind)
    seen = 0
    for event, _, planes in read_events(tmp_path / "x.h5", [2]):
        for (ours, labels), (theirs, same) in zip(
            *([chain.windows(*p[2], RNG(0))] for p in (events[event], planes)), strict=True
        ):
            assert labels.tolist() == same.tolist()
            np.testing.assert_allclose(ours, theirs, rtol=1e-5)
            seen += len(labels)
    assert seen >= 6


# --- windows ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch):
    """Chunks of 8 events of few muons."""
    monkeypatch.setattr(generation, "CHUNK", 8)
    monkeypatch.setattr(lartpc, "muons", lambda: 2.0)


def test_generating_again_gives_the_identical_file_and_another_seed_another(quick, tmp_path):
    files = [
        microboone.generate(tmp_path / name, events=24, planes=[2], seed=seed).read_bytes()
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    assert files[0] == files[1] != files[2]


def test_an_interrupted_generation_goes_on_and_gives_the_identical_file(quick, tmp_path, monkeypatch):
    undisturbed = microboone.generate(tmp_path / "a", events=24, planes=[2]).read_bytes()
    chunks = interrupted(monkeypatch, lartpc, "generate", at=2)
    with pytest.raises(KeyboardInterrupt):
        microboone.generate(tmp_path / "b", events=24, planes=[2])
    assert microboone.generate(tmp_path / "b", events=24, planes=[2]).read_bytes() == undisturbed
    assert chunks == [(1, 0), (1, 8), (1, 8), (1, 16)]  # the first chunk is not made twice
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["microboone_default.npz"]


@pytest.mark.parametrize(("events", "seed"), [(0, 1), (5, -1)])
def test_a_number_of_events_or_a_seed_that_makes_no_sense_is_refused(tmp_path, events, seed):
    with pytest.raises(ValueError, match=f"events={events}, seed={seed}"):
        microboone.generate(tmp_path, events=events, seed=seed)


def test_a_window_lies_no_more_to_one_side_with_signal_than_without():
    """The mean active row, and column, of fresh events tell the classes apart no better than by chance."""
    events = enumerate(lartpc.generate((9, 9), 30))
    made = windows.join(
        [own for i, event in events for own in windows.of_event((0, 0, i), event.planes, ("NC", 1.0), 9)]
    )
    pixels = made.pixels
    image = np.repeat(np.arange(len(pixels.label)), np.diff(pixels.offsets.astype(int)))
    count = np.bincount(image, minlength=len(pixels.label))
    for axis in np.divmod(pixels.index.astype(int), 63):
        mean = np.bincount(image, axis, len(count))[count > 0] / count[count > 0]
        assert 0.4 < roc_auc_score(pixels.label[count > 0], mean) < 0.6  # of some 300 windows


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_windows_that_ship_lie_no_more_to_one_side_with_signal_than_without(split):
    """By mean active row and column, whose AUC on 2,100 fresh events is .513 and .458, both +- .005: showers begin
    upstream, on the lower wires, and are dense there. Nearer to the middle signal does lie, with an AUC of .72: its
    window is chosen to hold it.
    """
    shipped = data.load("microboone", split, "default")
    images, labels = shipped.images[..., 0], shipped.labels
    seen = (images > 0).any(axis=(1, 2))
    for axis in (1, 2):
        active = (images[seen] > 0).sum(axis=3 - axis)
        mean = active @ np.arange(63) / active.sum(axis=1)
        assert 0.45 < roc_auc_score(labels[seen], mean) < 0.55


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_windows_that_ship_are_as_full_as_the_real_ones(split):
    """Real test images (arXiv 2512.06208, published split): 44 active pixels with signal, 27 of all, 18 % empty."""
    shipped = data.load("microboone", split, "default")
    count = np.count_nonzero(shipped.images, axis=(1, 2, 3))
    assert count[shipped.labels == 1].mean() == pytest.approx(44, rel=0.15)
    assert count.mean() == pytest.approx(27, rel=0.15)
    assert (count == 0).mean() == pytest.approx(0.18, abs=0.05)
    values = np.quantile(shipped.images[shipped.images > 0], [0.1, 0.5, 0.9, 0.99])
    np.testing.assert_allclose(values, [0.231, 0.300, 0.505, 0.786], rtol=0.2)


def test_the_windows_that_ship_are_what_the_generator_gives():
    """The signal windows of the first chunk all ship: of the background some are left out to balance the classes."""
    events = enumerate(lartpc.generate((1, 0), generation.CHUNK))
    made = [
        own for i, event in events for own in windows.of_event((0, 0, i), event.planes, (event.kind, event.energy), 1)
    ]
    pixels = windows.join(made).pixels
    shipped = {
        (image > 0).tobytes() + bytes([label]): image[image > 0]
        for split in ("train", "val", "test")
        for loaded in [data.load("microboone", split, "default")]
        for image, label in zip(loaded.images[..., 0], loaded.labels.tolist(), strict=True)
    }
    signal = [i for i in range(len(pixels.label)) if pixels.label[i] == 1]
    for i in signal:
        own, active = slice(pixels.offsets[i], pixels.offsets[i + 1]), np.zeros(63 * 63, bool)
        active[pixels.index[own]] = True
        np.testing.assert_allclose(shipped[active.tobytes() + b"\1"], pixels.value[own], atol=1 / 65535)
    assert len(signal) > 20
