"""Packing: what strategies say, into bits. A whole row of words per signal set."""

from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba import njit

from sweeps.simulation.codes import ENTER_LONG, ENTER_SHORT, EXIT_LONG, EXIT_SHORT
from sweeps.simulation.hopping.bits import bytes_at, floats_at

_numba: Any = numba  # its stubs know nothing of carray
carray = _numba.carray
Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint64]

LONG_KINDS = 2
KINDS = 4
"""Rows of a signal set: enter_long, exit_long; and, where shorts are allowed, enter_short, exit_short."""

LONG, SHORT, BOTH = range(3)
"""What a boolean state means: long or flat, flat or short, long or short."""

STATE = 0
"""Slot of a job that is a state; 1 to 4 are entries, exits, short entries and short exits."""

BYTES, ROWS, ABOVE, BELOW = range(4)
"""Kinds of a job: a byte a bar, left row > right row, left row > value, left row < value."""

_BYTES_TO_BITS = np.uint64(0x0102040810204080)


def words_of(bars: int) -> int:
    """Return how many words hold one bit a bar."""
    return -(-bars // 64)


@njit(nogil=True, cache=True, error_model="numpy")
def pack_events(events: npt.NDArray[np.uint8], words: Words) -> None:
    """Pack event codes, shape (bars,), into the rows of one signal set, shape (2 or 4, words)."""
    words[:] = 0
    for bar in range(events.size):
        code = events[bar]
        if code == 0:
            continue
        bit = np.uint64(1) << np.uint64(bar & 63)
        place = bar >> 6
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


@njit(nogil=True, cache=True, error_model="numpy")
def pack_flags(flags: npt.NDArray[np.bool_], row: Words) -> None:
    """Pack one boolean a bar into one row of words."""
    for place in range(row.size):
        word = np.uint64(0)
        for bar in range(place * 64, min(place * 64 + 64, flags.size)):
            word |= np.uint64(flags[bar]) << np.uint64(bar & 63)
        row[place] = word


@njit(error_model="numpy")
def _pack_bytes(state: npt.NDArray[np.uint8], row: Words) -> None:
    """Pack bytes of 0 and 1, eight at a time: a product gathers their lowest bits in its top byte."""
    bars = state.size
    row[:] = 0
    whole = bars // 8
    eights = state[: whole * 8].view(np.uint64)
    for place in range(whole):
        row[place >> 3] |= ((eights[place] * _BYTES_TO_BITS) >> np.uint64(56)) << np.uint64((place & 7) * 8)
    for bar in range(whole * 8, bars):
        row[bar >> 6] |= np.uint64(state[bar]) << np.uint64(bar & 63)


@njit(error_model="numpy")
def _pack_rows_above(left: Floats, right: Floats, row: Words) -> None:
    """Pack left > right; whole words are compared without a branch, so that they go through vectors."""
    bars = left.size
    whole = bars // 64
    for place in range(whole):
        these, those = left[place * 64 : place * 64 + 64], right[place * 64 : place * 64 + 64]
        word = np.uint64(0)
        for bit in range(64):
            word |= np.uint64(these[bit] > those[bit]) << np.uint64(bit)
        row[place] = word
    row[whole:] = 0
    for bar in range(whole * 64, bars):
        row[whole] |= np.uint64(left[bar] > right[bar]) << np.uint64(bar & 63)


@njit(error_model="numpy")
def _pack_above_value(left: Floats, value: float, sign: float, row: Words) -> None:
    """Pack sign x left > sign x value: above a level, or below it."""
    bars = left.size
    whole = bars // 64
    level = sign * value
    for place in range(whole):
        these = left[place * 64 : place * 64 + 64]
        word = np.uint64(0)
        for bit in range(64):
            word |= np.uint64(sign * these[bit] > level) << np.uint64(bit)
        row[place] = word
    row[whole:] = 0
    for bar in range(whole * 64, bars):
        row[whole] |= np.uint64(sign * left[bar] > level) << np.uint64(bar & 63)


@njit(error_model="numpy")
def _known(place: int, bars: int, warm: int) -> np.uint64:
    """Return a mask of the bars of a word that are in the window and may signal."""
    first = place * 64
    known = ~np.uint64(0)
    if warm >= first + 64:
        known = np.uint64(0)
    elif warm > first:
        known <<= np.uint64(warm - first)
    if bars < first + 64:
        known &= ~np.uint64(0) >> np.uint64(first + 64 - bars)
    return known


@njit(error_model="numpy")
def _state_to_orders(row: Words, bars: int, warm: int, words: Words, side: int) -> None:
    """Turn a state into orders: a change enters or exits."""
    carry = np.uint64(0)  # the state of the bar before the word, of the known bars
    carry_not = np.uint64(0)
    for place in range(row.size):
        known = _known(place, bars, warm)
        on, off = row[place] & known, ~row[place] & known
        was_on, was_off = (on << np.uint64(1)) | carry, (off << np.uint64(1)) | carry_not
        carry, carry_not = on >> np.uint64(63), off >> np.uint64(63)
        words[:, place] = 0
        if side == SHORT:
            words[2, place], words[3, place] = off & ~was_off, on & was_off
        elif side == BOTH:
            words[0, place], words[2, place] = on & ~was_on, off & ~was_off
        else:
            words[0, place], words[1, place] = on & ~was_on, off & was_on


@njit(error_model="numpy")
def _wishes_to_orders(wishes: Words, bars: int, warm: int, words: Words) -> None:
    """Turn entries, exits, short entries and short exits into orders: entries act on their rising edge."""
    carry = np.uint64(0)
    short_carry = np.uint64(0)
    for place in range(wishes.shape[1]):
        known = _known(place, bars, warm)
        entry, leave = wishes[0, place] & known, wishes[1, place] & known
        short_entry, short_leave = wishes[2, place] & known, wishes[3, place] & known
        opening, short_opening = entry & ~leave, short_entry & ~short_leave
        opens, short_opens = opening & ~short_opening, short_opening & ~opening
        words[0, place] = opens & ~((opens << np.uint64(1)) | carry)
        words[1, place] = leave & ~entry
        carry = opens >> np.uint64(63)
        if len(words) > LONG_KINDS:
            words[2, place] = short_opens & ~((short_opens << np.uint64(1)) | short_carry)
            words[3, place] = short_leave & ~short_entry
            short_carry = short_opens >> np.uint64(63)


@njit(nogil=True, cache=True, error_model="numpy")
def pack_many(
    jobs: npt.NDArray[np.int64],
    values: Floats,
    warms: npt.NDArray[np.int64],
    sides: npt.NDArray[np.int64],
    bars: int,
    words: Words,
) -> None:
    """Pack what many signal sets say, each into its rows of ``words``, shape (sets, 2 or 4, words).

    One call for all: a call from Python costs as much as packing. Sets without a job are passed over.

    Args:
        jobs: One row a condition: set, slot (`STATE`, or 1 to 4 for entries, exits, short entries and short
            exits), kind (`BYTES`, `ROWS`, `ABOVE`, `BELOW`), address of the left row and of the right; those
            of a set together. Addresses are of ``bars`` bytes or float64 values that outlive the call.
        values: The level of an `ABOVE` or `BELOW`, shape (jobs,).
        warms: First bar of each set that may signal, shape (sets,).
        sides: What a state means for each set: `LONG`, `SHORT` or `BOTH`.
        bars: Bars of the window.
        words: Where the orders go.
    """
    scratch = np.zeros((5, words.shape[2]), dtype=np.uint64)
    job = 0
    while job < len(jobs):
        place = jobs[job, 0]
        scratch[1:] = 0
        state = jobs[job, 1] == STATE
        while job < len(jobs) and jobs[job, 0] == place:
            row, kind = scratch[jobs[job, 1]], jobs[job, 2]
            if kind == BYTES:
                _pack_bytes(carray(bytes_at(jobs[job, 3]), bars), row)
            else:
                left = carray(floats_at(jobs[job, 3]), bars)
                if kind == ROWS:
                    _pack_rows_above(left, carray(floats_at(jobs[job, 4]), bars), row)
                else:
                    _pack_above_value(left, values[job], 1.0 if kind == ABOVE else -1.0, row)
            job += 1
        if state:
            _state_to_orders(scratch[0], bars, warms[place], words[place], sides[place])
        else:
            _wishes_to_orders(scratch[1:], bars, warms[place], words[place])
