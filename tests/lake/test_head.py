"""Heads: a commit is one request, rivals read what came between, and who slept is not deceived."""

import json
import shutil
import time
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from lake import head as heads
from lake.commits import CommitConflictError, CommitUnknownError, Fence, commit, fence_version
from lake.evolution import CHECKPOINT_EVERY
from lake.head import AppendOnlyError, TableGoneError, TableUpgradedError
from lake.history import history
from lake.lake import Lake, open_lake
from lake.log_repair import set_aside_cut_entry
from lake.maintenance import fenced
from lake.receipts import FileReceipt
from lake.storage import Storage
from lake.writer import write_rows
from tests.lake.drivers import PARTITION, batch, run_ids
from tests.s3 import Bucket


def file(lake: Lake, block: int) -> FileReceipt:
    return batch(lake, 1, 1, block).files[1]


def log(lake: Lake) -> list[Path]:
    return sorted(Path(lake.url, "metrics", "_delta_log").glob("*"))


def cleaned(lake: Lake) -> None:
    """Clean the log up to its newest checkpoint, as vacuum does in time."""
    checkpoint = next(path for path in reversed(log(lake)) if "checkpoint.parquet" in path.name)
    for path in log(lake):
        if path.suffix == ".json" and path.name < checkpoint.name.replace("checkpoint.parquet", "json"):
            path.unlink()


def went_on(lake: Lake) -> None:
    """Let another writer commit until there is a checkpoint, and clean the log."""
    rival = open_lake(lake.url)
    for _ in range(CHECKPOINT_EVERY):
        commit(rival, "metrics", [])
    cleaned(lake)


def test_a_commit_is_one_request(bucket: Bucket) -> None:
    lake = open_lake(bucket.url)
    for block in range(3):
        receipt = file(lake, block)
        bucket.proxy.forget()
        commit(lake, "metrics", [receipt], fence=Fence("w", block + 1))
    assert dict(bucket.proxy.counts()) == {"PUT": 1}
    assert run_ids(open_lake(bucket.url), "metrics") == ["r0", "r1", "r2"]


def test_a_writer_reads_what_rivals_did_and_goes_on(lake: Lake) -> None:
    rival = open_lake(lake.url)
    for block in range(0, 20, 2):
        commit(lake, "metrics", [file(lake, block)], fence=Fence("w", block + 1))
        commit(rival, "metrics", [file(lake, block + 1)], fence=Fence("w", block + 2))
        assert fence_version(lake, "metrics", "w") == block + 2
    assert commit(lake, "metrics", [file(lake, 0)], fence=Fence("w", 20)) == 20
    assert run_ids(lake, "metrics") == sorted(f"r{block}" for block in range(20))


def test_a_writer_that_slept_while_the_log_was_cleaned_starts_anew(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(lake, "metrics", [file(lake, 0)])
    went_on(lake)
    monkeypatch.setattr(heads, "FRESH_SECONDS", 0.0)
    commit(lake, "metrics", [file(lake, 1)])
    assert run_ids(open_lake(lake.url), "metrics") == ["r0", "r1"]


def test_a_writer_that_falls_asleep_over_its_commit_does_not_know_what_became_of_it(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(lake, "metrics", [file(lake, 0)])
    put, late = Storage.put_if_absent, file(lake, 1)

    def slowly(storage: Storage, relative: str, data: bytes) -> bool:
        monkeypatch.setattr(Storage, "put_if_absent", put)
        went_on(lake)
        monkeypatch.setattr(heads, "SETTLED_SECONDS", 0.0)
        return put(storage, relative, data)

    monkeypatch.setattr(Storage, "put_if_absent", slowly)
    with pytest.raises(CommitUnknownError, match="stood still"):
        commit(lake, "metrics", [late], fence=Fence("w", 1))
    again = open_lake(lake.url)
    assert run_ids(again, "metrics") == ["r0"]
    commit(again, "metrics", [late], fence=Fence("w", 1))
    assert run_ids(again, "metrics") == ["r0", "r1"]


def test_a_writer_that_slept_over_its_commit_is_sure_of_it_where_nothing_was_cleaned(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "SETTLED_SECONDS", 0.0)
    for block in range(2):
        commit(lake, "metrics", [file(lake, block)])
    assert run_ids(lake, "metrics") == ["r0", "r1"]


def test_the_log_is_summed_up_now_and_then(lake: Lake) -> None:
    for _ in range(CHECKPOINT_EVERY):
        commit(lake, "metrics", [])
    assert [path.name for path in log(lake) if "checkpoint.parquet" in path.name] == [
        f"{CHECKPOINT_EVERY:020d}.checkpoint.parquet"
    ]


def test_a_commit_does_not_fail_with_its_checkpoint(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: DeltaTable) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(DeltaTable, "create_checkpoint", full)
    for _ in range(CHECKPOINT_EVERY):
        commit(lake, "metrics", [])
    assert lake.snapshot(["metrics"])["metrics"].version == CHECKPOINT_EVERY


def test_files_that_another_tool_removed_are_not_brought_back(lake: Lake) -> None:
    for block in range(2):
        commit(lake, "metrics", [file(lake, block)])
    planned = fenced(lake, "metrics")
    DeltaTable(f"{lake.url}/metrics").delete("run_id = 'r0'")
    with pytest.raises(CommitConflictError, match="another tool"):
        planned.commit([file(lake, 2)], planned.snapshot.files)
    assert run_ids(lake, "metrics") == ["r1"]


def test_a_file_that_another_tool_took_out_is_not_added_again(lake: Lake) -> None:
    held = file(lake, 0)
    commit(lake, "metrics", [held])
    planned = fenced(lake, "metrics")
    DeltaTable(f"{lake.url}/metrics").delete("run_id = 'r0'")
    with pytest.raises(CommitConflictError, match="another tool"):
        planned.commit([held], [])
    assert run_ids(lake, "metrics") == []


@pytest.mark.parametrize("rival", ["maintenance", "bars"])
def test_a_commit_of_two_steps_is_stopped_by_a_rival_in_either(lake: Lake, rival: str) -> None:
    commit(lake, "metrics", [file(lake, 0)])
    planned = fenced(lake, "metrics")
    commit(lake, "metrics", [file(lake, 1)], fence=Fence(rival, 1, exclusive=True))
    with pytest.raises(CommitConflictError, match=rival):
        planned.commit([file(lake, 2)], [], also=[Fence("bars", planned.next_step("bars"), exclusive=True)])
    again = fenced(lake, "metrics")
    again.commit([file(lake, 2)], [], also=[Fence("bars", again.next_step("bars"), exclusive=True)])
    assert run_ids(lake, "metrics") == ["r0", "r1", "r2"]
    steps = [fence_version(open_lake(lake.url), "metrics", name) for name in ("maintenance", "bars")]
    assert sorted(held or 0 for held in steps) == [1, 2]


def test_a_table_that_another_tool_upgraded_is_not_written(lake: Lake) -> None:
    commit(lake, "metrics", [file(lake, 0)])
    DeltaTable(f"{lake.url}/metrics").alter.set_table_properties({"delta.enableChangeDataFeed": "true"})
    with pytest.raises(TableUpgradedError, match="writer version 4"):
        commit(lake, "metrics", [file(lake, 1)])
    assert run_ids(lake, "metrics") == ["r0"]


def test_what_another_tool_restored_is_not_overlooked(lake: Lake) -> None:
    for block in range(3):
        commit(lake, "metrics", [file(lake, block)])
    planned = fenced(lake, "metrics")
    DeltaTable(f"{lake.url}/metrics").restore(1)
    with pytest.raises(CommitConflictError, match="another tool"):
        planned.commit([file(lake, 4)], planned.snapshot.files)
    assert run_ids(lake, "metrics") == ["r0"]


def test_columns_that_came_meanwhile_do_not_hide_what_another_tool_removed(lake: Lake) -> None:
    for block in range(2):
        commit(lake, "metrics", [file(lake, block)])
    planned = fenced(lake, "metrics")
    rows = pa.table({"sweep_id": ["w"], "run_id": ["r2"], "param_fast": [5.0]})
    commit(lake, "metrics", [write_rows(lake.storage, "metrics", rows, PARTITION)])
    DeltaTable(f"{lake.url}/metrics").optimize.compact()
    with pytest.raises(CommitConflictError, match="another tool"):
        planned.commit([file(lake, 4)], planned.snapshot.files)
    assert run_ids(lake, "metrics") == ["r0", "r1", "r2"]


def test_a_table_that_another_tool_closed_to_removals_only_grows(lake: Lake) -> None:
    commit(lake, "metrics", [file(lake, 0)])
    DeltaTable(f"{lake.url}/metrics").alter.set_table_properties({"delta.appendOnly": "true"})
    held = fenced(lake, "metrics")
    with pytest.raises(AppendOnlyError, match=r"delta\.appendOnly"):
        held.commit([file(lake, 1)], held.snapshot.files)
    commit(lake, "metrics", [file(lake, 1)])
    assert run_ids(lake, "metrics") == ["r0", "r1"]


def test_what_other_tools_may_write_into_a_log_is_no_damage(lake: Lake) -> None:
    commit(lake, "metrics", [file(lake, 0)])
    folder = Path(lake.url, "metrics", "_delta_log")
    (folder / f"{2:020d}.json").write_text(json.dumps({"commitInfo": {"operation": "VACUUM START"}}))
    (folder / f"{3:020d}.json").write_text(json.dumps({"txn": {"appId": "spark", "version": 7}}))
    assert commit(lake, "metrics", [file(lake, 1)]) == 4
    assert set_aside_cut_entry(lake.storage, "metrics") == ""
    assert [entry.version for entry in history(lake.storage, "metrics")] == [4, 3, 2, 1, 0]
    assert run_ids(open_lake(lake.url), "metrics") == ["r0", "r1"]


@pytest.mark.parametrize("anew", [False, True])
def test_a_lake_that_was_deleted_under_a_writer_is_not_written_any_more(lake: Lake, *, anew: bool) -> None:
    for block in range(3):
        commit(lake, "metrics", [file(lake, block)])
    receipt = file(lake, 3)
    shutil.rmtree(lake.url)
    if anew:
        for _ in range(3):
            commit(open_lake(lake.url), "metrics", [])
    with pytest.raises(TableGoneError, match="open the lake again"):
        commit(lake, "metrics", [receipt])
    assert anew == Path(lake.url, "metrics").exists()


def test_a_writer_beside_others_outlives_the_cleaning_of_what_it_has_read(lake: Lake) -> None:
    commit(lake, "metrics", [])
    rival = open_lake(lake.url)
    for step in range(1, CHECKPOINT_EVERY + 5):
        commit(rival, "metrics", [], fence=Fence("rival", step))
        if step % 10 == 0:
            assert fence_version(lake, "metrics", "rival") == step
    cleaned(lake)
    commit(lake, "metrics", [file(lake, 0)], fence=Fence("new", 1))
    assert run_ids(lake, "metrics") == ["r0"]


def test_times_of_a_log_ascend_though_clocks_do_not(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    for ahead in (0.0, 60.0, 0.0, 30.0):
        monkeypatch.setattr(time, "time", lambda ahead=ahead: now + ahead)
        commit(open_lake(lake.url), "metrics", [])
    times = [entry.at for entry in history(lake.storage, "metrics")][:4]
    assert times == sorted(set(times), reverse=True)
