"""Watching: trips of runs that wait, ended where a stop, the target or their age does.

Levels hang on the market's price at a trip's entry, not on the run's money. And a state that a stop left
early is entered again where it turns anew, after the trip's end: so trips know nothing of each other, and
each can be shortened before any money is known.
"""

import numpy as np
import numpy.typing as npt

from sweeps.simulation.codes import TAKE_PROFIT
from sweeps.simulation.exits import level_exit
from sweeps.simulation.hopping.bits import U
from sweeps.simulation.hopping.compiling import called
from sweeps.simulation.hopping.market import Market
from sweeps.simulation.hopping.multiples import LARGEST
from sweeps.simulation.hopping.trips import Queue
from sweeps.simulation.hopping.watch import Shared, reached_level
from sweeps.simulation.loop import has_levels
from sweeps.simulation.position import Position, at_signal, lacks_distance, levels_of
from sweeps.simulation.settings import Rules

Floats = npt.NDArray[np.float64]


@called
def watched(
    market: Market,
    shared: Shared,
    stop_distance: Floats,
    stop_scale: float,
    atr: Floats,
    rules: Rules,
    queue: Queue,
    place: int,
) -> bool:
    """End the trips of the run at a place in the queue where it leaves them, in a window of one tile.

    And note what they sell at, as `left` does. False if a level is not known at its entry, which is skipped;
    or if the run goes from side to side, but for orders alone: there a stop may take an entry away.
    """
    close, end, turns, side = market.close, market.close.size, queue.turns[place], float(queue.side[place])
    levels = has_levels(rules, stop_distance)
    if queue.flips[place]:
        for k in range(queue.trips[place]):
            last = min(turns[U(k + 1)], end - 1)
            queue.sold[place, U(k)] = close[U(last)] * (1.0 - side * rules.slippage)
            side = -side
        return not levels and np.isnan(rules.max_bars)
    costly = 1.0 - side * rules.slippage
    for k in range(queue.trips[place]):
        bar, out, price = turns[U(2 * k)], turns[U(2 * k + 1)], np.nan
        if bar + rules.max_bars < out:
            out = bar + int(rules.max_bars)
        if levels:
            distance, market_price = at_signal(stop_distance, bar) * stop_scale, close[U(bar)]
            unknown = stop_distance.size > 0 and not 0.0 < distance <= LARGEST
            if unknown or (not np.isnan(rules.atr_multiple) and lacks_distance(atr, bar)):
                return False
            stop, reason, target = levels_of(side, market_price, distance, at_signal(atr, bar), rules)
            position = Position(side, 0.0, market_price, 0.0, bar, stop, reason, target)
            last = min(out, end - 1)
            found, peak = reached_level(
                market, 0, shared, position, rules.trailing_stop, market_price, bar + 1, last
            )
            if found <= last:
                out = found
                reason, price = level_exit(
                    position,
                    peak,
                    rules.trailing_stop,
                    market.open[U(out)],
                    market.high[U(out)],
                    market.low[U(out)],
                )
                price *= 1.0 if reason == TAKE_PROFIT else costly
        if np.isnan(price) and out < end:
            price = close[U(out)] * costly
        turns[U(2 * k + 1)], queue.sold[place, U(k)] = out, price
    return True
