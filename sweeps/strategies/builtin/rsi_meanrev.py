"""Mean reversion: buy weakness, sell strength."""

from typing import Annotated

from sweeps.bars.frame import Bars
from sweeps.strategies.contract import Above, Param, Signals, strategy
from sweeps.strategies.indicators import Indicators


@strategy(short=True, columns=True)
def rsi_meanrev(
    bars: Bars,  # noqa: ARG001  every strategy is called with its bars
    ind: Indicators,
    *,
    rsi_period: Annotated[int, Param("bars in Wilder's RSI", ge=2, le=100_000)] = 14,
    oversold: Annotated[float, Param("RSI below which it is bought", ge=1, le=99)] = 30.0,
    overbought: Annotated[float, Param("RSI above which it is sold", ge=1, le=99)] = 70.0,
) -> Signals:
    """Long from an oversold RSI until an overbought one; short the other way round."""
    rsi = ind.rsi(rsi_period)
    weak, strong = Above(oversold, rsi), Above(rsi, overbought)
    return Signals(
        entries=weak, exits=strong, short_entries=strong, short_exits=weak, indicators={"rsi": rsi}
    )
