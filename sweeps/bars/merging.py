"""Merging: new bars into the ones that are there."""

from dataclasses import replace

import numpy as np

from sweeps.bars.errors import MixedBarsError
from sweeps.bars.frame import VALUES, Bars, FloatArray, IntArray
from sweeps.bars.sessions import periods_per_year
from sweeps.spec.timeframe import timeframe_micros


def merge(existing: Bars | None, new: Bars) -> Bars:
    """Return the bars of both by time; where both have a bar, the new one stands.

    Further columns are united, NaN where a bar has none; where the new bars lack a column altogether, a bar
    that they replace keeps its value. Periods a year are inferred anew.

    Args:
        existing: Bars that are there; None if there are none.
        new: Bars of the same symbol and timeframe.

    Raises:
        MixedBarsError: If only one of them is adjusted, or their session zones differ.
    """
    if existing is None:
        return new
    _require_alike(existing, new)
    time = np.union1d(existing.time, new.time)
    old_at, new_at = np.searchsorted(time, existing.time), np.searchsorted(time, new.time)

    def united(name: str) -> FloatArray:
        column = np.full(len(time), np.nan)
        for bars, at in ((existing, old_at), (new, new_at)):
            if name in VALUES or name in bars.extra:
                column[at] = bars[name]
        return column

    return replace(
        new,
        time=time,
        open=united("open"),
        high=united("high"),
        low=united("low"),
        close=united("close"),
        volume=united("volume"),
        extra={name: united(name) for name in existing.extra.keys() | new.extra.keys()},
        periods_per_year=periods_per_year(time, timeframe_micros(new.timeframe), new.session_tz),
    )


def changed_bars(before: Bars | None, after: Bars) -> tuple[int, int]:
    """Return how many bars were added, and how many that were there have other values now."""
    if before is None:
        return len(after), 0
    shared: IntArray
    shared, old_at, new_at = np.intersect1d(before.time, after.time, assume_unique=True, return_indices=True)
    differs = np.zeros(len(shared), dtype=bool)
    absent = np.full(len(before), np.nan)
    for name in (*VALUES, *after.extra):
        known = name in VALUES or name in before.extra
        old = np.asarray(before[name] if known else absent)[old_at]
        new = np.asarray(after[name])[new_at]
        differs |= (old != new) & ~(np.isnan(old) & np.isnan(new))
    return len(after) - len(shared), int(differs.sum())


def _require_alike(existing: Bars, new: Bars) -> None:
    if existing.adjusted != new.adjusted:
        words = {True: "adjusted", False: "not adjusted"}
        held, fresh = words[existing.adjusted], words[new.adjusted]
        raise MixedBarsError(new.symbol, new.timeframe, "the price", held, fresh)
    if existing.session_tz != new.session_tz:
        zones = (existing.session_tz, new.session_tz)
        raise MixedBarsError(new.symbol, new.timeframe, "the session's time zone", *zones)
