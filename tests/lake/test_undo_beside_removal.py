"""Undo and removal at the same time: a run is whole or absent, and what was undone is there as before."""

import itertools
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pytest

from lake.choices import Choice
from lake.copying import counter
from lake.given_up import RemovalUndoneError
from lake.lake import Lake, open_lake
from lake.removal import Removal, plan_removal
from lake.removal_log import records
from lake.remove import finish_removals, remove
from lake.sweep_log import newest_states
from lake.undo import undo
from lake.undoable import NothingToUndoError, to_undo
from tests.lake.seam import At, Death, KilledError, strided, watched
from tests.lake.small import held, put_runs, put_sweep

A, B = "20260102-a", "20260103-b"
CHOICES = {
    "sweep": Choice("l", "sweep", frozenset({A})),
    "details": Choice("l", "details", frozenset({A})),
    "one run": Choice("l", "sweep", runs={A: pa.array(["r1"])}),
}
Kind = Literal["sweep", "details", "one run"]
Filled = Callable[[int], Lake]


@pytest.fixture(autouse=True)
def _unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes die here, not machines."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = open_lake(str(tmp_path_factory.mktemp("beside") / "lake"))
    put_sweep(lake, A)
    put_sweep(lake, B)
    put_runs(lake, [(A, "r1"), (B, "r3")])
    put_runs(lake, [(A, "r2")], symbol="Y")
    return Path(lake.url)


@pytest.fixture
def filled(template: Path, tmp_path: Path) -> Callable[[int], Lake]:
    """Return copies of a lake of two sweeps, each with a number of its own."""
    return lambda number: open_lake(str(shutil.copytree(template, tmp_path / str(number))))


def planned(lake: Lake, kind: str) -> Removal:
    choice = CHOICES[kind]
    runs = dict.fromkeys(choice.sweeps, 2)
    return plan_removal(datetime.now(UTC), [choice], runs, lake.snapshot(), counter(lake.storage))


def undo_last(url: str) -> bool:
    """Undo what there is, as another process does; False if there is nothing."""
    lake = open_lake(url)
    try:
        (record,) = to_undo(lake)
    except NothingToUndoError:
        return False
    undo(lake, record)
    return True


def as_before(lake: Lake, before: object) -> None:
    """See that what was there is there, that nothing tells of a removal, and that none comes any more."""
    lake = open_lake(lake.url)
    finish_removals(lake)
    assert held(lake) == before
    assert [record.undone for record in records(lake)] == [True]
    assert lake.snapshot().read("removals").num_rows == 0
    assert {states[-1]["status"] for states in newest_states(lake, [A, B])} == {"finished"}


@pytest.mark.parametrize("kind", CHOICES)
def test_what_is_undone_at_any_call_of_its_removal_is_there_as_before(filled: Filled, kind: Kind) -> None:
    def attempt(lake: Lake) -> Callable[[], object]:
        plan = planned(lake, kind)
        return lambda: remove(lake, plan)

    assert _undone_within(filled, attempt) > 5


def test_what_is_undone_while_somebody_finishes_its_removal_is_there_as_before(filled: Filled) -> None:
    def attempt(lake: Lake) -> Callable[[], object]:
        with pytest.raises(KilledError), watched(Death(8)):
            remove(lake, planned(lake, "details"))
        return lambda: finish_removals(open_lake(lake.url))

    assert _undone_within(filled, attempt) > 4


def _undone_within(filled: Filled, attempt: Callable[[Lake], Callable[[], object]]) -> int:
    """Undo between any two calls of some work; return how often there was something to undo."""
    undone = 0
    for place in itertools.count(1, 2):
        lake = filled(place)
        before, done = held(lake), list[bool]()
        work = attempt(lake)
        rival = At(place, lambda lake=lake, done=done: done.append(undo_last(lake.url)))
        try:
            with watched(rival):
                work()
        except RemovalUndoneError:
            assert done == [True]
        if any(done):
            as_before(lake, before)
            undone += 1
        if not rival.reached:
            return undone
    raise AssertionError


@strided(3)
@pytest.mark.parametrize("kind", ["sweep", "details"])
def test_an_undo_within_which_the_removal_is_finished_or_that_dies_there_brings_all_back(
    filled: Filled, kind: Kind, stride: int
) -> None:
    for place in itertools.count(1, stride):
        lake = filled(place)
        before, moment = held(lake), 10 + place % 7
        with pytest.raises(KilledError), watched(Death(moment)):
            remove(lake, planned(lake, kind))
        act = Death(place) if place % 2 else At(place, lambda lake=lake: finish_removals(open_lake(lake.url)))
        try:
            with watched(act):
                undo_last(lake.url)
        except KilledError:
            finish_removals(open_lake(lake.url))
            undo_last(lake.url)
        as_before(lake, before)
        if not act.reached:
            break
    assert place > 10


@pytest.mark.parametrize("later", ["sweep", "one run"])
def test_what_a_later_removal_took_stays_out_until_that_is_undone(filled: Filled, later: str) -> None:
    lake = filled(0)
    before = held(lake)
    first, second = (remove(lake, planned(lake, kind)) for kind in ("details", later))
    assert first is not None
    assert second is not None
    left = held(lake)
    gone = {table: {row["run_id"] for row in before[table]} - runs_left(left, table) for table in RUNS}
    assert gone["metrics"]
    undo(lake, first)
    out = gone["metrics"] | gone["failures"]
    assert held(lake) == {
        table: [row for row in rows if row["run_id"] not in out] for table, rows in before.items()
    }
    undo(lake, second)
    assert {table: held(lake)[table] for table in RUNS} == {table: before[table] for table in RUNS}
    assert runs_left(held(lake), "details").isdisjoint(out)


RUNS = ("metrics", "failures")


def runs_left(rows: dict[str, list[dict[str, object]]], table: str) -> set[object]:
    return {row["run_id"] for row in rows[table]}
