"""Undos beside drivers: what one left half done `resume` brings to its end; none begins beside a live one."""

import os
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

import sweeplake
from lake import remove as removing
from lake.choices import Choice
from lake.copying import counter
from lake.given_up import PinnedMeanwhileError
from lake.lake import Lake, open_lake
from lake.ownership import claim
from lake.pins import pin
from lake.removal import plan_removal
from lake.removal_log import note_attempt, records
from lake.remove import finish_removals, remove
from lake.undo import undo
from tests.lake.runs import BARS, SWEEP, TRADES, add_runs, end_sweep, rows_of
from tests.lake.seam import deaths
from tests.lake.small import held
from tests.sweeplake.asking import Ask, refused

OTHER = "20260103T000000000-bbbbbb"
WHOLE = {"metrics": ["a"], "details": ["a"], "trades": ["a"] * TRADES, "equity": ["a"] * BARS}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = open_lake(str(tmp_path / "lake"))
    add_runs(made, ["a"])
    end_sweep(made, 1)
    return made


def delete(lake: Lake, scope: str, sweep: str = SWEEP) -> None:
    choice = Choice(f"delete {sweep}", scope, frozenset({sweep}))
    at, count = datetime.now(UTC), counter(lake.storage)
    remove(lake, plan_removal(at, [choice], {sweep: 1}, lake.snapshot(), count))


def test_resume_brings_an_undo_to_its_end_that_died_at_any_call(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # processes die here, not machines
    delete(lake, "details")
    (record,), finished = records(lake), 0
    for copy in deaths(lake.url, tmp_path, lambda copy: undo(open_lake(str(copy)), record), stride=3):
        cut = open_lake(str(copy))
        before = {table: rows_of(cut, table) for table in WHOLE}
        sweeplake.resume(SWEEP, lake=cut.url)
        cut = open_lake(cut.url)
        (ended,) = records(cut)
        assert {table: rows_of(cut, table) for table in WHOLE} == (WHOLE if ended.undone else before)
        finished += ended.undone and before != WHOLE
    assert finished > 2


def test_no_undo_of_several_begins_beside_a_live_driver_of_the_oldest(lake: Lake, ask: Ask) -> None:
    add_runs(lake, ["b"], sweep=OTHER)
    end_sweep(lake, 1, sweep=OTHER)
    delete(lake, "details")
    delete(lake, "details", OTHER)
    before = held(lake)
    with claim(open_lake(lake.url), SWEEP):
        refused(ask("undo", "--to", "2020-01-01", "--lake", lake.url), f"sweep {SWEEP} is run by")
        assert held(lake) == before
        assert not any(record.undone for record in records(lake))
    assert ask("undo", "--to", "2020-01-01", "--lake", lake.url).code == 0
    assert rows_of(lake, "details") == ["a", "b"]


def test_a_removal_that_is_given_up_beside_a_driver_says_when_its_rows_come_back(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, drivers = held(lake), ExitStack()
    choice = Choice("delete a", "runs", runs={SWEEP: pa.array(["a"])})
    plan = plan_removal(datetime.now(UTC), [choice], {}, lake.snapshot(), counter(lake.storage))

    def pinned(lake: Lake, record: object, table: object, *files: object) -> None:
        note_attempt(lake, record, table, *files)  # type: ignore[arg-type]
        if table.snapshot.name == "metrics":  # type: ignore[attr-defined]
            pin(open_lake(lake.url), "run", "a")
            drivers.enter_context(claim(lake, SWEEP))

    with monkeypatch.context() as patch:
        patch.setattr(removing, "note_attempt", pinned)
        with pytest.raises(PinnedMeanwhileError, match="comes back with the next"):
            remove(lake, plan)
    drivers.close()
    assert [record.undone for record in finish_removals(open_lake(lake.url))] == [True]
    assert held(lake) == before
