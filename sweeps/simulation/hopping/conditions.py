"""Conditions: what states, entries and exits compare, by address, and the words that come of it."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.bits import bits_set, byte_at, float_at, int_at, trailing_zeros, word_at
from sweeps.simulation.hopping.coarse import CutRows
from sweeps.simulation.hopping.comparing import (
    bytes_set,
    cut_above,
    cut_ties,
    row_above,
    row_below,
    rows_above,
)
from sweeps.simulation.hopping.compiling import called, inlined

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Place = int | tuple[int, int]

NEVER, BYTES, ROWS, ABOVE, BELOW, BITS, COARSE = range(7)
"""Kinds of a condition: false, a byte a bar, left row > right row, left row > value, left row < value, what
is packed already, and left row > right row where both are cut, too."""

FEW = 6
"""So many bars of a word are compared one by one; more, and all are at once."""

_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


class Conditions(NamedTuple):
    """Conditions by what they compare; each member has the same shape.

    Addresses are of the window's first bar, and of as many values as the window has bars (of words, for
    `BITS`); they must outlive the call that reads them. ``left_coarse`` and ``right_coarse`` tell which of
    the rows that many sets compare the two of `ROWS` are, counted from 1; both are 0 where one is none.
    """

    kind: Integers
    left: Integers
    right: Integers
    value: Floats
    left_coarse: Integers
    right_coarse: Integers


def conditions(shape: tuple[int, ...]) -> Conditions:
    """Return conditions that never hold, of a shape."""
    kind, left, right, left_coarse, right_coarse = (np.zeros(shape, np.int64) for _ in range(5))
    return Conditions(kind, left, right, np.zeros(shape), left_coarse, right_coarse)


def chosen(asked: Conditions, places: Integers) -> Conditions:
    """Return some of the conditions."""
    return Conditions(
        asked.kind[places],
        asked.left[places],
        asked.right[places],
        asked.value[places],
        asked.left_coarse[places],
        asked.right_coarse[places],
    )


class One(NamedTuple):
    """One of the conditions; what is coarse are addresses, and the first word of which all values are cut."""

    kind: int
    left: int
    right: int
    value: float
    left_coarse: int
    right_coarse: int
    coarse_from: int


@inlined
def one_of(asked: Conditions, at: Place, warm: int, cut: CutRows) -> One:
    """Return one of the conditions, of which bars before ``warm`` are not looked at."""
    left, right = asked.left_coarse[at] - 1, asked.right_coarse[at] - 1
    coarse, known = cut.step > 0 and left >= 0 and asked.kind[at] == ROWS, 0
    if coarse:
        gaps = max(int_at(cut.gaps + 8 * left), int_at(cut.gaps + 8 * right))
        known = 0 if warm >= gaps else gaps
    return One(
        COARSE if coarse else asked.kind[at],
        asked.left[at],
        asked.right[at],
        asked.value[at],
        cut.at + left * cut.step,
        cut.at + right * cut.step,
        (known + 63) >> 6,
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
    if one.kind == COARSE and place >= one.coarse_from:
        return coarse_word(one, place)
    if one.kind in (ROWS, COARSE):
        return rows_above(one.left + 512 * place, one.right + 512 * place)
    if one.kind == ABOVE:
        return row_above(one.left + 512 * place, one.value)
    if one.kind == BELOW:
        return row_below(one.left + 512 * place, one.value)
    return bytes_set(one.left + 64 * place)


@inlined
def coarse_word(one: One, place: int) -> np.uint64:
    """Return the word of left > right: by cut values, and in full at bars where two of these are equal."""
    left, right = one.left_coarse + 128 * place, one.right_coarse + 128 * place
    ties, word = cut_ties(left, right), cut_above(left, right)
    if ties == 0:
        return word
    if bits_set(ties) > FEW:
        return rows_above(one.left + 512 * place, one.right + 512 * place)
    while ties:
        at = trailing_zeros(ties)
        above = float_at(one.left + 512 * place + 8 * at) > float_at(one.right + 512 * place + 8 * at)
        word |= np.uint64(above) << np.uint64(at)
        ties &= ties - np.uint64(1)
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
    if one.kind in (ROWS, COARSE):
        return left > float_at(one.right + 8 * bar)
    return left > one.value if one.kind == ABOVE else left < one.value


@inlined
def known_bars(place: int, warm: int, bars: int) -> np.uint64:
    """Return the bars of a word that are warm and in the window."""
    known = _ALL
    if warm > place << 6:
        known = _ALL << np.uint64(warm & 63) if place == warm >> 6 else np.uint64(0)
    if bars < (place + 1) << 6:
        known &= _ALL >> np.uint64(((place + 1) << 6) - bars)
    return known
