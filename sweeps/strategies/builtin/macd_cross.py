"""Momentum: MACD and its signal line."""

from typing import Annotated

from sweeps.bars.frame import Bars
from sweeps.strategies.contract import Above, Param, Signals, strategy
from sweeps.strategies.indicators import Indicators


@strategy(short=True, columns=True)
def macd_cross(
    bars: Bars,  # noqa: ARG001  every strategy is called with its bars
    ind: Indicators,
    *,
    fast: Annotated[int, Param("bars in the fast exponential average", ge=1, le=100_000)] = 12,
    slow: Annotated[int, Param("bars in the slow exponential average", ge=1, le=100_000)] = 26,
    signal: Annotated[int, Param("bars in the signal line", ge=1, le=100_000)] = 9,
) -> Signals:
    """Long while the MACD line is above its signal line, short while it is not."""
    line, average, _ = ind.macd(fast, slow, signal)
    return Signals(state=Above(line, average), indicators={"macd": line, "macd_signal": average})
