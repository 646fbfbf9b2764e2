"""Uncommitted files: who slept for a day before a commit never names what vacuum took meanwhile."""

import dataclasses
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from lake import compact, remove, undo
from lake.choices import Choice
from lake.commits import commit
from lake.compact import compact_table
from lake.compaction import CompactionSettings
from lake.copying import counter
from lake.errors import LakeUnwritableError
from lake.journal import Batch, BatchTakenError, Journal
from lake.lake import Lake, open_lake
from lake.ownership import claim
from lake.removal import plan_removal
from lake.storage import Storage
from lake.uncommitted import FilesTakenError
from tests.lake.drivers import SWEEP, TABLES, assert_exactly_once, batch, drive, run_ids
from tests.lake.sleep import sleep
from tests.lake.small import held, put_runs, put_sweep

SETTINGS = CompactionSettings(fewest_files=2)


def asleep_after(
    monkeypatch: pytest.MonkeyPatch, place: object, name: str, lake: Lake, *, calls: int = 1
) -> None:
    """Sleep once, when a function has been called so often."""
    real, left = getattr(place, name), [calls]

    def call(*arguments: Any, **options: Any) -> Any:
        answer = real(*arguments, **options)
        left[0] -= 1
        if left[0] == 0:
            sleep(lake, monkeypatch)
        return answer

    monkeypatch.setattr(place, name, call)


def test_a_driver_that_slept_over_its_files_commits_none_of_them_and_resume_goes_on(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_sweep(lake, SWEEP, status="running")
    with claim(lake, SWEEP):
        journal = Journal(lake, SWEEP)
        journal.commit(batch(lake, 1, 1, 0))
        late = batch(lake, 1, 2, 1)
        sleep(lake, monkeypatch)
        with pytest.raises(BatchTakenError, match=r"1 files of table trades.*`sweeplake resume w`"):
            journal.commit(late)
    assert [held.number for held in journal.batches()] == [1]
    assert [run_ids(open_lake(lake.url), table) for table in TABLES] == [["r0"]] * 3
    drive(lake)
    assert_exactly_once(open_lake(lake.url))


def test_a_driver_that_slept_once_its_batch_was_down_finishes_it(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_sweep(lake, SWEEP, status="running")
    claim(lake, SWEEP)
    journal, late = Journal(lake, SWEEP), batch(lake, 1, 1, 0)
    journal.put(late)
    sleep(lake, monkeypatch)
    journal.commit(late)
    assert [run_ids(lake, table) for table in TABLES] == [["r0"]] * 3


def test_a_batch_that_loses_files_while_it_is_committed_is_computed_again(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_sweep(lake, SWEEP, status="running")
    with claim(lake, SWEEP):
        journal, late = Journal(lake, SWEEP), batch(lake, 1, 1, 0)
        journal.put(late)
        commit(lake, "trades", late.of("trades"), fence=journal.fence(late.step))
        lake.storage.delete([f"metrics/{late.of('metrics')[0].path}"])
        sleep(lake, monkeypatch)
        with pytest.raises(BatchTakenError, match="table metrics"):
            journal.apply(late)
    drive(lake)
    assert_exactly_once(open_lake(lake.url))


def test_a_batch_that_was_committed_before_the_sleep_is_not_missed(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_sweep(lake, SWEEP, status="running")
    claim(lake, SWEEP)
    journal, first = Journal(lake, SWEEP), batch(lake, 1, 1, 0)
    journal.commit(first)
    journal.commit(batch(lake, 1, 2, 1))
    for table in TABLES:
        compact_table(lake, table, SETTINGS)
    sleep(lake, monkeypatch)
    assert lake.storage.size(f"metrics/{first.of('metrics')[0].path}") is None
    journal.commit(first)
    assert_exactly_once(open_lake(lake.url))


@pytest.mark.parametrize("knows_when", [True, False])
def test_files_that_nobody_took_are_committed_however_old(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, *, knows_when: bool
) -> None:
    file = batch(lake, 1, 1, 0).files[1]
    sleep(lake, monkeypatch, vacuumed=False)
    commit(lake, "metrics", [file if knows_when else dataclasses.replace(file, written_at=None)])
    assert run_ids(lake, "metrics") == ["r0"]


def test_a_file_of_which_nobody_knows_the_age_is_asked_for(lake: Lake) -> None:
    file = dataclasses.replace(batch(lake, 1, 1, 0).files[1], written_at=None)
    lake.storage.delete([f"metrics/{file.path}"])
    with pytest.raises(FilesTakenError, match="table metrics: 1 of the 1 files"):
        commit(lake, "metrics", [file])
    assert run_ids(lake, "metrics") == []


def test_no_young_file_is_asked_for(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    put_sweep(lake, SWEEP, status="running")
    journal, young = Journal(lake, SWEEP), batch(lake, 1, 1, 0)
    decoded = Batch.of_document(young.name, json.loads(young.encode()))
    asked: list[str] = []
    size = Storage.size

    def sized(storage: Storage, relative: str) -> int | None:
        asked.append(relative)
        return size(storage, relative)

    monkeypatch.setattr(Storage, "size", sized)
    journal.commit(decoded)
    assert [path for path in asked if path.endswith(".parquet")] == []


def test_a_machine_that_falls_asleep_between_two_attempts_asks_again(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(lake, "metrics", [])
    file, put, left = batch(lake, 1, 1, 0).files[1], Storage.put_if_absent, [True]

    def asleep(storage: Storage, relative: str, data: bytes) -> bool:
        if left and "/_delta_log/" in relative:
            left.clear()
            sleep(lake, monkeypatch)
            raise LakeUnwritableError(lake.url, "connection reset")
        return put(storage, relative, data)

    monkeypatch.setattr(Storage, "put_if_absent", asleep)
    with pytest.raises(FilesTakenError):
        commit(lake, "metrics", [file])
    assert run_ids(open_lake(lake.url), "metrics") == []


def test_a_compaction_that_slept_leaves_the_table_as_it_is(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for block in range(4):
        commit(lake, "metrics", [batch(lake, 1, 1, block).files[1]])
    files = lake.snapshot(["metrics"])["metrics"].files
    with monkeypatch.context() as patch:
        asleep_after(patch, compact, "rewritten", lake)
        with pytest.raises(FilesTakenError, match="table metrics: 1 of the 1 files"):
            compact_table(lake, "metrics", SETTINGS)
    again = open_lake(lake.url)
    assert again.snapshot(["metrics"])["metrics"].files == files
    assert run_ids(again, "metrics") == ["r0", "r1", "r2", "r3"]
    assert len(compact_table(again, "metrics", SETTINGS).rewritten) == 4
    assert run_ids(again, "metrics") == ["r0", "r1", "r2", "r3"]


def two_sweeps(lake: Lake) -> Callable[[], Any]:
    """Fill a lake with two sweeps that share files, and return what removes one of them."""
    for sweep in ("a", "b"):
        put_sweep(lake, sweep)
    put_runs(lake, [("a", "1"), ("a", "2"), ("b", "3")])
    choices = [Choice("delete a", "sweep", sweeps=frozenset(["a"]))]

    def removed() -> Any:
        found = plan_removal(datetime.now(UTC), choices, {"a": 2}, lake.snapshot(), counter(lake.storage))
        return remove.remove(lake, found)

    return removed


def test_a_removal_that_slept_takes_nothing_out_and_is_finished_later(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed, before = two_sweeps(lake), held(lake)
    with monkeypatch.context() as patch:
        asleep_after(patch, remove, "copy_rows", lake)
        with pytest.raises(FilesTakenError, match="table details: 1 of the 1 files"):
            removed()
    again = open_lake(lake.url)
    assert held(again) == before
    (record,) = remove.finish_removals(again)
    left = held(again)
    assert {row["sweep_id"] for rows in left.values() for row in rows} == {"b"}
    assert left == {table: [row for row in rows if row["sweep_id"] == "b"] for table, rows in before.items()}
    undo.undo(again, record)
    assert held(again) == before


def test_an_undo_that_slept_brings_nothing_back_that_is_gone(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed = two_sweeps(lake)
    record = removed()
    left = held(lake)
    with monkeypatch.context() as patch:
        asleep_after(patch, undo, "require_whole", lake)
        with pytest.raises(undo.CannotUndoError, match="it is not there"):
            undo.undo(lake, record)
    again = open_lake(lake.url)
    assert held(again) == left
    with pytest.raises(undo.CannotUndoError, match="vacuum took"):
        undo.undo(again, record)
    assert held(again) == left
