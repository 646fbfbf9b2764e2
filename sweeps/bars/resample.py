"""Resampling: bars of a coarser timeframe from finer ones."""

from dataclasses import replace

import numpy as np
import pandas as pd

from sweeps.bars.errors import ResampleError
from sweeps.bars.frame import Bars, BoolArray, IntArray
from sweeps.bars.sessions import periods_per_year, wall_time, zone
from sweeps.bars.timeframes import DAY, FIRST_MONDAY, HOUR, WEEK, normal
from sweeps.spec.timeframe import timeframe_micros


def resample(bars: Bars, timeframe: str) -> Bars:
    """Return bars of a coarser timeframe.

    Buckets are left-closed and left-labelled on the clock of the session's zone: parts of a day count from
    local midnight, days from 1970-01-01, weeks from Monday. Open is the first, high the highest, low the
    lowest, close and further columns the last value, volume the sum; buckets without bars give none. The
    last bucket is dropped unless it is complete: its last bar reaches the bucket's end, or comes no earlier
    in it than the median last bar of the buckets before (a week that ends on Friday, a day that ends at the
    closing bell).

    Args:
        bars: Bars of a timeframe that divides the new one.
        timeframe: The new timeframe; below a day it must divide the day.

    Raises:
        ResampleError: If it is not coarser, or does not fit.
        TimeframeError: If it is not a timeframe.
    """
    source, target = timeframe_micros(bars.timeframe), timeframe_micros(timeframe)
    _require_fitting(bars, timeframe, source, target)
    label = _labels(bars, target)
    first = _is_first(label)
    kept = _complete(bars, label, first, source, target)
    bars, label, first = bars.cut(kept), label[:kept], first[:kept]
    starts = np.flatnonzero(first)
    ends = np.append(starts[1:], kept)[: len(starts)] - 1
    time = label[starts]
    return replace(
        bars,
        timeframe=normal(timeframe),
        time=time,
        open=bars.open[starts],
        high=np.maximum.reduceat(bars.high, starts) if kept else bars.high,
        low=np.minimum.reduceat(bars.low, starts) if kept else bars.low,
        close=bars.close[ends],
        volume=np.add.reduceat(bars.volume, starts) if kept else bars.volume,
        extra={name: column[ends] for name, column in bars.extra.items()},
        periods_per_year=periods_per_year(time, target, bars.session_tz) if kept else bars.periods_per_year,
    )


def _require_fitting(bars: Bars, timeframe: str, source: int, target: int) -> None:
    reason = ""
    if target <= source:
        reason = "the new timeframe must be coarser"
    elif target % source:
        reason = f"{timeframe} is no multiple of {bars.timeframe}"
    elif (target < DAY and DAY % target) or (target > DAY and target % DAY):
        reason = "below a day it must divide the day, above it must be whole days"
    if reason:
        raise ResampleError(bars.symbol, bars.timeframe, timeframe, reason)


def _labels(bars: Bars, target: int) -> IntArray:
    """Return the start of each bar's bucket, UTC microseconds, never descending."""
    wall = wall_time(bars.time, bars.session_tz)
    into = (wall - FIRST_MONDAY if target % WEEK == 0 else wall) % target
    if target <= HOUR or zone(bars.session_tz).key == "UTC":
        return bars.time - into
    # A clock that is set back shows an hour twice; longer buckets keep both in one, labelled by the first.
    start = pd.DatetimeIndex((wall - into).view("datetime64[us]"))
    earlier = np.ones(len(start), dtype=bool)
    local = start.tz_localize(bars.session_tz, ambiguous=earlier, nonexistent="shift_forward")
    return np.maximum.accumulate(np.asarray(local.tz_convert("UTC").as_unit("us").asi8))


def _is_first(label: IntArray) -> BoolArray:
    first = np.ones(len(label), dtype=bool)
    first[1:] = label[1:] != label[:-1]
    return first


def _complete(bars: Bars, label: IntArray, first: BoolArray, source: int, target: int) -> int:
    """Return how many bars are left without an incomplete last bucket."""
    if not len(bars):
        return 0
    last_in_bucket = np.append(np.flatnonzero(first[1:]), len(bars) - 1)
    wall = wall_time(np.append(bars.time[last_in_bucket], label[last_in_bucket]), bars.session_tz)
    reached = wall[: len(last_in_bucket)] - wall[len(last_in_bucket) :]
    whole = reached[-1] + source >= target
    usual = len(reached) > 1 and reached[-1] >= np.median(reached[:-1])
    return len(bars) if whole or usual else int(np.flatnonzero(first)[-1])
