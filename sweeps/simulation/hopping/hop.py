"""Hop: one run over one tile of bars, from event to event. Its numbers are those of the reference loop."""

import numpy as np
import numpy.typing as npt

from sweeps.simulation.codes import END_OF_DATA, FILL_CLOSE, MAX_BARS, RUIN, SESSION_END, SIGNAL
from sweeps.simulation.exits import closed, left, level_exit
from sweeps.simulation.hopping.bits import U, next_bit
from sweeps.simulation.hopping.compiling import inlined
from sweeps.simulation.hopping.market import Market
from sweeps.simulation.hopping.marking import NO_BAR, mark_position
from sweeps.simulation.hopping.multiples import LARGEST
from sweeps.simulation.hopping.notes import Notes, close_notes, mark, noted
from sweeps.simulation.hopping.orders import Orders, ends_session, next_entry, next_exit
from sweeps.simulation.hopping.state import (
    H_BORROWED,
    H_ENDED,
    H_NEXT_ORDER,
    H_SETTLED,
    H_SKIPPED,
    H_TRAIL,
    ODD,
    RUINED,
    RUNNING,
    TOO_SMALL,
    Curve,
    curve_held,
    hold_curve,
    hold_position,
    idle,
    position_held,
)
from sweeps.simulation.hopping.watch import Shared, reached_level
from sweeps.simulation.loop import has_levels
from sweeps.simulation.position import Position, at_signal, flat, lacks_distance, opened
from sweeps.simulation.settings import Rules

Floats = npt.NDArray[np.float64]

NEVER = 1 << 60


@inlined
def hop(  # noqa: C901, PLR0912, PLR0915 - one position, from entry to exit, is one page
    market: Market,
    base: int,
    end_bar: int,
    orders: Orders,
    shared: Shared,
    stop_distance: Floats,
    stop_scale: float,
    atr: Floats,
    rules: Rules,
    state: Floats,
    notes: Notes,
    ledger: Floats,
) -> None:
    """Run the tile [base, end_bar) of one backtest.

    ``stop_distance`` times ``stop_scale`` is the strategy's own stop. ``ledger`` has a row for every trade,
    or one row, which stays as it is.
    """
    if state[H_ENDED] != RUNNING:
        return
    at_close, levels = rules.fill == FILL_CLOSE, has_levels(rules, stop_distance)
    lag = 0 if at_close else 1  # bars from an order to its fill
    later = 1 - lag  # with close fills, a position is watched from the bar after its entry
    end_order = end_bar - lag
    settled, borrowed, trail = state[H_SETTLED], state[H_BORROWED], state[H_TRAIL]
    order_bar, ended = int(state[H_NEXT_ORDER]), RUNNING
    position, curve = position_held(state), curve_held(state)
    marks = trades = 0
    mark_from = base
    left_bar = NO_BAR  # where a position was left, and whose close is not marked yet
    reason = SIGNAL
    while True:
        if position.side == 0.0:
            signal_bar, side = next_entry(orders, order_bar, end_order)
            if signal_bar >= end_order:
                order_bar = max(order_bar, end_order)
                break
            order_bar, bar = signal_bar + 1, signal_bar + lag
            if at_close and ends_session(orders, bar):
                continue
            distance = at_signal(stop_distance, signal_bar) * stop_scale
            unknown = stop_distance.size > 0 and not 0.0 < distance <= LARGEST
            if unknown or (not np.isnan(rules.atr_multiple) and lacks_distance(atr, signal_bar)):
                continue
            if NO_BAR < left_bar < bar:
                if not 0.0 < settled <= LARGEST:
                    break
                curve = _marked(market, notes, curve, marks, left_bar, settled)
                marks += 1
                left_bar = NO_BAR
            if settled < TOO_SMALL * rules.initial_capital:
                ended = ODD
                break
            trail = market.close[U(bar)] if at_close else market.open[U(bar)]
            true_range = at_signal(atr, signal_bar)
            position = opened(side, bar, trail, settled, distance, true_range, levels, rules)
            if position.side == 0.0:
                state[H_SKIPPED] += 1.0
                continue
            settled, borrowed = settled - position.entry_fee, 0.0
            curve = idle(curve, bar - 1)
            mark_from, left_bar = bar, NO_BAR
        watched_from = max(position.entry_bar + later, base)
        exit_bar, reason = _ordered_out(orders, position, rules, watched_from, base - lag, end_bar)
        at_open = not at_close and reason != SESSION_END
        by_level = False
        if levels:
            watched_to = min(exit_bar - 1 if at_open else exit_bar, end_bar - 1)
            level_bar, trail = reached_level(
                market, base, shared, position, rules.trailing_stop, trail, watched_from, watched_to
            )
            by_level = level_bar <= watched_to
            exit_bar = level_bar if by_level else exit_bar
        marked_to = min(exit_bar, end_bar) - 1
        entry_close = position.entry_bar if at_close else NO_BAR
        curve, marks, settled, borrowed, ruin_bar = mark_position(
            market, base, state, notes, marks, curve, settled, borrowed,
            position, rules, entry_close, mark_from, marked_to,
        )  # fmt: skip
        if ruin_bar != NO_BAR:
            worth = settled + position.side * position.quantity * (
                market.close[U(ruin_bar)] - position.entry_price
            )
            if np.isfinite(worth):
                reason = RUIN
                trade = closed(position, borrowed, ruin_bar, market.close[U(ruin_bar)], 0.0, RUIN)
                trades = noted(notes, trades, trade, state, ledger)
            curve, marks, ended = _ended(market, notes, marks, curve, ruin_bar, worth)
            break
        if exit_bar >= end_bar:
            break
        if by_level:
            reason, price = level_exit(
                position,
                trail,
                rules.trailing_stop,
                market.open[U(exit_bar)],
                market.high[U(exit_bar)],
                market.low[U(exit_bar)],
            )
            order_bar = exit_bar + later
        elif at_open:
            price, order_bar = market.open[U(exit_bar)], exit_bar - 1
        else:
            price = market.close[U(exit_bar)]
            order_bar = exit_bar + later if reason == SESSION_END else exit_bar
            if position.side < 0.0:
                cost = position.quantity * price * rules.borrow
                settled, borrowed = settled - cost, borrowed + cost
        trade, money = left(position, borrowed, exit_bar, price, reason, rules)
        settled += money
        trades = noted(notes, trades, trade, state, ledger)
        position, left_bar = flat(), exit_bar
    if ended == RUNNING and position.side == 0.0:
        if left_bar != NO_BAR and 0.0 < settled <= LARGEST:
            curve = _marked(market, notes, curve, marks, left_bar, settled)
            marks += 1
        elif left_bar != NO_BAR:
            curve, marks, ended = _ended(market, notes, marks, curve, left_bar, settled)
        curve = idle(curve, end_bar - 1)
    elif ended == RUNNING and end_bar == market.close.size:
        reason = END_OF_DATA
        trade = closed(position, borrowed, end_bar - 1, market.close[U(end_bar - 1)], 0.0, END_OF_DATA)
        trades = noted(notes, trades, trade, state, ledger)
    close_notes(state, notes, marks, trades, reason, rules.risk_free)
    state[H_SETTLED], state[H_BORROWED], state[H_TRAIL] = settled, borrowed, trail
    state[H_NEXT_ORDER], state[H_ENDED] = order_bar, ended
    hold_position(state, position)
    hold_curve(state, curve)


@inlined
def _marked(market: Market, notes: Notes, curve: Curve, marks: int, bar: int, worth: float) -> Curve:
    block = market.block_of[U(bar)]
    return mark(curve, notes.before, notes.worth, notes.block, marks, block, bar, worth)


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
def _ended(
    market: Market, notes: Notes, marks: int, curve: Curve, bar: int, worth: float
) -> tuple[Curve, int, int]:
    """Leave equity at 0 from a bar on; a run that is not finite is left to the loop."""
    if not np.isfinite(worth):
        return curve, marks, ODD
    curve = _marked(market, notes, curve, marks, bar, 0.0)
    return idle(curve, market.close.size - 1), marks + 1, RUINED
