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

from sweeps.strategies.contract import FloatArray
from sweeps.strategies.long_rows import new_row


def filling(kernel: Callable[..., None]) -> Callable[..., FloatArray]:
    """Return the function that gives the row of which a compiled one, as its last argument, fills every bar.

    NumPy asks the system for large pages, numba does not; and the memory of long rows is used again.
    """

    @wraps(kernel)
    def filled(values: FloatArray, *rest: Any) -> FloatArray:
        row = new_row(len(values))
        kernel(values, *rest, row)
        return row

    return filled


@filling
@njit(nogil=True, cache=True)
def rolling_mean(values: FloatArray, period: int, means: FloatArray) -> None:
    """Return the mean of the last ``period`` values; NaN where one is missing; equal values stay."""
    size = len(values)
    means[: period - 1] = np.nan
    before, tail, head = np.zeros(period + 1), np.zeros(period + 1), np.zeros(period)
    for block in range(0, size, period):
        count = min(period, size - block)
        part, made, later = values[block : block + count], means[block : block + count], before[1:]
        ahead = behind = 0.0
        for offset in range(count):  # two sums at once, which do not wait for each other
            ahead += part[offset]
            head[offset] = ahead
            place = np.uint64(count - 1 - offset)
            behind += part[place]
            tail[place] = behind
        if block > 0:
            for offset in range(count):
                made[offset] = (later[offset] + head[offset]) / period
        elif count == period:
            means[period - 1] = head[period - 1] / period
        before, tail = tail, before
        before[period] = 0.0
    _keep_flat(values, period, means)


@njit(nogil=True, cache=True)
def _keep_flat(values: FloatArray, period: int, means: FloatArray) -> None:
    """Put the value where all of a window are equal, so that averages of a flat price do not differ."""
    flat = 0
    for bar in range(1, len(values)):
        flat += values[bar] == values[bar - 1]
    if flat < period - 1:
        return
    equal = 0
    for bar in range(len(values)):
        equal = equal + 1 if bar > 0 and values[bar] == values[bar - 1] else 1
        if equal >= period:
            means[bar] = values[bar]


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
