"""Deadline: a worker whose user's code does not come back ends itself, for no thread can be ended.

A thread of its own looks at what the others are at. Code that does not even let that one run, for it holds
the interpreter's lock, is ended by the interpreter's own watchdog.
"""

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

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
            _due.pop(me, None)
            faulthandler.cancel_dump_traceback_later()
            return
        if me not in _due:
            _arm(seconds)
        _due[me] = time.monotonic(), seconds

    _ensure_watching()
    try:
        with watched_by(begin):
            yield
    finally:
        _due.pop(me, None)


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
        if held:
            _arm(max(seconds for _, seconds in held))
        else:
            faulthandler.cancel_dump_traceback_later()
        time.sleep(LOOK_SECONDS)


def _arm(seconds: float) -> None:
    """Let the interpreter's watchdog end this process, unless it is armed again before."""
    if sys.__stderr__ is not None:
        with suppress(RuntimeError, MemoryError):  # no thread can be started: who waits will see
            faulthandler.dump_traceback_later(LOCKED * seconds + LOOK_SECONDS, exit=True, file=sys.__stderr__)


def end_worker(reason: str) -> NoReturn:
    """End this process; its nanny starts another, and its blocks are computed apart."""
    if sys.__stderr__ is not None:
        print(f"{reason}: this worker ends", file=sys.__stderr__, flush=True)
    os._exit(EXIT_CODE)
