"""Reckoning: the money of eight runs' trips in one tile, from trip to trip, a lane each."""

from typing import Any

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.bits import U
from sweeps.simulation.hopping.compiling import inlined
from sweeps.simulation.hopping.laned_marks import add_to_blocks, held_through, reached_in
from sweeps.simulation.hopping.laned_state import (
    Costs,
    Holdings,
    Step,
    costs_of,
    curves_of,
    holdings_of,
    put_curve,
    put_holdings,
)
from sweeps.simulation.hopping.laned_sums import (
    Trades,
    add_returns,
    no_returns,
    put_trades,
    trades_of,
    with_return,
    with_trade,
)
from sweeps.simulation.hopping.lanes import (
    WIDTH,
    any_of,
    as_floats,
    everywhere,
    floats_at,
    gathered,
    in_bits,
    neither,
    put,
    where,
    wholes_at,
)
from sweeps.simulation.hopping.market import Market
from sweeps.simulation.hopping.multiples import LARGEST
from sweeps.simulation.hopping.state import H_SPANS, Curve
from sweeps.simulation.hopping.trips import Trips
from sweeps.simulation.position import HAIR
from sweeps.simulation.settings import N_SETTINGS

Floats = npt.NDArray[np.float64]
Lanes = Any


@inlined
def reckon(
    market: Market,
    base: int,
    end: int,
    settings: Floats,
    first_run: int,
    trips: Trips,
    steps: int,
    several: bool,  # noqa: FBT001  compiled functions take their arguments by place
    watched: bool,  # noqa: FBT001
) -> int:
    """Take all lanes over the tile [base, end), states side by side; return which are as usual, in bits.

    ``first_run`` is the run of the first of the states; ``several`` tells whether the tile lies in several
    blocks of 16, ``watched`` whether what trips sell at is noted. What is spilled at the end are the sums and
    the sums of squares of `Returns`.
    """
    state, none = trips.state, everywhere(0.0)
    costs = costs_of(settings, (wholes_at(trips.run, 0) + first_run) * N_SETTINGS)
    count, side = wholes_at(trips.number, 0), as_floats(wholes_at(trips.side, 0))
    usual, flipping = count > -1, wholes_at(trips.flips, 0) > 0  # all are usual
    turn = where(flipping, everywhere(-1.0), everywhere(1.0))
    own, curve, returns, trades = holdings_of(state), curves_of(state), no_returns(), trades_of(state)
    for k in range(steps):
        first, out = wholes_at(trips.turns, 2 * WIDTH * k), wholes_at(trips.turns, 2 * WIDTH * k + WIDTH)
        active = count > k
        closing = active & (everywhere(end) > out)
        marked = closing & neither(flipping)
        step = Step(k, first, out - 1, out, side, active, closing, marked)
        own, curve, fits = _entered(market, step, costs, own, curve)
        now = own.settled + own.quantity * (gathered(market.close, first) - own.price)
        entered = where(step.active, now / curve.worth - 1.0, none)
        curve, holds = held_through(market, base, trips, step, costs, own, curve, now, several)
        sold = floats_at(trips.sold, WIDTH * k) if watched else _sold(market, step, costs)
        after, trades = _left(step, sold, costs, own, trades)
        left = where(step.marked, after / curve.worth - 1.0, none)
        own, curve = _settled(step, own, curve, after)
        returns = with_return(returns, entered, step.active, costs.risk_free)
        returns = with_return(returns, left, step.marked, costs.risk_free)
        sound = (after > 0.0) & (after <= LARGEST) | neither(step.closing)
        usual = usual & fits & holds & sound
        if several:
            put(trips.spilled, 0, entered)
            put(trips.spilled, WIDTH, left)
            add_to_blocks(market, base, end, trips, k)
        side = side * turn
    curve = _idle(curve, everywhere(float(end)), neither(own.held))
    if end == market.close.size and any_of(own.held):
        trades = _ended(market, own, trades)
    put_holdings(state, own)
    put_curve(state, curve)
    add_returns(state, WIDTH * H_SPANS, returns)
    put_trades(state, trades)
    put(trips.spilled, 0, returns.total)
    put(trips.spilled, WIDTH, returns.square)
    return in_bits(usual)


@inlined
def _entered(
    market: Market,
    step: Step,
    costs: Costs,
    own: Holdings,
    curve: Curve,
) -> tuple[Holdings, Curve, Lanes]:
    """Enter positions where none is held, as `opened` does; and tell where that is as usual."""
    none, entering, bar = everywhere(0.0), step.active & neither(own.held), as_floats(step.first)
    curve = _idle(curve, bar, entering)
    slipped = step.side * costs.slippage + 1.0
    price = where(entering, gathered(market.close, step.first) * slipped, own.price)
    cost = price * (1.0 + costs.fee)
    size = own.settled / cost
    fits = (size > 0.0) & (size * cost <= own.settled * HAIR) & (own.settled >= costs.least)
    fee = where(entering, size * price * costs.fee, own.fee)
    settled = own.settled - where(entering, fee, none)
    quantity = where(entering, size * step.side, own.quantity)
    side, entry_bar = where(entering, step.side, own.side), where(entering, bar, own.bar)
    own = Holdings(settled, own.held | entering, side, quantity, price, fee, entry_bar)
    return own, curve, fits | neither(entering)


@inlined
def _idle(curve: Curve, bar: Lanes, counted: Lanes) -> Curve:
    """Let equity stand still until before a bar, in the lanes that count."""
    bars = where(counted, bar - curve.last_bar - 1.0, everywhere(0.0))
    equity = curve.equity + bars * curve.worth
    return Curve(curve.worth, curve.peak, curve.lowest, equity, curve.last_bar + bars, curve.idle + bars)


@inlined
def _sold(market: Market, step: Step, costs: Costs) -> Lanes:
    """Return what is sold at, where orders alone leave positions."""
    slipped = 1.0 - step.side * costs.slippage
    return gathered(market.close, where(step.closing, step.out, step.first)) * slipped


@inlined
def _left(
    step: Step,
    sold: Lanes,
    costs: Costs,
    own: Holdings,
    trades: Trades,
) -> tuple[Lanes, Trades]:
    """Return the money after positions are left, as `left` does, and trades with those."""
    size = own.quantity * own.side
    fee, gross = size * sold * costs.fee, own.quantity * (sold - own.price)
    bought, pnl, held = size * own.price, gross - (own.fee + fee), as_floats(step.out) - own.bar
    trades = with_trade(trades, bought, pnl, held, size * sold, step.closing)
    return own.settled + (gross - fee), trades


@inlined
def _settled(step: Step, own: Holdings, curve: Curve, after: Lanes) -> tuple[Holdings, Curve]:
    """Return holdings and curve after positions are left."""
    closing, marked = step.closing, step.marked
    peak, lowest = reached_in(curve.peak, curve.lowest, after, marked)
    equity = curve.equity + where(marked, after, everywhere(0.0))
    worth, bar = where(marked, after, curve.worth), where(marked, as_floats(step.out), curve.last_bar)
    money, held = where(closing, after, own.settled), own.held & neither(closing)
    own = Holdings(money, held, own.side, own.quantity, own.price, own.fee, own.bar)
    return own, Curve(worth, peak, lowest, equity, bar, curve.idle)


@inlined
def _ended(market: Market, own: Holdings, trades: Trades) -> Trades:
    """Return trades with the positions that are held at the last close."""
    bars, size = market.close.size, own.quantity * own.side
    gross = own.quantity * (everywhere(market.close[U(bars - 1)]) - own.price)
    held = (bars - 1.0) - own.bar
    return with_trade(trades, size * own.price, gross - own.fee, held, everywhere(0.0), own.held)
