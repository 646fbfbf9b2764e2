"""Workers are warm before their first block, wherever they come from."""

import multiprocessing
import os
import sys
from typing import Any

import pytest
from distributed import Client, LocalCluster

from sweeps.execution.cluster import connected
from sweeps.execution.embedded import METHOD
from sweeps.execution.warm import warm
from tests.sweeps.execution.kept import kept_by_threads


def _is_warm() -> bool:
    return bool(warm.cache_info().currsize)


def _parent() -> int:
    return os.getppid()


@pytest.mark.skipif(METHOD != "forkserver", reason="workers are forked on Unix alone")
def test_embedded_workers_are_forked_from_one_warm_process() -> None:
    with connected(workers=2) as client:
        parents = set(client.run(_parent).values())
        assert all(client.run(_is_warm).values())
    assert len(parents) == 1
    assert parents != {multiprocessing.current_process().pid}


@pytest.mark.skipif(sys.platform != "linux", reason="the C libraries of others do as they do")
def test_what_a_thread_of_an_embedded_worker_frees_serves_the_next() -> None:
    with connected(workers=1) as client:
        (kept,) = client.run(kept_by_threads).values()
    assert kept < 100, "eight threads take 50 MB in turn; it is 150 where arenas are left to them"


def test_a_user_s_workers_are_warmed_also_those_that_join_later() -> None:
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
        ) as cluster,
        Client(cluster) as own,
        connected(own) as client,
    ):
        assert list(client.run(_is_warm).values()) == [True]
        cluster.scale(2)
        client.wait_for_workers(2)
        assert list(client.run(_is_warm).values()) == [True, True]


def test_what_warms_them_goes_with_the_client() -> None:
    def plugins(dask_scheduler: Any) -> list[str]:
        return [name for name in dask_scheduler.worker_plugins if "sweeplake" in name]

    with (
        LocalCluster(n_workers=1, processes=False, dashboard_address=":0", silence_logs=50) as cluster,
        Client(cluster) as own,
    ):
        with connected(own), connected(own):
            assert len(own.run_on_scheduler(plugins)) == 2
        assert own.run_on_scheduler(plugins) == []


def test_workers_with_a_nanny_are_never_paused() -> None:
    def memory(dask_worker: Any) -> tuple[bool, bool]:
        manager = dask_worker.memory_manager
        return manager.memory_pause_fraction, manager.memory_spill_fraction

    with connected(workers=1) as client:
        assert list(client.run(memory).values()) == [(False, False)]
