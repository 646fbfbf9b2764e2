"""Marking: the closes of a position, added to its run.

Where equity is a multiple of the close, by running sums; where it is a line in the close (shorts, positions
beside cash), by sums that the processor's vectors take; where it may be gone, one by one.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.bits import U
from sweeps.simulation.hopping.compiling import called, inlined, vectored
from sweeps.simulation.hopping.market import Market
from sweeps.simulation.hopping.multiples import LARGEST, ROUNDING, mark_multiple
from sweeps.simulation.hopping.notes import Notes, mark, value_range
from sweeps.simulation.hopping.spans import (
    F_CUBE,
    F_DOWNSIDE,
    F_FOURTH,
    F_GAIN,
    F_LOSS,
    F_RETURN,
    F_SQUARE,
    extremes,
    lowest_share,
)
from sweeps.simulation.hopping.state import BLOCKS, H_SPANS, Curve, add_to_block
from sweeps.simulation.position import Position
from sweeps.simulation.settings import Rules

Floats = npt.NDArray[np.float64]
Blocks = npt.NDArray[np.uint8]

THIN = 1e-6
"""Below this share of what it is made of, equity has lost too many digits for its returns."""
SHORT_SPAN = 8
"""Spans of so few bars are walked: looking up and vectors do not pay."""
NO_BAR = -1


class Marked(NamedTuple):
    """What marking changes: the curve, how many closes are noted, settled money, what was borrowed.

    ``ruin_bar`` is the bar of ruin, or NO_BAR.
    """

    curve: Curve
    marks: int
    settled: float
    borrowed: float
    ruin_bar: int


@inlined
def mark_position(
    market: Market,
    base: int,
    state: Floats,
    notes: Notes,
    marks: int,
    curve: Curve,
    settled: float,
    borrowed: float,
    position: Position,
    rules: Rules,
    entry_close: int,
    first: int,
    last: int,
) -> Marked:
    """Mark the closes [first, last] of a position, which lie in one tile.

    ``entry_close`` is the bar at whose close the position was entered, where a short does not pay yet;
    NO_BAR if none.
    """
    if first > last:
        return Marked(curve, marks, settled, borrowed, NO_BAR)
    close, entry_price = market.close, position.entry_price
    slope = position.side * position.quantity
    if slope < 0.0 and first != entry_close:
        cost = position.quantity * close[U(first)] * rules.borrow
        settled, borrowed = settled - cost, borrowed + cost
    worth = settled + slope * (close[U(first)] - entry_price)
    if not 0.0 < worth <= LARGEST:
        return Marked(curve, marks, settled, borrowed, first)
    curve = mark(
        curve, notes.before, notes.worth, notes.block, marks, market.block_of[U(first)], first, worth
    )
    marks += 1
    if first == last:
        return Marked(curve, marks, settled, borrowed, NO_BAR)
    walked = last - first <= SHORT_SPAN
    if slope > 0.0 or (rules.borrow == 0.0 and not walked):
        high, low = extremes(close, market.heads, market.tails, market.groups, base, first, last)
        best, worst = (low, high) if slope < 0.0 else (high, low)
        top, bottom = settled + slope * (best - entry_price), settled + slope * (worst - entry_price)
        thick = bottom > THIN * (abs(settled) + abs(slope * entry_price))
        if thick and slope > 0.0 and abs(settled - slope * entry_price) <= ROUNDING * bottom:
            curve = mark_multiple(
                market, base, state, curve, settled, slope, entry_price, top, bottom, first, last
            )
            return Marked(curve, marks, settled, borrowed, NO_BAR)
        if thick and not walked:
            curve = mark_line(
                market, base, state, curve, settled, slope, entry_price, top, bottom,
                rules.risk_free, first, last,
            )  # fmt: skip
            return Marked(curve, marks, settled, borrowed, NO_BAR)
    return _walk(
        close, market.block_of, notes.before, notes.worth, notes.block, marks, curve, settled, borrowed,
        position.quantity, slope, entry_price, rules.borrow, first, last,
    )  # fmt: skip


@inlined
def mark_line(
    market: Market,
    base: int,
    state: Floats,
    curve: Curve,
    settled: float,
    slope: float,
    entry_price: float,
    top: float,
    bottom: float,
    risk_free: float,
    first: int,
    last: int,
) -> Curve:
    """Return the curve with the closes after ``first``, whose equity is a line in the close.

    ``top`` and ``bottom`` are its highest and lowest values from ``first`` on. Returns are added to the run,
    and to its blocks of 16.
    """
    close, rest, closes = market.close, settled - slope * entry_price, 0.0
    start = first + 1
    while start <= last:
        block = int(market.block_of[U(start)])
        end = min(last, (block + 1) * close.size // BLOCKS - 1)
        total, square, cube, fourth, below, gain, loss, priced = _line_sums(
            close[start - 1 : end], close[start : end + 1], rest, slope, risk_free
        )
        closes += priced
        add_to_block(state, block, total, square)
        state[H_SPANS + F_RETURN] += total
        state[H_SPANS + F_SQUARE] += square
        state[H_SPANS + F_CUBE] += cube
        state[H_SPANS + F_FOURTH] += fourth
        state[H_SPANS + F_DOWNSIDE] += below
        state[H_SPANS + F_GAIN] += gain
        state[H_SPANS + F_LOSS] += loss
        start = end + 1
    lowest = curve.lowest
    if bottom < lowest * max(curve.peak, top):
        lowest = lowest_share(
            close, market.groups, base, curve.peak, lowest, settled, slope, entry_price, first + 1, last
        )
    return Curve(
        settled + slope * (close[U(last)] - entry_price),
        max(curve.peak, top),
        lowest,
        curve.equity + (last - first) * rest + slope * closes,
        float(last),
        curve.idle,
    )


@vectored
def _line_sums(
    before: Floats, now: Floats, rest: float, slope: float, risk_free: float
) -> tuple[float, float, float, float, float, float, float, float]:
    """Return sums over a span's returns and closes; their order is left to the processor's vectors."""
    total = square = cube = fourth = below = gain = loss = closes = 0.0
    for t in range(now.size):
        r = (rest + slope * now[t]) / (rest + slope * before[t]) - 1.0
        rr = r * r
        total += r
        square += rr
        cube += rr * r
        fourth += rr * rr
        short = min(r - risk_free, 0.0)
        below += short * short
        gain += max(r, 0.0)
        loss -= min(r, 0.0)
        closes += now[t]
    return total, square, cube, fourth, below, gain, loss, closes


@called
def _walk(
    close: Floats,
    block_of: Blocks,
    before: Floats,
    worths: Floats,
    blocks: Blocks,
    marks: int,
    curve: Curve,
    settled: float,
    borrowed: float,
    quantity: float,
    slope: float,
    entry_price: float,
    borrow: float,
    first: int,
    last: int,
) -> Marked:
    """Mark the closes after ``first`` one by one; a short pays as in the loop, to the last bit."""
    rate = borrow if slope < 0.0 else 0.0
    worth, equity, place = curve.worth, curve.equity, marks
    for t in range(first + 1, last + 1):
        cost = quantity * close[U(t)] * rate
        settled, borrowed = settled - cost, borrowed + cost
        before[U(place)] = worth
        worth = settled + slope * (close[U(t)] - entry_price)
        if not 0.0 < worth <= LARGEST:
            last = t - 1
            break
        worths[U(place)] = worth
        blocks[U(place)] = block_of[U(t)]
        equity += worth
        place += 1
    ruin_bar = NO_BAR if 0.0 < worth <= LARGEST else last + 1
    if place == marks:
        return Marked(curve, place, settled, borrowed, ruin_bar)
    high, low = value_range(worths[marks:place])
    peak, lowest = max(curve.peak, high), curve.lowest
    if low < lowest * peak:
        peak = curve.peak
        for at in range(marks, place):
            peak = max(peak, worths[U(at)])
            if worths[U(at)] < lowest * peak:
                lowest = worths[U(at)] / peak
    curve = Curve(worths[U(place - 1)], peak, lowest, equity, float(last), curve.idle)
    return Marked(curve, place, settled, borrowed, ruin_bar)
