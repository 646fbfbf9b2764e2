"""Proof: what a strategy must show on a sample before a sweep of it starts."""

from collections.abc import Iterator

import numpy as np

from sweeps.bars.frame import Bars
from sweeps.errors import SweepError
from sweeps.execution.cells import strategy_parameters
from sweeps.spec.grid import CHUNK_CELLS, Grid
from sweeps.spec.rules import Value
from sweeps.strategies.contract import Strategy
from sweeps.strategies.evaluate import evaluate, run_backtester
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.lookahead import prove_causal

SAMPLE = 3


class StrategyFailsError(SweepError):
    """A strategy raises for every parameter set of the sample: it is broken, not unlucky."""

    def __init__(self, strategy: str, symbol: str, own_traceback: str) -> None:
        super().__init__(strategy, symbol, own_traceback)
        self.strategy, self.symbol, self.own_traceback = strategy, symbol, own_traceback

    def __str__(self) -> str:
        return (
            f"strategy {self.strategy} fails on {self.symbol} for every parameter set that was tried; "
            f"mend it:\n{self.own_traceback.rstrip()}"
        )


def prove(strategy: Strategy, bars: Bars, grid: Grid, seed: int) -> tuple[str, ...]:
    """Return if the strategy works for at least one parameter set of a sample, and looks ahead for none.

    Returns:
        The names of the metrics that a user's backtester gave; nothing for other strategies.

    Raises:
        StrategyFailsError: If it raises for all of them.
        LookaheadError: If a signal changes when later bars are removed.
    """
    sets = [strategy_parameters(grid, index) for index in _sampled(grid, seed)]
    failure: Exception | None = None
    metrics: tuple[str, ...] = ()
    for parameters in sets:
        try:
            metrics = _try(strategy, bars, parameters)
        except Exception as error:  # noqa: BLE001  a user's code may raise anything
            failure = error
        else:
            break
    else:
        if failure is not None:
            trace = strategy.source.own_traceback(failure)
            raise StrategyFailsError(strategy.name, bars.symbol, trace) from failure
    prove_causal(strategy, bars, sets, seed)
    return metrics


def _try(strategy: Strategy, bars: Bars, parameters: dict[str, Value]) -> tuple[str, ...]:
    if strategy.kind == "backtester":
        return tuple(run_backtester(strategy, bars, parameters).metrics)
    evaluate(strategy, Indicators(bars), parameters, "both" if strategy.short else "long")
    return ()


def _sampled(grid: Grid, seed: int) -> Iterator[int]:
    """Yield the first run and a few others from random places of the grid, each once."""
    random = np.random.default_rng(seed)
    found = {int(next(chunk for chunk in grid.chunks() if len(chunk))[0])}
    for place in random.integers(0, grid.raw_size, SAMPLE - 1):
        near = grid.survivors(int(place), int(place) + CHUNK_CELLS)
        found.update(near[:1].tolist())
    yield from sorted(found)
