"""Packing: what strategies say, into bits. A whole row of words per signal set.

Many sets are packed in one call: a call from Python costs as much as packing one.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sweeps.simulation.codes import ENTER_LONG, ENTER_SHORT, EXIT_LONG, EXIT_SHORT
from sweeps.simulation.hopping.bits import U
from sweeps.simulation.hopping.coarse import UNCUT, CutRows
from sweeps.simulation.hopping.compiling import called, inlined
from sweeps.simulation.hopping.conditions import (
    BITS,
    BYTES,
    COARSE,
    Conditions,
    One,
    chosen,
    coarse_word,
    conditions,
    known_bars,
    one_of,
    word_of,
)
from sweeps.simulation.sources import door

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

LONG_KINDS = 2
KINDS = 4
"""Rows of a signal set: enter_long, exit_long; and, where shorts are allowed, enter_short, exit_short."""

N_CARRIED = 2 * (2 + KINDS)

LONG, SHORT, BOTH = range(3)
"""What a boolean state means: long or flat, flat or short, long or short."""

TILE_WORDS = 16
"""Words that all sets pass before the next: the rows that many sets compare stay in the processor's cache."""

_NONE = np.uint64(0)
_ONE, _TOP = np.uint64(1), np.uint64(63)


class Sets(NamedTuple):
    """Signal sets that are packed together; each member has one row a set.

    ``place`` is its row in the words, ``warm`` its first bar of the window that may signal, ``side`` what a
    state means to it, and ``carried`` (sets, N_CARRIED) what is kept from one tile to the next, and the same
    as it was before the tile; zeros at first.
    """

    place: Integers
    warm: Integers
    side: Integers
    carried: Words


class Unpacked(NamedTuple):
    """Orders of signal sets that are packed when runs read them, so that their words stay near.

    ``asked`` and ``sets`` have a row a set; ``order`` is the order in which runs should read them. ``coarse``
    are the addresses of the rows that many of them compare.
    """

    asked: Conditions
    sets: Sets
    order: Integers
    coarse: Integers


def new_sets(place: Integers, warm: Integers, side: Integers) -> Sets:
    """Return signal sets of which nothing is packed yet."""
    return Sets(place, warm, side, np.zeros((len(place), N_CARRIED), np.uint64))


def nothing_asked() -> Unpacked:
    """Return the orders of no set."""
    none = np.zeros(0, np.int64)
    return Unpacked(conditions((0, 1)), new_sets(none, none, none), none, none)


def words_of(bars: int) -> int:
    """Return how many words hold one bit a bar."""
    return -(-bars // 64)


@called
def _condition_tile(asked: Conditions, first: int, last: int, bars: int, bits: Words) -> None:
    for k in range(len(bits)):
        one = one_of(asked, k, 0, UNCUT)
        for place in range(first, last):
            bits[k, place] = word_of(one, place, bars)


@inlined
def _state_orders(
    one: One,
    carried: Words,
    warm: int,
    side: int,
    first: int,
    last: int,
    bars: int,
    orders: Words,
    shift: int,
) -> None:
    """Turn a state into orders: a change enters or exits."""
    longs, shorts = side != SHORT, side != LONG
    on, off = carried[0], carried[1]
    for place in range(first, last):
        known, on_before, off_before = known_bars(place, warm, bars), on >> _TOP, off >> _TOP
        on = word_of(one, place, bars) & known
        off = ~on & known
        late_on, late_off = (on << _ONE) | on_before, (off << _ONE) | off_before
        at = U(place + shift)
        orders[0, at] = on & ~late_on if longs else _NONE
        orders[1, at] = _NONE if shorts else off & late_on
        if len(orders) > LONG_KINDS:
            orders[2, at] = off & ~late_off if shorts else _NONE
            orders[3, at] = _NONE if longs else on & late_off
    carried[0], carried[1] = on, off


@inlined
def _coarse_orders(
    one: One, carried: Words, side: int, first: int, last: int, orders: Words, shift: int
) -> None:
    """Turn a state into orders as `_state_orders` does, in words of which all bars are known."""
    on = carried[0]
    risen, fallen = 3 if side == SHORT else 0, 1 if side == LONG else 2
    for kind in range(len(orders)):
        if kind not in (risen, fallen):
            orders[kind, first + shift : last + shift] = _NONE
    for place in range(first, last):
        before = on >> _TOP
        on = coarse_word(one, place)
        late = (on << _ONE) | before
        orders[risen, U(place + shift)], orders[fallen, U(place + shift)] = on & ~late, late & ~on
    carried[0], carried[1] = on, ~on


@inlined
def _wish_orders(
    asked: Conditions,
    sets: Sets,
    k: int,
    cut: CutRows,
    first: int,
    last: int,
    bars: int,
    orders: Words,
    shift: int,
) -> None:
    """Turn entries, exits, short entries and short exits into orders: entries act on their rising edge."""
    carried, warm = sets.carried[k], sets.warm[k]
    enter, leave = one_of(asked, (k, 0), warm, cut), one_of(asked, (k, 1), warm, cut)
    enter_short, leave_short = one_of(asked, (k, 2), warm, cut), one_of(asked, (k, 3), warm, cut)
    entry, short_entry = carried[0], carried[1]
    for place in range(first, last):
        known, before, short_before = known_bars(place, warm, bars), entry >> _TOP, short_entry >> _TOP
        entry, leaving = word_of(enter, place, bars) & known, word_of(leave, place, bars) & known
        short_entry = word_of(enter_short, place, bars) & known
        short_leaving = word_of(leave_short, place, bars) & known
        opening, short_opening = entry & ~leaving, short_entry & ~short_leaving
        at = U(place + shift)
        orders[1, at] = leaving & ~entry
        if len(orders) > LONG_KINDS:
            orders[3, at] = short_leaving & ~short_entry
        entry, short_entry = opening & ~short_opening, short_opening & ~opening
        orders[0, at] = entry & ~((entry << _ONE) | before)
        if len(orders) > LONG_KINDS:
            orders[2, at] = short_entry & ~((short_entry << _ONE) | short_before)
    carried[0], carried[1] = entry, short_entry


@called
def orders_of_set(
    asked: Conditions,
    sets: Sets,
    k: int,
    cut: CutRows,
    first: int,
    last: int,
    bars: int,
    orders: Words,
    shift: int,
) -> None:
    """Write the orders of set k in the words [first, last) to the rows of ``orders``, so many places on.

    The words before must have been asked for before. Words follow from each other as they are compared, so
    that none is read again.
    """
    if asked.kind.shape[1] > 1:
        _wish_orders(asked, sets, k, cut, first, last, bars, orders, shift)
        return
    carried, warm, side = sets.carried[k], sets.warm[k], sets.side[k]
    one = one_of(asked, (k, 0), warm, cut)
    usual = one.kind == COARSE and (side == LONG or len(orders) > LONG_KINDS)
    known = ((max(warm, 0) + 63) >> 6) + (0 if side == LONG else 1)  # shorts begin where it is known first
    from_, to = min(max(first, known, one.coarse_from), last), min(last, bars >> 6)
    if usual and from_ < to:
        _state_orders(one, carried, warm, side, first, from_, bars, orders, shift)
        _coarse_orders(one, carried, side, from_, to, orders, shift)
        _state_orders(one, carried, warm, side, to, last, bars, orders, shift)
    else:
        _state_orders(one, carried, warm, side, first, last, bars, orders, shift)


@door()
def pack_conditions(asked: Conditions, bars: int, bits: Words) -> None:
    """Pack condition k into row k of ``bits``, shape (conditions, words)."""
    places = bits.shape[1]
    for first in range(0, places, TILE_WORDS):
        _condition_tile(asked, first, min(first + TILE_WORDS, places), bars, bits)


@door()
def pack_orders(asked: Conditions, sets: Sets, bars: int, words: Words) -> None:
    """Turn conditions into orders; ``bars`` are those of the window.

    Conditions of shape (sets, 1) are states, whose changes enter or exit; (sets, 4) are entries, exits, short
    entries and short exits, of which entries act on their rising edge. ``words``, shape (n, 2 or 4, words),
    gets all orders of a set. What is packed already is read by its set alone, and from end to end.
    """
    places = words.shape[2]
    step = max(places, 1) if (asked.kind == BITS).all() else TILE_WORDS
    for first in range(0, places, step):
        last = min(first + step, places)
        for k in range(sets.place.size):
            orders_of_set(asked, sets, k, UNCUT, first, last, bars, words[sets.place[k]], 0)


@door()
def pack_events(events: npt.NDArray[np.uint8], words: Words) -> None:
    """Pack event codes, shape (bars,), into the rows of one set, (2 or 4, words)."""
    words[:] = 0
    for bar in range(events.size):
        code = events[bar]
        if code == 0:
            continue
        bit, place = _ONE << np.uint64(bar & 63), bar >> 6
        enters = code & (ENTER_LONG | ENTER_SHORT)
        if enters == ENTER_LONG:
            words[0, place] |= bit
        if code & EXIT_LONG:
            words[1, place] |= bit
        if len(words) > LONG_KINDS:
            if enters == ENTER_SHORT:
                words[2, place] |= bit
            if code & EXIT_SHORT:
                words[3, place] |= bit


@door()
def pack_row(flags: npt.NDArray[np.bool_], start: int, bits: Words, k: int) -> None:
    """Pack contiguous booleans from ``start`` on into row k of ``bits``."""
    at, bars = int(np.int64(flags.ctypes.data)) + start, flags.size - start
    one = One(BYTES, at, 0, 0.0, 0, 0, 0)
    for place in range((bars + 63) >> 6):
        bits[k, place] = word_of(one, place, bars)


def pack_flags(flags: npt.NDArray[np.bool_], row: Words) -> None:
    """Pack one boolean a bar into one row of words."""
    pack_row(np.ascontiguousarray(flags), 0, row[None, :], 0)


def pack_unpacked(unpacked: Unpacked, places: Integers, bars: int, words: Words) -> None:
    """Pack some sets' orders into their rows of ``words``; ``bars`` are those of the window."""
    sets = unpacked.sets
    some = new_sets(places, sets.warm[places], sets.side[places])
    pack_orders(chosen(unpacked.asked, places), some, bars, words)
