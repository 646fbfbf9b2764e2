"""Repair of a log: a last checkpoint that is gone or damaged is done without where the entries are enough."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from deltalake import DeltaTable

from lake.check import check_files
from lake.commits import commit
from lake.findings import LOG
from lake.lake import Lake, open_lake
from lake.log import LogDamagedError, log_files
from lake.log_repair import ASIDE, restore_checkpoint, set_aside_cut_entry
from tests.lake.runs import add_runs, rows_of

DAMAGE: dict[str, Callable[[Path], object]] = {
    "removed": Path.unlink,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:200]),
    "emptied": lambda path: path.write_bytes(b""),
    "zeroed": lambda path: path.write_bytes(bytes(path.stat().st_size)),
}


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A table of one run, and of so many commits that it has two checkpoints."""
    lake = open_lake(str(tmp_path_factory.mktemp("logged") / "lake"))
    add_runs(lake, ["a"], detailed=False)
    while len(log_files(lake.storage, "metrics").checkpoints) < 2:
        commit(lake, "metrics", [])
    return lake.url


@pytest.fixture
def twice(logged: str, lake: Lake) -> Lake:
    shutil.copytree(logged, lake.url)
    return lake


def test_a_bit_that_flips_in_a_checkpoint_is_found_and_done_without(logged: str, tmp_path: Path) -> None:
    """delta-rs believes a checkpoint: a step that flipped there has a batch committed twice."""
    whole = newest(open_lake(logged)).read_bytes()
    for place in range(0, len(whole), len(whole) // 100):
        lake = open_lake(str(shutil.copytree(logged, tmp_path / str(place))))
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        newest(lake).write_bytes(flipped)
        findings = check_files(lake, deep=True).findings
        assert any(newest(lake).name in finding.file for finding in findings)
        assert all("check --repair" in finding.remedy for finding in findings if finding.kind == LOG)
        assert restore_checkpoint(lake.storage, "metrics")
        assert check_files(lake, deep=True).findings == ()
        shutil.rmtree(lake.url)


def test_a_checkpoint_that_another_tool_made_is_taken_as_it_is(twice: Lake) -> None:
    commit(twice, "metrics", [])
    DeltaTable(f"{twice.url}/metrics").create_checkpoint()
    assert check_files(twice, deep=True).findings == ()


def newest(lake: Lake) -> Path:
    return max(Path(lake.url, "metrics", "_delta_log").glob("*.checkpoint.parquet"))


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_last_checkpoint_that_is_lost_is_made_again_from_an_older_one(twice: Lake, damage: str) -> None:
    bad = newest(twice)
    DAMAGE[damage](bad)
    with pytest.raises(LogDamagedError):
        rows_of(twice, "metrics")
    (finding,) = check_files(twice).findings
    assert "every entry since the checkpoint of version" in finding.text
    assert "check --repair" in finding.remedy
    assert restore_checkpoint(twice.storage, "metrics")
    assert check_files(twice, deep=True).findings == ()
    assert rows_of(twice, "metrics") == ["a"]
    if damage != "removed":
        assert Path(twice.url, ASIDE, "metrics", "_delta_log", bad.name).exists()
    assert not restore_checkpoint(twice.storage, "metrics")


def test_all_checkpoints_may_be_damaged_while_every_entry_is_there(twice: Lake) -> None:
    for path in Path(twice.url, "metrics", "_delta_log").glob("*.checkpoint.parquet"):
        path.write_bytes(b"none")
    assert "since version 0" in check_files(twice).findings[0].text
    assert restore_checkpoint(twice.storage, "metrics")
    assert rows_of(twice, "metrics") == ["a"]


def test_a_checkpoint_that_cannot_be_done_without_stays(twice: Lake) -> None:
    log, bad = log_files(twice.storage, "metrics"), newest(twice)
    bad.write_bytes(bad.read_bytes()[:200])
    Path(twice.url, "metrics", "_delta_log", f"{log.checkpoints[0] + 1:020d}.json").unlink()
    (finding,) = check_files(twice).findings
    assert "from a copy" in finding.remedy
    assert not restore_checkpoint(twice.storage, "metrics")
    assert bad.exists()


def test_a_table_whose_first_entry_is_cut_off_is_new_again_afterwards(lake: Lake) -> None:
    lake.head("removals")
    path = Path(lake.url, "removals", "_delta_log", f"{0:020}.json")
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(LogDamagedError):
        open_lake(lake.url).head("removals")
    assert set_aside_cut_entry(lake.storage, "removals") == f"removals/_delta_log/{0:020}.json"
    assert open_lake(lake.url).snapshot(["removals"])["removals"].files == ()
    assert open_lake(lake.url).head("removals").version == 0
