"""Finish: from a run's sums to its metrics; and whether running sums were exact enough for them."""

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.compiling import inlined
from sweeps.simulation.hopping.spans import F_DOWNSIDE, F_FOURTH, F_GAIN, F_LOSS, F_SQUARE
from sweeps.simulation.hopping.state import (
    BLOCKS,
    H_CUBE,
    H_DOWNSIDE,
    H_EQUITY,
    H_FOURTH,
    H_GAIN,
    H_LOSS,
    H_LOWEST,
    H_SQUARES,
    H_SUMS,
    H_TRADES,
    K_BEST,
    K_FEES,
    K_HELD,
    K_IN_POSITION,
    K_LOST,
    K_LOST_CASH,
    K_LOST_RETURN,
    K_MEAN,
    K_NOTIONAL,
    K_SPREAD,
    K_WON,
    K_WON_CASH,
    K_WON_RETURN,
    K_WORST,
)
from sweeps.simulation.statistics import CurveStatistics, TradeStatistics, ratio, spread

Floats = npt.NDArray[np.float64]

EXACT_SHARE = 5e-6
"""Below this share of the whole window's sum, a difference of running sums may be off by more than 1e-10."""

CENTRAL_SHARE = 1e-3
"""Below this share of the raw moment, the central moment loses too many digits to the mean."""


@inlined
def curve_of(state: Floats, bars: int) -> CurveStatistics:
    """Return a finished run's curve statistics, as `curve_statistics` gives them."""
    total = squares = 0.0
    for block in range(BLOCKS):
        total += state[H_SUMS + block]
        squares += state[H_SQUARES + block]
    mean = total / bars
    second = max(squares - total * mean, 0.0)
    third = state[H_CUBE] - 3.0 * mean * squares + 2.0 * total * mean * mean
    fourth = (
        state[H_FOURTH] - 4.0 * mean * state[H_CUBE] + 6.0 * mean * mean * squares - 3.0 * total * mean**3
    )
    std = spread(second, bars - 1.0, mean)
    variance = second / bars if std > 0.0 else 0.0
    return CurveStatistics(
        mean_equity=state[H_EQUITY] / bars,
        max_drawdown=1.0 - state[H_LOWEST],
        mean=mean,
        std=std,
        downside=np.sqrt(state[H_DOWNSIDE] / bars) if bars > 1 else np.nan,
        gains=state[H_GAIN],
        losses=state[H_LOSS],
        skew=ratio(third / bars, variance * np.sqrt(variance)),
        kurtosis=ratio(fourth / bars, variance * variance),
    )


@inlined
def trades_of(state: Floats) -> TradeStatistics:
    """Return a finished run's trade statistics, as `trade_statistics` gives them."""
    trades = state[H_TRADES]
    win_rate = ratio(state[K_WON], trades)
    avg_win, avg_loss = ratio(state[K_WON_RETURN], state[K_WON]), ratio(state[K_LOST_RETURN], state[K_LOST])
    std = spread(state[K_SPREAD], trades - 1.0, state[K_MEAN])
    none = trades == 0.0
    mean = np.nan if none else state[K_MEAN]
    return TradeStatistics(
        win_rate=win_rate,
        profit_factor=ratio(state[K_WON_CASH], state[K_LOST_CASH]),
        expectancy=mean,
        expectancy_cash=ratio(state[K_WON_CASH] - state[K_LOST_CASH], trades),
        avg_win=avg_win,
        avg_loss=avg_loss,
        best=np.nan if none else state[K_BEST],
        worst=np.nan if none else state[K_WORST],
        avg_bars_held=ratio(state[K_HELD], trades),
        bars_in_position=state[K_IN_POSITION],
        notional=state[K_NOTIONAL],
        fees=state[K_FEES],
        sqn=ratio(np.sqrt(trades) * mean, std),
        kelly=win_rate - (1.0 - win_rate) * abs(avg_loss) / avg_win,
    )


@inlined
def is_exact(state: Floats, whole: Floats, curve: CurveStatistics, bars: int) -> bool:
    """Tell whether the run's sums are large enough, against the window's, to be exact to 1e-9."""
    if state[H_TRADES] == 0.0:
        return True
    variance = curve.std * curve.std * (bars - 1) / bars
    fourth = curve.kurtosis * variance * variance
    cubes = np.sqrt(whole[F_SQUARE] * whole[F_FOURTH]) / bars
    squares = 0.0
    for block in range(BLOCKS):
        squares += state[H_SQUARES + block]
    if variance * bars < CENTRAL_SHARE * squares or fourth * bars < CENTRAL_SHARE * state[H_FOURTH]:
        return False
    return (
        variance * bars >= EXACT_SHARE * whole[F_SQUARE]
        and fourth * bars >= EXACT_SHARE * whole[F_FOURTH]
        and variance * np.sqrt(variance) >= EXACT_SHARE * cubes
        and _enough(state[H_DOWNSIDE], whole[F_DOWNSIDE])
        and _enough(state[H_GAIN], whole[F_GAIN])
        and _enough(state[H_LOSS], whole[F_LOSS])
    )


@inlined
def _enough(part: float, whole: float) -> bool:
    return part == 0.0 or part >= EXACT_SHARE * whole
