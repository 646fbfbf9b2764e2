"""Marking: the closes of a position, added to its run.

Where equity is a multiple of the close, by running sums; where it is a line in the close (shorts, positions
beside cash), by sums that the processor's vectors take; where it may be gone, one by one.
"""

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.compiling import called, inlined, vectored
from sweeps.simulation.hopping.market import Market
from sweeps.simulation.hopping.spans import (
    F_CLOSE,
    F_CUBE,
    F_DOWNSIDE,
    F_FOURTH,
    F_GAIN,
    F_LOSS,
    F_RETURN,
    F_SQUARE,
    SHORT_SPAN,
    extremes,
)
from sweeps.simulation.hopping.state import (
    H_BORROWED,
    H_CUBE,
    H_DOWNSIDE,
    H_EQUITY,
    H_FOURTH,
    H_GAIN,
    H_LAST_BAR,
    H_LOSS,
    H_LOWEST,
    H_PEAK,
    H_SETTLED,
    H_SQUARES,
    H_SUMS,
    H_WORTH,
    mark,
)
from sweeps.simulation.position import Position
from sweeps.simulation.settings import Rules

Floats = npt.NDArray[np.float64]

ROUNDING = 1e-12


@inlined
def mark_position(
    market: Market,
    state: Floats,
    position: Position,
    rules: Rules,
    entry_close: int,
    first: int,
    last: int,
) -> int:
    """Mark the closes [first, last] of a position; return the bar of ruin, or -1.

    ``entry_close`` is the bar at whose close it was entered, where a short does not pay yet; -1 if none.
    """
    if first > last:
        return -1
    side, quantity, entry_price = position.side, position.quantity, position.entry_price
    borrow, risk_free = rules.borrow, rules.risk_free
    close = market.close
    slope = side * quantity
    if side < 0.0 and first != entry_close:
        _pay(state, quantity * close[first] * borrow)
    worth = state[H_SETTLED] + slope * (close[first] - entry_price)
    if not 0.0 < worth < np.inf:
        return first
    mark(state, first, market.block_of[first], worth, risk_free)
    if first == last:
        return -1
    settled = state[H_SETTLED]
    rest = settled - slope * entry_price
    if side > 0.0 and abs(rest) <= ROUNDING * settled:
        _mark_multiple(market, state, quantity, entry_price, first, last)
        return -1
    rate = quantity * borrow if side < 0.0 else 0.0
    high, low, _ = extremes(close, market.heads, market.tails, market.groups, first, last)
    paid = rate * (market.sums[last, F_CLOSE] - market.sums[first, F_CLOSE])
    if last - first > SHORT_SPAN and rest + slope * (high if side < 0.0 else low) - paid > 0.0:
        _mark_line(market, state, position, rules, first, last)
        return -1
    for t in range(first + 1, last + 1):
        if side < 0.0:
            _pay(state, quantity * close[t] * borrow)
        worth = state[H_SETTLED] + slope * (close[t] - entry_price)
        if not 0.0 < worth < np.inf:
            return t
        mark(state, t, market.block_of[t], worth, risk_free)
    return -1


@inlined
def _pay(state: Floats, cost: float) -> None:
    state[H_SETTLED] -= cost
    state[H_BORROWED] += cost


@called
def _mark_line(
    market: Market, state: Floats, position: Position, rules: Rules, first: int, last: int
) -> None:
    """Add the closes after ``first``; equity is rest + slope x close - rate x (sum of the closes so far)."""
    close, totals = market.close, market.totals
    slope, entry_price, borrow = position.side * position.quantity, position.entry_price, rules.borrow
    rest = state[H_SETTLED] - slope * entry_price
    rate = position.quantity * borrow if slope < 0.0 else 0.0
    base = totals[first]
    start = first + 1
    while start <= last:
        block = market.block_of[start]
        end = min(last, (block + 1) * close.size // 16 - 1)
        total, square, cube, fourth, below, gain, equity = _line_sums(
            close[start - 1 : end], close[start : end + 1], totals[start - 1 : end], totals[start : end + 1],
            rest + rate * base, slope, rate, rules.risk_free,
        )  # fmt: skip
        state[H_SUMS + block] += total
        state[H_SQUARES + block] += square
        state[H_CUBE] += cube
        state[H_FOURTH] += fourth
        state[H_DOWNSIDE] += below
        state[H_GAIN] += gain
        state[H_LOSS] += gain - total
        state[H_EQUITY] += equity
        start = end + 1
    _line_drawdown(market, state, rest + rate * base, slope, rate, first + 1, last)
    if rate > 0.0:
        # Bar by bar, as the loop pays: what is settled decides the next trade, to the last bit.
        for t in range(first + 1, last + 1):
            _pay(state, position.quantity * close[t] * borrow)
    state[H_WORTH] = state[H_SETTLED] + slope * (close[last] - entry_price)
    state[H_LAST_BAR] = last


@vectored
def _line_sums(
    before: Floats,
    now: Floats,
    paid_before: Floats,
    paid_now: Floats,
    rest: float,
    slope: float,
    rate: float,
    risk_free: float,
) -> tuple[float, float, float, float, float, float, float]:
    """Return sums over a span's returns; their order is left to the processor's vectors."""
    total = square = cube = fourth = below = gain = equity = 0.0
    for t in range(now.size):
        was = rest + slope * before[t] - rate * paid_before[t]
        worth = rest + slope * now[t] - rate * paid_now[t]
        r = worth / was - 1.0
        rr = r * r
        total += r
        square += rr
        cube += rr * r
        fourth += rr * rr
        short = min(r - risk_free, 0.0)
        below += short * short
        gain += max(r, 0.0)
        equity += worth
    return total, square, cube, fourth, below, gain, equity


@called
def _line_drawdown(
    market: Market, state: Floats, rest: float, slope: float, rate: float, first: int, last: int
) -> None:
    """Find new lows against the peak; groups of bars that cannot hold one are passed over."""
    close, totals, groups = market.close, market.totals, market.groups
    peak, lowest = state[H_PEAK], state[H_LOWEST]
    t = first
    while t <= last:
        if t & 15 == 0 and t + 15 <= last:
            high, low = groups[0, t >> 4, 0], groups[0, t >> 4, 1]
            best, worst = (high, low) if slope > 0.0 else (low, high)
            top = max(peak, rest + slope * best - rate * totals[t])
            no_low = rest + slope * worst - rate * totals[t + 15] >= lowest * top
            # What a short pays makes `top` a bound that no close may reach: a peak has to be a close.
            if no_low and (rate == 0.0 or top == peak):
                peak = top
                t += 16
                continue
        worth = rest + slope * close[t] - rate * totals[t]
        peak = max(peak, worth)
        if worth < lowest * peak:
            lowest = worth / peak
        t += 1
    state[H_PEAK], state[H_LOWEST] = peak, lowest


@inlined
def _mark_multiple(
    market: Market, state: Floats, quantity: float, entry_price: float, first: int, last: int
) -> None:
    """Add the closes after ``first``, whose equity is quantity x close."""
    close, sums, settled = market.close, market.sums, state[H_SETTLED]
    bars = last - first
    if bars <= SHORT_SPAN:
        for t in range(first + 1, last + 1):
            row = market.terms[t]
            block = market.block_of[t]
            state[H_SUMS + block] += row[F_RETURN]
            state[H_SQUARES + block] += row[F_SQUARE]
            state[H_CUBE] += row[F_CUBE]
            state[H_FOURTH] += row[F_FOURTH]
            state[H_DOWNSIDE] += row[F_DOWNSIDE]
            state[H_GAIN] += row[F_GAIN]
            state[H_LOSS] += row[F_LOSS]
            state[H_EQUITY] += settled + quantity * (close[t] - entry_price)
    else:
        a, b = sums[first], sums[last]
        state[H_CUBE] += b[F_CUBE] - a[F_CUBE]
        state[H_FOURTH] += b[F_FOURTH] - a[F_FOURTH]
        state[H_DOWNSIDE] += b[F_DOWNSIDE] - a[F_DOWNSIDE]
        state[H_GAIN] += b[F_GAIN] - a[F_GAIN]
        state[H_LOSS] += b[F_LOSS] - a[F_LOSS]
        state[H_EQUITY] += bars * (settled - quantity * entry_price) + quantity * (b[F_CLOSE] - a[F_CLOSE])
        block, end = market.block_of[first + 1], market.block_of[last]
        from_return, from_square = a[F_RETURN], a[F_SQUARE]
        while block < end:
            edge = (block + 1) * close.size // 16 - 1
            at = sums[edge]
            state[H_SUMS + block] += at[F_RETURN] - from_return
            state[H_SQUARES + block] += at[F_SQUARE] - from_square
            from_return, from_square = at[F_RETURN], at[F_SQUARE]
            block += 1
        state[H_SUMS + end] += b[F_RETURN] - from_return
        state[H_SQUARES + end] += b[F_SQUARE] - from_square
    high, low, ratio = extremes(close, market.heads, market.tails, market.groups, first, last)
    lowest = min(ratio, (settled + quantity * (low - entry_price)) / state[H_PEAK])
    state[H_LOWEST] = min(state[H_LOWEST], lowest)
    state[H_PEAK] = max(state[H_PEAK], settled + quantity * (high - entry_price))
    state[H_WORTH] = settled + quantity * (close[last] - entry_price)
    state[H_LAST_BAR] = last
