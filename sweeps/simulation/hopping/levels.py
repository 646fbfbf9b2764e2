"""Levels: the first bar that reaches a price, found by the extremes of groups of 16 bars, and remembered.

Many runs enter on the same bar with the same stop. Where they do, they share a row of what was found: for
each bar of entry the first bar that reaches the level, or how far it was looked for.
"""

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.bits import U
from sweeps.simulation.hopping.compiling import inlined

Floats = npt.NDArray[np.float64]
Found = npt.NDArray[np.int32]
"""By the bar of entry: hit + 1, or -(bars looked at), or 0 for not asked yet; empty: nothing is shared."""


@inlined
def first_below(
    found: Found, slot: int, values: Floats, lows: Floats, level: float, first: int, last: int
) -> int:
    """Return the first bar of [first, last] whose value is at or below a level; last + 1 if none is."""
    known = found[U(slot)] if found.size > 0 else 0
    if known > 0:
        return min(known - 1, last + 1)
    t = max(first, -known)
    if t > last:
        return last + 1
    while t <= last:
        if t & 15 == 0 and t + 15 <= last and lows[U(t >> 4)] > level:
            t += 16
        elif values[U(t)] <= level:
            break
        else:
            t += 1
    if found.size > 0:
        found[U(slot)] = t + 1 if t <= last else -t
    return t


@inlined
def first_above(
    found: Found, slot: int, values: Floats, highs: Floats, level: float, first: int, last: int
) -> int:
    """Return the first bar of [first, last] whose value is at or above a level; last + 1 if none is."""
    known = found[U(slot)] if found.size > 0 else 0
    if known > 0:
        return min(known - 1, last + 1)
    t = max(first, -known)
    if t > last:
        return last + 1
    while t <= last:
        if t & 15 == 0 and t + 15 <= last and highs[U(t >> 4)] < level:
            t += 16
        elif values[U(t)] >= level:
            break
        else:
            t += 1
    if found.size > 0:
        found[U(slot)] = t + 1 if t <= last else -t
    return t


@inlined
def first_trailed_long(
    found: Found,
    peaks: Floats,
    slot: int,
    down: Floats,
    high: Floats,
    group_down: Floats,
    group_top: Floats,
    keep: float,
    peak: float,
    first: int,
    last: int,
) -> tuple[int, float]:
    """Return the first bar that falls to peak x keep, and the peak before it; last + 1 if none does."""
    known = found[U(slot)] if found.size > 0 else 0
    if known > 0:
        return min(known - 1, last + 1), peaks[U(slot)]
    if known < 0:
        peak = peaks[U(slot)]
    t = max(first, -known)
    if t > last:
        return last + 1, peak
    while t <= last:
        if t & 15 == 0 and t + 15 <= last:
            top = max(peak, group_top[U(t >> 4)])
            if group_down[U(t >> 4)] > top * keep:
                peak = top
                t += 16
                continue
        if down[U(t)] <= peak * keep:
            break
        peak = max(peak, high[U(t)])
        t += 1
    if found.size > 0:
        found[U(slot)] = t + 1 if t <= last else -t
        peaks[U(slot)] = peak
    return t, peak


@inlined
def first_trailed_short(
    found: Found,
    troughs: Floats,
    slot: int,
    up: Floats,
    low: Floats,
    group_up: Floats,
    group_bottom: Floats,
    keep: float,
    trough: float,
    first: int,
    last: int,
) -> tuple[int, float]:
    """Return the first bar that rises to trough x keep, and the trough before it; last + 1 if none does."""
    known = found[U(slot)] if found.size > 0 else 0
    if known > 0:
        return min(known - 1, last + 1), troughs[U(slot)]
    if known < 0:
        trough = troughs[U(slot)]
    t = max(first, -known)
    if t > last:
        return last + 1, trough
    while t <= last:
        if t & 15 == 0 and t + 15 <= last:
            bottom = min(trough, group_bottom[U(t >> 4)])
            if group_up[U(t >> 4)] < bottom * keep:
                trough = bottom
                t += 16
                continue
        if up[U(t)] >= trough * keep:
            break
        trough = min(trough, low[U(t)])
        t += 1
    if found.size > 0:
        found[U(slot)] = t + 1 if t <= last else -t
        troughs[U(slot)] = trough
    return t, trough
