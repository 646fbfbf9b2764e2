"""Signal sets: what a block asks its strategy, each question once, and which runs read the answer."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sweeps.execution.cells import cells_a_question
from sweeps.simulation.hopping import packing
from sweeps.simulation.settings import SETTING_COLUMNS, settings_table
from sweeps.spec.grid import Grid, IndexArray
from sweeps.strategies.column import distinct
from sweeps.strategies.contract import FloatArray
from sweeps.strategies.questions import SIDES, Questions, exact_column


@dataclass(frozen=True, eq=False)
class SignalSets:
    """The distinct pairs of strategy parameters and direction of some cells.

    Attributes:
        first_cells: Raw index of a cell of each set, ascending, shape (sets,).
        sides: Which sides may trade, of `questions.SIDES`, shape (sets,).
        set_of_run: Set of each run, shape (runs,).
        periods: Distinct periods of ATR stops.
        period_of_run: Which of them a run reads, -1 for none.
        cutoffs: Distinct ends of sessions.
        cutoff_of_run: Which of them a run reads, -1 for none.
    """

    first_cells: IndexArray
    sides: IndexArray
    set_of_run: IndexArray
    periods: tuple[int, ...]
    period_of_run: IndexArray
    cutoffs: tuple[str, ...]
    cutoff_of_run: IndexArray

    @cached_property
    def shorts(self) -> bool:
        """Whether any set may go short."""
        return bool((self.sides != packing.LONG).any())


def signal_sets(grid: Grid, indices: IndexArray) -> SignalSets:
    """Return the signal sets of some cells, ascending indices; sets keep the order of the cells."""
    directions, direction_of_run = _read(grid, "direction", indices)
    periods, period_of_run = _read(grid, "atr_stop_period", indices)
    cutoffs, cutoff_of_run = _read(grid, "session_end", indices)
    keys = indices // cells_a_question(grid) * len(directions) + direction_of_run
    used, first, set_of_run = np.unique(keys, return_index=True, return_inverse=True)
    return SignalSets(
        first_cells=indices[first],
        sides=np.array([SIDES[direction] for direction in directions], dtype=np.int64)[
            used % len(directions)
        ],
        set_of_run=set_of_run.astype(np.int64),
        periods=tuple(periods),
        period_of_run=period_of_run,
        cutoffs=tuple(cutoffs),
        cutoff_of_run=cutoff_of_run,
    )


def settings_of(grid: Grid, indices: IndexArray, periods_per_year: float) -> FloatArray:
    """Return the kernel's settings of each run, as `settings_table` does; equal ones are read once.

    Args:
        grid: The grid.
        indices: Raw indices of the cells, shape (runs,).
        periods_per_year: Bars a year.
    """
    inner = cells_a_question(grid)
    of_run, first = distinct(indices % inner, inner)
    cells = indices[first]
    values = {name: grid.taken(name, cells) for name in SETTING_COLUMNS}
    return settings_table(values, periods_per_year)[of_run]


class ParameterColumns:
    """The strategy's own parameters of any cells of a grid, as declared."""

    def __init__(self, grid: Grid) -> None:
        self._columns: list[tuple[str, int, npt.NDArray[Any]]] = []
        self._grid = grid
        for place, axis in enumerate(grid.axes):
            if axis.section == "strategy":
                for name in axis.names:
                    self._columns.append((name, place, exact_column(axis.column(name))))

    def questions(self, cells: IndexArray, sides: IndexArray) -> Questions:
        """Return what a strategy is asked for some cells, each with the sides that may trade."""
        positions = self._grid.positions_on
        columns = {name: column[positions(place, cells)] for name, place, column in self._columns}
        return Questions(columns, sides)


def _read(grid: Grid, name: str, indices: IndexArray) -> tuple[list[Any], IndexArray]:
    """Return a setting's distinct values, off left out, and which of them each cell has; -1 is off."""
    place = next(at for at, axis in enumerate(grid.axes) if name in axis.names)
    values = grid.axes[place].column(name)
    there = [value for value in dict.fromkeys(values) if value is not None]
    codes = np.array([-1 if value is None else there.index(value) for value in values], dtype=np.int64)
    return there, codes[indices // grid.strides[place] % len(values)]
