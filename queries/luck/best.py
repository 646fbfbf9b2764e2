"""The best run of each symbol, and the best settings over all, with the shape of their bar returns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from queries.catalog import Catalog
from queries.winners import winners


@dataclass(frozen=True)
class Best:
    """What has the highest Sharpe ratio.

    Attributes:
        run_ids: The run; one a symbol of settings over several.
        sharpe: Sharpe ratio of its bar returns, not annualised.
        skew: Their skewness.
        kurtosis: Their kurtosis, raw.
        n_bars: Bars of its window.
        periods_per_year: Bars a year.
    """

    run_ids: tuple[str, ...]
    sharpe: float
    skew: float | None
    kurtosis: float | None
    n_bars: int
    periods_per_year: float


_RUNS = """
    select
        run_id, symbol, n_bars, periods_per_year, skew, kurtosis,
        sharpe / sqrt(periods_per_year) as bar_sharpe
    from metrics
    where sweep_id = $1 and role = 'full' and run_id in (select unnest($2))
"""
_BEST_SETTINGS = """
    select setting_hash, bar_sharpe from pooled_trials($2, sweep := $1)
    where bar_sharpe is not null
    order by round(bar_sharpe, 12) desc, setting_hash limit 1
"""
_PARTS = """
    select run_id, n_bars, periods_per_year, bar_mean, bar_std, skew, kurtosis
    from trial_runs(sweep := $1)
    where setting_hash = $2 and list_contains($3, symbol)
    order by symbol
"""


def best_by_symbol(catalog: Catalog, sweep_id: str) -> dict[str, Best]:
    """Return the best run of each symbol of a sweep by symbol, role full; ties by run_id."""
    chosen = winners(catalog, sweep_id, n=1, per=("symbol",))["run_id"].to_pylist()
    rows = catalog.rows(_RUNS, [sweep_id, chosen])
    return {
        row["symbol"]: Best(
            (row["run_id"],),
            row["bar_sharpe"],
            row["skew"],
            row["kurtosis"],
            row["n_bars"],
            row["periods_per_year"],
        )
        for row in sorted(rows, key=lambda row: row["symbol"])
        if row["n_bars"] is not None
    }


def best_overall(catalog: Catalog, sweep_id: str, symbols: Sequence[str]) -> Best | None:
    """Return the best settings over some symbols, as `pooled_trials` has them; None if none have a ratio.

    The bars of all symbols count as one window's, as if all moved together: the cautious end.
    """
    found = catalog.tuples(_BEST_SETTINGS, [sweep_id, list(symbols)])
    if not found:
        return None
    hashed, sharpe = found[0]
    rows = catalog.rows(_PARTS, [sweep_id, hashed, list(symbols)])
    skew, kurtosis = pooled_shape(rows)
    run_ids = tuple(row["run_id"] for row in rows)
    return Best(run_ids, sharpe, skew, kurtosis, rows[0]["n_bars"], rows[0]["periods_per_year"])


def pooled_shape(parts: Sequence[Mapping[str, Any]]) -> tuple[float | None, float | None]:
    """Return skewness and raw kurtosis of the bar returns of several runs taken together, from those of each.

    The moments of each part about the common mean, by the binomial formula; parts have equally many bars.

    Args:
        parts: Of each `bar_mean`, `bar_std` (ddof 1), `skew`, `kurtosis` and `n_bars`; one that never trades
            has no shape, and returns of 0.

    Returns:
        None if together they do not vary, or if the shape of one that varies is not known.
    """
    mean, std = (np.array([part[name] for part in parts]) for name in ("bar_mean", "bar_std"))
    skew, kurtosis = (
        np.array([0.0 if part["bar_std"] == 0.0 else part[name] for part in parts], np.float64)
        for name in ("skew", "kurtosis")
    )
    bars = np.array([part["n_bars"] for part in parts])
    off, variance = mean - mean.mean(), std**2 * (1.0 - 1.0 / bars)
    second = (variance + off**2).mean()
    third = (skew * variance**1.5 + 3.0 * off * variance + off**3).mean()
    fourth = kurtosis * variance**2 + 4.0 * off * skew * variance**1.5 + 6.0 * off**2 * variance + off**4
    if not second > 0.0 or np.isnan(third) or np.isnan(fourth).any():
        return None, None
    return float(third / second**1.5), float(fourth.mean() / second**2)
