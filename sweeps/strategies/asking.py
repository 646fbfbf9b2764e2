"""Asking a strategy bar by bar: from its function, rows and parameters to runs of the reference loop."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from sweeps.simulation.asked import Asker, simulate_asked
from sweeps.simulation.asked_rows import asked_rows
from sweeps.simulation.hopping.lines import address
from sweeps.simulation.settings import settings_table
from sweeps.simulation.window import PriceWindow, SignalSet
from sweeps.strategies.bar_by_bar import mark_of
from sweeps.strategies.contract import Direction, Strategy
from sweeps.strategies.evaluate import Evaluation, check_direction, evaluate
from sweeps.strategies.events import STATES, SWITCHES
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.rows import PreparedRows, prepare_rows
from sweeps.strategies.wishes import compiled_wish

_PERIODS: Final = 252.0
_PLAIN: Final = settings_table(
    {
        "initial_capital": [100_000.0],
        "fill": ["next_open"],
        "sizing_kind": ["all_in"],
        "sizing_value": [None],
        **{name: [0.0] for name in ("fee_bps", "fee_fixed", "slippage_bps", "borrow_rate", "lot_size")},
        "risk_free_rate": [0.0],
        **{name: [None] for name in ("stop_loss", "take_profit", "trailing_stop", "atr_stop_multiple")},
        "max_bars": [None],
    },
    _PERIODS,
)
"""One run without costs and exits: what the wishes are looked at under, when no settings are given."""


def ready(strategy: Strategy) -> Strategy:
    """Return a strategy; what runs it, if it is asked bar by bar, is compiled by then, or read from the disk.

    That is no part of the time that a step of its own may take.
    """
    if strategy.kind == "bar_by_bar":
        asked_rows()
    return strategy


def make_asker(
    strategy: Strategy,
    ind: Indicators,
    prepared: PreparedRows,
    parameters: Mapping[str, Any],
    direction: Direction,
    start: int,
) -> Asker:
    """Return a strategy ready to be asked on the bars of ``ind`` from bar ``start`` on.

    Raises:
        StrategyCompileError: If numba cannot compile its function.
    """
    wish = compiled_wish(strategy, tuple(prepared.rows))
    below, zero, one = (0, *SWITCHES[direction]) if wish.boolean else STATES[direction]
    bars = ind.bars
    given = np.array([parameters[declared.name] for declared in strategy.parameters], dtype=np.float64)
    columns = (bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume)
    arrays = (given, *columns, *prepared.rows.values())
    return Asker(
        ask_at=wish.ask_at,
        inputs=np.array([address(array) for array in arrays], dtype=np.int64),
        kept=(wish, *arrays),
        memory=mark_of(strategy).memory,
        first=start,
        warm=max(prepared.warm - start, 0),
        states=(below, zero, one),
        place=wish.place,
    )


def signals_of(
    strategy: Strategy, ind: Indicators, parameters: Mapping[str, Any], direction: Direction, start: int = 0
) -> Evaluation:
    """Return the signals of a strategy of either kind, as `evaluate` does.

    Of one that is asked bar by bar they are the orders of a run with `next_open` fills, no costs and no
    exits; its indicators are its rows.

    Raises:
        ShortSideError: If the direction needs a short side that the strategy does not declare.
        SignalError: If it returned something that is not a signal.
        StrategyCompileError: If numba cannot compile its function.
    """
    if strategy.kind != "bar_by_bar":
        return evaluate(strategy, ind, parameters, direction, start)
    check_direction(strategy, direction)
    prepared = prepare_rows(strategy, ind, parameters)
    asker = make_asker(strategy, ind, prepared, parameters, direction, start)
    bars = ind.bars.between(start, len(ind.bars))
    window = PriceWindow(bars.open, bars.high, bars.low, bars.close)
    stop_distance = prepared.stop_distance(strategy, start)
    nothing_ordered = np.zeros(len(window), np.uint8)
    read = SignalSet(nothing_ordered, np.empty(0) if stop_distance is None else stop_distance)
    made = simulate_asked(window, read, asker, _PLAIN, _PERIODS)
    for error in made.errors.values():
        raise error
    rows = {name: row[start:] for name, row in prepared.rows.items()}
    return Evaluation(made.orders, stop_distance, rows, prepared.warm)
