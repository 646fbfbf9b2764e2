"""The third way to write a strategy: a function that is asked at every close and knows its own account.

    def averages(bars, ind, *, fast, slow):
        return {"fast": ind.sma(fast), "slow": ind.sma(slow)}

    @bar_by_bar(rows=averages)
    def patient(t, bars, rows, account, memory, *, fast: int = 10, slow: int = 50, rest: int = 5):
        if account.side != 0:
            return 1 if rows.fast[t] > rows.slow[t] else 0
        rested = account.last_pnl >= 0.0 or t - account.last_exit_bar > rest
        return 1 if rested and rows.fast[t] > rows.slow[t] else 0

The function is compiled by numba; it need not be decorated with ``njit``, but what it calls must be. It
returns the position that it wishes from here on: -1, 0 or 1 (a boolean means 0 and 1, as in a state). A wish
is held against the position that it has, so 1 while flat enters, also after a stop, and ``account.side``
changes nothing. Arrays end at bar ``t``: there is no later bar to read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from sweeps.errors import did_you_mean
from sweeps.strategies.contract import MARK, FloatArray, Function, Mark, Parameter, Strategy
from sweeps.strategies.errors import StrategyDefinitionError

MEMORY_SLOTS = 8


class BarsSoFar(NamedTuple):
    """The bars up to and including bar ``t``: each array has shape (t + 1,) and is read-only.

    Attributes:
        time: Open times, UTC microseconds since 1970.
        open: First prices.
        high: Highest prices.
        low: Lowest prices.
        close: Last prices.
        volume: Traded volumes.
    """

    time: npt.NDArray[np.int64]
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray


@dataclass(frozen=True)
class BarByBarMark(Mark):
    """What `bar_by_bar` noted on a function.

    Attributes:
        rows: What prepares the rows that it reads; None for no rows.
        memory: Floats that it keeps from bar to bar.
    """

    rows: Callable[..., Any] | None = None
    memory: int = MEMORY_SLOTS


@overload
def bar_by_bar(function: Function, /) -> Function: ...
@overload
def bar_by_bar(
    *, rows: Callable[..., Any] | None = None, short: bool = False, memory: int = MEMORY_SLOTS
) -> Callable[[Function], Function]: ...
def bar_by_bar(
    function: Function | None = None,
    /,
    *,
    rows: Callable[..., Any] | None = None,
    short: bool = False,
    memory: int = MEMORY_SLOTS,
) -> Function | Callable[[Function], Function]:
    """Mark ``f(t, bars, rows, account, memory, *, parameters)`` as a strategy that is asked at every close.

    Args:
        function: The function, where the decorator has no arguments; it is unchanged.
        rows: A function ``g(bars, ind, *, parameters)`` of plain NumPy, called once a parameter set, which
            names those parameters of the strategy that it reads and returns rows by name, one value a bar.
            The strategy reads them as ``rows.name[t]``, each trade stores their values at entry and exit, and
            bars before all are finite are warm-up, at which it is not asked. A row called ``stop_distance``
            acts as that of `Signals`.
        short: Whether it has a short side.
        memory: Floats in ``memory``, which the function may write; zeros when a run starts.
    """

    def marked(function: Function) -> Function:
        setattr(function, MARK, BarByBarMark("bar_by_bar", short=short, rows=rows, memory=memory))
        return function

    return marked if function is None else marked(function)


def mark_of(strategy: Strategy) -> BarByBarMark:
    """Return what `bar_by_bar` noted on a strategy of that kind."""
    mark: BarByBarMark = getattr(strategy.function, MARK)
    return mark


def row_parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of the parameters that a function of rows reads."""
    return tuple(signature(function).parameters)[2:]


def check_mark(strategy: str, mark: BarByBarMark, parameters: Sequence[Parameter]) -> None:
    """Raise StrategyDefinitionError if a strategy cannot be asked bar by bar as it is declared."""
    texts = [one.name for one in parameters if one.kind == "text"]
    if texts:
        reason = f"parameter {texts[0]} is text; asked bar by bar a strategy reads int, float and bool"
        raise StrategyDefinitionError(strategy, reason)
    if type(mark.memory) is not int or mark.memory < 0:
        raise StrategyDefinitionError(strategy, f"memory={mark.memory!r}: give a number of floats, 0 or more")
    if mark.rows is None:
        return
    if not callable(mark.rows):
        raise StrategyDefinitionError(strategy, f"rows={mark.rows!r}: give a function of (bars, ind)")
    if len(signature(mark.rows).parameters) < 2:
        raise StrategyDefinitionError(strategy, "its rows are called as g(bars, ind, *, parameters)")
    known = {one.name for one in parameters}
    for name in row_parameters(mark.rows):
        if name not in known:
            near = did_you_mean(name, known)
            reason = f"its rows read {name}, which is none of its parameters{near}"
            raise StrategyDefinitionError(strategy, reason)
