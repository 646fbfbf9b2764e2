"""Laned marks: the closes of eight runs' positions in a trip, a lane each, into their curves and blocks."""

from typing import Any

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.bits import U, trailing_zeros
from sweeps.simulation.hopping.compiling import called, inlined
from sweeps.simulation.hopping.laned_lines import LINE_SUMS, add_line
from sweeps.simulation.hopping.laned_state import Costs, Holdings, Step
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
)
from sweeps.simulation.hopping.market import Market
from sweeps.simulation.hopping.marking import THIN
from sweeps.simulation.hopping.multiples import LARGEST, LOST_SHARE, ROUNDING, add_blocks, deepened
from sweeps.simulation.hopping.rows import add_difference
from sweeps.simulation.hopping.spans import F_CLOSE, F_RETURN, F_SQUARE, N_SUMS, extremes, lowest_share
from sweeps.simulation.hopping.state import Curve, add_to_block
from sweeps.simulation.hopping.trips import Trips

Floats = npt.NDArray[np.float64]
Lanes = Any


@inlined
def held_through(
    market: Market,
    base: int,
    trips: Trips,
    step: Step,
    costs: Costs,
    own: Holdings,
    curve: Curve,
    now: Lanes,
    several: bool,  # noqa: FBT001
) -> tuple[Curve, Lanes]:
    """Return the curve with the closes of positions, and where they are as usual.

    ``now`` is equity at the first of them. Usual is what is a multiple of the close, or a line in it where a
    position is short, and never so small a part of what was paid that it has lost digits. Most hold no new
    extreme, as bounds tell, which ask nothing of a span; the others are looked at.
    """
    start, end, active = step.first - base, step.last - base, step.active
    worth = own.settled + own.quantity * (gathered(market.close, step.last) - own.price)
    rest, ahead = own.settled - own.quantity * own.price, as_floats(end - start)
    whole = gathered(market.sums, end * N_SUMS + F_CLOSE)
    closes = whole - gathered(market.sums, start * N_SUMS + F_CLOSE)
    equity = curve.equity + where(active, now + ahead * rest + own.quantity * closes, everywhere(0.0))
    high, low = _bounds(market.reach, start >> 4, end >> 4)
    one, other = (
        own.settled + own.quantity * (high - own.price),
        own.settled + own.quantity * (low - own.price),
    )
    top, bottom = larger(one, other), smaller(one, other)
    known = (ahead <= 0.0) | (whole * LOST_SHARE <= closes)
    multiple = (rest <= bottom * ROUNDING) & (rest >= bottom * -ROUNDING)
    follows = (own.side > 0.0) & multiple | (own.side < 0.0) & (bottom > rest * THIN)
    usual = (now > 0.0) & (now <= LARGEST) & known & follows & (bottom > own.settled * THIN) | neither(active)
    peak, lowest = reached_in(curve.peak, curve.lowest, now, active)
    deeper = active & ((top > peak) | (bottom < lowest * peak))
    _spill(trips.spilled, peak, lowest, own)
    if any_of(deeper):
        _deepen(market, base, trips, step.number, in_bits(deeper))
        peak, lowest = floats_at(trips.spilled, 0), floats_at(trips.spilled, WIDTH)
    for lane in range(WIDTH):
        row = 2 * WIDTH * step.number + lane
        first, last = trips.turns[U(row)], trips.turns[U(row + WIDTH)] - 1
        quantity = trips.spilled[U(2 * WIDTH + lane)]
        if quantity >= 0.0:
            add_difference(trips.sums, lane * N_SUMS, market.sums, last - base, first - base)
        else:
            price, settled = trips.spilled[U(3 * WIDTH + lane)], trips.spilled[U(4 * WIDTH + lane)]
            add_line(
                market, trips.lines, lane * LINE_SUMS, trips.blocks[lane], several,
                settled - quantity * price, quantity, costs.risk_free, first, last,
            )  # fmt: skip
    last_bar = where(active, as_floats(step.last), curve.last_bar)
    return Curve(where(active, worth, curve.worth), peak, lowest, equity, last_bar, curve.idle), usual


@inlined
def _bounds(reach: Floats, group: Lanes, last_group: Lanes) -> tuple[Lanes, Lanes]:
    """Return a bound of the highest close, and one of the lowest: those of some groups of bars in a row."""
    level, groups = highest_bits(last_group - group + 1), reach.shape[1]
    one = (level * groups + group) * 2
    other = (level * groups + last_group + 1 - (everywhere(1) << level)) * 2
    high = larger(gathered(reach, one), gathered(reach, other))
    return high, smaller(gathered(reach, one + 1), gathered(reach, other + 1))


@inlined
def reached_in(peak: Lanes, lowest: Lanes, worth: Lanes, counted: Lanes) -> tuple[Lanes, Lanes]:
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
        peak, lowest = s[lane], s[WIDTH + lane]
        one, other = settled + quantity * (high - price), settled + quantity * (low - price)
        if quantity >= 0.0:
            s[lane], s[WIDTH + lane] = deepened(market, base, peak, lowest, one, other, first, last)
            continue
        s[lane] = max(peak, other)
        if one < lowest * s[lane]:
            s[WIDTH + lane] = lowest_share(
                market.close, market.groups, base, peak, lowest, settled, quantity, price, first + 1, last
            )


@called
def add_to_blocks(market: Market, base: int, end: int, trips: Trips, k: int) -> None:
    """Add the returns of trip k to their blocks of 16; those of entry and exit are spilled.

    No sum is lost beside others, as `add_blocks` would note in vain: where one could be, nothing is `queued`.
    Shorts' closes are there already.
    """
    sums = market.sums
    for lane in range(WIDTH):
        if k >= trips.number[U(lane)]:
            continue
        state, entered, left = trips.blocks[lane], trips.spilled[U(lane)], trips.spilled[U(WIDTH + lane)]
        first, out = trips.turns[U(2 * WIDTH * k + lane)], trips.turns[U(2 * WIDTH * k + WIDTH + lane)]
        block, after = market.block_of[U(first)], market.block_of[U(min(out, end - 1))]
        if trips.spilled[U(2 * WIDTH + lane)] < 0.0:
            add_to_block(state, int(block), entered, entered * entered)
            add_to_block(state, int(after), left, left * left)
            continue
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
