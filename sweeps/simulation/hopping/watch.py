"""Watch: when a position reaches one of its levels."""

import numpy as np

from sweeps.simulation.hopping.compiling import inlined
from sweeps.simulation.hopping.levels import (
    first_at_or_above,
    first_at_or_below,
    first_trailed_long,
    first_trailed_short,
)
from sweeps.simulation.hopping.market import Market
from sweeps.simulation.position import Position


@inlined
def reached_level(
    market: Market, position: Position, trailing_stop: float, trail: float, first: int, last: int
) -> tuple[int, float]:
    """Return the first bar of [first, last] that reaches a stop or the target, and the best price before it.

    The bar is last + 1 if none does.
    """
    long_side = position.side > 0.0
    trails = not np.isnan(trailing_stop)
    if position.target < np.inf:
        if long_side:
            hit = first_at_or_above(market.up, market.group_up, position.target, first, last)
        else:
            hit = first_at_or_below(market.down, market.group_down, -position.target, first, last)
    else:
        hit = last + 1
    until = hit - 1  # on the target's own bar `level_exit` decides, stops first
    if trails:
        if long_side:
            stopped, peak = first_trailed_long(
                market.down, market.high, market.group_down, market.group_top,
                position.stop, 1.0 - trailing_stop, trail, first, until,
            )  # fmt: skip
        else:
            stopped, peak = first_trailed_short(
                market.up, market.low, market.group_up, market.group_bottom,
                -position.stop, 1.0 + trailing_stop, trail, first, until,
            )  # fmt: skip
        return (stopped, peak) if stopped <= until else (hit, peak)
    if position.stop > -np.inf:
        if long_side:
            stopped = first_at_or_below(market.down, market.group_down, position.stop, first, until)
        else:
            stopped = first_at_or_above(market.up, market.group_up, -position.stop, first, until)
        return (stopped, trail) if stopped <= until else (hit, trail)
    return hit, trail
