"""Vacuum: what nobody needs goes, what anybody needs stays."""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from lake.commits import commit
from lake.compact import compact_table
from lake.compaction import CompactionSettings
from lake.journal import Batch, Journal
from lake.lake import Lake
from lake.log import LogDamagedError
from lake.ownership import claim
from lake.storage import Storage
from lake.sweep_log import FINISHED, REMOVED, RUNNING, record_state
from lake.vacuum import UnsafeAgeError, VacuumPlan, vacuum, vacuum_plan
from lake.writer import write_rows
from tests.lake.tables import files_of, filled, metrics, on_disk, rows_of, write

DAY = timedelta(hours=24)
ALL = CompactionSettings(fewest_files=2)


def age(lake: Lake, hours: float, under: str = "") -> None:
    """Make everything that lies in a part of the lake so much older."""
    for path in Path(lake.url, under).rglob("*"):
        at = path.stat().st_mtime - hours * 3600
        os.utime(path, (at, at))


def vacuumed(lake: Lake, older_than: timedelta = DAY, *, force: bool = False) -> set[str]:
    """Vacuum and return the kinds of what went."""
    plan = vacuum_plan(lake, older_than, force=force)
    for _ in vacuum(lake, plan):
        pass
    assert not any(Path(lake.url, item.path).exists() for item in plan.leftovers)
    return {item.kind.value for item in plan.leftovers}


def names(plan: VacuumPlan) -> set[str]:
    return {item.path for item in plan.leftovers}


def test_what_compaction_took_out_goes_after_the_age_and_not_before(lake: Lake) -> None:
    filled(lake, [20] * 4)
    old = files_of(lake)
    snapshot = lake.snapshot(["metrics"])
    before = rows_of(lake)
    age(lake, 48)
    compact_table(lake, "metrics", ALL)
    assert vacuumed(lake) == set()
    assert snapshot.read("metrics").num_rows == 80
    held = DeltaTable(f"{lake.url}/metrics", version=snapshot["metrics"].version)
    assert held.to_pyarrow_table().num_rows == 80
    age(lake, 25)
    plan = vacuum_plan(lake)
    assert names(plan) == {f"metrics/{path}" for path in old}
    assert plan.size_bytes == sum(Path(lake.url, path).stat().st_size for path in names(plan))
    assert vacuumed(lake) == {"data"}
    assert rows_of(lake) == before
    assert on_disk(lake) == files_of(lake)
    assert vacuumed(lake) == set()


def test_a_plan_alone_deletes_nothing(lake: Lake) -> None:
    write(lake, [metrics(5)])
    filled(lake, [5])
    age(lake, 48)
    lying = on_disk(lake)
    assert len(vacuum_plan(lake).leftovers) == 1
    assert on_disk(lake) == lying


def test_an_orphan_goes_when_it_is_old(lake: Lake) -> None:
    filled(lake, [5])
    (old,) = write(lake, [metrics(5)])
    age(lake, 48)
    (young,) = write(lake, [metrics(5)])
    assert vacuumed(lake) == {"data"}
    assert on_disk(lake) == {young.path, *files_of(lake)}
    assert old.path not in on_disk(lake)


def test_files_of_a_symbol_with_signs_are_told_apart(lake: Lake) -> None:
    commit(
        lake,
        "metrics",
        write(lake, [metrics(5)], {"strategy": "s", "symbol": "a%b/c d", "date": "2026-01-02"}),
    )
    before = rows_of(lake)
    age(lake, 48)
    assert vacuumed(lake) == set()
    assert rows_of(lake) == before


def test_files_of_a_batch_that_is_not_committed_stay_however_old(lake: Lake) -> None:
    filled(lake, [5])
    receipts = write(lake, [metrics(5, seed) for seed in (2, 4)])
    claim(lake, "w")
    journal = Journal(lake, "w")
    journal.commit(Batch(1, 1, (), (receipts[0],)))
    put_down = Batch(1, 2, (), (receipts[1],))
    lake.storage.put(f"_sweeps/w/{put_down.name}", put_down.encode())
    age(lake, 480)
    assert vacuumed(lake) == set()
    assert receipts[1].path in on_disk(lake)
    journal.apply(put_down)
    assert lake.snapshot(["metrics"]).read("metrics").num_rows == 15


def test_journals_of_finished_sweeps_go_and_others_stay(lake: Lake) -> None:
    started = datetime(2026, 1, 2, tzinfo=UTC)
    for sweep, status in (("a", FINISHED), ("b", RUNNING), ("c", REMOVED)):
        claim(lake, sweep)
        Journal(lake, sweep).commit(Batch(1, 1, (), tuple(write(lake, [metrics(2, sweep_id=sweep)]))))
        record_state(lake, {"sweep_id": sweep, "status": RUNNING, "started_at": started})
        record_state(lake, {"sweep_id": sweep, "status": status, "started_at": started})
    claim(lake, "d")
    Journal(lake, "d").commit(Batch(1, 1, (), tuple(write(lake, [metrics(2, sweep_id="d")]))))
    assert vacuumed(lake) == set()
    age(lake, 48)
    assert vacuumed(lake) == {"journal"}
    left = {path.parent.name for path in Path(lake.url, "_sweeps").rglob("*.json")}
    assert left == {"b", "d"}
    assert lake.snapshot(["metrics"]).read("metrics").num_rows == 8


def test_bars_that_a_sweep_read_stay_while_it_is_visible(lake: Lake) -> None:
    at = pa.array([datetime(2020, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    partition = {"symbol": "X", "timeframe": "1d"}
    files = []
    for close in (1.0, 2.0, 3.0):
        current = lake.snapshot(["bars"])["bars"].files
        files.append(write_rows(lake.storage, "bars", pa.table({"time": at, "close": [close]}), partition))
        commit(lake, "bars", [files[-1]], removes=current)
    read = json.dumps({"X": {"files": [files[0].path]}})
    record_state(lake, {"sweep_id": "w", "status": FINISHED, "bars": read})
    age(lake, 48)
    assert vacuumed(lake) == {"data"}
    assert on_disk(lake, "bars") == {files[0].path, files[2].path}
    record_state(lake, {"sweep_id": "w", "status": REMOVED, "bars": read})
    assert vacuumed(lake) == {"data"}
    assert on_disk(lake, "bars") == {files[2].path}


def test_leftovers_of_dead_writers_go_and_what_others_put_there_stays(lake: Lake) -> None:
    filled(lake, [5])
    ours = [f"metrics/_a.parquet.{'0' * 32}", f"_probe-{'1' * 32}", f"_sweeps/w/_owner.json.{'2' * 32}"]
    theirs = ["metrics/notes.txt", "metrics/strategy=s/extra.parquet", "_mine"]
    for path in (*ours, *theirs):
        lake.storage.put(path, b"x")
    age(lake, 48)
    assert names(vacuum_plan(lake)) == set(ours)
    vacuumed(lake)
    assert all(Path(lake.url, path).exists() for path in theirs)


def test_a_table_whose_log_is_gone_keeps_its_files(lake: Lake) -> None:
    filled(lake, [5] * 3)
    for path in Path(lake.url, "metrics", "_delta_log").iterdir():
        path.unlink()
    age(lake, 48)
    with pytest.raises(LogDamagedError, match="metrics/_delta_log is damaged: it is gone"):
        vacuum_plan(lake)
    lake.storage.delete(["_tables/metrics"])
    assert vacuumed(lake) == set()
    assert len(on_disk(lake)) == 3


def test_the_log_stays_short_and_versions_of_the_age_can_be_read(lake: Lake) -> None:
    filled(lake, [5])
    for _ in range(60):
        commit(lake, "metrics", [])
    filled(lake, [6])
    newest = lake.snapshot(["metrics"])["metrics"].version
    age(lake, 48)
    for _ in range(50):
        commit(lake, "metrics", [])
    before = rows_of(lake)
    assert vacuumed(lake) == {"log"}
    assert rows_of(lake) == before
    for version in (newest, newest + 1, newest + 30):
        held = DeltaTable(f"{lake.url}/metrics", version=version)
        assert held.to_pyarrow_table().num_rows == 11
    assert len(list(Path(lake.url, "metrics", "_delta_log").glob("*.json"))) < 80


def test_a_low_age_is_refused_unless_forced(lake: Lake) -> None:
    filled(lake, [5] * 4)
    compact_table(lake, "metrics", ALL)
    time.sleep(0.02)
    with pytest.raises(UnsafeAgeError, match="--force"):
        vacuum_plan(lake, timedelta(hours=1))
    assert vacuumed(lake, timedelta(0), force=True) == {"data"}
    assert on_disk(lake) == files_of(lake)


def log_entry(lake: Lake, version: int) -> Path:
    return Path(lake.url, "metrics", "_delta_log", f"{version:020}.json")


def with_checkpoints(lake: Lake) -> None:
    """Commit past an old checkpoint and a young one."""
    filled(lake, [5])
    while commit(lake, "metrics", []) < 60:
        pass
    write(lake, [metrics(5)])
    age(lake, 48)
    while commit(lake, "metrics", []) < 101:
        pass


@pytest.mark.parametrize("left", [0, 40])
def test_a_damaged_entry_that_tells_what_is_needed_is_told(lake: Lake, left: int) -> None:
    with_checkpoints(lake)
    damaged = log_entry(lake, 70)
    damaged.write_bytes(damaged.read_bytes()[:left])
    lying = on_disk(lake)
    with pytest.raises(LogDamagedError, match=f"{70:020}.json is damaged"):
        vacuum_plan(lake)
    assert on_disk(lake) == lying


def test_a_damaged_entry_behind_the_checkpoint_that_stays_goes_like_any_other(lake: Lake) -> None:
    with_checkpoints(lake)
    damaged = log_entry(lake, 5)
    at = damaged.stat().st_mtime
    damaged.write_bytes(damaged.read_bytes()[:40])
    os.utime(damaged, (at, at))
    assert "log" in vacuumed(lake)
    assert not damaged.exists()


@pytest.mark.parametrize(("left", "told"), [(0, []), (100, ["metrics"])])
def test_a_log_whose_checkpoint_cannot_be_read_stays_whole(lake: Lake, left: int, told: list[str]) -> None:
    with_checkpoints(lake)
    checkpoint = log_entry(lake, 50).with_suffix(".checkpoint.parquet")
    checkpoint.write_bytes(checkpoint.read_bytes()[:left])
    plan = vacuum_plan(lake)
    assert "log" not in {item.kind for item in plan.leftovers}
    assert [table for table, _ in plan.logs_kept] == told  # an empty one is none to delta-rs either


def test_a_vacuum_that_is_killed_in_a_journal_has_deleted_its_owners_first(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        claim(lake, "w", take_over=True)
    for number in (1, 2):
        Journal(lake, "w").commit(Batch(1, number, (), tuple(write(lake, [metrics(2, number)]))))
    record_state(lake, {"sweep_id": "w", "status": REMOVED})
    age(lake, 48)
    plan = vacuum_plan(lake)
    requests: list[list[str]] = []
    monkeypatch.setattr(Storage, "delete", lambda _, paths: requests.append([Path(p).name for p in paths]))
    assert list(vacuum(lake, plan)) == [2, 4]
    assert requests[0] == ["owner-000001.json", "owner-000002.json"]
    assert all(name.startswith("batch-") for name in requests[1])
