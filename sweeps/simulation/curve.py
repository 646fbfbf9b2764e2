"""Metrics of an equity curve that another backtester made."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sweeps.simulation.statistics import BLOCKS, curve_statistics, ratio

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CurveMetrics:
    """What an equity curve alone tells.

    Attributes:
        metrics: By name; NaN is undefined. Those that need trades are not among them.
        block_sums: Sums of returns in 16 blocks of equal count over the bars, shape (16,).
        block_sumsqs: Sums of squared returns in the same blocks, shape (16,).
    """

    metrics: dict[str, float]
    block_sums: Floats
    block_sumsqs: Floats


def curve_metrics(
    equity: Floats, *, initial_capital: float, risk_free_rate: float, periods_per_year: float
) -> CurveMetrics:
    """Return the metrics of an equity curve, by the formulas of the kernel.

    Args:
        equity: Account value at each close, shape (bars,), quote currency, finite.
        initial_capital: Value before the first bar, also the first peak.
        risk_free_rate: A year.
        periods_per_year: Bars a year.
    """
    bars = len(equity)
    returns, sums, sumsqs = np.empty(bars), np.empty(BLOCKS), np.empty(BLOCKS)
    risk_free = (1.0 + risk_free_rate) ** (1.0 / periods_per_year) - 1.0
    curve = curve_statistics(equity, initial_capital, risk_free, returns, sums, sumsqs)
    yearly = np.sqrt(periods_per_year)
    growth = max(float(equity[-1]) / initial_capital, 0.0)
    cagr = growth ** (periods_per_year / bars) - 1.0
    metrics = {
        "total_return": growth - 1.0,
        "cagr": cagr,
        "volatility": curve.std * yearly,
        "sharpe": ratio(curve.mean - risk_free, curve.std) * yearly,
        "sortino": ratio(curve.mean - risk_free, curve.downside) * yearly,
        "calmar": ratio(cagr, curve.max_drawdown),
        "omega": ratio(curve.gains, curve.losses),
        "max_drawdown": curve.max_drawdown,
        "final_equity": float(equity[-1]),
        "skew": curve.skew,
        "kurtosis": curve.kurtosis,
    }
    return CurveMetrics(metrics, sums, sumsqs)
