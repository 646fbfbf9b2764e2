"""Metrics of a small lake in memory: the answers are those of the files, at every snapshot."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from lake.commits import commit
from lake.lake import Lake, open_lake
from queries import held
from queries.catalog import Catalog
from queries.errors import FileUnreadableError
from queries.filters import Filters
from queries.lookup import Lookup, lookup
from queries.search import best, search
from queries.show import show
from tests.queries.conftest import AGAIN, CROSS, put_runs, put_sweep, run_rows

COUNT = "select count(*) as runs from metrics"
EVERYTHING = "select * from metrics order by sweep_id, run_id, role, created_at"
VIEW = "select sql from duckdb_views() where schema_name = 'stored' and view_name = 'metrics'"


@pytest.fixture
def own(filled: Lake, tmp_path: Path) -> Lake:
    """A lake of three sweeps, to write to."""
    shutil.copytree(filled.url, tmp_path / "own")
    return open_lake(str(tmp_path / "own"))


def is_held(catalog: Catalog) -> bool:
    return held.NUMBERS in catalog.rows(VIEW)[0]["sql"]


def everything_asked(catalog: Catalog) -> list[pa.Table]:
    """Return the rows of questions of every kind that takes whole ones; each has some."""
    runs = search(catalog, limit=0)
    last = runs.select(["run_id", "sweep_id"]).to_pylist()[-1]
    answers = [
        catalog.arrow(EVERYTHING),
        runs,
        search(catalog, Filters(sweep=CROSS, where="param_fast > 5"), sort="date", limit=0),
        search(catalog, Filters(symbol="Mü", min_trades=3), sort="max_drawdown", ascending=False, limit=4),
        best(catalog, n=7),
        best(catalog, Filters(sweep=CROSS), metric="composite_score", n=200),
        best(catalog, Filters(strategy="cross", role=None), metric="win_rate"),
        lookup(catalog, [Lookup("meanrev", "Mü"), Lookup("cross", "007", {"fast": 5})]),
        lookup(catalog, [Lookup("cross", "007", {"fast": 5, "slow": 20})], sweep=CROSS),
        show(catalog, last["run_id"]).run,
        show(catalog, last["run_id"], sweep=last["sweep_id"]).run,
    ]
    assert all(answer.num_rows for answer in answers)
    return answers


def test_two_rows_of_one_key_are_both_answered(lake: Lake) -> None:
    put_sweep(lake, CROSS, "cross")
    for sharpe in (1.0, 2.0):
        put_runs(lake, "cross", "007", run_rows(CROSS, ["a"], {"sharpe": [sharpe]}))
    with Catalog(lake) as catalog:
        assert is_held(catalog)
        assert not catalog.whole
        assert len(search(catalog, Filters(sweep=CROSS))) == 2


def test_what_is_held_is_what_the_files_have(own: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    with Catalog(own) as catalog:
        assert is_held(catalog)
        assert catalog.whole
        answers = everything_asked(catalog)
    monkeypatch.setattr(held, "MOST_ROWS", 0)
    with Catalog(own) as catalog:
        assert not is_held(catalog)
        assert not catalog.whole
        for place, answer in enumerate(everything_asked(catalog)):
            assert answer.equals(answers[place]), place


def test_rows_come_in_the_order_of_the_files(own: Lake) -> None:
    with Catalog(own) as catalog, Catalog(own) as again:
        ordered = catalog.arrow("select sweep_id, run_id from metrics")
        assert again.arrow("select sweep_id, run_id from metrics") == ordered


@pytest.mark.parametrize("limit", ["MOST_ROWS", "MOST_FILES"])
def test_a_lake_that_grows_is_read_from_its_files(
    lake: Lake, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, limit, 2)
    put_runs(lake, "cross", "007", run_rows(CROSS, ["a"], {"sharpe": [1.0]}))
    put_runs(lake, "cross", "007", run_rows(CROSS, ["b"], {"sharpe": [2.0]}))
    with Catalog(lake) as catalog:
        assert is_held(catalog)
        put_runs(lake, "cross", "007", run_rows(CROSS, ["c"], {"sharpe": [3.0]}))
        catalog.refresh()
        assert not is_held(catalog)
        assert best(catalog)["run_id"].to_pylist() == ["c", "b", "a"]


def test_a_refresh_reads_what_came_and_forgets_what_went(lake: Lake) -> None:
    put_runs(lake, "cross", "007", run_rows(CROSS, ["a", "b"], {"sharpe": [1.0, 2.0]}))
    with Catalog(lake) as catalog:
        before = catalog.sql(COUNT)
        first = catalog.files("metrics")
        put_runs(lake, "cross", "Mü", run_rows(CROSS, ["c"], {"sharpe": [3.0]}))
        catalog.refresh()
        assert catalog.is_distinct
        assert best(catalog)["run_id"].to_pylist() == ["c", "b", "a"]
        put_runs(lake, "cross", "007", run_rows(AGAIN, ["a"], {"sharpe": [4.0]}))
        catalog.refresh()
        assert not catalog.is_distinct
        assert best(catalog)["sharpe"].to_pylist() == [4.0, 3.0, 2.0]
        commit(lake, "metrics", [], removes=first)
        catalog.refresh()
        assert catalog.is_distinct
        assert best(catalog)["run_id"].to_pylist() == ["a", "c"]
        assert before.fetchall() == [(2,)]


def test_refreshes_at_the_same_time_double_nothing(lake: Lake) -> None:
    put_runs(lake, "cross", "007", run_rows(CROSS, ["a"], {"sharpe": [1.0]}))
    with Catalog(lake) as catalog, ThreadPoolExecutor(4) as pool:
        for number in range(5):
            put_runs(lake, "cross", "007", run_rows(CROSS, [f"b{number}"], {"sharpe": [2.0]}))
            for done in [pool.submit(catalog.refresh) for _ in range(4)]:
                done.result()
            assert catalog.rows(COUNT) == [{"runs": 2 + number}]


def test_a_damaged_file_stops_nobody_who_does_not_ask(lake: Lake) -> None:
    runs = {"007": "a" * 32, "Mü": "b" * 32}
    for symbol, run_id in runs.items():
        put_runs(lake, "cross", symbol, run_rows(CROSS, [run_id], {"sharpe": [1.0]}))
    sound, damaged = lake.snapshot()["metrics"].files
    path = Path(lake.storage.path(f"metrics/{damaged.path}"))
    path.write_bytes(b"\0" * path.stat().st_size)
    with Catalog(lake) as catalog:
        assert not is_held(catalog)
        assert show(catalog, runs[sound.partition["symbol"]]).run["sharpe"].to_pylist() == [1.0]
        with pytest.raises(FileUnreadableError):
            show(catalog, runs[damaged.partition["symbol"]])
