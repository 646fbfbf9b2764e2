"""The crew: workers that take nothing more, and a scheduler that does not answer."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import Client, LocalCluster, Status

from sweeps.execution import crew
from sweeps.execution.cluster import ClusterUnreachableError, connected
from sweeps.execution.crew import Threads, WorkersPausedError, answer, is_idle, worker_states
from tests.e2e.processes import BIN, line_with, started


@pytest.fixture
def two() -> Iterator[Client]:
    """Two workers in this process, which no nanny watches."""
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        yield client


def pause(client: Client, count: int) -> None:
    """Pause the first workers, as Dask does when their memory is nearly full."""
    cluster: Any = client.cluster

    async def change() -> None:
        for worker in list(cluster.workers.values())[:count]:
            worker.memory_manager.memory_pause_fraction = False
            worker.status = Status.paused

    cluster.sync(change)
    for _ in range(100):
        if sum(state == crew.PAUSED for state in worker_states(client).values()) == count:
            return
    raise AssertionError(worker_states(client))


def test_a_cluster_where_only_paused_workers_have_tasks_is_idle(two: Client) -> None:
    pause(two, 1)
    assert is_idle(two, "s")


def test_workers_that_are_all_paused_are_told(two: Client) -> None:
    pause(two, 2)
    with pytest.raises(WorkersPausedError, match=r"all 2 workers are paused.*memory-limit.*resume s`"):
        is_idle(two, "s")


def test_a_cluster_whose_workers_are_paused_from_the_start_is_refused(
    two: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sweeps.execution.cluster.WORKERS_SECONDS", 1)
    pause(two, 2)
    with pytest.raises(ClusterUnreachableError, match=r"2 workers \(paused\) did anything"), connected(two):
        pass


def test_a_scheduler_that_stands_still_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(crew, "THREADS_SECONDS", 0.0)
    words = ("scheduler", "--host", "127.0.0.1", "--port", "0", "--dashboard-address", ":0")
    with started(BIN / "dask", *words, cwd=tmp_path) as process:
        address = line_with(process, "Scheduler at:").split()[-1]
        with (
            Client(address) as client,
            started(BIN / "dask", "worker", address, "--nthreads", "1", cwd=tmp_path),
        ):
            client.wait_for_workers(1)
            threads = Threads(client)
            assert (threads(), threads.workers) == (1, 1)
            os.kill(process.pid, signal.SIGSTOP)
            try:
                assert answer(client, lambda scheduler: scheduler.ncores()) is None
                assert (threads(), threads.workers) == (0, 1)
                assert not is_idle(client, "s")
            finally:
                os.kill(process.pid, signal.SIGCONT)
