"""Whole readouts: pooled as their windows are, generated, loaded, and cut into windows that cover them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_scripts import microboone
from data_scripts.microboone import chain, generation, readouts
from data_scripts.microboone.__main__ import main
from data_scripts.microboone.generator import lartpc
from sparsepixels_lib.data import dataset as data
from sparsepixels_lib.data.sliding import slide

# --- pooling ----------------------------------------------------------------------------------------------------------


def test_slices_of_a_pooled_readout_are_the_pooled_windows_bit_by_bit():
    rng = np.random.default_rng(1)
    image = np.where(rng.random((3456, 1066)) < 0.3, 200 * rng.random((3456, 1066)), 0).astype(np.float32).T
    pooled = chain.pool_all(image)
    for row, column in [(0, 0), (202, 368), *rng.integers((203, 369), size=(20, 2))]:
        window = image[4 * row : 4 * row + 256, 8 * column : 8 * column + 512]
        np.testing.assert_array_equal(pooled[row : row + 63, column : column + 63], chain.pool(window))
    assert 0.2 < (pooled > 0).mean() < 0.9


def test_whole_blocks_of_a_readout_are_kept_and_the_last_two_bins_left_out():
    image = np.zeros((1066, 3456), np.float32)
    image[1060:1064, 3448:] = 1000  # saturated: 32 * 100
    image[1064:] = 100
    pooled = chain.pool_all(image)
    assert pooled.shape == (266, 432) and pooled.dtype == np.float32
    assert pooled[265, 431] == 1 and pooled.sum() == 1


# --- windows ----------------------------------------------------------------------------------------------------------


def test_a_readout_has_104_windows_half_a_window_apart():
    readout = np.arange(266 * 432, dtype=np.float32).reshape(266, 432, 1)
    windows, corners = slide(readout)
    rows, columns = [0, 32, 64, 96, 128, 160, 192, 203], [*range(0, 353, 32), 369]
    assert corners.tolist() == [[row, column] for row in rows for column in columns] and len(corners) == 104
    assert windows.shape == (104, 63, 63, 1)
    for window, (row, column) in zip(windows, corners, strict=True):
        np.testing.assert_array_equal(window, readout[row : row + 63, column : column + 63])


@given(st.integers(1, 9), st.integers(0, 20), st.integers(0, 20), st.data())
def test_windows_cover_every_pixel_and_lie_inside(size, more, wider, draw):
    step = draw.draw(st.integers(1, size))
    seen = np.zeros((size + more, size + wider), int)
    windows, corners = slide(seen, size, step)
    for row, column in corners:
        seen[row : row + size, column : column + size] += 1
    assert seen.all() and seen.sum() == windows.size == len(corners) * size**2
    assert len({*map(tuple, corners)}) == len(corners)


@pytest.mark.parametrize(
    ("shape", "how", "message"),
    [
        ((62, 432), {}, "63 x 63 at least"),
        ((266, 432, 3), {}, r"\(H, W\) or \(H, W, 1\)"),
        ((266,), {}, r"\(H, W\) or \(H, W, 1\)"),
        ((266, 432), {"step": 64}, "leave gaps"),
        ((266, 432), {"step": 0}, "step must be a whole number"),
    ],
)
def test_readouts_and_steps_that_make_no_sense_are_refused(shape, how, message):
    with pytest.raises(ValueError, match=message):
        slide(np.zeros(shape), **how)


# --- generation -------------------------------------------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch):
    """Chunks of 2 events of few muons."""
    monkeypatch.setattr(readouts, "CHUNK", 2)
    monkeypatch.setattr(lartpc, "muons", lambda: 2.0)


def test_generating_again_gives_the_identical_file_and_another_seed_another(quick, tmp_path):
    files = [
        microboone.generate_readouts(tmp_path / name, events=2, seed=seed).read_bytes()
        for name, seed in (("a", 2), ("b", 2), ("c", 3))
    ]
    assert files[0] == files[1] != files[2]


def test_a_generated_file_holds_both_classes_by_turns_as_the_generator_gives_them(quick, tmp_path):
    main(["readouts", str(tmp_path), "--events", "3"])
    loaded = data.load("microboone", "readouts", folder=tmp_path)
    assert loaded.images.shape == (6, 266, 432, 1) and loaded.labels.tolist() == [1, 0] * 3
    assert loaded.classes == ("cosmic", "neutrino") and str(tmp_path) in loaded.source
    assert loaded.columns["event"].tolist() == list(range(6))
    own = [lartpc.generate((2, first, 2), n, [2]) for first, n in ((0, 2), (2, 1))]
    for i, event in enumerate(event for part in own for event in part):
        expected = chain.pool_all(event.planes[2][0])
        np.testing.assert_allclose(loaded.images[2 * i, ..., 0], expected, atol=0.5 / 65535 + 1e-7)
        assert loaded.columns["kind"][2 * i] == event.kind
        assert loaded.columns["energy"][2 * i] == np.float32(event.energy)


def test_an_interrupted_generation_leaves_nothing_that_could_be_taken_for_a_file(quick, tmp_path, monkeypatch):
    def interrupted(seed, *arguments, **how):
        if seed[1]:
            raise KeyboardInterrupt
        return generate(seed, *arguments, **how)

    generate = lartpc.generate
    monkeypatch.setattr(lartpc, "generate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        microboone.generate_readouts(tmp_path, events=3)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("events", "seed", "message"), [(0, 2, "events=0"), (1, -1, "seed=-1")])
def test_a_number_of_events_or_a_seed_that_makes_no_sense_is_refused(tmp_path, events, seed, message):
    with pytest.raises(ValueError, match=message):
        microboone.generate_readouts(tmp_path, events=events, seed=seed)


def test_a_file_that_is_there_is_replaced_by_force_only(quick, tmp_path):
    target = microboone.generate_readouts(tmp_path, events=1)
    with pytest.raises(FileExistsError, match="--force"):
        microboone.generate_readouts(tmp_path, events=1)
    assert microboone.generate_readouts(tmp_path, events=1, force=True) == target


def test_without_a_neutrino_there_is_no_neutrino_charge(monkeypatch):
    monkeypatch.setattr(lartpc, "muons", lambda: 0.0)
    with_one, without = (list(lartpc.generate(5, 3, [2], neutrino=neutrino)) for neutrino in (True, False))
    assert all(event.planes[2][0].any() and event.planes[2][1].neutrino.any() for event in with_one)
    assert not any(event.planes[2][0].any() for event in without)
    assert {(event.kind, event.energy) for event in without} == {("none", 0.0)}


def test_no_seed_draws_the_events_of_the_windows(monkeypatch):
    """A short seed is filled up with zeros: (2, 0) and (2, 0, 0) are the same one."""
    drawn = []
    monkeypatch.setattr(lartpc, "generate", lambda seed, *_, **__: drawn.append(seed) or iter(()))
    for seed in (0, 1, 2):
        for first in (0, 25):
            for label in (0, 1):
                readouts._events(seed, first, 25, label)
    of_windows = [(seed, first) for seed in (0, 1, 2) for first in range(0, generation.EVENTS, generation.CHUNK)]
    states = [tuple(np.random.SeedSequence(seed).generate_state(4)) for seed in drawn + of_windows]
    assert len(drawn) == 12 and len({*states}) == len(states)


# --- what ships -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped():
    return data.load("microboone", "readouts", n=160)


def test_the_readouts_that_ship_say_what_they_are(shipped):
    assert shipped.images.shape == (160, 266, 432, 1) and shipped.source.startswith("synthetic default")
    assert shipped.labels.tolist() == [1, 0] * 80
    kind, energy = shipped.columns["kind"], shipped.columns["energy"]
    assert set(kind[shipped.labels == 0]) == {"none"} and set(kind[::2]) == {"nue CC", "numu CC", "NC"}
    assert not energy[shipped.labels == 0].any() and (energy[shipped.labels == 1] >= 0.25).all()
    assert (shipped.unit, shipped.full_scale) == ("ADC", 3200)


def test_the_readouts_that_ship_are_what_the_generator_gives(shipped):
    for label in (0, 1):
        made = lartpc.generate((2, 0, 1 + label), generation.CHUNK, [2], neutrino=label == 1)
        for i, event in zip(range(3), made, strict=False):
            found = shipped.images[2 * i + 1 - label, ..., 0]
            np.testing.assert_allclose(found, chain.pool_all(event.planes[2][0]), atol=0.5 / 65535 + 1e-7)


def test_where_there_is_no_neutrino_readouts_are_as_full_as_background_windows(shipped):
    windows = data.load("microboone", "train", "default")
    background = windows.images[(windows.labels == 0) & (windows.columns["plane"] == 2)]
    cosmic = np.concatenate([slide(readout, step=63)[0] for readout in shipped.images[shipped.labels == 0]])
    own, known = (np.count_nonzero(images, axis=(1, 2, 3)) for images in (cosmic, background))
    assert own.mean() == pytest.approx(known.mean(), rel=0.1)
    assert (own == 0).mean() == pytest.approx((known == 0).mean(), abs=0.04)


def test_a_neutrino_adds_to_a_readout(shipped):
    counts = np.count_nonzero(shipped.images, axis=(1, 2, 3))
    assert 15 < counts[::2].mean() - counts[1::2].mean() < 75  # a signal window has 44, some neutrinos leave nothing


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("lhc_jets", "readouts"), "'lhc_jets' has no readouts"),
        (("sparse_mnist", "readouts"), "'sparse_mnist' has no readouts"),
        (("microboone", "readouts", "real"), "no real readouts: .* all hold a neutrino"),
    ],
)
def test_readouts_that_there_are_not_are_refused_in_words(arguments, message):
    with pytest.raises(ValueError, match=message):
        data.load(*arguments)
