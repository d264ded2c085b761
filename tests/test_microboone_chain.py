"""data_scripts.microboone.chain against the words of the publication, tick by tick, and against paper and pencil."""

import numpy as np
import pytest
from microboone_files import read, readout, rows_of, write_file

from data_scripts.microboone import chain


def slow_chain(plane, width):
    """Image and signal mask of a plane by the words of the publication, tick by tick."""
    wires, hits = plane
    image, ticks = np.zeros((1066, width)), np.zeros((width, 6400), int)
    for wire, adc in wires.items():
        for row in range(1066):
            total = sum(float(value) for value in adc[6 * row : 6 * row + 6])
            image[row, wire] = 0 if total < 10 else min(total, 100)
    for cosmic in (False, True):  # cosmic last: it overrides
        for wire, time, rms, particles in hits:
            if bool(particles) != cosmic:
                for tick in range(6400):
                    if np.floor(time - 2 * rms) <= tick <= np.ceil(time + 2 * rms):
                        ticks[wire, tick] = -1 if cosmic else 1
    mask = ticks[:, :6396].reshape(width, 1066, 6).sum(axis=2).T > 0
    return image, mask


def slow_window(mask):
    """Every signal pixel counts for the windows that hold it."""
    count = np.zeros((1066 - 255, mask.shape[1] - 511), int)
    for row, column in zip(*mask.nonzero(), strict=True):
        count[max(0, row - 255) : row + 1, max(0, column - 511) : column + 1] += 1
    return np.unravel_index(count.argmax(), count.shape)


def slow_pool(image, row, column):
    out = np.zeros((63, 63), np.float32)
    for i in range(63):
        for j in range(63):
            total = image[row + 4 * i : row + 4 * i + 4, column + 8 * j : column + 8 * j + 8].sum()
            out[i, j] = min(total / 3200, 1) if total > 700 else 0
    return out


@pytest.mark.parametrize("plane", [0, 2])
def test_signal_and_background_windows_are_those_of_the_chain_tick_by_tick(tmp_path, plane):
    event = readout(np.random.default_rng(1), [plane])
    path = write_file(tmp_path / "bnb_WithWire_00.h5", rows_of({(1, 2, 3): event}))
    image, hits = read(path)[1, 2, 3][plane]
    width = (2400, 2400, 3456)[plane]
    slow_image, slow_mask = slow_chain(event[plane], width)
    row, column = slow_window(slow_mask)
    found, labels = chain.windows(image, hits, np.random.default_rng(5), first=True)
    assert labels.tolist() == [1, 0, 0, 0, 0, 0]
    np.testing.assert_allclose(found[0], slow_pool(slow_image, row, column), rtol=1e-6)
    assert (found[0] > 0).sum() > 20
    pixels = chain.signal_pixels(hits)
    assert sorted(zip(*map(np.ndarray.tolist, pixels), strict=True)) == list(
        zip(*map(np.ndarray.tolist, slow_mask.nonzero()), strict=True)
    )
    places = chain.background_windows(*pixels, width, (row, column), np.random.default_rng(5))
    for window, (r, c) in zip(found[1:], places, strict=True):
        assert not slow_mask[r : r + 256, c : c + 512].any()
        np.testing.assert_allclose(window, slow_pool(slow_image, r, c), rtol=1e-6)
    places = [(row, column), *places]
    for i, (r, c) in enumerate(places):
        assert all(abs(r - r0) >= 256 or abs(c - c0) >= 512 for r0, c0 in places[:i])


def test_six_ticks_are_summed_and_the_last_four_left_out():
    adc = np.zeros((2, 6400), np.float32)
    adc[0, :12] = [1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 7]
    adc[1, 6390:] = 1
    sums = chain.sum_ticks(adc)
    assert sums.shape == (1066, 2)
    assert sums[:2, 0].tolist() == [21, 7] and sums[1065, 1] == 6 and sums.sum() == 34


def test_below_10_counts_nothing_above_100_counts_100_and_a_pixel_needs_more_than_700():
    window = np.zeros((256, 512), np.float32)
    window[0, 0:8] = 100  # 800
    window[0, 8:16] = [100] * 7 + [9.9]  # 700: not above
    window[0, 16:24] = [100] * 7 + [10]  # 710
    window[0:4, 24:32] = 1000  # saturated: 32 * 100
    window[252:, 504:] = 100  # row and column 64: cropped away
    pooled = chain.pool(window)
    assert pooled.shape == (63, 63)
    assert pooled[0, :4].tolist() == np.float32([800 / 3200, 0, 710 / 3200, 1]).tolist()
    assert (pooled > 0).sum() == 3


def test_a_hit_reaches_from_its_time_minus_to_plus_two_rms():
    hits = chain.Hits(np.array([10]), np.array([24.5]), np.array([3.0]), np.array([True]))
    row, column = chain.signal_pixels(hits)  # ticks 18 to 31
    assert row.tolist() == [3, 4, 5] and column.tolist() == [10] * 3


@pytest.mark.parametrize(("cosmic", "rows"), [(21.0, []), (18.0, []), (17.0, [3]), (100.0, [3])])
def test_where_hits_overlap_the_tick_is_cosmic_and_most_ticks_decide_the_bin(cosmic, rows):
    """The neutrino has ticks 18 to 23, bin 3; a cosmic hit of rms 1 has ticks c - 2 to c + 2."""
    hits = chain.Hits(*map(np.array, ([4, 4], [20.5, cosmic], [1.25, 1.0], [True, False])))
    row, column = chain.signal_pixels(hits)
    assert row.tolist() == rows


def test_of_windows_with_equally_much_signal_the_first_in_raster_order_is_taken():
    assert chain.signal_window(np.array([600]), np.array([1000]), 2400) == (600 - 255, 1000 - 511)
    assert chain.signal_window(np.array([3]), np.array([2399]), 2400) == (0, 2400 - 512)


def test_of_windows_with_equally_much_signal_all_are_drawn_equally_often():
    """Signal of 200 x 400 pixels in the middle: it fits at 57 rows and 113 columns."""
    row, column = (axis.ravel() for axis in np.mgrid[400:600, 1000:1400])
    rng = np.random.default_rng(1)
    found = np.array([chain.signal_window(row, column, 2400, rng) for _ in range(3000)])
    assert found.min(axis=0).tolist() == [600 - 256, 1400 - 512] and found.max(axis=0).tolist() == [400, 1000]
    centre = np.array([372, 944])
    assert (np.abs(found.mean(axis=0) - centre) < 4 * np.array([57, 113]) / np.sqrt(12 * 3000)).all()
    again = chain.signal_window(row, column, 2400, np.random.default_rng(7))
    assert again == chain.signal_window(row, column, 2400, np.random.default_rng(7))


@pytest.mark.parametrize(("hits", "count"), [(125, 1), (124, 0)])
def test_a_plane_needs_500_signal_pixels(hits, count):
    """A hit at tick 12 n + 9 of rms 4.5 has ticks 12 n to 12 n + 18: 4 bins, the last with 1 tick."""
    n = np.arange(hits)
    found = chain.Hits(n, np.full(hits, 129.0), np.full(hits, 4.5), np.full(hits, True))
    assert len(chain.signal_pixels(found)[0]) == 4 * hits
    labels = chain.windows(np.zeros((1066, 2400), np.float32), found, np.random.default_rng(0))[1]
    assert labels.tolist().count(1) == count
