"""Mean reversion at Bollinger bands, with a stop of k true ranges."""

from typing import Annotated

from sweeps.bars.frame import Bars
from sweeps.strategies.contract import Above, FloatArray, Param, Signals, strategy
from sweeps.strategies.indicators import Indicators


@strategy(short=True, columns=True)
def bollinger_atr(
    bars: Bars,  # noqa: ARG001  every strategy is called with its bars
    ind: Indicators,
    *,
    window: Annotated[int, Param("bars in the mean and its deviation", ge=2, le=100_000)] = 20,
    entry_z: Annotated[float, Param("deviations from the mean at which it enters", ge=0.01, le=100)] = 2.0,
    atr_period: Annotated[int, Param("bars in Wilder's ATR", ge=1, le=100_000)] = 14,
    k_sl: Annotated[float, Param("distance of the stop in ATR", ge=0.01, le=1000)] = 2.0,
) -> Signals:
    """Long below the lower band until above the mean, short mirrored; stopped k_sl x ATR from the entry.

    With z = (close - mean) / deviation of the window: long where z < -entry_z, out where z > 0; short where
    z > entry_z, out where z < 0. All comparisons are strict, and false where the deviation is 0 or unknown.
    """
    zscore, atr = ind.zscore(window), ind.atr(atr_period)

    def bands() -> dict[str, FloatArray]:
        mean, spread = ind.sma(window), ind.std(window)
        lower, upper = mean - entry_z * spread, mean + entry_z * spread
        return {"mean": mean, "lower_band": lower, "upper_band": upper, "atr": atr}

    return Signals(
        entries=Above(-entry_z, zscore),
        exits=Above(zscore, 0.0),
        short_entries=Above(zscore, entry_z),
        short_exits=Above(0.0, zscore),
        stop_distance=k_sl * atr,
        indicators=bands,
    )
