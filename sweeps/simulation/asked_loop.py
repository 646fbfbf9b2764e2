"""The reference loop for a strategy that is asked at every close: the same bar, in the same order.

It differs from `run_bars` in one thing. Orders are not read from a row that was there before the run: each
is the difference between the position that the strategy wishes and the one that it holds. With `next_open`
fills it is asked after the close, with `close` fills just before the orders of that close.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from sweeps.simulation.account import forget_account, note_account
from sweeps.simulation.codes import (
    END_OF_DATA,
    ENTER_LONG,
    ENTER_SHORT,
    EXIT_LONG,
    EXIT_SHORT,
    FILL_CLOSE,
    RUIN,
    SESSION_END,
    STATUS_BAD_EQUITY,
    STATUS_BAD_FILL,
    STATUS_OK,
    STAY,
)
from sweeps.simulation.exits import leave, level_exit, ordered_exit, record
from sweeps.simulation.loop import Tally, has_levels, may_enter
from sweeps.simulation.position import Position, flat, ordered_in
from sweeps.simulation.settings import Rules

Floats = npt.NDArray[np.float64]

ROWS_DONE: Final = 0
BAR_ASKED: Final = 1
"""Places in ``progress``: settings rows that are finished, and the bar that was asked about last."""


@njit(error_model="numpy")
def wished_order(wish: int, side: float, states: tuple[int, int, int]) -> int:
    """Return the order that takes a position of ``side`` to the wished one; 0 if it is there already.

    ``states`` says what the wishes -1, 0 and 1 mean under the run's direction.
    """
    wanted = states[wish + 1]
    if wanted == side:
        return 0
    if wanted == 0:
        return EXIT_LONG if side > 0.0 else EXIT_SHORT
    return ENTER_LONG if wanted > 0 else ENTER_SHORT


@njit(error_model="numpy")
def worth_of(settled: float, position: Position, close: float) -> float:
    """Return the account's value with the position marked at a close."""
    return settled + position.side * position.quantity * (close - position.entry_price)


@njit(error_model="numpy")
def run_asked(  # noqa: C901, PLR0912, PLR0915 - one bar, in order, is one page
    ask: Any,
    inputs: npt.NDArray[np.int64],
    first: int,
    warm: int,
    states: tuple[int, int, int],
    open_: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    stop_distance: Floats,
    atr: Floats,
    session_last: npt.NDArray[np.bool_],
    rules: Rules,
    account: Floats,
    memory: Floats,
    orders: npt.NDArray[np.uint8],
    equity: Floats,
    ledger: Floats,
    progress: npt.NDArray[np.int64],
) -> Tally:
    """Run one backtest, asking from bar ``warm`` on; fill orders and equity (bars,) and the ledger's rows."""
    bars = close.size
    at_close = rules.fill == FILL_CLOSE
    levels = has_levels(rules, stop_distance)
    sessions, ages = session_last.size > 0, not np.isnan(rules.max_bars)
    settled = rules.initial_capital
    position = flat()
    peak = borrow_cost = 0.0
    trades = skipped = order = 0
    account_at, memory_at, inputs_at = account.ctypes.data, memory.ctypes.data, inputs.ctypes.data
    forget_account(account)
    memory[:] = 0.0
    orders[:] = 0
    for i in range(bars):
        # 1. The open: orders of the last close.
        if not at_close and (order != 0 or (ages and position.side != 0.0)):
            if position.side != 0.0:
                reason = ordered_exit(position, order, i, rules.max_bars)
                if reason != STAY:
                    settled += leave(ledger, trades, position, borrow_cost, i, open_[i], reason, rules)
                    trades += 1
                    position = flat()
            if position.side == 0.0 and may_enter(order, i - 1, stop_distance, atr, rules):
                position = ordered_in(order, i - 1, i, open_[i], settled, stop_distance, atr, levels, rules)
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
        if at_close and i >= warm:
            note_account(account, position, worth_of(settled, position, close[i]), ledger, trades, first)
            progress[BAR_ASKED] = i + first
            wish = ask(i + first, account_at, memory_at, inputs_at)
            orders[i] = order = wished_order(wish, position.side, states)
        if at_close and position.side != 0.0 and (order != 0 or ages):
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
        free = at_close and order != 0 and position.side == 0.0 and not level_closed and not session_over
        if free and may_enter(order, i, stop_distance, atr, rules):
            position = ordered_in(order, i, i, close[i], settled, stop_distance, atr, levels, rules)
            settled -= position.entry_fee
            peak, borrow_cost = close[i], 0.0
            skipped += position.side == 0.0
        # 4. The mark, and what is ordered for the next open.
        worth = worth_of(settled, position, close[i])
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
        if not at_close and i >= warm:
            note_account(account, position, worth, ledger, trades, first)
            progress[BAR_ASKED] = i + first
            wish = ask(i + first, account_at, memory_at, inputs_at)
            orders[i] = order = wished_order(wish, position.side, states)
    if position.side != 0.0:
        record(ledger, trades, position, borrow_cost, bars - 1, close[bars - 1], 0.0, END_OF_DATA)
        trades += 1
    return Tally(trades, skipped, ruined=False, status=STATUS_OK)
