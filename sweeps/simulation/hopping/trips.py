"""Trips: plain runs of a long state, whose entries and exits take turns, a tile at a time.

`hop` has to know how one event ends before it looks for the next. Where the state alone decides when a
position is entered and left, all bars are known before any money is. What a trade comes to is computed as
`hop` does it, to the last bit; sums are added up in another order.
"""

import numpy as np
import numpy.typing as npt

from sweeps.simulation.codes import END_OF_DATA, SIGNAL
from sweeps.simulation.exits import closed, left
from sweeps.simulation.hopping.bits import U, bits_set, trailing_zeros
from sweeps.simulation.hopping.compiling import called, inlined
from sweeps.simulation.hopping.market import Market
from sweeps.simulation.hopping.marking import THIN, mark_line
from sweeps.simulation.hopping.multiples import LARGEST, ROUNDING, add_blocks, add_multiple, deepened
from sweeps.simulation.hopping.notes import Notes, close_notes, note_mark, noted
from sweeps.simulation.hopping.spans import F_RETURN, F_SQUARE, bounds, extremes
from sweeps.simulation.hopping.state import (
    H_ENDED,
    H_SETTLED,
    H_SPANS,
    ODD,
    RUNNING,
    TOO_SMALL,
    Curve,
    add_to_block,
    curve_held,
    hold_curve,
    hold_position,
    idle,
    position_held,
    reached,
)
from sweeps.simulation.position import Position, flat, opened
from sweeps.simulation.settings import Rules

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

AT_ONCE = 4
"""Bits of a word that are noted without asking whether they are there: few words have more."""


def new_turns(tile: int) -> Integers:
    """Return room for the bars of a tile at which a state turns."""
    return np.empty(tile + AT_ONCE, np.int64)


@inlined
def take_trips(
    market: Market,
    base: int,
    end: int,
    enter: Words,
    leave: Words,
    rules: Rules,
    state: Floats,
    notes: Notes,
    turns: Integers,
    ledger: Floats,
) -> None:
    """Take a run over the tile [base, end), whose words of orders begin with it.

    The position may be held since the tile before, and stay held. A run in which anything is not as usual is
    left to the loop.
    """
    if state[H_ENDED] != RUNNING:
        return
    turned = _turns(enter, leave, base, ((end + 63) >> 6) - (base >> 6), turns)
    close, block_of, position, curve = market.close, market.block_of, position_held(state), curve_held(state)
    settled, least = state[H_SETTLED], TOO_SMALL * rules.initial_capital
    by_block = block_of[U(base)] != block_of[U(end - 1)]  # else the tile's sums are its block's
    before = _begin_sums(state)
    first, turn, marks, trades, reason, odd = base, 0, 0, 0, SIGNAL, False
    while position.side != 0.0 or turn < turned:
        if position.side == 0.0:
            first = turns[U(turn)]
            turn += 1
            curve = idle(curve, first - 1)
            position = opened(1.0, first, close[U(first)], settled, np.nan, np.nan, False, rules)  # noqa: FBT003
            odd |= position.side == 0.0 or settled < least
            settled -= position.entry_fee
        out = turns[U(turn)] if turn < turned else end
        if out > first:
            now = settled + position.quantity * (close[U(first)] - position.entry_price)
            odd |= not 0.0 < now <= LARGEST
            note_mark(notes.before, notes.worth, notes.block, marks, curve.worth, now, block_of[U(first)])
            marks += 1
            curve, lost = _held(
                market, base, state, curve, position, settled, now, rules, first, out - 1, by_block
            )
            odd |= lost
        if turn >= turned:
            break
        turn += 1
        trade, money = left(position, 0.0, out, close[U(out)], SIGNAL, rules)
        trades = noted(notes, trades, trade, state, ledger)
        settled += money
        odd |= not 0.0 < settled <= LARGEST
        note_mark(notes.before, notes.worth, notes.block, marks, curve.worth, settled, block_of[U(out)])
        peak, lowest = reached(curve.peak, curve.lowest, settled)
        curve = Curve(settled, peak, lowest, curve.equity + settled, float(out), curve.idle)
        marks, position = marks + 1, flat()
    if position.side == 0.0:
        curve = idle(curve, end - 1)
    elif end == close.size:
        reason = END_OF_DATA
        trade = closed(position, 0.0, end - 1, close[U(end - 1)], 0.0, END_OF_DATA)
        trades = noted(notes, trades, trade, state, ledger)
    _end_sums(state, before, block_of[U(base)], by_block)
    close_notes(state, notes, marks, trades, reason, rules.risk_free)
    state[H_SETTLED] = settled
    if odd:
        state[H_ENDED] = ODD
    hold_position(state, position)
    hold_curve(state, curve)


@inlined
def _turns(enter: Words, leave: Words, base: int, words: int, turns: Integers) -> int:
    """Write the bars at which the state turns; return how many there are."""
    turned = 0
    for place in range(words):
        word, bar = enter[U(place)] | leave[U(place)], base + (place << 6)
        found = bits_set(word)
        for ahead in range(AT_ONCE):
            turns[U(turned + ahead)] = bar + trailing_zeros(word)
            word &= word - np.uint64(1)
        for ahead in range(AT_ONCE, found):
            turns[U(turned + ahead)] = bar + trailing_zeros(word)
            word &= word - np.uint64(1)
        turned += found
    return turned


@inlined
def _begin_sums(state: Floats) -> tuple[float, float]:
    """Begin a tile's sums of returns and of their squares with 0; return those of the tiles before."""
    before = state[H_SPANS + F_RETURN], state[H_SPANS + F_SQUARE]
    state[H_SPANS + F_RETURN] = state[H_SPANS + F_SQUARE] = 0.0
    return before


@inlined
def _end_sums(state: Floats, before: tuple[float, float], block: int, by_block: bool) -> None:  # noqa: FBT001
    """Add what was before to a tile's sums; they are those of its block, too, if none was added by block."""
    if not by_block:
        add_to_block(state, block, state[H_SPANS + F_RETURN], state[H_SPANS + F_SQUARE])
    state[H_SPANS + F_RETURN] += before[0]
    state[H_SPANS + F_SQUARE] += before[1]


@inlined
def _held(
    market: Market,
    base: int,
    state: Floats,
    curve: Curve,
    position: Position,
    settled: float,
    now: float,
    rules: Rules,
    first: int,
    last: int,
    by_block: bool,  # noqa: FBT001
) -> tuple[Curve, bool]:
    """Return the curve with the closes [first, last] of a position, and whether its equity is lost.

    ``now`` is its equity at the first. Most spans hold no new extreme, as bounds tell, which ask nothing of a
    span; the others are looked at.
    """
    quantity, price, peak, lowest = position.quantity, position.entry_price, curve.peak, curve.lowest
    high, low = bounds(market.reach, base, first, last)
    top, bottom = settled + quantity * (high - price), settled + quantity * (low - price)
    equity = curve.equity + now
    if not abs(settled - quantity * price) <= ROUNDING * bottom:
        peak, lowest = reached(peak, lowest, now)
        curve = Curve(now, peak, lowest, equity, float(first), curve.idle)
        return _held_far(
            market, base, state, curve, settled, quantity, price, rules.risk_free, first, last, by_block
        )
    if last > first:
        equity += add_multiple(market, base, state, settled, quantity, price, first, last)
        if by_block:
            add_blocks(market, base, state, first, last)
    if top > peak or bottom < lowest * peak:
        peak, lowest = reached(peak, lowest, now)
        if last > first:
            high, low = extremes(market.close, market.heads, market.tails, market.groups, base, first, last)
            top, bottom = settled + quantity * (high - price), settled + quantity * (low - price)
            peak, lowest = deepened(market, base, peak, lowest, top, bottom, first, last)
    worth = settled + quantity * (market.close[U(last)] - price)
    return Curve(worth, peak, lowest, equity, float(last), curve.idle), False


@called
def _held_far(
    market: Market,
    base: int,
    state: Floats,
    curve: Curve,
    settled: float,
    quantity: float,
    price: float,
    risk_free: float,
    first: int,
    last: int,
    by_block: bool,  # noqa: FBT001
) -> tuple[Curve, bool]:
    """Return what `_held` does where the close falls so far that equity is a line in it, and no multiple."""
    if first == last:
        return curve, False
    high, low = extremes(market.close, market.heads, market.tails, market.groups, base, first, last)
    top, bottom = settled + quantity * (high - price), settled + quantity * (low - price)
    if not bottom > THIN * settled:
        return curve, True
    return mark_line(
        market, base, state, curve, settled, quantity, price, top, bottom, risk_free, first, last, by_block
    ), False
