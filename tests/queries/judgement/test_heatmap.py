"""Heatmaps, against pandas."""

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.errors import BadValueError, RefusedSqlError, UnknownNameError
from queries.judgement.heatmap import AGGREGATES, heatmap
from queries.judgement.scope import Scope
from tests.queries.judgement.grids import COLUMNS, KINDS, SCOPE, SWEEP, frame, known, ranked, stored, sweeps

CELLS = [("007", 3, None), ("007", 3, 0.05), ("007", 4, 0.05), ("Mü", 3, 0.05)]


def test_a_heatmap_is_golden() -> None:
    with stored(frame(CELLS, {"sharpe": [1.0, 2.0, None, 4.0]}, ("fast", "stop"))) as catalog:
        found = heatmap(catalog, SCOPE, "fast", "stop")
    assert found.column_names == ["x", "y", "value", "runs", "best_run_id"]
    assert [str(kind) for kind in found.schema.types] == ["int64", "double", "double", "int64", "string"]
    assert found.select(["x", "y", "value", "runs"]).to_pylist() == [
        {"x": 3, "y": None, "value": 1.0, "runs": 1},
        {"x": 3, "y": 0.05, "value": 3.0, "runs": 2},
        {"x": 4, "y": 0.05, "value": None, "runs": 1},
    ]
    assert [run and run[:16] for run in found["best_run_id"].to_pylist()] == ["0" * 16, f"{1:016x}", None]


def test_a_slice_has_one_axis() -> None:
    with stored(frame(CELLS, {"sharpe": [1.0, 2.0, None, 4.0]}, ("fast", "stop"))) as catalog:
        found = heatmap(catalog, SCOPE, "stop", aggregate="mean")
        one = heatmap(catalog, Scope(SWEEP, symbol="Mü", where="fast < 4"), "param_stop", aggregate="count")
    assert found.select(["x", "value", "runs"]).to_pylist() == [
        {"x": None, "value": 1.0, "runs": 1},
        {"x": 0.05, "value": 3.0, "runs": 3},
    ]
    assert one.select(["x", "value"]).to_pylist() == [{"x": 0.05, "value": 1}]


@settings(max_examples=15)
@given(
    rows=sweeps(),
    metric=st.sampled_from(["sharpe", "max_drawdown"]),
    places=st.lists(st.integers(0, 3), min_size=2, max_size=2, unique=True),
    aggregate=st.sampled_from(AGGREGATES),
)
def test_a_heatmap_equals_pandas(rows: pd.DataFrame, metric: str, places: list[int], aggregate: str) -> None:
    names = [name for name in KINDS if COLUMNS[name] in rows]
    axes = list(dict.fromkeys(names[place % len(names)] for place in places))
    with stored(rows) as catalog:
        found = heatmap(catalog, SCOPE, *axes, metric=metric, aggregate=aggregate).to_pylist()
    lowest = metric == "max_drawdown"
    expected = {}
    for key, cell in rows.groupby([rows[COLUMNS[name]].map(known) for name in axes], dropna=False):
        best = ranked(cell, metric)["run_id"]
        fold = ("min" if lowest else "max") if aggregate == "best" else aggregate
        value = known(cell[metric].agg(fold))
        expected[tuple(map(known, key))] = (value, len(cell), None if best.empty else best.iloc[0])
    keys = [tuple(row[name] for name in ("x", "y") if name in row) for row in found]
    assert keys == sorted(expected, key=lambda key: [(value is not None, value) for value in key])
    for key, row in zip(keys, found, strict=True):
        assert row["value"] == (None if expected[key][0] is None else pytest.approx(expected[key][0]))
        assert (row["runs"], row["best_run_id"]) == expected[key][1:]


def test_a_run_of_two_sweeps_counts_once_without_a_sweep() -> None:
    old = frame(CELLS, {"sharpe": [1.0, 2.0, 3.0, 4.0]}, ("fast", "stop"))
    new = old.iloc[:2].assign(sharpe=[5.0, None])
    with stored(old, new) as catalog:
        found = heatmap(catalog, Scope(strategy="cross"), "fast", aggregate="max").to_pylist()
        first = heatmap(catalog, Scope(SWEEP, strategy="cross"), "fast", aggregate="max").to_pylist()
    assert [(row["x"], row["value"], row["runs"]) for row in found] == [(3, 5.0, 3), (4, 3.0, 1)]
    assert [(row["x"], row["value"], row["runs"]) for row in first] == [(3, 4.0, 3), (4, 3.0, 1)]


def test_a_parameter_that_another_column_holds_is_found_by_its_name() -> None:
    rows = frame([("007", 3), ("007", 4)], {"sharpe": [1.0, 2.0]}, ("fast",))
    recorded = json.dumps([{"name": "my fast", "column": "param_fast", "kind": "int", "section": "strategy"}])
    with stored(rows, parameters=recorded) as catalog:
        assert heatmap(catalog, SCOPE, "my fast")["x"].to_pylist() == [3, 4]


def test_an_empty_sweep_has_an_empty_heatmap() -> None:
    with stored(frame(CELLS, {"sharpe": [1.0] * 4}, ("fast", "stop"))) as catalog:
        assert heatmap(catalog, Scope(SWEEP, where="sharpe > 1"), "fast", "stop").num_rows == 0


def test_what_makes_no_heatmap_is_refused() -> None:
    with stored(frame(CELLS, {"sharpe": [1.0] * 4}, ("fast", "stop"))) as catalog:
        with pytest.raises(UnknownNameError, match='unknown parameter "fats"; did you mean "fast"'):
            heatmap(catalog, SCOPE, "fats", "stop")
        with pytest.raises(BadValueError, match="another parameter than x"):
            heatmap(catalog, SCOPE, "fast", "param_fast")
        with pytest.raises(UnknownNameError, match='unknown aggregate "men"; did you mean "mean"'):
            heatmap(catalog, SCOPE, "fast", aggregate="men")
        with pytest.raises(RefusedSqlError):
            heatmap(catalog, Scope(SWEEP, where="sum(sharpe) > 1"), "fast")
