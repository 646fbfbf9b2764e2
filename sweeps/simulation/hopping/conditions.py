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
from sweeps.simulation.hopping.compiling import inlined

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


@inlined
def _holds(kind: int, left: int, right: int, value: float, bar: int) -> bool:
    """Tell whether a comparison holds at one bar, or a byte is set."""
    if kind == BYTES:
        return byte_at(left + bar) != 0
    one = float_at(left + 8 * bar)
    if kind == ROWS:
        return one > float_at(right + 8 * bar)
    return one > value if kind == ABOVE else one < value


@inlined
def fill(asked: Conditions, at: Place, first: int, last: int, bars: int, row: Words) -> None:
    """Write the words [first, last) of a condition to ``row``, zeros after the last bar of the window."""
    kind, left, right, value = asked.kind[at], asked.left[at], asked.right[at], asked.value[at]
    whole = min(last, bars >> 6)
    if kind == BITS:
        for place in range(first, last):
            row[place - first] = word_at(left + 8 * place)
    elif kind == NEVER:
        row[: last - first] = 0
    else:
        if asked.left_near[at] != 0:
            _compare_near(left, right, asked.left_near[at], asked.right_near[at], first, whole, row)
        else:
            compare(kind, left, right, value, first, whole, row)
        if whole < last:
            word = np.uint64(0)
            for bar in range(whole << 6, bars):
                word |= np.uint64(_holds(kind, left, right, value, bar)) << np.uint64(bar & 63)
            row[whole - first] = word


@inlined
def compare(kind: int, left: int, right: int, value: float, first: int, last: int, row: Words) -> None:
    """Write the words [first, last), all of whose bars are in the window."""
    if kind == ROWS:
        for place in range(first, last):
            row[place - first] = rows_above(left + 512 * place, right + 512 * place)
    elif kind == ABOVE:
        for place in range(first, last):
            row[place - first] = row_above(left + 512 * place, value)
    elif kind == BELOW:
        for place in range(first, last):
            row[place - first] = row_below(left + 512 * place, value)
    else:
        for place in range(first, last):
            row[place - first] = bytes_set(left + 64 * place)


@inlined
def _compare_near(
    left: int, right: int, left_near: int, right_near: int, first: int, last: int, row: Words
) -> None:
    """Write the words of left > right, comparing rounded values first: half as much is read."""
    for place in range(first, last):
        word = singles_above(left_near + 256 * place, right_near + 256 * place)
        tied = singles_equal(left_near + 256 * place, right_near + 256 * place)
        if tied != 0:
            word |= rows_above(left + 512 * place, right + 512 * place) & tied
        row[place - first] = word


@inlined
def mask(row: Words, first: int, last: int, warm: int) -> None:
    """Take the bars before the warm one out of the words [first, last), which begin at ``row[0]``."""
    for place in range(first, min(last, (warm >> 6) + 1)):
        known = _ALL << np.uint64(warm & 63) if place == warm >> 6 else np.uint64(0)
        row[place - first] &= known
