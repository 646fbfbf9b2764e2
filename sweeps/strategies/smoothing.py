"""Recursive averages, as TA-Lib defines them: EMA, and Wilder's RSI and ATR.

Each starts from the plain mean of its first ``period`` inputs and is NaN before. A NaN input starts it anew.
"""

import numpy as np
from numba import njit

from sweeps.strategies.contract import FloatArray
from sweeps.strategies.windows import filling


@filling
@njit(nogil=True, cache=True)
def exponential_mean(values: FloatArray, period: int, means: FloatArray) -> None:
    """Return the EMA with weight 2 / (period + 1); first at the ``period``-th value."""
    weight = 2.0 / (period + 1.0)
    seen, mean = 0, 0.0
    for bar in range(len(values)):
        means[bar] = np.nan
        if not np.isfinite(values[bar]):
            seen, mean = 0, 0.0
            continue
        seen += 1
        if seen <= period:
            mean += values[bar]
            if seen < period:
                continue
            mean /= period
        else:
            mean += (values[bar] - mean) * weight
        means[bar] = mean


@filling
@njit(nogil=True, cache=True)
def wilder_rsi(values: FloatArray, period: int, strength: FloatArray) -> None:
    """Return Wilder's RSI in [0, 100]; first after ``period`` changes; 0 where nothing has ever changed."""
    seen, gain, loss = 0, 0.0, 0.0
    strength[:1] = np.nan
    for bar in range(1, len(values)):
        strength[bar] = np.nan
        change = values[bar] - values[bar - 1]
        if not np.isfinite(change):
            seen, gain, loss = 0, 0.0, 0.0
            continue
        seen += 1
        up, down = max(change, 0.0), max(-change, 0.0)
        if seen <= period:
            gain, loss = gain + up / period, loss + down / period
        else:
            gain, loss = (gain * (period - 1) + up) / period, (loss * (period - 1) + down) / period
        if seen >= period:
            strength[bar] = 100.0 * gain / (gain + loss) if gain + loss > 0.0 else 0.0


@filling
@njit(nogil=True, cache=True)
def wilder_atr(high: FloatArray, low: FloatArray, close: FloatArray, period: int, ranges: FloatArray) -> None:
    """Return Wilder's average true range in price units; first after ``period`` true ranges."""
    mean = 0.0
    ranges[:period] = np.nan
    for bar in range(1, len(close)):
        above, below = max(high[bar], close[bar - 1]), min(low[bar], close[bar - 1])
        if bar <= period:
            mean += (above - below) / period
        else:
            mean = (mean * (period - 1) + (above - below)) / period
        if bar >= period:
            ranges[bar] = mean


def moving_convergence(
    values: FloatArray, fast: int, slow: int, signal: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return MACD line, signal line and histogram; all three NaN until the signal line is known.

    Both averages are seeded on windows that end on the same bar, as in TA-Lib. A ``fast`` above ``slow``
    gives the negative of the usual line (TA-Lib swaps the two in silence).
    """
    size, longest = len(values), max(fast, slow)
    finite = np.isfinite(values)
    first = int(finite.argmax()) if finite.any() else size
    line, average = np.full(size, np.nan), np.full(size, np.nan)
    quick, steady = (min(first + longest - period, size) for period in (fast, slow))
    line[max(quick, steady) :] = (
        exponential_mean(values[quick:], fast)[max(steady - quick, 0) :]
        - exponential_mean(values[steady:], slow)[max(quick - steady, 0) :]
    )
    known = min(first + longest - 1, size)
    average[known:] = exponential_mean(line[known:], signal)
    line[np.isnan(average)] = np.nan
    return line, average, line - average
