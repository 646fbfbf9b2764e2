"""Trips: plain runs of a state, whose entries and exits take turns, eight runs and a tile at a time.

`hop` has to know how one event ends before it looks for the next. Where the state alone decides when a
position is entered and left, all bars are known before any money is: then eight runs can go side by side,
each in a lane of the processor's vectors, from their first trips to their last. What a trade comes to is
computed as `hop` does it, to the last bit; sums are added up in another order. A state that is long or short
leaves one side and enters the other at the same close.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.bits import U, bits_set, trailing_zeros
from sweeps.simulation.hopping.compiling import inlined
from sweeps.simulation.hopping.laned_lines import LINE_SUMS
from sweeps.simulation.hopping.lanes import WIDTH
from sweeps.simulation.hopping.lines import apart
from sweeps.simulation.hopping.market import Market
from sweeps.simulation.hopping.multiples import LARGEST, VAST
from sweeps.simulation.hopping.packing import BOTH, LONG, LONG_KINDS, SHORT
from sweeps.simulation.hopping.spans import F_CLOSE, F_SQUARE, N_SUMS
from sweeps.simulation.hopping.state import H_ENDED, H_POSITION, H_SPREAD, N_STATE, RUNNING

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

AT_ONCE = 4
"""Bits of a word that are noted without asking whether they are there: few words have more."""
QUEUE: Final = 128
"""Runs that wait until there are as many: those that trade about as often go side by side."""
N_LANED: Final = H_SPREAD + 1
"""Numbers of a run's state that lie side by side while it is in a lane."""
N_SPILLED = 5


class Queue(NamedTuple):
    """Runs that wait for lanes in a tile of m bars, with the bars at which their states turn.

    Attributes:
        run: Each run, counted from the first that has a state, shape (QUEUE,).
        trips: How many trips it makes.
        side: The side of its first, 1 or -1.
        flips: Whether it goes from side to side: each turn then ends a trip and begins the next.
        turns: Bars of entries and exits in turn, then the end of the tile; shape (QUEUE, any). What is held
            since the tile before is entered at its first bar.
        sold: What each trip sells at, shape (QUEUE, any); known where trips are watched.
        order: The runs by how many trips they make.
        words: Words in which a state turns, shape (m / 64 + 1,).
        word_bars: Their first bars.
    """

    run: Integers
    trips: Integers
    side: Integers
    flips: Integers
    turns: Integers
    sold: Floats
    order: Integers
    words: Words
    word_bars: Integers


class Trips(NamedTuple):
    """Room for the trips of eight runs in one tile of m bars; what has lanes has eight values a row.

    Attributes:
        queue: Runs that wait for lanes.
        run: The run in each lane, counted from the first that has a state.
        number: How many trips it makes.
        side: The side of its first.
        flips: Whether it goes from side to side.
        turns: The first bar of each trip, and that of its exit, shape (2 (m + 8) x 8,).
        sold: What its trips sell at, where they are watched, shape ((m + 8) x 8,).
        state: The runs' states, shape (N_LANED x 8,).
        sums: Sums over returns while positions are held, a row of `spans` a run, shape (8 x N_SUMS,).
        lines: The same of shorts, eight of each column, shape (8 x LINE_SUMS,).
        blocks: States of which the blocks of 16 alone are in use, shape (8, N_STATE).
        spilled: Lanes that are looked at one by one, shape (N_SPILLED x 8,).
        again: Runs that are not as usual in the tile, shape (runs,).
    """

    queue: Queue
    run: Integers
    number: Integers
    side: Integers
    flips: Integers
    turns: Integers
    sold: Floats
    state: Floats
    sums: Floats
    lines: Floats
    blocks: Floats
    spilled: Floats
    again: Integers


def new_trips(tile: int, runs: int) -> Trips:
    """Return room for the trips of a tile, of so many runs in turn."""
    words, turns = tile // 64 + 1, tile + AT_ONCE + 4
    queue = Queue(
        run=np.zeros(QUEUE, np.int64),
        trips=np.zeros(QUEUE, np.int64),
        side=np.zeros(QUEUE, np.int64),
        flips=np.zeros(QUEUE, np.int64),
        turns=apart(QUEUE, turns).view(np.int64),
        sold=apart(QUEUE, turns),
        order=np.zeros(QUEUE, np.int64),
        words=np.empty(words, np.uint64),
        word_bars=np.empty(words, np.int64),
    )
    return Trips(
        queue,
        run=np.zeros(WIDTH, np.int64),
        number=np.zeros(WIDTH, np.int64),
        side=np.zeros(WIDTH, np.int64),
        flips=np.zeros(WIDTH, np.int64),
        turns=np.empty(2 * turns * WIDTH, np.int64),
        sold=np.empty(turns * WIDTH),
        state=np.zeros(N_LANED * WIDTH),
        sums=np.empty(WIDTH * N_SUMS),
        lines=np.empty(WIDTH * LINE_SUMS),
        blocks=np.empty((WIDTH, N_STATE)),
        spilled=np.empty(N_SPILLED * WIDTH),
        again=np.empty(runs, np.int64),
    )


@inlined
def queued(
    market: Market,
    base: int,
    end: int,
    desk: Words,
    side: int,
    state: Floats,
    run: int,
    queue: Queue,
    place: int,
) -> bool:
    """Let a run wait at a place, with its turns in the tile [base, end), whose orders are on the desk.

    ``side`` tells what its state means, as in `packing`. False if it must not wait: if what is held is not
    left first, and later than at the tile's first bar, or if sums over the tile may be inexact.
    """
    sums, last, before = market.sums, end - base - 1, state[H_POSITION]
    exact = sums[U(last), F_SQUARE] <= VAST and sums[U(last), F_CLOSE] <= LARGEST
    known = side == LONG or (len(desk) > LONG_KINDS and market.close.size >= 2 * WIDTH)
    if state[H_ENDED] != RUNNING or not exact or not known:
        return False
    on = desk[2 if side == SHORT else 0, 1:]
    off = desk[1, 1:] if side == LONG else (desk[3, 1:] if side == SHORT else desk[2, 1:])
    turns, held = queue.turns[place], 1 if before != 0.0 else 0
    turns[0] = base
    turned = _turns(on, off, base, end, held, turns, queue.words, queue.word_bars)
    first = -1 if side == SHORT else 1
    if side == BOTH and held:
        first = int(before)
    if turned > held:
        bar = turns[U(held)]
        leaves = np.int64((off[U((bar - base) >> 6)] >> U(bar & 63)) & U(1))
        if side == BOTH and not held:
            first = int(1 - 2 * leaves)
        elif leaves != (first > 0 if side == BOTH else held) or bar < base + held:
            return False
    turns[U(turned)] = end
    queue.run[U(place)], queue.side[U(place)] = run, first
    queue.flips[U(place)] = side == BOTH
    queue.trips[U(place)] = turned if side == BOTH else (turned + 1) >> 1
    return True


@inlined
def _turns(
    enter: Words, leave: Words, base: int, end: int, held: int, turns: Integers, words: Words, bars: Integers
) -> int:
    """Write the bars at which a state turns; return how many there are, with what is held."""
    turned, found = held, 0
    for place in range(((end + 63) >> 6) - (base >> 6)):
        word = enter[U(place)] | leave[U(place)]
        words[U(found)], bars[U(found)] = word, base + (place << 6)
        found += word != 0
    for place in range(found):
        word, bar = words[U(place)], bars[U(place)]
        after = turned + bits_set(word)
        for ahead in range(AT_ONCE):
            turns[U(turned + ahead)] = bar + trailing_zeros(word)
            word &= word - np.uint64(1)
        for ahead in range(turned + AT_ONCE, after):
            turns[U(ahead)] = bar + trailing_zeros(word)
            word &= word - np.uint64(1)
        turned = after
    return turned


@inlined
def put_in_order(queue: Queue, waiting: int) -> None:
    """Order the runs that wait by how many trips they make."""
    order, trips = queue.order, queue.trips
    for place in range(waiting):
        behind = place
        while behind > 0 and trips[order[behind - 1]] > trips[place]:
            order[behind] = order[behind - 1]
            behind -= 1
        order[behind] = place


@inlined
def step_in(trips: Trips, first: int, lanes: int, base: int, watched: bool) -> int:  # noqa: FBT001
    """Put some of the runs that wait into lanes; return how many trips they make at most.

    Where trips are ``watched``, what they sell at is brought as well. All lanes have as many, those after a
    run's own of no money; lanes without a run repeat the first.
    """
    queue, turns, steps = trips.queue, trips.turns, 0
    for lane in range(lanes):
        steps = max(steps, queue.trips[queue.order[first + lane]])
    for lane in range(WIDTH):
        place = queue.order[first + (lane if lane < lanes else 0)]
        own, row, sold = queue.trips[place] if lane < lanes else 0, queue.turns[place], queue.sold[place]
        trips.run[U(lane)], trips.number[U(lane)] = queue.run[place], own
        trips.side[U(lane)], trips.flips[U(lane)] = queue.side[place], queue.flips[place]
        if queue.flips[place]:
            for k in range(own):
                turns[U(2 * WIDTH * k + lane)] = row[U(k)]
                turns[U(2 * WIDTH * k + WIDTH + lane)] = row[U(k + 1)]
        else:
            for turn in range(2 * own):
                turns[U(WIDTH * turn + lane)] = row[U(turn)]
        for k in range(own if watched else 0):
            trips.sold[U(WIDTH * k + lane)] = sold[U(k)]
        for k in range(own, steps):
            turns[U(2 * WIDTH * k + lane)], turns[U(2 * WIDTH * k + WIDTH + lane)] = base, base + 1
    return steps
