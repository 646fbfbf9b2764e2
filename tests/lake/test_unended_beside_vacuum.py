"""Removals and undos that were cut off, and vacuum long after: whatever is needed to end them stays."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from lake.choices import Choice
from lake.commits import commit
from lake.copying import counter
from lake.lake import Lake, open_lake
from lake.log import log_files
from lake.pending import unfinished
from lake.receipts import FileReceipt
from lake.removal import Removal, plan_removal
from lake.remove import finish_removals, remove
from lake.sweep_log import record_state
from lake.undo import undo
from lake.undoable import to_undo
from lake.vacuum import vacuum, vacuum_plan
from lake.writer import write_rows
from tests.lake.seam import deaths
from tests.lake.small import held, put_runs, put_sweep
from tests.lake.test_vacuum import age

A, B = "20260102-a", "20260103-b"
STRIDE = 5


@pytest.fixture(autouse=True)
def _unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes die here, not machines."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def two(lake: Lake) -> Lake:
    put_sweep(lake, A)
    put_sweep(lake, B)
    put_runs(lake, [(A, "r1"), (A, "r2")])
    return lake


def planned(lake: Lake) -> Removal:
    choice = Choice("l", "sweep", frozenset({A}))
    return plan_removal(datetime.now(UTC), [choice], {A: 2}, lake.snapshot(), counter(lake.storage))


def older(lake: Lake, hours: float) -> None:
    """Let time pass, for what removals say of themselves as well."""
    age(lake, hours)
    for path in Path(lake.url, "_maintenance").rglob("plan.json"):
        plan = json.loads(path.read_text())
        plan["at"] = (datetime.fromisoformat(plan["at"]) - timedelta(hours=hours)).isoformat()
        path.write_text(json.dumps(plan))


def vacuumed(lake: Lake) -> None:
    for _ in vacuum(lake, vacuum_plan(lake)):
        pass


def undo_last(folder: Path) -> None:
    lake = open_lake(str(folder))
    undo(lake, to_undo(lake)[0])


def remove_a(folder: Path) -> None:
    lake = open_lake(str(folder))
    remove(lake, planned(lake))


def removed(lake: Lake, choice: Choice) -> None:
    remove(lake, plan_removal(datetime.now(UTC), [choice], {}, lake.snapshot(), counter(lake.storage)))


def write_bars(lake: Lake) -> FileReceipt:
    """Write one bar to a file; each has another name."""
    time = pa.array([datetime(2026, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    rows = pa.table({"time": time, "open": [1.0]})
    return write_rows(lake.storage, "bars", rows, {"symbol": "X", "timeframe": "1d"})


def test_a_removal_whose_undo_was_cut_off_is_not_forgotten(two: Lake, tmp_path: Path) -> None:
    before = held(two)
    remove(two, planned(two))
    gone = held(two)
    older(two, 72)
    ended = set()
    for folder in deaths(two.url, tmp_path / "copies", undo_last, STRIDE):
        lake = open_lake(str(folder))
        was_begun = bool(unfinished(lake))
        vacuumed(lake)
        finish_removals(lake)
        ended.add(was_begun)
        assert held(lake) == (before if was_begun else gone)
    assert ended == {True, False}


@pytest.mark.parametrize("act", [undo_last, remove_a], ids=["undo", "removal"])
def test_the_log_that_ends_it_stays(two: Lake, tmp_path: Path, act: Callable[[Path], None]) -> None:
    before = held(two)
    if act is undo_last:
        remove(two, planned(two))
    seen = 0
    for folder in deaths(two.url, tmp_path / "copies", act, 2 * STRIDE):
        lake = open_lake(str(folder))
        if not unfinished(lake):
            continue
        while len(log_files(lake.storage, "details").checkpoints) < 1:
            for table in before:
                commit(lake, table, [])
        older(lake, 30)
        vacuumed(open_lake(lake.url))
        lake = open_lake(lake.url)
        undo(lake, to_undo(lake)[0])
        assert held(lake) == before
        seen += 1
    assert seen > 1


def test_bars_of_a_removed_sweep_stay_as_long_as_a_run_of_it_does(lake: Lake) -> None:
    old = write_bars(lake)
    commit(lake, "bars", [old])
    put_runs(lake, [(A, "r1"), (A, "r2")])
    read = {"sweep_id": A, "status": "finished", "bars": json.dumps({"X": {"files": [old.path]}})}
    record_state(lake, read)
    removed(lake, Choice("keep", "sweep", frozenset({A}), spared=frozenset({"r1"})))
    commit(lake, "bars", [write_bars(lake)], removes=list(lake.snapshot(["bars"])["bars"].files))
    for _ in range(3):
        older(lake, 72)
        vacuumed(open_lake(lake.url))
    assert Path(lake.url, "bars", old.path).exists(), "replay of the run that stayed reads it"
    removed(lake, Choice("delete", "sweep", runs={A: pa.array(["r1"])}))
    for _ in range(3):
        older(lake, 72)
        vacuumed(open_lake(lake.url))
    assert not Path(lake.url, "bars", old.path).exists()
