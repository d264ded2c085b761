"""The jet generator: images and detector with pencil and paper, Pythia itself, and the file that ships."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_scripts import jets
from data_scripts.jets import generator
from data_scripts.jets.__main__ import main
from data_scripts.jets.generator import Particles
from sparsepixels_lib import paths
from sparsepixels_lib.data import chains, coordinate_lists
from sparsepixels_lib.data import dataset as data

PHOTON, PION, NEUTRON, MUON = 22, 211, 2112, 13


def particles(pt, eta, phi, pdg=PION, charge=1.0):
    """A jet of massless particles."""
    pt, eta, phi = (np.array(x, float) for x in np.broadcast_arrays(pt, eta, phi))
    return Particles(pt, eta, phi, pt * np.cosh(eta), np.full(len(pt), pdg), np.full(len(pt), charge))


@pytest.mark.parametrize("azimuth", [0, np.pi, -2, 3.1])
def test_a_jet_is_drawn_around_its_axis_in_pixels_of_0_02(azimuth):
    jet = particles([5, 5, 5, 5], [0.05, 0.05, -0.05, -0.05], azimuth + np.array([0.11, -0.11, 0.11, -0.11]))
    expected = np.zeros((100, 100))  # the axis is the corner between pixels 49 and 50
    for row in (52, 47):
        for column in (55, 44):
            expected[row, column] = 5
    np.testing.assert_allclose(generator.jet_image(jet), expected)


def test_rows_are_eta_and_columns_phi():
    jet = particles([100, 100, 1, 1], [0, 0, 0.31, -0.31], [0.01, -0.01, 0, 0])
    assert sorted(set(np.nonzero(generator.jet_image(jet))[0])) == [34, 50, 65]


def test_particles_in_one_pixel_add_up_and_those_outside_go_to_the_border():
    jet = particles([100, 100, 3, 4, 1, 6], [0.01, -0.01, 0.51, 0.51, 1.5, -1.5], [0.01, -0.01, 0.21, 0.211, 0, 0])
    image = generator.jet_image(jet)
    assert np.count_nonzero(image) == 5
    assert image[[0, 99]].sum(axis=1).tolist() == [6, 1]
    assert 7 in image


@given(st.integers(0, 2**32))
def test_an_image_holds_all_the_transverse_momentum(seed):
    rng = np.random.default_rng(seed)
    jet = particles(rng.exponential(10, 30), rng.normal(1, 0.5, 30), rng.uniform(-4, 4, 30))
    np.testing.assert_allclose(generator.jet_image(jet).sum(), jet.pt.sum())


@pytest.mark.parametrize(
    ("pdg", "charge", "pt", "cell"),
    [
        (PION, 1, 10, None),
        (PION, 1, 300, 0.022),
        (MUON, -1, 300, None),
        (11, -1, 10, None),
        (11, -1, 300, 0.0175),
        (PHOTON, 0, 10, 0.0175),
        (NEUTRON, 0, 10, 0.022),
    ],
)
def test_only_tracks_keep_their_direction_the_others_get_that_of_their_cell(pdg, charge, pt, cell):
    jet = particles([pt] * 3, [0.1, -0.1, 0.004], [1, -3, 0.5], pdg, charge)
    measured = generator.measure(jet, np.random.default_rng(0))
    for found, true in ((measured.eta, jet.eta), (measured.phi, jet.phi)):
        if cell is None:
            np.testing.assert_array_equal(found, true)
        else:
            assert (np.abs(found - true) <= cell / 2).all()
            np.testing.assert_allclose(found / cell % 1, 0.5)


@pytest.mark.parametrize(
    ("pdg", "charge", "expected"),
    [
        (PION, 1, 0.02915),  # 0.00025 * 100 (+) 0.015
        (PHOTON, 0, 0.00550),  # 0.021 / 10 (+) 0.00094 (+) 0.005
        (NEUTRON, 0, 0.06727),  # 0.45 / 10 (+) 0.05
    ],
)
def test_a_particle_of_100_gev_is_measured_with_the_published_resolution(pdg, charge, expected):
    jet = particles([100] * 40_000, 0, 0, pdg, charge)
    response = generator.measure(jet, np.random.default_rng(0)).pt / 100
    assert response.std() == pytest.approx(expected, rel=0.02)
    assert response.mean() == pytest.approx(1, abs=0.002)


def test_no_measured_momentum_is_negative():
    jet = particles([0.01] * 1000, 0, 0, NEUTRON, 0)
    assert generator.measure(jet, np.random.default_rng(0)).pt.min() == 0


def needs_pythia():
    pytest.importorskip("pythia8mc", reason="Pythia 8 is an optional extra: pip install sparsepixels-lib[pythia]")


@pytest.fixture(scope="module")
def pythia_jets():
    needs_pythia()
    return {kind: generator.generate_jets(kind, 30, 7) for kind in generator.CLASSES}


@pytest.mark.parametrize("kind", generator.CLASSES)
def test_the_jets_of_every_class_have_about_a_tev(pythia_jets, kind):
    assert 900 < np.median(pythia_jets[kind].sum(axis=(1, 2))) < 1150  # the sum exceeds the momentum of a wide jet


def test_boosted_bosons_and_tops_have_their_mass(pythia_jets):
    """m^2 = sum over pairs of pt_i pt_j dR_ij^2, for small angles; one pixel is 0.02."""
    at = (np.indices((100, 100)).reshape(2, -1) - 49.5) * 0.02
    masses = {}
    for kind, images in pythia_jets.items():
        pt = images.reshape(len(images), -1)
        masses[kind] = np.median(np.sqrt(pt.sum(axis=1) * (pt @ (at**2).sum(axis=0)) - ((pt @ at.T) ** 2).sum(axis=1)))
    assert masses["W"] == pytest.approx(80.4, rel=0.2) and masses["Z"] == pytest.approx(91.2, rel=0.2)
    assert masses["t"] == pytest.approx(173, rel=0.2)
    assert masses["q"] < masses["W"]


def test_the_same_seed_gives_the_same_jets_and_another_one_others(pythia_jets):
    np.testing.assert_array_equal(generator.generate_jets("q", 5, 7), pythia_jets["q"][:5])
    assert (generator.generate_jets("q", 5, 8) != pythia_jets["q"][:5]).any(axis=(1, 2)).all()


@pytest.mark.parametrize(("kind", "seed"), [("b", 1), ("g", 0), ("g", 900_000_001)])
def test_another_class_or_seed_is_refused(kind, seed):
    with pytest.raises(ValueError, match="kinds are g, q, W, Z, t, seeds 1 to"):
        generator.generate_jets(kind, 1, seed)


def test_without_pythia_the_message_says_how_to_install_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pythia8mc", None)
    with pytest.raises(SystemExit):
        main(["generate", str(tmp_path)])
    assert "pip install 'sparsepixels-lib[pythia]'" in capsys.readouterr().err


# --- the file that ships ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped():
    return {split: data.load("lhc_jets", split, "default") for split in data.SPLITS}


def test_what_ships_is_43200_4800_and_12000_jets_of_five_even_classes(shipped):
    counts = {split: np.bincount(loaded.labels).tolist() for split, loaded in shipped.items()}
    assert counts == {"train": [8640] * 5, "val": [960] * 5, "test": [2400] * 5}
    assert shipped["test"].source.startswith("synthetic default: LHC jets of Pythia 8.317, not the public sample")


@pytest.mark.parametrize("split", data.SPLITS)
def test_active_pixels_are_those_of_the_public_sample_within_15_percent(shipped, split):
    counts = np.count_nonzero(shipped[split].images, axis=(1, 2, 3))
    assert counts.mean() == pytest.approx(20.1, rel=0.15)
    assert np.percentile(counts, [25, 50, 75, 95]) == pytest.approx([13, 18.5, 24, 38], rel=0.15)


@pytest.mark.parametrize("split", data.SPLITS)
def test_values_are_those_of_the_public_sample_within_20_percent(shipped, split):
    values = shipped[split].images[shipped[split].images > 0]
    assert np.percentile(values, [10, 50, 90]) == pytest.approx([0.0038, 0.0106, 0.106], rel=0.2)


def test_active_pixels_lie_on_even_rows_and_columns_or_the_border(shipped):
    _, row, column, _ = np.nonzero(shipped["val"].images)
    assert all(((place % 2 == 0) | (place == 55)).all() for place in (row, column))
    assert min((row % 2 == 0).mean(), (column % 2 == 0).mean()) > 0.97  # 99 % in the public sample


@pytest.mark.parametrize("split", data.SPLITS)
def test_the_last_row_and_column_hold_as_many_pixels_as_in_real_jets_within_a_factor_of_1_5(shipped, split):
    def share(images):
        _, row, column, _ = np.nonzero(images)
        return ((row == 55) | (column == 55)).mean()

    real = share(data.load("lhc_jets", "sample").images)
    assert real / 1.5 < share(shipped[split].images) < 1.5 * real


def test_no_jet_ships_twice(shipped):
    images = np.concatenate([loaded.images for loaded in shipped.values()])
    assert len({image.tobytes() for image in images}) == 60_000


def test_generating_again_gives_the_jets_that_ship():
    """One chunk: all W jets of val. The bytes of a whole file are compared in test_jets_script, with cheaper jets."""
    needs_pythia()
    images, labels, _ = coordinate_lists.read(paths.EMBEDDED / jets.GENERATED, "val")
    seed = int(np.random.SeedSequence([1, 1, 2, 0]).generate_state(1)[0]) % 900_000_000 + 1
    again = chains.sparsify_jets(generator.generate_jets("W", 400, seed))
    ours, theirs = ({np.rint(i * 65535.0).tobytes() for i in x} for x in (again, images[labels == 2]))
    assert len(ours) == 400 and ours < theirs  # the first of the three chunks of W jets
