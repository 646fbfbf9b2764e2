"""Sweeps without rows, as they failed or were cancelled before the first: they are removed as any other."""

from datetime import timedelta
from pathlib import Path

import pytest

from lake.lake import Lake, open_lake
from lake.policy import Age, Keep, Policy
from lake.removal_log import records
from lake.sweep_log import newest_states
from sweeplake.maintain import retain
from tests.lake.small import held, put_runs, put_sweep
from tests.sweeplake.asking import Ask, refused

A, B, C = "20260102-a", "20260103-b", "20260104-c"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A has runs; B failed and C was cancelled before their first."""
    made = open_lake(str(tmp_path / "lake"))
    put_sweep(made, A)
    put_runs(made, [(A, "r1")])
    put_sweep(made, B, status="failed", days=1)
    put_sweep(made, C, status="cancelled", days=2)
    return made


def statuses(lake: Lake) -> list[str]:
    return [states[-1]["status"] for states in newest_states(open_lake(lake.url), [A, B, C])]


@pytest.mark.parametrize(("sweep", "was"), [(B, "failed"), (C, "cancelled")])
def test_a_sweep_without_rows_is_deleted_and_comes_back(lake: Lake, ask: Ask, sweep: str, was: str) -> None:
    answer = ask("delete", sweep, "--yes", "--lake", lake.url)
    assert answer.code == 0
    assert "deleted; to bring it back" in answer.err
    assert sorted(statuses(lake)) == sorted({"finished", "failed", "cancelled", "removed"} - {was})
    refused(ask("delete", sweep, "--yes", "--lake", lake.url), "was removed at 20", f"by delete {sweep}")
    assert "no rows were gone" in ask("undo", "--lake", lake.url).out
    assert sorted(statuses(lake)) == ["cancelled", "failed", "finished"]


def test_sweeps_without_rows_go_by_their_age_once(lake: Lake) -> None:
    policy = Policy(age=Age(sweeps=timedelta(hours=1)))
    (line,) = retain(lake, policy)["lines"]
    assert (line["gone"], line["runs"]) == ([A, B, C], 1)
    assert statuses(lake) == ["removed"] * 3
    report = retain(open_lake(lake.url), policy)
    assert (report["lines"], report["removal"], len(list(records(lake)))) == ([], None, 1)


def test_sweeps_without_rows_alone_go_by_their_age_once(lake: Lake) -> None:
    policy = Policy(keep=Keep(1), age=Age(sweeps=timedelta(hours=1)))
    retain(lake, Policy(age=Age(metrics=timedelta(hours=1), failures=timedelta(hours=1))))
    assert statuses(lake) == ["removed", "failed", "cancelled"]
    assert retain(open_lake(lake.url), policy)["lines"][0]["gone"] == [B, C]
    assert statuses(lake) == ["removed"] * 3
    assert retain(open_lake(lake.url), policy)["removal"] is None


def test_a_sweep_without_rows_takes_no_place_of_those_that_stay(lake: Lake) -> None:
    before = held(lake)
    assert retain(lake, Policy(keep=Keep(1)))["removal"] is None
    assert held(lake) == before
