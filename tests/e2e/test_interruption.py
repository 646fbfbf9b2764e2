"""Ctrl-C and SIGTERM: what was computed stays, whole, and the command to go on is told."""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from sweeplake.lake import Lake
from tests.e2e.processes import BIN, descendants, gone, line_with, started, to_group
from tests.e2e.stored import journalled, stored

SLOW = """
    import time

    def slow(bars, ind, *, period: int):
        time.sleep(0.03)
        if period % 5 == 0:
            raise ValueError("a multiple of five")
        return bars.close > ind.sma(period)
    """
SWEEP = """
    name = "slow"
    strategy = "slow.py:slow"
    symbols = ["AAA"]
    timeframe = "1d"
    [grid]
    period = { start = 1, stop = 5000, step = 1 }
    [details]
    keep = "all"
    """


def to_driver(process: object, number: signal.Signals) -> None:
    process.send_signal(number)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("number", "send"), [(signal.SIGINT, to_group), (signal.SIGTERM, to_driver)])
def test_an_interrupted_run_keeps_what_was_committed_and_tells_how_to_go_on(
    small_lake: Lake, write: Callable[..., Path], number: signal.Signals, send: Callable[..., None]
) -> None:
    config = write(sweep__toml=SWEEP, slow__py=SLOW)
    command = (BIN / "sweeplake", "run", config, "--lake", small_lake.url, "--workers", "2", "--json")
    with started(*command, cwd=config.parent) as process:
        sweep_id = line_with(process, "sweep ").split()[1].rstrip(":")
        line_with(process, " of 5,000 runs")
        workers = descendants(process.pid)
        send(process, number)
        out, told = process.communicate(timeout=30)
        assert gone(workers)
    assert process.returncode == 130
    assert f"sweeplake resume {sweep_id}" in told
    assert "Traceback" not in told
    document = json.loads(out)
    assert document["status"] == "interrupted"
    assert_whole(small_lake, sweep_id, document)


def assert_whole(lake: Lake, sweep_id: str, document: dict[str, int]) -> None:
    metrics, failures = stored(lake, "metrics", sweep_id), stored(lake, "failures", sweep_id)
    assert 0 < len(metrics) + len(failures) < 5_000
    assert (document["computed"], document["failed"]) == (len(metrics), len(failures))
    assert not set(metrics["run_id"]) & set(failures["run_id"])
    assert metrics["run_id"].is_unique
    assert failures["run_id"].is_unique
    runs, rows = journalled(lake, sweep_id)
    assert runs == len(metrics) + len(failures)
    assert (rows["metrics"], rows["failures"]) == (len(metrics), len(failures))
    details = stored(lake, "details", sweep_id)
    assert set(details["run_id"]) == set(metrics["run_id"])
    assert len(stored(lake, "trades", sweep_id)) == details["trades"].sum()
    assert len(stored(lake, "equity", sweep_id)) == details["equity_rows"].sum()
    states = stored(lake, "sweeps", sweep_id).sort_values("at")
    assert list(states["status"]) == ["running", "interrupted"]
    assert states["computed"].iloc[-1] == len(metrics)
    assert states["failed"].iloc[-1] == len(failures)
    assert psutil.Process().is_running()
