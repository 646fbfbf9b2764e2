"""Deadline: a worker whose user's code does not come back ends itself, for no thread can be ended.

A thread of its own looks at what the others are at. Code that does not even let that one run, for it holds
the interpreter's lock, is ended by the interpreter's own watchdog. A process has one: it is for all threads,
and nobody is told what it says, which is where every thread was.
"""

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import NoReturn, TextIO

from sweeps.execution.steps import NOTHING, Step, watched_by

LOOK_SECONDS = 0.5
LOCKED = 2.0
"""Times its deadline that code may hold the interpreter's lock."""
EXIT_CODE = 75

_lock = threading.Lock()
_due: dict[int, tuple[float, float]] = {}
"""By thread: when its last step began, and how long it may take."""


@contextmanager
def deadline(seconds: float, *, is_set: bool = True) -> Iterator[None]:
    """End this process if a step of this thread takes longer; see `steps`.

    Args:
        seconds: How long a step may take.
        is_set: Whether there is a deadline at all.
    """
    if not is_set:
        yield
        return
    me = threading.get_ident()

    def begin(what: Step) -> None:
        if what is NOTHING:
            _end(me)
        elif me in _due:
            _due[me] = time.monotonic(), seconds
        else:
            with _lock:
                _due[me] = time.monotonic(), seconds
                _arm()

    _ensure_watching()
    try:
        with watched_by(begin):
            yield
    finally:
        _end(me)


def _end(thread: int) -> None:
    """End a thread's step, if it is at one; the watchdog stays for the others'."""
    with _lock:
        if _due.pop(thread, None) is not None:
            _arm()


def _ensure_watching() -> None:
    with _lock:
        if not any(thread.name == __name__ for thread in threading.enumerate()):
            threading.Thread(target=_watch, name=__name__, daemon=True).start()


def _watch() -> None:
    while True:
        now, held = time.monotonic(), list(_due.values())
        for begun, seconds in held:
            if now - begun > seconds:
                end_worker(f"a strategy did not come back within {seconds:g} s")
        with _lock:
            _arm()
        time.sleep(LOOK_SECONDS)


def _arm() -> None:
    """Let the interpreter's watchdog end this process, unless it is armed again before; held: the lock."""
    if not _due:
        faulthandler.cancel_dump_traceback_later()
        return
    longest = max(seconds for _, seconds in _due.values())
    with suppress(OSError, RuntimeError, MemoryError):  # nothing is left to do it with: who waits will see
        faulthandler.dump_traceback_later(LOCKED * longest + LOOK_SECONDS, exit=True, file=_nowhere())


@cache
def _nowhere() -> TextIO:
    """Return a file that takes whatever is said, and stays open for it."""
    return Path(os.devnull).open("w")


def end_worker(reason: str) -> NoReturn:
    """End this process; its nanny starts another, and its blocks are computed apart."""
    if sys.__stderr__ is not None:
        print(f"{reason}: this worker ends", file=sys.__stderr__, flush=True)
    os._exit(EXIT_CODE)
