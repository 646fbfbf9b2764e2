"""Undo and vacuum at the same time: what is visible can be read, whoever came first."""

import itertools
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from lake.choices import Choice
from lake.copying import counter
from lake.journal import Batch, Journal
from lake.lake import Lake, open_lake
from lake.ownership import claim
from lake.removal import plan_removal
from lake.remove import remove
from lake.sweep_log import newest_states
from lake.undo import undo
from lake.undoable import CannotUndoError, to_undo
from lake.vacuum import VacuumPlan, vacuum, vacuum_plan
from tests.lake.seam import At, strided, watched
from tests.lake.small import held, put_runs, put_sweep

A, B = "20260102-a", "20260103-b"


def age(lake: Lake, hours: float) -> None:
    for path in Path(lake.url).rglob("*"):
        at = path.stat().st_mtime - hours * 3600
        os.utime(path, (at, at))


def deleted(lake: Lake, plan: VacuumPlan) -> None:
    for _ in vacuum(lake, plan):
        pass


@pytest.fixture
def removed(lake: Lake) -> Lake:
    """Sweep A was removed from files of its own and from some that it shares with B."""
    put_sweep(lake, A)
    put_sweep(lake, B)
    put_runs(lake, [(A, "r1"), (A, "r2")])
    put_runs(lake, [(A, "r3"), (B, "r4")], symbol="Y")
    shutil.copytree(lake.url, f"{lake.url}-before")
    choice = Choice("l", "sweep", frozenset({A}))
    remove(lake, plan_removal(datetime.now(UTC), [choice], {A: 3}, lake.snapshot(), counter(lake.storage)))
    return lake


def before(lake: Lake) -> object:
    return held(open_lake(f"{lake.url}-before"))


@pytest.mark.parametrize(("hours", "older_than"), [(20, 12), (48, 24)])
def test_what_undo_brought_back_after_the_plan_of_a_vacuum_stays(
    removed: Lake, hours: float, older_than: float
) -> None:
    age(removed, hours)
    plan = vacuum_plan(open_lake(removed.url), timedelta(hours=older_than), force=True)
    assert {item.kind.value for item in plan.leftovers} == {"data"}
    (record,) = to_undo(removed)
    undo(removed, record)
    deleted(open_lake(removed.url), plan)
    assert held(removed) == before(removed)


@strided(3)
def test_a_vacuum_at_any_call_of_an_undo_leaves_all_of_it_or_nothing(
    removed: Lake, tmp_path: Path, stride: int
) -> None:
    age(removed, 48)
    gone, refused, undone = held(removed), 0, 0
    for place in itertools.count(1, stride):
        lake = open_lake(shutil.copytree(removed.url, tmp_path / str(place)).as_posix())
        plan, (record,) = vacuum_plan(lake), to_undo(lake)
        rival = At(place, lambda lake=lake, plan=plan: deleted(open_lake(lake.url), plan))
        try:
            with watched(rival):
                undo(lake, record)
        except CannotUndoError:
            refused += 1
            assert held(lake) == gone
        else:
            assert held(lake) == before(removed)
            undone += 1
        if not rival.reached:
            break
    assert refused > 0
    assert undone > 1


def test_the_journal_of_a_sweep_that_undo_may_bring_back_stays(lake: Lake) -> None:
    put_sweep(lake, A, status="interrupted")
    put_runs(lake, [(A, "r1")])
    with claim(lake, A):
        Journal(lake, A).put(Batch(1, 1, (), ()))
    choice = Choice("l", "sweep", frozenset({A}))
    remove(lake, plan_removal(datetime.now(UTC), [choice], {A: 1}, lake.snapshot(), counter(lake.storage)))
    age(lake, 48)
    plan = vacuum_plan(lake)
    assert "journal" not in {item.kind.value for item in plan.leftovers}
    (record,) = to_undo(lake)
    undo(lake, record)
    deleted(lake, plan)
    assert len(list(Journal(lake, A).batches())) == 1


def test_an_undo_leaves_a_sweep_removed_that_another_removal_took(lake: Lake) -> None:
    put_sweep(lake, A, status="interrupted")
    put_runs(lake, [(A, "r1"), (A, "r2")])
    whole = Choice("l", "sweep", frozenset({A}), spared=frozenset({"r1"}))
    one = Choice("d", "runs", runs={A: pa.array(["r1"])})
    for choice in (whole, one):
        plan = plan_removal(datetime.now(UTC), [choice], {A: 2}, lake.snapshot(), counter(lake.storage))
        remove(lake, plan)
    (last,) = to_undo(lake)
    undo(lake, last)
    assert next(newest_states(lake, [A]))[-1]["status"] == "removed"
    (first,) = to_undo(lake)
    undo(lake, first)
    assert next(newest_states(lake, [A]))[-1]["status"] == "interrupted"
