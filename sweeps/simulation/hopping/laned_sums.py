"""Laned sums: sums over the returns and the trades of eight runs, a lane each."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.compiling import inlined
from sweeps.simulation.hopping.lanes import (
    WIDTH,
    everywhere,
    floats_at,
    fused,
    larger,
    put,
    smaller,
    where,
)
from sweeps.simulation.hopping.spans import (
    F_CUBE,
    F_DOWNSIDE,
    F_FOURTH,
    F_GAIN,
    F_LOSS,
    F_RETURN,
    F_SQUARE,
)
from sweeps.simulation.hopping.state import (
    H_BEST,
    H_HELD,
    H_LOST,
    H_LOST_CASH,
    H_LOST_RETURN,
    H_MEAN,
    H_NOTIONAL,
    H_SPREAD,
    H_TRADES,
    H_WON,
    H_WON_CASH,
    H_WON_RETURN,
    H_WORST,
)

Floats = npt.NDArray[np.float64]
Lanes = Any


class Returns(NamedTuple):
    """Sums over the returns of closes at which positions are entered and left."""

    total: Lanes
    square: Lanes
    cube: Lanes
    fourth: Lanes
    below: Lanes
    gain: Lanes
    loss: Lanes


class Trades(NamedTuple):
    """Sums over trades, as a state has them."""

    trades: Lanes
    won: Lanes
    lost: Lanes
    held: Lanes
    notional: Lanes
    won_cash: Lanes
    lost_cash: Lanes
    won_return: Lanes
    lost_return: Lanes
    best: Lanes
    worst: Lanes
    mean: Lanes
    spread: Lanes


@inlined
def no_returns() -> Returns:
    """Return sums over no return."""
    none = everywhere(0.0)
    return Returns(none, none, none, none, none, none, none)


@inlined
def with_return(sums: Returns, r: Lanes, counted: Lanes, risk_free: float) -> Returns:
    """Return sums with one more return, which is 0 in lanes that do not count."""
    none, rr = everywhere(0.0), r * r
    short = where(counted, smaller(r - risk_free, none), none)
    return Returns(
        sums.total + r,
        fused(r, r, sums.square),
        fused(rr, r, sums.cube),
        fused(rr, rr, sums.fourth),
        fused(short, short, sums.below),
        sums.gain + larger(r, none),
        sums.loss - smaller(r, none),
    )


@inlined
def with_trade(sums: Trades, bought: Lanes, pnl: Lanes, held: Lanes, sold: Lanes, counted: Lanes) -> Trades:
    """Return sums with one more trade in the lanes that count."""
    none, one = everywhere(0.0), everywhere(1.0)
    r, won, lost = pnl / bought, counted & (pnl > 0.0), counted & (pnl < 0.0)
    trades = sums.trades + where(counted, one, none)
    # Welford (1962), "Note on a method for calculating corrected sums of squares and products".
    off = where(counted, r - sums.mean, none)
    mean = sums.mean + where(counted, off / trades, none)
    return Trades(
        trades,
        sums.won + where(won, one, none),
        sums.lost + where(lost, one, none),
        sums.held + where(counted, held, none),
        sums.notional + where(counted, bought + sold, none),
        sums.won_cash + where(won, pnl, none),
        sums.lost_cash - where(lost, pnl, none),
        sums.won_return + where(won, r, none),
        sums.lost_return + where(lost, r, none),
        where(counted, larger(sums.best, r), sums.best),
        where(counted, smaller(sums.worst, r), sums.worst),
        mean,
        sums.spread + off * where(counted, r - mean, none),
    )


@inlined
def trades_of(state: Floats) -> Trades:
    """Return the sums over trades of states that lie side by side."""
    return Trades(
        floats_at(state, WIDTH * H_TRADES),
        floats_at(state, WIDTH * H_WON),
        floats_at(state, WIDTH * H_LOST),
        floats_at(state, WIDTH * H_HELD),
        floats_at(state, WIDTH * H_NOTIONAL),
        floats_at(state, WIDTH * H_WON_CASH),
        floats_at(state, WIDTH * H_LOST_CASH),
        floats_at(state, WIDTH * H_WON_RETURN),
        floats_at(state, WIDTH * H_LOST_RETURN),
        floats_at(state, WIDTH * H_BEST),
        floats_at(state, WIDTH * H_WORST),
        floats_at(state, WIDTH * H_MEAN),
        floats_at(state, WIDTH * H_SPREAD),
    )


@inlined
def put_trades(state: Floats, sums: Trades) -> None:
    """Write sums over trades into states that lie side by side."""
    put(state, WIDTH * H_TRADES, sums.trades)
    put(state, WIDTH * H_WON, sums.won)
    put(state, WIDTH * H_LOST, sums.lost)
    put(state, WIDTH * H_HELD, sums.held)
    put(state, WIDTH * H_NOTIONAL, sums.notional)
    put(state, WIDTH * H_WON_CASH, sums.won_cash)
    put(state, WIDTH * H_LOST_CASH, sums.lost_cash)
    put(state, WIDTH * H_WON_RETURN, sums.won_return)
    put(state, WIDTH * H_LOST_RETURN, sums.lost_return)
    put(state, WIDTH * H_BEST, sums.best)
    put(state, WIDTH * H_WORST, sums.worst)
    put(state, WIDTH * H_MEAN, sums.mean)
    put(state, WIDTH * H_SPREAD, sums.spread)


@inlined
def add_returns(sums: Floats, place: int, more: Returns) -> None:
    """Add sums over returns to columns of `spans` that lie side by side, from a place on."""
    _add_column(sums, place, F_RETURN, more.total)
    _add_column(sums, place, F_SQUARE, more.square)
    _add_column(sums, place, F_CUBE, more.cube)
    _add_column(sums, place, F_FOURTH, more.fourth)
    _add_column(sums, place, F_DOWNSIDE, more.below)
    _add_column(sums, place, F_GAIN, more.gain)
    _add_column(sums, place, F_LOSS, more.loss)


@inlined
def _add_column(sums: Floats, place: int, column: int, more: Lanes) -> None:
    at = place + WIDTH * column
    put(sums, at, floats_at(sums, at) + more)
