"""Status of a sweep that runs in another process: rate, time left and signs of life, from the lake alone."""

import json
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sweeplake.lake import Lake
from sweeplake.watching import sweeps_now
from tests.e2e.processes import BIN, started, sweeplake, to_group
from tests.e2e.sweeping import SLOW, SWEEP, sweeping


def test_a_sweep_that_runs_elsewhere_tells_its_rate_and_the_time_left(
    small_lake: Lake, write: Callable[..., Path]
) -> None:
    config = write(sweep__toml=SWEEP, slow__py=SLOW)
    with sweeping(config, small_lake, "--workers", "2") as (process, sweep_id):
        began = time.monotonic()
        while (row := sweeps_now(small_lake.refresh(), sweep_id)[0])["rate"] is None:
            assert time.monotonic() - began < 60
            time.sleep(0.5)
        assert row["status"] == "running"
        assert 0 < row["rate"] < 2 / 0.01, "each run takes a hundredth of a second on one of two workers"
        left = row["runs"] - row["done"] - row["failed"]
        assert row["eta_seconds"] == pytest.approx(left / row["rate"])
        assert row["silent_seconds"] < 20
        watching = (BIN / "sweeplake", "status", sweep_id, "--watch", "--lake", small_lake.url)
        with started(*watching, cwd=config.parent) as watcher:
            time.sleep(5)
            assert watcher.poll() is None, "it watches as long as the sweep runs"
            assert sweeplake("cancel", sweep_id, "--lake", small_lake.url, cwd=config.parent).returncode == 0
            out, _ = watcher.communicate(timeout=30)
        assert watcher.returncode == 0
        process.wait(timeout=30)
    states = [line.split()[2] for line in out.splitlines() if line.startswith(sweep_id)]
    assert states[0] == "running"
    assert states[-1] == "cancelled"
    assert len(states) > 2
    assert out.splitlines()[0].split()[-2:] == ["rate", "eta_seconds"]
    (ended,) = sweeps_now(small_lake.refresh(), sweep_id)
    assert (ended["rate"], ended["eta_seconds"], ended["silent_seconds"]) == (None, None, None)


def seconds_told(pattern: str, told: str) -> int:
    found = re.search(pattern, told)
    assert found, told
    return int(found[1])


def test_a_driver_that_died_is_told_with_what_to_do(small_lake: Lake, write: Callable[..., Path]) -> None:
    config = write(sweep__toml=SWEEP, slow__py=SLOW)
    with sweeping(config, small_lake) as (process, sweep_id):
        to_group(process, signal.SIGKILL)
        process.wait(timeout=30)
    for command in ("status", "summary"):
        was_heard_of(small_lake, sweep_id, seconds=12)
        told = sweeplake(command, sweep_id, "--lake", small_lake.url, cwd=config.parent)
        seconds = seconds_told(rf"{sweep_id}: last sign of life of its driver (\d+) s ago\n", told.stderr)
        assert 12 <= seconds < 30
        was_heard_of(small_lake, sweep_id, seconds=42)
        told = sweeplake(command, sweep_id, "--lake", small_lake.url, cwd=config.parent)
        lost = rf"{sweep_id}: nothing heard of its driver for (\d+) s, it is lost; go on: "
        assert seconds_told(lost, told.stderr) >= 42
        assert f"sweeplake resume {sweep_id} --lake" in told.stderr
    was_heard_of(small_lake, sweep_id, seconds=22)
    watching = sweeplake("status", sweep_id, "--watch", "--lake", small_lake.url, cwd=config.parent)
    assert watching.returncode == 0, "it ends once the driver is lost"
    assert sum(line.startswith(sweep_id) for line in watching.stdout.splitlines()) == 2
    life, lost = watching.stderr.splitlines()
    assert "last sign of life" in life
    assert "it is lost; go on: sweeplake resume" in lost
    was_heard_of(small_lake, sweep_id, seconds=600)
    told = sweeplake("status", sweep_id, "--lake", small_lake.url, cwd=config.parent)
    assert f"{sweep_id}: nothing heard of its driver for 10 min, it is lost; go on: " in told.stderr
    answer = sweeplake("summary", sweep_id, "--json", "--lake", small_lake.url, cwd=config.parent)
    assert json.loads(answer.stdout)["silent_seconds"] > 590
    answer = sweeplake("status", sweep_id, "--json", "--lake", small_lake.url, cwd=config.parent)
    (row,) = json.loads(answer.stdout)["sweeps"]
    assert row["silent_seconds"] > 590


def was_heard_of(lake: Lake, sweep_id: str, *, seconds: float) -> None:
    """Let the last sign of life of a sweep's drivers be so long ago."""
    past = time.time() - seconds
    for name in ("heartbeat", "owner"):
        for path in Path(lake.url, "_sweeps", sweep_id).glob(f"{name}-*.json"):
            os.utime(path, (past, past))
