"""A large sweep on real daily bars beside a small one: wall time, memory, and what the scheduler takes.

BENCH_RUNS is the sizes (default "100000,1000000"; the large one of the published figures is 10000000). The
cluster is one of processes, started here, so that each one's time and memory is its own: a scheduler, two
workers, the driver. An embedded cluster has the scheduler in the driver.
"""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest

import sweeplake as sl
from sweeplake.checking import check
from sweeplake.lake import Lake
from tests.benchmarks.test_command_end_to_end import COMMAND, EVERY_SECONDS, EXITS

pytestmark = [pytest.mark.bench, pytest.mark.timeout(7200)]

SIZES = [int(size) for size in os.environ.get("BENCH_RUNS", "100000,1000000").split(",")]
SYMBOLS = ("AAPL", "GOOG", "IBM", "MSFT")
FASTS, STOPS, TARGETS = 10, 20, 20
HEAD = """
name = "large"
strategy = "sma_cross"
symbols = {symbols}
timeframe = "1d"
"""
DETAILS = """
[details]
n = 50
"""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    opened = sl.open(str(tmp_path_factory.mktemp("large") / "lake"))
    sl.ingest(source="demo", lake=opened)
    return opened


@contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, psutil.Process, list[psutil.Process]]]:
    """Yield the address of a cluster, its scheduler and its workers' nannies."""
    file = folder / "scheduler.json"
    with ExitStack() as ending:

        def start(*words: object) -> psutil.Process:
            line = [COMMAND.with_name("dask"), *map(str, words)]
            child = subprocess.Popen(line, cwd=folder, stderr=subprocess.DEVNULL)
            ending.callback(child.wait)
            ending.callback(child.terminate)
            return psutil.Process(child.pid)

        scheduler = start("scheduler", "--port", "0", "--dashboard-address", ":0", "--scheduler-file", file)
        while not (file.exists() and file.read_text()):
            time.sleep(0.05)
        address = json.loads(file.read_text())["address"]
        workers = [start("worker", address, "--nthreads", "1", "--no-dashboard") for _ in range(2)]
        yield address, scheduler, workers


def spent(process: psutil.Process) -> float:
    """Return the processor time of a process so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


@pytest.mark.parametrize("runs", SIZES)
def test_a_large_sweep(lake: Lake, tmp_path: Path, runs: int) -> None:
    slows = max(1, round(runs / (len(SYMBOLS) * FASTS * STOPS * TARGETS)))
    file = tmp_path / "sweep.toml"
    file.write_text(HEAD.format(symbols=list(SYMBOLS)) + EXITS.format(last=54 + slows) + DETAILS)
    with cluster(tmp_path) as (address, scheduler, workers):
        line = [
            COMMAND,
            "run",
            file,
            "--lake",
            lake.url,
            "--scheduler",
            address,
            "--fresh",
            "--json",
            "--profile",
        ]
        before, begun = spent(scheduler), time.monotonic()
        child = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        driver, most = psutil.Process(child.pid), {"driver": 0, "worker": 0}
        while child.poll() is None:
            try:
                computing = [below for nanny in workers for below in nanny.children(recursive=True)]
                resident = [process.memory_info().rss for process in computing]
                most["driver"] = max(most["driver"], driver.memory_info().rss)
                most["worker"] = max([most["worker"], *resident])
                driving = spent(driver)
            except psutil.Error:
                pass  # it ended in between
            time.sleep(EVERY_SECONDS)
        wall, scheduling = time.monotonic() - begun, spent(scheduler) - before
    assert child.stdout is not None
    document = json.loads(child.stdout.read())
    child.stdout.close()
    assert child.returncode == 0
    assert document["computed"] == len(SYMBOLS) * FASTS * STOPS * TARGETS * slows
    question = "select count(*), count(distinct run_id) from metrics where sweep_id = $id"
    counts = lake.refresh().sql(question, {"id": document["sweep_id"]}).fetchall()[0]
    assert counts == (document["computed"], document["computed"])
    assert not check(lake.tables).findings
    verdict = {
        "benchmark": "large sweep",
        "runs": document["computed"],
        "wall_seconds": wall,
        "runs_per_second": document["computed"] / wall,
        "driver_bytes": most["driver"],
        "worker_bytes": most["worker"],
        "driver_seconds": driving,
        "scheduler_seconds": scheduling,
        "scheduler_share": scheduling / wall,
        "profile": document["profile"],
    }
    print("\n" + json.dumps(verdict))
