"""Desk: what runs read, and the words of the set that is at hand, packed when its runs come."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.coarse import Coarse, cut_rows
from sweeps.simulation.hopping.compiling import inlined
from sweeps.simulation.hopping.conditions import Conditions
from sweeps.simulation.hopping.orders import Orders
from sweeps.simulation.hopping.packing import LONG_KINDS, N_CARRIED, Sets, orders_of_set, words_of

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]


class Reads(NamedTuple):
    """What runs read.

    Attributes:
        words: Orders in bits, shape (sets, 2 or 4, words).
        stop_distance: Strategies' own stops, shape (stops, bars).
        stop_scale: Factor of each set on its own stop, shape (sets,).
        atr: Average true ranges, shape (periods, bars).
        session_last: Last bars of sessions in bits, shape (cut-offs, words).
        set_of_run: Signal set of each run, shape (runs,).
        stop_of_set: Which stop a set has, -1 for none, shape (sets,).
        atr_of_run: Which true range a run reads, -1 for none, shape (runs,).
        session_of_run: Which sessions a run reads, -1 for none, shape (runs,).
        asked: What sets ask, if their words are not packed yet; else of no set.
        sets: The sets that ask.
        coarse: Addresses of the rows that many of them compare.
    """

    words: Words
    stop_distance: Floats
    stop_scale: Floats
    atr: Floats
    session_last: Words
    set_of_run: Integers
    stop_of_set: Integers
    atr_of_run: Integers
    session_of_run: Integers
    asked: Conditions
    sets: Sets
    coarse: Integers


def new_desk(kinds: int, tile: int) -> Words:
    """Return an empty desk, where the words of one set in one tile lie: one before the tile's, then its own.

    Shape (2 or 4, tile's words + 1).
    """
    return np.zeros((kinds, words_of(tile) + 1), np.uint64)


@inlined
def bring(reads: Reads, place: int, coarse: Coarse, base: int, end: int, bars: int, desk: Words) -> None:
    """Pack a set's orders in a tile, after the last word of the tile before, which the next open may read."""
    count, carried = ((end + 63) >> 6) - (base >> 6), reads.sets.carried[place]
    if base == 0:
        carried[:] = 0
    for kept in range(N_CARRIED // 2):
        carried[N_CARRIED // 2 + kept] = carried[kept]
    for kind in range(len(desk)):
        desk[kind, 0] = carried[2 + kind]
    cut = cut_rows(coarse, base)
    first = base >> 6
    orders_of_set(reads.asked, reads.sets, place, cut, first, (end + 63) >> 6, bars, desk, 1 - first)
    for kind in range(len(desk)):
        carried[2 + kind] = desk[kind, count]


@inlined
def put_back(reads: Reads, place: int) -> None:
    """Let a set's orders in the tile be packed again."""
    carried = reads.sets.carried[place]
    for kept in range(N_CARRIED // 2):
        carried[kept] = carried[N_CARRIED // 2 + kept]


@inlined
def orders_on(reads: Reads, desk: Words, place: int, session: int, base: int) -> Orders:
    """Return a set's orders: those on the desk, or among words that are packed, and last bars of sessions."""
    lazily = len(reads.asked.kind) > 0
    held, none = desk if lazily else reads.words[place], desk[0, :0]
    shorts = len(held) > LONG_KINDS
    return Orders(
        held[0],
        held[1],
        held[2] if shorts else none,
        held[3] if shorts else none,
        64 - base if lazily else 0,
        reads.session_last[session] if session >= 0 else none,
    )
