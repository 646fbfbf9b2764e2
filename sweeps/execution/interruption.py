"""Interruption: Ctrl-C between two commits, never in the middle of one."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def uninterrupted(*, forget: bool = False) -> Iterator[None]:
    """Hold back Ctrl-C and SIGTERM until the block ends; then they act as they would have.

    Only Python's main thread is ever interrupted by signals: elsewhere this does nothing.

    Args:
        forget: Drop what was held back, where the block itself was the answer to an interruption.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    before = {number: signal.signal(number, lambda number, _: held.append(number)) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if held and not forget:
            signal.raise_signal(held[0])
