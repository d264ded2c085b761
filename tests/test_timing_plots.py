import numpy as np
import pandas as pd
import pytest

from sparsepixels_lib.measure.simulation import Simulation
from sparsepixels_lib.plots.timing import timing_diagram


def simulation(events: int = 4, ii: int = 8) -> Simulation:
    """Three layers that finish 12, 12 and 20 cycles after an event was presented; an event every `ii` cycles."""
    cycles = pd.DataFrame([[12, 12, 20]] * events, columns=["input_reduce", "relu1", "dense1"])
    return Simulation(np.zeros((events, 1)), np.full(events, 20), (ii, ii), cycles, 3 + ii * np.arange(events))


def test_bars_reach_from_the_layer_before_to_the_layer_itself(ax):
    first, second, _ = timing_diagram(ax, simulation())
    assert [(bar.get_x(), bar.get_width()) for bar in first] == [(0, 12), (12, 0), (12, 8)]
    assert [bar.get_x() for bar in second] == [8, 20, 20]


def test_latency_interval_source_and_cycles_of_the_layers_are_written(ax):
    timing_diagram(ax, simulation(), source="simulated by hand")
    texts = {text.get_text() for text in ax.texts}
    assert {"latency 20 cycles", "initiation interval 8"} <= texts
    assert [label.get_text() for label in ax.get_yticklabels()] == ["input_reduce  +12", "relu1  +0", "dense1  +8"]
    assert any("simulated by hand" in str(artist.txt.get_text()) for artist in ax.artists if hasattr(artist, "txt"))


def test_a_single_event_has_no_interval(ax):
    assert len(timing_diagram(ax, simulation(), events=1)) == 1
    assert not any("interval" in text.get_text() for text in ax.texts)


def test_more_events_than_were_simulated_are_not_drawn(ax):
    assert len(timing_diagram(ax, simulation(events=2), events=3)) == 2


@pytest.mark.parametrize(("simulated", "events"), [(0, 3), (4, 0), (20, 7)])
def test_nothing_to_draw_and_more_events_than_colours_are_refused(ax, simulated, events):
    with pytest.raises(ValueError, match=f"events={events} of {simulated}"):
        timing_diagram(ax, simulation(simulated), events=events)
