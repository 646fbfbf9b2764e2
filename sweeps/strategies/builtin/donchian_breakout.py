"""Trend: breakouts of the price channel of earlier bars."""

from typing import Annotated

from sweeps.bars.frame import Bars
from sweeps.strategies.contract import Above, Param, Signals, strategy
from sweeps.strategies.indicators import Indicators


@strategy(short=True, columns=True)
def donchian_breakout(
    bars: Bars,
    ind: Indicators,
    *,
    entry_window: Annotated[
        int, Param("earlier bars whose extreme a close must break", ge=1, le=100_000)
    ] = 20,
    exit_window: Annotated[int, Param("earlier bars whose other extreme ends it", ge=1, le=100_000)] = 10,
) -> Signals:
    """Long above the highest high of the earlier bars, until below their lowest low; short mirrored."""
    ceiling, floor = ind.highest(entry_window, lag=1), ind.lowest(entry_window, lag=1)
    exit_floor, exit_ceiling = ind.lowest(exit_window, lag=1), ind.highest(exit_window, lag=1)
    return Signals(
        entries=Above(bars.close, ceiling),
        exits=Above(exit_floor, bars.close),
        short_entries=Above(floor, bars.close),
        short_exits=Above(bars.close, exit_ceiling),
        indicators={
            "ceiling": ceiling,
            "floor": floor,
            "exit_floor": exit_floor,
            "exit_ceiling": exit_ceiling,
        },
    )
