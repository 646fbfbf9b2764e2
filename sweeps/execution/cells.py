"""Cells: which runs of a block share signals, and what the strategy is asked for them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sweeps.execution.scene import Variant
from sweeps.spec.grid import Grid, IndexArray
from sweeps.spec.rules import Value

_VARIANT_NAMES = ("direction", "atr_stop_period", "session_end")


@dataclass(frozen=True, eq=False)
class Group:
    """Runs of a block that share what the kernel reads.

    Attributes:
        signal_key: Equal for the runs that share the strategy's parameters and direction.
        variant: The settings beside the parameters that decide what the kernel reads.
        rows: Places of the runs in the block, ascending.
    """

    signal_key: tuple[int, str]
    variant: Variant
    rows: IndexArray


def groups(grid: Grid, indices: IndexArray) -> Iterator[Group]:
    """Yield the groups of some cells, those of one signal key next to each other.

    Strategy parameters are the slowest axes of a grid, so that cells in raw order have them in runs.
    """
    keys = [indices // cells_a_question(grid)]
    readings = []
    for name in _VARIANT_NAMES:
        place = next(at for at, axis in enumerate(grid.axes) if name in axis.names)
        values = grid.axes[place].column(name)
        distinct = list(dict.fromkeys(values))
        codes = np.array([distinct.index(value) for value in values])
        keys.append(codes[indices // grid.strides[place] % len(grid.axes[place])])
        readings.append(distinct)
    table = np.stack(keys, axis=1)
    order = np.lexsort(keys[::-1])
    changes = (table[order][1:] != table[order][:-1]).any(axis=1)
    for rows in np.split(order, np.flatnonzero(changes) + 1):
        signal, *codes = table[rows[0]].tolist()
        variant = Variant(*(values[code] for values, code in zip(readings, codes, strict=True)))
        yield Group((signal, variant.direction), variant, rows)


def strategy_parameters(grid: Grid, index: int) -> dict[str, Value]:
    """Return the strategy's own parameters of one cell, as declared."""
    row = grid.row(index)
    return {name: row[name] for axis in grid.axes if axis.section == "strategy" for name in axis.names}


def cells_a_question(grid: Grid) -> int:
    """Return how many neighbouring cells share the strategy's parameters: they ask it the same."""
    return int(np.prod([len(axis) for axis in grid.axes if axis.section != "strategy"]))
