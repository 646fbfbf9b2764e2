"""Trend: two moving averages."""

from typing import Annotated

from sweeps.bars.frame import Bars
from sweeps.strategies.contract import Above, Param, Signals, strategy
from sweeps.strategies.indicators import Indicators


@strategy(short=True, columns=True)
def sma_cross(
    bars: Bars,  # noqa: ARG001  every strategy is called with its bars
    ind: Indicators,
    *,
    fast: Annotated[int, Param("bars in the fast average", ge=1, le=100_000)] = 10,
    slow: Annotated[int, Param("bars in the slow average", ge=1, le=100_000)] = 50,
) -> Signals:
    """Long while the fast average is above the slow one, short while it is not."""
    quick, steady = ind.sma(fast), ind.sma(slow)
    return Signals(state=Above(quick, steady), indicators={"sma_fast": quick, "sma_slow": steady})
