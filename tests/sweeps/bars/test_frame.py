import pickle
from datetime import UTC, datetime

import numpy as np
import pytest

DAY = 86_400_000_000
TIMES = np.arange(5) * DAY


def test_every_column_is_found_by_its_name(make_bars):
    bars = make_bars(TIMES, extra={"oi": np.arange(5.0)})
    assert bars["close"] is bars.close
    assert bars["time"] is bars.time
    assert bars["oi"].tolist() == [0, 1, 2, 3, 4]


def test_an_unknown_column_lists_what_there_is(make_bars):
    with pytest.raises(KeyError, match='no column "oi"; there is time, open, high, low, close, volume'):
        make_bars(TIMES)["oi"]


def test_arrays_cannot_be_written_even_after_pickling(make_bars):
    bars = make_bars(TIMES, extra={"oi": np.arange(5.0)})
    again = pickle.loads(pickle.dumps(bars))  # noqa: S301
    for copy in (bars, again, bars.cut(3)):
        for name in ("time", "open", "volume", "oi"):
            with pytest.raises(ValueError, match="read-only"):
                copy[name][0] = 1
    assert again.fingerprint() == bars.fingerprint()
    assert again.extra.keys() == {"oi"}


def test_the_array_that_made_bars_stays_writable(make_bars):
    closes = np.full(5, 20.0)
    make_bars(TIMES, close=closes)
    closes[0] = 30.0


def test_a_cut_has_the_first_bars_of_every_column(make_bars):
    bars = make_bars(TIMES, extra={"oi": np.arange(5.0)}).cut(2)
    assert len(bars) == 2
    assert len(bars["oi"]) == 2
    assert bars.time.tolist() == [0, DAY]


def test_the_first_bar_at_or_after_a_time(make_bars):
    bars = make_bars(TIMES)
    assert bars.first_at_or_after(datetime(1969, 1, 1, tzinfo=UTC)) == 0
    assert bars.first_at_or_after(datetime(1970, 1, 2, tzinfo=UTC)) == 1
    assert bars.first_at_or_after(datetime(1970, 1, 2, microsecond=1, tzinfo=UTC)) == 2
    assert bars.first_at_or_after(datetime(1980, 1, 1, tzinfo=UTC)) == 5


def test_the_fingerprint_is_the_same_everywhere(make_bars):
    bars = make_bars([0], open=[1.0], high=[2.0], low=[0.5], close=[1.5], volume=[0.0])
    assert (
        bars.fingerprint()
        == make_bars([0], open=[1.0], high=[2.0], low=[0.5], close=[1.5], volume=[-0.0]).fingerprint()
    )
    assert bars.fingerprint() == "cd1985d8638c176ecd651cd52fdfd083"


def test_every_nan_is_one_nan_in_the_fingerprint(make_bars):
    odd = np.array([0x7FF8000000000001], dtype=np.uint64).view(np.float64)
    one = make_bars([0], extra={"oi": np.array([np.nan])})
    assert make_bars([0], extra={"oi": odd}).fingerprint() == one.fingerprint()


@pytest.mark.parametrize(
    "change",
    [
        {"symbol": "IBM"},
        {"timeframe": "1w"},
        {"time": TIMES + 1},
        {"close": np.arange(5.0)},
        {"extra": {"oi": np.arange(5.0)}},
        {"extra": {"io": np.arange(5.0)}},
    ],
)
def test_whatever_a_run_reads_changes_the_fingerprint(make_bars, change):
    seen = {make_bars(TIMES).fingerprint(), make_bars(TIMES, extra={"x": np.arange(5.0)}).fingerprint()}
    assert make_bars(**({"time": TIMES} | change)).fingerprint() not in seen


def test_the_order_of_further_columns_does_not_matter(make_bars):
    a, b = np.arange(5.0), np.ones(5)
    one, other = make_bars(TIMES, extra={"a": a, "b": b}), make_bars(TIMES, extra={"b": b, "a": a})
    assert one.fingerprint() == other.fingerprint()
