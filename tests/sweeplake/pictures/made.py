"""Curves, trades, bars and days as runs have them, made by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


def curve(equity: list[float], start: str = "2024-01-01", step: str = "D") -> pd.DataFrame:
    values = np.array(equity, dtype=np.float64)
    return pd.DataFrame(
        {
            "time": pd.date_range(start, periods=len(values), freq=step, tz="UTC").as_unit("us"),
            "equity": values,
            "drawdown": 1.0 - values / np.maximum.accumulate(values) if len(values) else values,
            "position": np.zeros(len(values)),
        }
    )


def trade(number: int, side: str, pnl: float, reason: str = "signal") -> dict[str, Any]:
    entered = pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(days=2 * number)
    return {
        "trade": number,
        "side": side,
        "entry_time": entered,
        "exit_time": entered + pd.Timedelta(days=1),
        "entry_price": 100.0 + number,
        "exit_price": 100.0 + number + pnl,
        "quantity": 1.0,
        "pnl": pnl,
        "return": pnl / (100.0 + number),
        "bars_held": 1,
        "mae": -0.01,
        "mfe": 0.02,
        "exit_reason": reason,
    }


def traded(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows))


def bars(close: list[float], start: str = "2024-01-01", step: str = "D") -> pd.DataFrame:
    time = pd.date_range(start, periods=len(close), freq=step, tz="UTC").as_unit("us")
    return pd.DataFrame({"time": time, "close": np.array(close, dtype=np.float64)})


def returns(by_day: dict[str, float | None]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Days, months and years of some daily returns; a period has the sum, for a picture asks no more."""
    days = pd.DataFrame(
        {"day": pd.to_datetime(list(by_day)), "day_return": np.array(list(by_day.values()), dtype=np.float64)}
    )
    month = days["day"].dt.to_period("M").dt.to_timestamp()
    months = days.groupby(month)["day_return"].sum().rename("month_return").rename_axis("month").reset_index()
    years = days.groupby(days["day"].dt.year)["day_return"].sum().rename("year_return")
    return days, months, years.rename_axis("year").reset_index()
