"""Reckoning: the money of eight runs' trips in one tile, from trip to trip, a lane each."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.bits import U, trailing_zeros
from sweeps.simulation.hopping.compiling import called, inlined
from sweeps.simulation.hopping.laned_state import (
    Costs,
    Holdings,
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
    highest_bits,
    in_bits,
    larger,
    neither,
    put,
    smaller,
    where,
    wholes_at,
)
from sweeps.simulation.hopping.market import Market
from sweeps.simulation.hopping.marking import THIN
from sweeps.simulation.hopping.multiples import LARGEST, LOST_SHARE, ROUNDING, add_blocks, deepened
from sweeps.simulation.hopping.rows import add_difference
from sweeps.simulation.hopping.spans import F_CLOSE, F_RETURN, F_SQUARE, N_SUMS, extremes
from sweeps.simulation.hopping.state import Curve, add_to_block
from sweeps.simulation.hopping.trips import Trips
from sweeps.simulation.position import HAIR
from sweeps.simulation.settings import N_SETTINGS

Floats = npt.NDArray[np.float64]
Lanes = Any


class Step(NamedTuple):
    """One trip: its number, its first bar, its last before the exit, that of the exit; and in which lanes.

    ``active`` are lanes that have such a trip, ``closing`` those that also end it in the tile.
    """

    number: int
    first: Lanes
    last: Lanes
    out: Lanes
    active: Lanes
    closing: Lanes


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
    turned = wholes_at(trips.turned, 0)
    count, usual = (turned + 1) >> 1, turned > -1  # all
    own, curve, returns, trades = holdings_of(state), curves_of(state), no_returns(), trades_of(state)
    for k in range(steps):
        first, out = wholes_at(trips.turns, 2 * WIDTH * k), wholes_at(trips.turns, 2 * WIDTH * k + WIDTH)
        active = count > k
        step = Step(k, first, out - 1, out, active, active & (everywhere(end) > out))
        own, curve, fits = _entered(market, step, costs, own, curve)
        now = own.settled + own.quantity * (gathered(market.close, first) - own.price)
        entered = where(step.active, now / curve.worth - 1.0, none)
        curve, holds = _held(market, base, trips, step, own, curve, now)
        sold = floats_at(trips.sold, WIDTH * k) if watched else _sold(market, step, costs)
        after, trades = _left(step, sold, costs, own, trades)
        left = where(step.closing, after / curve.worth - 1.0, none)
        own, curve = _settled(step, own, curve, after)
        returns = with_return(returns, entered, step.active, costs.risk_free)
        returns = with_return(returns, left, step.closing, costs.risk_free)
        sound = (after > 0.0) & (after <= LARGEST) | neither(step.closing)
        usual = usual & fits & holds & sound
        if several:
            put(trips.spilled, 0, entered)
            put(trips.spilled, WIDTH, left)
            _add_to_blocks(market, base, end, trips, k)
    curve = _idle(curve, everywhere(float(end)), neither(own.held))
    if end == market.close.size and any_of(own.held):
        trades = _ended(market, own, trades)
    put_holdings(state, own)
    put_curve(state, curve)
    add_returns(state, returns)
    put_trades(state, trades)
    put(trips.spilled, 0, returns.total)
    put(trips.spilled, WIDTH, returns.square)
    return in_bits(usual)


@inlined
def _entered(
    market: Market, step: Step, costs: Costs, own: Holdings, curve: Curve
) -> tuple[Holdings, Curve, Lanes]:
    """Enter positions where none is held, as `opened` does; and tell where that is as usual."""
    none, entering, bar = everywhere(0.0), step.active & neither(own.held), as_floats(step.first)
    curve = _idle(curve, bar, entering)
    price = where(entering, gathered(market.close, step.first) * (1.0 + costs.slippage), own.price)
    cost = price * (1.0 + costs.fee)
    quantity = where(entering, own.settled / cost, own.quantity)
    fits = (quantity > 0.0) & (quantity * cost <= own.settled * HAIR) & (own.settled >= costs.least)
    fee = where(entering, quantity * price * costs.fee, own.fee)
    settled = own.settled - where(entering, fee, none)
    own = Holdings(settled, own.held | entering, quantity, price, fee, where(entering, bar, own.bar))
    return own, curve, fits | neither(entering)


@inlined
def _idle(curve: Curve, bar: Lanes, counted: Lanes) -> Curve:
    """Let equity stand still until before a bar, in the lanes that count."""
    bars = where(counted, bar - curve.last_bar - 1.0, everywhere(0.0))
    equity = curve.equity + bars * curve.worth
    return Curve(curve.worth, curve.peak, curve.lowest, equity, curve.last_bar + bars, curve.idle + bars)


@inlined
def _held(
    market: Market, base: int, trips: Trips, step: Step, own: Holdings, curve: Curve, now: Lanes
) -> tuple[Curve, Lanes]:
    """Return the curve with the closes of positions, and where they are as usual.

    ``now`` is equity at the first of them. Usual is what is a multiple of the close, and never so small a
    part of what was paid that it has lost digits. Most hold no new extreme, as bounds tell, which ask nothing
    of a span; the others are looked at.
    """
    start, end, active = step.first - base, step.last - base, step.active
    worth = own.settled + own.quantity * (gathered(market.close, step.last) - own.price)
    rest, ahead = own.settled - own.quantity * own.price, as_floats(end - start)
    whole = gathered(market.sums, end * N_SUMS + F_CLOSE)
    closes = whole - gathered(market.sums, start * N_SUMS + F_CLOSE)
    equity = curve.equity + where(active, now + ahead * rest + own.quantity * closes, everywhere(0.0))
    high, low = _bounds(market.reach, start >> 4, end >> 4)
    top, bottom = (
        own.settled + own.quantity * (high - own.price),
        own.settled + own.quantity * (low - own.price),
    )
    known = (ahead <= 0.0) | (whole * LOST_SHARE <= closes)
    multiple = (rest <= bottom * ROUNDING) & (rest >= bottom * -ROUNDING) & (bottom > own.settled * THIN)
    usual = (now > 0.0) & (now <= LARGEST) & known & multiple | neither(active)
    peak, lowest = _reached(curve.peak, curve.lowest, now, active)
    deeper = active & ((top > peak) | (bottom < lowest * peak))
    if any_of(deeper):
        _spill(trips.spilled, peak, lowest, own)
        _deepen(market, base, trips, step.number, in_bits(deeper))
        peak, lowest = floats_at(trips.spilled, 0), floats_at(trips.spilled, WIDTH)
    for lane in range(WIDTH):
        row = 2 * WIDTH * step.number + lane
        first, last = trips.turns[U(row)] - base, trips.turns[U(row + WIDTH)] - 1 - base
        add_difference(trips.sums, lane * N_SUMS, market.sums, last, first)
    last_bar = where(active, as_floats(step.last), curve.last_bar)
    return Curve(where(active, worth, curve.worth), peak, lowest, equity, last_bar, curve.idle), usual


@inlined
def _sold(market: Market, step: Step, costs: Costs) -> Lanes:
    """Return what is sold at, where orders alone leave positions."""
    return gathered(market.close, where(step.closing, step.out, step.first)) * (1.0 - costs.slippage)


@inlined
def _left(step: Step, sold: Lanes, costs: Costs, own: Holdings, trades: Trades) -> tuple[Lanes, Trades]:
    """Return the money after positions are left, as `left` does, and trades with those."""
    fee, gross = own.quantity * sold * costs.fee, own.quantity * (sold - own.price)
    bought, pnl, held = own.quantity * own.price, gross - (own.fee + fee), as_floats(step.out) - own.bar
    trades = with_trade(trades, bought, pnl, held, own.quantity * sold, step.closing)
    return own.settled + (gross - fee), trades


@inlined
def _settled(step: Step, own: Holdings, curve: Curve, after: Lanes) -> tuple[Holdings, Curve]:
    """Return holdings and curve after positions are left."""
    closing = step.closing
    peak, lowest = _reached(curve.peak, curve.lowest, after, closing)
    equity = curve.equity + where(closing, after, everywhere(0.0))
    worth, bar = where(closing, after, curve.worth), where(closing, as_floats(step.out), curve.last_bar)
    money, held = where(closing, after, own.settled), own.held & neither(closing)
    own = Holdings(money, held, own.quantity, own.price, own.fee, own.bar)
    return own, Curve(worth, peak, lowest, equity, bar, curve.idle)


@inlined
def _ended(market: Market, own: Holdings, trades: Trades) -> Trades:
    """Return trades with the positions that are held at the last close."""
    bars = market.close.size
    gross = own.quantity * (everywhere(market.close[U(bars - 1)]) - own.price)
    held = (bars - 1.0) - own.bar
    return with_trade(trades, own.quantity * own.price, gross - own.fee, held, everywhere(0.0), own.held)


@inlined
def _bounds(reach: Floats, group: Lanes, last_group: Lanes) -> tuple[Lanes, Lanes]:
    """Return a bound of the highest close, and one of the lowest: those of some groups of bars in a row."""
    level, groups = highest_bits(last_group - group + 1), reach.shape[1]
    one = (level * groups + group) * 2
    other = (level * groups + last_group + 1 - (everywhere(1) << level)) * 2
    high = larger(gathered(reach, one), gathered(reach, other))
    return high, smaller(gathered(reach, one + 1), gathered(reach, other + 1))


@inlined
def _reached(peak: Lanes, lowest: Lanes, worth: Lanes, counted: Lanes) -> tuple[Lanes, Lanes]:
    """Return what `state.reached` returns, in the lanes that count."""
    peak = where(counted, larger(peak, worth), peak)
    return peak, where(counted & (worth < lowest * peak), worth / peak, lowest)


@inlined
def _spill(spilled: Floats, peak: Lanes, lowest: Lanes, own: Holdings) -> None:
    put(spilled, 0, peak)
    put(spilled, WIDTH, lowest)
    put(spilled, 2 * WIDTH, own.quantity)
    put(spilled, 3 * WIDTH, own.price)
    put(spilled, 4 * WIDTH, own.settled)


@called
def _deepen(market: Market, base: int, trips: Trips, k: int, lanes: int) -> None:
    """Look at the closes of trip k, in lanes that may have a new extreme; what is spilled is changed."""
    s, left = trips.spilled, U(lanes)
    while left:
        lane = trailing_zeros(left)
        left &= left - U(1)
        first, last = trips.turns[2 * WIDTH * k + lane], trips.turns[2 * WIDTH * k + WIDTH + lane] - 1
        high, low = extremes(market.close, market.heads, market.tails, market.groups, base, first, last)
        quantity, price, settled = s[2 * WIDTH + lane], s[3 * WIDTH + lane], s[4 * WIDTH + lane]
        top, bottom = settled + quantity * (high - price), settled + quantity * (low - price)
        s[lane], s[WIDTH + lane] = deepened(market, base, s[lane], s[WIDTH + lane], top, bottom, first, last)


@called
def _add_to_blocks(market: Market, base: int, end: int, trips: Trips, k: int) -> None:
    """Add the returns of trip k to their blocks of 16; those of entry and exit are spilled.

    No sum is lost beside others: where one could be, nothing is `queued`.
    """
    sums = market.sums
    for lane in range(WIDTH):
        if 2 * k >= trips.turned[U(lane)]:
            continue
        state, entered, left = trips.blocks[lane], trips.spilled[U(lane)], trips.spilled[U(WIDTH + lane)]
        first, out = trips.turns[U(2 * WIDTH * k + lane)], trips.turns[U(2 * WIDTH * k + WIDTH + lane)]
        block, after = market.block_of[U(first)], market.block_of[U(min(out, end - 1))]
        if block == after:  # as most are
            start, last = U(first - base), U(out - 1 - base)
            total = sums[last, F_RETURN] - sums[start, F_RETURN] + (entered + left)
            square = sums[last, F_SQUARE] - sums[start, F_SQUARE] + (entered * entered + left * left)
            add_to_block(state, int(block), total, square)
            continue
        add_to_block(state, int(block), entered, entered * entered)
        add_to_block(state, int(after), left, left * left)
        if out - 1 > first:
            add_blocks(market, base, state, first, out - 1)
