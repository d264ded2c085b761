"""What a clock cycle is spent on: a picture of the cycles that a simulation has measured."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.ticker import MaxNLocator

from ..measure.simulation import Simulation
from .style import COLORS, label_source


def timing_diagram(
    ax: Axes, simulation: Simulation, *, events: int = 3, source: str = "clock cycles simulated with Verilator"
) -> list[BarContainer]:
    """The first `events` of a `simulation` on their way through the layers; the bars of each event.

    A bar reaches from the cycle in which the layer before gave its last output (for the first: in which the event was
    presented) to that of the layer itself, so the bars of an event add up to its latency; those of the first event are
    written beside the layers. What a layer does before its predecessor has finished is not seen.

    Raises ValueError for a simulation without events, and for fewer events than one or more than there are colours.
    """
    if not 1 <= events <= len(COLORS) or not len(simulation.latency):
        raise ValueError(f"events={events} of {len(simulation.latency)}: 1 to {len(COLORS)} can be drawn")
    layers = list(simulation.layer_cycles.columns)
    events = min(events, len(simulation.latency))
    presented = simulation.presented[:events] - simulation.presented[0]
    ends = simulation.layer_cycles.to_numpy()[:events] + presented[:, None]
    edges = np.column_stack([presented, ends])
    results = presented + simulation.latency[:events]
    rows, height, artists = np.arange(len(layers)), 0.8 / events, []
    for event, color in zip(range(events), COLORS, strict=False):
        look = {"color": color, "edgecolor": color, "label": f"event {event + 1}"}  # an edge shows a bar of no cycles
        y = rows + (event - (events - 1) / 2) * height
        artists.append(ax.barh(y, np.diff(edges[event]), height, edges[event, :-1], **look))
    ax.vlines(results, -1, len(layers) - 0.5, color="#555555", linewidth=0.8, linestyle=":")
    _arrow(ax, presented[0], results[0], -1, f"latency {simulation.latency[0]} cycles", "left")
    if simulation.ii and events > 1:
        _arrow(ax, results[0], results[1], len(layers), f"initiation interval {results[1] - results[0]}", "right")
    ax.set(xlabel="clock cycle (0: the first event is presented)", xlim=(-0.5, results[-1] + 0.5))
    ax.set_ylim(len(layers) + 1, -2)
    ax.set_yticks(rows, [f"{layer}  +{cycles}" for layer, cycles in zip(layers, np.diff(edges[0]), strict=True)])
    ax.tick_params(axis="y", which="both", length=0)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=events, borderaxespad=0.2)
    label_source(ax, source, loc="lower left")
    return artists


def _arrow(ax: Axes, start: float, end: float, row: float, text: str, align: str) -> None:
    ax.annotate("", (end, row), (start, row), arrowprops={"arrowstyle": "<->", "shrinkA": 0, "shrinkB": 0})
    x = start if align == "left" else end
    ax.annotate(text, (x, row), (0, 2), textcoords="offset points", ha=align, va="bottom", size=8)
