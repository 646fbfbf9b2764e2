"""Notes: what happens to a run inside a tile is noted down, and added up when the tile is over.

Hops are short chains of numbers that wait for each other; sums are not. Noted, they go through the
processor's vectors, which makes a trade about half as dear.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sweeps.simulation.codes import END_OF_DATA, RUIN
from sweeps.simulation.exits import write
from sweeps.simulation.hopping.bits import U
from sweeps.simulation.hopping.compiling import called, inlined, ordered, vectored
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
    H_MARKED,
    H_MEAN,
    H_NOTIONAL,
    H_OPEN,
    H_SPANS,
    H_SPREAD,
    H_TRADES,
    H_WON,
    H_WON_CASH,
    H_WON_RETURN,
    H_WORST,
    Curve,
    add_to_block,
    reached,
)
from sweeps.simulation.ledger import Trade

Floats = npt.NDArray[np.float64]


class Notes(NamedTuple):
    """Room for one run's notes in one tile of m bars.

    Attributes:
        before: Equity before each marked close, shape (m + 1,).
        worth: Equity at it.
        block: Its block of 16.
        pnl: Profit of each trade, shape (2 m + 2,): a bar may end two.
        bought: What its entry was worth; later its return.
        held: Bars from its entry to its exit.
        notional: What it bought and sold.
    """

    before: Floats
    worth: Floats
    block: npt.NDArray[np.uint8]
    pnl: Floats
    bought: Floats
    held: Floats
    notional: Floats


def new_notes(tile: int) -> Notes:
    """Return room for the notes of a tile."""
    closes, trades = tile + 1, 2 * tile + 2
    return Notes(
        np.empty(closes),
        np.empty(closes),
        np.empty(closes, np.uint8),
        *np.empty((4, trades)),
    )


@inlined
def mark(
    curve: Curve,
    before: Floats,
    worths: Floats,
    blocks: npt.NDArray[np.uint8],
    place: int,
    block: int,
    bar: int,
    worth: float,
) -> Curve:
    """Note one bar's close; return the curve with it."""
    note_mark(before, worths, blocks, place, curve.worth, worth, block)
    peak, lowest = reached(curve.peak, curve.lowest, worth)
    return Curve(worth, peak, lowest, curve.equity + worth, float(bar), curve.idle)


@inlined
def note_mark(
    befores: Floats,
    worths: Floats,
    blocks: npt.NDArray[np.uint8],
    place: int,
    before: float,
    worth: float,
    block: int,
) -> None:
    """Note equity before a close and at it."""
    befores[U(place)] = before
    worths[U(place)] = worth
    blocks[U(place)] = block


@inlined
def noted(notes: Notes, place: int, trade: Trade, state: Floats, ledger: Floats) -> int:
    """Note a trade, and write it where a ledger is kept; return how many are noted."""
    sold = 0.0 if trade.reason in (END_OF_DATA, RUIN) else trade.exit_price
    notes.pnl[U(place)] = trade.pnl
    bought = trade.quantity * trade.entry_price
    notes.bought[U(place)] = bought
    notes.held[U(place)] = trade.exit_bar - trade.entry_bar
    notes.notional[U(place)] = bought + trade.quantity * sold
    if len(ledger) > 1:
        write(ledger, int(state[H_TRADES]) + place, trade)
    return place + 1


@inlined
def close_notes(
    state: Floats, notes: Notes, marks: int, trades: int, last_reason: int, risk_free: float
) -> None:
    """Add a tile's notes to its run; ``last_reason`` is why the last trade ended."""
    if marks > 0:
        _add_marks(state, notes, marks, risk_free)
    if trades > 0:
        _add_trades(state, notes, trades)
        state[H_MARKED] = 1.0 if last_reason in (END_OF_DATA, RUIN) else 0.0
        state[H_OPEN] = 1.0 if last_reason == END_OF_DATA else 0.0


@called
def _add_marks(state: Floats, notes: Notes, marks: int, risk_free: float) -> None:
    returns = notes.before[:marks]
    total, square, cube, fourth, below, gain, loss = _mark_sums(returns, notes.worth[:marks], risk_free)
    state[H_SPANS + F_RETURN] += total
    state[H_SPANS + F_SQUARE] += square
    state[H_SPANS + F_CUBE] += cube
    state[H_SPANS + F_FOURTH] += fourth
    state[H_SPANS + F_DOWNSIDE] += below
    state[H_SPANS + F_GAIN] += gain
    state[H_SPANS + F_LOSS] += loss
    if notes.block[0] == notes.block[U(marks - 1)]:
        add_to_block(state, notes.block[0], total, square)
        return
    block, total, square = notes.block[0], 0.0, 0.0
    for place in range(marks):
        if notes.block[U(place)] != block:
            add_to_block(state, block, total, square)
            block, total, square = notes.block[U(place)], 0.0, 0.0
        r = returns[U(place)]
        total += r
        square += r * r
    add_to_block(state, block, total, square)


@vectored
def _mark_sums(
    before: Floats, worth: Floats, risk_free: float
) -> tuple[float, float, float, float, float, float, float]:
    """Return sums over the returns, which take the place of ``before``."""
    total = square = cube = fourth = below = gain = loss = 0.0
    for place in range(before.size):
        r = worth[place] / before[place] - 1.0
        before[place] = r
        rr = r * r
        total += r
        square += rr
        cube += rr * r
        fourth += rr * rr
        short = min(r - risk_free, 0.0)
        below += short * short
        gain += max(r, 0.0)
        loss -= min(r, 0.0)
    return total, square, cube, fourth, below, gain, loss


@called
def _add_trades(state: Floats, notes: Notes, trades: int) -> None:
    gains = notes.bought[:trades]
    won, lost, won_cash, lost_cash, won_return, lost_return = _results(notes.pnl[:trades], gains)
    held, notional, total = _totals(notes.held[:trades], notes.notional[:trades], gains)
    best, worst = value_range(gains)
    mean = total / trades
    # Two sets of trades as one: Chan, Golub, LeVeque (1979), "Updating formulae and a pairwise algorithm".
    before, after = state[H_TRADES], state[H_TRADES] + trades
    off = mean - state[H_MEAN]
    state[H_SPREAD] += _spread(gains, mean) + off * off * before * trades / after
    state[H_MEAN] += off * trades / after
    state[H_TRADES] = after
    state[H_BEST], state[H_WORST] = max(state[H_BEST], best), min(state[H_WORST], worst)
    state[H_WON] += won
    state[H_LOST] += lost
    state[H_WON_CASH] += won_cash
    state[H_LOST_CASH] += lost_cash
    state[H_WON_RETURN] += won_return
    state[H_LOST_RETURN] += lost_return
    state[H_HELD] += held
    state[H_NOTIONAL] += notional


@vectored
def _results(pnl: Floats, bought: Floats) -> tuple[float, float, float, float, float, float]:
    """Return sums over won and lost trades; their returns take the place of ``bought``."""
    won = lost = won_cash = lost_cash = won_return = lost_return = 0.0
    for place in range(pnl.size):
        cash = pnl[place]
        r = cash / bought[place]
        bought[place] = r
        won += 1.0 if cash > 0.0 else 0.0
        lost += 1.0 if cash < 0.0 else 0.0
        won_cash += max(0.0, cash)
        lost_cash -= min(0.0, cash)
        won_return += r if cash > 0.0 else 0.0
        lost_return += r if cash < 0.0 else 0.0
    return won, lost, won_cash, lost_cash, won_return, lost_return


@vectored
def _totals(held: Floats, notional: Floats, gain: Floats) -> tuple[float, float, float]:
    bars = cash = total = 0.0
    for place in range(held.size):
        bars += held[place]
        cash += notional[place]
        total += gain[place]
    return bars, cash, total


@vectored
def _spread(gain: Floats, mean: float) -> float:
    squares = 0.0
    for place in range(gain.size):
        off = gain[place] - mean
        squares += off * off
    return squares


@ordered
def value_range(values: Floats) -> tuple[float, float]:
    """Return the largest and the smallest of some numbers, none of them NaN."""
    high = low = values[0]
    for place in range(values.size):
        high, low = max(high, values[place]), min(low, values[place])
    return high, low
