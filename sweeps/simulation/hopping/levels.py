"""Levels: the first bar that reaches a price, found by the extremes of groups of 16 bars."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.compiling import inlined
from sweeps.simulation.window import PriceWindow

Floats = npt.NDArray[np.float64]

GROUP = 16


@dataclass(frozen=True, eq=False, slots=True)
class Levels:
    """What bars reach, the open included, shape (n,); and the extremes of their groups, shape (g,).

    ``top`` and ``bottom`` are the high and the low, which alone move a trailing stop.
    """

    reach_up: Floats
    reach_down: Floats
    group_up: Floats
    group_down: Floats
    group_top: Floats
    group_bottom: Floats


def levels_of(window: PriceWindow) -> Levels:
    """Return the tables of a window."""
    up, down = np.maximum(window.open, window.high), np.minimum(window.open, window.low)
    starts = np.arange(0, len(window), GROUP)
    return Levels(
        up,
        down,
        np.maximum.reduceat(up, starts),
        np.minimum.reduceat(down, starts),
        np.maximum.reduceat(window.high, starts),
        np.minimum.reduceat(window.low, starts),
    )


@inlined
def first_at_or_below(values: Floats, lows: Floats, level: float, first: int, last: int) -> int:
    """Return the first bar of [first, last] whose value is at or below a level; last + 1 if none is."""
    t = first
    while t <= last:
        if t & 15 == 0 and t + 15 <= last and lows[t >> 4] > level:
            t += 16
        elif values[t] <= level:
            return t
        else:
            t += 1
    return last + 1


@inlined
def first_at_or_above(values: Floats, highs: Floats, level: float, first: int, last: int) -> int:
    """Return the first bar of [first, last] whose value is at or above a level; last + 1 if none is."""
    t = first
    while t <= last:
        if t & 15 == 0 and t + 15 <= last and highs[t >> 4] < level:
            t += 16
        elif values[t] >= level:
            return t
        else:
            t += 1
    return last + 1


@inlined
def first_trailed_long(
    down: Floats,
    high: Floats,
    group_down: Floats,
    group_top: Floats,
    stop: float,
    keep: float,
    peak: float,
    first: int,
    last: int,
) -> tuple[int, float]:
    """Return the first bar that falls to max(stop, peak x keep), and the peak before it; last + 1 if none."""
    t = first
    while t <= last:
        if t & 15 == 0 and t + 15 <= last:
            top = max(peak, group_top[t >> 4])
            if group_down[t >> 4] > max(stop, top * keep):
                peak = top
                t += 16
                continue
        if down[t] <= max(stop, peak * keep):
            return t, peak
        peak = max(peak, high[t])
        t += 1
    return last + 1, peak


@inlined
def first_trailed_short(
    up: Floats,
    low: Floats,
    group_up: Floats,
    group_bottom: Floats,
    stop: float,
    keep: float,
    trough: float,
    first: int,
    last: int,
) -> tuple[int, float]:
    """Return the first bar that rises to min(stop, trough x keep), and the trough before it."""
    t = first
    while t <= last:
        if t & 15 == 0 and t + 15 <= last:
            bottom = min(trough, group_bottom[t >> 4])
            if group_up[t >> 4] < min(stop, bottom * keep):
                trough = bottom
                t += 16
                continue
        if up[t] >= min(stop, trough * keep):
            return t, trough
        trough = min(trough, low[t])
        t += 1
    return last + 1, trough
