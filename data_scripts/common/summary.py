"""What `inspect` prints of every data set."""

import numpy as np

from sparsepixels_lib.data.dataset import Dataset
from sparsepixels_lib.data.occupancy import occupancy


def print_summary(data: Dataset, threshold: float = 0) -> None:
    """Print shape, source, images per class and active pixels (those above `threshold`) of a split."""
    per_class = zip(data.classes, np.bincount(data.labels, minlength=len(data.classes)), strict=True)
    print(f"{data.name}, {data.split}: images {data.images.shape} {data.images.dtype}; {data.source}")
    print("  images per class: " + ", ".join(f"{name}: {count:,}" for name, count in per_class))
    active = f"active above {threshold:g}" if threshold else "active"
    print(f"  {active}: " + occupancy(data.images, threshold).summary().replace("\n", "\n  "))
