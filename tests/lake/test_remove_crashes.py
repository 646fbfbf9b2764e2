"""A removal, or an undo, that dies at any call: readers see no half run, and a repetition finishes it."""

import shutil
from pathlib import Path

import pytest

from lake.choices import Choice
from lake.copying import counter
from lake.lake import Lake, open_lake
from lake.removal import Removal, plan_removal
from lake.removal_log import records
from lake.remove import finish_removals, remove
from lake.undo import undo
from tests.lake.seam import deaths
from tests.lake.small import held, put_runs, put_sweep, runs_of
from tests.lake.test_remove import NOW

A, B = "20260102-a", "20260103-b"
SHARED = [(A, "r1"), (A, "r2"), (B, "r3")]
ALONE = [(A, "r4")]
CHOICE = Choice("l", "sweep", frozenset({A}))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(tmp_path_factory.mktemp("crash")) / "lake"
    lake = open_lake(str(folder))
    put_sweep(lake, A)
    put_sweep(lake, B)
    put_runs(lake, SHARED)
    put_runs(lake, ALONE, tables=("metrics", "trades", "details"), symbol="Y")
    return folder


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


def test_a_removal_that_dies_is_finished_by_the_next(template: Path, tmp_path: Path) -> None:
    whole = open_lake(str(template))
    before, plan, number = held(whole), planned(whole), 0
    cuts = deaths(template, tmp_path, lambda copy: remove(open_lake(str(copy)), plan), stride=2)
    for number, cut in enumerate(cuts, 1):
        lake = open_lake(str(cut))
        no_half_run(lake)
        finish_removals(lake)
        if not list(records(lake)):  # it died before anything was put down
            assert held(lake) == before
            continue
        assert {row["sweep_id"] for rows in held(lake).values() for row in rows} == {B}
        assert lake.snapshot(["removals"])["removals"].files[0].rows == 1
        assert finish_removals(lake) == []
        [record] = records(lake)
        if number % 4 == 0:  # undo is tried from every kind of crash, too
            undo(lake, record)
            assert held(lake) == before
    assert number > 15


def test_an_undo_that_dies_is_finished_by_the_next(template: Path, tmp_path: Path) -> None:
    removed = open_lake(str(shutil.copytree(template, tmp_path / "removed")))
    before, number = held(removed), 0
    remove(removed, planned(removed))
    [record] = records(removed)
    cuts = deaths(tmp_path / "removed", tmp_path, lambda copy: undo(open_lake(str(copy)), record), stride=2)
    for cut in cuts:
        number += 1
        lake = open_lake(str(cut))
        no_half_run(lake)
        undo(lake, record)
        assert held(lake) == before
        assert runs_of(lake, "removals") == set()
    assert number > 8
