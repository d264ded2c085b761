"""What networks are worth, and cost: scores with errors, simulated cycles, LUTs, vendor reports, published figures."""

from . import features, published
from .baselines import flat, kept_pixels, ladder, rungs
from .check import Agreement, check_rtl
from .designs import area, design_points, pareto_front, published_points, same_weights, table_of
from .features import jet_features, window_features
from .firmware import active_maps, balanced_luts, check_cpp, vendor_synthesis
from .frequency import fmax, frequencies
from .implementation import read_timing, read_utilization
from .levels import logic_levels
from .mapped import mapped
from .open_flow import check_period, measured, open_flow
from .placed import estimated, placed
from .published_networks import published_costs, published_modules, published_scores
from .reports import read_reports
from .resources import synthesize_open, worst_path
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
from .scores import (
    Score,
    accuracy,
    auc,
    efficiency,
    efficiency_at,
    estimate,
    false_positive_rate,
    rate_per_readout,
    threshold_at,
)
from .simulation import Simulation, simulate
from .studies import reference_scores, selection_scores, study
from .timing import WorstPath, report_path, worst_paths
from .trigger import efficiency_by_energy, efficiency_by_rate, window_scores

__all__ = [
    "Agreement",
    "Score",
    "Simulation",
    "WorstPath",
    "accuracy",
    "active_maps",
    "area",
    "auc",
    "balanced_luts",
    "check_cpp",
    "check_period",
    "check_rtl",
    "comparable_sentence",
    "comparable_source",
    "design_points",
    "efficiency",
    "efficiency_at",
    "efficiency_by_energy",
    "efficiency_by_rate",
    "estimate",
    "false_positive_rate",
    "estimated",
    "features",
    "firmware_results",
    "flat",
    "fmax",
    "frequencies",
    "jet_features",
    "kept_pixels",
    "ladder",
    "logic_levels",
    "lut_result",
    "mapped",
    "measured",
    "module_table",
    "open_flow",
    "pareto_front",
    "placed",
    "published",
    "published_costs",
    "published_modules",
    "published_points",
    "published_scores",
    "rate_per_readout",
    "read_reports",
    "read_timing",
    "read_utilization",
    "reference_scores",
    "report_path",
    "result",
    "results_table",
    "rtl_result",
    "rungs",
    "same_weights",
    "simulate",
    "selection_scores",
    "study",
    "synthesize_open",
    "table_of",
    "threshold_at",
    "vendor_synthesis",
    "window_features",
    "window_scores",
    "worst_path",
    "worst_paths",
    "write_results",
]
