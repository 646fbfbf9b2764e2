"""Memoised indicators: what a strategy reads beside the bars."""

import operator
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from sweeps.bars.frame import Bars
from sweeps.strategies.contract import FloatArray
from sweeps.strategies.memo import Arrays, Memo, Recording
from sweeps.strategies.smoothing import exponential_mean, moving_convergence, wilder_atr, wilder_rsi
from sweeps.strategies.windows import rolling_max, rolling_mean, rolling_std

CAPACITY_BYTES = 256 * 1024 * 1024


class Indicators:
    """Indicators of one symbol's bars, each computed once and shared by every run that asks again.

    Every result has one value a bar, is read-only, and is NaN until it is known; values equal TA-Lib's.
    ``of`` names the column, which may be one of the symbol's extra columns. Threads may share an instance.

    Args:
        bars: What the indicators are of.
        capacity_bytes: Results beyond this size are dropped, the oldest first.
    """

    def __init__(self, bars: Bars, *, capacity_bytes: int = CAPACITY_BYTES) -> None:
        self.bars = bars
        self._memo = Memo(capacity_bytes)

    def sma(self, period: int, of: str = "close") -> FloatArray:
        """Return the mean of the last ``period`` values."""
        return self._windowed("sma", rolling_mean, period, of)

    def ema(self, period: int, of: str = "close") -> FloatArray:
        """Return the exponential mean, weight 2 / (period + 1), seeded by the first ``period``' mean."""
        return self._windowed("ema", exponential_mean, period, of)

    def std(self, period: int, of: str = "close") -> FloatArray:
        """Return the population standard deviation (ddof 0) of the last ``period`` values."""
        return self._windowed("std", rolling_std, period, of)

    def zscore(self, period: int, of: str = "close") -> FloatArray:
        """Return the distance from the mean in standard deviations; NaN where the deviation is 0."""

        def compute() -> Arrays:
            spread = np.where(self.std(period, of) > 0.0, self.std(period, of), np.nan)
            return ((self._column(of) - self.sma(period, of)) / spread,)

        return self._memo.get(("zscore", _whole(period), of), compute)[0]

    def rsi(self, period: int, of: str = "close") -> FloatArray:
        """Return Wilder's relative strength index in [0, 100], seeded by the mean of the first changes."""
        return self._windowed("rsi", wilder_rsi, period, of)

    def atr(self, period: int) -> FloatArray:
        """Return Wilder's average true range in price units; first known at bar ``period``."""
        bars, whole = self.bars, _whole(period)
        return self._memo.get(("atr", whole), lambda: (wilder_atr(bars.high, bars.low, bars.close, whole),))[
            0
        ]

    def highest(self, period: int, of: str = "high", *, lag: int = 0) -> FloatArray:
        """Return the largest of the last ``period`` values, this one included; ``lag=1`` leaves it out."""
        return self._extreme("highest", rolling_max, period, of, lag)

    def lowest(self, period: int, of: str = "low", *, lag: int = 0) -> FloatArray:
        """Return the smallest of the last ``period`` values, this one included; ``lag=1`` leaves it out."""
        return self._extreme("lowest", _rolling_min, period, of, lag)

    def macd(
        self, fast: int = 12, slow: int = 26, signal: int = 9, of: str = "close"
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return line, signal line and histogram; all three NaN until the signal line is known."""
        periods = _whole(fast), _whole(slow), _whole(signal)
        line, average, histogram = self._memo.get(
            ("macd", *periods, of), lambda: moving_convergence(self._column(of), *periods)
        )
        return line, average, histogram

    def memo(self, name: str, function: Callable[..., Any], *args: Hashable) -> Any:
        """Return ``function(bars, *args)``, computed once a ``name`` and ``args``: for your own indicators.

        The function returns one array, or a tuple of arrays, with one value a bar. Bars before its first
        finite value count as warm-up.

        Raises:
            ValueError: If an array has not one value a bar.
        """

        def compute() -> Arrays:
            made = function(self.bars, *args)
            arrays = tuple(np.array(array) for array in (made if isinstance(made, tuple) else (made,)))
            for array in arrays:
                if array.shape != (len(self.bars),):
                    raise ValueError(
                        f"indicator {name}: expected shape ({len(self.bars)},), got {array.shape}"
                    )
            return arrays

        arrays = self._memo.get(("own", name, args), compute)
        return arrays[0] if len(arrays) == 1 else arrays

    def recording(self) -> Recording:
        """Record which results are used inside: ``with ind.recording() as used: ...`` then ``used.warm``."""
        return self._memo.recording()

    def _column(self, of: str) -> FloatArray:
        return np.ascontiguousarray(self.bars[of], dtype=np.float64)

    def _windowed(
        self, name: str, kernel: Callable[[FloatArray, int], FloatArray], period: int, of: str
    ) -> FloatArray:
        whole = _whole(period)
        return self._memo.get((name, whole, of), lambda: (kernel(self._column(of), whole),))[0]

    def _extreme(
        self, name: str, kernel: Callable[[FloatArray, int], FloatArray], period: int, of: str, lag: int
    ) -> FloatArray:
        if operator.index(lag) < 0:
            raise ValueError(f"a lag counts bars back, at least 0; got {lag}")
        if lag == 0:
            return self._windowed(name, kernel, period, of)

        def compute() -> Arrays:
            lagged = np.full(len(self.bars), np.nan)
            lagged[lag:] = self._windowed(name, kernel, period, of)[:-lag]
            return (lagged,)

        return self._memo.get((name, _whole(period), of, lag), compute)[0]


def _rolling_min(values: FloatArray, period: int) -> FloatArray:
    return np.negative(rolling_max(np.negative(values), period))


def _whole(period: float) -> int:
    if period != int(period) or period < 1:
        raise ValueError(f"a period is a whole number of bars, at least 1; got {period}")
    return int(period)
