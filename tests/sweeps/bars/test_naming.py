from pathlib import Path

import pytest

from sweeps.bars.naming import name_parts


@pytest.mark.parametrize(
    ("name", "symbol", "timeframe"),
    [
        ("AAPL.csv", "AAPL", None),
        ("AAPL.csv.gz", "AAPL", None),
        ("AAPL_1d.parquet", "AAPL", "1d"),
        ("BTCUSDT-1h-2024-01.csv", "BTCUSDT", "1h"),
        ("BTCUSDT-60m-2024-01-31.csv", "BTCUSDT", "1h"),
        ("BTCUSDT-4H.csv", "BTCUSDT", "4h"),
        ("BTCUSDT-1M-2024.csv", "BTCUSDT-1M", None),
        ("BRK-B.csv", "BRK-B", None),
        ("BRK-B-2024-01.csv", "BRK-B", None),
        ("EURUSD=X.csv", "EURUSD=X", None),
        ("^GSPC 1w.csv", "^GSPC", "1w"),
        ("2024.csv", "2024", None),
        ("3M.csv", "3M", None),
        ("AAPL-0m.csv", "AAPL-0m", None),
        ("BF.B.csv", "BF.B", None),
    ],
)
def test_a_files_name_tells_its_symbol_and_timeframe(name, symbol, timeframe):
    assert name_parts(Path("some/folder") / name) == (symbol, timeframe)
