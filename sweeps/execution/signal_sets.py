"""Signal sets: what a block asks its strategy, each question once, and which runs read the answer."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sweeps.spec.grid import Grid, IndexArray
from sweeps.spec.rules import Value
from sweeps.strategies.contract import Direction


@dataclass(frozen=True, eq=False)
class SignalSets:
    """The distinct pairs of strategy parameters and direction of some cells.

    Attributes:
        first_cells: Raw index of a cell of each set, ascending, shape (sets,).
        directions: Direction of each set.
        set_of_run: Set of each run, shape (runs,).
        periods: Distinct periods of ATR stops.
        period_of_run: Which of them a run reads, -1 for none.
        cutoffs: Distinct ends of sessions.
        cutoff_of_run: Which of them a run reads, -1 for none.
    """

    first_cells: IndexArray
    directions: tuple[Direction, ...]
    set_of_run: IndexArray
    periods: tuple[int, ...]
    period_of_run: IndexArray
    cutoffs: tuple[str, ...]
    cutoff_of_run: IndexArray

    @cached_property
    def shorts(self) -> bool:
        """Whether any set may go short."""
        return any(direction != "long" for direction in self.directions)


def signal_sets(grid: Grid, indices: IndexArray) -> SignalSets:
    """Return the signal sets of some cells, ascending indices; sets keep the order of the cells."""
    directions, direction_of_run = _read(grid, "direction", indices)
    periods, period_of_run = _read(grid, "atr_stop_period", indices)
    cutoffs, cutoff_of_run = _read(grid, "session_end", indices)
    inner = int(np.prod([len(axis) for axis in grid.axes if axis.section != "strategy"]))
    keys = indices // inner * len(directions) + direction_of_run
    distinct, first, set_of_run = np.unique(keys, return_index=True, return_inverse=True)
    return SignalSets(
        first_cells=indices[first],
        directions=tuple(directions[key] for key in (distinct % len(directions)).tolist()),
        set_of_run=set_of_run.astype(np.int64),
        periods=tuple(periods),
        period_of_run=period_of_run,
        cutoffs=tuple(cutoffs),
        cutoff_of_run=cutoff_of_run,
    )


def parameter_sets(grid: Grid, cells: IndexArray) -> list[dict[str, Value]]:
    """Return the strategy's own parameters of each cell, as declared."""
    names: list[str] = []
    columns: list[list[Value]] = []
    for place, axis in enumerate(grid.axes):
        if axis.section == "strategy":
            at = (cells // grid.strides[place] % len(axis)).tolist()
            for name in axis.names:
                values = axis.column(name)
                names.append(name)
                columns.append([values[position] for position in at])
    if not names:
        return [{} for _ in cells]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _read(grid: Grid, name: str, indices: IndexArray) -> tuple[list[Any], IndexArray]:
    """Return a setting's distinct values, off left out, and which of them each cell has; -1 is off."""
    place = next(at for at, axis in enumerate(grid.axes) if name in axis.names)
    values = grid.axes[place].column(name)
    distinct = [value for value in dict.fromkeys(values) if value is not None]
    codes = np.array([-1 if value is None else distinct.index(value) for value in values], dtype=np.int64)
    return distinct, codes[indices // grid.strides[place] % len(values)]
