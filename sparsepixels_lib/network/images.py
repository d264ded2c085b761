"""The one check of images: whatever is given, it is on the scale of the pixels, or refused in words."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from ..numerics.codes import Codes
from .base import NOT_SCALED
from .graph import pixel_format


def check_images(images, model: tf.keras.Model) -> np.ndarray:
    """`images` as an array, if they are finite floats (B, H, W, C) on the scale of a `graph_model`; else an error."""
    if hasattr(images, "images"):
        raise TypeError(f"This is a {type(images).__name__}: pass its .images.")
    if len(model.inputs) != 1:
        raise ValueError(
            f"{model.name!r} has {len(model.inputs)} inputs and takes no images alone; if they are reduced arrays, "
            "pass the image model it shares its weights with."
        )
    return scaled_images(images, tuple(model.input_shape[1:]), pixel_format(model), f"{model.name!r}")


def scaled_images(images, shape: tuple[int, ...], pixel: Codes, taker: str) -> np.ndarray:
    """`images` as an array in the machine's byte order, if they are finite floats (B, *shape) on the scale of `pixel`.

    Raises TypeError and ValueError otherwise; `taker` is what takes them, in words.
    """
    if isinstance(images, np.ma.MaskedArray):
        raise TypeError("The images are a masked array: fill it, images.filled(0), or masked pixels would count.")
    try:
        images = np.asarray(images)
    except Exception as error:
        why = " ".join(str(error).split(". ")[0].split())
        raise TypeError(f"An array of images is needed, not {type(images).__name__}: {why}.") from None
    if images.dtype.kind not in "fiu":
        raise TypeError(f"An array of floats is needed as images, not {type(images).__name__} of {images.dtype}.")
    if images.dtype.kind != "f":
        raise TypeError(f"The images are {images.dtype}: {NOT_SCALED}.")
    if images.shape[1:] != shape:
        sizes = ", ".join(map(str, shape))
        raise ValueError(f"The images have shape {images.shape}, but {taker} takes (batch, {sizes}).")
    if not np.isfinite(images).all():
        raise ValueError(f"{np.count_nonzero(~np.isfinite(images))} pixels are NaN or infinite.")
    for name, extreme in (("largest", images.max(initial=0)), ("smallest", images.min(initial=0))):
        if abs(extreme) > 2 * pixel.max:  # what is a little too large saturates, as in hardware
            raise ValueError(f"The {name} pixel is {extreme:g}, far beyond {pixel.max:g}: {NOT_SCALED}.")
    return images.astype(images.dtype.newbyteorder("="), copy=False)
