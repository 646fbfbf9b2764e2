"""Arguments of another kind than a question takes: told by their name, with what to give."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import sweeplake as sl
from queries.errors import BadValueError, QueryError, QueryFailedError, RefusedSqlError, UnknownNameError
from tests.sweeplake.test_own_metrics import made

HUGE = 10**30
UNKNOWN: dict[str, Callable[[sl.Lake], object]] = {
    'unknown role "5"; there is: full': lambda lake: lake.search(role=5),
    'unknown parameter "5"; there is: ': lambda lake: lake.lookup("meanrev", "007", {5: 6}),  # type: ignore[dict-item]
    'unknown parameter "None"; there is: ': lambda lake: lake.sweep().heatmap(None),  # type: ignore[arg-type]
    'unknown symbol "5"; there is: 007': lambda lake: lake.sweep().luck(symbol=5),  # type: ignore[arg-type]
    'unknown order "5"; there is: mean': lambda lake: lake.leaderboard(order_by=5),
}
BAD: dict[str, Callable[[sl.Lake], object]] = {
    "run = 5: give the id": lambda lake: lake.run(5),  # type: ignore[arg-type]
    "run = None: give the id": lambda lake: lake.run(None),  # type: ignore[arg-type]
    "sweep = 5: give the id": lambda lake: lake.sweep(5),  # type: ignore[arg-type]
    "sweep = 6: give the id": lambda lake: lake.best(sweep=6),
    "metric = None: give the name": lambda lake: lake.best(metric=None),  # type: ignore[arg-type]
    "metric = 5: give the name": lambda lake: lake.search(sort=5),  # type: ignore[arg-type]
    "strategy = 5: give the name": lambda lake: lake.lookup(5, "007"),  # type: ignore[arg-type]
    "strategy = 5: give a text": lambda lake: lake.leaderboard(strategy=5),
    "timeframe = 5: give a text": lambda lake: lake.lookup("meanrev", "007", timeframe=5),  # type: ignore[arg-type]
    "symbol = 5: give a symbol": lambda lake: lake.lookup("meanrev", 5),  # type: ignore[arg-type]
    "params = 5: give values by name": lambda lake: lake.lookup("meanrev", "007", 5),  # type: ignore[arg-type]
    "wanted = 5: give questions": lambda lake: lake.lookup_many([5]),  # type: ignore[list-item]
    "threshold = 'x': give a number": lambda lake: lake.sweep().correlated(threshold="x"),  # type: ignore[arg-type]
    "threshold = None: give a correlation": lambda lake: lake.sweep().correlated(threshold=None),  # type: ignore[arg-type]
    "metrics = 'sharpe': give a list": lambda lake: lake.sweep().pareto("sharpe"),
    "metrics = 5: give a list": lambda lake: lake.sweep().pareto(5),  # type: ignore[arg-type]
    "text = 5: give a statement": lambda lake: lake.sql(5),  # type: ignore[arg-type]
    f"n = {HUGE}: give 9,223": lambda lake: lake.best(HUGE),
    f"limit = {HUGE}: give 9,223": lambda lake: lake.search(limit=HUGE),
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sl.Lake]:
    with sl.open(made(tmp_path_factory.mktemp("made"), "edge")) as held:
        yield held


def told(error: type[QueryError], ask: Callable[[sl.Lake], Any], lake: sl.Lake) -> str:
    with pytest.raises(error) as raised:
        ask(lake)
    return str(raised.value)


@pytest.mark.parametrize("words", UNKNOWN)
def test_a_name_that_is_no_text_is_unknown(lake: sl.Lake, words: str) -> None:
    assert told(UnknownNameError, UNKNOWN[words], lake).startswith(words)


@pytest.mark.parametrize("words", BAD)
def test_a_value_of_another_kind_is_refused(lake: sl.Lake, words: str) -> None:
    assert told(BadValueError, BAD[words], lake).startswith(words)


def test_as_many_rows_as_sql_counts_may_be_asked_for(lake: sl.Lake) -> None:
    assert len(lake.best(2**63 - 1, "edge")) == 9
    assert len(lake.search(limit=2**63 - 1)) == 10


def test_a_condition_that_a_front_cannot_compute_is_told_without_the_query_around_it(lake: sl.Lake) -> None:
    where = "cast(run_id as integer) > 8"
    answer = told(RefusedSqlError, lambda lake: lake.sweep().pareto(where=where), lake)
    assert answer.startswith("refused: Conversion Error: ")
    assert "LINE" not in answer


@pytest.mark.parametrize("text", ["from best_runs(null, 1)", "from leaderboard(null)"])
def test_null_as_a_metric_is_told(lake: sl.Lake, text: str) -> None:
    answer = told(QueryFailedError, lambda lake: lake.sql(text).df(), lake)
    assert answer == "the query failed: NULL is no metric; the view metric_columns lists them"
