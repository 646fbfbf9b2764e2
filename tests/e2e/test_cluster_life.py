"""The life of a cluster: schedulers die, workers join, leave, scale to zero and run other code."""

import json
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import Popen

import pytest
from distributed import Client, LocalCluster

import sweeplake as sl
from sweeplake.checking import check
from sweeplake.lake import Lake
from sweeps.execution import cluster
from tests.contracts.source import ROOT
from tests.e2e.market import made_lake
from tests.e2e.processes import BIN, line_with, started, sweeplake
from tests.e2e.stored import metrics_of, stored
from tests.e2e.sweeping import wait_for_a_batch

SLOW = """
    import time

    def slow(bars, ind, *, period: int):
        time.sleep(0.02)
        return bars.close > ind.sma(period)
    """
SWEEP = """
    name = "life"
    strategy = "slow.py:slow"
    symbols = ["AAA"]
    timeframe = "1d"
    [grid]
    period = {{ start = 1, stop = {runs}, step = 1 }}
    [details]
    n = 3
    """


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return made_lake(tmp_path, {"AAA": 300})


@contextmanager
def scheduling(folder: Path) -> Iterator[tuple[Popen[str], str]]:
    """Yield a scheduler and its address."""
    file = folder / "scheduler.json"
    words = ("--port", "0", "--dashboard-address", ":0", "--scheduler-file", file)
    with started(BIN / "dask", "scheduler", *words, cwd=folder) as process:
        while not (file.exists() and file.read_text()):  # the file is there before its text is
            time.sleep(0.05)
        yield process, json.loads(file.read_text())["address"]


def another_release(folder: Path) -> Path:
    """Return what a worker loads before all else so that it runs other code."""
    other = folder / "other"
    for name in ("lake", "queries", "sweeps", "sweeplake"):
        shutil.copytree(ROOT / name, other / name)
    changed = other / "sweeps" / "errors.py"
    changed.write_text(changed.read_text() + "# another release\n")
    preload = other / "preload.py"
    preload.write_text(f"import sys\nsys.path.insert(0, {str(other)!r})\n")
    return preload


def worker(address: str, folder: Path, *options: str) -> tuple[object, ...]:
    """Return the command that starts a worker."""
    return (BIN / "dask", "worker", address, "--nthreads", "1", "--local-directory", folder, *options)


def assert_exact(lake: Lake, sweep_id: str, runs: int) -> None:
    """See that every run is there once, and the sweep is as one that nothing happened to."""
    metrics = stored(lake, "metrics", sweep_id)
    assert sorted(metrics["param_period"]) == list(range(1, runs + 1))
    assert not check(lake.tables).findings


def test_a_scheduler_that_dies_is_told_and_what_is_committed_is_gone_on_with(
    lake: Lake, tmp_path: Path, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "5s")
    config = write(sweep__toml=SWEEP.format(runs=700), slow__py=SLOW)
    with scheduling(tmp_path) as (scheduler, address), started(*worker(address, tmp_path), cwd=tmp_path):
        words = ("run", config, "--lake", lake.url, "--scheduler", address)
        with started(BIN / "sweeplake", *words, cwd=config.parent) as process:
            sweep_id = line_with(process, "sweep ").split()[1].rstrip(":")
            wait_for_a_batch(lake, sweep_id)
            scheduler.send_signal(signal.SIGKILL)
            _, told = process.communicate(timeout=120)
    assert process.returncode == 2
    assert f"the scheduler {address} is gone" in told
    assert f"sweeplake resume {sweep_id}" in told
    assert "Traceback" not in told
    assert "distributed." not in told, "Dask's own lines stay off the terminal"
    assert list(stored(lake, "sweeps", sweep_id).sort_values("at")["status"]) == ["running", "interrupted"]
    before = len(stored(lake, "metrics", sweep_id))
    assert 0 < before < 700
    done = sweeplake("resume", sweep_id, "--lake", lake.url, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["computed"] == 700
    assert_exact(lake, sweep_id, 700)


def test_a_scheduler_that_dies_before_the_first_worker_joins_is_told(
    lake: Lake, tmp_path: Path, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "2s")
    config = write(sweep__toml=SWEEP.format(runs=10), slow__py=SLOW)
    with scheduling(tmp_path) as (scheduler, address):
        words = ("run", config, "--lake", lake.url, "--scheduler", address)
        with started(BIN / "sweeplake", *words, cwd=config.parent) as process:
            with Client(address, set_as_default=False) as watching:
                while not watching.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)):
                    time.sleep(0.2)
            scheduler.send_signal(signal.SIGKILL)
            _, told = process.communicate(timeout=120)
    assert process.returncode == 2
    assert f"cluster {address}: its scheduler is gone" in told
    assert "Traceback" not in told
    assert "distributed." not in told


def test_workers_that_end_with_their_lifetime_or_join_late_change_nothing(
    lake: Lake, tmp_path: Path, write: Callable[..., Path]
) -> None:
    config = write(sweep__toml=SWEEP.format(runs=700), slow__py=SLOW)
    words = (BIN / "sweeplake", "run", config, "--lake", lake.url, "--scheduler")
    short = ("--lifetime", "8s", "--lifetime-restart")
    with (
        scheduling(tmp_path) as (_, address),
        started(*worker(address, tmp_path, *short), cwd=tmp_path),
        started(*words, address, cwd=config.parent) as run,
    ):
        sweep_id = line_with(run, "sweep ").split()[1].rstrip(":")
        with started(*worker(address, tmp_path), cwd=tmp_path):
            _, told = run.communicate(timeout=180)
    assert run.returncode == 0, told
    assert_exact(lake, sweep_id, 700)


def test_a_cluster_scales_to_zero_and_back(lake: Lake, write: Callable[..., Path]) -> None:
    config = write(sweep__toml=SWEEP.format(runs=200), slow__py=SLOW)
    with LocalCluster(n_workers=0, threads_per_worker=1, dashboard_address=":0") as cluster:
        cluster.adapt(minimum=0, maximum=2, interval="200ms")
        with Client(cluster) as client:
            first = sl.run(config, lake=lake, client=client, fresh=True)
            deadline = time.monotonic() + 60
            while client.nthreads():
                assert time.monotonic() < deadline
                time.sleep(0.2)
            again = sl.run(config, lake=lake, client=client, fresh=True)
    for sweep in (first, again):
        assert sweep.outcome.status == "finished"
        assert_exact(lake, sweep.sweep_id, 200)
    assert metrics_of(first).equals(metrics_of(again))


def test_a_worker_that_joins_with_other_code_computes_nothing(
    lake: Lake, tmp_path: Path, write: Callable[..., Path]
) -> None:
    preload = another_release(tmp_path)
    config = write(sweep__toml=SWEEP.format(runs=600), slow__py=SLOW)
    words = (BIN / "sweeplake", "run", config, "--lake", lake.url, "--scheduler")
    with (
        scheduling(tmp_path) as (_, address),
        started(*worker(address, tmp_path), cwd=tmp_path),
        started(*words, address, cwd=config.parent) as run,
    ):
        sweep_id = line_with(run, "sweep ").split()[1].rstrip(":")
        stranger = worker(address, tmp_path, "--no-nanny", "--preload", str(preload))
        with started(*stranger, cwd=tmp_path) as process:
            assert "sweeplake code" in line_with(process, "differs from the client")
            _, told = run.communicate(timeout=180)
            assert process.wait(timeout=60) == 0
    assert run.returncode == 0, told
    assert_exact(lake, sweep_id, 600)


def test_a_scheduler_that_is_started_anew_gets_no_runs_of_other_code(
    lake: Lake, tmp_path: Path, write: Callable[..., Path]
) -> None:
    preload = another_release(tmp_path)
    config = write(sweep__toml=SWEEP.format(runs=600), slow__py=SLOW)
    words = (BIN / "sweeplake", "run", config, "--lake", lake.url, "--scheduler")
    with ExitStack() as stack:
        first, address = stack.enter_context(scheduling(tmp_path))
        port = ("--port", address.rsplit(":", 1)[1], "--dashboard-address", ":0")
        alone = worker(address, tmp_path, "--no-nanny")
        leaves = stack.enter_context(started(*alone, cwd=tmp_path))
        run = stack.enter_context(started(*words, address, cwd=config.parent))
        sweep_id = line_with(run, "sweep ").split()[1].rstrip(":")
        for process in (first, leaves):
            process.kill()
            process.wait()
        stack.enter_context(started(BIN / "dask", "scheduler", *port, cwd=tmp_path))
        stranger = stack.enter_context(started(*alone, "--preload", str(preload), cwd=tmp_path))
        assert "sweeplake code" in line_with(stranger, "differs from the client")
        stack.enter_context(started(*worker(address, tmp_path), cwd=tmp_path))
        _, told = run.communicate(timeout=180)
    assert run.returncode == 0, told
    assert_exact(lake, sweep_id, 600)


def test_a_worker_that_stands_still_from_the_start_holds_nobody_up(
    lake: Lake, tmp_path: Path, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "STILL_SECONDS", 3)
    config = write(sweep__toml=SWEEP.format(runs=60), slow__py=SLOW)
    with scheduling(tmp_path) as (_, address), ExitStack() as stack:
        workers = [
            stack.enter_context(started(*worker(address, tmp_path, "--no-nanny"), cwd=tmp_path)) for _ in "ab"
        ]
        with Client(address) as client:
            client.wait_for_workers(2)
        workers[0].send_signal(signal.SIGSTOP)
        try:
            sweep = sl.run(config, lake=lake, client=address, max_seconds=20)
        finally:
            workers[0].send_signal(signal.SIGCONT)
    assert sweep.outcome.computed > 0
