from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from sweeps.bars.errors import SessionError
from sweeps.bars.sessions import Cutoff, periods_per_year, session_last, wall_time, weekday

MINUTE = 60_000_000
HOUR, DAY = 60 * MINUTE, 1440 * MINUTE


def times(*args: object, **kwargs: object) -> np.ndarray:
    return np.asarray(pd.date_range(*args, **kwargs).tz_convert("UTC").as_unit("us").asi8)


def test_the_wall_shows_what_zoneinfo_says():
    instants = times("2024-03-09", "2024-03-12", freq="45min", tz="UTC")
    zone = ZoneInfo("America/New_York")
    for micros, shown in zip(instants.tolist(), wall_time(instants, zone.key).tolist(), strict=True):
        local = datetime.fromtimestamp(micros / 1e6, UTC).astimezone(zone).replace(tzinfo=UTC)
        assert local.timestamp() * 1e6 == shown


def test_1970_began_on_a_thursday():
    assert weekday(np.array([-1, 0, 4])).tolist() == [2, 3, 0]


@pytest.mark.parametrize(
    ("instants", "timeframe_us", "tz", "expected"),
    [
        (times("2024-01-01", periods=250, freq="B", tz="UTC"), DAY, "UTC", 252),
        (times("2024-01-01", periods=250, freq="B", tz="Asia/Kolkata"), DAY, "UTC", 252),
        (times("2024-01-01", periods=250, freq="D", tz="UTC"), DAY, "UTC", 365),
        (times("2024-01-01", periods=50, freq="2D", tz="UTC"), 2 * DAY, "UTC", 182.5),
        (times("2024-01-01", periods=50, freq="7D", tz="UTC"), 7 * DAY, "UTC", 52),
        (times("2024-01-01", periods=1000, freq="h", tz="UTC"), HOUR, "UTC", 365 * 24),
        (times("2024-01-02", periods=1, freq="D", tz="UTC"), DAY, "UTC", 252),
    ],
)
def test_a_year_has_as_many_periods_as_its_market_trades(instants, timeframe_us, tz, expected):
    assert periods_per_year(instants, timeframe_us, tz) == expected


def indian_sessions() -> np.ndarray:
    days = pd.date_range("2024-01-01", periods=40, freq="B")
    return np.concatenate(
        [times(day + pd.Timedelta("9h15min"), periods=75, freq="5min", tz="Asia/Kolkata") for day in days]
    )


def test_intraday_counts_the_median_session():
    instants = indian_sessions()
    assert periods_per_year(instants, 5 * MINUTE, "Asia/Kolkata") == 252 * 75
    assert periods_per_year(np.delete(instants, slice(10, 60)), 5 * MINUTE, "Asia/Kolkata") == 252 * 75


def test_a_rare_saturday_session_does_not_make_weekends():
    instants = np.append(
        times("2024-01-01", periods=60, freq="B", tz="UTC"), times("2024-03-23", periods=1, tz="UTC")
    )
    assert periods_per_year(instants, DAY, "UTC") == 252


def test_a_market_that_opens_on_sunday_evening_has_no_weekends():
    instants = times("2024-01-01", periods=24 * 70, freq="h", tz="UTC")
    days, hours = pd.DatetimeIndex(instants.view("datetime64[us]")).day_of_week, instants % DAY // HOUR
    open_ = ~((days == 5) | ((days == 6) & (hours < 22)) | ((days == 4) & (hours >= 22)))
    assert periods_per_year(instants[open_], HOUR, "UTC") == 252 * 24


def test_the_last_bar_of_each_session_is_found():
    last = session_last(indian_sessions(), 5 * MINUTE, "15:30 Asia/Kolkata")
    assert np.flatnonzero(last).tolist() == [75 * day + 74 for day in range(40)]


def test_the_very_last_bar_is_last_only_if_it_lasts_until_the_cutoff():
    instants = indian_sessions()
    assert not session_last(instants[:-1], 5 * MINUTE, "15:30 Asia/Kolkata")[-1]
    assert session_last(instants[:-1], 10 * MINUTE, "15:30 Asia/Kolkata")[-1]


def test_bars_after_the_cutoff_belong_to_the_next_session():
    instants = times("2024-01-02 22:00", periods=5, freq="h", tz="America/New_York")
    assert session_last(instants, HOUR, "00:00 America/New_York").tolist() == [
        False,
        True,
        False,
        False,
        False,
    ]
    assert session_last(instants, HOUR, "23:00 America/New_York").tolist() == [
        True,
        False,
        False,
        False,
        False,
    ]


def test_the_cutoff_follows_the_clock_when_it_is_set_forward():
    instants = times("2024-03-08 15:00", periods=96, freq="h", tz="America/New_York")
    local = pd.DatetimeIndex(instants.view("datetime64[us]"), tz="UTC").tz_convert("America/New_York")
    last = session_last(instants, HOUR, "16:00 America/New_York")
    assert set(local[last].hour) == {15}
    assert last.sum() == 5


def test_no_bars_have_no_last():
    assert len(session_last(np.empty(0, np.int64), HOUR, "16:00 UTC")) == 0


@pytest.mark.parametrize(
    "text", ["", "15:30", "25:00 UTC", "noon UTC", "15:30 Asia/Kalkutta2", "15:30+01:00 UTC"]
)
def test_a_cutoff_that_is_not_understood_is_refused(text):
    with pytest.raises(SessionError):
        Cutoff.parse(text)


def test_a_misspelt_zone_gets_a_suggestion():
    with pytest.raises(SessionError, match='"Asia/Kolkatta": not a time zone; did you mean "Asia/Kolkata"'):
        Cutoff.parse("15:30 Asia/Kolkatta")
