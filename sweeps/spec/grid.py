"""The grid: the product of the axes, filtered by `where`, enumerated lazily.

A cell is named by its raw index: the position in the full product, the last axis fastest.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweeps.spec.axes import Axis
from sweeps.spec.rules import Value
from sweeps.spec.where import Predicate

IndexArray = NDArray[np.int64]

CHUNK_CELLS = 1 << 19
"""Cells looked at in one go: bounds memory at some tens of MB."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Every run of a sweep on one symbol, never held in memory at once.

    Attributes:
        axes: Every setting, swept or not, slowest first; names are distinct.
        predicate: Which cells are runs; None: all.
        chosen: Raw indices of a sample, ascending, distinct, all passing ``predicate``; None: all.
    """

    axes: tuple[Axis, ...]
    predicate: Predicate | None = None
    chosen: IndexArray | None = None

    @cached_property
    def raw_size(self) -> int:
        """Cells of the full product, before `where`."""
        return math.prod(len(axis) for axis in self.axes)

    @property
    def names(self) -> tuple[str, ...]:
        """Every setting, in axis order."""
        return tuple(name for axis in self.axes for name in axis.names)

    @property
    def swept_names(self) -> tuple[str, ...]:
        """The settings that take more than one value."""
        return tuple(n for axis in self.axes for n in axis.names if len(set(axis.column(n))) > 1)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """What the lake stores as `param_<name>`: every strategy parameter, and the swept settings."""
        swept = frozenset(self.swept_names)
        return tuple(n for axis in self.axes for n in axis.names if axis.section == "strategy" or n in swept)

    def count(self) -> int:
        """Return how many runs there are, exactly; only the axes that `where` uses are enumerated."""
        if self.chosen is not None:
            return len(self.chosen)
        if self.predicate is None:
            return self.raw_size
        used = self._used_axes(self.predicate)
        passing = sum(len(found) for found in used.chunks())
        return passing * (self.raw_size // used.raw_size)

    def is_empty(self) -> bool:
        """Return whether there is no run at all; stops at the first one."""
        if self.chosen is not None or self.predicate is None:
            return self.count() == 0
        return not any(len(found) for found in self._used_axes(self.predicate).chunks())

    def passes(self, indices: IndexArray) -> NDArray[np.bool_]:
        """Say for each raw index whether `where` admits it (a sample's choice is not asked)."""
        if self.predicate is None:
            return np.ones(len(indices), dtype=np.bool_)
        return self.predicate.holds({name: self.taken(name, indices) for name in self.predicate.names})

    def survivors(self, lo: int, hi: int) -> IndexArray:
        """Return the raw indices in [lo, hi) that are runs, ascending; memory is that of the interval."""
        if self.chosen is not None:
            first, last = np.searchsorted(self.chosen, (lo, hi))
            return self.chosen[first:last]
        indices = np.arange(max(lo, 0), min(hi, self.raw_size), dtype=np.int64)
        return indices if self.predicate is None else indices[self.passes(indices)]

    def chunks(self) -> Iterator[IndexArray]:
        """Yield every run's raw index, ascending, in arrays of at most ``CHUNK_CELLS``, some empty."""
        if self.chosen is not None:
            for start in range(0, len(self.chosen), CHUNK_CELLS):
                yield self.chosen[start : start + CHUNK_CELLS]
            return
        for lo in range(0, self.raw_size, CHUNK_CELLS):
            yield self.survivors(lo, lo + CHUNK_CELLS)

    def slices(self, runs_per_slice: int) -> Iterator[tuple[int, int, int]]:
        """Cut the runs into consecutive slices, lazily and in bounded memory.

        Args:
            runs_per_slice: Runs in every slice but the last, at least 1.

        Yields:
            (lo, hi, n): `survivors(lo, hi)` are the slice's n > 0 runs. Every run is in one slice.
        """
        if runs_per_slice < 1:
            raise ValueError(f"runs_per_slice must be at least 1, got {runs_per_slice}")
        if self.chosen is None and self.predicate is None:
            for lo in range(0, self.raw_size, runs_per_slice):
                hi = min(lo + runs_per_slice, self.raw_size)
                yield lo, hi, hi - lo
            return
        lo, held, last = 0, 0, 0  # the open slice begins at lo and holds `held` runs, up to `last`
        for found in self.chunks():
            for cut in found[runs_per_slice - held - 1 :: runs_per_slice].tolist():
                yield lo, cut + 1, runs_per_slice
                lo = cut + 1
            held = (held + len(found)) % runs_per_slice
            last = int(found[-1]) if len(found) else last
        if held:
            yield lo, last + 1, held

    def within(self, lo: int, hi: int) -> "Grid":
        """Return the grid whose sample holds only [lo, hi): little to send with one slice."""
        return self if self.chosen is None else replace(self, chosen=self.survivors(lo, hi).copy())

    def positions(self, indices: IndexArray) -> IndexArray:
        """Return each cell's position on every axis, shape (cells, axes)."""
        return np.stack([self.positions_on(at, indices) for at in range(len(self.axes))], axis=1)

    def positions_on(self, at: int, indices: IndexArray) -> IndexArray:
        """Return each cell's position on one axis, shape (cells,)."""
        if len(self.axes[at]) == 1:
            return np.zeros(len(indices), dtype=np.int64)
        return indices // self.strides[at] % len(self.axes[at])

    def values(self, indices: IndexArray) -> dict[str, NDArray[Any]]:
        """Return the columns of cells: float64 with NaN for off; text and booleans as objects."""
        return {name: self.taken(name, indices) for name in self.names}

    def row(self, index: int) -> dict[str, Value]:
        """Return the exact values of one cell, None for off.

        Raises:
            IndexError: If the full product has no such cell.
        """
        if not 0 <= index < self.raw_size:
            raise IndexError(f"the grid has {self.raw_size:,} cells, there is no cell {index}")
        row: dict[str, Value] = {}
        for axis, stride in zip(self.axes, self.strides, strict=True):
            row.update(zip(axis.names, axis.rows[index // stride % len(axis)], strict=True))
        return row

    @cached_property
    def strides(self) -> tuple[int, ...]:
        """How far one step on each axis moves the raw index."""
        strides = [1]
        for axis in self.axes[:0:-1]:
            strides.append(strides[-1] * len(axis))
        return tuple(reversed(strides))

    @cached_property
    def _columns(self) -> dict[str, tuple[int, NDArray[Any]]]:
        return {name: (at, axis.array(name)) for at, axis in enumerate(self.axes) for name in axis.names}

    def taken(self, name: str, indices: IndexArray) -> NDArray[Any]:
        """Return the values of one setting, as `values` does."""
        at, column = self._columns[name]
        return column[self.positions_on(at, indices)]

    def _used_axes(self, predicate: Predicate) -> "Grid":
        used = frozenset(predicate.names)
        return Grid(tuple(axis for axis in self.axes if used.intersection(axis.names)), predicate)
