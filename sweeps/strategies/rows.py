"""Rows that a strategy prepares once a parameter set, to read them when it is asked bar by bar."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from keyword import iskeyword
from typing import Any, NamedTuple

import numpy as np

from sweeps.strategies.bar_by_bar import mark_of, row_parameters
from sweeps.strategies.contract import FloatArray, Signals, Strategy
from sweeps.strategies.errors import SignalError
from sweeps.strategies.events import window_stop
from sweeps.strategies.indicators import Indicators

STOP_DISTANCE = "stop_distance"


@dataclass(frozen=True, eq=False)
class PreparedRows:
    """What a strategy's rows are for one parameter set.

    Attributes:
        rows: By name, each of shape (bars,), warm-up included.
        warm: First bar from which all of them, and all that they were made of, have been finite.
    """

    rows: Mapping[str, FloatArray]
    warm: int

    def stop_distance(self, strategy: Strategy, start: int) -> FloatArray | None:
        """Return the stop distance from bar ``start`` on, price units; None without one.

        Raises:
            SignalError: If it is negative.
        """
        if STOP_DISTANCE not in self.rows:
            return None
        row = self.rows[STOP_DISTANCE]
        return window_stop(
            Signals(stop_distance=row), warm=self.warm, n=len(row), start=start, strategy=strategy.name
        )


def prepare_rows(strategy: Strategy, ind: Indicators, parameters: Mapping[str, Any]) -> PreparedRows:
    """Return the rows of one parameter set; whatever the user's function raises passes through.

    Raises:
        SignalError: If it returned something else than rows by name, one number a bar.
    """
    function = mark_of(strategy).rows
    if function is None:
        return PreparedRows({}, 0)
    with ind.recording() as used:
        said = function(ind.bars, ind, **{name: parameters[name] for name in row_parameters(function)})
    if not isinstance(said, Mapping):
        reason = f"its rows are {type(said).__name__}, expected arrays by name"
        raise SignalError(strategy.name, reason)
    rows = {str(name): _row(strategy, str(name), values, len(ind.bars)) for name, values in said.items()}
    warm = max([used.warm, *(_first_finite(row) for row in rows.values())])
    return PreparedRows(rows, warm)


def rows_parameters(strategy: Strategy) -> tuple[str, ...]:
    """Return the names of the parameters that a strategy's rows depend on."""
    function = mark_of(strategy).rows
    return () if function is None else row_parameters(function)


@cache
def named_rows(names: tuple[str, ...]) -> Any:
    """Return the tuple type whose fields are rows by name."""
    return NamedTuple("Rows", [(name, np.ndarray) for name in names])


def _row(strategy: Strategy, name: str, values: Any, bars: int) -> FloatArray:
    if not name.isidentifier() or iskeyword(name) or name.startswith("_"):
        raise SignalError(strategy.name, f'row "{name}": name it so that rows.{name} can be written')
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise SignalError(strategy.name, f'row "{name}" holds {array.dtype}, expected numbers')
    if array.shape != (bars,):
        reason = f'row "{name}" has shape {array.shape}, expected one value for each of {bars} bars'
        raise SignalError(strategy.name, reason)
    return np.ascontiguousarray(array, dtype=np.float64)


def _first_finite(row: FloatArray) -> int:
    finite = np.isfinite(row)
    return int(finite.argmax()) if finite.any() else len(row)
