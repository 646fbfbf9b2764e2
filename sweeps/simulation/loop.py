"""The reference loop: one backtest, bar by bar, in the order that the semantics give.

At the open, pending orders fill. Then levels. At the close: borrow, orders of `close` fills, the end of the
session, entries of `close` fills, and the mark. Nothing here is an approximation: faster engines are held
against this loop, and this loop against plain Python and other people's backtesters.

The account is kept as settled money (its cash, were the position undone at its entry price) plus the open
profit. That sum is cash plus position without its rounding noise: equity that stands still does not tremble.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sweeps.simulation.codes import (
    END_OF_DATA,
    FILL_CLOSE,
    RUIN,
    SESSION_END,
    STATUS_BAD_EQUITY,
    STATUS_BAD_FILL,
    STATUS_OK,
    STAY,
)
from sweeps.simulation.exits import leave, level_exit, ordered_exit, record
from sweeps.simulation.position import entry_side, flat, lacks_distance, ordered_in
from sweeps.simulation.settings import Rules

Floats = npt.NDArray[np.float64]


class Tally(NamedTuple):
    """What a backtest leaves beside its equity and ledger."""

    trades: int
    skipped: int
    ruined: bool
    status: int


@njit(error_model="numpy")
def has_levels(rules: Rules, stop_distance: Floats) -> bool:
    """Tell whether any stop or target can exist in this run."""
    off = (
        np.isnan(rules.stop_loss)
        and np.isnan(rules.take_profit)
        and np.isnan(rules.trailing_stop)
        and np.isnan(rules.atr_multiple)
        and stop_distance.size == 0
    )
    return not off


@njit(error_model="numpy")
def may_enter(order: int, signal_bar: int, stop_distance: Floats, atr: Floats, rules: Rules) -> bool:
    """Tell whether an order is an entry whose stops are all known at its signal bar."""
    if entry_side(order) == 0.0 or lacks_distance(stop_distance, signal_bar):
        return False
    return np.isnan(rules.atr_multiple) or not lacks_distance(atr, signal_bar)


@njit(error_model="numpy")
def run_bars(  # noqa: C901, PLR0912, PLR0915 - one bar, in order, is one page
    open_: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    events: npt.NDArray[np.uint8],
    stop_distance: Floats,
    atr: Floats,
    session_last: npt.NDArray[np.bool_],
    rules: Rules,
    equity: Floats,
    ledger: Floats,
) -> Tally:
    """Run one backtest; fill ``equity`` (bars,) and the first rows of ``ledger`` (bars, N_LEDGER)."""
    bars = close.size
    at_close = rules.fill == FILL_CLOSE
    lag = 0 if at_close else 1
    levels = has_levels(rules, stop_distance)
    sessions = session_last.size > 0
    watched = levels or sessions or rules.borrow != 0.0 or not np.isnan(rules.max_bars)
    settled = rules.initial_capital
    position = flat()
    peak = borrow_cost = 0.0
    trades = skipped = 0
    for i in range(bars):
        signal_bar = i - lag
        order = events[signal_bar] if signal_bar >= 0 else 0
        if order != 0 or (watched and position.side != 0.0):
            # 1. The open: orders of the last close.
            if not at_close:
                if position.side != 0.0:
                    reason = ordered_exit(position, order, i, rules.max_bars)
                    if reason != STAY:
                        settled += leave(ledger, trades, position, borrow_cost, i, open_[i], reason, rules)
                        trades += 1
                        position = flat()
                if position.side == 0.0 and may_enter(order, signal_bar, stop_distance, atr, rules):
                    position = ordered_in(
                        order, signal_bar, i, open_[i], settled, stop_distance, atr, levels, rules
                    )
                    settled -= position.entry_fee
                    peak, borrow_cost = open_[i], 0.0
                    skipped += position.side == 0.0
            # 2. Stops, then the target.
            level_closed = False
            if levels and position.side != 0.0:
                reason, price = level_exit(position, peak, rules.trailing_stop, open_[i], high[i], low[i])
                if reason != STAY:
                    settled += leave(ledger, trades, position, borrow_cost, i, price, reason, rules)
                    trades += 1
                    position = flat()
                    level_closed = True
                peak = max(peak, high[i]) if position.side > 0.0 else min(peak, low[i])
            # 3. The close: borrow, orders of this close, the end of the session, entries of this close.
            if position.side < 0.0:
                borrowed = position.quantity * close[i] * rules.borrow
                settled -= borrowed
                borrow_cost += borrowed
            if at_close and position.side != 0.0:
                reason = ordered_exit(position, order, i, rules.max_bars)
                if reason != STAY:
                    settled += leave(ledger, trades, position, borrow_cost, i, close[i], reason, rules)
                    trades += 1
                    position = flat()
            session_over = sessions and session_last[i]
            if session_over and position.side != 0.0:
                settled += leave(ledger, trades, position, borrow_cost, i, close[i], SESSION_END, rules)
                trades += 1
                position = flat()
            free = at_close and position.side == 0.0 and not level_closed and not session_over
            if free and may_enter(order, signal_bar, stop_distance, atr, rules):
                position = ordered_in(
                    order, signal_bar, i, close[i], settled, stop_distance, atr, levels, rules
                )
                settled -= position.entry_fee
                peak, borrow_cost = close[i], 0.0
                skipped += position.side == 0.0
        # 4. The mark.
        worth = settled + position.side * position.quantity * (close[i] - position.entry_price)
        equity[i] = worth
        if worth <= 0.0 or not np.isfinite(worth):
            if not np.isfinite(position.quantity):
                return Tally(trades, skipped, ruined=False, status=STATUS_BAD_FILL)
            if not np.isfinite(worth):
                return Tally(trades, skipped, ruined=False, status=STATUS_BAD_EQUITY)
            if position.side != 0.0:
                record(ledger, trades, position, borrow_cost, i, close[i], 0.0, RUIN)
                trades += 1
            equity[i:] = 0.0
            return Tally(trades, skipped, ruined=True, status=STATUS_OK)
    if position.side != 0.0:
        record(ledger, trades, position, borrow_cost, bars - 1, close[bars - 1], 0.0, END_OF_DATA)
        trades += 1
    return Tally(trades, skipped, ruined=False, status=STATUS_OK)
