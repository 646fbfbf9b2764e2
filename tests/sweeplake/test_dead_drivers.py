"""Sweeps whose driver died and that nobody resumed: they can be removed, and stand in nobody's way."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lake.lake import Lake, open_lake
from lake.ownership import claim
from lake.pins import ProtectedError
from lake.policy import Age, Keep, Policy
from lake.remove import remove
from lake.sweep_log import REMOVED, newest_states
from lake.vacuum import vacuum, vacuum_plan
from sweeplake.retention import DEAD_AFTER, plan_deletion, plan_retention
from tests.lake.runs import SWEEP, add_runs, end_sweep, rows_of

OTHER = "20260103T000000000-bbbbbb"
HOUR = timedelta(hours=1)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """One sweep that says that it runs, and one that has finished."""
    made = open_lake(str(tmp_path / "lake"))
    for number, run in enumerate(("r1", "r2", "r3"), start=1):
        add_runs(made, [run], number=number)
    end_sweep(made, 9, status="running")
    add_runs(made, ["r9"], sweep=OTHER)
    end_sweep(made, 1, sweep=OTHER)
    claim(made, SWEEP)  # by a driver that has not beaten yet
    return made


def silent_for(lake: Lake, age: timedelta) -> None:
    """Let the driver's last sign of life be so old."""
    for path in Path(lake.url, "_sweeps", SWEEP).iterdir():
        at = path.stat().st_mtime - age.total_seconds()
        os.utime(path, (at, at))


def test_delete_takes_what_is_dead_and_not_what_may_live(lake: Lake) -> None:
    with pytest.raises(ProtectedError, match=f"is running; wait for its end, or `sweeplake cancel {SWEEP}`"):
        plan_deletion(lake, SWEEP)
    silent_for(lake, timedelta(minutes=1))
    remove(lake, plan_deletion(lake, SWEEP))
    assert rows_of(lake, "metrics") == ["r9"]
    assert next(newest_states(lake, [SWEEP]))[-1]["status"] == REMOVED


def test_a_policy_waits_longer(lake: Lake) -> None:
    policy, soon = Policy(age=Age(sweeps=2 * HOUR)), datetime.now(UTC)
    silent_for(lake, DEAD_AFTER - timedelta(minutes=5))
    assert SWEEP not in _gone(lake, policy, soon + 5 * HOUR)
    silent_for(lake, timedelta(minutes=10))
    assert SWEEP not in _gone(lake, policy, soon + HOUR)
    assert SWEEP in _gone(lake, policy, soon + 3 * HOUR)
    assert _gone(lake, Policy(keep=Keep(1)), soon) == {SWEEP, OTHER} - {max(SWEEP, OTHER)}


def _gone(lake: Lake, policy: Policy, now: datetime) -> set[str]:
    return {sweep for line in plan_retention(lake, policy, now).lines for sweep in line.gone}


@pytest.mark.parametrize("batch", ["batch-000001-00000002.json", "owner-000001.json"])
def test_a_torn_journal_keeps_neither_vacuum_nor_delete_from_their_work(lake: Lake, batch: str) -> None:
    Path(lake.url, "_sweeps", SWEEP, batch).unlink()
    silent_for(lake, timedelta(days=3))
    for _ in vacuum(lake, vacuum_plan(lake)):
        pass
    assert rows_of(lake, "metrics") == ["r1", "r2", "r3", "r9"]
    remove(lake, plan_deletion(lake, SWEEP))
    assert rows_of(lake, "metrics") == ["r9"]
