import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.bars.errors import ResampleError
from sweeps.bars.resample import resample

MINUTE = 60_000_000
HOUR, DAY = 60 * MINUTE, 1440 * MINUTE
START = 1_710_000_000_000_000 // DAY * DAY  # 2024-03-09, a Saturday; clocks change in New York on the 10th
RULES = {"1h": "1h", "4h": "4h", "1d": "1D", "1w": "W-MON"}
HOW = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum", "oi": "last"}


def by_pandas(bars, timeframe, tz):
    """Resample with pandas, empty buckets dropped, the last bucket kept."""
    index = pd.DatetimeIndex(bars.time.view("datetime64[us]"), tz="UTC").tz_convert(tz)
    frame = pd.DataFrame({name: bars[name] for name in HOW}, index=index)
    found = frame.resample(RULES[timeframe], closed="left", label="left").agg(HOW)
    return found[frame["open"].resample(RULES[timeframe], closed="left", label="left").count() > 0]


@given(
    slots=st.sets(st.integers(0, 3 * 7 * 96), min_size=1, max_size=200),
    timeframe=st.sampled_from(sorted(RULES)),
    tz=st.sampled_from(["UTC", "Asia/Kolkata", "America/Phoenix"]),
)
def test_resampling_equals_pandas_up_to_the_last_bucket(make_bars, slots, timeframe, tz):
    time = START + np.array(sorted(slots)) * 15 * MINUTE
    oi = np.arange(len(time), dtype=float)
    bars = make_bars(time, timeframe="15m", session_tz=tz, extra={"oi": oi})
    ours, theirs = resample(bars, timeframe), by_pandas(bars, timeframe, tz)
    assert len(ours) in {len(theirs), len(theirs) - 1}
    theirs = theirs.iloc[: len(ours)]
    assert ours.time.tolist() == theirs.index.tz_convert("UTC").as_unit("us").asi8.tolist()
    for name in HOW:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-12)
    assert ours.timeframe == timeframe


@pytest.mark.parametrize("month", ["2024-03", "2024-11"])
@pytest.mark.parametrize("timeframe", ["1d", "1w"])
def test_days_are_local_days_when_clocks_change(make_bars, month, timeframe):
    index = pd.date_range(f"{month}-01", periods=24 * 21, freq="h", tz="America/New_York")
    time = index.tz_convert("UTC").as_unit("us").asi8
    oi = np.arange(len(time), dtype=float)
    bars = make_bars(time, timeframe="1h", session_tz="America/New_York", extra={"oi": oi})
    ours, theirs = resample(bars, timeframe), by_pandas(bars, timeframe, "America/New_York")
    assert ours.time.tolist() == theirs.index.tz_convert("UTC").as_unit("us").asi8.tolist()[: len(ours)]
    np.testing.assert_allclose(ours.volume, theirs["volume"].iloc[: len(ours)])


def test_an_hour_that_the_clock_shows_twice_stays_in_one_four_hour_bar(make_bars):
    index = pd.date_range("2024-11-03 00:00", "2024-11-03 11:30", freq="30min", tz="America/New_York")
    bars = make_bars(
        index.tz_convert("UTC").as_unit("us").asi8, timeframe="30m", session_tz="America/New_York"
    )
    local = pd.DatetimeIndex(resample(bars, "4h").time.view("datetime64[us]"), tz="UTC").tz_convert(
        "America/New_York"
    )
    assert [str(stamp) for stamp in local] == [
        "2024-11-03 00:00:00-04:00",
        "2024-11-03 04:00:00-05:00",
        "2024-11-03 08:00:00-05:00",
    ]


@given(
    slots=st.sets(st.integers(0, 500), min_size=1, max_size=60),
    timeframe=st.sampled_from(["30m", "1h", "2h", "6h", "1d", "2d"]),
    tz=st.sampled_from(["UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]),
)
def test_resampled_bars_ascend_and_keep_volume(make_bars, slots, timeframe, tz):
    time = START + np.array(sorted(slots)) * 15 * MINUTE
    bars = make_bars(time, timeframe="15m", session_tz=tz)
    coarse = resample(bars, timeframe)
    assert (np.diff(coarse.time) > 0).all()
    assert coarse.volume.sum() in {bars.volume[:stop].sum() for stop in range(len(bars) + 1)}


def test_a_last_bucket_that_is_not_full_is_dropped(make_bars):
    hours = make_bars(START + np.arange(8) * HOUR, timeframe="1h")
    assert len(resample(hours, "4h")) == 2
    assert len(resample(hours.cut(7), "4h")) == 1
    assert len(resample(hours.cut(3), "4h")) == 0


def test_a_week_that_ends_on_friday_like_the_others_is_kept(make_bars):
    days = pd.date_range("2024-01-01", periods=15, freq="B", tz="UTC").as_unit("us").asi8
    assert len(resample(make_bars(days), "1w")) == 3
    assert len(resample(make_bars(days[:-1]), "1w")) == 2
    assert resample(make_bars(days), "1w").periods_per_year == 52


def test_a_day_that_ends_at_the_closing_bell_is_kept(make_bars):
    days = pd.date_range("2024-01-01", periods=5, freq="B", tz="America/New_York")
    time = np.concatenate(
        [(day + pd.Timedelta("9h30min")).value // 1000 + np.arange(13) * 30 * MINUTE for day in days]
    )
    bars = make_bars(time, timeframe="30m", session_tz="America/New_York")
    daily = resample(bars, "1d")
    assert daily.time.tolist() == [day.value // 1000 for day in days]
    assert daily.periods_per_year == 252
    assert len(resample(bars.cut(len(bars) - 1), "1d")) == 4


def test_no_bars_resample_to_none(make_bars):
    assert len(resample(make_bars([], timeframe="1h", extra={"oi": []}), "1d")) == 0


@pytest.mark.parametrize(
    ("source", "target", "reason"),
    [
        ("1d", "1h", "must be coarser"),
        ("1d", "1d", "must be coarser"),
        ("60m", "1h", "must be coarser"),
        ("1h", "90m", "90m is no multiple of 1h"),
        ("1h", "7h", "must divide the day"),
        ("1h", "36h", "must be whole days"),
    ],
)
def test_a_timeframe_that_does_not_fit_is_refused(make_bars, source, target, reason):
    with pytest.raises(ResampleError, match=reason):
        resample(make_bars([0], timeframe=source), target)
