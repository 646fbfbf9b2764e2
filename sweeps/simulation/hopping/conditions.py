"""Conditions: what states, entries and exits compare, by address, and the words that come of it."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.bits import byte_at, float_at, word_at
from sweeps.simulation.hopping.comparing import (
    bytes_set,
    row_above,
    row_below,
    rows_above,
    singles_above,
    singles_equal,
)
from sweeps.simulation.hopping.compiling import called, inlined

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Place = int | tuple[int, int]

NEVER, BYTES, ROWS, ABOVE, BELOW, BITS = range(6)
"""Kinds of a condition: false, a byte a bar, left row > right row, left row > value, left row < value, and
what is packed already."""

_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


class Conditions(NamedTuple):
    """Conditions by what they compare; each member has the same shape.

    Addresses are of the window's first bar, and of as many values as the window has bars (of words, for
    `BITS`); they must outlive the call that reads them. ``left_near`` and ``right_near`` are of the rows
    rounded to float32, or 0: rounding keeps order, so that only equal ones have to be compared in full.
    """

    kind: Integers
    left: Integers
    right: Integers
    value: Floats
    left_near: Integers
    right_near: Integers


def conditions(shape: tuple[int, ...]) -> Conditions:
    """Return conditions that never hold, of a shape."""
    kind, left, right, left_near, right_near = (np.zeros(shape, np.int64) for _ in range(5))
    return Conditions(kind, left, right, np.zeros(shape), left_near, right_near)


def chosen(asked: Conditions, places: Integers) -> Conditions:
    """Return some of the conditions."""
    return Conditions(
        asked.kind[places],
        asked.left[places],
        asked.right[places],
        asked.value[places],
        asked.left_near[places],
        asked.right_near[places],
    )


def address(row: npt.NDArray[Any]) -> int:
    """Return where the values of an array begin."""
    return int(row.__array_interface__["data"][0])


class One(NamedTuple):
    """One of the conditions."""

    kind: int
    left: int
    right: int
    value: float
    left_near: int
    right_near: int


@inlined
def one_of(asked: Conditions, at: Place) -> One:
    """Return one of the conditions."""
    return One(
        asked.kind[at],
        asked.left[at],
        asked.right[at],
        asked.value[at],
        asked.left_near[at],
        asked.right_near[at],
    )


@inlined
def word_of(one: One, place: int, bars: int) -> np.uint64:
    """Return a word of a condition, zeros after the last bar of the window."""
    if one.kind == BITS:
        return word_at(one.left + 8 * place)
    if one.kind == NEVER:
        return np.uint64(0)
    if place >= bars >> 6:
        return _last_word(one, bars)
    if one.left_near != 0:
        return _near_word(one, place)
    if one.kind == ROWS:
        return rows_above(one.left + 512 * place, one.right + 512 * place)
    if one.kind == ABOVE:
        return row_above(one.left + 512 * place, one.value)
    if one.kind == BELOW:
        return row_below(one.left + 512 * place, one.value)
    return bytes_set(one.left + 64 * place)


@inlined
def _near_word(one: One, place: int) -> np.uint64:
    """Return the word of left > right, comparing rounded values first: half as much is read."""
    left, right = one.left_near + 256 * place, one.right_near + 256 * place
    word, tied = singles_above(left, right), singles_equal(left, right)
    if tied != 0:
        word |= rows_above(one.left + 512 * place, one.right + 512 * place) & tied
    return word


@called
def _last_word(one: One, bars: int) -> np.uint64:
    """Return the word whose bars are not all in the window, bar by bar."""
    word = np.uint64(0)
    for bar in range(bars & ~63, bars):
        word |= np.uint64(_holds(one, bar)) << np.uint64(bar & 63)
    return word


@inlined
def _holds(one: One, bar: int) -> bool:
    """Tell whether a comparison holds at one bar, or a byte is set."""
    if one.kind == BYTES:
        return byte_at(one.left + bar) != 0
    left = float_at(one.left + 8 * bar)
    if one.kind == ROWS:
        return left > float_at(one.right + 8 * bar)
    return left > one.value if one.kind == ABOVE else left < one.value


@inlined
def fill(asked: Conditions, at: Place, first: int, last: int, bars: int, row: Words) -> None:
    """Write the words [first, last) of a condition to ``row``."""
    one = one_of(asked, at)
    for place in range(first, last):
        row[place - first] = word_of(one, place, bars)


@inlined
def known_bars(place: int, warm: int, bars: int) -> np.uint64:
    """Return the bars of a word that are warm and in the window."""
    known = _ALL
    if warm > place << 6:
        known = _ALL << np.uint64(warm & 63) if place == warm >> 6 else np.uint64(0)
    if bars < (place + 1) << 6:
        known &= _ALL >> np.uint64(((place + 1) << 6) - bars)
    return known
