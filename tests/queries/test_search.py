"""Search and best: filters, order, one row per run."""

from datetime import UTC, date, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.lake import Lake
from lake.schemas import DIRECTION, METRIC_NAMES
from queries.catalog import Catalog
from queries.errors import BadValueError, UnknownNameError
from queries.filters import Filters
from queries.ranking import by_score, metric_names
from queries.search import best, search
from tests.queries.conftest import AGAIN, CROSS, MEANREV, START, SYMBOLS, put_runs, run_rows


def ids(found: pa.Table) -> list[str]:
    return list(found["run_id"].to_pylist())


@pytest.fixture(scope="module")
def everything(catalog: Catalog) -> pd.DataFrame:
    return catalog.arrow("select * exclude (block_sums, block_sumsqs) from metrics").to_pandas()


def sort_fully(frame: pd.DataFrame, metric: str, *, ascending: bool) -> list[str]:
    """The oracle: a stable sort by run_id, then by the metric, NULLs last."""
    values = pd.to_numeric(frame[metric]).astype("float64")
    ordered = (
        frame.assign(value=values)
        .sort_values("run_id")
        .sort_values("value", ascending=ascending, kind="stable", na_position="last")
    )
    return list(ordered["run_id"])


@settings(max_examples=40)
@given(
    metric=st.sampled_from(METRIC_NAMES),
    strategy=st.none() | st.sampled_from(["cross", "meanrev"]),
    symbol=st.none() | st.sampled_from(SYMBOLS),
    sweep=st.none() | st.sampled_from([CROSS, MEANREV, AGAIN]),
    min_sharpe=st.none() | st.floats(-1, 1),
    max_drawdown=st.none() | st.floats(-1, 2),
    min_trades=st.none() | st.integers(0, 20),
    ascending=st.none() | st.booleans(),
    n=st.integers(1, 200),
)
def test_search_and_best_equal_a_full_sort(
    catalog: Catalog, everything: pd.DataFrame, metric: str, *, n: int, ascending: bool | None, **wanted: Any
) -> None:
    frame = everything
    for column, value in (("strategy", "strategy"), ("symbol", "symbol"), ("sweep_id", "sweep")):
        if wanted[value] is not None:
            frame = frame[frame[column] == wanted[value]]
    if wanted["min_sharpe"] is not None:
        frame = frame[frame["sharpe"] >= wanted["min_sharpe"]]
    if wanted["max_drawdown"] is not None:
        frame = frame[frame["max_drawdown"] <= wanted["max_drawdown"]]
    if wanted["min_trades"] is not None:
        frame = frame[frame["num_trades"] >= wanted["min_trades"]]
    frame = frame.sort_values("sweep_id").drop_duplicates("run_id", keep="last")
    filters = Filters(**wanted)
    natural = DIRECTION[metric] < 0
    expected = sort_fully(frame, metric, ascending=natural if ascending is None else ascending)
    assert ids(search(catalog, filters, sort=metric, ascending=ascending, limit=n)) == expected[:n]
    ranked = sort_fully(frame[frame[metric].notna()], metric, ascending=natural)
    assert ids(best(catalog, filters, metric=metric, n=n)) == ranked[:n]


def test_best_is_golden(lake: Lake) -> None:
    rows = run_rows(
        CROSS, ["d", "c", "b", "a"], {"sharpe": [1.0, None, 2.0, 1.0], "max_drawdown": [0.3, 0.1, 0.2, None]}
    )
    put_runs(lake, "cross", "007", rows)
    catalog = Catalog(lake)
    assert ids(best(catalog)) == ["b", "a", "d"]
    assert ids(best(catalog, metric="max_drawdown")) == ["c", "b", "d"]
    assert ids(search(catalog, sort="sharpe")) == ["b", "a", "d", "c"]
    assert ids(search(catalog, sort="sharpe", ascending=True)) == ["a", "d", "b", "c"]
    assert ids(search(catalog, sort="date")) == ["a", "b", "c", "d"]
    assert ids(search(catalog, sort="date", ascending=True, limit=2)) == ["d", "c"]


def test_without_a_sweep_each_run_comes_once_from_the_latest(catalog: Catalog) -> None:
    found = search(catalog, Filters(strategy="cross", symbol="007"), limit=0)
    assert found.num_rows == 20
    assert set(found["sweep_id"].to_pylist()) == {AGAIN}
    assert set(search(catalog, Filters(sweep=CROSS, symbol="007"))["sweep_id"].to_pylist()) == {CROSS}


def test_a_run_whose_latest_sweep_has_another_value_ranks_by_that_one(lake: Lake) -> None:
    put_runs(lake, "cross", "007", run_rows(CROSS, ["a", "b", "c"], {"sharpe": [5.0, 4.0, 3.0]}))
    put_runs(lake, "cross", "007", run_rows(AGAIN, ["a"], {"sharpe": [1.0]}))
    catalog = Catalog(lake)
    assert ids(best(catalog, n=1)) == ["b"]
    assert ids(best(catalog, n=2)) == ["b", "c"]
    assert ids(search(catalog, ascending=True, limit=1)) == ["a"]


def test_of_many_ties_the_first_run_ids_are_best(lake: Lake) -> None:
    names = [f"{place:06d}" for place in range(12_000)]
    columns = {"sharpe": [1.0] * len(names), "win_rate": [1.0, *([0.5] * (len(names) - 1))]}
    put_runs(lake, "cross", "007", run_rows(CROSS, names[::-1], columns))
    catalog = Catalog(lake)
    assert ids(best(catalog, n=3)) == names[:3]
    assert ids(best(catalog, metric="win_rate", n=3)) == [names[-1], *names[:2]]
    assert ids(best(catalog, Filters(sweep=None, role=None), n=3)) == names[:3]


def test_a_limit_of_zero_means_all(catalog: Catalog) -> None:
    assert search(catalog, limit=0).num_rows == 150
    assert search(catalog).num_rows == 100


def test_roles_other_than_full_come_only_when_asked(lake: Lake) -> None:
    put_runs(lake, "cross", "007", run_rows(CROSS, ["a"], {"sharpe": [1.0]}))
    put_runs(lake, "cross", "007", run_rows(AGAIN, ["a", "b"], {"sharpe": [9.0, 8.0]}, role="in_sample"))
    catalog = Catalog(lake)
    assert search(catalog)["role"].to_pylist() == ["full"]
    assert ids(search(catalog, Filters(role="in_sample"))) == ["a", "b"]
    assert search(catalog, Filters(role=None))["role"].to_pylist() == ["in_sample", "in_sample"]


@pytest.mark.parametrize(
    ("since", "until", "count"),
    [
        (START + timedelta(hours=1), START + timedelta(hours=3), 2),
        ("2026-01-02T04:04:05.678901", "2026-01-02T07:04:05.678901+01:00", 2),
        (date(2026, 1, 3), None, 0),
        (None, "2026-01-03", 10),
        (START.astimezone(UTC), None, 10),
    ],
)
def test_since_and_until_mean_created_at(catalog: Catalog, since: Any, until: Any, count: int) -> None:
    assert search(catalog, Filters("meanrev", "Mü", since=since, until=until)).num_rows == count


def test_a_timeframe_is_a_filter(catalog: Catalog) -> None:
    assert search(catalog, Filters(timeframe="1h")).num_rows == 0


def test_composite_score_is_the_weighted_sum_of_the_sweep(catalog: Catalog) -> None:
    found = best(catalog, Filters(sweep=CROSS), metric="composite_score", n=1000).to_pylist()
    scores = [row["composite_score"] for row in found]
    assert scores == [row["sharpe"] - 0.5 * row["max_drawdown"] for row in found]
    assert scores == sorted(scores, reverse=True)
    assert None not in scores


@pytest.mark.parametrize(
    ("filters", "reason"),
    [(Filters(), "name the sweep"), (Filters(sweep=MEANREV), r"has no \[score\]")],
)
def test_composite_score_needs_a_sweep_with_a_score(catalog: Catalog, filters: Filters, reason: str) -> None:
    with pytest.raises(BadValueError, match=reason):
        best(catalog, filters, metric="composite_score")


def test_a_custom_metric_ranks_by_its_own_name(catalog: Catalog) -> None:
    assert "edge" in metric_names(catalog.schema)
    found = best(catalog, metric="edge", n=1)
    assert found["metric_edge"].to_pylist() == [9.0]
    assert best(catalog, metric="metric_edge", n=1) == found


@pytest.mark.parametrize(
    "metric", ["sharp", 'sharpe" desc; drop view metrics; --', "run_id", "created_at", ""]
)
def test_an_unknown_metric_is_refused(catalog: Catalog, metric: str) -> None:
    with pytest.raises(UnknownNameError, match="unknown metric"):
        best(catalog, metric=metric)
    with pytest.raises(UnknownNameError):
        by_score(catalog.schema, {metric: 1.0})


def test_a_near_miss_names_what_was_meant(catalog: Catalog) -> None:
    with pytest.raises(UnknownNameError, match='did you mean "sharpe"'):
        best(catalog, metric="sharp")
    with pytest.raises(UnknownNameError, match=f'unknown sweep .* did you mean "{CROSS}"'):
        search(catalog, Filters(sweep=CROSS[:-1]))


@pytest.mark.parametrize("symbol", ["' or 1=1 --", "007'; drop view metrics", "$1", "%", None])
def test_values_are_bound(catalog: Catalog, symbol: str | None) -> None:
    assert search(catalog, Filters(symbol=symbol)).num_rows == (100 if symbol is None else 0)


@pytest.mark.parametrize(
    "ask",
    [
        lambda catalog: search(catalog, Filters(since="yesterday")),
        lambda catalog: search(catalog, limit=-1),
        lambda catalog: best(catalog, n=0),
    ],
)
def test_values_that_make_no_sense_are_refused(catalog: Catalog, ask: Any) -> None:
    with pytest.raises(BadValueError):
        ask(catalog)


def test_the_macro_answers_as_python_does(catalog: Catalog) -> None:
    for metric in ("sharpe", "max_drawdown", "beats_buy_hold", "metric_edge"):
        rows = catalog.arrow("select run_id from best_runs($1, 7, min_trades := 3)", [metric])
        assert ids(rows) == ids(best(catalog, Filters(min_trades=3), metric=metric, n=7))
    rows = catalog.arrow(
        "select run_id from search_runs(sharpe, predicate := max_drawdown < 0.5 and param_fast = 6)"
    )
    assert ids(rows) == ids(search(catalog, Filters(where="max_drawdown < 0.5 and param_fast = 6")))


def test_an_unknown_role_is_refused(catalog: Catalog) -> None:
    with pytest.raises(UnknownNameError, match='did you mean "in_sample"'):
        search(catalog, Filters(role="insample"))
