"""The best runs with what was tried, against pandas."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.errors import BadValueError, UnknownNameError
from queries.judgement.leaders import leaders
from tests.queries.judgement.grids import COLUMNS, KINDS, SCOPE, frame, known, ranked, stored, sweeps, varying

CELLS = [("007", 3, "close", None), ("007", 4, "close", 0.05), ("Mü", 7, "next_open", 0.01)]


def test_leaders_are_golden() -> None:
    metrics = {"sharpe": [1.0, 3.0, 2.0], "max_drawdown": [0.1, None, 0.3]}
    with stored(frame(CELLS, metrics, ("fast", "fill", "stop"))) as catalog:
        found = leaders(catalog, SCOPE, n=2, others=["max_drawdown", "sharpe"])
    assert found.runs.drop_columns(["run_id", "sweep_id"]).to_pylist() == [
        {
            "place": 1,
            "symbol": "007",
            "param_fast": 4,
            "param_stop": 0.05,
            "param_fill": "close",
            "sharpe": 3.0,
            "max_drawdown": None,
        },
        {
            "place": 2,
            "symbol": "Mü",
            "param_fast": 7,
            "param_stop": 0.01,
            "param_fill": "next_open",
            "sharpe": 2.0,
            "max_drawdown": 0.3,
        },
    ]
    assert (found.metric, found.others) == ("sharpe", ["max_drawdown"])
    told = [(one.parameter.name, one.has_off, one.lowest, one.highest, one.choices) for one in found.tried]
    assert told == [
        ("fast", False, 3, 7, ()),
        ("stop", True, 0.01, 0.05, ()),
        ("fill", False, None, None, ("close", "next_open")),
    ]


@settings(max_examples=15)
@given(rows=sweeps(), metric=st.sampled_from(["sharpe", "max_drawdown"]), n=st.integers(1, 6))
def test_leaders_equal_pandas(rows: pd.DataFrame, metric: str, n: int) -> None:
    with stored(rows) as catalog:
        found = leaders(catalog, SCOPE, metric, n, others=["cagr"])
    best = ranked(rows, metric).head(n)
    assert found.runs["run_id"].to_pylist() == list(best["run_id"])
    assert found.runs["place"].to_pylist() == list(range(1, len(best) + 1))
    assert [one.parameter.name for one in found.tried] == varying(rows)
    for one in found.tried:
        values = sorted({known(value) for value in rows[COLUMNS[one.parameter.name]]} - {None})
        if KINDS[one.parameter.name] in ("int", "float"):
            assert (one.lowest, one.highest) == (values[0], values[-1])
        else:
            assert list(one.choices) == values
        held = found.runs[one.parameter.column].to_pylist()
        assert held == [known(value) for value in best[COLUMNS[one.parameter.name]]]


def test_a_sweep_without_the_metric_has_no_leaders() -> None:
    with stored(frame(CELLS, {"sharpe": [None] * 3}, ("fast", "fill", "stop"))) as catalog:
        assert leaders(catalog, SCOPE).runs.num_rows == 0


def test_what_makes_no_leaders_is_refused() -> None:
    with stored(frame(CELLS, {"sharpe": [1.0] * 3}, ("fast", "fill", "stop"))) as catalog:
        with pytest.raises(BadValueError, match="at least one run"):
            leaders(catalog, SCOPE, n=0)
        with pytest.raises(UnknownNameError, match='unknown metric "fast"'):
            leaders(catalog, SCOPE, others=["fast"])
