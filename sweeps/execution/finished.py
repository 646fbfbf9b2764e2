"""Finished blocks: what of a sweep is committed, as its journal says."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweeps.execution.blocks import Ranges, place_of
from sweeps.execution.cell_set import CellSet, decode_cells
from sweeps.execution.context import Place
from sweeps.spec.grid import IndexArray


class Finished:
    """The blocks of one sweep that are committed, or about to be, over all of its drivers.

    Attributes:
        computed: Committed runs with a result.
        failed: Committed runs without one.
        reused: Committed runs that were carried over from other sweeps.
    """

    def __init__(self) -> None:
        self.computed = 0
        self.failed = 0
        self.reused = 0
        self._done: Counter[Place] = Counter()
        self._cells: defaultdict[Place, CellSet] = defaultdict(CellSet)
        self._ranges: defaultdict[Place, list[tuple[int, int]]] = defaultdict(list)
        self._taken: defaultdict[tuple[str, Place], set[tuple[int, int]]] = defaultdict(set)

    def take(self, block: Mapping[str, Any]) -> bool:
        """Take a block; return False if it was taken before: a task ran twice, or its receipt is late.

        Args:
            block: The journal's document of it.
        """
        taken = self._taken[block["phase"], place_of(block)]
        bounds = block["lo"], block["hi"]
        if bounds in taken:
            return False
        taken.add(bounds)
        return True

    def count(self, block: Mapping[str, Any]) -> None:
        """Count the runs of a block that is committed."""
        if block["phase"] == "details":
            return
        self.failed += block["failed"]
        self._done[place_of(block)] += block["runs"]
        if block["phase"] == "reused":
            self.reused += block["runs"]
        else:
            self.computed += block["runs"] - block["failed"]
        if "cells" in block:
            self._cells[place_of(block)].add(decode_cells(block["cells"]))
        else:
            self._ranges[place_of(block)].append((block["lo"], block["hi"]))

    def restore(self, block: Mapping[str, Any]) -> None:
        """Take and count a block that an earlier driver committed.

        Details that were chosen when all metrics were in are not taken: which of them are there the table
        tells, for a policy may have taken some since.
        """
        if block["phase"] != "details" and self.take(block):
            self.count(block)

    @property
    def done(self) -> int:
        """Committed runs, however they ended."""
        return self.computed + self.reused + self.failed

    def counts(self) -> dict[str, int]:
        """Return what a state of the sweep says of it, by column."""
        return {"computed": self.computed, "reused": self.reused, "failed": self.failed}

    @property
    def cells(self) -> Mapping[Place, CellSet]:
        """Which runs are done that lie anywhere, by place."""
        return self._cells

    def done_at(self, places: Iterable[Place]) -> int:
        """Return how many runs are done at some places."""
        return sum(self._done[place] for place in places)

    def ranges(self) -> Ranges:
        """Return which runs are done beside these, as ranges of the grid."""
        return {place: sorted(bounds) for place, bounds in self._ranges.items()}

    def holds(self, place: Place, cells: IndexArray) -> NDArray[np.bool_]:
        """Say of each of some cells, which ascend, whether it is done, shape (k,)."""
        bounds = np.array(sorted(self._ranges[place]), np.int64).reshape(-1, 2)
        within = np.searchsorted(bounds[:, 0], cells, side="right") - 1
        in_range = (within >= 0) & (cells < np.append(bounds[:, 1], 0)[within])
        return in_range | self._cells[place].holds(cells)
