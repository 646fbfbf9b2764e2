"""A newest log entry that is cut off: the repair brings its commit back, or leaves all and tells `resume`."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

import sweeplake as sl
from lake.log_repair import set_aside_cut_entry
from lake.ownership import claim
from lake.schemas import COMMIT_ORDER
from lake.unsettled import behind
from lake.vacuum import vacuum, vacuum_plan
from tests.sweeplake.asking import Ask, refused, tree

TABLES = tuple(table for table in COMMIT_ORDER if table != "failures")


@pytest.fixture
def own(swept: Path, tmp_path: Path) -> Path:
    """A copy of the lake after two sweeps, to damage."""
    shutil.copytree(swept, tmp_path / "own")
    return tmp_path / "own"


def newest(own: Path, table: str) -> Path:
    return max(Path(own, table, "_delta_log").glob("*.json"))


def cut(own: Path, table: str) -> str:
    """Cut five bytes off a table's newest entry; return the sweep whose commit it was."""
    entry = newest(own, table)
    with sl.open(own) as lake:
        (sweep,) = [name for name in lake.sweeps()["sweep_id"] if name in entry.read_text()]
    entry.write_bytes(entry.read_bytes()[:-5])
    return str(sweep)


def counts(own: Path) -> dict[str, int]:
    snapshot = sl.open(own).tables.snapshot()
    return {table: snapshot.read(table).num_rows for table in (*TABLES, "failures")}


@pytest.mark.parametrize("table", [*TABLES, "failures"])
def test_the_pass_that_sets_a_commit_aside_commits_it_again(own: Path, ask: Ask, table: str) -> None:
    whole = counts(own)
    sweep = cut(own, table)
    assert ask("check", "--lake", own).code == 1
    repaired = ask("check", "--lake", own, "--repair", "--drop-damaged")
    assert repaired.code == 0, repaired.err
    assert f"sweep {sweep}: committed again what its journal has" in repaired.err
    assert "dropped" not in repaired.err
    assert counts(own) == whole
    assert "is whole: nothing to do" in ask("resume", sweep, "--lake", own).err


@pytest.mark.parametrize("table", TABLES)
def test_resume_brings_the_commit_of_a_finished_sweep_back(own: Path, ask: Ask, table: str) -> None:
    whole = counts(own)
    sweep = cut(own, table)
    set_aside_cut_entry(sl.open(own).tables.storage, table)
    told = ask("check", "--lake", own, "--json").json["findings"]
    assert [(finding["kind"], finding["sweeps"]) for finding in told] == [("uncommitted", [sweep])]
    assert f"sweeplake resume {sweep}" in told[0]["remedy"]
    before = counts(own)
    ask("check", "--lake", own, "--repair")  # what the journal names is nobody's leftover
    assert counts(own) == before
    resumed = ask("resume", sweep, "--lake", own)
    assert "committed again what its journal has" in resumed.err
    assert counts(own) == whole
    assert ask("check", "--lake", own, "--deep").code == 0
    again = ask("resume", sweep, "--lake", own)
    assert f"sweep {sweep} is whole: nothing to do" in again.err


def test_while_a_driver_lives_nothing_but_the_log_is_repaired(own: Path, ask: Ask) -> None:
    whole = counts(own)
    sweep = cut(own, "details")
    with claim(sl.open(own).tables, sweep):
        repaired = ask("check", "--lake", own, "--repair", "--drop-damaged")
        assert repaired.code == 1
        assert f"sweeplake resume {sweep} --take-over" in repaired.err
        assert "dropped" not in repaired.err
        left = counts(own)
        assert {name: left[name] for name in ("trades", "equity")} == {
            name: whole[name] for name in ("trades", "equity")
        }
        refused(ask("resume", sweep, "--lake", own), "is run by")
    assert ask("resume", sweep, "--lake", own).code == 0
    assert counts(own) == whole


def test_a_sweep_whose_last_driver_died_before_it_told_its_end_is_gone_on_with(own: Path, ask: Ask) -> None:
    sweep = cut(own, "metrics")
    tables = sl.open(own).tables
    set_aside_cut_entry(tables.storage, "metrics")
    with claim(tables, sweep):
        pass
    assert "committed again" in ask("resume", sweep, "--lake", own).err
    assert behind(sl.open(own).tables, sweep) == ()


def test_files_that_went_meanwhile_are_computed_again(own: Path, ask: Ask) -> None:
    whole = counts(own)
    before = {file.path for file in sl.open(own).tables.snapshot()["metrics"].files}
    sweep = cut(own, "metrics")
    set_aside_cut_entry(sl.open(own).tables.storage, "metrics")
    after = {file.path for file in sl.open(own).tables.snapshot()["metrics"].files}
    for path in before - after:
        Path(own, "metrics", path).unlink()
    resumed = ask("resume", sweep, "--lake", own, "--workers", "1")
    assert resumed.code in {0, 1}, resumed.err
    assert counts(own) == whole
    assert ask("check", "--lake", own).code == 0


def test_vacuum_leaves_what_a_journal_brings_back(own: Path, ask: Ask) -> None:
    whole = counts(own)
    sweep = cut(own, "details")
    tables = sl.open(own).tables
    set_aside_cut_entry(tables.storage, "details")
    list(vacuum(tables, vacuum_plan(tables, timedelta(0), force=True)))
    assert ask("resume", sweep, "--lake", own).code in {0, 1}
    assert counts(own) == whole


def test_without_its_journal_a_sweep_that_lacks_runs_is_told_with_the_remedy(own: Path, ask: Ask) -> None:
    sweep = cut(own, "metrics")
    set_aside_cut_entry(sl.open(own).tables.storage, "metrics")
    shutil.rmtree(own / "_sweeps" / sweep)
    before = tree(own)
    refused(
        ask("resume", sweep, "--lake", own),
        "vacuum took its journal",
        f"`sweeplake delete {sweep} --lake {own}` and run",
    )
    assert tree(own) == before
    (finding,) = [
        f for f in ask("check", "--lake", own, "--json").json["findings"] if f["kind"] == "run_count"
    ]
    assert f"`sweeplake delete {sweep}` and run it again" in finding["remedy"]


def test_without_its_journal_nothing_is_dropped_in_the_pass_that_repairs_the_log(own: Path, ask: Ask) -> None:
    rows = counts(own)["trades"]
    sweep = cut(own, "details")
    shutil.rmtree(own / "_sweeps" / sweep)
    ask("check", "--lake", own, "--repair", "--drop-damaged")
    assert counts(own)["trades"] == rows
