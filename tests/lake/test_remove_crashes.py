"""A removal, or an undo, that dies at any call: readers see no half run, and a repetition finishes it."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from lake.choices import Choice
from lake.copying import counter
from lake.lake import Lake, open_lake
from lake.removal import Removal, plan_removal
from lake.removal_log import records
from lake.remove import finish_removals, remove
from lake.storage import Storage
from lake.undo import undo
from tests.lake.small import held, put_runs, put_sweep, runs_of
from tests.lake.test_remove import NOW

A, B = "20260102-a", "20260103-b"
SHARED = [(A, "r1"), (A, "r2"), (B, "r3")]
ALONE = [(A, "r4")]
CHOICE = Choice("l", "sweep", frozenset({A}))
MOST_CALLS = 60


class Killed(BaseException):
    """What kill -9 is to a test."""


class Calls:
    """Counts the calls that change a lake, and dies before one of them, or right after it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left, self.after = MOST_CALLS, False
        for owner, name in (
            (Storage, "put"),
            (Storage, "put_if_absent"),
            (DeltaTable, "create_write_transaction"),
        ):
            monkeypatch.setattr(owner, name, self._counted(getattr(owner, name)))

    def _counted(self, call: Any) -> Any:
        def counted(*arguments: Any, **named: Any) -> Any:
            self.left -= 1
            if self.left == 0 and not self.after:
                raise Killed
            answer = call(*arguments, **named)
            if self.left == 0:
                raise Killed
            return answer

        return counted


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    return Calls(monkeypatch)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(tmp_path_factory.mktemp("crash")) / "lake"
    lake = open_lake(str(folder))
    put_sweep(lake, A)
    put_sweep(lake, B)
    put_runs(lake, SHARED)
    put_runs(lake, ALONE, tables=("metrics", "trades", "details"), symbol="Y")
    return folder


def copied(template: Path, to: Path) -> Lake:
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(template, to)
    return open_lake(str(to))


def planned(lake: Lake) -> Removal:
    return plan_removal(NOW, [CHOICE], {A: 3}, lake.snapshot(), counter(lake.storage))


def no_half_run(lake: Lake) -> None:
    """What details name is whole, and is a run; a sweep's runs are all there, or none."""
    rows = held(lake)
    details = {(row["sweep_id"], row["run_id"]) for row in rows["details"]}
    metrics = {(row["sweep_id"], row["run_id"]) for row in rows["metrics"]}
    assert details <= metrics
    assert {key for key in metrics if key[0] == A} in (set(), {key for key in SHARED + ALONE if key[0] == A})
    for key in details:
        trades = [row for row in rows["trades"] if (row["sweep_id"], row["run_id"]) == key]
        assert len(trades) == 2


def test_a_removal_that_dies_is_finished_by_the_next(template: Path, tmp_path: Path, calls: Calls) -> None:
    died = 0
    for number in range(1, MOST_CALLS):
        lake = copied(template, tmp_path / "lake")
        before, plan = held(lake), planned(lake)
        calls.left, calls.after = number, bool(number % 2)
        try:
            remove(lake, plan)
        except Killed:
            died += 1
        else:
            break
        finally:
            calls.left = 10**9
        no_half_run(lake)
        finish_removals(lake)
        if not list(records(lake)):  # it died before anything was put down
            assert held(lake) == before
            continue
        assert {row["sweep_id"] for rows in held(lake).values() for row in rows} == {B}
        assert lake.snapshot(["removals"])["removals"].files[0].rows == 1
        assert finish_removals(lake) == []
        [record] = records(lake)
        if number % 7 in (0, 4):  # undo is tried from every kind of crash, too
            undo(lake, record)
            assert held(lake) == before
    assert died > 15


def test_an_undo_that_dies_is_finished_by_the_next(template: Path, tmp_path: Path, calls: Calls) -> None:
    whole = copied(template, tmp_path / "removed")
    before = held(whole)
    remove(whole, planned(whole))
    died = 0
    for number in range(1, MOST_CALLS):
        lake = copied(tmp_path / "removed", tmp_path / "lake")
        [record] = records(lake)
        calls.left, calls.after = number, bool(number % 2)
        try:
            undo(lake, record)
        except Killed:
            died += 1
        else:
            break
        finally:
            calls.left = 10**9
        no_half_run(lake)
        undo(lake, record)
        assert held(lake) == before
        assert runs_of(lake, "removals") == set()
    assert died > 8
