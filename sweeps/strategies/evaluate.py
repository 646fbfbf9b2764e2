"""Calling a strategy: the one way from its function to events, and from a backtester to its result."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sweeps.bars.frame import Bars
from sweeps.strategies.contract import Backtest, Direction, EventArray, FloatArray, Signals, Strategy
from sweeps.strategies.errors import BacktestError, ShortSideError, SignalError
from sweeps.strategies.events import to_events
from sweeps.strategies.indicators import Indicators


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A strategy's signals in a window of ``bars - start`` bars.

    Attributes:
        events: Event bits a bar.
        stop_distance: Price units a bar, or None.
        indicators: The diagnostics that the strategy named, one value a bar.
        warm: First bar, counted from the first of all bars, from which all that it used is known.
    """

    events: EventArray
    stop_distance: FloatArray | None
    indicators: dict[str, FloatArray]
    warm: int


def check_direction(strategy: Strategy, direction: Direction) -> None:
    """Raise ShortSideError if the direction needs a short side that the strategy does not declare."""
    if direction != "long" and not strategy.short and strategy.kind != "backtester":
        raise ShortSideError(strategy.name, direction)


def evaluate(
    strategy: Strategy, ind: Indicators, parameters: Mapping[str, Any], direction: Direction, start: int = 0
) -> Evaluation:
    """Return the signals of one parameter set on the bars of ``ind``, from bar ``start`` on.

    Bars before ``start`` are warm-up only. Whatever the strategy's own function raises passes through.

    Raises:
        ShortSideError: If the direction needs a short side that the strategy does not declare.
        SignalError: If it returned something that is not a signal.
    """
    check_direction(strategy, direction)
    with ind.recording() as used:
        result = strategy.function(ind.bars, ind, **parameters)
    events, stop_distance = to_events(
        result,
        direction,
        short_allowed=strategy.short,
        warm=used.warm,
        n=len(ind.bars),
        start=start,
        strategy=strategy.name,
    )
    named = diagnostics(strategy, result, len(ind.bars)) if isinstance(result, Signals) else {}
    indicators = {name: values[start:] for name, values in named.items()}
    return Evaluation(events, stop_distance, indicators, used.warm)


def diagnostics(strategy: Strategy, signals: Signals, bars: int) -> dict[str, FloatArray]:
    """Return the values that a strategy named, one a bar; SignalError if one has another shape."""
    named = signals.indicators() if callable(signals.indicators) else signals.indicators
    return {name: _diagnostic(strategy, name, values, bars) for name, values in named.items()}


def _diagnostic(strategy: Strategy, name: str, values: Any, n: int) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (n,):
        reason = f'indicator "{name}" has shape {array.shape}, expected one value for each of {n} bars'
        raise SignalError(strategy.name, reason)
    return array


def run_backtester(strategy: Strategy, bars: Bars, parameters: Mapping[str, Any]) -> Backtest:
    """Return what a user's backtester made of the bars; a tuple (metrics, trades, equity) may end early.

    Metrics come back as floats (NaN where undefined) by names in lower case, as columns are told apart;
    equity as float64 of shape (bars,).

    Raises:
        BacktestError: If metrics are not numbers by name, two of them differ only in case, or equity has not
            one finite value a bar.
    """
    result = strategy.function(bars, **parameters)
    if isinstance(result, tuple) and 1 <= len(result) <= 3:
        result = Backtest(*result)
    elif isinstance(result, Mapping):
        result = Backtest(result)
    if not isinstance(result, Backtest):
        raise BacktestError(
            strategy.name, f"{type(result).__name__}, expected Backtest or (metrics, trades, equity)"
        )
    return Backtest(
        _metrics(strategy, result.metrics), _trades(strategy, result.trades), _equity(strategy, result, bars)
    )


def _metrics(strategy: Strategy, metrics: Any) -> dict[str, float]:
    if not isinstance(metrics, Mapping):
        raise BacktestError(strategy.name, f"metrics are {type(metrics).__name__}, expected numbers by name")
    numbers: dict[str, float] = {}
    for name, value in metrics.items():
        lower = str(name).lower()
        if lower in numbers:
            raise BacktestError(
                strategy.name, f'two metrics are named "{lower}"; upper case tells none apart'
            )
        try:
            numbers[lower] = np.nan if value is None else float(value)
        except (TypeError, ValueError) as error:
            raise BacktestError(strategy.name, f'metric "{name}" is {value!r}, expected a number') from error
    return numbers


def _trades(strategy: Strategy, trades: Any) -> Any:
    if trades is not None and not hasattr(trades, "columns"):
        raise BacktestError(
            strategy.name, f"trades are {type(trades).__name__}, expected a DataFrame or None"
        )
    return trades


def _equity(strategy: Strategy, result: Backtest, bars: Bars) -> FloatArray | None:
    if result.equity is None:
        return None
    equity = np.asarray(result.equity, dtype=np.float64)
    if equity.shape != (len(bars),) or not np.isfinite(equity).all():
        reason = f"equity has shape {equity.shape}, expected one finite value for each of {len(bars)} bars"
        raise BacktestError(strategy.name, reason)
    return equity
