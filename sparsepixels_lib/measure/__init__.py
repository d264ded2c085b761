"""What hardware costs: simulated cycles, LUTs by open synthesis, vendor reports, the published figures, results."""

from . import published
from .check import Agreement, check_rtl
from .designs import area, design_points, pareto_front, published_points, table_of
from .firmware import active_maps, balanced_luts, check_cpp, vendor_synthesis
from .frequency import fmax, frequencies
from .levels import logic_levels
from .open_flow import measured, open_flow
from .published_networks import published_costs, published_modules, published_scores
from .reports import read_reports
from .resources import synthesize_open
from .results import (
    comparable_sentence,
    comparable_source,
    firmware_results,
    lut_result,
    module_table,
    result,
    results_table,
    rtl_result,
    write_results,
)
from .simulation import Simulation, simulate

__all__ = [
    "Agreement",
    "Simulation",
    "active_maps",
    "area",
    "balanced_luts",
    "check_cpp",
    "check_rtl",
    "comparable_sentence",
    "comparable_source",
    "design_points",
    "firmware_results",
    "fmax",
    "frequencies",
    "logic_levels",
    "lut_result",
    "measured",
    "module_table",
    "open_flow",
    "pareto_front",
    "published",
    "published_costs",
    "published_modules",
    "published_points",
    "published_scores",
    "read_reports",
    "result",
    "results_table",
    "rtl_result",
    "simulate",
    "synthesize_open",
    "table_of",
    "vendor_synthesis",
    "write_results",
]
