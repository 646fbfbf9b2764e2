"""Cancel: a sweep ends from another process, what it committed stays, and resume goes on with it."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from distributed import Client

import sweeplake as sl
from lake import ownership
from lake.ownership import SweepCancelsError, ask_to_stop, claim, newest_owner
from lake.sweep_log import record_state
from queries.errors import UnknownNameError
from queries.sweep import sweep_row
from sweeplake.lake import Lake
from sweeps.execution import cancel
from sweeps.execution.cancel import SweepNotStoppingError
from sweeps.execution.driver import go_on
from sweeps.execution.events import Ended, Event
from sweeps.execution.resume import restore
from tests.e2e.processes import descendants, gone, sweeplake
from tests.e2e.stored import metrics_of, stored
from tests.e2e.sweeping import CLOSED, SLOW, SWEEP, sweeping
from tests.e2e.test_interruption import assert_whole

FEW = SWEEP.replace("stop = 5000", "stop = 400")
ENDED_EARLY = 0.5


@pytest.fixture(autouse=True)
def _quickly_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drivers of these tests die often; half a minute is long."""
    monkeypatch.setattr(ownership, "STALE_SECONDS", 3.0 * ownership.BEAT_SECONDS)


def test_a_driver_in_another_process_stops_and_the_sweep_can_go_on(
    small_lake: Lake, write: Callable[..., Path], client: Client
) -> None:
    config = write(sweep__toml=SWEEP, slow__py=SLOW)
    with sweeping(config, small_lake, "--workers", "2", "--json") as (process, sweep_id):
        workers = descendants(process.pid)
        cancelled = sweeplake("cancel", sweep_id, "--lake", small_lake.url, "--json", cwd=config.parent)
        assert cancelled.returncode == 0, cancelled.stderr
        out, told = process.communicate(timeout=30)
        assert gone(workers)
    assert process.returncode == 130
    assert f"cancelled; what was computed is committed. To go on: sweeplake resume {sweep_id}" in told
    document, mine = json.loads(cancelled.stdout), json.loads(out)
    assert document["status"] == mine["status"] == "cancelled"
    assert_whole(small_lake, sweep_id, document, "cancelled")
    assert (document["computed"], document["failed"]) == (mine["computed"], mine["failed"])
    again = sweeplake("cancel", sweep_id, "--lake", small_lake.url, cwd=config.parent)
    assert (again.returncode, again.stdout) == (0, "")
    assert f"of 5,000 runs are committed. To go on: sweeplake resume {sweep_id}" in again.stderr


def test_a_driver_that_ends_while_it_is_looked_for_ends_the_sweep_alone(
    small_lake: Lake, write: Callable[..., Path], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write(sweep__toml=SWEEP, slow__py=SLOW)
    look, told = cancel.live_owner, list[str]()
    with sweeping(config, small_lake, "--workers", "2", "--json") as (process, sweep_id):

        def ended_meanwhile(lake: Any, sweep_id: str) -> object:
            driver = newest_owner(lake, sweep_id)
            assert driver is not None
            ask_to_stop(lake, driver)
            told.append(process.communicate(timeout=60)[0])
            return look(lake, sweep_id)

        monkeypatch.setattr(cancel, "live_owner", ended_meanwhile)
        outcome = cancel.cancel(sweep_id, small_lake.tables)
    mine = json.loads(*told)
    assert outcome.status == mine["status"] == "cancelled"
    assert (outcome.computed, outcome.failed) == (mine["computed"], mine["failed"])
    assert_whole(small_lake, sweep_id, mine, "cancelled")


def test_what_was_cancelled_ends_like_what_was_not(
    small_lake: Lake, write: Callable[..., Path], client: Client, tmp_path: Path
) -> None:
    gate = tmp_path / "open"
    config = write(sweep__toml=FEW, slow__py=CLOSED.format(gate=str(gate)))
    with sweeping(config, small_lake) as (process, sweep_id):
        process.send_signal(signal.SIGKILL)
        process.wait()
    sweep = sl.cancel(sweep_id, lake=small_lake)
    assert sweep.outcome is not None
    assert sweep.outcome.status == sweep.status()["status"] == "cancelled"
    done = sweep.outcome.computed + sweep.outcome.failed
    assert 0 < done < 400
    assert len(stored(small_lake, "metrics", sweep_id)) == sweep.outcome.computed
    gate.touch()
    resumed = sl.resume(sweep_id, lake=small_lake, client=client)
    undisturbed = sl.run(config, lake=small_lake, client=client, fresh=True)
    assert metrics_of(resumed).index.is_unique
    assert set(metrics_of(resumed).index) == set(metrics_of(undisturbed).index)
    assert list(stored(small_lake, "sweeps", sweep_id).sort_values("at")["status"]) == [
        "running",
        "cancelled",
        "running",
        "finished_with_failures",
    ]


def test_a_sweep_that_is_cancelled_before_its_next_driver_owns_it_stays_cancelled(
    small_lake: Lake, write: Callable[..., Path], client: Client
) -> None:
    config = write(sweep__toml=FEW, slow__py=SLOW)
    swept = sl.run(config, lake=small_lake, client=client, fresh=True, max_runs=40)
    start = restore(sweep_row(swept.lake.catalog, swept.sweep_id), small_lake.tables)
    with (
        claim(small_lake.tables, swept.sweep_id, cancels=True),
        pytest.raises(SweepCancelsError, match="is being cancelled by"),
    ):
        sl.resume(swept.sweep_id, lake=small_lake, client=client)
    cancelled = sl.cancel(swept.sweep_id, lake=small_lake)
    heard: list[Event] = []
    outcome = go_on(start, small_lake.tables, client, heard.append)
    assert cancelled.outcome is not None
    assert (outcome.status, outcome.done) == ("cancelled", cancelled.outcome.done)
    assert outcome.done < outcome.runs
    assert [type(event) for event in heard] == [Ended]
    states = stored(small_lake, "sweeps", swept.sweep_id).sort_values("at")["status"]
    assert list(states) == ["running", "interrupted", "cancelled"]
    resumed = sl.resume(swept.sweep_id, lake=small_lake, client=client, max_runs=1)
    assert resumed.status()["status"] == "interrupted"


def test_a_sweep_that_ended_stays_as_it_is(
    small_lake: Lake, write: Callable[..., Path], client: Client
) -> None:
    sweep = sl.run(write(sweep__toml=FEW, slow__py=SLOW), lake=small_lake, client=client)
    again = sl.cancel("latest", lake=small_lake)
    assert again.outcome is not None
    assert (again.sweep_id, again.outcome.status) == (sweep.sweep_id, "finished_with_failures")
    assert len(stored(small_lake, "sweeps", sweep.sweep_id)) == 2
    told = sweeplake("cancel", "latest", "--lake", small_lake.url, cwd=Path(small_lake.url))
    assert told.returncode == 0
    assert "had ended before: finished with failures" in told.stderr
    with pytest.raises(UnknownNameError, match="nosuch"):
        sl.cancel("nosuch", lake=small_lake)


def test_a_driver_that_does_not_stop_is_told(
    small_lake: Lake, write: Callable[..., Path], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = sl.run(write(sweep__toml=FEW, slow__py=SLOW), lake=small_lake, client=client)
    state = sweep_row(small_lake.refresh().catalog, sweep.sweep_id)
    record_state(small_lake.tables, {**state, "status": "interrupted", "at": state["at"].replace(year=2100)})
    monkeypatch.setattr(cancel, "PATIENCE_SECONDS", ENDED_EARLY)
    with (
        claim(small_lake.tables, sweep.sweep_id) as driver,
        pytest.raises(SweepNotStoppingError, match="still at work; it stops when it can"),
    ):
        cancel.cancel(sweep.sweep_id, small_lake.tables)
    assert driver.epoch == 2
