"""Halves: all ways to cut 16 blocks into two halves of 8, and the Sharpe ratio of many runs on each of them.

The halves `pair, 0` and `pair, 1` are each other's complement, so that one evaluation of each serves both in
sample and out of sample. Their sums are those of a subset of the first eight blocks and of one of the last
eight, of which there are 256 each, tabulated once for some runs at a time.

Runs compare by **strength**: sum x |sum| / sum of squares of the half's bar returns, which grows with the
Sharpe ratio of a half, as `sharpe_of` tells, and needs no root. A run whose returns do not vary on a half has
no Sharpe ratio there. It is never the best, and among others it counts as what it is worth: 0, above all that
lose and below all that gain.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

BLOCKS = 16
_TABLE = 256
"""Subsets of eight blocks."""
_LANES = 64
"""Runs that are evaluated together: the tables of their sums, 512 kB, stay in a core's cache."""
_VARIES = 1.0 - 1e-6
"""Sums are of four bytes: a share of the squares above this in the squared mean is rounding."""

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Hashes = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int64]


def _pairs() -> Bytes:
    """Return the first of each two halves as bits, (first eight blocks, last eight), shape (6435, 2)."""
    masks = [mask for mask in range(1 << BLOCKS - 1) if mask.bit_count() == BLOCKS // 2]
    return np.array(sorted((mask & 255, mask >> 8) for mask in masks), dtype=np.uint8)


PAIRS = _pairs()


class Best(NamedTuple):
    """The best run in sample of every half; arrays of shape (6435, 2).

    Attributes:
        strength: Its strength in sample; -inf if no run has a Sharpe ratio there.
        key: The lowest key of the runs that are equally strong there.
        outside: Its strength on the complement, 0.0 if it has none.
    """

    strength: Floats
    key: Hashes
    outside: Floats

    @classmethod
    def nothing(cls) -> "Best":
        """Return the best of no runs."""
        shape = PAIRS.shape
        return cls(np.full(shape, -np.inf), np.zeros(shape, np.uint64), np.zeros(shape))

    def merge(self, other: "Best") -> None:
        """Take over what is better in another one."""
        better = other.strength > self.strength
        better |= (other.strength == self.strength) & (other.key < self.key)
        for mine, theirs in zip(self, other, strict=True):
            np.copyto(mine, theirs, where=better)


def bars_of(n_bars: int) -> Floats:
    """Return the bars of every half of a window, shape (6435, 2); blocks are cut as in the simulation."""
    edges = np.arange(BLOCKS + 1) * n_bars // BLOCKS
    bits = np.unpackbits(PAIRS, axis=1, bitorder="little")
    first = bits @ np.diff(edges).astype(np.float64)
    return np.stack([first, n_bars - first], axis=1)


def sharpe_of(strength: Floats, bars: Floats) -> Floats:
    """Return the Sharpe ratio of bar returns (ddof 1) that a strength on so many bars stands for.

    With sum S, squares Q and n bars: (S / n) / sqrt((Q - S^2 / n) / (n - 1)), where S^2 / Q is |strength|.
    """
    size = np.abs(strength)
    found: Floats = np.sign(strength) * np.sqrt((bars - 1.0) / bars * size / (bars - size))
    return found


@njit(nogil=True, cache=True, error_model="numpy")
def _tabulate(sums: Singles, squares: Singles, tables: Floats) -> None:
    """Put the sums over every subset of eight blocks of some runs, shape (4, 256, lanes).

    In order: sums of the first eight blocks and of the last, sums of squares likewise. Lanes beyond the runs
    keep what they had.
    """
    for place in range(4):
        values, block = (sums if place < 2 else squares), 8 * (place % 2)
        table = tables[place]
        table[0] = 0.0
        for subset in range(1, _TABLE):
            lowest = 0
            while not (subset >> lowest) & 1:
                lowest += 1
            for lane in range(len(values)):
                table[subset, lane] = table[subset & (subset - 1), lane] + values[lane, block + lowest]


@njit(nogil=True, cache=True, error_model="numpy")
def _evaluate(tables: Floats, first: int, last: int, bars: float, made: Floats) -> None:
    """Put the strengths of some runs on a half of two subsets, NaN without a Sharpe ratio, shape (lanes,)."""
    sums, more_sums, squares, more_squares = (
        tables[0, first],
        tables[1, last],
        tables[2, first],
        tables[3, last],
    )
    most = bars * _VARIES
    for lane in range(made.size):
        total = sums[lane] + more_sums[lane]
        square = squares[lane] + more_squares[lane]
        strength = total * abs(total) / square
        made[lane] = strength if total * total < most * square else np.nan


@njit(nogil=True, cache=True, error_model="numpy")
def _evaluate_both(tables: Floats, pair: Bytes, bars: Floats, made: Floats) -> None:
    """Put the strengths of some runs on two complementary halves, shape (2, lanes)."""
    first, last = int(pair[0]), int(pair[1])
    _evaluate(tables, first, last, bars[0], made[0])
    _evaluate(tables, _TABLE - 1 - first, _TABLE - 1 - last, bars[1], made[1])


@njit(nogil=True, cache=True, error_model="numpy")
def find_best(keys: Hashes, sums: Singles, squares: Singles, pairs: Bytes, bars: Floats, best: Best) -> None:
    """Let some runs contend for the best in sample of every half.

    Args:
        keys: What tells runs apart, shape (runs,).
        sums: Sums of bar returns by block, shape (runs, 16).
        squares: Sums of their squares, likewise.
        pairs: `PAIRS`.
        bars: As `bars_of`.
        best: The best so far; changed.
    """
    tables, made = np.zeros((4, _TABLE, _LANES)), np.empty((2, _LANES))
    for start in range(0, len(keys), _LANES):
        runs = keys[start : start + _LANES]
        _tabulate(sums[start : start + _LANES], squares[start : start + _LANES], tables)
        for pair in range(len(pairs)):
            _evaluate_both(tables, pairs[pair], bars[pair], made)
            for side in range(2):
                here, to_beat, reaching = made[side], best.strength[pair, side], 0
                for lane in range(here.size):
                    reaching += here[lane] >= to_beat
                if reaching:
                    _contend(runs, here, made[1 - side], pair, side, best)


@njit(nogil=True, cache=True, error_model="numpy")
def _contend(runs: Hashes, here: Floats, outside: Floats, pair: int, side: int, best: Best) -> None:
    """Keep the strongest of some runs on a half, of equal ones that of the lowest key."""
    for lane in range(runs.size):
        strength, before = here[lane], best.strength[pair, side]
        if strength > before or (strength == before and runs[lane] < best.key[pair, side]):
            best.strength[pair, side] = strength
            best.key[pair, side] = runs[lane]
            best.outside[pair, side] = 0.0 if np.isnan(outside[lane]) else outside[lane]


@njit(nogil=True, cache=True, error_model="numpy")
def count_below(
    sums: Singles, squares: Singles, pairs: Bytes, bars: Floats, outside: Floats, below: Counts, equal: Counts
) -> None:
    """Count the runs that are weaker out of sample than what was chosen in sample, and those as strong.

    Args:
        sums: As `find_best`, like the next ones.
        squares: Likewise.
        pairs: Likewise.
        bars: Likewise.
        outside: Strength of what each half chose on its complement, shape (6435, 2).
        below: Weaker runs, added to, likewise.
        equal: Runs as strong, likewise.
    """
    tables, made = np.zeros((4, _TABLE, _LANES)), np.empty((2, _LANES))
    for start in range(0, len(sums), _LANES):
        count = min(_LANES, len(sums) - start)
        _tabulate(sums[start : start + count], squares[start : start + count], tables)
        for pair in range(len(pairs)):
            _evaluate_both(tables, pairs[pair], bars[pair], made)
            for side in range(2):
                there, chosen = made[1 - side, :count], outside[pair, side]
                weaker = same = 0
                for lane in range(there.size):
                    strength = 0.0 if np.isnan(there[lane]) else there[lane]
                    weaker += strength < chosen
                    same += strength == chosen
                below[pair, side] += weaker
                equal[pair, side] += same


@njit(nogil=True, cache=True, error_model="numpy")
def evaluate_all(sums: Singles, squares: Singles, pairs: Bytes, bars: Floats, made: Floats) -> None:
    """Put the strength of some runs on every half, 0.0 without a Sharpe ratio, shape (6435, 2, runs).

    Args:
        sums: As `find_best`, like the next ones.
        squares: Likewise.
        pairs: Likewise.
        bars: Likewise.
        made: The strengths; changed.
    """
    tables, both = np.zeros((4, _TABLE, _LANES)), np.empty((2, _LANES))
    for start in range(0, len(sums), _LANES):
        count = min(_LANES, len(sums) - start)
        _tabulate(sums[start : start + count], squares[start : start + count], tables)
        for pair in range(len(pairs)):
            _evaluate_both(tables, pairs[pair], bars[pair], both)
            for side in range(2):
                for lane in range(count):
                    strength = both[side, lane]
                    made[pair, side, start + lane] = 0.0 if np.isnan(strength) else strength
