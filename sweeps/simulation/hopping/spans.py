"""Spans: what a stretch of closes adds to a run, without walking it.

Sums over bars are differences of running sums. The highest and the lowest close, and the lowest ratio of a
close to the highest before it, come from three pieces: the rest of the first group of 16 bars, whole groups
(a sparse table), and the beginning of the last group. The tables are of one tile of m bars:

    sums    (m, N_SUMS)             running sums of powers of returns, of downside, gains, losses and closes
    heads   (m, 3)                  (max, min, lowest ratio) from the beginning of its group to a bar
    tails   (m, 3)                  the same from a bar to the end of its group
    groups  (levels, ceil(m/16), 3) the same over whole groups, as a disjoint sparse table
    reach   (levels, ceil(m/16), 2) (max, min) over 2^level groups from each on, which overlap
"""

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.bits import U, highest_bit
from sweeps.simulation.hopping.compiling import called, inlined
from sweeps.simulation.hopping.rows import add_up

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
    reach: Floats,
) -> None:
    """Fill the tables with the closes of the bars [base, end); running sums begin after the first bar."""
    _fill_sums(close, base, end, risk_free, sums)
    count = -(-(end - base) // GROUP)
    for group in range(count):
        first, after = base + group * GROUP, min(base + group * GROUP + GROUP, end)
        high, low, ratio = -np.inf, np.inf, 1.0
        for t in range(first, after):
            high, low = max(high, close[t]), min(low, close[t])
            ratio = min(ratio, close[t] / high)
            _put(heads[t - base], high, low, ratio)
        _put(groups[0, group], high, low, ratio)
        high, low, ratio = -np.inf, np.inf, 1.0
        for t in range(after - 1, first - 1, -1):
            high, low = max(high, close[t]), min(low, close[t])
            ratio = min(ratio, low / close[t])
            _put(tails[t - base], high, low, ratio)
    _fill_groups(groups, count)
    _fill_reach(groups, reach, count)


@called
def _fill_sums(close: Floats, base: int, end: int, risk_free: float, sums: Floats) -> None:
    sums[0] = 0.0
    for t in range(1, end - base):
        now = close[U(base + t)]
        r = now / close[U(base + t - 1)] - 1.0
        short, rr = min(r - risk_free, 0.0), r * r
        row = sums[U(t)]
        row[F_RETURN], row[F_SQUARE], row[F_CUBE], row[F_FOURTH] = r, rr, rr * r, rr * rr
        row[F_DOWNSIDE], row[F_CLOSE] = short * short, now
        row[F_GAIN], row[F_LOSS] = max(r, 0.0), -min(r, 0.0)
    add_up(sums, end - base)


@called
def _fill_groups(groups: Floats, count: int) -> None:
    """Fill the disjoint sparse table: level l holds, for every block of 2^(l+1), what leads to its middle.

    Level 0's pairs are the groups themselves, so that every query is two look-ups. (A table of overlapping
    blocks would be wrong: a ratio has an order.)
    """
    level = 1
    while 1 << level < count:
        half = 1 << level
        for middle in range(half, count, 2 * half):
            high, low, ratio = -np.inf, np.inf, 1.0
            for g in range(middle - 1, middle - half - 1, -1):
                one = groups[0, g]
                ratio = min(ratio, one[2], low / one[0])
                high, low = max(high, one[0]), min(low, one[1])
                _put(groups[level, g], high, low, ratio)
            high, low, ratio = -np.inf, np.inf, 1.0
            for g in range(middle, min(middle + half, count)):
                one = groups[0, g]
                ratio = min(ratio, one[2], one[1] / high if high > 0.0 else 1.0)
                high, low = max(high, one[0]), min(low, one[1])
                _put(groups[level, g], high, low, ratio)
        level += 1


@called
def _fill_reach(groups: Floats, reach: Floats, count: int) -> None:
    """Fill the table of overlapping blocks; what begins too late for a block of its level has none."""
    for g in range(count):
        reach[0, g, 0], reach[0, g, 1] = groups[0, g, 0], groups[0, g, 1]
    level = 1
    while 1 << level <= count:
        half = 1 << (level - 1)
        one, both = reach[level - 1], reach[level]
        for g in range(count - (1 << level) + 1):
            both[g, 0] = max(one[g, 0], one[g + half, 0])
            both[g, 1] = min(one[g, 1], one[g + half, 1])
        level += 1


@inlined
def _put(row: Floats, high: float, low: float, ratio: float) -> None:
    row[0], row[1], row[2] = high, low, ratio


@inlined
def extremes(
    close: Floats, heads: Floats, tails: Floats, groups: Floats, base: int, first: int, last: int
) -> tuple[float, float]:
    """Return the highest close of [first, last] and the lowest; the tables' tile begins at ``base``."""
    g, h = (first - base) >> 4, (last - base) >> 4
    if g == h:
        high = low = close[U(first)]
        for t in range(first + 1, last + 1):
            high, low = max(high, close[U(t)]), min(low, close[U(t)])
        return high, low
    begin, end = tails[U(first - base)], heads[U(last - base)]
    high, low = max(begin[0], end[0]), min(begin[1], end[1])
    if h - g >= 2:
        level = highest_bit((g + 1) ^ (h - 1) | 1)
        a, b = groups[U(level), U(g + 1)], groups[U(level), U(h - 1)]
        high, low = max(high, a[0], b[0]), min(low, a[1], b[1])
    return high, low


@called
def lowest_ratio(
    close: Floats, heads: Floats, tails: Floats, groups: Floats, base: int, first: int, last: int
) -> float:
    """Return the lowest ratio of a close of [first, last] to the highest before it; 1 if none is lower."""
    g, h = (first - base) >> 4, (last - base) >> 4
    ratio = 1.0
    if g == h:
        high = close[first]
        for t in range(first + 1, last + 1):
            high = max(high, close[t])
            ratio = min(ratio, close[t] / high)
        return ratio
    begin, end = tails[first - base], heads[last - base]
    high, ratio = begin[0], begin[2]
    if h - g == 2:
        whole = groups[0, g + 1]
        ratio = min(ratio, whole[2], whole[1] / high)
        high = max(high, whole[0])
    elif h - g > 2:
        level = highest_bit((g + 1) ^ (h - 1))
        a, b = groups[level, g + 1], groups[level, h - 1]
        ratio = min(ratio, a[2], a[1] / high)
        high = max(high, a[0])
        ratio = min(ratio, b[2], b[1] / high)
        high = max(high, b[0])
    return min(ratio, end[2], end[1] / high)


@called
def lowest_share(
    close: Floats,
    groups: Floats,
    base: int,
    peak: float,
    lowest: float,
    settled: float,
    slope: float,
    entry_price: float,
    first: int,
    last: int,
) -> float:
    """Return the lowest share of a peak after [first, last], where equity is a line in the close.

    Groups of bars that cannot hold it are passed over.
    """
    t = first - base
    while t <= last - base:
        group = t >> 4
        if t & 15 == 0 and t + 15 <= last - base:
            one = settled + slope * (groups[0, group, 0] - entry_price)
            other = settled + slope * (groups[0, group, 1] - entry_price)
            top = max(peak, one, other)
            if min(one, other) >= lowest * top:
                peak = top
                t += 16
                continue
        worth = settled + slope * (close[base + t] - entry_price)
        peak = max(peak, worth)
        if worth < lowest * peak:
            lowest = worth / peak
        t += 1
    return lowest
