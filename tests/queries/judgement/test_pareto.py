"""The Pareto front, against a comparison of every pair."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.errors import BadValueError, UnknownNameError
from queries.judgement.pareto import pareto
from queries.judgement.scope import Scope
from queries.judgement.skyline import skyline
from tests.queries.judgement.grids import SCOPE, SWEEP, frame, stored, sweeps

FAST = [("007", fast) for fast in range(5)]


def _front(points: np.ndarray) -> np.ndarray:
    """The oracle: which points no point beats, pair by pair."""
    beaten = [any((other >= point).all() and (other > point).any() for other in points) for point in points]
    return ~np.array(beaten, dtype=bool)


def test_the_front_is_golden() -> None:
    metrics = {"sharpe": [3.0, 2.0, 2.0, 1.0, None], "max_drawdown": [0.4, 0.2, 0.2, 0.3, 0.0]}
    with stored(frame(FAST, metrics, ("fast",))) as catalog:
        found = pareto(catalog, SCOPE)
    assert found.column_names == ["run_id", "sweep_id", "symbol", "param_fast", "sharpe", "max_drawdown"]
    assert found.select(["param_fast", "sharpe", "max_drawdown"]).to_pylist() == [
        {"param_fast": 0, "sharpe": 3.0, "max_drawdown": 0.4},
        {"param_fast": 1, "sharpe": 2.0, "max_drawdown": 0.2},
        {"param_fast": 2, "sharpe": 2.0, "max_drawdown": 0.2},
    ]


@settings(max_examples=15)
@given(
    rows=sweeps(),
    metrics=st.lists(st.sampled_from(["sharpe", "max_drawdown", "cagr"]), min_size=2, unique=True),
)
def test_the_front_equals_every_pair(rows: pd.DataFrame, metrics: list[str]) -> None:
    with stored(rows) as catalog:
        found = pareto(catalog, SCOPE, metrics)
    held = rows.dropna(subset=metrics)
    signs = [-1 if metric == "max_drawdown" else 1 for metric in metrics]
    held = held[_front(held[metrics].to_numpy() * signs)].sort_values("run_id")
    held = held.sort_values(metrics, ascending=[sign < 0 for sign in signs], kind="stable")
    assert found["run_id"].to_pylist() == list(held["run_id"])


@given(data=st.data(), columns=st.integers(1, 4), batch=st.integers(1, 7))
def test_the_skyline_equals_every_pair(data: st.DataObject, columns: int, batch: int) -> None:
    point = st.tuples(*[st.integers(0, 5)] * columns)
    points = np.array(sorted(data.draw(st.lists(point, min_size=1, max_size=40)), reverse=True), dtype=float)
    cut = [points[start : start + batch] for start in range(0, len(points), batch)]
    assert skyline(cut, columns).tolist() == points[_front(points)].tolist()


def test_a_long_skyline_is_found_in_tiles() -> None:
    first = np.arange(1000.0, 0.0, -1.0)
    front = np.column_stack([first, -first])
    points = np.concatenate([front, front - 0.5])
    order = np.lexsort(-points.T[::-1])
    assert skyline(np.array_split(points[order], 7), 2).tolist() == front.tolist()
    assert skyline([], 2).tolist() == []


def test_what_has_no_front_is_told() -> None:
    with stored(frame(FAST, {"sharpe": [1.0] * 5}, ("fast",))) as catalog:
        assert pareto(catalog, SCOPE).num_rows == 0
        assert pareto(catalog, Scope(SWEEP, where="fast > 99"), ["sharpe", "cagr"]).num_rows == 0
        for metrics in (["sharpe"], ["sharpe", "sharpe"], ["sharpe", "composite_score"]):
            with pytest.raises(BadValueError):
                pareto(catalog, SCOPE, metrics)
        with pytest.raises(UnknownNameError, match='did you mean "cagr"'):
            pareto(catalog, SCOPE, ["sharpe", "cagrr"])
        for scope in (Scope(SWEEP, symbol="nobody"), Scope(strategy="cross", symbol="nobody")):
            with pytest.raises(UnknownNameError, match='unknown symbol "nobody"'):
                pareto(catalog, scope)
