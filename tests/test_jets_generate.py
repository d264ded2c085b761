"""data_scripts.jets makes the synthetic default: splits, resuming, the same bytes again."""

import numpy as np
import pytest
from interruptions import interrupted
from jets_public import as_set

from data_scripts import jets
from data_scripts.jets import generation, generator
from sparsepixels_lib.data import coordinate_lists
from sparsepixels_lib.data import dataset as data


def fake_jets(kind, count, seed):
    """Cheap in place of Pythia: what it depends on is the same."""
    rng = np.random.default_rng([seed, ord(kind)])
    return rng.exponential(20, (count, 100, 100)) * (rng.random((count, 100, 100)) < 0.003)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(generator, "generate_jets", fake_jets)
    monkeypatch.setattr(generator, "pythia_version", lambda: "8.0")
    monkeypatch.setattr(generation, "version", lambda package: "8.0")  # Pythia is optional, these tests are not
    monkeypatch.setattr(generation, "CHUNK", 5)


def test_generated_jets_are_split_18_to_2_to_5_with_every_class_alike(tmp_path, quick):
    jets.generate(tmp_path, n=250)
    for split, each in (("train", 36), ("val", 4), ("test", 10)):
        loaded = data.load("lhc_jets", split, folder=tmp_path)
        assert np.bincount(loaded.labels).tolist() == [each] * 5
        assert loaded.labels[:5].tolist() != [0] * 5
        assert loaded.source.startswith("synthetic default: LHC jets of Pythia 8.0, not the public sample")


def test_no_generated_jet_is_there_twice(tmp_path, quick):
    path = jets.generate(tmp_path, n=250)
    assert len(set.union(*(as_set(*coordinate_lists.read(path, split)[:2]) for split in data.SPLITS))) == 250


def test_generating_again_gives_the_same_bytes_also_after_an_interruption(tmp_path, quick, monkeypatch):
    whole = jets.generate(tmp_path / "a", n=125).read_bytes()
    calls = interrupted(monkeypatch, generator, "generate_jets", at=8)
    with pytest.raises(KeyboardInterrupt):
        jets.generate(tmp_path / "b", n=125)
    assert not (tmp_path / "b" / jets.GENERATED).exists()
    assert jets.generate(tmp_path / "b", n=125).read_bytes() == whole
    assert len(calls) == 1 + (4 + 1 + 1) * 5  # 18, 2 and 5 jets of each of five classes, five at a time
    assert [path.name for path in (tmp_path / "b").iterdir()] == [jets.GENERATED]


def test_a_part_that_was_cut_off_is_made_again(tmp_path, quick, monkeypatch):
    whole = jets.generate(tmp_path / "a", n=125).read_bytes()
    monkeypatch.setattr(generation, "finish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        jets.generate(tmp_path / "b", n=125)
    part = next((tmp_path / "b").rglob("*.npz"))
    part.write_bytes(part.read_bytes()[:100])
    monkeypatch.undo()
    monkeypatch.setattr(generator, "generate_jets", fake_jets)
    monkeypatch.setattr(generator, "pythia_version", lambda: "8.0")
    monkeypatch.setattr(generation, "version", lambda package: "8.0")  # Pythia is optional, these tests are not
    monkeypatch.setattr(generation, "CHUNK", 5)
    assert jets.generate(tmp_path / "b", n=125).read_bytes() == whole


def test_examples_before_the_chain_are_one_jet_of_each_class_in_gev(tmp_path, quick):
    path = jets.examples(tmp_path)
    images, labels, meta = coordinate_lists.read(path, "raw")
    assert labels.tolist() == [0, 1, 2, 3, 4]
    expected = np.concatenate([fake_jets(kind, 1, 1) for kind in "gqWZt"])
    np.testing.assert_allclose(images[..., 0] * meta["unit_gev"], expected, rtol=1e-6)
    assert path.read_bytes() == jets.examples(tmp_path, force=True).read_bytes()


def test_raw_jets_without_files_are_those_that_ship_and_say_so(tmp_path):
    raw, source = jets.raw_jets(tmp_path)
    assert raw.shape == (5, 100, 100) and source.startswith("synthetic default")
    assert (raw.sum(axis=(1, 2)) > 800).all() and (raw.sum(axis=(1, 2)) < 1250).all()


@pytest.mark.parametrize("n", [0, -125, 100, 126])
def test_a_number_of_jets_that_cannot_be_split_is_refused(tmp_path, n):
    with pytest.raises(ValueError, match="multiple of 125"):
        jets.generate(tmp_path, n=n)


def test_a_synthetic_file_under_the_name_of_the_real_one_is_refused(tmp_path, quick):
    jets.generate(tmp_path, n=125).rename(tmp_path / jets.PREPARED)
    with pytest.raises(ValueError, match="should be real, but says 'synthetic default"):
        data.load("lhc_jets", "val", folder=tmp_path)
