"""Finish: from a run's sums to its metrics; and whether running sums were exact enough for them."""

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.compiling import inlined
from sweeps.simulation.hopping.spans import (
    F_CUBE,
    F_DOWNSIDE,
    F_FOURTH,
    F_GAIN,
    F_LOSS,
    F_RETURN,
    F_SQUARE,
)
from sweeps.simulation.hopping.state import (
    H_BEST,
    H_HELD,
    H_LOST,
    H_LOST_CASH,
    H_LOST_RETURN,
    H_MARKED,
    H_MEAN,
    H_NOTIONAL,
    H_OPEN,
    H_SPANS,
    H_SPREAD,
    H_SUMMED,
    H_TRADES,
    H_WON,
    H_WON_CASH,
    H_WON_RETURN,
    H_WORST,
    Curve,
)
from sweeps.simulation.settings import Rules
from sweeps.simulation.statistics import CurveStatistics, TradeStatistics, ratio, spread

Floats = npt.NDArray[np.float64]

EXACT_SHARE = 5e-6
"""Below this share of a tile's sum, a difference of running sums may be off by more than 1e-10."""

SAME, STEADY = 1e-26, 1e-10
"""Trades whose returns vary less than the second, by the square of their mean, leave a spread of few digits;
below the first it is rounding, and counts as none."""

SMALL = 1e-6
"""A return is known to 1e-16: losses and drawdowns below this are known to few digits."""

STILL = 3e-6
"""The same of returns: of curves that move by less, the third and fourth powers are known to few digits."""

EVEN = 1e-6
"""Below this share of what was won and lost, what is left of the two has lost too many digits."""

CENTRAL_SHARE = 1e-3
"""Below this share of the raw moment, the central moment loses too many digits to the mean."""


@inlined
def curve_of(curve: Curve, state: Floats, bars: int, risk_free: float) -> CurveStatistics:
    """Return a finished run's curve statistics, as `curve_statistics` gives them."""
    sums = state[H_SPANS:]
    total, squares = sums[F_RETURN], sums[F_SQUARE]
    mean = total / bars
    second = max(squares - total * mean, 0.0)
    third = sums[F_CUBE] - 3.0 * mean * squares + 2.0 * total * mean * mean
    fourth = sums[F_FOURTH] - 4.0 * mean * sums[F_CUBE] + 6.0 * mean * mean * squares - 3.0 * total * mean**3
    std = spread(second, bars - 1.0, mean)
    variance = second / bars if std > 0.0 else 0.0
    below = min(-risk_free, 0.0)
    return CurveStatistics(
        mean_equity=curve.equity / bars,
        max_drawdown=1.0 - curve.lowest,
        mean=mean,
        std=std,
        downside=np.sqrt((sums[F_DOWNSIDE] + curve.idle * below * below) / bars) if bars > 1 else np.nan,
        gains=sums[F_GAIN],
        losses=sums[F_LOSS],
        skew=ratio(third / bars, variance * np.sqrt(variance)),
        kurtosis=ratio(fourth / bars, variance * variance),
    )


@inlined
def trades_of(state: Floats, rules: Rules) -> TradeStatistics:
    """Return a finished run's trade statistics, as `trade_statistics` gives them."""
    trades, won, lost = state[H_TRADES], state[H_WON], state[H_LOST]
    win_rate = ratio(won, trades)
    avg_win, avg_loss = ratio(state[H_WON_RETURN], won), ratio(state[H_LOST_RETURN], lost)
    std = spread(state[H_SPREAD], trades - 1.0, state[H_MEAN])
    none = trades == 0.0
    mean = np.nan if none else state[H_MEAN]
    return TradeStatistics(
        win_rate=win_rate,
        profit_factor=ratio(state[H_WON_CASH], state[H_LOST_CASH]),
        expectancy=mean,
        expectancy_cash=ratio(state[H_WON_CASH] - state[H_LOST_CASH], trades),
        avg_win=avg_win,
        avg_loss=avg_loss,
        best=np.nan if none else state[H_BEST],
        worst=np.nan if none else state[H_WORST],
        avg_bars_held=ratio(state[H_HELD], trades),
        bars_in_position=state[H_HELD] + state[H_OPEN],
        notional=state[H_NOTIONAL],
        fees=rules.fee * state[H_NOTIONAL] + rules.fee_fixed * (2.0 * trades - state[H_MARKED]),
        sqn=ratio(np.sqrt(trades) * mean, std),
        kelly=win_rate - (1.0 - win_rate) * abs(avg_loss) / avg_win,
    )


@inlined
def is_exact(state: Floats, scale: Floats, found: CurveStatistics, bars: int) -> bool:
    """Tell whether the run's sums are large enough, against those of the tiles, to be exact to 1e-9."""
    if state[H_TRADES] == 0.0:
        return True
    sums = state[H_SPANS:]
    variance = found.std * found.std * (bars - 1) / bars
    fourth = found.kurtosis * variance * variance
    cubes = np.sqrt(scale[F_SQUARE] * scale[F_FOURTH]) / bars
    level = state[H_TRADES] * state[H_MEAN] * state[H_MEAN]
    if 0.0 < sums[F_LOSS] < SMALL or 0.0 < found.max_drawdown < SMALL:
        return False
    if sums[F_FOURTH] < STILL * STILL * sums[F_SQUARE]:
        return False
    won, lost = state[H_WON_CASH], state[H_LOST_CASH]
    if won != lost and abs(won - lost) < EVEN * (won + lost):
        return False
    if state[H_SUMMED] > 1.0 or SAME * level < state[H_SPREAD] < STEADY * level:
        return False
    if variance * bars < CENTRAL_SHARE * sums[F_SQUARE] or fourth * bars < CENTRAL_SHARE * sums[F_FOURTH]:
        return False
    return state[H_SUMMED] == 0.0 or (
        variance * bars >= EXACT_SHARE * scale[F_SQUARE]
        and fourth * bars >= EXACT_SHARE * scale[F_FOURTH]
        and variance * np.sqrt(variance) >= EXACT_SHARE * cubes
        and _enough(sums[F_DOWNSIDE], scale[F_DOWNSIDE])
        and _enough(sums[F_GAIN], scale[F_GAIN])
        and _enough(sums[F_LOSS], scale[F_LOSS])
    )


@inlined
def _enough(part: float, whole: float) -> bool:
    return part == 0.0 or part >= EXACT_SHARE * whole
