"""Lives of sweeps: each is run to its end, however often its driver is killed on the way."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from lake.lake import open_lake
from lake.ownership import newest_owner

ENTRY = (sys.executable, "-m", "tests.soak.entry")
ROOT = Path(__file__).parents[2]
COULD_NOT_RUN = 2
LONGEST_SECONDS = 12.0
PATIENCE_SECONDS = 600.0
"""A command that takes longer hangs."""


@dataclass
class Tally:
    """What a soak saw and did; threads share it."""

    counts: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, what: str, number: int = 1) -> None:
        """Count something."""
        with self._lock:
            self.counts[what] = self.counts.get(what, 0) + number

    def blame(self, what: str) -> None:
        """Note something that must not be."""
        with self._lock:
            self.wrong.append(what)

    def __getitem__(self, what: str) -> int:
        return self.counts.get(what, 0)


class Command:
    """One command of the lake's, as a process that leads a group of its own."""

    def __init__(self, *words: str, environment: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [*ENTRY, *words],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip())

    def wait(self, seconds: float) -> int | None:
        """Return the exit code, or None if it is still at work after so long."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self._reader.join(1.0)
        return code

    def begun(self, seconds: float) -> bool:
        """Wait for its first line; return whether it came."""
        until = time.monotonic() + seconds
        while not self.lines and self.process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        return bool(self.lines)

    def signal(self, number: int, *, group: bool) -> None:
        """Send a signal to the process, or to all of its group; one that has ended does not mind."""
        with suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(self.process.pid, number)

    def workers(self) -> list[psutil.Process]:
        """Return the processes that compute for it."""
        with suppress(psutil.NoSuchProcess):
            below = psutil.Process(self.process.pid).children(recursive=True)
            leaves = [process for process in below if not process.children()]
            return [process for process in leaves if "resource_tracker" not in " ".join(process.cmdline())]
        return []

    def end(self) -> None:
        """Kill it and what it started."""
        self.signal(signal.SIGCONT, group=True)
        self.signal(signal.SIGKILL, group=True)
        self.process.wait()
        self._reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()


COMPUTED = 2 / 3
"""Share of sweeps that compute every run; the others carry over what the lake has."""


class Life:
    """One sweep at a time, from `run` through `resume` to its end, then the next.

    Each driver is disturbed after `LONGEST_SECONDS` at work at most.
    """

    def __init__(
        self,
        config: Path,
        lake_url: str,
        tally: Tally,
        chance: random.Random,
        environment: Mapping[str, str],
    ) -> None:
        self.config, self.lake_url, self.tally, self.chance = config, lake_url, tally, chance
        self.environment = environment
        self.ended: list[str] = []
        self._asleep: list[Command] = []

    def live(self, stop: threading.Event) -> None:
        """Live until told to stop; the last sweep is finished undisturbed."""
        sweep_id = ""
        while not stop.is_set() or sweep_id:
            command = self._start(sweep_id)
            sleepers, self._asleep = self._asleep, []
            before, sweep_id = sweep_id, self._go_through(command, sweep_id, stop, sleepers)
            self._see_off(sleepers, before)

    def close(self) -> None:
        """End whatever is left."""
        for command in self._asleep:
            command.end()

    def _start(self, sweep_id: str) -> Command:
        words = ("resume", sweep_id, "--take-over") if sweep_id else ("run", str(self.config))
        if not sweep_id and self.chance.random() < COMPUTED:
            words += ("--fresh",)
        more = ("--lake", self.lake_url, "--workers", "1")
        return Command(*words, *more, environment=self.environment)

    def _go_through(
        self, command: Command, sweep_id: str, stop: threading.Event, sleepers: list[Command]
    ) -> str:
        """Take a command to its end or kill it; return the sweep that is to be resumed, "" if none."""
        until = PATIENCE_SECONDS if stop.is_set() else self.chance.uniform(0.5, LONGEST_SECONDS)
        if self.chance.random() < 0.9:  # most are disturbed at work, some while they start
            command.begun(PATIENCE_SECONDS)
        code = self._watched(command, until, sleepers)
        sweep_id = sweep_id or _id_of(command.lines)
        if code is None and until == PATIENCE_SECONDS:
            command.end()
            self.tally.blame(f"hangs: {sweep_id} {command.lines[-3:]}")
            return ""
        if code is None:
            self._disturb(command, may_sleep=bool(sweep_id))
            return sweep_id
        if code != 0:
            command.end()
            self.tally.add("ended with an error")
            if self.tally["ended with an error"] > self.tally["driver kills"] + self.tally["faults"] + 3:
                self.tally.blame(f"exit code {code}: {sweep_id} {command.lines[-3:]}")
                return ""
            return sweep_id
        command.end()
        if sweep_id:
            self.tally.add("sweeps finished")
            self.ended.append(sweep_id)
        return ""

    def _watched(self, command: Command, seconds: float, sleepers: list[Command]) -> int | None:
        """Wait for a command and kill a worker of it now and then; whom it took over from wakes meanwhile."""
        code, step = None, seconds / 3
        for third in range(3):
            code = command.wait(step)
            if third == 0:
                for sleeper in sleepers:
                    sleeper.signal(signal.SIGCONT, group=False)
            if code is not None:
                return code
            workers = command.workers()
            if workers and seconds != PATIENCE_SECONDS and self.chance.random() < 0.5:
                with suppress(psutil.NoSuchProcess):
                    self.chance.choice(workers).kill()
                    self.tally.add("worker kills")
        return code

    def _disturb(self, command: Command, *, may_sleep: bool) -> None:
        """Kill a driver, alone or with its workers; or put it to sleep until another has taken over."""
        if may_sleep and self.chance.random() < 0.2:
            command.signal(signal.SIGSTOP, group=False)
            self._asleep.append(command)
            self.tally.add("drivers put to sleep")
            return
        command.signal(signal.SIGKILL, group=self.chance.random() < 0.7)
        command.process.wait()
        command.end()
        self.tally.add("driver kills")

    def _owns(self, command: Command, sweep_id: str) -> bool:
        newest = newest_owner(open_lake(self.lake_url), sweep_id)
        return newest is not None and newest.owner.owner.endswith(f":{command.process.pid}")

    def _see_off(self, sleepers: list[Command], sweep_id: str) -> None:
        """Wait for drivers that slept while another took over: they must find out and stop.

        Unless the other one was killed before it had, or the sleeper took over from it when it woke.
        """
        for command in sleepers:
            command.signal(signal.SIGCONT, group=False)
            code = command.wait(60.0)
            if code is None and self._owns(command, sweep_id):
                self.tally.add("sleepers that own their sweep")
            elif code is None:
                command.signal(signal.SIGUSR1, group=False)
                time.sleep(2.0)
                self.tally.blame(f"a driver that was taken over goes on: {command.lines[-99:]}")
            else:
                self.tally.add(
                    "zombies stopped" if code == COULD_NOT_RUN else f"zombies that ended with {code}"
                )
            command.end()


def _id_of(lines: list[str]) -> str:
    """Return the sweep's id from the first line of its command, "" if it did not come so far."""
    for line in list(lines):
        if line.startswith("sweep "):
            return line.split()[1].rstrip(":")
    return ""
