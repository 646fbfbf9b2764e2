"""Mean reversion at Bollinger bands, with a stop of k true ranges."""

from typing import Annotated

from sweeps.bars.frame import Bars
from sweeps.strategies.contract import Param, Signals, strategy
from sweeps.strategies.indicators import Indicators


@strategy(short=True)
def bollinger_atr(
    bars: Bars,
    ind: Indicators,
    *,
    window: Annotated[int, Param("bars in the mean and its deviation", ge=2, le=100_000)] = 20,
    entry_z: Annotated[float, Param("deviations from the mean at which it enters", ge=0.01, le=100)] = 2.0,
    atr_period: Annotated[int, Param("bars in Wilder's ATR", ge=1, le=100_000)] = 14,
    k_sl: Annotated[float, Param("distance of the stop in ATR", ge=0.01, le=1000)] = 2.0,
) -> Signals:
    """Long at the lower band until the mean, short at the upper one; stopped k_sl x ATR from the entry."""
    mean, spread, atr = ind.sma(window), ind.std(window), ind.atr(atr_period)
    lower, upper = mean - entry_z * spread, mean + entry_z * spread
    return Signals(
        entries=bars.close <= lower,
        exits=bars.close >= mean,
        short_entries=bars.close >= upper,
        short_exits=bars.close <= mean,
        stop_distance=k_sl * atr,
        indicators={"mean": mean, "lower_band": lower, "upper_band": upper, "atr": atr},
    )
