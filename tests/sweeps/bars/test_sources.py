import gzip
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sweeps.bars.errors import UnknownSourceError
from sweeps.bars.sources.detect import detect, require_source

KLINES = """\
1704067200000,42283.58,42554.57,42261.02,42475.23,1271.68,1704070799999,53957248.9,47134,682.57,28957416.8,0
1704070800000,42475.23,42775.00,42431.65,42613.56,1196.37,1704074399999,50984044.1,50396,639.43,27253131.5,0
1704074400000000,42613.57,42638.41,42500.00,42581.10,685.21,1704077999999999,29170000.5,29000,341.1,14523000.2,0
"""
ONE_TICKER = """\
Price,Adj Close,Close,High,Low,Open,Volume
Ticker,AAPL,AAPL,AAPL,AAPL,AAPL,AAPL
Date,,,,,,
2024-01-02,92.5,185.0,188.4,183.8,187.1,82488700
2024-01-03,92.0,184.0,185.8,183.4,184.2,58414500
"""
TWO_TICKERS = """\
Price,Close,Close,High,High,Low,Low,Open,Open,Volume,Volume
Ticker,AAPL,MSFT,AAPL,MSFT,AAPL,MSFT,AAPL,MSFT,AAPL,MSFT
Date,,,,,,,,,,
2024-01-02,185,,188,,183,,187,,82488700,
2024-01-03,184,370,185.8,373,183.4,368,184.2,369,58414500,23083500
2024-01-04,182,368,183,373,180,367,182,370,71983600,20901500
"""
BY_TICKER = """\
Ticker,AAPL,AAPL,AAPL,AAPL,AAPL
Price,Open,High,Low,Close,Volume
Date,,,,,
2024-01-02,187,188,183,185,82488700
2024-01-03,184.2,185.8,183.4,184,58414500
"""
HISTORY = """\
Date,Open,High,Low,Close,Volume,Dividends,Stock Splits
2024-01-02 00:00:00-05:00,187,188,183,185,82488700,0.0,0.0
2024-01-03 00:00:00-05:00,184.2,185.8,183.4,184,58414500,0.24,0.0
"""


def only(reading):
    assert reading.problems == ()
    assert len(reading.bars) == 1
    return reading.bars[0]


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (KLINES, "binance"),
        (ONE_TICKER, "yfinance"),
        (TWO_TICKERS, "yfinance"),
        (BY_TICKER, "yfinance"),
        (HISTORY, "yfinance"),
        ("Date,Open,High,Low,Close,Volume\n2024-01-02,1,1,1,1,1\n", "csv"),
        ("", "csv"),
    ],
)
def test_the_source_is_told_by_content(write, text, source):
    assert detect(write(text, "any.csv")) == source


def test_parquet_is_told_by_its_magic_whatever_the_name(tmp_path):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "bars.csv")
    assert detect(tmp_path / "bars.csv") == "parquet"


def test_a_misspelt_source_is_refused():
    with pytest.raises(UnknownSourceError, match='unknown source "binanse"; did you mean "binance"'):
        require_source("binanse")


@pytest.mark.parametrize(
    "header",
    [
        "Date,Open,High,Low,Close,Volume",
        "timestamp,o,h,l,c,v",
        "  DATETIME , OPEN , HIGH , LOW , CLOSE , VOL ",
        "open_time,open,high,low,close,volume",
        "<DATE>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>",
        ",Open,High,Low,Close,Volume",
    ],
)
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_headers_go_by_many_names(write, read, header, mark):
    text = f"{header}\n2024-01-02,10,11,9,10.5,7\n2024-01-03,11,12,10,11.5,8\n".replace(",", mark)
    bars = only(read(write(text)))
    assert (bars.symbol, bars.timeframe, bars.extra) == ("AAPL", "1d", {})
    assert [bars[name][0] for name in ("open", "high", "low", "close", "volume")] == [10, 11, 9, 10.5, 7]


def test_a_date_and_a_clock_in_two_columns_are_joined(write, read):
    bars = only(
        read(write("date,time,o,h,l,c,v\n2024.01.02,09:15,1,1,1,1,1\n2024.01.02,09:20:00,1,1,1,1,1\n"))
    )
    assert bars.opens_at(0) == datetime(2024, 1, 2, 9, 15, tzinfo=UTC)
    assert bars.timeframe == "5m"


def test_further_numbers_are_kept_and_text_is_left_out(write, read):
    text = (
        "date,open,high,low,close,volume,Open Interest,note,empty,fingerprint\n"
        "2024-01-02,1,1,1,1,1,5,calm,,9\n2024-01-03,1,1,1,1,1,,7,,9\n2024-01-04,1,1,1,1,1,6,wild,,9\n"
    )
    reading = read(write(text))
    bars = only(reading)
    assert bars.extra.keys() == {"open_interest"}
    np.testing.assert_array_equal(bars["open_interest"], [5, np.nan, 6])
    assert reading.ignored == ("empty", "fingerprint", "note")


def test_windows_line_ends_byte_order_mark_quotes_and_gzip_are_read(tmp_path, read):
    lines = (
        '"Date","Open","High","Low","Close","Volume"',
        '"2024-01-02","1","1","1","1","1"',
        "2024-01-03,1,1,1,1,1",
    )
    text = "\r\n".join(lines) + "\r\n"
    path = tmp_path / "AAPL.csv.gz"
    path.write_bytes(gzip.compress(text.encode("utf-8-sig")))
    bars = only(read(path))
    assert (bars.symbol, len(bars)) == ("AAPL", 2)


def test_a_symbol_column_parts_the_file(write, read):
    text = (
        "date,symbol,open,high,low,close,volume,beta\n2024-01-02,IBM,1,1,1,1,1,\n2024-01-02,MSFT,2,2,2,2,2,3\n"
        "2024-01-03,IBM,3,3,3,3,3,\n2024-01-03,MSFT,4,4,4,4,4,5\n"
    )
    ibm, msft = read(write(text)).bars
    assert (ibm.symbol, ibm.close.tolist(), ibm.extra) == ("IBM", [1, 3], {})
    assert (msft.symbol, msft.close.tolist(), msft["beta"].tolist()) == ("MSFT", [2, 4], [3, 5])
    assert only(read(write(text), symbol="MSFT")).close.tolist() == [2, 4]
    assert "--symbol" in str(read(write(text), symbol="SPY").problems[0])


def test_a_named_symbol_and_timeframe_win(write, read):
    bars = only(
        read(
            write(KLINES, "any.csv"),
            symbol="BTC/USDT",
            timeframe="60m",
        )
    )
    assert (bars.symbol, bars.timeframe) == ("BTC/USDT", "1h")


def test_klines_in_milliseconds_and_microseconds(write, read):
    bars = only(read(write(KLINES, "BTCUSDT-1h-2024-01.csv")))
    assert (bars.symbol, bars.timeframe, bars.periods_per_year) == ("BTCUSDT", "1h", 252 * 3)
    assert [bars.opens_at(at).hour for at in range(3)] == [0, 1, 2]
    assert bars.close.tolist() == [42475.23, 42613.56, 42581.10]
    assert sorted(bars.extra) == ["quote_volume", "taker_buy_quote_volume", "taker_buy_volume", "trades"]


def test_klines_with_a_header(write, read):
    header = (
        "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
        "taker_buy_volume,taker_buy_quote_volume,ignore\n"
    )
    path = write(header + KLINES, "BTCUSDT-1h.csv")
    assert detect(path) == "binance"
    assert only(read(path))["trades"].tolist() == [47134, 50396, 29000]


def test_a_generic_file_is_no_kline_file(days, read):
    assert "choose another --source" in str(read(days(), source="binance").problems[0])


def test_yfinance_of_one_ticker_is_raw_beside_its_adjusted_close(write, read):
    bars = only(read(write(ONE_TICKER, "download.csv")))
    assert (bars.symbol, bars.adjusted, bars["adj_close"].tolist()) == ("AAPL", False, [92.5, 92.0])
    assert bars.open.tolist() == [187.1, 184.2]


def test_raw_prices_are_adjusted_when_asked(write, read):
    bars = only(read(write(ONE_TICKER, "download.csv"), adjusted=True))
    assert (bars.adjusted, bars.extra) == (True, {})
    assert bars.close.tolist() == [92.5, 92.0]
    np.testing.assert_allclose(bars.open, [187.1 / 2, 184.2 / 2])
    assert bars.volume.tolist() == [82488700, 58414500]


def test_an_adjusted_close_that_cannot_scale_is_a_problem(write, read):
    reading = read(write(ONE_TICKER.replace("92.0", "0"), "download.csv"), adjusted=True)
    assert [str(problem).split("/")[-1] for problem in reading.problems] == [
        "download.csv:5: adj_close: needs a price above 0 to adjust by"
    ]


def test_yfinance_of_two_tickers_has_each_on_its_own_days(write, read):
    aapl, msft = read(write(TWO_TICKERS, "download.csv")).bars
    assert (aapl.symbol, len(aapl), aapl.adjusted) == ("AAPL", 3, True)
    assert (msft.symbol, msft.close.tolist(), msft.high.tolist()) == ("MSFT", [370, 368], [373, 373])


def test_a_hole_in_one_of_two_tickers_keeps_its_line_number(write, read):
    reading = read(write(TWO_TICKERS.replace("71983600,20901500", "71983600,"), "download.csv"))
    assert [str(problem).split("/")[-1] for problem in reading.problems] == [
        "download.csv:6: volume: no value (NaN)"
    ]


def test_yfinance_grouped_by_ticker(write, read):
    bars = only(read(write(BY_TICKER, "download.csv")))
    assert (bars.symbol, bars.close.tolist()) == ("AAPL", [185, 184])


def test_a_yfinance_history(write, read):
    bars = only(read(write(HISTORY)))
    assert (bars.symbol, bars.adjusted, bars["dividends"].tolist()) == ("AAPL", True, [0, 0.24])
    assert bars.opens_at(0) == datetime(2024, 1, 2, 5, tzinfo=UTC)


def test_parquet_of_a_pandas_frame_with_a_time_index(tmp_path, read):
    index = pd.date_range("2024-01-02", periods=3, freq="D", name="Date")
    frame = pd.DataFrame({"Open": 1.0, "High": 1.0, "Low": 1.0, "Close": 1, "Volume": [1, 2, 3]}, index=index)
    for name in ("Date", None):
        frame.rename_axis(name).to_parquet(tmp_path / "IBM-1d.parquet")
        bars = only(read(tmp_path / "IBM-1d.parquet"))
        assert (bars.symbol, bars.timeframe, bars.volume.tolist()) == ("IBM", "1d", [1, 2, 3])
        assert bars.opens_at(0) == datetime(2024, 1, 2, tzinfo=UTC)


def test_parquet_problems_name_the_row(tmp_path, read):
    columns = {name: [1.0, None, 1.0] for name in ("open", "high", "low", "close", "volume")}
    times = pa.array([1, 2, None], pa.timestamp("ns"))
    pq.write_table(pa.table({"time": times, **columns}), tmp_path / "IBM.parquet")
    shown = [str(problem).split("/")[-1] for problem in read(tmp_path / "IBM.parquet").problems]
    assert "IBM.parquet:2: close: no value (NaN)" in shown
    assert "IBM.parquet:3: time: no time" in shown


def test_the_zone_is_the_sessions(write, read):
    path = write(
        "t,o,h,l,c,v\n".replace("t", "time") + "2024-01-02 09:15,1,1,1,1,1\n2024-01-02 09:16,1,1,1,1,1\n"
    )
    bars = only(read(path, tz="Asia/Kolkata"))
    assert bars.session_tz == "Asia/Kolkata"
    assert bars.opens_at(0) == datetime(2024, 1, 2, 3, 45, tzinfo=UTC)
