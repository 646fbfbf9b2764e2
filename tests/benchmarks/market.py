"""The bars of the benchmarks: made hours, 10,000 where nothing else is said."""

from pathlib import Path

import numpy as np
import pandas as pd

import sweeplake as sl
from sweeplake.lake import Lake
from sweeps.bars.frame import Bars

BARS = 10_000
HOUR_MICROS = 3_600_000_000


def market(count: int = BARS, volatility: float = 0.01) -> Bars:
    """Return a random walk; ``volatility`` is the standard deviation of a bar's return."""
    rng = np.random.default_rng(1)
    close = 100 * np.exp(np.cumsum(rng.normal(volatility / 100, volatility, count)))
    open_ = np.r_[close[0], close[:-1]] * np.exp(rng.normal(0, volatility / 10, count))
    high = np.maximum(open_, close) * np.exp(np.abs(rng.normal(0, 0.4 * volatility, count)))
    low = np.minimum(open_, close) * np.exp(-np.abs(rng.normal(0, 0.4 * volatility, count)))
    return Bars("X", "1h", np.arange(count) * HOUR_MICROS, open_, high, low, close, np.ones(count))


def market_lake(folder: Path, url: str = "") -> Lake:
    """Return a new lake with the bars, in a folder if nothing else is said."""
    bars = market()
    prices = {name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")}
    file = folder / "X.csv"
    pd.DataFrame({"time": pd.to_datetime(bars.time, unit="us", utc=True), **prices}).to_csv(file, index=False)
    lake = sl.open(url or str(folder / "lake"))
    sl.ingest([file], lake=lake, symbol="X", timeframe="1h")
    return lake
