"""When and where a position is left, and what that writes into the ledger."""

import numpy as np
import numpy.typing as npt
from numba import njit

from sweeps.simulation.codes import (
    EXIT_LONG,
    EXIT_SHORT,
    MAX_BARS,
    SIGNAL,
    STAY,
    STOP_LOSS,
    TAKE_PROFIT,
    TRAILING_STOP,
)
from sweeps.simulation.ledger import Trade
from sweeps.simulation.position import Position, entry_side
from sweeps.simulation.settings import Rules

Floats = npt.NDArray[np.float64]


@njit(error_model="numpy")
def ordered_exit(position: Position, event: int, bar: int, max_bars: float) -> int:
    """Return why an order leaves the position at ``bar``: its signal, its age, or STAY."""
    exit_bit = EXIT_LONG if position.side > 0.0 else EXIT_SHORT
    if event & exit_bit or entry_side(event) == -position.side:
        return SIGNAL
    if bar - position.entry_bar >= max_bars:
        return MAX_BARS
    return STAY


@njit(error_model="numpy")
def level_exit(
    position: Position, peak: float, trailing_stop: float, open_: float, high: float, low: float
) -> tuple[int, float]:
    """Return (reason, market price) of the level that this bar reaches, stops first; (STAY, NaN) if none.

    ``peak`` is the best price before this bar. An open beyond a level fills at the open.
    """
    side = position.side
    stop, reason = position.stop, position.stop_reason
    trailed = side * (peak * (1.0 - side * trailing_stop))
    if trailed > stop or (trailed == stop and reason != STOP_LOSS):
        stop, reason = trailed, TRAILING_STOP
    worst, best = (low, high) if side > 0.0 else (high, low)
    if side * open_ <= stop:
        return reason, open_
    if side * worst <= stop:
        return reason, side * stop
    if side * open_ >= position.target:
        return TAKE_PROFIT, open_
    if side * best >= position.target:
        return TAKE_PROFIT, side * position.target
    return STAY, np.nan


@njit(error_model="numpy")
def closed(
    position: Position, borrow_cost: float, bar: int, price: float, exit_fee: float, reason: int
) -> Trade:
    """Return the trade of a position that is closed (or marked) at a price."""
    gross = position.side * position.quantity * (price - position.entry_price)
    fees = position.entry_fee + exit_fee
    pnl = gross - fees - borrow_cost
    return Trade(
        position.side,
        float(position.entry_bar),
        float(bar),
        position.entry_price,
        price,
        position.quantity,
        gross,
        pnl,
        pnl / (position.quantity * position.entry_price),
        fees,
        borrow_cost,
        float(reason),
    )


@njit(error_model="numpy")
def left(
    position: Position, borrow_cost: float, bar: int, market_price: float, reason: int, rules: Rules
) -> tuple[Trade, float]:
    """Close a position in the market; return its trade and the money that this settles.

    Slippage worsens the price unless the exit is a target, which is a limit order.
    """
    slippage = 0.0 if reason == TAKE_PROFIT else rules.slippage
    price = market_price * (1.0 - position.side * slippage)
    fee = position.quantity * price * rules.fee + rules.fee_fixed
    trade = closed(position, borrow_cost, bar, price, fee, reason)
    return trade, trade.gross_pnl - fee


@njit(error_model="numpy")
def record(
    ledger: Floats,
    trade: int,
    position: Position,
    borrow_cost: float,
    bar: int,
    price: float,
    exit_fee: float,
    reason: int,
) -> None:
    """Write a closed (or marked) position into its row of the ledger."""
    write(ledger, trade, closed(position, borrow_cost, bar, price, exit_fee, reason))


@njit(error_model="numpy")
def leave(
    ledger: Floats,
    trade: int,
    position: Position,
    borrow_cost: float,
    bar: int,
    market_price: float,
    reason: int,
    rules: Rules,
) -> float:
    """Close a position in the market, write its trade, and return the money that this settles."""
    row, money = left(position, borrow_cost, bar, market_price, reason, rules)
    write(ledger, trade, row)
    return money


@njit(error_model="numpy")
def write(ledger: Floats, trade: int, row: Trade) -> None:
    """Write a trade into its row of the ledger."""
    for place, value in enumerate(row):
        ledger[trade, place] = value
