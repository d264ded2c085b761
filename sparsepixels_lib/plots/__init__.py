"""All pictures: every function draws on the `ax` it is given, returns its artists, and says where numbers come from.

The slider needs ipywidgets and is loaded when it is asked for.
"""

from typing import Any

from .designs import pareto
from .events import event_grid, mark_windows
from .hardware import breakdown, latency_ii, multiplications, resources
from .pages import layers_of, luts_beside_published, published_breakdown, published_hardware, training
from .pixels import (
    caption,
    feature_map,
    rank_image,
    show_active,
    show_grid,
    show_image,
    show_map,
    show_slots,
    show_views,
)
from .placement import placement, placement_thirds
from .scores import confusion, history, occupancy, roc, roc_curve, score_vs_n
from .style import COLORS, GREY, label_source, line_styles, use_style
from .timing import timing_diagram
from .trigger import efficiency_vs_energy, efficiency_vs_rate, show_trigger, thicken

__all__ = [
    "COLORS",
    "GREY",
    "breakdown",
    "caption",
    "efficiency_vs_energy",
    "efficiency_vs_rate",
    "confusion",
    "event_grid",
    "feature_map",
    "firmware_files",
    "folded",
    "folded_figure",
    "history",
    "label_source",
    "latency_ii",
    "layers_of",
    "line_styles",
    "luts_beside_published",
    "mark_windows",
    "mask_explorer",
    "multiplications",
    "occupancy",
    "pareto",
    "placement",
    "placement_thirds",
    "published_breakdown",
    "published_hardware",
    "rank_image",
    "resources",
    "roc",
    "roc_curve",
    "score_vs_n",
    "show_active",
    "show_grid",
    "show_image",
    "show_map",
    "show_slots",
    "show_source",
    "show_trigger",
    "show_views",
    "thicken",
    "timing_diagram",
    "training",
    "use_style",
]


def __getattr__(name: str) -> Any:
    if name == "mask_explorer":
        from .slider import mask_explorer  # noqa: PLC0415  (ipywidgets is optional)

        return mask_explorer
    if name in ("firmware_files", "folded", "folded_figure", "show_source"):
        from . import source  # noqa: PLC0415  (IPython is optional)

        return getattr(source, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
