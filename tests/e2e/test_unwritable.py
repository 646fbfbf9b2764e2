"""A disk that fills up and rights that are lost while a sweep writes: one clear error, and nothing half."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import Client

import sweeplake as sl
from lake.lake import open_lake
from sweeplake.checking import check
from tests.e2e.market import made_lake
from tests.e2e.processes import BIN, environment

CONFIG = """
name = "Too much"
strategy = "sma_cross"
symbols = ["AAA"]
timeframe = "1d"

[grid]
fast = { start = 2, stop = 41, step = 1 }
slow = [50, 100]

[details]
keep = "all"
"""
SMALL = CONFIG.replace("stop = 41", "stop = 3")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two configurations and a lake with bars."""
    made_lake(tmp_path, {"AAA": 1_500})
    (tmp_path / "much.toml").write_text(CONFIG)
    (tmp_path / "small.toml").write_text(SMALL)
    return tmp_path


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, 2 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() or _mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)):
        pytest.skip("this account may not mount a small disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def _mount(*words: str) -> int:
    return subprocess.run(["mount", *words], check=False, capture_output=True).returncode


def bound_by_rights() -> list[str]:
    """Return what to put before a command so that rights bind it, though root starts it."""
    if os.geteuid():
        return []
    if not shutil.which("setpriv"):
        pytest.skip("nothing here takes root's rights away from a command")
    return ["setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner"]


def run(folder: Path, lake: Path, *words: str, bound: bool = False) -> "subprocess.CompletedProcess[str]":
    """Run a command on a lake."""
    command = [*(bound_by_rights() if bound else []), str(BIN / "sweeplake"), *words, "--lake", str(lake)]
    return subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=120, check=False
    )


def runs_of(lake: Path) -> dict[str, int]:
    """Return how many rows every sweep has, and how many are whole."""
    query = (
        "select sweep_id, count(*) as runs, count(distinct run_id) as ids, "
        "(select count(*) from details where details.sweep_id = metrics.sweep_id) as detailed, "
        "(select count(*) from equity where equity.sweep_id = metrics.sweep_id) as bars "
        "from metrics group by sweep_id"
    )
    with sl.open(lake) as opened:
        rows = opened.sql(query).df().to_dict("records")
    for row in rows:
        assert row["runs"] == row["ids"]
        assert row["bars"] == row["detailed"] * 1_500
    return {row["sweep_id"]: row["runs"] for row in rows}


def computed(config: Path, lake: Path, client: Client) -> None:
    """Run a sweep to its end, here."""
    outcome = sl.run(config, lake=str(lake), client=client).outcome
    assert outcome is not None
    assert outcome.status == "finished"


def test_a_disk_that_fills_up_is_told_and_leaves_nothing_half(
    folder: Path, small_disk: Path, client: Client
) -> None:
    lake = small_disk / "lake"
    shutil.copytree(folder / "lake", lake)
    computed(folder / "small.toml", lake, client)
    before = runs_of(lake)
    failed = run(folder, lake, "run", "much.toml", "--workers", "1")
    assert failed.returncode == 2, failed.stderr
    assert "No space left on device" in failed.stderr
    assert "Traceback" not in failed.stderr
    now = runs_of(lake)
    assert {sweep: now[sweep] for sweep in before} == before
    assert check(open_lake(str(lake)), deep=True).clean
    assert _mount("-o", "remount,size=64m", str(small_disk)) == 0
    computed(folder / "much.toml", lake, client)
    assert 80 in runs_of(lake).values()
    assert check(open_lake(str(lake)), deep=True).clean


@pytest.mark.parametrize("lost", ["", "trades", "metrics/_delta_log"])
def test_rights_that_are_lost_while_a_sweep_writes_are_told(folder: Path, lost: str, client: Client) -> None:
    lake = folder / "lake"
    computed(folder / "small.toml", lake, client)
    before = runs_of(lake)
    held = lake / lost
    folders = [held, *(path for path in held.rglob("*") if path.is_dir())]
    for path in folders:
        path.chmod(0o555)
    failed = run(folder, lake, "run", "small.toml", "--workers", "1", bound=True)
    for path in folders:
        path.chmod(0o755)
    assert failed.returncode == 2, failed.stderr
    assert "ermission denied" in failed.stderr
    if lost == "metrics/_delta_log":
        assert "to go on: `sweeplake resume " in failed.stderr
    assert "Traceback" not in failed.stderr
    now = runs_of(lake)
    assert {sweep: now[sweep] for sweep in before} == before
    assert check(open_lake(str(lake))).clean
