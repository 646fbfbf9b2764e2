"""Ctrl-C and SIGTERM: what was computed stays, whole, and the command to go on is told."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import pytest
from distributed import Client

import sweeplake as sl
from sweeplake.lake import Lake
from sweeps.execution.events import Event, Progressed
from tests.e2e.processes import descendants, gone, to_group
from tests.e2e.stored import journalled, stored
from tests.e2e.sweeping import SLOW, SWEEP, sweeping


def to_driver(process: Popen[str], number: signal.Signals) -> None:
    process.send_signal(number)


@pytest.mark.parametrize(("number", "send"), [(signal.SIGINT, to_group), (signal.SIGTERM, to_driver)])
def test_an_interrupted_run_keeps_what_was_committed_and_tells_how_to_go_on(
    small_lake: Lake, write: Callable[..., Path], number: signal.Signals, send: Callable[..., None]
) -> None:
    config = write(sweep__toml=SWEEP, slow__py=SLOW)
    with sweeping(config, small_lake, "--workers", "2", "--json") as (process, sweep_id):
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


def test_a_driver_that_is_killed_leaves_nothing_on_the_terminal_and_no_process(
    small_lake: Lake, write: Callable[..., Path]
) -> None:
    config = write(sweep__toml=SWEEP, slow__py=SLOW)
    with sweeping(config, small_lake, "--workers", "2") as (process, _):
        others = descendants(process.pid)
        to_driver(process, signal.SIGKILL)
        _, told = process.communicate(timeout=60)  # to the end of the last process that holds it
        assert gone(others)
    assert all(" runs" in line or line.startswith("  about ") for line in told.splitlines()), told


def assert_whole(lake: Lake, sweep_id: str, document: dict[str, int], status: str = "interrupted") -> None:
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
    assert list(states["status"]) == ["running", status]
    assert states["computed"].iloc[-1] == len(metrics)
    assert states["failed"].iloc[-1] == len(failures)


def test_an_interrupted_sweep_leaves_no_task_on_the_users_own_cluster(
    small_lake: Lake, client: Client, write: Callable[..., Path]
) -> None:
    config = write(sweep__toml=SWEEP, slow__py=SLOW)

    def press_ctrl_c(event: Event) -> None:
        if isinstance(event, Progressed):
            signal.raise_signal(signal.SIGINT)

    sweep = sl.run(config, lake=small_lake, client=client, observer=press_ctrl_c)
    assert sweep.status()["status"] == "interrupted"
    deadline = time.monotonic() + 10
    while any(client.processing().values()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert client.submit(int, "7").result() == 7


def test_embedded_workers_do_not_hear_ctrl_c(client: Client) -> None:
    before = client.run(os.getpid)
    for pid in before.values():
        os.kill(pid, signal.SIGINT)
    time.sleep(0.3)
    assert client.run(os.getpid) == before
