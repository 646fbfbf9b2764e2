"""Strategies that are asked bar by bar, made of functions in a test, and runs of them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from sweeps.bars.frame import Bars
from sweeps.simulation.asked import Asked, Asker, simulate_asked, trace_asked
from sweeps.simulation.trace import Trace
from sweeps.simulation.window import PriceWindow, SignalSet
from sweeps.strategies.asking import make_asker
from sweeps.strategies.bar_by_bar import BarByBarMark, bar_by_bar
from sweeps.strategies.contract import MARK, Direction, Strategy
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.parameters import declared_parameters
from sweeps.strategies.rows import prepare_rows
from sweeps.strategies.source import StrategySource
from tests.sweeps.simulation.cases import table


def strategy_of(function: Callable[..., Any], **marks: Any) -> Strategy:
    """Return a strategy of a function, marked with ``marks``."""
    mark: BarByBarMark = getattr(bar_by_bar(**marks)(function), MARK)
    name = function.__name__
    parameters = declared_parameters(function, "bar_by_bar", name)
    return Strategy(name, function, parameters, mark.short, "bar_by_bar", "", "", StrategySource(name, name))


def asker_of(
    strategy: Strategy, bars: Bars, direction: Direction = "long", start: int = 0, **parameters: Any
) -> Asker:
    """Return a strategy ready to be asked, with its defaults for the parameters that are left out."""
    given = {one.name: one.default for one in strategy.parameters} | parameters
    ind = Indicators(bars)
    return make_asker(strategy, ind, prepare_rows(strategy, ind, given), given, direction, start)


def asked(
    strategy: Strategy, bars: Bars, settings: np.ndarray | None = None, **more: Any
) -> tuple[Asked, PriceWindow]:
    """Return runs of a strategy on bars, one under no costs and exits unless settings are given."""
    start = more.get("start", 0)
    part = bars.between(start, len(bars))
    window = PriceWindow(part.open, part.high, part.low, part.close)
    rows = table(fill="next_open") if settings is None else settings
    return simulate_asked(window, nothing(window), asker_of(strategy, bars, **more), rows, 252.0), window


def traced(strategy: Strategy, bars: Bars, settings: np.ndarray, **more: Any) -> Trace:
    """Return one run of a strategy on bars in full."""
    window = PriceWindow(bars.open, bars.high, bars.low, bars.close)
    return trace_asked(window, nothing(window), asker_of(strategy, bars, **more), settings[0], 252.0)


def nothing(window: PriceWindow, **more: Any) -> SignalSet:
    """Return a signal set without orders."""
    return SignalSet(np.zeros(len(window), np.uint8), **more)
