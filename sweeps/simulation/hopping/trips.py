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
from sweeps.simulation.hopping.compiling import inlined
from sweeps.simulation.hopping.market import Market
from sweeps.simulation.hopping.multiples import LARGEST, ROUNDING, add_multiple, deepened
from sweeps.simulation.hopping.notes import Notes, close_notes, note_mark, noted
from sweeps.simulation.hopping.spans import bounds, extremes
from sweeps.simulation.hopping.state import (
    H_ENDED,
    H_SETTLED,
    ODD,
    RUNNING,
    TOO_SMALL,
    Curve,
    curve_held,
    hold_curve,
    hold_position,
    position_held,
    reached,
)
from sweeps.simulation.position import flat, opened
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
def take_trips(  # noqa: PLR0915 - one tile is one page, as in `hop`
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
    settled, peak, lowest = state[H_SETTLED], curve.peak, curve.lowest
    worth, equity, still, marked_to = curve.worth, curve.equity, curve.idle, int(curve.last_bar)
    least = TOO_SMALL * rules.initial_capital
    first, turn, marks, trades, reason, odd = base, 0, 0, 0, SIGNAL, False
    while position.side != 0.0 or turn < turned:
        if position.side == 0.0:
            first, worth = turns[U(turn)], settled
            turn += 1
            equity += (first - 1 - marked_to) * settled
            still += first - 1 - marked_to
            position = opened(1.0, first, close[U(first)], settled, np.nan, np.nan, False, rules)  # noqa: FBT003
            odd |= position.side == 0.0 or settled < least
            settled -= position.entry_fee
        out = turns[U(turn)] if turn < turned else end
        last, quantity, price = out - 1, position.quantity, position.entry_price
        marked_to = last
        if last >= first:
            now = settled + quantity * (close[U(first)] - price)
            odd |= not 0.0 < now <= LARGEST
            note_mark(notes.before, notes.worth, notes.block, marks, worth, now, block_of[U(first)])
            marks += 1
            equity += now
            if last > first:
                equity += add_multiple(market, base, state, settled, quantity, price, first, last)
            peak, lowest, odd_span = _extremes(
                market, base, peak, lowest, settled, quantity, price, first, last
            )
            odd |= odd_span
            worth = settled + quantity * (close[U(last)] - price)
        if turn >= turned:
            break
        turn, marked_to = turn + 1, out
        trade, money = left(position, 0.0, out, close[U(out)], SIGNAL, rules)
        trades = noted(notes, trades, trade, state, ledger)
        settled += money
        odd |= not 0.0 < settled <= LARGEST
        note_mark(notes.before, notes.worth, notes.block, marks, worth, settled, block_of[U(out)])
        peak, lowest = reached(peak, lowest, settled)
        worth, equity = settled, equity + settled
        marks, position = marks + 1, flat()
    if position.side == 0.0:
        equity += (end - 1 - marked_to) * settled
        still += end - 1 - marked_to
    elif end == close.size:
        reason = END_OF_DATA
        trade = closed(position, 0.0, end - 1, close[U(end - 1)], 0.0, END_OF_DATA)
        trades = noted(notes, trades, trade, state, ledger)
    close_notes(state, notes, marks, trades, reason, rules.risk_free)
    state[H_SETTLED] = settled
    if odd:
        state[H_ENDED] = ODD
    hold_position(state, position)
    hold_curve(state, Curve(worth, peak, lowest, equity, float(end - 1), still))


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
def _extremes(
    market: Market,
    base: int,
    peak: float,
    lowest: float,
    settled: float,
    quantity: float,
    price: float,
    first: int,
    last: int,
) -> tuple[float, float, bool]:
    """Return the highest equity after a span, the lowest share of a peak, and if the span is odd.

    Most spans reach neither, as bounds tell that ask nothing of a span.
    """
    rest = abs(settled - quantity * price)
    high, low = bounds(market.reach, base, first, last)
    top, bottom = settled + quantity * (high - price), settled + quantity * (low - price)
    if top <= peak and bottom >= lowest * peak and rest <= ROUNDING * bottom:
        return peak, lowest, False
    peak, lowest = reached(peak, lowest, settled + quantity * (market.close[U(first)] - price))
    if first == last:
        return peak, lowest, False
    high, low = extremes(market.close, market.heads, market.tails, market.groups, base, first, last)
    top, bottom = settled + quantity * (high - price), settled + quantity * (low - price)
    peak, lowest = deepened(market, base, peak, lowest, top, bottom, first, last)
    return peak, lowest, not rest <= ROUNDING * bottom
