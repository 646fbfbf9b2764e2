"""Sums, spreads and extremes of sliding windows, in linear time and without drift.

A window of ``period`` bars is a suffix of one block of ``period`` bars and a prefix of the next (van Herk
1992, Gil & Werman 1993), so each result is one combination of two partial results. Nothing is ever
subtracted: no error is carried from bar to bar, unlike in differences of cumulative sums, and a NaN leaves
with its window. A result depends only on the bars of its window and on its position, never on the bars after
it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
from numba import njit

from sweeps.strategies.abreast import LANES, average_ahead, sum_behind
from sweeps.strategies.contract import FloatArray
from sweeps.strategies.long_rows import new_row


def filling(kernel: Callable[..., None]) -> Callable[..., FloatArray]:
    """Return the function that gives the row of which a compiled one, as its last argument, fills every bar.

    NumPy asks the system for large pages, numba does not; and the memory of long rows is used again.
    """

    @wraps(kernel)
    def filled(values: FloatArray, *rest: Any) -> FloatArray:
        row = new_row(len(values))
        kernel(np.ascontiguousarray(values, np.float64), *rest, row)
        return row

    return filled


@filling
@njit(nogil=True, cache=True)
def rolling_mean(values: FloatArray, period: int, means: FloatArray) -> None:
    """Return the mean of the last ``period`` values; NaN where one is missing; equal values stay."""
    size = len(values)
    if period == 1:
        for bar in range(size):
            means[bar] = values[bar]
        return
    means[: period - 1] = np.nan
    if period > size:
        return
    total = 0.0
    for bar in range(period):
        total += values[bar]
    means[period - 1] = total / period
    tails, block = np.empty(LANES * period), period
    while block + LANES * period <= size:
        sum_behind(values, block, period, tails, means)
        average_ahead(values, block, period, tails, means)
        block += LANES * period
    for last in range(block, size, period):
        _average_block(values[last - period : last], values[last : last + period], tails, means[last:])
    _keep_flat(values, period, means)


@njit(nogil=True, cache=True)
def _average_block(before: FloatArray, part: FloatArray, tails: FloatArray, means: FloatArray) -> None:
    """Write the means of one block, which may be cut off; ``before`` is the whole block before it."""
    ahead = behind = 0.0
    for offset in range(len(before)):  # two sums at once, which do not wait for each other
        place = np.uint64(len(before) - 1 - offset)
        tails[place] = behind
        behind += before[place]
        if offset < len(part):
            ahead += part[offset]
            means[offset] = ahead
    for offset in range(len(part)):
        means[offset] = (tails[offset] + means[offset]) / len(before)


@njit(nogil=True, cache=True)
def _keep_flat(values: FloatArray, period: int, means: FloatArray) -> None:
    """Put the value where all of a window of two or more are equal: means of a flat price do not differ.

    Every second or third value of a window is enough to see that it is not flat, for two or three are equal
    in one that is; what lies between is looked at only then.
    """
    size, bar, step = len(values), 0, period // 2
    apart = (period // step - 1) * step
    while bar + apart < size:
        if values[bar] != values[bar + apart]:
            bar += step
            continue
        first = bar
        while first > 0 and values[first - 1] == values[bar]:
            first -= 1
        end = first
        while end < size and values[end] == values[bar]:
            if end - first >= period - 1:
                means[end] = values[end]
            end += 1
        bar = (end + step - 1) // step * step


@filling
@njit(nogil=True, cache=True)
def rolling_std(values: FloatArray, period: int, spreads: FloatArray) -> None:
    """Return the population standard deviation (ddof 0) of the last ``period`` values.

    Welford's update within a block, Chan's merge of two blocks: sums of squares are never subtracted, so a
    small spread around a large price keeps its digits. Exactly 0 for equal values.
    """
    size = len(values)
    spreads[: period - 1] = np.nan
    tail_mean, tail_square = np.zeros(period + 1), np.zeros(period + 1)
    for block in range(0, size, period):
        mean, square = 0.0, 0.0
        for offset in range(min(period, size - block)):
            bar, count = block + offset, offset + 1
            delta = values[bar] - mean
            mean += delta / count
            square += delta * (values[bar] - mean)
            if bar >= period - 1:
                older = period - count
                apart = mean - tail_mean[count] if older > 0 else 0.0
                merged = square + tail_square[count] + apart * apart * (older * count / period)
                spreads[bar] = np.sqrt(merged / period)
        mean, square = 0.0, 0.0
        tail_mean[period], tail_square[period] = 0.0, 0.0
        for offset in range(min(period, size - block) - 1, -1, -1):
            delta = values[block + offset] - mean
            mean += delta / (period - offset)
            square += delta * (values[block + offset] - mean)
            tail_mean[offset], tail_square[offset] = mean, square


@filling
@njit(nogil=True, cache=True)
def rolling_max(values: FloatArray, period: int, largest: FloatArray) -> None:
    """Return the largest of the last ``period`` values; NaN where one is missing."""
    size = len(values)
    largest[: period - 1] = np.nan
    tail = np.full(period + 1, -np.inf)
    for block in range(0, size, period):
        head = -np.inf
        for offset in range(min(period, size - block)):
            bar = block + offset
            head = _larger(head, values[bar])
            if bar >= period - 1:
                largest[bar] = _larger(tail[offset + 1], head)
        tail[period] = -np.inf
        for offset in range(min(period, size - block) - 1, -1, -1):
            tail[offset] = _larger(tail[offset + 1], values[block + offset])


@njit(nogil=True, cache=True)
def _larger(one: float, other: float) -> float:
    return one if one > other or np.isnan(one) else other
