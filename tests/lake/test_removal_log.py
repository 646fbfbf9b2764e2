"""The removal log and the states of sweeps: what came to be, and which state is the newest."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lake.choices import Choice
from lake.commits import commit
from lake.copying import counter
from lake.lake import Lake
from lake.log import entry_path
from lake.removal import plan_removal
from lake.removal_log import LogForgottenError, RemovalRecord, attempts
from lake.remove import remove
from lake.snapshot import DataFile
from lake.sweep_log import INTERRUPTED, REMOVED, newest_states, record_state
from lake.undo import undo
from lake.undoable import CannotUndoError
from tests.lake.small import put_runs, put_sweep

A, B = "20260102-a", "20260103-b"


@pytest.fixture
def two(lake: Lake) -> Lake:
    put_sweep(lake, A)
    put_sweep(lake, B)
    put_runs(lake, [(A, "r1"), (B, "r2")])
    return lake


def removed(lake: Lake) -> RemovalRecord:
    choice = Choice("l", "sweep", frozenset({A}))
    plan = plan_removal(datetime.now(UTC), [choice], {A: 1}, lake.snapshot(), counter(lake.storage))
    record = remove(lake, plan)
    assert record is not None
    return record


def status(lake: Lake) -> str:
    (states,) = newest_states(lake, [A])
    return str(states[-1]["status"])


def test_an_attempt_happened_if_an_entry_swapped_its_files(two: Lake) -> None:
    put_runs(two, [(B, "r3")])
    (attempt,) = (held for held in attempts(two, removed(two)) if held.table == "metrics")
    for _ in range(3):
        commit(two, "metrics", [])
    assert attempt.version(two) == attempt.base + 1
    assert replace(attempt, added=()).version(two) is None
    assert replace(attempt, step=attempt.step + 1).version(two) is None


def test_what_a_log_no_longer_tells_cannot_be_undone(two: Lake) -> None:
    record = removed(two)
    (attempt,) = (held for held in attempts(two, record) if held.table == "metrics")
    commit(two, "metrics", [])
    Path(two.url, entry_path("metrics", attempt.base + 1)).unlink()
    with pytest.raises(LogForgottenError, match="metrics no longer goes back"):
        attempt.version(two)
    with pytest.raises(CannotUndoError, match="run the sweeps again"):
        undo(two, record)


def test_a_later_state_is_the_newest_whatever_the_clocks_say(two: Lake) -> None:
    ahead = datetime.now(UTC) + timedelta(minutes=3)
    record_state(two, {"sweep_id": A, "status": INTERRUPTED, "strategy": "s", "at": ahead})
    record = removed(two)
    assert status(two) == REMOVED
    undo(two, record)
    assert status(two) == INTERRUPTED
    record_state(two, {"sweep_id": A, "status": "running"})
    assert status(two) == "running"
    (other,) = newest_states(two, [B])
    assert other[-1]["at"] < ahead


class Listed(frozenset[str]):
    """Sweeps that count how often all of them were gone through."""

    times = 0

    def __iter__(self) -> Iterator[str]:
        self.times += 1
        return super().__iter__()


def test_the_sweeps_of_a_choice_are_not_gone_through_for_every_file() -> None:
    sweeps = Listed(f"{number:04d}" for number in range(0, 100, 2))
    choice = Choice("l", "sweep", sweeps)

    def rows(low: str, high: str) -> int | None:
        ends = [{"sweep_id": end, "run_id": "r"} for end in (low, high)]
        return choice.rows_by_bounds(DataFile("p", 10, 7, {}, "", *ends))

    assert [rows(f"{number:04d}", f"{number:04d}") for number in range(4)] == [7, 0, 7, 0]
    assert (rows("0001", "0003"), rows("0003", "0003"), rows("0098", "0200"), rows("0099", "0200")) == (
        None,
        0,
        None,
        0,
    )
    assert sweeps.times <= 1
