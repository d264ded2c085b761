"""What the ports of an emitted project carry: images as words of in_data, words of out_data as logits."""

import numpy as np

from ..network.images import scaled_images


def timeout_cycles(project, gaps: float = 0.0) -> int:
    """Cycles after which a design that has given no result is taken to have none: far more than any needs."""
    return int((1000 + 50 * project.beats + 50 * np.prod(project.image_shape[:2])) / (1 - gaps))


def beats(images, project) -> np.ndarray:
    """`images` (B, H, W, C), checked and quantised, as the words (B, beats, words) uint32 of in_data."""
    images = scaled_images(images, tuple(project.image_shape), project.pixel, project.top)
    codes = np.rint(project.pixel.quantize(images) / project.pixel.lsb).astype(np.int64).reshape(len(images), -1)
    codes = np.pad(codes, ((0, 0), (0, project.beats * project.beat - codes.shape[1])))
    return pack(codes.reshape(len(images), project.beats, project.beat), project.pixel.bits)


def pack(codes: np.ndarray, bits: int) -> np.ndarray:
    """Whole numbers (..., K) as words (..., ceil(K bits / 32)) uint32: number k has the bits [k bits, (k + 1) bits)."""
    octets = codes.astype("<i8").view(np.uint8).reshape(*codes.shape, 8)[..., : -(-bits // 8)]
    bits_of = np.unpackbits(octets, axis=-1, bitorder="little")[..., :bits].reshape(*codes.shape[:-1], -1)
    padding = [(0, 0)] * (bits_of.ndim - 1) + [(0, -bits_of.shape[-1] % 32)]
    return np.packbits(np.pad(bits_of, padding), axis=-1, bitorder="little").view("<u4")


def unpack(words: np.ndarray, count: int, form) -> np.ndarray:
    """Words (B, ...) of out_data as numbers (B, count)."""
    bits = np.unpackbits(np.ascontiguousarray(words).view(np.uint8), axis=-1, bitorder="little")
    bits = bits[:, : count * form.bits].reshape(-1, count, form.bits)
    weights = 2.0 ** np.arange(form.bits)
    weights[-1] *= -1 if form.signed else 1
    return bits @ weights * form.lsb


def words_of(bits: int) -> int:
    """Words of 32 bits that hold so many bits."""
    return -(-bits // 32)
