"""What a removed sweep needs to be whole again is there as long as it can be brought back."""

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import sweeplake as sl
from lake.lake import open_lake
from lake.policy import Age, Policy
from lake.remove import remove
from sweeplake.retention import plan_retention
from tests.e2e.market import made_bars
from tests.sweeplake.asking import Ask


@pytest.fixture
def folder(swept: Path, tmp_path: Path) -> Path:
    return shutil.copytree(swept, tmp_path / "lake")


def test_vacuum_leaves_the_bars_of_a_sweep_that_was_just_deleted(
    folder: Path, ask: Ask, tmp_path: Path
) -> None:
    with sl.open(folder) as lake:
        (row,) = lake.sql("select run_id, sweep_id from best_runs(n := 1)").fetchall()
    for seed, symbol in enumerate(("AAA", "BBB")):
        made_bars(260, seed).to_csv(tmp_path / f"{symbol}.csv", index=False)
    assert ask("ingest", tmp_path / "AAA.csv", tmp_path / "BBB.csv", "--lake", folder).code == 0
    old = datetime.now(UTC).timestamp() - 10 * 86_400
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (old, old))
    assert ask("replay", row[0], "--lake", folder).code == 0
    assert ask("delete", row[1], "--yes", "--lake", folder).code == 0
    assert ask("vacuum", "--lake", folder).code == 0
    assert ask("undo", "--lake", folder).code == 0
    assert ask("replay", row[0], "--lake", folder).code == 0


def test_failures_that_went_by_their_age_are_missed_by_nobody(folder: Path, ask: Ask) -> None:
    lake, policy = open_lake(str(folder)), Policy(age=Age(failures=timedelta(hours=1)))
    plan = plan_retention(lake, policy, datetime.now(UTC) + timedelta(hours=2))
    (sweep,) = plan.choices[0].sweeps
    remove(lake, plan)
    assert ask("check", "--lake", folder).code == 0
    assert ask("resume", sweep, "--lake", folder).code == 1  # whole, and it had failed runs
    assert "was removed" not in ask("summary", sweep, "--lake", folder).err
