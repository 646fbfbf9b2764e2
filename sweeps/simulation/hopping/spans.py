"""Spans: what a stretch of closes adds to a run, without walking it.

Sums over bars are differences of running sums. The lowest ratio of a close to the highest close before it,
with the highest and lowest close, comes from three pieces: the rest of the first group of 16 bars, whole
groups (a sparse table), and the beginning of the last group.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from sweeps.simulation.hopping.bits import highest_bit
from sweeps.simulation.hopping.compiling import inlined

Floats = npt.NDArray[np.float64]

GROUP = 16
SHORT_SPAN = 8

F_CUBE, F_FOURTH, F_DOWNSIDE, F_GAIN, F_LOSS, F_RETURN, F_SQUARE, F_CLOSE = range(8)
N_SUMS = 8


@dataclass(frozen=True, eq=False, slots=True)
class Spans:
    """Tables over one window of n bars, g = ceil(n / 16) groups.

    Attributes:
        terms: What bar t alone adds, shape (n, N_SUMS): powers of its return, its close; 0 for the first bar.
        sums: Running sums of ``terms``, shape (n, N_SUMS).
        heads: (max, min, lowest ratio) from the beginning of its group to bar t, shape (n, 3).
        tails: The same from bar t to the end of its group, shape (n, 3).
        groups: The same over whole groups, as a disjoint sparse table, shape (levels, g, 3).
    """

    terms: Floats
    sums: Floats
    heads: Floats
    tails: Floats
    groups: Floats


def spans_of(close: Floats, risk_free: float) -> Spans:
    """Return the tables of a window's closes; downside is below the risk-free return a bar."""
    count = len(close)
    terms = np.empty((count, N_SUMS))
    sums = np.empty((count, N_SUMS))
    heads, tails = np.empty((count, 3)), np.empty((count, 3))
    group_count = -(-count // GROUP)
    levels = max(1, group_count.bit_length())
    groups = np.empty((levels, group_count, 3))
    fill_spans(close, risk_free, terms, sums, heads, tails, groups)
    return Spans(terms, sums, heads, tails, groups)


@njit(nogil=True, error_model="numpy")
def fill_spans(
    close: Floats,
    risk_free: float,
    terms: Floats,
    sums: Floats,
    heads: Floats,
    tails: Floats,
    groups: Floats,
) -> None:
    """Fill the tables of a window."""
    count = close.size
    for t in range(count):
        r = close[t] / close[t - 1] - 1.0 if t > 0 else 0.0
        below = min(r - risk_free, 0.0) if t > 0 else 0.0
        row = terms[t]
        row[F_RETURN], row[F_SQUARE], row[F_CUBE], row[F_FOURTH] = r, r * r, r * r * r, r * r * r * r
        row[F_DOWNSIDE], row[F_GAIN], row[F_LOSS] = below * below, max(r, 0.0), -min(r, 0.0)
        row[F_CLOSE] = close[t]
        for column in range(N_SUMS):
            sums[t, column] = row[column] + (sums[t - 1, column] if t > 0 else 0.0)
    group_count = groups.shape[1]
    for group in range(group_count):
        first, after = group * GROUP, min(group * GROUP + GROUP, count)
        high, low, ratio = -np.inf, np.inf, 1.0
        for t in range(first, after):
            high, low = max(high, close[t]), min(low, close[t])
            ratio = min(ratio, close[t] / high)
            heads[t, 0], heads[t, 1], heads[t, 2] = high, low, ratio
        groups[0, group, 0], groups[0, group, 1], groups[0, group, 2] = high, low, ratio
        high, low, ratio = -np.inf, np.inf, 1.0
        for t in range(after - 1, first - 1, -1):
            low = min(low, close[t])
            ratio = min(ratio, low / close[t])
            high = max(high, close[t])
            tails[t, 0], tails[t, 1], tails[t, 2] = high, low, ratio
    fill_groups(groups)


@njit(error_model="numpy")
def fill_groups(groups: Floats) -> None:
    """Fill the disjoint sparse table: level l holds, for every block of 2^(l+1), what leads to its middle.

    Level 0's pairs are the groups themselves, so that every query but of one group is two look-ups. (A table
    of overlapping blocks would be wrong: a ratio has an order.)
    """
    count = groups.shape[1]
    for level in range(1, groups.shape[0]):
        half = 1 << level
        for middle in range(half, count, 2 * half):
            groups[level, middle - 1] = groups[0, middle - 1]
            for g in range(middle - 2, middle - half - 1, -1):
                a, b = groups[0, g], groups[level, g + 1]
                groups[level, g, 0], groups[level, g, 1] = max(a[0], b[0]), min(a[1], b[1])
                groups[level, g, 2] = min(a[2], b[2], b[1] / a[0])
            groups[level, middle] = groups[0, middle]
            for g in range(middle + 1, min(middle + half, count)):
                a, b = groups[level, g - 1], groups[0, g]
                groups[level, g, 0], groups[level, g, 1] = max(a[0], b[0]), min(a[1], b[1])
                groups[level, g, 2] = min(a[2], b[2], b[1] / a[0])


@inlined
def extremes(
    close: Floats, heads: Floats, tails: Floats, groups: Floats, first: int, last: int
) -> tuple[float, float, float]:
    """Return the highest close of [first, last], the lowest, and the lowest ratio to the highest before."""
    g, h = first >> 4, last >> 4
    if g == h:
        high, low, ratio = close[first], close[first], 1.0
        for t in range(first + 1, last + 1):
            c = close[t]
            if c > high:
                high = c
            else:
                low = min(low, c)
                ratio = min(ratio, c / high)
        return high, low, ratio
    high, low, ratio = tails[first, 0], tails[first, 1], tails[first, 2]
    if h - g == 2:
        whole = groups[0, g + 1]
        ratio = min(ratio, whole[2], whole[1] / high)
        high, low = max(high, whole[0]), min(low, whole[1])
    elif h - g > 2:
        level = highest_bit((g + 1) ^ (h - 1))
        a, b = groups[level, g + 1], groups[level, h - 1]
        ratio = min(ratio, a[2], a[1] / high)
        high, low = max(high, a[0]), min(low, a[1])
        ratio = min(ratio, b[2], b[1] / high)
        high, low = max(high, b[0]), min(low, b[1])
    end = heads[last]
    ratio = min(ratio, end[2], end[1] / high)
    return max(high, end[0]), min(low, end[1]), ratio
