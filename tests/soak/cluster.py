"""A Dask cluster in processes of its own that is treated badly, as is its driver: killed, paused, cut off."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from tests.e2e.processes import BIN, descendants, environment
from tests.soak.network import Network

WORKERS = 4
AWAY, LAPTOP = "worker", "driver"
"""The hosts whose cables are pulled: the last worker's, and that of the driver."""
LOST_SECONDS = 11
"""Without an answer for so long, Dask takes a connection for lost; it takes no less."""
DASK = {
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": f"{LOST_SECONDS}s",
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "10",
}
START_SECONDS = 300.0
"""A driver that takes longer to begin hangs."""


class Process:
    """A command that leads a group of its own; what it says is in a file."""

    def __init__(self, *words: object, log: Path, more: Mapping[str, str]) -> None:
        self.log = log
        with log.open("a") as file:
            self._popen = subprocess.Popen(
                list(map(str, words)),
                cwd=log.parent,
                env={**environment(), **more},
                stdout=subprocess.DEVNULL,
                stderr=file,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its id."""
        return self._popen.pid

    def code(self) -> int | None:
        """Return how it ended, None if it runs."""
        return self._popen.poll()

    def end(self) -> None:
        """Kill it and all that it started."""
        left = descendants(self.pid)
        self._popen.kill()
        self._popen.wait()
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()


class BadCluster:
    """A scheduler, four workers with nannies, one of them elsewhere, and a driver elsewhere as well.

    Args:
        network: Where they are.
        folder: For logs.
        back: Seconds for which a client that lost the scheduler tries to come back.
        chance: What is random.
    """

    def __init__(self, network: Network, folder: Path, back: float, chance: random.Random) -> None:
        self.network, self.folder, self.chance = network, folder, chance
        self.counts: dict[str, int] = {}
        self._more = {**DASK, "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": f"{back}s"}
        self._port = 20_000 + os.getpid() % 10_000
        self.address = f"tcp://{network.outside}:{self._port}"
        self.scheduler = self._scheduler()
        self.workers = [self._worker(number) for number in range(WORKERS)]
        self.driver: Process | None = None

    def close(self) -> None:
        """End all of it."""
        for process in (self.driver, *self.workers, self.scheduler):
            if process is not None:
                process.end()

    def count(self, what: str) -> None:
        """Note that something was done."""
        self.counts[what] = self.counts.get(what, 0) + 1

    def drive(self, *words: object) -> None:
        """Start a driver with a command of sweeplake's."""
        log = self.folder / "driver.log"
        log.write_text("")
        command = (*self.network.on(LAPTOP), BIN / "sweeplake", *words, "--scheduler", self.address)
        self.driver = Process(*command, log=log, more=self._more)

    def sweep_id(self) -> str:
        """Wait until the driver tells the name of its sweep."""
        assert self.driver is not None
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.driver.code() is None:
            for line in self.driver.log.read_text().splitlines():
                if line.startswith("sweep "):
                    return line.split()[1].rstrip(":")
            time.sleep(0.1)
        raise AssertionError(self.driver.log.read_text())

    def kill_driver(self) -> None:
        """Kill the driver."""
        assert self.driver is not None
        self.driver.end()
        self.count("driver kills")

    def kill_scheduler(self) -> None:
        """Kill the scheduler."""
        self.scheduler.end()
        self.count("scheduler kills")

    def another_scheduler(self) -> None:
        """Start another scheduler where the one that was killed was."""
        self.scheduler = self._scheduler()

    def kill_worker(self) -> None:
        """Kill a worker, which its nanny starts again."""
        number = self.chance.randrange(WORKERS)
        with suppress(psutil.NoSuchProcess, IndexError):
            self.chance.choice(self._computing(number)).kill()
            self.count("worker kills")

    def revive(self) -> None:
        """Start again the workers that gave up, as whoever looks after a cluster does."""
        for number, worker in enumerate(self.workers):
            if worker.code() is not None:
                self.count("workers started again")
                self.workers[number] = self._worker(number)

    def pause_worker(self, seconds: float) -> None:
        """Stop the first worker's process for a while."""
        with suppress(psutil.NoSuchProcess, IndexError):
            process = self._computing(0)[0]
            process.send_signal(signal.SIGSTOP)
            time.sleep(seconds)
            process.send_signal(signal.SIGCONT)
            self.count("worker pauses")

    def cut_off(self, host: str, seconds: float) -> None:
        """Pull a host's cable for a while."""
        self.network.pull(host)
        time.sleep(seconds)
        self.network.plug(host)
        self.count(f"times the {host} was cut off")

    def _computing(self, number: int) -> list[psutil.Process]:
        below = descendants(self.workers[number].pid)
        return [process for process in below if "multiprocessing.spawn" in " ".join(process.cmdline())]

    def _scheduler(self) -> Process:
        words = ("--host", self.network.outside, "--port", self._port, "--dashboard-address", ":0")
        log = self.folder / "scheduler.log"
        return Process(BIN / "dask", "scheduler", *words, log=log, more=self._more)

    def _worker(self, number: int) -> Process:
        is_away = number == WORKERS - 1
        where = self.network.address(AWAY) if is_away else self.network.outside
        words = ("--host", where, "--nthreads", "1", "--no-dashboard", "--death-timeout", "60")
        folder = ("--local-directory", self.folder / f"worker{number}")
        command = (BIN / "dask", "worker", self.address, *words, *folder)
        log = self.folder / f"worker{number}.log"
        return Process(*(self.network.on(AWAY) if is_away else ()), *command, log=log, more=self._more)
