"""Forgetting removals: a removal that ended and whose files vacuum took is known no more, whatever dies."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lake.choices import Choice
from lake.copying import counter
from lake.lake import Lake, open_lake
from lake.removal import plan_removal
from lake.removal_log import FOLDER, forget_removals, records
from lake.remove import finish_removals, remove
from lake.undo import undo
from lake.undoable import to_undo
from lake.vacuum import vacuum, vacuum_plan
from tests.lake.seam import KilledError
from tests.lake.small import held, put_runs, put_sweep

A = "20260102-a"
LATER = timedelta(days=3)


@pytest.fixture
def undone(lake: Lake) -> Lake:
    """The details of sweep A were removed, and brought back."""
    put_sweep(lake, A)
    put_runs(lake, [(A, "r1"), (A, "r2")])
    choice = Choice("l", "details", frozenset({A}))
    remove(lake, plan_removal(datetime.now(UTC), [choice], {}, lake.snapshot(), counter(lake.storage)))
    undo(lake, to_undo(lake)[0])
    return lake


def remembered(lake: Lake) -> list[Path]:
    return [path for path in Path(lake.url, FOLDER).rglob("*") if path.is_file()]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_undone_removal_that_is_half_forgotten_does_not_come_back(
    undone: Lake, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    before = held(undone)
    with monkeypatch.context() as patch:
        _dying(patch, place)
        with pytest.raises(KilledError):
            forget_removals(undone, datetime.now(UTC) + LATER)
    lake = open_lake(undone.url)
    assert finish_removals(lake) == []
    assert held(lake) == before
    forget_removals(lake, datetime.now(UTC) + LATER)
    assert remembered(lake) == []


def _dying(patch: pytest.MonkeyPatch, place: int) -> None:
    """Let the process die before it deletes another file than the first few."""
    real, deleted = Path.unlink, list[Path]()

    def unlink(path: Path, *, missing_ok: bool = False) -> None:
        deleted.append(path)
        if len(deleted) > place:
            raise KilledError
        real(path, missing_ok=missing_ok)

    patch.setattr(Path, "unlink", unlink)


@pytest.mark.parametrize(("days", "left"), [(1.5, 1), (3, 0)])
def test_a_vacuum_forgets_removals_whose_files_went(undone: Lake, days: float, left: int) -> None:
    (record,) = records(undone)
    plan = Path(undone.url, FOLDER, record.id, "plan.json")
    at = record.at - timedelta(days=days)
    plan.write_text(plan.read_text().replace(record.at.isoformat(), at.isoformat()))
    for _ in vacuum(undone, vacuum_plan(undone)):
        pass
    assert len(list(records(undone))) == left
    assert bool(remembered(undone)) == bool(left)


def test_a_plan_that_is_about_to_be_put_down_is_not_forgotten_and_one_whose_writer_died_is(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_sweep(lake, A)
    put_runs(lake, [(A, "r1")])
    real, called = os.link, list[int]()

    def link(source: Path, target: Path) -> None:
        if target.name == "plan.json":
            called.append(1)
            forget_removals(open_lake(lake.url), datetime.now(UTC) - LATER)
        real(source, target)

    monkeypatch.setattr(os, "link", link)
    choice = Choice("l", "details", frozenset({A}))
    record = remove(
        lake, plan_removal(datetime.now(UTC), [choice], {}, lake.snapshot(), counter(lake.storage))
    )
    assert called
    assert record is not None
    assert list(records(lake)) == [replace(record, done=True)]
    folder = Path(lake.url, FOLDER, "other")
    folder.mkdir()
    (folder / f"_plan.json.{'0' * 32}").write_text("{")
    forget_removals(lake, datetime.now(UTC) + LATER)
    assert remembered(lake) == []
