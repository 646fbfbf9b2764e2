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
Words = npt.NDArray[np.uint64]

LONG_KINDS = 2
KINDS = 4
"""Rows of a signal set: enter_long, exit_long; and, where shorts are allowed, enter_short, exit_short."""

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


@njit(nogil=True, cache=True, error_model="numpy")
def pack_state(state: npt.NDArray[np.uint8], warm: int, words: Words, both: bool, inverted: bool) -> None:  # noqa: FBT001
    """Pack a boolean state, one byte a bar, into the rows of one signal set.

    Args:
        state: 0 or 1, shape (bars,); bars before ``warm`` are flat whatever they hold.
        warm: First bar that may signal.
        words: Shape (2 or 4, words).
        both: Whether 0 is short (from ``warm`` on) instead of flat.
        inverted: Whether 0 is short and 1 is flat.
    """
    bars = state.size
    words[0] = 0
    whole = bars // 8
    eights = state[: whole * 8].view(np.uint64)
    row = words[0]
    for place in range(whole):
        row[place >> 3] |= ((eights[place] * _BYTES_TO_BITS) >> np.uint64(56)) << np.uint64((place & 7) * 8)
    for bar in range(whole * 8, bars):
        row[bar >> 6] |= np.uint64(state[bar]) << np.uint64(bar & 63)
    _to_edges(bars, warm, words, both, inverted)


@njit(nogil=True, cache=True, error_model="numpy")
def pack_above(
    left: npt.NDArray[np.float64],
    right: npt.NDArray[np.float64],
    warm: int,
    words: Words,
    both: bool,  # noqa: FBT001
    inverted: bool,  # noqa: FBT001
) -> None:
    """Pack the state left > right, as `pack_state`; NaN compares as false."""
    bars = left.size
    whole = bars // 64
    row = words[0]
    for place in range(whole):
        these, those = left[place * 64 : place * 64 + 64], right[place * 64 : place * 64 + 64]
        word = np.uint64(0)
        for bit in range(64):
            word |= np.uint64(these[bit] > those[bit]) << np.uint64(bit)
        row[place] = word
    if whole < row.size:
        row[whole] = 0
    for bar in range(whole * 64, bars):
        row[whole] |= np.uint64(left[bar] > right[bar]) << np.uint64(bar & 63)
    _to_edges(bars, warm, words, both, inverted)


@njit(nogil=True, cache=True, error_model="numpy")
def pack_many(
    lefts: npt.NDArray[np.int64],
    rights: npt.NDArray[np.int64],
    warms: npt.NDArray[np.int64],
    both: npt.NDArray[np.bool_],
    inverted: npt.NDArray[np.bool_],
    bars: int,
    words: Words,
) -> None:
    """Pack the states of many signal sets, each into its rows of ``words``, shape (sets, 2 or 4, words).

    A set whose left address is 0 is passed over. One whose right address is 0 is a state of one byte a bar at
    the left address, as `pack_state`; else both are float64 rows, as `pack_above`. One call for all: a call
    from Python costs as much as packing.
    """
    for place in range(lefts.size):
        if lefts[place] == 0:
            continue
        if rights[place] == 0:
            state = carray(bytes_at(lefts[place]), bars)
            pack_state(state, warms[place], words[place], both[place], inverted[place])
        else:
            left, right = carray(floats_at(lefts[place]), bars), carray(floats_at(rights[place]), bars)
            pack_above(left, right, warms[place], words[place], both[place], inverted[place])


@njit(error_model="numpy")
def _to_edges(bars: int, warm: int, words: Words, both: bool, inverted: bool) -> None:  # noqa: FBT001
    """Turn the state in the first row into orders: a change enters or exits."""
    row = words[0]
    carry = np.uint64(0)  # the state of the bar before the word, of the known bars
    carry_not = np.uint64(0)
    for place in range(row.size):
        first = place * 64
        known = ~np.uint64(0)
        if warm >= first + 64:
            known = np.uint64(0)
        elif warm > first:
            known <<= np.uint64(warm - first)
        if bars < first + 64:
            known &= ~np.uint64(0) >> np.uint64(first + 64 - bars)
        on, off = row[place] & known, ~row[place] & known
        was_on, was_off = (on << np.uint64(1)) | carry, (off << np.uint64(1)) | carry_not
        carry, carry_not = on >> np.uint64(63), off >> np.uint64(63)
        words[:, place] = 0
        if inverted:
            words[2, place], words[3, place] = off & ~was_off, on & was_off
        elif both:
            words[0, place], words[2, place] = on & ~was_on, off & ~was_off
        else:
            words[0, place], words[1, place] = on & ~was_on, off & was_on
