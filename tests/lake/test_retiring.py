"""Removing a sweep beside drivers that go on with it: one of them wins, and the other has done nothing."""

import itertools
import os
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

import lake.remove as removing
from lake.choices import Choice
from lake.commits import SweepTakenOverError
from lake.copying import counter
from lake.given_up import RemovalUndoneError
from lake.journal import Journal, step
from lake.lake import Lake, open_lake
from lake.log import log_files
from lake.ownership import SweepOwnedError, claim
from lake.pending import pending
from lake.policy import Pins
from lake.recovery import recover
from lake.removal import Removal, plan_removal
from lake.removal_log import records
from lake.remove import finish_removals, remove
from lake.retiring import retire
from lake.schemas import COMMIT_ORDER
from lake.sweep_log import FINISHED, INTERRUPTED, REMOVED, RUNNING, newest_states, record_state
from lake.undo import undo
from lake.undoable import to_undo
from tests.lake.drivers import BLOCKS, SWEEP, TABLES, assert_exactly_once, batch, drive, owned, run_ids
from tests.lake.seam import At, Death, KilledError, strided, watched
from tests.lake.small import put_sweep

REFUSED = (SweepOwnedError, SweepTakenOverError, RemovalUndoneError)


@pytest.fixture(autouse=True)
def _unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes die here, not machines."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def interrupted(lake: Lake) -> Lake:
    """Commit the first block of a sweep, of which nobody is at work now."""
    put_sweep(lake, SWEEP, status=INTERRUPTED)
    with claim(lake, SWEEP) as ownership:
        Journal(lake, SWEEP).commit(batch(lake, ownership.epoch, 1, 0))
    return lake


def planned(lake: Lake) -> Removal:
    choice = Choice(f"delete {SWEEP}", "sweep", frozenset({SWEEP}))
    return plan_removal(datetime.now(UTC), [choice], {SWEEP: 1}, lake.snapshot(), counter(lake.storage))


def status(lake: Lake) -> str:
    (states,) = newest_states(lake, [SWEEP])
    return str(states[-1]["status"])


def go_on(url: str) -> bool:
    """Go on with the sweep to its end, as a driver does; False if it was removed."""
    lake, finished = open_lake(url), set[int]()
    with claim(lake, SWEEP) as ownership:
        journal, epoch = Journal(lake, SWEEP, ownership.epoch), ownership.epoch
        recover(journal, lambda block: finished.add(block["lo"]))
        if status(lake) == REMOVED:
            return False
        record_state(lake, {"sweep_id": SWEEP, "status": RUNNING}, journal.fence(step(epoch, 1)))
        for number, block in enumerate(set(range(BLOCKS)) - finished, start=1):
            journal.commit(batch(lake, epoch, number, block))
        record_state(lake, {"sweep_id": SWEEP, "status": FINISHED}, journal.fence(step(epoch, 2)))
    return True


def killed(*_: object) -> None:
    raise KilledError


def entries(lake: Lake) -> int:
    """Return how many commits the logs have of what belongs to sweeps, the first of each table aside."""
    return sum(max(log_files(lake.storage, table).newest, 0) for table in ("sweeps", *COMMIT_ORDER))


def all_or_nothing(lake: Lake) -> str:
    """See that a sweep is there as a whole, or not at all, as its newest state says; return that."""
    lake = open_lake(lake.url)
    if status(lake) == FINISHED:
        assert_exactly_once(lake)
    else:
        assert status(lake) == REMOVED
        assert [run_ids(lake, table) for table in TABLES] == [[], [], []]
    return status(lake)


def test_a_sweep_that_somebody_goes_on_with_is_not_removed(lake: Lake) -> None:
    plan = planned(interrupted(lake))
    with claim(lake, SWEEP), pytest.raises(SweepOwnedError, match=SWEEP):
        remove(open_lake(lake.url), plan)
    assert (status(lake), run_ids(lake, "metrics"), list(records(lake))) == (INTERRUPTED, ["r0"], [])


def test_drivers_from_before_a_removal_commit_nothing_and_record_nothing(lake: Lake) -> None:
    remove(interrupted(lake), planned(lake))
    zombie = Journal(lake, SWEEP)
    with pytest.raises(SweepTakenOverError):
        zombie.commit(batch(lake, 1, 2, 1))
    with pytest.raises(SweepTakenOverError):
        record_state(lake, {"sweep_id": SWEEP, "status": FINISHED}, zombie.fence(step(1, 2)))
    assert all_or_nothing(lake) == REMOVED
    assert not go_on(lake.url)
    assert all_or_nothing(lake) == REMOVED


def test_a_removal_that_died_before_its_decision_takes_nothing_that_somebody_went_on_with(lake: Lake) -> None:
    plan = planned(interrupted(lake))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(removing, "_decide", killed)
        with pytest.raises(KilledError):
            remove(lake, plan)
    assert go_on(lake.url)
    assert [held.record.id for held in pending(open_lake(lake.url), Pins())] == []
    assert finish_removals(open_lake(lake.url)) == []
    assert [record.undone for record in records(lake)] == [True]
    assert all_or_nothing(lake) == FINISHED


def test_a_removal_that_died_before_its_decision_is_finished_if_nobody_went_on(lake: Lake) -> None:
    plan = planned(interrupted(lake))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(removing, "_decide", killed)
        with pytest.raises(KilledError):
            remove(lake, plan)
        with pytest.raises(KilledError):
            finish_removals(open_lake(lake.url))
    retire(open_lake(lake.url), [SWEEP])  # as one who finishes it does, and dies then
    assert [held.record.sweeps for held in pending(open_lake(lake.url), Pins())] == [{SWEEP}]
    assert [record.done for record in finish_removals(open_lake(lake.url))] == [True]
    assert all_or_nothing(lake) == REMOVED


def test_many_sweeps_are_retired_in_as_many_commits_as_one(lake: Lake) -> None:
    commits = []
    for count in (1, 8):
        sweeps = [f"2026010{count}-{number}" for number in range(count)]
        for sweep in sweeps:
            put_sweep(lake, sweep)
            claim(lake, sweep, lives=False)
        before = entries(lake)
        assert retire(lake, sweeps).keys() == set(sweeps)
        commits.append(entries(lake) - before)
    assert commits == [6, 6]


def test_what_was_put_down_and_not_committed_comes_back_too_by_undo(lake: Lake) -> None:
    Journal(interrupted(lake), SWEEP).put(batch(lake, 1, 2, 1))
    remove(lake, planned(lake))
    assert all_or_nothing(lake) == REMOVED
    (record,) = to_undo(lake)
    undo(lake, record)
    assert status(lake) == INTERRUPTED
    assert_exactly_once(lake)
    assert go_on(lake.url)
    assert_exactly_once(lake)


def test_a_sweep_whose_journal_is_torn_can_be_removed(lake: Lake) -> None:
    put_sweep(lake, SWEEP, status=INTERRUPTED)
    drive(lake)
    owned(lake)
    lake.storage.delete(["_sweeps/w/batch-000001-00000001.json", "_sweeps/w/owner-000001.json"])
    for heart in Path(lake.url, "_sweeps", "w").iterdir():
        os.utime(heart, (0, 0))
    remove(lake, planned(lake))
    assert all_or_nothing(lake) == REMOVED


@strided(3)
def test_a_driver_at_any_call_of_a_removal_has_the_sweep_or_is_refused(tmp_path: Path, stride: int) -> None:
    ends = set()
    for place in itertools.count(1, stride):
        lake = interrupted(open_lake(str(tmp_path / str(place))))
        plan, other = planned(lake), At(place, lambda lake=lake: _tried(lake))
        refused = False
        try:
            with watched(other):
                remove(lake, plan)
        except REFUSED:
            refused = True
        finish_removals(lake)
        ends.add((all_or_nothing(lake), refused))
        if not other.reached:
            break
    assert ends == {(FINISHED, True), (REMOVED, False)}


def _tried(lake: Lake) -> None:
    try:
        go_on(lake.url)
    except (SweepOwnedError, SweepTakenOverError):
        return


@strided(3)
def test_a_removal_at_any_call_of_a_driver_is_refused_or_has_the_sweep(tmp_path: Path, stride: int) -> None:
    for place in itertools.count(1, stride):
        lake = interrupted(open_lake(str(tmp_path / str(place))))
        plan, refused = planned(lake), []

        def take(lake: Lake = lake, plan: Removal = plan, refused: list[bool] = refused) -> None:
            try:
                remove(open_lake(lake.url), plan)
            except REFUSED:
                refused.append(True)

        other = At(place, take)
        with ExitStack() as held:
            held.enter_context(watched(other))
            try:
                go_on(lake.url)
            except (SweepOwnedError, SweepTakenOverError):
                assert status(lake) == REMOVED
        if all_or_nothing(lake) == FINISHED and other.calls > place:
            assert refused
        if not other.reached:
            break
    assert place > 20


@strided(3)
def test_a_removal_that_dies_at_any_call_leaves_the_sweep_to_its_driver_or_is_finished(
    tmp_path: Path, stride: int
) -> None:
    ends = set()
    for place in itertools.count(1, stride):
        lake = interrupted(open_lake(str(tmp_path / str(place))))
        death, plan = Death(place), planned(lake)
        try:
            with watched(death):
                remove(lake, plan)
        except KilledError:
            pass
        if place % 2:
            _tried(lake)
        lake = open_lake(lake.url)
        finish_removals(lake)
        assert finish_removals(lake) == []
        _tried(lake)
        ends.add(all_or_nothing(lake))
        if not death.reached:
            break
    assert ends == {FINISHED, REMOVED}
