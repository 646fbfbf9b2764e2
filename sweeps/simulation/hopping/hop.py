"""Hop: one run over one tile of bars, from event to event. Its numbers are those of the reference loop."""

import numpy as np
import numpy.typing as npt

from sweeps.simulation.codes import END_OF_DATA, FILL_CLOSE, MAX_BARS, RUIN, SESSION_END, SIGNAL
from sweeps.simulation.exits import leave, level_exit, record
from sweeps.simulation.hopping.bits import next_bit
from sweeps.simulation.hopping.compiling import inlined
from sweeps.simulation.hopping.market import Market
from sweeps.simulation.hopping.marking import mark_position
from sweeps.simulation.hopping.orders import Orders, ends_session, next_entry, next_exit
from sweeps.simulation.hopping.state import (
    H_BORROWED,
    H_NEXT_ORDER,
    H_ODD,
    H_RUINED,
    H_SETTLED,
    H_SKIPPED,
    H_TRADES,
    H_TRAIL,
    count_trade,
    held_position,
    hold_position,
    idle,
    mark,
)
from sweeps.simulation.hopping.watch import reached_level
from sweeps.simulation.position import Position, flat, lacks_distance, opened
from sweeps.simulation.settings import Rules

Floats = npt.NDArray[np.float64]

NEVER = 1 << 60
NO_BAR = -1
TOO_SMALL = 1e-200
"""Share of the capital below which numbers begin to lose their digits; the loop decides such runs."""


@inlined
def hop(  # noqa: C901, PLR0912, PLR0915 - one position, from entry to exit, is one page
    market: Market,
    orders: Orders,
    stop_distance: Floats,
    atr: Floats,
    rules: Rules,
    first_bar: int,
    end_bar: int,
    state: Floats,
    ledger: Floats,
) -> None:
    """Run the tile [first_bar, end_bar) of one backtest.

    ``ledger`` has a row for every trade, or one row that all trades share.
    """
    if state[H_RUINED] != 0.0 or state[H_ODD] != 0.0:
        return
    at_close = rules.fill == FILL_CLOSE
    lag = 0 if at_close else 1  # bars from an order to its fill
    later = 1 - lag  # with close fills, a position is watched from the bar after its entry
    position = held_position(state)
    trail = state[H_TRAIL]
    order_bar = int(state[H_NEXT_ORDER])
    mark_from = first_bar
    left_bar = NO_BAR  # where a position was left, and whose close is not marked yet
    while True:
        if position.side == 0.0:
            position, order_bar, left_bar = _entered(
                market, orders, stop_distance, atr, rules, order_bar, end_bar - lag, left_bar, state
            )
            if position.side == 0.0:
                break
            mark_from = position.entry_bar
            trail = market.close[mark_from] if at_close else market.open[mark_from]
        watched_from = max(position.entry_bar + later, first_bar)
        exit_bar, reason = _ordered_out(orders, position, rules, watched_from, first_bar - lag, end_bar)
        at_open = not at_close and reason != SESSION_END
        watched_to = min(exit_bar - 1 if at_open else exit_bar, end_bar - 1)
        level_bar, trail = reached_level(
            market, position, rules.trailing_stop, trail, watched_from, watched_to
        )
        by_level = level_bar <= watched_to
        if by_level:
            exit_bar = level_bar
        entry_close = position.entry_bar if at_close else NO_BAR
        ruin_bar = mark_position(
            market, state, position, rules, entry_close, mark_from, min(exit_bar, end_bar) - 1
        )
        if ruin_bar != NO_BAR:
            _ruin(market, state, ledger, position, ruin_bar, rules.risk_free)
            return
        if exit_bar >= end_bar:
            break
        if by_level:
            reason, price = level_exit(
                position,
                trail,
                rules.trailing_stop,
                market.open[exit_bar],
                market.high[exit_bar],
                market.low[exit_bar],
            )
            order_bar = exit_bar + later
        elif at_open:
            price, order_bar = market.open[exit_bar], exit_bar - 1
        else:
            price = market.close[exit_bar]
            order_bar = exit_bar + later if reason == SESSION_END else exit_bar
            if position.side < 0.0:
                borrowed = position.quantity * price * rules.borrow
                state[H_SETTLED] -= borrowed
                state[H_BORROWED] += borrowed
        row = _row(state, ledger)
        state[H_SETTLED] += leave(ledger, row, position, state[H_BORROWED], exit_bar, price, reason, rules)
        count_trade(state, ledger[row])
        position = flat()
        left_bar = exit_bar
    if position.side == 0.0:
        if left_bar == NO_BAR or _mark_left(market, state, left_bar, rules.risk_free):
            idle(state, end_bar - 1, rules.risk_free)
    elif end_bar == market.close.size:
        row = _row(state, ledger)
        last_close = market.close[end_bar - 1]
        record(ledger, row, position, state[H_BORROWED], end_bar - 1, last_close, 0.0, END_OF_DATA)
        count_trade(state, ledger[row])
    hold_position(state, position)
    state[H_TRAIL], state[H_NEXT_ORDER] = trail, order_bar


@inlined
def _row(state: Floats, ledger: Floats) -> int:
    return int(state[H_TRADES]) if len(ledger) > 1 else 0


@inlined
def _entered(
    market: Market,
    orders: Orders,
    stop_distance: Floats,
    atr: Floats,
    rules: Rules,
    order_bar: int,
    end_order: int,
    left_bar: int,
    state: Floats,
) -> tuple[Position, int, int]:
    """Return the next position, the order bar after it, and the bar that is left unmarked.

    Flat if there is none, or the run is ruined.
    """
    at_close = rules.fill == FILL_CLOSE
    while True:
        signal_bar, order = next_entry(orders, order_bar, end_order)
        if signal_bar >= end_order:
            return flat(), max(order_bar, end_order), left_bar
        order_bar = signal_bar + 1
        bar = signal_bar if at_close else order_bar
        if at_close and ends_session(orders, bar):
            continue
        unknown = lacks_distance(stop_distance, signal_bar)
        if unknown or (not np.isnan(rules.atr_multiple) and lacks_distance(atr, signal_bar)):
            continue
        if NO_BAR < left_bar < bar:
            if not 0.0 < state[H_SETTLED] < np.inf:
                return flat(), order_bar, left_bar
            mark(state, left_bar, market.block_of[left_bar], state[H_SETTLED], rules.risk_free)
            left_bar = NO_BAR
        if state[H_SETTLED] < TOO_SMALL * rules.initial_capital:
            state[H_ODD] = 1.0
            return flat(), order_bar, left_bar
        price = market.close[bar] if at_close else market.open[bar]
        position = opened(order, signal_bar, bar, price, state[H_SETTLED], stop_distance, atr, rules)
        if position.side != 0.0:
            state[H_SETTLED] -= position.entry_fee
            state[H_BORROWED] = 0.0
            idle(state, bar - 1, rules.risk_free)
            return position, order_bar, NO_BAR
        state[H_SKIPPED] += 1.0


@inlined
def _ordered_out(
    orders: Orders, position: Position, rules: Rules, watched_from: int, first_order: int, end_bar: int
) -> tuple[int, int]:
    """Return (bar, reason) of the exit that is not a level; bar is past the tile if it is not in it."""
    lag = 0 if rules.fill == FILL_CLOSE else 1
    order_from = max(position.entry_bar + 1 - lag, first_order)
    bar = next_exit(orders, position.side, order_from, end_bar - lag) + lag
    reason = SIGNAL
    if bar >= end_bar:
        bar = NEVER
    if position.entry_bar + rules.max_bars < bar:
        bar, reason = position.entry_bar + int(rules.max_bars), MAX_BARS
    if orders.session_last.size > 0:
        session_bar = next_bit(orders.session_last, watched_from, end_bar)
        if session_bar < min(bar, end_bar):
            bar, reason = session_bar, SESSION_END
    return bar, reason


@inlined
def _mark_left(market: Market, state: Floats, bar: int, risk_free: float) -> bool:
    """Mark the close of the bar on which a position was left; False if that was the run's end."""
    settled = state[H_SETTLED]
    if 0.0 < settled < np.inf:
        mark(state, bar, market.block_of[bar], settled, risk_free)
        return True
    _end(market, state, bar, settled, risk_free)
    return False


@inlined
def _ruin(
    market: Market, state: Floats, ledger: Floats, position: Position, bar: int, risk_free: float
) -> None:
    """End a run at the close at which its equity is gone."""
    close = market.close[bar]
    worth = state[H_SETTLED] + position.side * position.quantity * (close - position.entry_price)
    if np.isfinite(worth):
        row = _row(state, ledger)
        record(ledger, row, position, state[H_BORROWED], bar, close, 0.0, RUIN)
        count_trade(state, ledger[row])
    _end(market, state, bar, worth, risk_free)


@inlined
def _end(market: Market, state: Floats, bar: int, worth: float, risk_free: float) -> None:
    """Leave equity at 0 from a bar on; a run that is not finite is left to the loop."""
    if not np.isfinite(worth):
        state[H_ODD] = 1.0
        return
    state[H_RUINED] = 1.0
    mark(state, bar, market.block_of[bar], 0.0, risk_free)
    idle(state, market.close.size - 1, risk_free)
