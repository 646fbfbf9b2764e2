"""The command line and Dask's own commands as processes; whatever is started here is stopped by its id."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

BIN = Path(sys.executable).parent


def environment() -> dict[str, str]:
    """Return the environment of a user's shell: nothing of the test run's own."""
    hidden = {"PYTHONPATH", "SWEEPLAKE_LAKE", "PYTEST_CURRENT_TEST"}
    return {name: value for name, value in os.environ.items() if name not in hidden}


def sweeplake(*words: object, cwd: Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [BIN / "sweeplake", *map(str, words)],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@contextmanager
def started(*words: object, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """Yield a running process that leads its own group, as under a terminal; none of it outlives this."""
    with subprocess.Popen(
        list(map(str, words)),
        cwd=cwd,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            for left in descendants(process.pid):
                left.kill()
            process.kill()


def descendants(pid: int) -> list[psutil.Process]:
    """Return the processes that one started, and those that they started."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def has_computed(pid: int, seconds: float) -> None:
    """Wait until a process has used so much more processor time."""
    process = psutil.Process(pid)
    wanted = sum(process.cpu_times()[:2]) + seconds
    while sum(process.cpu_times()[:2]) < wanted:
        time.sleep(0.1)


def line_with(process: subprocess.Popen[str], text: str) -> str:
    """Return the next line on standard error that has a text in it."""
    for line in process.stderr or ():
        if text in line:
            return line
    raise AssertionError(f"ended without saying {text!r}")


def to_group(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal to a process and all that it started, as a terminal does on Ctrl-C."""
    os.killpg(process.pid, number)


def gone(processes: list[psutil.Process], seconds: float = 10.0) -> bool:
    """Say whether processes have ended, or do so soon."""
    deadline = time.monotonic() + seconds
    while any(is_alive(process) for process in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def is_alive(process: psutil.Process) -> bool:
    """Say whether a process still runs; a zombie does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
