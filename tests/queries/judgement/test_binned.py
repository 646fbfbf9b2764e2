"""Runs as cells, against NumPy and pandas."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.errors import BadValueError, UnknownNameError
from queries.judgement.binned import Binned, binned
from queries.judgement.bins import Bins
from queries.judgement.scope import Scope
from tests.queries.judgement.grids import COLUMNS, KINDS, SCOPE, SWEEP, frame, known, ranked, stored, sweeps

FAST = [("007", 3), ("007", 4), ("007", 7), ("Mü", 3), ("Mü", 4)]
SCORE = '{"score": {"sharpe": 1.0, "max_drawdown": -2.0}}'


def test_cells_are_golden() -> None:
    metrics = {"sharpe": [0.0, 0.1, 1.0, None, 0.5], "max_drawdown": [0.5, 0.375, 0.0, 0.1, 0.25]}
    with stored(frame(FAST, metrics, ("fast",))) as catalog:
        found = binned(catalog, SCOPE, "sharpe", "max_drawdown", metric="max_drawdown", across=2, down=4)
    assert (found.axes[0].lower, found.axes[0].upper, found.axes[0].width) == (0.0, 1.0, 0.5)
    assert found.cells.drop_columns(["best_run_id"]).to_pylist() == [
        {"x": 0.25, "y": 0.4375, "runs": 2, "best_value": 0.375, "best_x": 0.1, "best_y": 0.375},
        {"x": 0.75, "y": 0.0625, "runs": 1, "best_value": 0.0, "best_x": 1.0, "best_y": 0.0},
        {"x": 0.75, "y": 0.3125, "runs": 1, "best_value": 0.25, "best_x": 0.5, "best_y": 0.25},
    ]
    assert (found.runs, found.outside, found.undefined) == (5, 0, 1)
    assert found.best is not None
    assert (found.best["value"], found.best["x"], found.best["y"]) == (0.0, 1.0, 0.0)


def test_values_of_a_parameter_have_a_cell_each_and_off_is_the_first() -> None:
    cells = [("007", None), ("007", 0.05), ("007", 0.01), ("Mü", None)]
    with stored(frame(cells, {"sharpe": [1.0, 2.0, 3.0, 4.0]}, ("stop",))) as catalog:
        found = binned(catalog, SCOPE, "stop")
    assert found.axes[0].choices == (None, 0.01, 0.05)
    assert len(found.axes) == 1
    assert found.cells.select(["x", "runs", "best_value", "best_x"]).to_pylist() == [
        {"x": None, "runs": 2, "best_value": 4.0, "best_x": None},
        {"x": 0.01, "runs": 1, "best_value": 3.0, "best_x": 0.01},
        {"x": 0.05, "runs": 1, "best_value": 2.0, "best_x": 0.05},
    ]


def test_a_parameter_of_many_values_is_cut_into_ranges_of_whole_width() -> None:
    cells = [("007", fast) for fast in range(10)] + [("007", None)]
    with stored(frame(cells, {"sharpe": [1.0] * 11}, ("hold",))) as catalog:
        found = binned(catalog, SCOPE, "hold", across=4)
    assert (found.axes[0].choices, found.axes[0].count, found.axes[0].width) == (None, 4, 3.0)
    assert found.cells.select(["x", "runs"]).to_pylist() == [
        {"x": 1.0, "runs": 3},
        {"x": 4.0, "runs": 3},
        {"x": 7.0, "runs": 3},
        {"x": 10.0, "runs": 1},
    ]
    assert (found.runs, found.undefined) == (11, 1)


def test_what_lies_far_outside_is_told_and_not_drawn() -> None:
    cells = [("007", fast) for fast in range(60)]
    values = [*np.linspace(0.0, 1.0, 59), 1e6]
    with stored(frame(cells, {"sharpe": values, "cagr": values[::-1]}, ("fast",))) as catalog:
        line = binned(catalog, SCOPE, "sharpe", across=10)
        plane = binned(catalog, SCOPE, "sharpe", "cagr")
    assert (line.axes[0].lower, line.axes[0].upper, line.axes[0].highest) == (0.0, 1.0, 1e6)
    assert (line.runs, line.outside, line.undefined) == (60, 1, 0)
    assert sum(line.cells["runs"].to_pylist()) == 59
    assert line.best is not None
    assert (line.best["value"], line.best["x"]) == (1e6, 1e6)
    assert (plane.outside, sum(plane.cells["runs"].to_pylist())) == (2, 58)


def _piece(cut: Bins, value: Any) -> Any:
    """The oracle: the middle of the range of a value, None outside; the value itself where it has a piece."""
    if cut.choices is not None:
        return value
    if not cut.lower <= value <= cut.upper:
        return None
    place = min(cut.count - 1, math.floor((value - cut.lower) / cut.width))
    return cut.lower + (place + 0.5) * cut.width


def _expected(rows: pd.DataFrame, names: list[str], found: Binned, metric: str) -> tuple[dict, int, int]:
    cells: dict[tuple[Any, ...], list[int]] = {}
    outside = undefined = 0
    for place, row in enumerate(rows.to_dict("records")):
        values = [known(row[COLUMNS.get(name, name)]) for name in names]
        if any(value is None and cut.choices is None for value, cut in zip(values, found.axes, strict=True)):
            undefined += 1
            continue
        pieces = [
            (cut.choices is not None or _piece(cut, value) is not None, _piece(cut, value))
            for value, cut in zip(values, found.axes, strict=True)
        ]
        if all(inside for inside, _ in pieces):
            cells.setdefault(tuple(piece for _, piece in pieces), []).append(place)
        else:
            outside += 1
    told = {}
    for key, places in cells.items():
        best = ranked(rows.iloc[places], metric)
        told[key] = (len(places), None if best.empty else best["run_id"].iloc[0])
    return told, outside, undefined


@settings(max_examples=25)
@given(
    rows=sweeps(),
    names=st.lists(
        st.sampled_from(["sharpe", "max_drawdown", "cagr", *KINDS]), min_size=1, max_size=2, unique=True
    ),
    metric=st.sampled_from(["sharpe", "max_drawdown"]),
    scale=st.sampled_from([1.0, 1e4]),
    across=st.integers(1, 6),
)
def test_cells_equal_a_count_of_every_run(
    rows: pd.DataFrame, names: list[str], metric: str, scale: float, across: int
) -> None:
    names = [name for name in names if COLUMNS.get(name, name) in rows] or ["sharpe"]
    rows.loc[rows["cagr"] == 1.0, "cagr"] = scale
    with stored(rows) as catalog:
        # Texts are not cut into ranges, so that all have room for their two values.
        found = binned(catalog, SCOPE, *names, metric=metric, across=across + 1, down=4)
    expected, outside, undefined = _expected(rows, names, found, metric)
    assert (found.runs, found.outside, found.undefined) == (len(rows), outside, undefined)
    keys = [tuple(row[name] for name in ("x", "y") if name in row) for row in found.cells.to_pylist()]
    assert keys == sorted(expected, key=lambda key: [(value is not None, value) for value in key])
    told = zip(found.cells["runs"].to_pylist(), found.cells["best_run_id"].to_pylist(), strict=True)
    assert dict(zip(keys, told, strict=True)) == expected
    best = ranked(rows, metric)
    assert (found.best and found.best["run_id"]) == (None if best.empty else best["run_id"].iloc[0])


def test_a_score_is_an_axis() -> None:
    metrics = {"sharpe": [1.0, 2.0, 3.0, 4.0, None], "max_drawdown": [0.5] * 5}
    with stored(frame(FAST, metrics, ("fast",)), config=SCORE) as catalog:
        found = binned(catalog, SCOPE, "composite_score", "max_drawdown", metric="composite_score", across=3)
    assert (found.axes[0].lower, found.axes[0].upper, found.undefined) == (0.0, 3.0, 1)
    assert found.cells["runs"].to_pylist() == [1, 1, 2]


def test_a_sweep_without_the_metric_has_no_cell() -> None:
    with stored(frame(FAST, {"sharpe": [None] * 5}, ("fast",))) as catalog:
        found = binned(catalog, SCOPE, "sharpe", "fast")
        none = binned(catalog, Scope(SWEEP, where="param_fast > 99"), "fast", "sharpe")
    assert (found.runs, found.undefined, found.cells.num_rows, found.best) == (5, 5, 0, None)
    assert (none.runs, none.axes[0].choices, none.cells.num_rows) == (0, (), 0)


def test_what_cannot_be_cut_is_refused() -> None:
    cells = [("007", fast, fill) for fast, fill in zip(range(3), ("close", "next_open", "x"), strict=True)]
    with stored(frame(cells, {"sharpe": [1.0] * 3}, ("fast", "fill"))) as catalog:
        with pytest.raises(UnknownNameError, match='metric or parameter "shrape"; did you mean "sharpe"'):
            binned(catalog, SCOPE, "shrape")
        with pytest.raises(UnknownNameError, match='did you mean "fast"'):
            binned(catalog, SCOPE, "sharpe", "fats")
        with pytest.raises(BadValueError, match="another metric or parameter than x"):
            binned(catalog, SCOPE, "fast", "param_fast")
        with pytest.raises(BadValueError, match="more than 2 values"):
            binned(catalog, SCOPE, "fill", across=2)
        with pytest.raises(BadValueError, match="at least one piece"):
            binned(catalog, SCOPE, "sharpe", across=0)
