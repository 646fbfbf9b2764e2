"""Undo of a removal that several were at: each of its commits comes back once, however often it was noted."""

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lake import remove as removing
from lake.choices import Choice
from lake.copying import counter
from lake.lake import Lake, open_lake
from lake.log import entry_path, log_files
from lake.removal import plan_removal
from lake.removal_log import attempts, note_attempt
from lake.remove import finish_removals, remove
from lake.undo import undo
from lake.undoable import to_undo
from tests.lake.seam import KilledError
from tests.lake.small import held, put_runs, put_sweep

A, B = "20260102-a", "20260103-b"
BACK = {"trades": 4, "equity": 6, "failures": 2, "metrics": 2, "details": 2}


@pytest.fixture
def two(lake: Lake) -> Lake:
    put_sweep(lake, A)
    put_sweep(lake, B)
    put_runs(lake, [(A, "r1"), (A, "r2")])
    put_runs(lake, [(B, "r3")], symbol="Y")
    return lake


def remove_while(lake: Lake, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Remove sweep A; something happens once the commit of metrics was put down, before it is tried."""
    done: list[object] = []

    def note(lake: Lake, record: object, table: object, *files: object) -> None:
        note_attempt(lake, record, table, *files)  # type: ignore[arg-type]
        if table.snapshot.name == "metrics" and not done:  # type: ignore[attr-defined]
            done.append(table)
            act()

    choice = Choice("l", "sweep", frozenset({A}))
    plan = plan_removal(datetime.now(UTC), [choice], {A: 2}, lake.snapshot(), counter(lake.storage))
    with monkeypatch.context() as patch:
        patch.setattr(removing, "note_attempt", note)
        remove(lake, plan)


def killed_and_finished(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def die() -> None:
        raise KilledError

    with pytest.raises(KilledError):
        remove_while(lake, monkeypatch, die)
    assert [record.done for record in finish_removals(open_lake(lake.url))] == [True]


def finished_by_another(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    remove_while(lake, monkeypatch, lambda: finish_removals(open_lake(lake.url)))


def appended_and_finished(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, but the two are planned on versions between which something was appended."""

    def act() -> None:
        put_runs(open_lake(lake.url), [(B, "r4")], symbol="Y")
        finish_removals(open_lake(lake.url))

    remove_while(lake, monkeypatch, act)


@pytest.mark.parametrize("hours", [0.0, 23.5])
@pytest.mark.parametrize("several", [killed_and_finished, finished_by_another, appended_and_finished])
def test_what_several_removed_comes_back_once(
    two: Lake,
    monkeypatch: pytest.MonkeyPatch,
    several: Callable[[Lake, pytest.MonkeyPatch], None],
    hours: float,
) -> None:
    before = held(two)
    several(two, monkeypatch)
    lake = open_lake(two.url)
    (record,) = to_undo(lake)
    assert len([held for held in attempts(lake, record) if held.table == "metrics"]) == 2
    at = time.time() - hours * 3600
    os.utime(Path(lake.url, "_maintenance", record.id, "plan.json"), (at, at))
    assert undo(lake, record).rows == BACK
    rows = held(open_lake(lake.url))
    if several is appended_and_finished:
        rows = {
            table: [row for row in kept if "r4" not in str(row["run_id"])] for table, kept in rows.items()
        }
    assert rows == before
    assert [len(added(lake, table)) for table in BACK] == [1] * len(BACK)


def added(lake: Lake, table: str) -> list[str]:
    """Return the files that the newest entry of a table's log names that names any, each as often."""
    for version in reversed(log_files(lake.storage, table).entries):
        lines = lake.storage.read(entry_path(table, version)).decode().splitlines()
        if files := [action["add"]["path"] for line in lines if "add" in (action := json.loads(line))]:
            return files
    return []
