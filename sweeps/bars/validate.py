"""Validation: what no bar may be. Every breach is a problem with its file and row."""

from collections.abc import Iterator

import numpy as np

from sweeps.bars.errors import Problem
from sweeps.bars.frame import PRICES, BoolArray, FloatArray
from sweeps.bars.parsing.parsed import ParsedBars
from sweeps.bars.parsing.times import UNREADABLE

RANGE_TOLERANCE = 1e-9
"""Relative slack of range checks: adjusted prices round."""


def check(bars: ParsedBars) -> list[Problem]:
    """Return every problem of one symbol's rows, in the order of the file.

    Checked: infinite values, prices at or below 0, high below low, open and close outside [low, high] (by
    more than 1e-9 relative), negative volume, times that are doubled or out of order. Cells that are NaN or
    unreadable were reported by parsing and are passed over here.
    """
    problems = [*_cells(bars), *_ranges(bars), *_order(bars)]
    return sorted(problems, key=lambda problem: problem.row or 0)


def _cells(bars: ParsedBars) -> Iterator[Problem]:
    for name, column in (*bars.values.items(), *bars.extra.items()):
        yield from _where(bars, np.isinf(column), name, "is infinite")
    for name in PRICES:
        yield from _where(bars, bars.values[name] <= 0, name, "{:.10g} is not above 0", bars.values[name])
    volume = bars.values["volume"]
    yield from _where(bars, volume < 0, "volume", "{:.10g} is negative", volume)


def _ranges(bars: ParsedBars) -> Iterator[Problem]:
    low, high = bars.values["low"], bars.values["high"]
    inverted = high < low * (1 - RANGE_TOLERANCE)
    yield from _where(bars, inverted, "high", "{:.10g} is below the low {:.10g}", high, low)
    for name in ("open", "close"):
        price = bars.values[name]
        outside = (price > high * (1 + RANGE_TOLERANCE)) | (price < low * (1 - RANGE_TOLERANCE))
        reason = "{:.10g} is outside low {:.10g} to high {:.10g}"
        yield from _where(bars, outside & ~inverted, name, reason, price, low, high)


def _order(bars: ParsedBars) -> Iterator[Problem]:
    """Yield times that an earlier row has too, and times before an earlier row's."""
    readable = np.flatnonzero(bars.time != UNREADABLE)
    time = bars.time[readable]
    if len(time) < 2:
        return
    order = np.argsort(time, kind="stable")
    same = np.flatnonzero(np.diff(time[order]) == 0)
    first = dict(zip(order[same + 1].tolist(), order[same].tolist(), strict=True))
    for at in sorted(first):
        twin = int(bars.rows[readable[first[at]]])
        yield Problem(bars.file, int(bars.rows[readable[at]]), "time", f"the same time as row {twin}")
    latest = np.maximum.accumulate(time)
    holder = np.maximum.accumulate(np.where(time == latest, np.arange(len(time)), 0))
    for at in np.flatnonzero(time[1:] < latest[:-1]) + 1:
        if int(at) not in first:
            earlier = int(bars.rows[readable[holder[at]]])
            reason = f"is before the time of row {earlier}; sort the file by time, oldest first"
            yield Problem(bars.file, int(bars.rows[readable[at]]), "time", reason)


def _where(
    bars: ParsedBars, wrong: BoolArray, column: str, reason: str, *values: FloatArray
) -> Iterator[Problem]:
    """Yield a problem for each row of a mask; `reason` is filled with that row's values."""
    for at in np.flatnonzero(wrong):
        shown = reason.format(*(value[at] for value in values))
        yield Problem(bars.file, int(bars.rows[at]), column, shown)
