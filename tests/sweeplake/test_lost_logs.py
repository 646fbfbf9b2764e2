"""A table whose log is gone is damaged, not new: nothing answers as if it had never been."""

import shutil
from pathlib import Path

import pytest

from lake.lake import Lake, open_lake
from lake.log import LogDamagedError
from sweeplake.checking import check
from tests.lake.runs import SWEEP, add_runs, end_sweep, rows_of
from tests.sweeplake.asking import Ask

TABLES = ("sweeps", "metrics", "trades", "details")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = open_lake(str(tmp_path / "lake"))
    add_runs(made, ["r1", "r2"])
    end_sweep(made, 2)
    return made


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("folder", ["", "_delta_log"])
def test_nothing_answers_and_a_repair_changes_nothing(
    lake: Lake, ask: Ask, tmp_path: Path, table: str, folder: str
) -> None:
    shutil.copytree(lake.url, tmp_path / "copy")
    shutil.rmtree(Path(lake.url, table, folder))
    for command in (["best"], ["status"], ["vacuum", "--dry-run"], ["compact"], ["delete", SWEEP, "--yes"]):
        answer = ask(*command, "--lake", lake.url)
        assert answer.code == 2, command
        remedy = f"`sweeplake check --lake {lake.url}`"
        assert f"table {table}: {table}/_delta_log is damaged: it is gone; {remedy}" in answer.err
    with pytest.raises(LogDamagedError):
        open_lake(lake.url).head(table)
    for repair in (False, True):
        report = check(open_lake(lake.url), repair=repair, drop_damaged=repair)
        assert [(found.kind, found.table, found.text) for found in report.findings] == [
            ("log", table, "it is gone")
        ]
        assert list(report.repaired) == []
    shutil.rmtree(Path(lake.url, table), ignore_errors=True)
    shutil.copytree(tmp_path / "copy" / table, Path(lake.url, table))
    assert check(open_lake(lake.url)).clean
    for name in ("metrics", "details"):
        assert rows_of(open_lake(lake.url), name) == ["r1", "r2"]
