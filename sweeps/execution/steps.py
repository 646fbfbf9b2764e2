"""Steps: what a thread is about to ask of a user's code, told to whoever watches that thread.

A strategy that hangs, or kills its process, tells nothing itself: what was last said of it is all that is
known.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from typing import Any, TypeAlias

import numpy as np

from sweeps.spec.grid import IndexArray
from sweeps.strategies.contract import Strategy

Step: TypeAlias = Mapping[str, Any] | IndexArray
"""The strategy parameters that are asked for next, or the raw indices of the cells that are computed next."""
NOTHING: IndexArray = np.empty(0, np.int64)
"""What follows is our own code."""
Watcher: TypeAlias = Callable[[Step], None]

_of_thread = threading.local()


def step(what: Step) -> None:
    """Say what comes next; some ten nanoseconds if nobody watches."""
    watcher: Watcher | None = getattr(_of_thread, "watcher", None)
    if watcher is not None:
        watcher(what)


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Tell every step of this thread to a watcher."""
    _of_thread.watcher = watcher
    try:
        yield
    finally:
        _of_thread.watcher = None


def stepping(strategy: Strategy, *, columns: bool = True) -> Strategy:
    """Return a strategy that says which parameters it is asked for, each time; the others say it themselves.

    Args:
        strategy: The strategy; of one that is built in, or computes cell by cell, nothing changes.
        columns: Whether it may be asked for many parameter sets at once.
    """
    if strategy.kind != "signals" or strategy.source.bundle is None:
        return strategy

    @wraps(strategy.function)
    def function(bars: Any, ind: Any, **parameters: Any) -> Any:
        step(parameters)
        return strategy.function(bars, ind, **parameters)

    return replace(strategy, function=function, columns=strategy.columns if columns else False)
