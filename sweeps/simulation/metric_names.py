"""The metrics of a run, by name and in order. Without numba, so that reading the names is cheap."""

from typing import Final, NamedTuple


class Metrics(NamedTuple):
    """One run's metrics. All are floats, fractions unless the name says otherwise; NaN is undefined."""

    total_return: float
    cagr: float
    volatility: float
    sharpe: float
    sortino: float
    calmar: float
    omega: float
    max_drawdown: float
    num_trades: float
    win_rate: float
    profit_factor: float
    expectancy: float
    expectancy_cash: float
    avg_win: float
    avg_loss: float
    best_trade: float
    worst_trade: float
    avg_bars_held: float
    exposure: float
    turnover: float
    total_fees: float
    final_equity: float
    buy_hold_return: float
    excess_return: float
    beats_buy_hold: float
    skew: float
    kurtosis: float
    sqn: float
    kelly: float
    ruined: float
    skipped_entries: float


METRIC_NAMES: Final = Metrics._fields
"""The columns of `Outcome.metrics`, in order."""

N_METRICS: Final = len(METRIC_NAMES)
