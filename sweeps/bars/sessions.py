"""Sessions: trading days in their own time zone, and how many bars make a year."""

from dataclasses import dataclass
from datetime import time as clock_time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import numpy as np

from sweeps.bars.errors import SessionError
from sweeps.bars.frame import BoolArray, IntArray
from sweeps.bars.timeframes import DAY, WEEK
from sweeps.errors import did_you_mean

WEEKDAYS_A_YEAR, DAYS_A_YEAR, WEEKS_A_YEAR = 252.0, 365.0, 52.0


def zone(name: str) -> ZoneInfo:
    """Return a time zone.

    Raises:
        SessionError: If there is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        near = did_you_mean(name, available_timezones()) or "; name it as in Asia/Kolkata"
        raise SessionError(name, f"not a time zone{near}") from error


def wall_time(time: IntArray, tz: str) -> IntArray:
    """Return what clocks in a zone show, as microseconds since their 1970-01-01 00:00.

    Raises:
        SessionError: If there is no such zone.
    """
    if zone(tz).key == "UTC":
        return time
    import pandas as pd  # noqa: PLC0415  half a second, which a worker needs for sessions alone

    stamps = pd.DatetimeIndex(np.asarray(time).view("datetime64[us]"), tz="UTC")
    return np.asarray(stamps.tz_convert(tz).tz_localize(None).as_unit("us").asi8)


def weekday(day: IntArray) -> IntArray:
    """Return the weekday, Monday 0, of days since 1970-01-01 (a Thursday)."""
    return (day + 3) % 7


def periods_per_year(time: IntArray, timeframe_us: int, session_tz: str) -> float:
    """Return how many bars make a year.

    A year has 252 sessions, or 365 if the bars include weekends; intraday bars count as often as the median
    session has bars. Weekends count as included when Saturdays are at least half as frequent as in a full
    week, so that neither a rare Saturday session nor a market that opens on Sunday evening is taken for one
    that never closes. Weeks are 52 a year.

    Args:
        time: Bar times, UTC microseconds, at least one.
        timeframe_us: Length of a bar.
        session_tz: Zone in which a session is one date.
    """
    if timeframe_us % WEEK == 0:
        return WEEKS_A_YEAR / (timeframe_us // WEEK)
    days, bars = np.unique(wall_time(time, session_tz) // DAY, return_counts=True)
    saturdays = np.count_nonzero(weekday(days) == 5)
    year = DAYS_A_YEAR if saturdays * 14 >= len(days) else WEEKDAYS_A_YEAR
    if timeframe_us >= DAY:
        return year * DAY / timeframe_us
    return year * float(np.median(bars))


@dataclass(frozen=True)
class Cutoff:
    """The time of day at which a session ends.

    Attributes:
        micros: Microseconds after local midnight.
        tz: The session's zone.
    """

    micros: int
    tz: str

    @staticmethod
    def parse(text: str) -> "Cutoff":
        """Parse "15:30 Asia/Kolkata".

        Raises:
            SessionError: If it is not a time of day and a zone.
        """
        clock, _, tz = text.strip().partition(" ")
        try:
            at = clock_time.fromisoformat(clock)
        except ValueError as error:
            raise SessionError(
                text, 'expected a time of day and a zone, as in "15:30 Asia/Kolkata"'
            ) from error
        if not tz or at.tzinfo is not None:
            raise SessionError(text, 'expected a time of day and a zone, as in "15:30 Asia/Kolkata"')
        seconds = at.hour * 3600 + at.minute * 60 + at.second
        return Cutoff(seconds * 1_000_000, zone(tz.strip()).key)


def session_last(time: IntArray, timeframe_us: int, cutoff: str) -> BoolArray:
    """Return which bars are the last of their session.

    A session runs from one cutoff to the next. A bar is its last when the next bar belongs to another one;
    the very last bar is when it lasts until the cutoff.

    Args:
        time: Bar times, UTC microseconds, ascending, shape (n,).
        timeframe_us: Length of a bar.
        cutoff: Time of day and zone, e.g. "15:30 Asia/Kolkata".

    Returns:
        Mask of shape (n,).

    Raises:
        SessionError: If the cutoff is not understood.
    """
    end = Cutoff.parse(cutoff)
    # The bar that would follow the very last one stands in for its successor.
    followed = np.append(time, time[-1:] + timeframe_us)
    session = (wall_time(followed, end.tz) - end.micros) // DAY
    return np.asarray(session[1:] != session[:-1])
