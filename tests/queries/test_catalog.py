"""The catalog: views over exactly the files of a snapshot."""

import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from lake.commits import commit
from lake.lake import Lake, open_lake
from lake.schemas import TABLES
from queries.catalog import Catalog
from queries.confine import ConfinedCatalog
from queries.errors import (
    BadValueError,
    FileLostError,
    PinnedSnapshotError,
    QueryFailedError,
    RefusedSqlError,
    SnapshotGoneError,
    UnknownNameError,
)
from tests.queries.conftest import (
    AGAIN,
    CROSS,
    MEANREV,
    SYMBOLS,
    cross_rows,
    parameters,
    put_runs,
    put_sweep,
    run_rows,
)


def test_symbols_come_back_as_they_are(catalog: Catalog) -> None:
    found = catalog.arrow("select distinct symbol from metrics order by symbol")["symbol"].to_pylist()
    assert found == sorted(SYMBOLS)
    for symbol in SYMBOLS:
        assert catalog.arrow(
            "select count(*) as n from metrics where symbol = $1 and strategy = 'cross'", [symbol]
        )["n"].to_pylist() == [40 if symbol == "007" else 20]


def test_a_lake_that_does_not_exist_has_empty_typed_views(lake: Lake) -> None:
    catalog = Catalog(lake)
    for name, spec in TABLES.items():
        found = catalog.arrow(f"select * from {name}")  # noqa: S608
        assert found.num_rows == 0
        assert set(found.column_names) == set(spec.schema.names)
        assert all(
            found.schema.field(item.name).type == item.type
            for item in spec.schema
            if not pa.types.is_list(item.type)
        )
    assert not lake.exists()


def test_a_snapshot_of_some_tables_is_enough(filled: Lake) -> None:
    catalog = Catalog(filled.snapshot(["metrics"]))
    assert catalog.arrow("select count(*) as n from metrics")["n"].to_pylist() == [170]
    assert catalog.arrow("select * from sweeps").num_rows == 0


def test_rows_equal_those_that_arrow_reads(filled: Lake, catalog: Catalog) -> None:
    by = [("sweep_id", "ascending"), ("run_id", "ascending")]
    ours = catalog.arrow("select * from metrics").sort_by(by)
    theirs = filled.snapshot(["metrics"]).read("metrics").sort_by(by)
    assert ours.to_pylist() == theirs.select(ours.column_names).to_pylist()


def test_refresh_is_explicit(lake: Lake) -> None:
    put_runs(lake, "cross", "007", cross_rows(CROSS, "007", 3, 1))
    catalog = Catalog(lake)
    held = catalog.sql("select count(*) from metrics")
    put_runs(lake, "other", "007", run_rows(CROSS, ["x"], {"param_new": [1.0]}))
    assert catalog.arrow("select * from metrics").num_rows == 3
    catalog.refresh()
    assert catalog.arrow("select param_new from metrics where run_id = 'x'").to_pylist() == [
        {"param_new": 1.0}
    ]
    assert held.fetchall() == [(3,)]


def test_a_refresh_makes_views_anew_only_if_they_are_others(lake: Lake) -> None:
    put_sweep(lake, CROSS, "cross", parameters=parameters(("fast", "int", "strategy")))
    put_runs(lake, "cross", "007", cross_rows(CROSS, "007", 3, 1))
    with Catalog(lake) as catalog:
        catalog.sql("create table kept as select 1 as one")
        put_runs(lake, "cross", "Mü", cross_rows(CROSS, "Mü", 4, 2))
        put_sweep(lake, AGAIN, "cross", parameters=parameters(("fast", "int", "strategy")))
        catalog.refresh()
        assert catalog.rows("select count(*) as n from metrics, kept") == [{"n": 7}]
        assert len(catalog.rows("select * from sweeps")) == 2
        put_sweep(lake, MEANREV, "meanrev", parameters=parameters(("slow", "int", "strategy")))
        catalog.refresh()
        assert catalog.rows("select count(*) as n from duckdb_tables() where table_name = 'kept'") == [
            {"n": 0}
        ]
        assert catalog.rows("select count(*) as n from strategies.meanrev") == [{"n": 0}]


def test_a_pinned_catalog_refuses_to_refresh(filled: Lake) -> None:
    with Catalog(filled.snapshot()) as catalog, pytest.raises(PinnedSnapshotError, match="pinned"):
        catalog.refresh()


def test_threads_share_a_catalog(catalog: Catalog) -> None:
    with ThreadPoolExecutor(8) as pool:
        counts = list(
            pool.map(lambda _: catalog.rows("select count(*) as n from metrics")[0]["n"], range(32))
        )
    assert counts == [170] * 32


def test_a_folder_of_any_name_holds_a_lake(tmp_path: Path) -> None:
    lake = open_lake(str(tmp_path / "a [lake] of 50% 'x=1' *"))
    put_runs(lake, "cross", "^GSPC", cross_rows(CROSS, "^GSPC", 2, 1))
    assert Catalog(lake).arrow("select symbol from metrics")["symbol"].to_pylist() == ["^GSPC"] * 2


def test_a_strategy_has_its_own_view_with_its_own_parameters(catalog: Catalog) -> None:
    found = catalog.arrow(
        "select * from strategies.cross where run_id like '63720%' order by run_id, sweep_id limit 1"
    )
    assert {"fast", "slow", "stop_loss", "fill"} <= set(found.column_names)
    assert not {"rsi_period", "param_fast", "param_rsi_period"} & set(found.column_names)
    assert found.schema.field("fast").type == pa.int64()
    assert found.schema.field("stop_loss").type == pa.float64()
    assert found.schema.field("fill").type == pa.string()
    assert catalog.arrow("select distinct smooth from meanrev order by 1")["smooth"].to_pylist() == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    "name", ["metrics", "select", "best_runs", "Trades", 'quo"te', "it's", "range", "stored"]
)
def test_a_strategy_of_any_name_leaves_the_catalog_whole(lake: Lake, name: str) -> None:
    put_runs(lake, name, "007", run_rows(CROSS, ["a"], {"sharpe": [1.0], "param_sharpe": [2.0]}))
    put_sweep(lake, CROSS, name, parameters=parameters(("sharpe", "float", "strategy")))
    catalog = Catalog(lake)
    quoted = '"' + name.replace('"', '""') + '"'
    assert catalog.rows(f"select strategy, sharpe, param_sharpe from strategies.{quoted}") == [  # noqa: S608
        {"strategy": name, "sharpe": 1.0, "param_sharpe": 2.0}
    ]
    assert catalog.rows("select run_id from metrics") == [{"run_id": "a"}]
    assert catalog.rows("select run_id from best_runs()") == [{"run_id": "a"}]
    assert catalog.arrow("select * from trades").num_rows == 0


def test_strategies_that_differ_in_case_have_a_view_each(lake: Lake) -> None:
    put_runs(lake, "Cross", "007", run_rows(CROSS, ["a"], {}))
    put_runs(lake, "cross", "007", run_rows(CROSS, ["b"], {}))
    catalog = Catalog(lake)
    assert catalog.rows("select run_id from strategies.Cross") == [{"run_id": "a"}]
    assert catalog.rows("select run_id from strategies.cross_2") == [{"run_id": "b"}]


def test_sweeps_shows_the_newest_state(catalog: Catalog) -> None:
    assert catalog.rows("select status from sweeps where sweep_id = $1", [CROSS]) == [{"status": "finished"}]


def test_runs_latest_has_each_run_once(catalog: Catalog) -> None:
    found = catalog.rows("select count(*) as n, count(distinct run_id) as ids from runs_latest")
    assert found == [{"n": 150, "ids": 150}]


def test_trades_and_equity_show_only_whole_details(catalog: Catalog) -> None:
    assert catalog.rows("select count(*) as n, count(distinct run_id) as ids from trades") == [
        {"n": 4, "ids": 2}
    ]
    assert catalog.rows("select count(*) as n, count(distinct run_id) as ids from equity") == [
        {"n": 4, "ids": 2}
    ]


def test_times_are_utc(catalog: Catalog) -> None:
    assert (
        str(catalog.arrow("select created_at from metrics").schema.field(0).type) == "timestamp[us, tz=UTC]"
    )


def test_local_variables_are_no_tables(catalog: Catalog) -> None:
    frame = pa.table({"a": [1]})
    with pytest.raises(QueryFailedError, match="frame"):
        catalog.arrow("select * from frame")
    assert frame.num_rows == 1


@pytest.mark.usefixtures("from_files")
def test_a_snapshot_whose_files_are_gone_says_so(lake: Lake) -> None:
    put_runs(lake, "cross", "007", cross_rows(CROSS, "007", 3, 1))
    catalog = Catalog(lake)
    files = catalog.snapshot["metrics"].files
    commit(lake, "metrics", [], removes=files)
    for file in files:
        Path(lake.storage.path(f"metrics/{file.path}")).unlink()
    with pytest.raises(SnapshotGoneError, match="refresh"):
        catalog.arrow("select sharpe from metrics")


@pytest.mark.usefixtures("from_files")
def test_confined_sql_tells_the_same_of_files_that_are_gone(lake: Lake) -> None:
    put_runs(lake, "cross", "007", cross_rows(CROSS, "007", 3, 1))
    with ConfinedCatalog(lake.snapshot()) as older:
        files = older.snapshot["metrics"].files
        commit(lake, "metrics", [], removes=files)
        put_runs(lake, "cross", "007", cross_rows(CROSS, "007", 3, 2))
        with ConfinedCatalog(lake.snapshot()) as newest:
            for file in (*files, *newest.snapshot["metrics"].files):
                Path(lake.storage.path(f"metrics/{file.path}")).unlink()
            with pytest.raises(SnapshotGoneError, match="refresh"):
                older.arrow("select sharpe from metrics")
            with pytest.raises(FileLostError, match="a committed file is missing: metrics/"):
                newest.arrow("select sharpe from metrics")


@pytest.mark.usefixtures("from_files")
def test_a_file_that_the_newest_snapshot_lacks_too_is_told_as_lost(lake: Lake) -> None:
    put_runs(lake, "cross", "007", cross_rows(CROSS, "007", 3, 1))
    catalog = Catalog(lake)
    (file,) = catalog.snapshot["metrics"].files
    Path(lake.storage.path(f"metrics/{file.path}")).unlink()
    told = f"a committed file is missing: metrics/{file.path}; `sweeplake check` tells what is lost"
    with pytest.raises(FileLostError, match=re.escape(told)):
        catalog.arrow("select sharpe from metrics")
    newest = Catalog(lake)
    with pytest.raises(FileLostError, match=re.escape(told)):
        newest.arrow("select sharpe from metrics")
    assert newest.arrow("from trades").num_rows == 0


def test_errors_survive_pickling() -> None:
    for error in (
        UnknownNameError("metric", "sharp", ["sharpe"]),
        BadValueError("n", 0, "reason"),
        RefusedSqlError("text", "reason", "remedy"),
        QueryFailedError("message"),
        SnapshotGoneError("message"),
        FileLostError("file"),
        PinnedSnapshotError(),
    ):
        assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301


def test_a_stream_has_every_row(catalog: Catalog) -> None:
    assert sum(batch.num_rows for batch in catalog.batches("select * from metrics")) == 170


def test_rows_that_are_given_are_read_by_that_question_alone(catalog: Catalog) -> None:
    given = pa.table({"number": [1, 2, 4]})
    for rows, total in ((given, 7), (given.slice(1), 6)):
        assert (
            catalog.arrow("select sum(number) as total from given", given=rows)["total"][0].as_py() == total
        )
    with pytest.raises(QueryFailedError, match="given"):
        catalog.arrow("select * from given")
