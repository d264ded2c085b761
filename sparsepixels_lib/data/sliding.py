"""Windows cut out of a larger image, as a trigger looks through a readout."""

import numpy as np

from ..numerics.whole import whole

__all__ = ["slide"]


def slide(readout: np.ndarray, size: int = 63, step: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """Windows (k, size, size, 1) of a `readout` (H, W) or (H, W, 1), and the row and column (k, 2) each begins at.

    They begin every `step` rows and columns, in raster order; the last ones end with the readout, so that every pixel
    is in one. With half a window a step, what is at the edge of one is well inside another: a readout (266, 432) has
    8 x 13 = 104 windows of 63 x 63, where 5 x 7 = 35 would tile it.

    Raises ValueError for another shape, one smaller than a window, and a step beyond the size, which leaves gaps.
    """
    readout = np.asarray(readout)
    size, step = whole(size, "size"), whole(step, "step")
    if readout.ndim not in (2, 3) or readout.shape[2:] not in ((), (1,)) or min(readout.shape[:2]) < size:
        raise ValueError(f"a readout is (H, W) or (H, W, 1), {size} x {size} at least; got {readout.shape}")
    if step > size:
        raise ValueError(f"step={step}: windows of {size} x {size} would leave gaps")
    starts = ([*range(0, length - size, step), length - size] for length in readout.shape[:2])
    corners = np.stack(np.meshgrid(*starts, indexing="ij"), axis=-1).reshape(-1, 2)
    image = readout.reshape(readout.shape[:2])
    windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))[tuple(corners.T)]
    return windows[..., None], corners
