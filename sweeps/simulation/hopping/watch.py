"""Watch: when a position reaches one of its levels."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.compiling import inlined
from sweeps.simulation.hopping.levels import (
    first_above,
    first_below,
    first_trailed_long,
    first_trailed_short,
)
from sweeps.simulation.hopping.market import Market
from sweeps.simulation.position import Position

Floats = npt.NDArray[np.float64]


class Shared(NamedTuple):
    """What runs with the same exits found before, by the bar of entry in the tile; empty where none shares.

    Two rows each, of longs and of shorts. ``peaks`` go with the trailing stop.
    """

    stop: npt.NDArray[np.int32]
    target: npt.NDArray[np.int32]
    trailing: npt.NDArray[np.int32]
    peaks: Floats


@inlined
def reached_level(
    market: Market,
    base: int,
    shared: Shared,
    position: Position,
    trailing_stop: float,
    trail: float,
    first: int,
    last: int,
) -> tuple[int, float]:
    """Return the first bar of [first, last] that reaches a stop or the target; last + 1 if none does.

    Beside it the best price that `level_exit` needs there: before that bar where the trailing stop fires, as
    it was where it does not; and after the last bar if nothing was reached.
    """
    if position.side > 0.0:
        return _long(market, base, shared, position, trailing_stop, trail, first, last)
    return _short(market, base, shared, position, trailing_stop, trail, first, last)


@inlined
def _long(
    market: Market,
    base: int,
    shared: Shared,
    position: Position,
    trailing_stop: float,
    trail: float,
    first: int,
    last: int,
) -> tuple[int, float]:
    slot, fresh = position.entry_bar - base, position.entry_bar >= base
    begin, until = first - base, last - base
    found = shared.target[0] if fresh and shared.target.size > 0 else shared.target[0, :0]
    hit = last - base + 1
    if position.target < np.inf:
        hit = first_above(found, slot, market.up, market.group_up, position.target, begin, until)
        until = min(until, hit)
    if position.stop > -np.inf:
        found = shared.stop[0] if fresh and shared.stop.size > 0 else shared.stop[0, :0]
        stopped = first_below(found, slot, market.down, market.group_down, position.stop, begin, until)
        if stopped <= until:
            hit = until = stopped
    if not np.isnan(trailing_stop):
        found = shared.trailing[0] if fresh and shared.trailing.size > 0 else shared.trailing[0, :0]
        peaks = shared.peaks[0] if shared.peaks.size > 0 else shared.peaks[0, :0]
        stopped, peak = first_trailed_long(
            found, peaks, slot, market.down, market.high[base:], market.group_down, market.group_top,
            1.0 - trailing_stop, trail, begin, until,
        )  # fmt: skip
        if stopped <= until:
            return base + stopped, peak
        if base + hit > last:
            trail = peak
    return base + hit, trail


@inlined
def _short(
    market: Market,
    base: int,
    shared: Shared,
    position: Position,
    trailing_stop: float,
    trail: float,
    first: int,
    last: int,
) -> tuple[int, float]:
    slot, fresh = position.entry_bar - base, position.entry_bar >= base
    begin, until = first - base, last - base
    found = shared.target[1] if fresh and shared.target.size > 0 else shared.target[0, :0]
    hit = last - base + 1
    if position.target < np.inf:
        hit = first_below(found, slot, market.down, market.group_down, -position.target, begin, until)
        until = min(until, hit)
    if position.stop > -np.inf:
        found = shared.stop[1] if fresh and shared.stop.size > 0 else shared.stop[0, :0]
        stopped = first_above(found, slot, market.up, market.group_up, -position.stop, begin, until)
        if stopped <= until:
            hit = until = stopped
    if not np.isnan(trailing_stop):
        found = shared.trailing[1] if fresh and shared.trailing.size > 0 else shared.trailing[0, :0]
        troughs = shared.peaks[1] if shared.peaks.size > 0 else shared.peaks[0, :0]
        stopped, trough = first_trailed_short(
            found, troughs, slot, market.up, market.low[base:], market.group_up, market.group_bottom,
            1.0 + trailing_stop, trail, begin, until,
        )  # fmt: skip
        if stopped <= until:
            return base + stopped, trough
        if base + hit > last:
            trail = trough
    return base + hit, trail
