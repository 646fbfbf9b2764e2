"""The engine's compiled door: many runs of many signal sets over one window, tile by tile."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.coarse import Coarse, cut_tile
from sweeps.simulation.hopping.compiling import called, inlined
from sweeps.simulation.hopping.desk import Reads, bring, orders_on, put_back
from sweeps.simulation.hopping.finish import curve_of, is_exact, trades_of
from sweeps.simulation.hopping.hop import hop
from sweeps.simulation.hopping.market import Market, fill_tile
from sweeps.simulation.hopping.notes import Notes
from sweeps.simulation.hopping.plain import (
    has_plain_costs,
    has_plain_exits,
    nothing_shared,
    plain_orders,
    plain_rules,
)
from sweeps.simulation.hopping.state import (
    BLOCKS,
    H_ENDED,
    H_SKIPPED,
    H_SQUARES,
    H_SUMS,
    H_TRADES,
    ODD,
    RUINED,
    begin,
    curve_held,
)
from sweeps.simulation.hopping.taking import take_trips
from sweeps.simulation.hopping.trips import QUEUE, Trips, queued
from sweeps.simulation.hopping.watch import Shared
from sweeps.simulation.hopping.watching import watched
from sweeps.simulation.loop import Tally
from sweeps.simulation.metrics import buy_hold_return, run_metrics
from sweeps.simulation.settings import Rules
from sweeps.simulation.sources import door

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Found = npt.NDArray[np.int32]


LEAST_CAPITAL, MOST_CAPITAL = 1e-100, 1e100
"""Beyond them, numbers that come of money and prices end or overflow; the loop runs such runs."""


class Pools(NamedTuple):
    """What runs with equal exits share, by the pool of each run, -1 for none; see `watch.Shared`.

    The pools' tables are of one tile of m bars: shape (pools, 2, m).
    """

    stop_of_run: Integers
    target_of_run: Integers
    trailing_of_run: Integers
    stop: Found
    target: Found
    trailing: Found
    peaks: Floats


class Made(NamedTuple):
    """What runs leave, one row each; ``left`` is True where the loop must run it."""

    metrics: Floats
    block_sums: npt.NDArray[np.float32]
    block_sumsqs: npt.NDArray[np.float32]
    left: npt.NDArray[np.bool_]

    def rows(self, chosen: Integers) -> "Made":
        """Return copies of some rows."""
        return Made(
            self.metrics[chosen], self.block_sums[chosen], self.block_sumsqs[chosen], self.left[chosen]
        )

    def put(self, chosen: Integers, rows: "Made") -> None:
        """Put rows in the place of others."""
        self.metrics[chosen], self.left[chosen] = rows.metrics, rows.left
        self.block_sums[chosen], self.block_sumsqs[chosen] = rows.block_sums, rows.block_sumsqs


@door(_nrt=False)
def run_sets(
    market: Market,
    reads: Reads,
    pools: Pools,
    settings: Floats,
    periods_per_year: float,
    filled: bool,  # noqa: FBT001  compiled functions take their arguments by place
    states: Floats,
    notes: Notes,
    trips: Trips,
    desk: Words,
    coarse: Coarse,
    ledger: Floats,
    made: Made,
) -> None:
    """Run k runs into row k of ``made``, tile by tile; all have one risk-free return.

    As many runs as there are states, shape (any, N_STATE), take turns over the tiles; these, notes, trips,
    desk, coarse and ledger are scratch. ``filled`` tells that the market is of one tile, with its tables.
    """
    bars, runs, tile = market.close.size, len(settings), market.up.size
    there = -1  # the set on the desk
    exits = _any_exits(reads, settings)
    for first in range(0, runs, len(states)):
        after = min(first + len(states), runs)
        for k in range(first, after):
            begin(states[k - first], settings[k, 0])
        for base in range(0, bars, tile):
            end = min(base + tile, bars)
            if not filled:
                fill_tile(market, base, end, settings[0, 9], exits)
            if first == 0 or tile < bars:
                cut_tile(coarse, base, end)
                pools.stop[:], pools.target[:], pools.trailing[:] = 0, 0, 0
            there = _pass(
                market, base, end, reads, pools, settings, first, after,
                there if tile == bars else -1, filled and exits, states, notes, trips, desk, coarse, ledger,
            )  # fmt: skip
        for k in range(first, after):
            state = states[k - first]
            made.left[k] = not _finished(market, state, settings[k], periods_per_year, k, made)


@door(_nrt=False)
def fill_market(market: Market, risk_free: float) -> None:
    """Fill the tables of a market that is of one tile."""
    fill_tile(market, 0, market.close.size, risk_free, levels=True)


@called
def _any_exits(reads: Reads, settings: Floats) -> bool:
    """Tell whether any run has exits that are no orders, of sessions apart."""
    for k in range(len(settings)):
        stop = reads.stop_of_set[reads.set_of_run[k]]
        own = reads.stop_distance[stop] if stop >= 0 else settings[0, :0]
        if not has_plain_exits(rules_of(settings[k]), own):
            return True
    return False


@inlined
def _pass(
    market: Market,
    base: int,
    end: int,
    reads: Reads,
    pools: Pools,
    settings: Floats,
    first: int,
    after: int,
    there: int,
    watching: bool,  # noqa: FBT001
    states: Floats,
    notes: Notes,
    trips: Trips,
    desk: Words,
    coarse: Coarse,
    ledger: Floats,
) -> int:
    """Take the runs [first, after) over one tile; return the set that lies on the desk then.

    ``watching`` tells that it is the only one, and that some runs have exits that are no orders.
    """
    lazily = len(reads.asked.kind) > 0
    of_states = lazily and reads.asked.kind.shape[1] == 1
    runs, item, again, waiting = after - first, 0, 0, 0
    while item < runs + again:
        anew = item >= runs
        k = first + (trips.again[item - runs] if anew else item)
        item += 1
        place = reads.set_of_run[k]
        if anew:
            put_back(reads, place)
        if lazily and (anew or place != there):
            bring(reads, place, coarse, base, end, market.close.size, desk)
            there = place
        stop, true_range, session = reads.stop_of_set[place], reads.atr_of_run[k], reads.session_of_run[k]
        orders, rules, state = (
            orders_on(reads, desk, place, session, base),
            rules_of(settings[k]),
            states[k - first],
        )
        none, shared = settings[0, :0], _shared(pools, k)
        own = reads.stop_distance[stop] if stop >= 0 else none
        ranges = reads.atr[true_range] if true_range >= 0 else none
        costs, exits = has_plain_costs(rules) and session < 0, has_plain_exits(rules, own)
        if (
            costs
            and (exits or watching)
            and of_states
            and not anew
            and queued(
                market, base, end, desk, reads.sets.side[place], state, k - first, trips.queue, waiting
            )
            and (
                not watching
                or watched(market, shared, own, reads.stop_scale[place], ranges, rules, trips.queue, waiting)
            )
        ):
            waiting += 1
        elif costs and exits:
            shared = nothing_shared(pools.stop[0, :0], pools.peaks[0, :0])
            orders, rules = plain_orders(orders, desk[0, :0]), plain_rules(rules)
            hop(market, base, end, orders, shared, none, 1.0, none, rules, state, notes, ledger)
        else:
            scale = reads.stop_scale[place]
            hop(market, base, end, orders, shared, own, scale, ranges, rules, state, notes, ledger)
        if waiting == QUEUE or (item == runs and waiting > 0):
            again += take_trips(market, base, end, settings, states, first, trips, waiting, again, watching)
            waiting = 0
    return there


@inlined
def _shared(pools: Pools, run: int) -> Shared:
    stop, target, trailing = pools.stop_of_run[run], pools.target_of_run[run], pools.trailing_of_run[run]
    return Shared(
        pools.stop[stop] if stop >= 0 else pools.stop[0, :0],
        pools.target[target] if target >= 0 else pools.target[0, :0],
        pools.trailing[trailing] if trailing >= 0 else pools.trailing[0, :0],
        pools.peaks[trailing] if trailing >= 0 else pools.peaks[0, :0],
    )


@inlined
def _finished(
    market: Market, state: Floats, setting: Floats, periods_per_year: float, run: int, made: Made
) -> bool:
    """Fill a run's row; False if its sums are not exact enough, and the loop must run it."""
    bars, rules, curve = market.close.size, rules_of(setting), curve_held(state)
    of_curve = curve_of(curve, state, bars, rules.risk_free)
    usual = LEAST_CAPITAL <= rules.initial_capital <= MOST_CAPITAL
    if state[H_ENDED] == ODD or not usual or not is_exact(state, market.scale, of_curve, bars):
        return False
    tally = Tally(int(state[H_TRADES]), int(state[H_SKIPPED]), state[H_ENDED] == RUINED, 0)
    hold = buy_hold_return(market.open, market.close, rules)
    of_trades = trades_of(state, rules)
    found = run_metrics(of_curve, of_trades, tally, curve.worth, hold, bars, rules, periods_per_year)
    for place, value in enumerate(found):
        made.metrics[run, place] = value
    for block in range(BLOCKS):
        made.block_sums[run, block] = state[H_SUMS + block]
        made.block_sumsqs[run, block] = state[H_SQUARES + block]
    return True


@inlined
def rules_of(s: Floats) -> Rules:
    """Return a settings row by name."""
    return Rules(
        s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10], s[11], s[12], s[13], s[14]
    )
