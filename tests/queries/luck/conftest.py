"""Lakes of runs whose bar returns are given."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from lake.lake import Lake
from tests.queries.conftest import START, put_runs, put_sweep, run_rows

YEAR = 252.0
SWEEP = "20260102-luck"


def returns_rows(returns: np.ndarray, symbol: int, *, sweep: str = SWEEP, first: int = 0) -> pa.Table:
    """Metric rows of runs from their bar returns, shape (runs, bars); settings count from `first`."""
    count, bars = returns.shape
    edges = np.arange(17) * bars // 16
    mean, std = returns.mean(axis=1), returns.std(axis=1, ddof=1)
    off = returns - mean[:, None]
    with np.errstate(invalid="ignore"):
        sharpe = np.where(std > 0.0, mean / std, np.nan) * np.sqrt(YEAR)
        skew, kurtosis = ((off**k).mean(axis=1) / returns.std(axis=1) ** k for k in (3, 4))

    def blocks(values: np.ndarray) -> pa.Array:
        return pa.array(np.add.reduceat(values, edges[:-1], axis=1).tolist(), pa.list_(pa.float32()))

    columns = {
        "n_bars": pa.array([bars] * count, pa.int32()),
        "periods_per_year": [YEAR] * count,
        "period_start": pa.array([START] * count, pa.timestamp("us", "UTC")),
        "period_end": pa.array([START.replace(year=2026 + bars // 252)] * count, pa.timestamp("us", "UTC")),
        "sharpe": pa.array(sharpe, from_pandas=True),
        "volatility": std * np.sqrt(YEAR),
        "skew": pa.array(skew.astype(np.float32), from_pandas=True),
        "kurtosis": pa.array(kurtosis.astype(np.float32), from_pandas=True),
        "duration_sec": [0.001] * count,
        "block_sums": blocks(returns),
        "block_sumsqs": blocks(returns**2),
    }
    ids = [f"{symbol:016x}{first + place:016x}" for place in range(count)]
    return run_rows(sweep, ids, columns)


def put_returns(lake: Lake, by_symbol: Mapping[str, np.ndarray], sweep: str = SWEEP, first: int = 0) -> None:
    """Commit a sweep whose runs have these bar returns."""
    put_sweep(lake, sweep, "cross", status="finished", runs=sum(map(len, by_symbol.values())))
    for symbol, returns in by_symbol.items():
        rows = returns_rows(returns, ord(symbol[0]), sweep=sweep, first=first)
        put_runs(lake, "cross", symbol, rows)


def noise(seed: int, runs: int, bars: int = 640) -> np.ndarray:
    """Bar returns of runs without skill."""
    return np.random.default_rng(seed).normal(0.0, 0.01, (runs, bars))
