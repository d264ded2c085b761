"""data_scripts.mnist on idx files that these tests write byte by byte, against the chain in exact fractions."""

import gzip
import hashlib
import json
import os
import struct
import threading
from fractions import Fraction
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from data_scripts import mnist
from sparsepixels_lib.data import dataset as data
from sparsepixels_lib.data import mnist as shipped_mnist

NAMES = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(struct.pack(">I", size) for size in array.shape)
    return header + array.tobytes()


@pytest.fixture(scope="module")
def arrays():
    """60,000 and 10,000 images: 200 different ones (noise, strokes, an empty one) over and over, cheap to compress."""
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (200, 28, 28), np.uint8)
    images[100:] *= (rng.random((100, 28, 28)) < 0.15).astype(np.uint8)
    images[7] = 0
    digits = rng.integers(0, 10, 200, np.uint8)
    return [
        np.tile(images, (300, 1, 1)),
        np.tile(digits, 300),
        np.tile(images[::-1], (50, 1, 1)),
        np.tile(digits[::-1], 50),
    ]


@pytest.fixture(scope="module")
def originals(arrays, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    for name, array in zip(NAMES, arrays, strict=True):
        (folder / name).write_bytes(idx(array))
    return folder


@pytest.fixture(scope="module")
def prepared(originals, tmp_path_factory):
    return mnist.prepare(originals, tmp_path_factory.mktemp("prepared"))


@pytest.fixture
def small(originals, tmp_path):
    """A folder in which one of the four files can be replaced."""
    for name in NAMES:
        (tmp_path / name).symlink_to(originals / name)
    return tmp_path


def chain(image):
    """One image (28, 28) of integers through the published chain, in fractions and loops."""
    pooled = [
        [sum(Fraction(int(image[3 * i + a, 3 * j + b]), 255) for a in range(3) for b in range(3)) / 9 for j in range(9)]
        for i in range(9)
    ]
    top = max(map(max, pooled))
    frame = np.zeros((48, 48))
    for i in range(9):
        for j in range(9):
            value = pooled[i][j] / top if top else Fraction(0)
            row, column = (round(Fraction(47, 2) + Fraction(7, 2) * (k + 19 - Fraction(47, 2))) for k in (i, j))
            if value >= Fraction(2, 5):
                frame[min(max(row, 0), 47), min(max(column, 0), 47)] = value.numerator / value.denominator
    return frame.astype(np.float32)


@pytest.mark.parametrize(("split", "first", "index"), [("train", 10_000, 0), ("val", 0, 0), ("test", 0, 2)])
def test_prepared_idx_files_give_the_images_of_the_chain_in_fractions(arrays, prepared, split, first, index):
    loaded = data.load("sparse_mnist", split, "real", folder=prepared.parent, n=200)
    originals, digits = arrays[index][first : first + 200], arrays[index + 1][first : first + 200]
    np.testing.assert_array_equal(loaded.images[..., 0], [chain(image) for image in originals])
    assert loaded.labels.tolist() == digits.tolist()
    assert str(prepared) in loaded.source


def test_idx_files_with_the_sums_that_ship_give_the_images_that_ship(originals, tmp_path):
    """Pixels whose 3x3 sums are those embedded: each sum is dealt out to its nine pixels, largest share first."""
    shipped = shipped_mnist.read_mnist_sums(shipped_mnist.EMBEDDED_MNIST)
    for name, sums in (("train-images-idx3-ubyte", shipped.x_train), ("t10k-images-idx3-ubyte", shipped.x_test)):
        images = np.full((len(sums), 28, 28), 255, np.uint8)  # the last row and column must not matter
        for k in range(9):
            images[:, k // 3 : 27 : 3, k % 3 : 27 : 3] = np.clip(sums.astype(int) - 255 * k, 0, 255)
        (tmp_path / name).write_bytes(idx(images))
    for name, digits in (("train-labels-idx1-ubyte", shipped.y_train), ("t10k-labels-idx1-ubyte", shipped.y_test)):
        (tmp_path / name).write_bytes(idx(digits))
    mnist.prepare(tmp_path)
    for split in ("val", "test"):
        real = data.load("sparse_mnist", split, "real", folder=tmp_path)
        default = data.load("sparse_mnist", split, "default")
        np.testing.assert_array_equal(real.images, default.images)
        np.testing.assert_array_equal(real.labels, default.labels)
    ours_all = shipped_mnist.read_mnist_sums(tmp_path / shipped_mnist.PREPARED_MNIST)
    for ours, theirs in zip(ours_all, shipped, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_an_idx_file_is_read_gzip_or_plain(tmp_path, compress):
    array = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    path = tmp_path / "file"
    path.write_bytes(compress(idx(array)))
    np.testing.assert_array_equal(mnist.read_idx(path), array)


def test_gzip_files_prepare_like_plain_ones(small, arrays, prepared):
    for name, array in zip(NAMES, arrays, strict=True):
        (small / name).unlink()
        (small / f"{name}.gz").write_bytes(gzip.compress(idx(array), 1, mtime=0))
    for ours, plain in zip(*map(shipped_mnist.read_mnist_sums, (mnist.prepare(small), prepared)), strict=True):
        np.testing.assert_array_equal(ours, plain)


IMAGES = idx(np.zeros((5, 28, 28), np.uint8))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "wrong header"),
        (IMAGES[:9], "wrong header"),
        (b"\0\0\x0d\x03" + IMAGES[4:], "wrong header"),
        (IMAGES[:-1], "3,919 bytes of data, its header says 3,920"),
        (IMAGES + b"\0", "3,921 bytes of data, its header says 3,920"),
        (gzip.compress(IMAGES, mtime=0)[:-20], "damaged gzip"),
        (gzip.compress(IMAGES, mtime=0)[:20] + b"xxxx" + gzip.compress(IMAGES, mtime=0)[24:], "damaged gzip"),
        (b"\n<html>404 Not Found</html>", "a web page"),
        (gzip.compress(b"<html>404 Not Found</html>", mtime=0), "a web page"),
        (IMAGES, r"has the shape \(5, 28, 28\), the original of MNIST \(10000, 28, 28\)"),
        (idx(np.zeros(10_000, np.uint8)), r"has the shape \(10000,\)"),
    ],
)
def test_a_damaged_idx_file_is_named_and_left_as_it_is(small, content, message):
    path = small / "t10k-images-idx3-ubyte"
    path.unlink()
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"{path} .*{message}.*left untouched"):
        mnist.prepare(small)
    assert path.read_bytes() == content
    assert sorted(p.name for p in small.iterdir()) == sorted(NAMES)


def test_fewer_digits_than_images_are_refused(small, arrays):
    path = small / "t10k-labels-idx1-ubyte"
    path.unlink()
    path.write_bytes(idx(arrays[3][:-1]))
    with pytest.raises(ValueError, match=rf"{path} has the shape \(9999,\)"):
        mnist.prepare(small)


def test_a_missing_file_is_named_with_the_command_that_fetches_it(small):
    (small / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match="no train-labels-idx1-ubyte.gz.*download"):
        mnist.prepare(small)


def test_a_prepared_file_is_replaced_only_by_force(small):
    target = small / shipped_mnist.PREPARED_MNIST
    target.write_text("mine")
    with pytest.raises(FileExistsError, match="--force"):
        mnist.prepare(small)
    assert target.read_text() == "mine"
    mnist.prepare(small, force=True)
    assert shipped_mnist.read_mnist_sums(target).x_train.shape == (60_000, 9, 9)


@pytest.mark.parametrize("failure", [PermissionError(13, "Permission denied"), KeyboardInterrupt()])
def test_a_write_that_fails_or_is_interrupted_leaves_what_was_there(small, monkeypatch, failure):
    target = small / shipped_mnist.PREPARED_MNIST
    target.write_text("mine")

    def savez(file, **arrays):
        file.write(b"half")
        raise failure

    monkeypatch.setattr(np, "savez_compressed", savez)
    with pytest.raises((OSError, KeyboardInterrupt)):
        mnist.prepare(small, force=True)
    assert target.read_text() == "mine"
    assert not list(small.glob("*.part"))


def test_a_folder_that_cannot_be_made_is_named(small, tmp_path_factory):
    file = tmp_path_factory.mktemp("other") / "file"
    file.touch()
    with pytest.raises(OSError, match=f"cannot make the folder {file}"):
        mnist.prepare(small, file)


def test_a_folder_without_permission_to_write_is_named(small, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(PermissionError, match=f"no permission to write in {small}"):
        mnist.prepare(small)


def test_provenance_holds_the_checksums_of_the_four_files(originals, prepared):
    with np.load(prepared) as file:
        provenance = json.loads(str(file["provenance"]))
    assert provenance["files"] == {n: hashlib.sha256((originals / n).read_bytes()).hexdigest() for n in NAMES}


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A server on this machine with four tiny files in place of the real ones; gives their contents."""
    served = tmp_path / "served"
    served.mkdir()
    contents = {f"{name}.gz": name.encode() for name in NAMES}
    for name, content in contents.items():
        (served / name).write_bytes(content)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=served))
    threading.Thread(target=server.serve_forever).start()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(mnist, "URL", f"http://127.0.0.1:{server.server_port}/")
    yield contents
    server.shutdown()
    server.server_close()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Keep the tests' output free of requests."""


def use_checksums_of(monkeypatch, contents):
    checksums = {name: ((), hashlib.md5(contents[f"{name}.gz"]).hexdigest()) for name in NAMES}
    monkeypatch.setattr(mnist, "FILES", checksums)


def test_download_fetches_the_four_files(tmp_path, monkeypatch, mirror):
    use_checksums_of(monkeypatch, mirror)
    mnist.download(tmp_path / "new")
    assert {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()} == mirror


def test_download_keeps_what_is_there_already(tmp_path, monkeypatch, mirror):
    use_checksums_of(monkeypatch, mirror)
    mnist.download(tmp_path)
    monkeypatch.setattr(mnist, "URL", "http://127.0.0.1:9/")  # nobody answers on the discard port
    mnist.download(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.gz")} == mirror


def test_a_download_with_another_checksum_is_thrown_away(tmp_path, mirror):
    with pytest.raises(OSError, match="could not download .*hash"):
        mnist.download(tmp_path / "new")
    assert not list((tmp_path / "new").iterdir())


def test_offline_download_says_what_to_fetch_by_hand_and_where_to_put_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(mnist, "URL", "http://127.0.0.1:9/")
    with pytest.raises(SystemExit) as exit_info:
        mnist.main(["download", str(tmp_path)])
    text = capsys.readouterr().err
    assert exit_info.value.code == 1
    assert f"put them into {tmp_path}" in text and all(f"{name}.gz" in text for name in NAMES)


def test_a_file_that_is_not_the_original_is_never_downloaded_over(tmp_path, mirror):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(b"mine")
    with pytest.raises(ValueError, match=f"{path} is not the original"):
        mnist.download(tmp_path)
    assert path.read_bytes() == b"mine"


def test_the_command_line_prepares_and_inspects(small, capsys):
    mnist.main(["prepare", str(small)])
    mnist.main(["inspect", str(small), "--n", "200"])
    text = capsys.readouterr().out
    assert f"wrote {small / shipped_mnist.PREPARED_MNIST}" in text
    assert "sparse_mnist, test: images (200, 48, 48, 1) float32; real: MNIST, prepared from the original files" in text
    assert "NOT the numbers of the MNIST that ships" in text  # the images of these tests are made up
    assert "t10k-labels-idx1-ubyte" in text


def test_the_command_line_answers_a_mistake_in_one_line(tmp_path, capsys):
    with pytest.raises(SystemExit):
        mnist.main(["prepare", str(tmp_path)])
    text = capsys.readouterr().err
    assert text.startswith("error: ") and text.count("\n") == 1
