"""Packing: what strategies say, into bits. A whole row of words per signal set."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sweeps.simulation.codes import ENTER_LONG, ENTER_SHORT, EXIT_LONG, EXIT_SHORT
from sweeps.simulation.hopping.bits import byte_at
from sweeps.simulation.hopping.compiling import called, inlined, njit
from sweeps.simulation.hopping.conditions import (
    BYTES,
    Conditions,
    chosen,
    compare,
    conditions,
    fill,
    mask,
)
from sweeps.simulation.sources import source_digest

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

LONG_KINDS = 2
KINDS = 4
"""Rows of a signal set: enter_long, exit_long; and, where shorts are allowed, enter_short, exit_short."""

LONG, SHORT, BOTH = range(3)
"""What a boolean state means: long or flat, flat or short, long or short."""

TILE_WORDS = 16
"""Words that all sets pass before the next: the rows that many sets compare stay in the processor's cache."""

_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_ONE, _TOP = np.uint64(1), np.uint64(63)


class Sets(NamedTuple):
    """Signal sets that are packed together; each member has one row a set.

    ``place`` is its row in the words, ``warm`` its first bar of the window that may signal, ``side`` what a
    state means to it, and ``carried`` (sets, 2 + KINDS) what is kept from one tile to the next: zeros.
    """

    place: Integers
    warm: Integers
    side: Integers
    carried: Words


class Unpacked(NamedTuple):
    """Orders of signal sets that are packed when runs read them, so that their words stay near.

    ``asked`` and ``sets`` have a row a set; ``order`` is the order in which runs should read them.
    """

    asked: Conditions
    sets: Sets
    order: Integers


def nothing_asked() -> Unpacked:
    """Return the orders of no set."""
    none = np.zeros(0, np.int64)
    return Unpacked(conditions((0, 1)), Sets(none, none, none, np.zeros((0, 2 + KINDS), np.uint64)), none)


def words_of(bars: int) -> int:
    """Return how many words hold one bit a bar."""
    return -(-bars // 64)


@inlined
def _turning(now: Words, before: Words, other: Words, count: int, orders: Words) -> None:
    """Write where ``now`` is true and ``other`` was true a bar before; ``before`` is one word behind it.

    No word waits for another one, so that the loop goes through vectors.
    """
    for k in range(count):
        orders[k] = now[k] & ((other[k] << _ONE) | (before[k] >> _TOP))


@inlined
def _rising(now: Words, before: Words, count: int, orders: Words) -> None:
    """Write where a row turns true; ``before`` is one word behind it."""
    for k in range(count):
        orders[k] = now[k] & ~((now[k] << _ONE) | (before[k] >> _TOP))


@called
def _condition_tile(asked: Conditions, first: int, last: int, bars: int, bits: Words) -> None:
    for k in range(len(bits)):
        fill(asked, k, first, last, bars, bits[k, first:last])


@inlined
def _state_orders(
    asked: Conditions, sets: Sets, k: int, first: int, last: int, bars: int, scratch: Words, orders: Words
) -> None:
    """Turn a state into orders: a change enters or exits."""
    count, carried, warm, side = last - first, sets.carried[k], sets.warm[k], sets.side[k]
    on_before, off_before, on, off = scratch[0], scratch[1], scratch[0, 1:], scratch[1, 1:]
    on_before[0], off_before[0] = carried[0], carried[1]
    fill(asked, (k, 0), first, last, bars, on)
    for place in range(count):
        off[place] = ~on[place]
    if bars < last << 6:
        off[count - 1] &= _ALL >> np.uint64((last << 6) - bars)
    if warm > first << 6:
        mask(on, first, last, warm)
        mask(off, first, last, warm)
    orders[:, :count] = 0
    if side == LONG:
        _rising(on, on_before, count, orders[0])
        _turning(off, on_before, on, count, orders[1])
    elif side == SHORT:
        _rising(off, off_before, count, orders[2])
        _turning(on, off_before, off, count, orders[3])
    else:
        _rising(on, on_before, count, orders[0])
        _rising(off, off_before, count, orders[2])
    carried[0], carried[1] = on[count - 1], off[count - 1]


@inlined
def _wish_orders(
    asked: Conditions, sets: Sets, k: int, first: int, last: int, bars: int, scratch: Words, orders: Words
) -> None:
    """Turn entries, exits, short entries and short exits into orders: entries act on their rising edge."""
    count, carried, warm, shorts = last - first, sets.carried[k], sets.warm[k], len(orders) > LONG_KINDS
    before, short_before = scratch[0], scratch[2]
    entry, leave, short_entry, short_leave = scratch[0, 1:], scratch[1, 1:], scratch[2, 1:], scratch[3, 1:]
    before[0], short_before[0] = carried[0], carried[1]
    for slot in range(KINDS):
        fill(asked, (k, slot), first, last, bars, scratch[slot, 1:])
        if warm > first << 6:
            mask(scratch[slot, 1:], first, last, warm)
    exits = orders[1]
    for place in range(count):
        exits[place] = leave[place] & ~entry[place]
    if shorts:
        short_exits = orders[3]
        for place in range(count):
            short_exits[place] = short_leave[place] & ~short_entry[place]
    for place in range(count):
        opening, short_opening = entry[place] & ~leave[place], short_entry[place] & ~short_leave[place]
        entry[place], short_entry[place] = opening & ~short_opening, short_opening & ~opening
    _rising(entry, before, count, orders[0])
    if shorts:
        _rising(short_entry, short_before, count, orders[2])
    carried[0], carried[1] = entry[count - 1], short_entry[count - 1]


@called
def orders_of_set(
    asked: Conditions, sets: Sets, k: int, first: int, last: int, bars: int, scratch: Words, orders: Words
) -> None:
    """Write the orders of set k in the words [first, last) to the beginning of the rows of ``orders``.

    The words before must have been asked for before. ``scratch`` is of (KINDS, last - first + 1) words.
    """
    if asked.kind.shape[1] == 1:
        _state_orders(asked, sets, k, first, last, bars, scratch, orders)
    else:
        _wish_orders(asked, sets, k, first, last, bars, scratch, orders)


@called
def _flags(at: int, bars: int, row: Words) -> None:
    compare(BYTES, at, 0, 0.0, 0, bars >> 6, row)
    if bars & 63:
        row[bars >> 6] = 0
    for bar in range(bars & ~63, bars):
        row[bar >> 6] |= np.uint64(byte_at(at + bar) != 0) << np.uint64(bar & 63)


@called
def _events(events: npt.NDArray[np.uint8], words: Words) -> None:
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


def _compiled(sources: int) -> tuple[Any, Any, Any, Any]:
    """Return the compiled doors; a digest of the sources is part of their key in numba's cache."""

    @njit(nogil=True, cache=True, error_model="numpy")
    def pack_conditions(asked: Conditions, bars: int, bits: Words) -> int:
        places = bits.shape[1]
        for first in range(0, places, TILE_WORDS):
            _condition_tile(asked, first, min(first + TILE_WORDS, places), bars, bits)
        return sources

    @njit(nogil=True, cache=True, error_model="numpy")
    def pack_orders(asked: Conditions, sets: Sets, bars: int, words: Words) -> int:
        places, scratch = words.shape[2], np.zeros((KINDS, TILE_WORDS + 1), dtype=np.uint64)
        for first in range(0, places, TILE_WORDS):
            last = min(first + TILE_WORDS, places)
            for k in range(sets.place.size):
                orders_of_set(asked, sets, k, first, last, bars, scratch, words[sets.place[k], :, first:])
        return sources

    @njit(nogil=True, cache=True, error_model="numpy")
    def pack_events(events: npt.NDArray[np.uint8], words: Words) -> int:
        _events(events, words)
        return sources

    @njit(nogil=True, cache=True, error_model="numpy")
    def pack_row(flags: npt.NDArray[np.bool_], start: int, bits: Words, k: int) -> int:
        at, bars = flags.ctypes.data + start, flags.size - start
        _flags(at, bars, bits[k])
        return sources

    return pack_conditions, pack_orders, pack_events, pack_row


pack_conditions, pack_orders, pack_events, pack_row = _compiled(source_digest())
"""Pack what many signal sets say in one call, because a call from Python costs as much as packing.

``pack_conditions(asked, bars, bits)`` packs condition k into row k of ``bits``, shape (conditions, words).

``pack_orders(asked, sets, bars, words)`` turns conditions into orders: shape (sets, 1) is a state, whose
changes enter or exit; (sets, 4) are entries, exits, short entries and short exits, of which entries act on
their rising edge. ``words``, shape (n, 2 or 4, words), gets all orders of a set; ``bars`` are those of the
window.

``pack_events(events, words)`` packs event codes, shape (bars,), into the rows of one set, (2 or 4, words).
``pack_row(flags, start, bits, k)`` packs contiguous booleans from ``start`` on into row k of ``bits``.
"""


def pack_flags(flags: npt.NDArray[np.bool_], row: Words) -> None:
    """Pack one boolean a bar into one row of words."""
    pack_row(np.ascontiguousarray(flags), 0, row[None, :], 0)


def pack_unpacked(unpacked: Unpacked, places: Integers, bars: int, words: Words) -> None:
    """Pack some sets' orders into their rows of ``words``; ``bars`` are those of the window."""
    sets = unpacked.sets
    some = Sets(places, sets.warm[places], sets.side[places], np.zeros((len(places), 2 + KINDS), np.uint64))
    pack_orders(chosen(unpacked.asked, places), some, bars, words)
