"""Blocks: the slices of the grid that one task computes, cut lazily and to measure."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sweeps.execution.cell_set import CellSet, encode_cells
from sweeps.execution.context import Place
from sweeps.spec.grid import Grid, IndexArray

FIRST_RUNS = 4
"""Slow strategies take a second a run; fast ones are found out by blocks that take none."""
TARGET_SECONDS = 1.0
LEAST_SECONDS = 0.1
"""Blocks at the end of a sweep are smaller, but not below this: each costs some milliseconds by itself."""
GROWTH = 16
"""A block may be so many times larger than those before it."""
MEMORY = 0.7
"""How much of what earlier blocks told counts beside the newest one."""
SHARES = 2
"""Each thread could have so many blocks of what is left."""
Ranges = Mapping[Place, Sequence[tuple[int, int]]]
"""By place, ranges lo..hi of raw indices, hi excluded; ascending, none overlaps another."""
MOST_RUNS = 100_000
"""Some 350 MB on a worker, the last block on its way to storage included, and one row group of a file."""
EQUITY_ROWS = 1_000_000
"""Rows of equity curves that a block may make: some 100 MB on its worker."""


@dataclass(frozen=True, eq=False)
class Block:
    """A slice of the runs at one place.

    Attributes:
        place: The place.
        lo: Raw index of its first run.
        hi: Raw index after its last run.
        runs: Number of runs in [lo, hi).
        chosen: Its cells where they are not all of [lo, hi): a sample's, winners, or those between runs that
            were carried over; else None.
        details: Whether it stores trades and equity of runs whose metrics are in.
        lost: How often it was lost with a worker; it is then computed where it can kill none.
        splits: Which splits chose each of its runs, if they were chosen.
    """

    place: Place
    lo: int
    hi: int
    runs: int
    chosen: IndexArray | None = None
    details: bool = False
    lost: int = 0
    splits: tuple[tuple[int, ...], ...] = ()

    def indices(self, grid: Grid) -> IndexArray:
        """Return the raw indices of its runs, ascending, shape (runs,)."""
        return grid.survivors(self.lo, self.hi) if self.chosen is None else self.chosen

    def to_document(self) -> dict[str, Any]:
        """Return what the journal keeps of it."""
        phase = "details" if self.details else "runs"
        bounds = {
            "phase": phase,
            **place_document(self.place),
            "lo": self.lo,
            "hi": self.hi,
            "runs": self.runs,
        }
        return (
            bounds if self.chosen is None or self.details else bounds | {"cells": encode_cells(self.chosen)}
        )


class BlockCutter:
    """Cuts a sweep into blocks, one place after the other, as large as the measured rate allows.

    The last blocks are smaller, so that threads of different speed end together. Only one chunk of the grid
    is in memory, whatever its size.

    Args:
        grid: Every run at one place.
        places: The places.
        most: Runs that a block may have at most.
        finished: What need not be computed any more, as ranges: no block reaches into one, or across it.
        cells: What need not be computed either, and lies anywhere.
        limit: Runs that are cut in all; None is no limit.
        left: Runs that there are to cut, as far as is known: the last ones go into smaller blocks.
        threads: Says how many blocks are computed at a time.
    """

    def __init__(
        self,
        grid: Grid,
        places: Sequence[Place],
        most: int | None = None,
        finished: Ranges | None = None,
        cells: Mapping[Place, CellSet] | None = None,
        limit: int | None = None,
        left: int | None = None,
        threads: Callable[[], int] = lambda: 1,
    ) -> None:
        self._grid, self._places, self._finished = grid, tuple(places), finished or {}
        self._cells, self._limit, self._left, self._threads = cells or {}, limit, left, threads
        self._most = MOST_RUNS if most is None else min(most, MOST_RUNS)
        self._runs = min(FIRST_RUNS, self._most)
        self._seen_runs = self._seen_seconds = 0.0

    def learn(self, runs: int, seconds: float) -> None:
        """Take note of a block's time; later blocks last about `TARGET_SECONDS`.

        Large blocks tell more than small ones, whose time is mostly that of a block as such.
        """
        self._seen_runs = MEMORY * self._seen_runs + runs
        self._seen_seconds = MEMORY * self._seen_seconds + seconds
        wanted = int(TARGET_SECONDS * self._seen_runs / max(self._seen_seconds, 1e-6))
        self._runs = int(np.clip(wanted, 1, min(self._most, GROWTH * self._runs)))

    def __iter__(self) -> Iterator[Block]:
        for place in self._places:
            finished = np.array(self._finished.get(place, ()), np.int64).reshape(-1, 2)
            done = self._cells.get(place)
            for runs in self._grid.chunks():
                new = runs if done is None else runs[~done.holds(runs)]
                has_gaps = self._grid.chosen is not None or len(new) < len(runs)
                for rest in _outside(new, finished):
                    yield from self._cut(place, rest, has_gaps=has_gaps)

    def _cut(self, place: Place, runs: IndexArray, *, has_gaps: bool) -> Iterator[Block]:
        at = 0
        while at < len(runs) and self._limit != 0:
            part = runs[at : at + self._size()]
            is_whole = not has_gaps or int(part[-1] - part[0]) + 1 == len(part)
            chosen = None if is_whole else part
            yield Block(place, int(part[0]), int(part[-1]) + 1, len(part), chosen)
            at += len(part)
            self._limit = None if self._limit is None else self._limit - len(part)
            self._left = None if self._left is None else self._left - len(part)

    def _size(self) -> int:
        size = self._runs
        if self._left is not None:
            share = math.ceil(self._left / (SHARES * max(1, self._threads())))
            size = min(size, max(share, math.ceil(size * LEAST_SECONDS / TARGET_SECONDS)))
        return size if self._limit is None else min(size, self._limit)


def _outside(runs: IndexArray, finished: IndexArray) -> Iterator[IndexArray]:
    """Yield the runs outside of all ranges, shape (ranges, 2), cut wherever a range lies between two."""
    before = np.searchsorted(finished[:, 0], runs, side="right")  # ranges that begin at or before each run
    ends = np.append(finished[:, 1], 0)[before - 1]  # where the last of them ends; 0 if there is none
    outside = runs >= ends
    left, gaps = runs[outside], before[outside]
    for part in np.split(left, np.flatnonzero(np.diff(gaps)) + 1):
        if len(part):
            yield part


def place_document(place: Place) -> dict[str, Any]:
    """Return what the journal keeps of a place."""
    return {"symbol": place.symbol} | ({} if place.span is None else {"span": place.span})


def place_of(block: Mapping[str, Any]) -> Place:
    """Return the place of a block, as the journal tells it."""
    return Place(block["symbol"], block.get("span"))


def most_detailed(bars: int) -> int:
    """Return how many runs over so many bars a block may have whose equity curves are stored."""
    return max(1, EQUITY_ROWS // bars)


def without_sample(grid: Grid) -> Grid:
    """Return the grid as workers hold it: a sample's cells travel with the blocks."""
    return replace(grid, chosen=None)
