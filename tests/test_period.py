"""The ns of a table: kept with its slowest path, and held against the period of the clock."""

import json
from contextlib import nullcontext
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest
from small_netlists import lut, module

from sparsepixels_lib import measure

ROW = {"module": "TOP", "group": "total", "bram18": 0, "dsp": 0, "ff": 0, "lut": 0, "levels": 2.0, "ns": 2.0}
STAGES = [ROW | {"module": name, "group": "mlp", "ns": ns} for name, ns in (("a", 2.0), ("b", 2.5), ("c", 1.0))]


def near(ns):
    return pytest.approx(ns, abs=1e-9)


def test_a_path_survives_json():
    top = module({"d": [1]}, {"q": [2]}, {"l": lut([1], 2)})
    found = measure.worst_paths({"modules": {"top": top}}, "top")[0]
    table = measure.resources._with_path(measure.resources._restore({"rows": [ROW], "tool": "-"}), [found])
    table.attrs = json.loads(json.dumps(table.attrs))
    assert measure.worst_path(table) == found


def test_a_stage_that_does_not_keep_the_period_is_named_with_its_delays():
    table = measure.resources._restore({"rows": [*STAGES, ROW | {"ns": 2.5}], "tool": "-"})
    assert table["ns_routed"].tolist() == [near(3.5), near(4.3), near(1.9), near(4.3)]
    measure.check_period(table, 4.3)
    with pytest.raises(
        RuntimeError, match=r"^b needs 4\.30 ns after routing .* 2\.50 ns\), more than the period of 4\.2"
    ):
        measure.check_period(table, 4.2)


@pytest.mark.parametrize(("period", "kept"), [(None, True), (4.3, True), (4.2, False)])
def test_the_open_flow_checks_the_period_of_a_project_that_has_one(monkeypatch, period, kept):
    table = measure.resources._restore({"rows": [*STAGES, ROW | {"ns": 2.5}], "tool": "-"})
    project = SimpleNamespace(top="top", **({"period": period} if period else {}))
    agreement = MagicMock()
    agreement.require_equal.return_value = SimpleNamespace(single=MagicMock(), full_rate=SimpleNamespace(ii=None))
    agreement.require_equal.return_value.single.latency = np.array([31])
    known = measure.measured.__globals__
    monkeypatch.setitem(known, "check_rtl", lambda *_: agreement)
    monkeypatch.setitem(known, "state_measured", lambda *_: None)
    monkeypatch.setitem(known, "synthesize_open", lambda *_, **__: table)
    with nullcontext() if kept else pytest.raises(RuntimeError, match="^b needs"):
        measure.measured(project, None, [])


def test_a_table_without_ns_is_read_but_passes_no_check():
    rows = [{name: value for name, value in row.items() if name != "ns"} for row in [*STAGES, ROW]]
    table = measure.resources._restore({"rows": rows, "tool": "-"})
    assert table[["ns", "ns_routed"]].isna().all(axis=None)
    with pytest.raises(RuntimeError, match="refresh=True"):
        measure.check_period(table, 5.0)
    with pytest.raises(ValueError, match="refresh=True"):
        measure.worst_path(table)
