from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from sweeps.bars.gaps import Gaps, find_gaps

HOUR = 3_600_000_000


def times(*args: object, **kwargs: object) -> np.ndarray:
    return np.asarray(pd.date_range(*args, **kwargs).tz_convert("UTC").as_unit("us").asi8)


def test_weekends_of_a_stock_are_no_gaps_and_holidays_are(make_bars):
    days = times("2024-01-01", periods=100, freq="B", tz="UTC")
    assert str(find_gaps(make_bars(days))) == "no gaps"
    found = find_gaps(make_bars(np.delete(days, [20, 21, 50])))
    assert found == Gaps(2, 3, timedelta(days=5), datetime(2024, 1, 26, tzinfo=UTC))
    assert str(found) == "2 gaps, 3 bars missing, the longest 5 days after 2024-01-26"


def test_every_missing_day_of_a_market_that_never_closes_is_a_gap(make_bars):
    days = times("2024-01-01", periods=100, freq="D", tz="UTC")
    found = find_gaps(make_bars(np.delete(days, [5, 6, 7])))
    assert (found.count, found.missing, found.longest) == (1, 3, timedelta(days=4))


@pytest.mark.parametrize("weeks", [1, 3, 12])
def test_hours_missing_from_a_market_that_never_closes(make_bars, weeks):
    hours = np.delete(times("2024-01-01", periods=168 * weeks, freq="h", tz="UTC"), slice(70, 75))
    found = find_gaps(make_bars(hours, timeframe="1h"))
    assert (found.count, found.missing, found.longest) == (1, 5, timedelta(hours=6))


@pytest.mark.parametrize("weeks", [2, 12])
def test_nights_and_weekends_are_no_gaps_even_across_a_change_of_clocks(make_bars, weeks):
    days = pd.date_range("2024-02-26", periods=5 * weeks, freq="B")
    sessions = [
        times(day + pd.Timedelta("9h30min"), periods=13, freq="30min", tz="America/New_York") for day in days
    ]
    instants = np.concatenate(sessions)
    fields = {"timeframe": "30m", "session_tz": "America/New_York"}
    assert find_gaps(make_bars(instants, **fields)) == Gaps()
    lacking = find_gaps(make_bars(np.delete(instants, [30, 31]), **fields))
    assert (lacking.count, lacking.missing, lacking.longest) == (1, 2, timedelta(minutes=90))


def test_a_missing_week_is_a_gap(make_bars):
    weeks = np.delete(times("2024-01-01", periods=30, freq="7D", tz="UTC"), 4)
    assert find_gaps(make_bars(weeks, timeframe="1w")).missing == 1


def test_steps_that_no_week_holds_are_counted_one_by_one(make_bars):
    steps = np.delete(times("2024-01-01", periods=30, freq="30D", tz="UTC"), [4, 5])
    assert find_gaps(make_bars(steps, timeframe="30d")).missing == 2


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_few_bars_have_no_gaps(make_bars, count):
    assert find_gaps(make_bars(np.arange(count) * 50 * HOUR, timeframe="1h")) == Gaps()
