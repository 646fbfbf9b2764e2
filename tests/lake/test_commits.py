"""Commits: atomic, idempotent behind a fence, columns grow, clashes are refused."""

import datetime as dt
import multiprocessing as mp
from pathlib import Path

import pyarrow as pa
import pytest

from lake.commits import CommitConflictError, Fence, commit, fence_version
from lake.errors import LakeAddressError, LakeUnwritableError
from lake.evolution import ColumnClashError
from lake.lake import Lake, LakeFormatError, LakeMissingError, open_lake
from lake.receipts import FileReceipt, Rows, pack
from lake.schemas import TABLES
from lake.writer import write_rows

DAY = {"strategy": "s", "symbol": "X", "date": "2020-01-01"}
AWKWARD = ["BTC/USDT", "ES=F", "^GSPC", "a%b", "Mü", "EUR USD", "007", "a+b", "x&y?z#"]


def runs(*ids: str, **columns: list[object]) -> pa.Table:
    return pa.table(
        {"sweep_id": ["w"] * len(ids), "run_id": list(ids), "sharpe": [1.5] * len(ids), **columns}
    )


def written(lake: Lake, rows: pa.Table, symbol: str = "X") -> FileReceipt:
    return write_rows(lake.storage, "metrics", rows, {**DAY, "symbol": symbol})


def visible(lake: Lake) -> list[str]:
    return sorted(lake.snapshot(["metrics"]).read("metrics", columns=["run_id"])["run_id"].to_pylist())


def test_opening_a_lake_creates_nothing(tmp_path: Path) -> None:
    lake = open_lake(str(tmp_path / "lake"))
    assert lake.snapshot().read("metrics").num_rows == 0
    assert not (tmp_path / "lake").exists()
    with pytest.raises(LakeMissingError, match="sweeplake ingest"):
        lake.require()


def test_a_written_file_is_invisible_until_committed(lake: Lake) -> None:
    receipt = written(lake, runs("a"))
    assert visible(lake) == []
    commit(lake, "metrics", [receipt])
    assert visible(lake) == ["a"]


def test_a_repeated_fenced_commit_changes_nothing(lake: Lake) -> None:
    receipt = written(lake, runs("a"))
    first = commit(lake, "metrics", [receipt], fence=Fence("w", 1))
    assert commit(lake, "metrics", [receipt], fence=Fence("w", 1)) == first
    assert commit(lake, "metrics", [written(lake, runs("b"))], fence=Fence("w", 0)) == first
    assert visible(lake) == ["a"]
    assert fence_version(lake, "metrics", "w") == 1


def test_a_replacement_planned_on_an_old_state_is_refused(lake: Lake) -> None:
    commit(lake, "metrics", [written(lake, runs("a"))], fence=Fence("m", 1))
    old = lake.snapshot(["metrics"])["metrics"].files
    commit(lake, "metrics", [written(lake, runs("b"))], removes=old, fence=Fence("m", 2, exclusive=True))
    with pytest.raises(CommitConflictError, match="plan again"):
        commit(lake, "metrics", [written(lake, runs("c"))], removes=old, fence=Fence("m", 2, exclusive=True))
    assert visible(lake) == ["b"]


@pytest.mark.parametrize("symbol", AWKWARD)
def test_any_symbol_round_trips_through_its_folder(lake: Lake, symbol: str) -> None:
    commit(lake, "metrics", [written(lake, runs("a"), symbol)])
    commit(lake, "metrics", [written(lake, runs("b"), "other")])
    rows = lake.snapshot(["metrics"]).read("metrics", where={"symbol": symbol})
    assert rows["symbol"].to_pylist() == [symbol]
    file = next(iter(lake.snapshot(["metrics"])["metrics"].matching({"symbol": symbol})))
    commit(lake, "metrics", [], removes=[file], fence=Fence("m", 1))
    assert visible(lake) == ["b"]


def test_new_columns_join_the_table_and_older_files_read_null(lake: Lake) -> None:
    commit(lake, "metrics", [written(lake, runs("a", param_fast=[5.0]))])
    commit(lake, "metrics", [written(lake, runs("b", param_mode=["x"]))])
    rows = lake.snapshot(["metrics"]).read("metrics", columns=["run_id", "param_fast", "param_mode"])
    assert sorted(rows.to_pylist(), key=lambda row: row["run_id"]) == [
        {"run_id": "a", "param_fast": 5.0, "param_mode": None},
        {"run_id": "b", "param_fast": None, "param_mode": "x"},
    ]


@pytest.mark.parametrize("column", [{"param_fast": ["five"]}, {"param_FAST": [5.0]}])
def test_a_column_of_another_kind_or_spelling_is_refused(lake: Lake, column: dict[str, list[object]]) -> None:
    commit(lake, "metrics", [written(lake, runs("a", param_fast=[5.0]))])
    with pytest.raises(ColumnClashError, match=r"rename it in \[columns\]"):
        commit(lake, "metrics", [written(lake, runs("b", **column))])
    assert visible(lake) == ["a"]


def test_times_survive_to_the_microsecond_and_bounds_hold_them(lake: Lake) -> None:
    at = dt.datetime(2020, 1, 1, 0, 0, 0, 123_456, tzinfo=dt.UTC)
    rows = pa.table({"time": pa.array([at], pa.timestamp("us", "UTC")), "close": [1.0]})
    commit(lake, "bars", [write_rows(lake.storage, "bars", rows, {"symbol": "X", "timeframe": "1d"})])
    snapshot = lake.snapshot(["bars"])
    (file,) = snapshot["bars"].files
    assert file.minimum["time"] <= at <= file.maximum["time"]
    assert snapshot.read("bars", columns=["time"])["time"].to_pylist() == [at]


def test_nan_gets_no_bounds(lake: Lake) -> None:
    commit(lake, "metrics", [written(lake, runs("a", "b").set_column(2, "sharpe", [[1.0, float("nan")]]))])
    (file,) = lake.snapshot(["metrics"])["metrics"].files
    assert "sharpe" not in file.minimum
    assert "sharpe" not in file.maximum


def _append(url: str, name: str) -> None:
    lake = open_lake(url)
    for k in range(5):
        commit(lake, "metrics", [written(lake, runs(f"{name}{k}", **{f"param_{name}": [1.0]}))])


def _create(url: str, name: str, start: "mp.synchronize.Barrier") -> None:
    lake = open_lake(url)
    receipt = written(lake, runs(name))
    start.wait()
    commit(lake, "metrics", [receipt])


def test_writers_that_create_a_table_together_lose_nothing(tmp_path: Path) -> None:
    context = mp.get_context("forkserver")
    for attempt in range(3):
        lake = open_lake(str(tmp_path / f"lake{attempt}"))
        start = context.Barrier(3)
        writers = [context.Process(target=_create, args=(lake.url, name, start)) for name in "abc"]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
            assert writer.exitcode == 0
        assert visible(lake) == ["a", "b", "c"]


def test_writers_in_several_processes_lose_nothing(lake: Lake) -> None:
    context = mp.get_context("spawn")
    writers = [context.Process(target=_append, args=(lake.url, name)) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert visible(lake) == sorted(f"{name}{k}" for name in "abc" for k in range(5))


def test_small_rows_are_packed_one_file_a_partition_and_column_set() -> None:
    parts = [
        Rows.of("metrics", DAY, runs("a", param_fast=[1.0])),
        Rows.of("metrics", DAY, runs("b", param_fast=[2.0])),
        Rows.of("metrics", {**DAY, "symbol": "Y"}, runs("c", param_fast=[1.0])),
        Rows.of("metrics", DAY, runs("d", param_slow=[1.0])),
    ]
    packed = [(dict(partition)["symbol"], rows["run_id"].to_pylist()) for _, partition, rows in pack(parts)]
    assert sorted(packed) == [("X", ["a", "b"]), ("X", ["d"]), ("Y", ["c"])]


def test_a_lake_of_another_format_is_refused_with_the_remedy(lake: Lake) -> None:
    lake.create()
    lake.storage.put("_lake.json", b'{"format": 99}')
    with pytest.raises(LakeFormatError, match="format 99"):
        open_lake(lake.url)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(LakeUnwritableError, match="--lake"):
        open_lake(str(tmp_path / "file" / "lake")).create()


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(LakeAddressError, match="s3://"):
        open_lake("nosuch://bucket/lake")


def test_every_table_has_a_schema_without_repeated_columns() -> None:
    for spec in TABLES.values():
        assert len(set(spec.schema.names)) == len(spec.schema.names)
        assert set(spec.partition_by) <= set(spec.schema.names)
        assert set(spec.sort_by) | set(spec.indexed) <= set(spec.schema.names)
