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


Kernel = Callable[[FloatArray, int], FloatArray]
Windowed = Callable[..., FloatArray]


def _windowed(name: str, kernel: Kernel, meaning: str) -> Windowed:
    """Return the method of an indicator that has a period; one level of calls, on the path of every run."""

    def indicator(self: "Indicators", period: int, of: str = "close") -> FloatArray:
        memo = self.memory
        kept = memo.results.get((name, period, of))
        if kept is None:
            whole = _whole(period)
            kept = memo.keep((name, whole, of), (kernel(self._column(of), whole),))
        recording = memo.open.recording
        if recording is not None and kept[1] > recording.warm:
            recording.warm = kept[1]
        return kept[0][0]

    indicator.__name__, indicator.__doc__ = name, meaning
    return indicator


class Indicators:
    """Indicators of one symbol's bars, each computed once and shared by every run that asks again.

    Every result has one value a bar, is read-only, and is NaN until it is known; values equal TA-Lib's.
    ``of`` names the column, which may be one of the symbol's extra columns. Threads may share an instance.

    Args:
        bars: What the indicators are of.
        capacity_bytes: Results beyond this size are dropped, the oldest first.
        window: First bar that signals are read from; it changes speed, never results.
    """

    def __init__(self, bars: Bars, *, capacity_bytes: int = CAPACITY_BYTES, window: int = 0) -> None:
        self.bars = bars
        self.memory = Memo(capacity_bytes, window)

    sma = _windowed("sma", rolling_mean, "Return the mean of the last ``period`` values.")
    ema = _windowed(
        "ema",
        exponential_mean,
        "Return the exponential mean, weight 2 / (period + 1), seeded by the first ``period``' mean.",
    )
    std = _windowed(
        "std", rolling_std, "Return the population standard deviation (ddof 0) of the last ``period`` values."
    )
    rsi = _windowed(
        "rsi",
        wilder_rsi,
        "Return Wilder's relative strength index in [0, 100], seeded by the mean of the first changes.",
    )

    def zscore(self, period: int, of: str = "close") -> FloatArray:
        """Return the distance from the mean in standard deviations; NaN where the deviation is 0."""

        def compute() -> Arrays:
            spread = np.where(self.std(period, of) > 0.0, self.std(period, of), np.nan)
            return ((self._column(of) - self.sma(period, of)) / spread,)

        return self.memory.get(("zscore", _whole(period), of), compute)[0]

    def atr(self, period: int) -> FloatArray:
        """Return Wilder's average true range in price units; first known at bar ``period``."""
        bars, whole = self.bars, _whole(period)
        return self.memory.get(("atr", whole), lambda: (wilder_atr(bars.high, bars.low, bars.close, whole),))[
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
        line, average, histogram = self.memory.get(
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

        arrays = self.memory.get(("own", name, args), compute)
        return arrays[0] if len(arrays) == 1 else arrays

    def recording(self) -> Recording:
        """Record which results are used inside: ``with ind.recording() as used: ...`` then ``used.warm``."""
        return self.memory.recording()

    def _column(self, of: str) -> FloatArray:
        return np.ascontiguousarray(self.bars[of], dtype=np.float64)

    def _extreme(self, name: str, kernel: Kernel, period: int, of: str, lag: int) -> FloatArray:
        if operator.index(lag) < 0:
            raise ValueError(f"a lag counts bars back, at least 0; got {lag}")

        def compute() -> Arrays:
            if lag == 0:
                return (kernel(self._column(of), _whole(period)),)
            lagged = np.full(len(self.bars), np.nan)
            lagged[lag:] = self._extreme(name, kernel, period, of, 0)[:-lag]
            return (lagged,)

        return self.memory.get((name, _whole(period), of, lag), compute)[0]


def _rolling_min(values: FloatArray, period: int) -> FloatArray:
    return np.negative(rolling_max(np.negative(values), period))


def _whole(period: float) -> int:
    if period != int(period) or period < 1:
        raise ValueError(f"a period is a whole number of bars, at least 1; got {period}")
    return int(period)
