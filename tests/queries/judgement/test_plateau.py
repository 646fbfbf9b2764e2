"""Plateaus and summits, against a comparison of every pair of runs."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.errors import BadValueError, UnknownNameError
from queries.judgement.plateau import local_maxima, plateau, plateaus
from queries.judgement.scope import Scope
from tests.queries.judgement.grids import COLUMNS, KINDS, SCOPE, frame, ranked, stored, sweeps, varying

metrics = st.sampled_from(["sharpe", "max_drawdown"])


def _signed(rows: pd.DataFrame, metric: str) -> pd.Series:
    return -rows[metric] if metric == "max_drawdown" else rows[metric]


def _neighbours(rows: pd.DataFrame, run_id: str) -> pd.DataFrame:
    """The oracle: every other run, axis by axis."""
    own = rows.set_index("run_id").loc[run_id]
    near = rows["run_id"].ne(run_id) & rows["symbol"].eq(own["symbol"])
    for name in varying(rows):
        column = rows[COLUMNS[name]]
        values = sorted({value for value in column if not pd.isna(value)})
        if KINDS[name] in {"int", "float"} and not pd.isna(own[COLUMNS[name]]):
            place = values.index(own[COLUMNS[name]])
            close = values[max(0, place - 1) : place + 2]
            near &= column.isin(close) & column.notna()
        else:
            near &= column.isna() if pd.isna(own[COLUMNS[name]]) else column.eq(own[COLUMNS[name]])
    return rows[near]


def _ladder(values: list[float | None]) -> pd.DataFrame:
    return frame([("007", fast) for fast in range(len(values))], {"sharpe": values}, ("fast",))


def test_a_plateau_is_golden() -> None:
    with stored(_ladder([1.0, 5.0, 1.0, None, 3.0, 4.0, 3.0])) as catalog:
        peak, hill = plateau(catalog, SCOPE, n=2).to_pylist()
        first = plateaus(catalog, SCOPE, n=1).to_pylist()[0]
        summits = local_maxima(catalog, SCOPE)
    # The median of 1 1 3 3 4 5 is 3: the peak leads by 2, and its neighbours are 2 below it.
    assert {name: peak[name] for name in ("value", "neighbours", "valued", "mean", "worst", "median")} == {
        "value": 5.0,
        "neighbours": 2,
        "valued": 2,
        "mean": 1.0,
        "worst": 1.0,
        "median": 1.0,
    }
    assert peak["score"] == -1.0
    assert (hill["param_fast"], hill["median"], hill["score"]) == (5, 3.0, 0.0)
    # What the cell at 3 lacks counts as 3, so that its neighbour ties with the summit and comes first.
    assert (first["param_fast"], first["smoothed"]) == (4, pytest.approx(10 / 3))
    assert summits["param_fast"].to_pylist() == [1, 5]


def test_what_is_not_known_is_ordinary() -> None:
    cells = [("007", fast) for fast in (1, 2, 3)] + [("Mü", 9)]
    with stored(frame(cells, {"sharpe": [2.0, 3.0, 2.0, 6.0]}, ("fast",))) as catalog:
        found = plateaus(catalog, SCOPE).to_pylist()
    # The median is 2.5. The lone run has no neighbour: (6 + 2 x 2.5) / 3.
    assert [(row["param_fast"], round(row["smoothed"], 4)) for row in found] == [
        (9, 3.6667),
        (1, 2.5),
        (3, 2.5),
        (2, 2.3333),
    ]


@settings(max_examples=15)
@given(rows=sweeps(), metric=metrics, n=st.integers(1, 6))
def test_plateau_equals_every_pair(rows: pd.DataFrame, metric: str, n: int) -> None:
    with stored(rows) as catalog:
        found = plateau(catalog, SCOPE, metric, n).to_pylist()
    best = ranked(rows, metric).head(n)
    assert [row["run_id"] for row in found] == list(best["run_id"])
    middle = _signed(rows, metric).median()
    for row in found:
        near = _neighbours(rows, row["run_id"])
        worth = _signed(near, metric).dropna()
        sign = -1 if metric == "max_drawdown" else 1
        assert (row["neighbours"], row["valued"]) == (len(near), len(worth))
        if worth.empty:
            assert [row[name] for name in ("mean", "worst", "median", "score")] == [None] * 4
            continue
        assert row["mean"] == pytest.approx(sign * worth.mean())
        assert row["worst"] == sign * worth.min()
        assert row["median"] == sign * worth.median()
        lead = sign * row["value"] - middle
        expected = min(1.0, (worth.median() - middle) / lead) if lead > 0 else None
        assert row["score"] == (None if expected is None else pytest.approx(expected))


@settings(max_examples=15)
@given(rows=sweeps(values=4), metric=metrics)
def test_plateaus_and_summits_equal_every_pair(rows: pd.DataFrame, metric: str) -> None:
    with stored(rows) as catalog:
        smoothed = plateaus(catalog, SCOPE, metric, len(rows)).to_pylist()
        summits = local_maxima(catalog, SCOPE, metric, len(rows)).to_pylist()
    held = ranked(rows, metric)
    boxes = {run: pd.concat([_neighbours(rows, run), rows[rows["run_id"] == run]]) for run in held["run_id"]}
    every = [pd.concat([_neighbours(rows, run), rows[rows["run_id"] == run]]) for run in rows["run_id"]]
    fullest = max(box[metric].count() for box in every)
    expected = {
        run: (box[metric].sum() + (fullest - box[metric].count()) * rows[metric].median()) / fullest
        for run, box in boxes.items()
    }
    assert {row["run_id"]: row["smoothed"] for row in smoothed} == pytest.approx(expected)
    signs = [-row["smoothed"] if metric == "max_drawdown" else row["smoothed"] for row in smoothed]
    assert signs == sorted(signs, reverse=True)
    assert [row["neighbours"] for row in smoothed] == [len(boxes[row["run_id"]]) - 1 for row in smoothed]
    tops = [
        run for run, box in boxes.items() if ranked(box, metric)[metric].iloc[0] == _own(box, run, metric)
    ]
    assert [row["run_id"] for row in summits] == tops
    assert [row["place"] for row in summits] == list(range(1, len(tops) + 1))


def _own(box: pd.DataFrame, run: str, metric: str) -> float:
    return float(box.set_index("run_id").loc[run, metric])


def test_runs_of_a_strategy_count_once_without_a_sweep() -> None:
    with stored(_ladder([1.0, 2.0])) as catalog:
        found = plateau(catalog, Scope(strategy="cross"), n=5)
    assert found["value"].to_pylist() == [2.0, 1.0]


def test_a_condition_takes_cells_out_of_the_grid() -> None:
    with stored(_ladder([1.0, 5.0, 3.0, 4.0])) as catalog:
        found = local_maxima(catalog, Scope(SCOPE.sweep, where="fast <> 2"))
        one = plateaus(catalog, Scope(SCOPE.sweep, where="fast = 2")).to_pylist()
        none = plateau(catalog, Scope(SCOPE.sweep, where="fast > 99"))
    assert found["param_fast"].to_pylist() == [1]
    assert [(row["value"], row["smoothed"], row["neighbours"]) for row in one] == [(3.0, 3.0, 0)]
    assert none.num_rows == 0


def test_what_cannot_be_judged_is_refused() -> None:
    with stored(_ladder([1.0, 2.0])) as catalog:
        with pytest.raises(BadValueError, match="at least one run"):
            plateau(catalog, SCOPE, n=0)
        with pytest.raises(BadValueError, match="name a sweep, or a strategy"):
            plateau(catalog, Scope())
        with pytest.raises(UnknownNameError, match='did you mean "sharpe"'):
            local_maxima(catalog, SCOPE, "sharp")
        with pytest.raises(UnknownNameError, match='unknown metric "date"'):
            local_maxima(catalog, SCOPE, "date")
        with pytest.raises(UnknownNameError, match='did you mean "cross"'):
            plateaus(catalog, Scope(strategy="crss"))
        with pytest.raises(UnknownNameError, match="unknown sweep"):
            plateaus(catalog, Scope("no such"))
