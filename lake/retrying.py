"""Retrying: how long, and how often, a store is asked again that did not answer well."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
T = TypeVar("T")


def pauses() -> Iterator[float]:
    """Yield the seconds to wait before each further attempt: doubling up to a limit, a random half of it off.

    The random part keeps clients that failed together from coming back together.
    """
    longest = FIRST_PAUSE_SECONDS
    while True:
        yield longest * random.uniform(0.5, 1.0)  # noqa: S311  nothing secret
        longest = min(2.0 * longest, LONGEST_PAUSE_SECONDS)


def retried(call: Callable[[], T], is_transient: Callable[[Exception], bool], patience_seconds: float) -> T:
    """Return what a call returns, calling again after errors that may pass; as `retried_async`."""
    began = time.monotonic()
    for pause in pauses():
        try:
            return call()
        except Exception as error:
            if not is_transient(error) or time.monotonic() - began + pause > patience_seconds:
                raise
        time.sleep(pause)
    raise AssertionError  # pauses never end


async def retried_async(
    call: Callable[[], Awaitable[T]],
    is_transient: Callable[[Exception], bool],
    patience_seconds: Callable[[], float],
) -> T:
    """Return what a call returns, calling again after errors that may pass.

    Args:
        call: What to do; safe to repeat.
        is_transient: Whether an error may pass by itself.
        patience_seconds: How long after the first call the last one may begin; asked after every error.

    Raises:
        Exception: The last error, if it is not transient or patience is at its end.
    """
    began = time.monotonic()
    for pause in pauses():
        try:
            return await call()
        except Exception as error:
            if not is_transient(error) or time.monotonic() - began + pause > patience_seconds():
                raise
        await asyncio.sleep(pause)
    raise AssertionError  # pauses never end
