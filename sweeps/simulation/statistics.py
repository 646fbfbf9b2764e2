"""Metrics of a finished backtest, from its equity and its ledger."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sweeps.simulation.codes import END_OF_DATA, RUIN
from sweeps.simulation.ledger import (
    T_ENTRY_BAR,
    T_ENTRY_PRICE,
    T_EXIT_BAR,
    T_EXIT_PRICE,
    T_FEES,
    T_PNL,
    T_QUANTITY,
    T_REASON,
    T_RETURN,
)

Floats = npt.NDArray[np.float64]
BLOCKS = 16

TREMBLE = 1e-12
"""A spread below this share of the mean is rounding: equal values have none, and no Sharpe ratio."""


class CurveStatistics(NamedTuple):
    """Sums over an equity curve and its returns; the names say of what."""

    mean_equity: float
    max_drawdown: float
    mean: float
    std: float
    downside: float
    gains: float
    losses: float
    skew: float
    kurtosis: float


class TradeStatistics(NamedTuple):
    """Sums over a ledger; NaN where a mean has nothing to be a mean of."""

    win_rate: float
    profit_factor: float
    expectancy: float
    expectancy_cash: float
    avg_win: float
    avg_loss: float
    best: float
    worst: float
    avg_bars_held: float
    bars_in_position: float
    notional: float
    fees: float
    sqn: float
    kelly: float


@njit(error_model="numpy")
def ratio(numerator: float, denominator: float) -> float:
    """Return the quotient, or NaN over zero."""
    return numerator / denominator if denominator != 0.0 else np.nan


@njit(error_model="numpy")
def spread(squares: float, degrees: float, mean: float) -> float:
    """Return a standard deviation from a sum of squared offsets; 0.0 if it is the mean's rounding alone."""
    std = np.sqrt(squares / degrees) if degrees > 0.0 else np.nan
    return 0.0 if std <= TREMBLE * abs(mean) else std


@njit(error_model="numpy")
def curve_statistics(
    equity: Floats, initial: float, risk_free: float, returns: Floats, sums: Floats, sumsqs: Floats
) -> CurveStatistics:
    """Return a curve's statistics; fill its ``returns`` (bars,) and their 16 block ``sums`` and ``sumsqs``.

    The first return is against ``initial``, which is also the first peak. The spread is of two passes, so
    that a curve that does not move has a standard deviation of exactly 0. After ruin returns are 0.
    """
    bars = equity.size
    before = peak = initial
    lowest = 1.0
    total = equity_total = 0.0
    for block in range(BLOCKS):
        block_sum = block_sumsq = 0.0
        for i in range(block * bars // BLOCKS, (block + 1) * bars // BLOCKS):
            now = equity[i]
            r = now / before - 1.0 if before > 0.0 else 0.0
            before = now
            returns[i] = r
            block_sum += r
            block_sumsq += r * r
            equity_total += now
            peak = max(peak, now)
            if now < lowest * peak:
                lowest = now / peak
        sums[block], sumsqs[block] = block_sum, block_sumsq
        total += block_sum
    mean = total / bars
    second = third = fourth = downside = gains = losses = 0.0
    for i in range(bars):
        r = returns[i]
        off = r - mean
        square = off * off
        second += square
        third += square * off
        fourth += square * square
        short = min(r - risk_free, 0.0)
        downside += short * short
        gains += max(r, 0.0)
        losses -= min(r, 0.0)
    std = spread(second, bars - 1.0, mean)
    variance = second / bars if std > 0.0 else 0.0
    downside_deviation = np.sqrt(downside / bars) if bars > 1 else np.nan
    return CurveStatistics(
        mean_equity=equity_total / bars,
        max_drawdown=1.0 - lowest,
        mean=mean,
        std=std,
        downside=downside_deviation,
        gains=gains,
        losses=losses,
        skew=ratio(third / bars, variance * np.sqrt(variance)),
        kurtosis=ratio(fourth / bars, variance * variance),
    )


@njit(error_model="numpy")
def trade_statistics(ledger: Floats) -> TradeStatistics:
    """Return the statistics of the trades in a ledger, shape (trades, N_LEDGER)."""
    trades = len(ledger)
    won = lost = bars_held = in_position = notional = fees = 0.0
    won_cash = lost_cash = won_return = lost_return = 0.0
    best, worst = -np.inf, np.inf
    mean = squares = 0.0
    for k in range(trades):
        trade = ledger[k]
        pnl, gain, reason = trade[T_PNL], trade[T_RETURN], trade[T_REASON]
        if pnl > 0.0:
            won, won_cash, won_return = won + 1.0, won_cash + pnl, won_return + gain
        elif pnl < 0.0:
            lost, lost_cash, lost_return = lost + 1.0, lost_cash - pnl, lost_return + gain
        best, worst = max(best, gain), min(worst, gain)
        off = gain - mean
        mean += off / (k + 1.0)
        squares += off * (gain - mean)
        held = trade[T_EXIT_BAR] - trade[T_ENTRY_BAR]
        bars_held += held
        in_position += held + (1.0 if reason == END_OF_DATA else 0.0)
        notional += trade[T_QUANTITY] * trade[T_ENTRY_PRICE]
        if reason not in (END_OF_DATA, RUIN):
            notional += trade[T_QUANTITY] * trade[T_EXIT_PRICE]
        fees += trade[T_FEES]
    win_rate = ratio(won, trades)
    avg_win, avg_loss = ratio(won_return, won), ratio(lost_return, lost)
    std = spread(squares, trades - 1.0, mean)
    if trades == 0:
        mean = best = worst = np.nan
    return TradeStatistics(
        win_rate=win_rate,
        profit_factor=ratio(won_cash, lost_cash),
        expectancy=mean,
        expectancy_cash=ratio(won_cash - lost_cash, trades),
        avg_win=avg_win,
        avg_loss=avg_loss,
        best=best,
        worst=worst,
        avg_bars_held=ratio(bars_held, trades),
        bars_in_position=in_position,
        notional=notional,
        fees=fees,
        sqn=ratio(np.sqrt(trades) * mean, std),
        kelly=win_rate - (1.0 - win_rate) * abs(avg_loss) / avg_win,
    )
