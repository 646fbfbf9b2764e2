"""Made bars in files, as a user brings them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

import sweeplake as sl
from sweeplake.lake import Lake

START = "2004-01-01"


def made_bars(count: int, seed: int = 0, start: str = START) -> pd.DataFrame:
    """Return a random walk of daily bars that trends and gaps."""
    random = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(random.normal(0.0004, 0.02, count)))
    opened = np.concatenate(([100.0], close[:-1])) * np.exp(random.normal(0.0, 0.004, count))
    reach = close * random.uniform(0.0, 0.012, count)
    return pd.DataFrame(
        {
            "time": pd.date_range(start, periods=count, freq="D", tz="UTC"),
            "open": opened,
            "high": np.maximum(opened, close) + reach,
            "low": np.minimum(opened, close) - reach,
            "close": close,
            "volume": random.integers(1_000, 9_000, count),
        }
    )


def made_lake(folder: Path, symbols: Mapping[str, int], start: str = START) -> Lake:
    """Ingest made bars, so many per symbol, from CSV files into a new lake."""
    lake = sl.open(str(folder / "lake"))
    for seed, (symbol, count) in enumerate(symbols.items()):
        file = folder / f"bars-{seed}.csv"
        made_bars(count, seed, start).to_csv(file, index=False)
        sl.ingest([file], lake=lake, symbol=symbol)
    return lake
