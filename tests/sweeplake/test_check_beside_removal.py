"""`check --repair` beside removals and undos: it takes nothing that an undo brings back."""

import itertools
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lake.choices import Choice
from lake.copying import counter
from lake.lake import Lake, open_lake
from lake.removal import Removal, plan_removal
from lake.removal_log import records
from lake.remove import remove
from lake.undo import undo
from lake.undoable import to_undo
from sweeplake.checking import check
from tests.lake.seam import At, Death, KilledError, watched
from tests.lake.small import held, put_runs, put_sweep

A, B = "20260102-a", "20260103-b"
Filled = Callable[[int], Lake]


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Filled:
    """Return copies of a lake of two sweeps, each with a number of its own."""
    monkeypatch.setattr(os, "fsync", lambda _: None)  # processes die here, not machines
    lake = open_lake(str(tmp_path / "lake"))
    put_sweep(lake, A)
    put_sweep(lake, B)
    put_runs(lake, [(A, "r1"), (A, "r2")])
    put_runs(lake, [(B, "r3")], symbol="Y")
    return lambda number: open_lake(str(shutil.copytree(lake.url, tmp_path / str(number))))


def planned(lake: Lake) -> Removal:
    choice = Choice("l", "details", frozenset({A}))
    return plan_removal(datetime.now(UTC), [choice], {}, lake.snapshot(), counter(lake.storage))


def repaired(lake: Lake) -> str:
    return " ".join(check(open_lake(lake.url), repair=True).repaired)


def test_a_repair_after_a_removal_that_died_takes_nothing_that_undo_brings_back(filled: Filled) -> None:
    spared = 0
    for place in itertools.count(1, 11):
        lake, death = filled(place), Death(place)
        before = held(lake)
        try:
            with watched(death):
                remove(lake, planned(lake))
        except KilledError:
            pass
        if not death.reached:
            break
        spared += "`sweeplake undo` may need them" in repaired(lake)
        lake = open_lake(lake.url)
        for record in records(lake):
            undo(lake, record)
        assert held(lake) == before
    assert spared


def test_a_repair_at_any_call_of_an_undo_takes_nothing_of_what_comes_back(filled: Filled) -> None:
    for place in itertools.count(1, 17):
        lake = filled(place)
        before = held(lake)
        remove(lake, planned(lake))
        rival = At(place, lambda lake=lake: repaired(lake))
        with watched(rival):
            undo(lake, to_undo(lake)[0])
        assert held(open_lake(lake.url)) == before
        if not rival.reached:
            break
    assert place > 10
