"""What hardware costs: simulated cycles, LUTs by open synthesis, vendor reports, and the published figures."""

from . import published
from .check import Agreement, check_rtl
from .designs import area, design_points, pareto_front, published_points, table_of
from .frequency import fmax, frequencies
from .levels import logic_levels
from .open_flow import measured, open_flow
from .reports import read_reports
from .resources import synthesize_open
from .simulation import Simulation, simulate

__all__ = [
    "Agreement",
    "Simulation",
    "area",
    "check_rtl",
    "design_points",
    "fmax",
    "frequencies",
    "logic_levels",
    "measured",
    "open_flow",
    "pareto_front",
    "published",
    "published_points",
    "read_reports",
    "simulate",
    "synthesize_open",
    "table_of",
]
