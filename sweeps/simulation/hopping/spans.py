"""Spans: what a stretch of closes adds to a run, without walking it.

Sums over bars are differences of running sums. The lowest ratio of a close to the highest close before it,
with the highest and lowest close, comes from three pieces: the rest of the first group of 16 bars, whole
groups (a sparse table), and the beginning of the last group. The tables are of one tile of m bars:

    sums    (m, N_SUMS)             running sums of powers of returns, of downside, gains, losses and closes
    heads   (m, 3)                  (max, min, lowest ratio) from the beginning of its group to a bar
    tails   (m, 3)                  the same from a bar to the end of its group
    groups  (levels, ceil(m/16), 3) the same over whole groups, as a disjoint sparse table
"""

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.bits import U, highest_bit
from sweeps.simulation.hopping.compiling import called, inlined

Floats = npt.NDArray[np.float64]

GROUP = 16

F_CUBE, F_FOURTH, F_DOWNSIDE, F_GAIN, F_LOSS, F_RETURN, F_SQUARE, F_CLOSE = range(8)
N_SUMS = 8


@called
def fill_spans(
    close: Floats,
    base: int,
    end: int,
    risk_free: float,
    sums: Floats,
    heads: Floats,
    tails: Floats,
    groups: Floats,
) -> None:
    """Fill the tables with the closes of the bars [base, end); running sums begin after the first bar."""
    sums[0] = 0.0
    for t in range(1, end - base):
        now = close[base + t]
        r = now / close[base + t - 1] - 1.0
        below = min(r - risk_free, 0.0)
        square = r * r
        before, row = sums[t - 1], sums[t]
        row[F_CUBE], row[F_FOURTH] = before[F_CUBE] + square * r, before[F_FOURTH] + square * square
        row[F_DOWNSIDE] = before[F_DOWNSIDE] + below * below
        row[F_GAIN], row[F_LOSS] = before[F_GAIN] + max(r, 0.0), before[F_LOSS] - min(r, 0.0)
        row[F_RETURN], row[F_SQUARE] = before[F_RETURN] + r, before[F_SQUARE] + square
        row[F_CLOSE] = before[F_CLOSE] + now
    count = -(-(end - base) // GROUP)
    for group in range(count):
        first, after = base + group * GROUP, min(base + group * GROUP + GROUP, end)
        high, low, ratio = -np.inf, np.inf, 1.0
        for t in range(first, after):
            high, low = max(high, close[t]), min(low, close[t])
            ratio = min(ratio, close[t] / high)
            heads[t - base, 0], heads[t - base, 1], heads[t - base, 2] = high, low, ratio
        groups[0, group, 0], groups[0, group, 1], groups[0, group, 2] = high, low, ratio
        high, low, ratio = -np.inf, np.inf, 1.0
        for t in range(after - 1, first - 1, -1):
            low = min(low, close[t])
            ratio = min(ratio, low / close[t])
            high = max(high, close[t])
            tails[t - base, 0], tails[t - base, 1], tails[t - base, 2] = high, low, ratio
    fill_groups(groups, count)


@called
def fill_groups(groups: Floats, count: int) -> None:
    """Fill the disjoint sparse table: level l holds, for every block of 2^(l+1), what leads to its middle.

    Level 0's pairs are the groups themselves, so that every query but of one group is two look-ups. (A table
    of overlapping blocks would be wrong: a ratio has an order.)
    """
    level = 1
    while 1 << level < count:
        half = 1 << level
        for middle in range(half, count, 2 * half):
            for column in range(3):
                groups[level, middle - 1, column] = groups[0, middle - 1, column]
                groups[level, middle, column] = groups[0, middle, column]
            for g in range(middle - 2, middle - half - 1, -1):
                a, b = groups[0, g], groups[level, g + 1]
                groups[level, g, 0], groups[level, g, 1] = max(a[0], b[0]), min(a[1], b[1])
                groups[level, g, 2] = min(a[2], b[2], b[1] / a[0])
            for g in range(middle + 1, min(middle + half, count)):
                a, b = groups[level, g - 1], groups[0, g]
                groups[level, g, 0], groups[level, g, 1] = max(a[0], b[0]), min(a[1], b[1])
                groups[level, g, 2] = min(a[2], b[2], b[1] / a[0])
        level += 1


@inlined
def extremes(
    close: Floats, heads: Floats, tails: Floats, groups: Floats, base: int, first: int, last: int
) -> tuple[float, float, float]:
    """Return the highest close of [first, last], the lowest, and the lowest ratio to the highest before.

    The tables are of the tile that begins at ``base``.
    """
    g, h = (first - base) >> 4, (last - base) >> 4
    if g == h:
        high, low, ratio = close[U(first)], close[U(first)], 1.0
        for t in range(first + 1, last + 1):
            c = close[U(t)]
            high, low = max(high, c), min(low, c)
            ratio = min(ratio, c / high)
        return high, low, ratio
    begin, end = tails[U(first - base)], heads[U(last - base)]
    high, low, ratio = begin[0], begin[1], begin[2]
    if h - g == 2:
        whole = groups[0, U(g + 1)]
        ratio = min(ratio, whole[2], whole[1] / high)
        high, low = max(high, whole[0]), min(low, whole[1])
    elif h - g > 2:
        level = highest_bit((g + 1) ^ (h - 1))
        a, b = groups[U(level), U(g + 1)], groups[U(level), U(h - 1)]
        ratio = min(ratio, a[2], a[1] / high)
        high, low = max(high, a[0]), min(low, a[1])
        ratio = min(ratio, b[2], b[1] / high)
        high, low = max(high, b[0]), min(low, b[1])
    ratio = min(ratio, end[2], end[1] / high)
    return max(high, end[0]), min(low, end[1]), ratio
