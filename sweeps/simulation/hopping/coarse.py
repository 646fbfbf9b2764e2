"""Coarse: rows that many sets compare, cut to 16 bits in a tile, so that a quarter as much is read.

Cutting keeps order: only values that are equal then have to be compared in full. The range that is cut is
that of a few values of each row, and half as much; what lies beyond it is cut to its ends, and equal there.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.bits import float_at
from sweeps.simulation.hopping.comparing import cut_values
from sweeps.simulation.hopping.compiling import called, inlined
from sweeps.simulation.hopping.lines import address, in_lines

Integers = npt.NDArray[np.int64]

LINE_VALUES = 32
"""Values of int16 in a cache line."""
SEEN_WORDS = 8
"""One value of so many words is looked at for the range."""
STEPS = 43_690.0
"""Steps from the lowest value that is looked at to the highest: two thirds of all."""


class CutRows(NamedTuple):
    """Where the first row would be at the window's first bar; where the bars after gaps are; bytes a row."""

    at: int
    gaps: int
    step: int


UNCUT: Final = CutRows(0, 0, 0)


class Coarse(NamedTuple):
    """Rows that many sets compare.

    Attributes:
        rows: Where their windows begin, shape (rows,).
        cut: What they have in a tile, cut, shape (rows, bars of a tile).
        gaps: Bar after a row's last gap in the tile, 0 if it has none, shape (rows,).
        first: The same by address, in the window's first tile.
    """

    rows: Integers
    cut: npt.NDArray[np.int16]
    gaps: Integers
    first: CutRows


def coarse_of(rows: Integers, tile: int) -> Coarse:
    """Return some rows with room for a tile of them."""
    cut = in_lines(len(rows), -(-tile // LINE_VALUES) * LINE_VALUES, np.int16)
    gaps = np.empty(len(rows), np.int64)
    first = CutRows(address(cut), address(gaps), cut.strides[0]) if len(rows) else UNCUT
    return Coarse(rows, cut, gaps, first)


@inlined
def cut_rows(coarse: Coarse, base: int) -> CutRows:
    """Return where the rows are that are cut in the tile that begins with ``base``."""
    return CutRows(coarse.first.at - 2 * base, coarse.first.gaps, coarse.first.step)


@called
def cut_tile(coarse: Coarse, base: int, end: int) -> None:
    """Cut what the rows have in the tile [base, end), whole words of 64 bars alone."""
    middle, scale = _range(coarse.rows, base, end)
    for row in range(coarse.rows.size):
        source, goal = coarse.rows[row] + 8 * base, coarse.first.at + row * coarse.first.step
        coarse.gaps[row] = 0 if scale > 0.0 else end
        for word in range((end - base) >> 6):
            gap = cut_values(source + 512 * word, goal + 128 * word, middle, scale)
            if gap and scale > 0.0:
                coarse.gaps[row] = base + (word << 6) + _after_gaps(source + 512 * word)


@called
def _range(rows: Integers, base: int, end: int) -> tuple[float, float]:
    """Return the middle of what is cut, and the steps in 1; 0 steps if nothing can be."""
    low, high = np.inf, -np.inf
    for row in range(rows.size):
        for bar in range(base, end, 64 * SEEN_WORDS):
            value = float_at(rows[row] + 8 * bar)
            if not np.isnan(value):
                low, high = min(low, value), max(high, value)
    scale = STEPS / (high - low) if low < high else 0.0
    return low / 2 + high / 2, scale if np.isfinite(scale) and np.isfinite(high - low) else 0.0


@called
def _after_gaps(source: int) -> int:
    """Return the place after the last gap of 64 values."""
    place = 64
    while not np.isnan(float_at(source + 8 * (place - 1))):
        place -= 1
    return place
