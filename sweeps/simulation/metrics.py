"""From the sums over a curve and a ledger to the metrics of a run."""

import numpy as np
import numpy.typing as npt
from numba import njit

from sweeps.simulation.codes import FILL_CLOSE, SIZE_ALL_IN
from sweeps.simulation.loop import Tally
from sweeps.simulation.metric_names import METRIC_NAMES, Metrics
from sweeps.simulation.path import path_metrics
from sweeps.simulation.position import order_size
from sweeps.simulation.settings import Rules
from sweeps.simulation.statistics import CurveStatistics, TradeStatistics, ratio

Floats = npt.NDArray[np.float64]

TIE = 1e-12
"""Returns that differ by less are equal: a run that buys and holds does not beat itself by rounding."""

__all__ = ["METRIC_NAMES", "Metrics", "path_metrics", "run_metrics"]


@njit(error_model="numpy")
def buy_hold_return(open_: Floats, close: Floats, rules: Rules) -> float:
    """Return the return of all-in at the window's first fill, with entry costs, marked at the last close.

    NaN if the window has no such fill; 0.0 if the capital does not buy one lot.
    """
    if rules.fill != FILL_CLOSE and close.size < 2:
        return np.nan
    market_price = close[0] if rules.fill == FILL_CLOSE else open_[1]
    price = market_price * (1.0 + rules.slippage)
    quantity = order_size(price, rules.initial_capital, float(SIZE_ALL_IN), np.nan, rules)
    if quantity == 0.0:
        return 0.0
    cash = rules.initial_capital - quantity * price * (1.0 + rules.fee) - rules.fee_fixed
    final_equity: float = cash + quantity * close[-1]
    return final_equity / rules.initial_capital - 1.0


@njit(error_model="numpy")
def run_metrics(
    curve: CurveStatistics,
    ledger: TradeStatistics,
    tally: Tally,
    final_equity: float,
    buy_hold: float,
    bars: int,
    rules: Rules,
    periods_per_year: float,
) -> Metrics:
    """Return a run's metrics; formulas and their NaN rules are those of the semantics page."""
    yearly = np.sqrt(periods_per_year)
    growth = final_equity / rules.initial_capital
    total_return = growth - 1.0
    cagr = growth ** (periods_per_year / bars) - 1.0
    excess = curve.mean - rules.risk_free
    beats = 1.0 if total_return - buy_hold > TIE * max(1.0, abs(buy_hold)) else 0.0
    beats = np.nan if np.isnan(buy_hold) else beats
    ruined = 1.0 if tally.ruined else 0.0
    return Metrics(
        total_return=total_return,
        cagr=cagr,
        volatility=curve.std * yearly,
        sharpe=ratio(excess, curve.std) * yearly,
        sortino=ratio(excess, curve.downside) * yearly,
        calmar=ratio(cagr, curve.max_drawdown),
        omega=ratio(curve.gains, curve.losses),
        max_drawdown=curve.max_drawdown,
        num_trades=float(tally.trades),
        win_rate=ledger.win_rate,
        profit_factor=ledger.profit_factor,
        expectancy=ledger.expectancy,
        expectancy_cash=ledger.expectancy_cash,
        avg_win=ledger.avg_win,
        avg_loss=ledger.avg_loss,
        best_trade=ledger.best,
        worst_trade=ledger.worst,
        avg_bars_held=ledger.avg_bars_held,
        exposure=ledger.bars_in_position / bars,
        turnover=ratio(ledger.notional, curve.mean_equity) * periods_per_year / bars,
        total_fees=ledger.fees,
        final_equity=final_equity,
        buy_hold_return=buy_hold,
        excess_return=total_return - buy_hold,
        beats_buy_hold=beats,
        skew=curve.skew,
        kurtosis=curve.kurtosis,
        sqn=ledger.sqn,
        kelly=ledger.kelly,
        ruined=ruined,
        skipped_entries=float(tally.skipped),
    )
