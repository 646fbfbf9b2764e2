"""Leaderboard: parameter sets over symbols, by hand and against plain Python."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from lake.lake import Lake, open_lake
from queries.catalog import Catalog
from queries.documents import set_documents
from queries.errors import BadValueError, UnknownNameError
from queries.leaderboard import leaderboard
from tests.queries.conftest import AGAIN, CROSS, CROSS_PARAMETERS, put_runs, put_sweep, run_rows

# Parameter set, symbol, Sharpe ratio, max_drawdown, total_return, trades.
RUNS = (
    ("a", "AAA", 1.0, 0.5, 0.5, 10),
    ("a", "BBB", 2.0, 0.125, 0.7, 20),
    ("a", "CCC", 0.0, 0.25, -0.1, 30),
    ("b", "AAA", 1.5, 0.75, 0.4, 5),
    ("b", "BBB", None, 0.0, 0.0, 0),
    ("c", "AAA", 0.5, 0.125, 0.1, 9),
    ("c", "BBB", 0.5, 0.25, 0.1, 9),
    ("c", "CCC", 0.5, 0.5, 0.1, 9),
    ("d", "AAA", None, 0.0, 0.0, 0),
)


def _put(lake: Lake, sweep: str, runs: tuple, *, role: str = "full") -> None:
    for symbol in sorted({run[1] for run in runs}):
        mine = [run for run in runs if run[1] == symbol]
        columns = {
            "sharpe": pa.array([run[2] for run in mine], pa.float64()),
            "max_drawdown": [run[3] for run in mine],
            "total_return": [run[4] for run in mine],
            "num_trades": pa.array([run[5] for run in mine], pa.int32()),
            "beats_buy_hold": [run[4] > 0.3 for run in mine],
            "param_fast": [float(ord(run[0])) for run in mine],
        }
        ids = [symbol[0].lower() * 16 + run[0] * 16 for run in mine]
        put_runs(lake, "cross", symbol, run_rows(sweep, ids, columns, role=role))


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    lake = open_lake(str(Path(tmp_path_factory.mktemp("board")) / "lake"))
    config = '{"score": {"sharpe": 1.0, "max_drawdown": -10.0}}'
    put_sweep(lake, CROSS, "cross", parameters=CROSS_PARAMETERS, config=config)
    put_sweep(lake, AGAIN, "cross", parameters=CROSS_PARAMETERS)
    _put(lake, CROSS, RUNS)
    _put(lake, AGAIN, (("a", "CCC", 3.0, 0.2, 0.9, 30),))
    _put(lake, AGAIN, (("b", "CCC", 9.0, 0.2, 0.9, 30),), role="in_sample")
    with Catalog(lake) as opened:
        yield opened


def _sets(rows: pa.Table, *names: str) -> list[tuple]:
    return [(row["parameter_set"][0], *(row[name] for name in names)) for row in rows.to_pylist()]


def test_a_set_is_measured_over_its_symbols(board: Catalog) -> None:
    found = leaderboard(board, sweep=CROSS)
    assert _sets(found, "symbols", "missing", "mean", "worst", "best", "profitable", "num_trades") == [
        ("b", 1, 2, 1.5, 1.5, 1.5, 0.5, 5),
        ("a", 3, 0, 1.0, 0.0, 2.0, pytest.approx(2 / 3), 60),
        ("c", 3, 0, 0.5, 0.5, 0.5, 1.0, 27),
    ]
    assert found["best_run"].to_pylist()[1:] == ["b" * 16 + "a" * 16, "a" * 16 + "c" * 16]
    assert found["param_fast"].to_pylist() == [98.0, 97.0, 99.0]


def test_without_a_sweep_a_symbol_counts_by_the_latest_sweep(board: Catalog) -> None:
    assert _sets(leaderboard(board), "mean", "best", "symbols")[0] == ("a", 2.0, 3.0, 3)


def test_a_set_can_be_asked_to_have_most_symbols_and_trades(board: Catalog) -> None:
    assert _sets(leaderboard(board, sweep=CROSS, min_symbols=2)) == [("a",), ("c",)]
    assert _sets(leaderboard(board, sweep=CROSS, min_trades=27)) == [("a",), ("c",)]
    assert _sets(leaderboard(board, sweep=CROSS, min_trades=28)) == [("a",)]
    assert _sets(leaderboard(board, sweep=CROSS, min_symbols=0)) == [("b",), ("a",), ("c",)]
    assert leaderboard(board, strategy="none").num_rows == leaderboard(board, timeframe="1h").num_rows == 0


@pytest.mark.parametrize(
    ("metric", "order_by", "expected"),
    [
        ("sharpe", "worst", ["b", "c", "a"]),
        ("sharpe", "best", ["a", "b", "c"]),
        ("sharpe", "profitable", ["c", "a", "b"]),
        ("max_drawdown", "mean", ["d", "a", "c", "b"]),  # a and c tie
        ("max_drawdown", "worst", ["d", "a", "c", "b"]),
        ("composite_score", "worst", ["a", "c", "b"]),  # -4, -4.5, -6
        ("beats_buy_hold", "mean", ["a", "b", "c", "d"]),
    ],
)
def test_the_good_end_comes_first(board: Catalog, metric: str, order_by: str, expected: list[str]) -> None:
    found = leaderboard(board, metric=metric, order_by=order_by, sweep=CROSS)
    assert [name for (name,) in _sets(found)] == expected


def test_the_worst_of_a_metric_that_should_be_low_is_its_highest(board: Catalog) -> None:
    found = leaderboard(board, metric="max_drawdown", sweep=CROSS, n=2)
    assert _sets(found, "worst", "best") == [("d", 0.0, 0.0), ("a", 0.5, 0.125)]


def test_sets_of_equal_values_are_in_the_order_of_their_names(lake: Lake) -> None:
    put_sweep(lake, CROSS, "cross", parameters=CROSS_PARAMETERS)
    values = [0.1, 0.2, 0.3, 0.4, 0.7, 1e-3, 1e-9]
    runs = [
        (name, symbol * 3, values[(place + symbols) % 7], 0.1, 0.1, 1)
        for place, name in enumerate("abcdef")
        for symbols, symbol in enumerate("ABCDEFG")
    ]
    _put(lake, CROSS, tuple(runs))
    for sign in (1, -1):
        rows = Catalog(lake).tuples(f"from parameter_sets({sign} * sharpe)")
        assert [row[2][0] for row in rows] == list("abcdef"), sign


def test_python_and_sql_agree(board: Catalog) -> None:
    asked = board.arrow("from leaderboard('max_drawdown', n := 3, min_symbols := 2, order_by := 'best')")
    assert leaderboard(board, metric="max_drawdown", n=3, min_symbols=2, order_by="best") == asked


def test_every_set_of_a_lake_is_as_plain_python_has_it(catalog: Catalog) -> None:
    """Ties and NULLs, two strategies, and a symbol's runs again in a later sweep."""
    latest = {}
    for row in catalog.rows("select * from metrics where role = 'full' order by sweep_id"):
        latest[row["strategy"], row["run_id"][16:], row["symbol"]] = row["calmar"]
    sets: dict[tuple, list[float]] = defaultdict(list)
    for (strategy, name, _), value in latest.items():
        if value is not None:
            sets[strategy, name].append(value)
    expected = {
        key: (len(values), pytest.approx(sum(values) / len(values)), min(values), max(values))
        for key, values in sets.items()
    }
    rows = leaderboard(catalog, metric="calmar", n=1000).to_pylist()
    found = {
        (row["strategy"], row["parameter_set"]): (row["symbols"], row["mean"], row["worst"], row["best"])
        for row in rows
    }
    assert found == expected
    assert len(rows) == len(expected)
    assert [row["symbols"] + row["missing"] for row in rows] == [5] * len(rows)
    assert [row["mean"] for row in rows] == sorted((row["mean"] for row in rows), reverse=True)


def test_a_metric_of_a_backtester_s_own_ranks(catalog: Catalog) -> None:
    assert set(leaderboard(catalog, metric="edge")["strategy"].to_pylist()) == {"meanrev"}


def test_documents_have_parameters_by_name(board: Catalog) -> None:
    [document] = set_documents(board, leaderboard(board, n=1))
    assert document["params"] == {"fast": 97}
    assert not [name for name in document if name.startswith("param_")]


def test_what_does_not_exist_is_refused_and_near_names_are_told(board: Catalog) -> None:
    with pytest.raises(UnknownNameError, match='unknown metric "sharp"; did you mean "sharpe"'):
        leaderboard(board, metric="sharp")
    with pytest.raises(UnknownNameError, match='unknown order "means"; did you mean "mean"'):
        leaderboard(board, order_by="means")
    with pytest.raises(UnknownNameError, match="unknown sweep"):
        leaderboard(board, sweep="none")
    with pytest.raises(BadValueError, match="name the sweep"):
        leaderboard(board, metric="composite_score")
    with pytest.raises(BadValueError, match="a date has no mean"):
        leaderboard(board, metric="date")
    with pytest.raises(BadValueError, match="n = 0"):
        leaderboard(board, n=0)


def test_an_empty_lake_has_no_sets(lake: Lake) -> None:
    lake.create()
    with Catalog(lake) as opened:
        assert leaderboard(opened).num_rows == 0
