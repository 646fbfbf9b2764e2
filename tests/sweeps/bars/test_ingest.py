import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import pytest

from lake.commits import CommitConflictError
from lake.errors import LakeUnwritableError
from lake.lake import open_lake
from lake.maintenance import fenced
from sweeps.bars.errors import BarsInvalidError, MixedBarsError, NoBarsError, ResampleError
from sweeps.bars.frame import Bars
from sweeps.bars.gaps import find_gaps
from sweeps.bars.ingest import ingest_files
from sweeps.bars.store import available, find_bars, load_bars
from sweeps.spec.errors import TimeframeError

DAY = 86_400_000_000


def version(lake) -> int:
    return lake.snapshot(["bars"])["bars"].version


def load(lake, symbol="AAPL", timeframe="1d", **more) -> Bars:
    return load_bars(lake.snapshot(["bars"]), symbol, timeframe, **more)


def test_bars_come_back_as_they_went_in(lake, write):
    text = "date,open,high,low,close,volume,oi\n2024-01-02,1,2,0.5,1.5,7,\n2024-01-03,1.1,2.1,0.6,1.6,8,9\n"
    (report,) = ingest_files(lake, [write(text)])
    bars = load(lake)
    assert (report.symbol, report.timeframe, report.bars, report.added, report.unchanged) == (
        "AAPL",
        "1d",
        2,
        2,
        False,
    )
    assert (report.first, report.last) == (datetime(2024, 1, 2, tzinfo=UTC), datetime(2024, 1, 3, tzinfo=UTC))
    assert report.fingerprint == bars.fingerprint()
    assert bars.close.tolist() == [1.5, 1.6]
    np.testing.assert_array_equal(bars["oi"], [np.nan, 9])
    assert (bars.session_tz, bars.periods_per_year, bars.adjusted) == ("UTC", 252, False)


def test_the_same_file_again_commits_nothing(lake, days):
    ingest_files(lake, [days()])
    before = version(lake)
    (report,) = ingest_files(lake, [days()])
    assert version(lake) == before
    assert (report.unchanged, report.added, report.changed, report.bars) == (True, 0, 0, 6)


def test_bars_that_were_corrected_do_not_come_back_by_maintenance_that_was_planned_before(lake, days):
    ingest_files(lake, [days()])
    planned = fenced(lake, "bars")
    ingest_files(lake, [days({3: "2024-01-03,10,11,9,10.75,3"})])
    with pytest.raises(CommitConflictError):
        planned.commit([], planned.snapshot.files)
    assert len(load(lake)) == 6


def test_corrected_bars_win_and_have_a_new_fingerprint(lake, days):
    (first,) = ingest_files(lake, [days()])
    (second,) = ingest_files(lake, [days({3: "2024-01-03,10,11,9,10.75,3"})])
    assert (second.added, second.changed, second.bars, second.unchanged) == (0, 1, 6, False)
    assert second.fingerprint != first.fingerprint
    assert load(lake).close.tolist() == [10.5, 10.75, 10.5, 10.5, 10.5, 10.5]
    assert lake.snapshot(["bars"])["bars"].files[0].rows == 6


def test_later_bars_are_appended(lake, days, write):
    ingest_files(lake, [days()])
    path = write("date,open,high,low,close,volume\n2024-01-08,10,11,9,10.5,1\n2024-01-09,10,11,9,10.5,1\n")
    (report,) = ingest_files(lake, [path])
    assert (report.added, report.changed, report.bars) == (2, 0, 8)


def test_months_in_several_files_are_one_symbol_and_one_commit(lake, write):
    head = "date,open,high,low,close,volume\n"
    paths = [
        write(
            f"{head}2024-0{month}-02,1,1,1,1,{month}\n2024-0{month}-03,1,1,1,1,1\n",
            f"IBM-1d-2024-0{month}.csv",
        )
        for month in (1, 2, 3)
    ]
    (report,) = ingest_files(lake, paths)
    assert (report.symbol, report.timeframe, report.bars) == ("IBM", "1d", 6)
    assert version(lake) == 1


def test_the_demo_brings_four_adjusted_stocks(lake):
    reports = ingest_files(lake, source="demo")
    assert [(report.symbol, report.bars) for report in reports] == [
        ("AAPL", 3270),
        ("IBM", 3270),
        ("MSFT", 3270),
        ("GOOG", 2148),
    ]
    bars = load(lake)
    assert (bars.adjusted, bars.periods_per_year, bars.extra, bars.timeframe) == (True, 252, {}, "1d")
    assert bars.close[0] == pytest.approx(4.186662803811, rel=1e-12)
    assert find_gaps(bars).after == datetime(2001, 9, 10, tzinfo=UTC)
    assert [report.bars for report in ingest_files(lake, ["FB"], source="demo")] == [196]


def test_a_demo_stock_that_is_not_there_is_refused(lake):
    with pytest.raises(BarsInvalidError, match='no such stock; did you mean "MSFT"'):
        ingest_files(lake, ["MSTF"], source="demo")


def test_a_coarser_timeframe_is_made_from_all_finer_bars(lake, write):
    head = "date,open,high,low,close,volume\n"
    early = [f"2024-01-{day:02},10,11,9,10.5,1" for day in (1, 2, 3, 4, 5, 8, 9)]
    late = [f"2024-01-{day:02},10,12,9,10.5,1" for day in (10, 11, 12, 15, 16)]
    daily, weekly = ingest_files(lake, [write(head + "\n".join(early) + "\n")], resample_to="1w")
    assert (daily.bars, weekly.timeframe, weekly.bars) == (7, "1w", 1)
    daily, weekly = ingest_files(lake, [write(head + "\n".join(late) + "\n")], resample_to="7d")
    assert (daily.bars, weekly.bars, weekly.added) == (12, 2, 1)
    assert load(lake, timeframe="1w").volume.tolist() == [5, 5]
    assert load(lake, timeframe="1w").high.tolist() == [11, 12]


def test_what_cannot_be_resampled_leaves_no_lake(lake, days, tmp_path):
    with pytest.raises(ResampleError):
        ingest_files(lake, [days()], resample_to="1h")
    with pytest.raises(TimeframeError):
        ingest_files(lake, [days()], timeframe="daily")
    assert not (tmp_path / "lake").exists()


def test_bars_that_do_not_fit_are_refused_until_they_replace(lake, days):
    ingest_files(lake, [days()])
    with pytest.raises(MixedBarsError, match="--replace"):
        ingest_files(lake, [days()], tz="America/New_York")
    (report,) = ingest_files(lake, [days(count=3)], tz="America/New_York", replace=True)
    assert (report.bars, report.added, report.removed) == (3, 3, 6)
    assert load(lake).session_tz == "America/New_York"


def test_a_symbol_of_any_name_is_kept(lake, days):
    for symbol in ("BTC/USDT", "ES=F", "^GSPC", "a%b", "Mü", "EUR USD"):
        ingest_files(lake, [days()], symbol=symbol)
        assert load(lake, symbol).symbol == symbol


def test_further_columns_of_one_symbol_leave_another_alone(lake, days, write):
    (before,) = ingest_files(lake, [days()])
    text = "date,open,high,low,close,volume,oi\n2024-01-02,1,2,0.5,1.5,7,1\n2024-01-03,1.1,2.1,0.6,1.6,8,9\n"
    ingest_files(lake, [write(text, "IBM.csv")])
    assert load(lake).extra == {}
    assert load(lake).fingerprint() == before.fingerprint
    assert load(lake, "IBM")["oi"].tolist() == [1, 9]


def test_what_is_read_before_an_end_does_not_change_when_later_bars_come(lake, days, write):
    end = datetime(2024, 1, 6, tzinfo=UTC)
    ingest_files(lake, [days()])
    before = load(lake, end=end)
    assert len(before) == 4
    text = "date,open,high,low,close,volume,oi\n2024-01-08,1,2,0.5,1.5,7,1\n2024-01-09,1.1,2.1,0.6,1.6,8,9\n"
    ingest_files(lake, [write(text)])
    assert load(lake, end=end).fingerprint() == before.fingerprint()
    assert "oi" in load(lake).extra


def test_a_timeframe_is_found_in_any_spelling(lake, days):
    ingest_files(lake, [days()], timeframe="24h")
    assert load(lake, timeframe="24h").timeframe == "1d"


def test_what_is_available_is_told_without_opening_files(lake, days):
    ingest_files(lake, [days(), days(name="IBM.csv")])
    first, last = datetime(2024, 1, 2, tzinfo=UTC), datetime(2024, 1, 7, tzinfo=UTC)
    assert available(lake.snapshot(["bars"])) == [
        ("AAPL", "1d", first, last, 6),
        ("IBM", "1d", first, last, 6),
    ]


def test_absent_bars_are_refused_with_what_there_is(lake, days):
    assert find_bars(lake.snapshot(["bars"]), "AAPL", "1d") is None
    with pytest.raises(NoBarsError, match="there are no bars at all"):
        load(lake)
    ingest_files(lake, [days(), days(name="IBM.csv")])
    with pytest.raises(NoBarsError) as caught:
        load(lake, "AAPPL", "60m")
    assert str(caught.value) == (
        'no bars of AAPPL at 1h in the lake; did you mean "AAPL"? there is AAPL 1d, IBM 1d; '
        "bring them in with `sweeplake ingest FILE`"
    )
    with pytest.raises(NoBarsError, match="no bars of AAPL at 1d"):
        load(lake, end=datetime(2000, 1, 1, tzinfo=UTC))


def daily_file(write, part: int):
    rows = "\n".join(f"{(100 * part + at) * 86_400 + 10**9},10,11,9,10.5,{part}" for at in range(20))
    return write(f"time,open,high,low,close,volume\n{rows}\n", f"AAPL-1d-{2000 + part}.csv")


def test_ingests_at_the_same_time_lose_and_double_nothing(tmp_path, write):
    """Also the very first ones, when the table is not there and there is nothing to remove."""
    paths = [daily_file(write, part) for part in range(6)]
    for attempt in range(3):
        url = str(tmp_path / f"lake{attempt}")
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda path, url=url: ingest_files(open_lake(url), [path]), paths))
        bars = load(open_lake(url))
        assert np.unique(bars.time).size == len(bars) == 120
        assert np.bincount(bars.volume.astype(int)).tolist() == [20] * 6


def test_ingests_of_several_processes_lose_and_double_nothing(tmp_path, write):
    script = (
        "import sys; from lake.lake import open_lake; from sweeps.bars.ingest import ingest_files\n"
        "for path in sys.argv[2:]: ingest_files(open_lake(sys.argv[1]), [path])"
    )
    url = str(tmp_path / "lake")
    paths = [daily_file(write, part) for part in range(6)]
    started = [
        subprocess.Popen([sys.executable, "-c", script, url, *map(str, paths[first::2])])
        for first in range(2)
    ]
    assert [process.wait(60) for process in started] == [0, 0]
    assert np.bincount(load(open_lake(url)).volume.astype(int)).tolist() == [20] * 6


def test_a_lake_that_cannot_be_written_is_refused_as_such(days, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LakeUnwritableError):
        ingest_files(open_lake(str(tmp_path / "file" / "lake")), [days()])
