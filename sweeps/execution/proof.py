"""Proof: what a strategy must show on a sample before a sweep of it starts."""

from collections.abc import Iterator

import numpy as np

from sweeps.bars.frame import Bars
from sweeps.errors import SweepError
from sweeps.execution.cells import strategy_parameters
from sweeps.execution.steps import NOTHING, step, stepping
from sweeps.spec.grid import CHUNK_CELLS, Grid
from sweeps.spec.rules import Value
from sweeps.strategies.asking import ready, signals_of
from sweeps.strategies.column_proof import prove_columns
from sweeps.strategies.compile_errors import StrategyCompileError
from sweeps.strategies.contract import Strategy
from sweeps.strategies.ctrl_c import pass_ctrl_c_on
from sweeps.strategies.evaluate import run_backtester
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.lookahead import prove_causal
from sweeps.strategies.source import StrategySource

PROVEN = 3
"""Parameter sets that must be free of lookahead; fewer where fewer work."""
TRIED = 32
"""Parameter sets that are tried before a strategy counts as broken: many may be refused by its own checks."""


class StrategyFailsError(SweepError):
    """A strategy raises for every parameter set of the sample: it is broken, not unlucky."""

    key = "strategy"

    def __init__(self, strategy: str, symbol: str, own_traceback: str) -> None:
        super().__init__(strategy, symbol, own_traceback)
        self.strategy, self.symbol, self.own_traceback = strategy, symbol, own_traceback

    def __str__(self) -> str:
        return (
            f"strategy {self.strategy} fails on {self.symbol} for every parameter set that was tried; "
            f"mend it:\n{self.own_traceback.rstrip()}"
        )


def prove(source: StrategySource, bars: Bars, grid: Grid, seed: int) -> tuple[str, ...]:
    """Return if a strategy works for at least one parameter set of a sample, and looks ahead for none.

    Returns:
        The names of the metrics that a user's backtester gave; nothing for other strategies.

    Raises:
        StrategyFailsError: If it raises for all of them.
        ColumnsRefusedError: If it declares columns and raises when it is asked for several sets at once.
        ColumnsDifferError: If it declares columns and then answers otherwise than for single sets.
        StrategyCompileError: If numba cannot compile a function that is asked bar by bar.
        LookaheadError: If a signal changes when later bars are removed.
    """
    strategy = stepping(ready(source.load()))
    works: list[dict[str, Value]] = []
    failure: BaseException | None = None
    metrics: tuple[str, ...] = ()
    for index in _sampled(grid, seed):
        parameters = strategy_parameters(grid, index)
        step(parameters)
        try:
            metrics = _try(strategy, bars, parameters)
        except StrategyCompileError:
            raise  # of no parameter set's making
        except BaseException as error:  # noqa: BLE001  a user's code may raise anything
            pass_ctrl_c_on(error)
            failure = error
        else:
            works.append(parameters)
        if len(works) == (1 if strategy.kind == "backtester" else PROVEN):
            break
    step(NOTHING)
    if failure is not None and not works:
        trace = strategy.source.own_traceback(failure)
        raise StrategyFailsError(strategy.name, bars.symbol, trace) from failure
    prove_columns(strategy, bars, works)
    prove_causal(strategy, bars, works, seed)
    return metrics


def _try(strategy: Strategy, bars: Bars, parameters: dict[str, Value]) -> tuple[str, ...]:
    if strategy.kind == "backtester":
        return tuple(run_backtester(strategy, bars, parameters).metrics)
    signals_of(strategy, Indicators(bars), parameters, "both" if strategy.short else "long")
    return ()


def _sampled(grid: Grid, seed: int) -> Iterator[int]:
    """Yield the first run and others from random places of the grid, each once, `TRIED` at most."""
    random = np.random.default_rng(seed)
    first = int(next(chunk for chunk in grid.chunks() if len(chunk))[0])
    found = {first}
    yield first
    for place in random.integers(0, grid.raw_size, TRIED - 1):
        near = grid.survivors(int(place), int(place) + CHUNK_CELLS)
        if len(near) and int(near[0]) not in found:
            found.add(int(near[0]))
            yield int(near[0])
