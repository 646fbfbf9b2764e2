"""The copy on this machine: it answers as the lake does, or it is not used."""

import json
import os
import resource
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lake.compact import compact_table
from lake.compaction import CompactionSettings
from lake.lake import Lake, open_lake
from queries.cache.folder import LAYOUT, clear, current, folder_of
from queries.cache.update import update
from queries.catalog import Catalog
from queries.errors import BadValueError, CopyUnreadableError
from queries.filters import Filters
from queries.lookup import Lookup, lookup
from queries.pruning import holding
from queries.search import best, search
from queries.show import show
from queries.summary import summary
from tests.queries.conftest import AGAIN, CROSS, cross_rows, put_runs, run_id, run_rows
from tests.s3 import Bucket

EVERYTHING = "select * from metrics order by sweep_id, run_id, role, created_at"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEPLAKE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def own(filled: Lake, tmp_path: Path) -> Lake:
    """A lake of three sweeps, to write to."""
    shutil.copytree(filled.url, tmp_path / "own")
    return open_lake(str(tmp_path / "own"))


def uses_copy(catalog: Catalog) -> bool:
    return bool(
        catalog.rows("select count(*) as n from duckdb_databases() where database_name = 'cache'")[0]["n"]
    )


def answers(lake: Lake) -> list[Any]:
    """Ask all kinds of questions."""
    with Catalog(lake) as catalog:
        return [
            catalog.arrow(EVERYTHING),
            best(catalog, n=5),
            best(catalog, Filters(sweep=CROSS), metric="composite_score", n=200),
            search(catalog, Filters(where="fast = 5", min_trades=2), sort="date", limit=0),
            search(catalog, Filters(symbol="007"), sort="max_drawdown", ascending=False),
            lookup(catalog, [Lookup("cross", "007", {"fast": 5}), Lookup("meanrev", "Mü")]),
            show(catalog, run_id("cross", "007", 3)).run,
            summary(catalog, CROSS).quantiles.drop_columns(["mean"]),  # its last digit is chance
            catalog.arrow("select * from best_runs('sharpe', 7)"),
            catalog.arrow("select * from strategies.meanrev order by run_id"),
        ]


def test_a_copy_answers_as_the_lake_does(own: Lake) -> None:
    expected = answers(own)
    copy = update(own.snapshot())
    with Catalog(own) as catalog:
        assert uses_copy(catalog)
        assert (copy.rows, copy.is_distinct) == (170, False)
    assert answers(own) == expected


def test_a_lake_without_a_run_twice_is_known_to_be_one(lake: Lake) -> None:
    put_runs(lake, "cross", "007", run_rows(CROSS, ["a", "b"], {"sharpe": [1.0, None]}))
    assert update(lake.snapshot()).is_distinct
    with Catalog(lake) as catalog:
        assert catalog.is_distinct
        assert best(catalog)["run_id"].to_pylist() == ["a"]
        assert search(catalog, ascending=True)["run_id"].to_pylist() == ["a", "b"]
        put_runs(lake, "cross", "007", run_rows(AGAIN, ["a"], {"sharpe": [1.0]}))
        catalog.refresh()
        assert not catalog.is_distinct
        assert best(catalog)["sweep_id"].to_pylist() == [AGAIN]


def test_what_came_since_is_read_from_the_lake(own: Lake) -> None:
    first = update(own.snapshot())
    rows = run_rows(CROSS, ["ffff"], {"sharpe": [99.0], "param_new": [1.5]})
    put_runs(own, "newer", "Mü", rows)
    with Catalog(own) as catalog:
        assert uses_copy(catalog)
        assert best(catalog, n=1)["param_new"].to_pylist() == [1.5]
    expected = answers(own)
    second = update(own.snapshot())
    assert second.database != first.database
    assert not first.database.exists()
    assert set(second.files) > set(first.files)
    assert {second.files[path] for path in first.files} == set(first.files.values())
    assert answers(own) == expected
    assert update(own.snapshot()) == second


def test_what_the_copy_has_is_not_read_from_the_lake_again(lake: Lake) -> None:
    columns = {"sharpe": [1.0], "param_fast": [5.0]}
    put_runs(lake, "cross", "007", run_rows(CROSS, ["a"], columns))
    update(lake.snapshot())
    put_runs(lake, "cross", "Mü", run_rows(CROSS, ["b"], columns))
    with Catalog(lake) as catalog:
        assert uses_copy(catalog)
        for symbol, run in (("007", "a"), ("Mü", "b")):
            assert lookup(catalog, [Lookup("cross", symbol, {"fast": 5})])["run_id"].to_pylist() == [run]
            narrow = catalog.narrowed("metrics", holding(catalog.files("metrics"), [run]))
            found = narrow.arrow("select run_id from metrics where run_id = $1", [run])
            assert found["run_id"].to_pylist() == [run]


def test_what_came_since_in_the_same_columns_is_there_once(own: Lake) -> None:
    update(own.snapshot())
    put_runs(own, "cross", "Mü", cross_rows(AGAIN, "Mü", 20, 7))
    with Catalog(own) as catalog:
        assert uses_copy(catalog)
    found = answers(own)
    clear(own.url)
    assert found == answers(own)


def test_a_copy_that_has_what_the_lake_took_out_is_not_used(own: Lake) -> None:
    for number in range(10):
        put_runs(own, "cross", "Mü", run_rows(CROSS, [f"ffff{number}"], {"sharpe": [1.0]}))
    before = answers(own)[0]
    update(own.snapshot())
    with Catalog(own) as held:
        assert compact_table(own, "metrics", CompactionSettings()) is not None
        with Catalog(own) as catalog:
            assert not uses_copy(catalog)
            assert catalog.arrow(EVERYTHING) == before
        update(own.snapshot())
        with Catalog(own) as catalog:
            assert uses_copy(catalog)
            assert catalog.arrow(EVERYTHING) == before
        assert held.arrow(EVERYTHING) == before  # from the older copy, which it has open


def test_an_update_takes_out_what_is_gone(own: Lake) -> None:
    whole = own.snapshot()
    update(whole)
    fewer = tuple(file for file in whole["metrics"].files if file.partition["symbol"] != "007")
    part = replace(whole, tables={**whole.tables, "metrics": replace(whole["metrics"], files=fewer)})
    copy = update(part)
    assert set(copy.files) == {file.path for file in fewer}
    with Catalog(part) as catalog:
        assert uses_copy(catalog)
        symbols = catalog.rows("select distinct symbol from metrics")
        assert {row["symbol"] for row in symbols} == {"BTC/USDT", "^GSPC", "Mü", "a%b"}


@pytest.mark.parametrize("harm", ["manifest", "list", "nothing", "layout", "database", "cut", "gone"])
def test_a_copy_that_cannot_be_read_is_not_used(own: Lake, harm: str) -> None:
    expected = answers(own)
    copy = update(own.snapshot())
    manifest = folder_of(own.url) / "current.json"
    if harm == "manifest":
        manifest.write_text("{")
    elif harm == "list":
        manifest.write_text("[]")
    elif harm == "nothing":
        manifest.write_text(json.dumps({"layout": LAYOUT}))
    elif harm == "layout":
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"layout": LAYOUT + 1}))
    elif harm == "database":
        copy.database.write_bytes(b"nothing" * 10_000)
    elif harm == "cut":
        copy.database.write_bytes(copy.database.read_bytes()[:-1000])
    else:
        copy.database.unlink()
    assert answers(own) == expected
    update(own.snapshot())
    with Catalog(own) as catalog:
        assert uses_copy(catalog)
    assert answers(own) == expected


def test_a_damaged_copy_is_told_as_that(own: Lake) -> None:
    copy = update(own.snapshot())
    content = bytearray(copy.database.read_bytes())
    content[len(content) // 2 : -1000] = bytes(len(content[len(content) // 2 : -1000]))
    copy.database.write_bytes(content)
    with Catalog(own) as catalog, pytest.raises(CopyUnreadableError, match="cache --clear"):
        catalog.arrow(EVERYTHING)


def test_an_update_without_room_is_told(own: Lake) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    snapshot = own.snapshot()
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(BadValueError, match=r"SWEEPLAKE_CACHE.*has room"):
            update(snapshot)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(folder_of(own.url).iterdir()) == []


def test_an_update_goes_on_from_what_another_process_put_in_place(
    own: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one ends between this one's look at the last copy and its taking it over."""
    update(own.snapshot())
    put_runs(own, "cross", "Mü", run_rows(CROSS, ["ffff"], {"sharpe": [9.0]}))
    taking_over, others = shutil.copyfile, []

    def later(source: Path, target: Path) -> None:
        if not others:
            others.append(own.snapshot())
            update(others[0])
        taking_over(source, target)

    monkeypatch.setattr(shutil, "copyfile", later)
    copy = update(own.snapshot())
    assert others
    assert copy == current(own.url)
    with Catalog(own) as catalog:
        assert uses_copy(catalog)
        assert best(catalog, n=1)["run_id"].to_pylist() == ["ffff"]


def test_an_update_that_fails_leaves_what_was_there(own: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    first = update(own.snapshot())
    put_runs(own, "cross", "Mü", run_rows(CROSS, ["ffff"], {"sharpe": [9.0]}))
    for file in sorted(Path(own.url, "metrics").rglob("*.parquet")):
        if file.name not in {Path(path).name for path in first.files}:
            file.write_bytes(b"")
    with pytest.raises(Exception, match="parquet"):
        update(own.snapshot())
    assert current(own.url) == first
    assert sorted(path.name for path in folder_of(own.url).iterdir()) == sorted(
        [first.database.name, "current.json"]
    )


def test_a_folder_that_cannot_be_written_is_told(own: Lake, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(BadValueError, match="SWEEPLAKE_CACHE"):
        update(own.snapshot())


def test_what_is_cleared_is_gone(own: Lake) -> None:
    size = update(own.snapshot()).database.stat().st_size
    assert clear(own.url) >= size
    assert current(own.url) is None
    assert clear(own.url) == 0
    with Catalog(own) as catalog:
        assert not uses_copy(catalog)


def test_a_copy_of_a_lake_on_object_storage(bucket: Bucket) -> None:
    lake = open_lake(bucket.url)
    ids = pa.array(["a", "b", "c"])
    put_runs(lake, "cross", "007", run_rows(CROSS, ids.to_pylist(), {"sharpe": [1.0, 3.0, 2.0]}))
    update(lake.snapshot())
    with Catalog(lake) as catalog:
        bucket.proxy.forget()
        assert best(catalog, n=2)["run_id"].to_pylist() == ["b", "c"]
        assert bucket.proxy.counts().total() == 0


def test_an_abandoned_database_is_deleted_by_a_later_update(own: Lake) -> None:
    folder = folder_of(own.url)
    folder.mkdir(parents=True)
    long_ago = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    for name in ("old.duckdb", "old.duckdb.wal", "fresh.duckdb"):
        (folder / name).write_text("")
    for name in ("old.duckdb", "old.duckdb.wal"):
        os.utime(folder / name, (long_ago, long_ago))
    copy = update(own.snapshot())
    assert {path.name for path in folder.iterdir()} == {"fresh.duckdb", "current.json", copy.database.name}
