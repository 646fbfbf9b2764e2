"""Interruption: Ctrl-C while DuckDB computes."""

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
_BEAT = 0.05
_OF_DUCKDB = "Query interrupted"


def is_interrupt(error: BaseException) -> bool:
    """Return whether an error is Ctrl-C: DuckDB, where it hears of it, makes a `RuntimeError` of it."""
    return isinstance(error, KeyboardInterrupt) or (type(error) is RuntimeError and str(error) == _OF_DUCKDB)


@contextmanager
def heard() -> Iterator[None]:
    """Make Ctrl-C what it is, whoever hears of it.

    Raises:
        KeyboardInterrupt: Where DuckDB raises another error for it.
    """
    try:
        yield
    except RuntimeError as error:
        if is_interrupt(error):
            raise KeyboardInterrupt from error
        raise


def interruptible(call: Callable[[], T], stop: Callable[[], object]) -> T:
    """Return what a call returns, made in a thread of its own, while this one hears of Ctrl-C.

    DuckDB looks for signals between its tasks alone: a query whose only task is long would go on to its end.

    Args:
        call: What to compute.
        stop: What stops it while it is under way; it may be called several times.

    Raises:
        KeyboardInterrupt: At Ctrl-C, once the call has stopped; else whatever it raises.
    """
    asked: Future[T] | None = None
    with ThreadPoolExecutor(1) as thread:
        try:
            with _held_back():
                asked = thread.submit(call)
            return asked.result()
        except BaseException:  # of the call, which is done then, or of what does not wait for it any longer
            while asked and not asked.done():  # a stop that comes before its query is not heard
                stop()
                wait([asked], _BEAT)
            raise


@contextmanager
def _held_back() -> Iterator[None]:
    """Hold Ctrl-C back to the end of a block, and for good from threads that it starts."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
