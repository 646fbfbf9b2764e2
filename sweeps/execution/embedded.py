"""The embedded cluster: worker processes of this machine, forked from one that is warm."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.errors import SweepError

if TYPE_CHECKING:
    from distributed import LocalCluster

ANCESTOR = "sweeps.execution.ancestor"
METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
"""How workers start. Windows knows only spawn, where every worker warms by itself."""
LOCAL_CONFIG = {
    "distributed.worker.multiprocessing-method": METHOD,
    # What a worker held when it died is computed apart, and the next worker need not die of it.
    "distributed.scheduler.allowed-failures": 0,
    # A worker of this machine that does not answer is dead; Dask's 30 s are for networks.
    "distributed.comm.timeouts.connect": "10s",
    # One that stands still is started again after this; Dask's five minutes are for networks, too.
    "distributed.scheduler.worker-ttl": "60s",
}
DEAF_TO_CTRL_C = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
"""Run first in every embedded worker: a terminal's Ctrl-C reaches them too, and only the driver shall act."""
QUIET = "import sys\nsys.stdout = sys.stderr\n"
"""So is this: what a strategy prints must not get among the results on standard output."""
UNHEARD = "ignore:resource_tracker:UserWarning"
"""What it would tell of, semaphores that a killed driver left, it takes away itself."""
ANCESTORS = dict.fromkeys(
    (
        "MALLOC_ARENA_MAX",
        "MKL_NUM_THREADS",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "PYTHONSAFEPATH",
    ),
    "1",
)
"""The environment that workers are forked in. A process that is forked has one thread: libraries must not
start theirs. What a thread frees the next may have, from the first on (`keep_freed_memory` comes late for
that). And a user's `queue.py` in the current folder is no module of Python's own."""


class MainModuleError(SweepError):
    """The embedded workers are processes, and cannot import the program that starts them."""

    def __init__(self, main: str) -> None:
        super().__init__(main)
        self.main = main

    def __str__(self) -> str:
        return (
            f"the embedded workers cannot start from {self.main}, which they import again: put the call that "
            'starts the sweep under `if __name__ == "__main__":` in a file of its own, or give client=...'
        )


def prepare_workers() -> None:
    """Start the process that embedded workers are forked from; it warms up while the caller goes on.

    Cheap and safe to repeat. It ends with this process.
    """
    if METHOD != "forkserver" or _is_being_started():
        return
    forkserver.set_forkserver_preload([ANCESTOR])
    with _ancestors_environment():
        with _silent():
            resource_tracker.ensure_running()  # by itself it would unblock Ctrl-C below
        with _deaf():
            forkserver.ensure_running()


def start_cluster(workers: int) -> "LocalCluster":
    """Start processes with one thread each: user code holds the GIL, and memory is counted per process.

    Raises:
        MainModuleError: If the processes cannot import the program that starts them.
    """
    from distributed import LocalCluster  # noqa: PLC0415  seconds that the ancestor uses too

    main = getattr(sys.modules["__main__"], "__file__", None)
    if _is_being_started() or (main is not None and not Path(main).exists()):
        raise MainModuleError(main or "this process")
    prepare_workers()
    try:
        return LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=":0",  # any free port: two sweeps may run on one machine
            silence_logs=50,
            preload=[DEAF_TO_CTRL_C, QUIET],
            env=dict(os.environ),  # as it is now, not as it was when the ancestor started
        )
    except RuntimeError as error:
        raise MainModuleError(main or "this process") from error


def _is_being_started() -> bool:
    """Return what multiprocessing itself asks: does this process import the main module of its parent?"""
    return bool(getattr(multiprocessing.current_process(), "_inheriting", False))


@contextmanager
def _ancestors_environment() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in ANCESTORS}
    os.environ.update(ANCESTORS)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextmanager
def _silent() -> Iterator[None]:
    """Let Python's tracker of semaphores, which is started meanwhile, clean up after a killed driver unheard.

    It takes warnings' filters from the command line of this process, as Python keeps it.
    """
    sys.warnoptions.append(UNHEARD)
    try:
        yield
    finally:
        sys.warnoptions.remove(UNHEARD)


@contextmanager
def _deaf() -> Iterator[None]:
    """Block Ctrl-C in what is started meanwhile: the driver alone shall act on it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
