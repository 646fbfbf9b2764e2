"""Taking: runs that wait are taken over a tile, eight at a time, side by side."""

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.bits import U
from sweeps.simulation.hopping.compiling import called, inlined
from sweeps.simulation.hopping.laned_lines import LINE_SUMS, move_lines
from sweeps.simulation.hopping.laned_state import P_SIDE
from sweeps.simulation.hopping.lanes import WIDTH
from sweeps.simulation.hopping.market import SEVERAL, Market, block_of_tile
from sweeps.simulation.hopping.reckoning import reckon
from sweeps.simulation.hopping.spans import F_CLOSE, F_RETURN, F_SQUARE, N_SUMS
from sweeps.simulation.hopping.state import (
    BLOCKS,
    H_MARKED,
    H_NEXT_ORDER,
    H_OPEN,
    H_SPANS,
    H_SUMMED,
    H_SUMS,
    add_to_block,
)
from sweeps.simulation.hopping.trips import N_LANED, Trips, put_in_order, step_in

Floats = npt.NDArray[np.float64]


@called
def take_trips(
    market: Market,
    base: int,
    end: int,
    settings: Floats,
    states: Floats,
    first_run: int,
    trips: Trips,
    waiting: int,
    before: int,
    watched: bool,  # noqa: FBT001  compiled functions take their arguments by place
) -> int:
    """Take the runs that wait over the tile [base, end); return how many are to be taken again.

    Those, in which anything is not as usual, are as they were: `hop` must take them. ``before`` counts those
    that are known already; ``watched`` tells whether trips are.
    """
    again, block = 0, block_of_tile(market, base, end)
    put_in_order(trips.queue, waiting)
    for first in range(0, waiting, WIDTH):
        lanes = min(WIDTH, waiting - first)
        steps = step_in(trips, first, lanes, base, watched)
        _bring_states(states, trips, block)
        usual = reckon(market, base, end, settings, first_run, trips, steps, block == SEVERAL, watched)
        for lane in range(lanes):
            run = trips.run[U(lane)]
            if usual >> lane & 1:
                move_lines(trips.lines, lane * LINE_SUMS, trips.sums, lane * N_SUMS)
                _keep(states[run], trips, lane, block, end, market.close.size)
            else:
                trips.again[U(before + again)] = run
                again += 1
    return again


@inlined
def _bring_states(states: Floats, trips: Trips, block: int) -> None:
    """Put the runs' states side by side."""
    for lane in range(WIDTH):
        state = states[trips.run[U(lane)]]
        for place in range(N_LANED):
            trips.state[U(place * WIDTH + lane)] = state[U(place)]
    trips.sums[:], trips.lines[:] = 0.0, 0.0
    if block == SEVERAL:
        trips.blocks[:] = 0.0


@inlined
def _keep(state: Floats, trips: Trips, lane: int, block: int, end: int, bars: int) -> None:
    """Put a lane back into its run's state."""
    for place in range(N_LANED):
        state[U(place)] = trips.state[U(place * WIDTH + lane)]
    for place in range(N_SUMS):
        state[U(H_SPANS + place)] += trips.sums[U(lane * N_SUMS + place)]
    if block == SEVERAL:
        for place in range(H_SUMS, H_SUMS + 2 * BLOCKS):
            state[U(place)] += trips.blocks[lane, U(place)]
    else:
        spans, marks = trips.sums[lane * N_SUMS :], trips.spilled
        total, square = marks[U(lane)] + spans[F_RETURN], marks[U(WIDTH + lane)] + spans[F_SQUARE]
        add_to_block(state, block, total, square)
    if trips.sums[U(lane * N_SUMS + F_CLOSE)] > 0.0:
        state[H_SUMMED] = max(state[H_SUMMED], 1.0)
    state[H_NEXT_ORDER] = end
    if end == bars and state[P_SIDE] != 0.0:
        state[H_MARKED] = state[H_OPEN] = 1.0
