"""Questions: what a strategy is asked, many parameter sets at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping import packing
from sweeps.strategies.column import Column
from sweeps.strategies.contract import Direction

Question = tuple[Mapping[str, Any], Direction]
"""A parameter set, and which sides may trade."""

DIRECTIONS: tuple[Direction, ...] = ("long", "short", "both")
SIDES: dict[Direction, int] = {"long": packing.LONG, "short": packing.SHORT, "both": packing.BOTH}

_PLAIN: dict[type, type[np.generic]] = {int: np.int64, float: np.float64, bool: np.bool_}


@dataclass(frozen=True, eq=False)
class Questions:
    """Parameter sets as columns; iterating gives them one by one.

    Attributes:
        columns: Values by parameter name, each of shape (sets,): int64, float64, booleans, or objects.
        sides: Which sides may trade, of `SIDES`, shape (sets,).
    """

    columns: Mapping[str, npt.NDArray[Any]]
    sides: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.sides)

    def __iter__(self) -> Iterator[Question]:
        names = tuple(self.columns)
        directions = [DIRECTIONS[side] for side in self.sides.tolist()]
        if not names:
            yield from (({}, direction) for direction in directions)
            return
        rows = zip(*(column.tolist() for column in self.columns.values()), strict=True)
        for row, direction in zip(rows, directions, strict=True):
            yield dict(zip(names, row, strict=True)), direction

    @cached_property
    def alike(self) -> list[npt.NDArray[np.int64]]:
        """Places of the sets whose flags and texts are the same; of all, if there are only numbers."""
        codes = np.zeros(len(self), np.int64)
        for column in self.columns.values():
            if not _has_numbers(column):
                known: dict[tuple[type, Any], int] = {}
                code = [known.setdefault((type(one), one), len(known)) for one in column.tolist()]
                _, codes = np.unique(codes * len(known) + code, return_inverse=True)
        order = np.argsort(codes, kind="stable")
        return np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)

    def at_once(self, refused: list[str]) -> dict[str, Any]:
        """Return numbers as columns; flags and texts, which are the same in all sets, as they are."""
        return {
            name: Column.of(column, refused) if _has_numbers(column) else column[:1].tolist()[0]
            for name, column in self.columns.items()
        }

    def values(self) -> dict[tuple[str, Any], int]:
        """Return the first set of each value of each parameter."""
        first: dict[tuple[str, Any], int] = {}
        for name, column in self.columns.items():
            for place, value in enumerate(column.tolist()):
                first.setdefault((name, value), place)
        return first

    def part(self, places: slice | list[int] | npt.NDArray[np.int64]) -> "Questions":
        """Return some of the questions."""
        columns = {name: column[places] for name, column in self.columns.items()}
        return Questions(columns, self.sides[places])


def _has_numbers(column: npt.NDArray[Any]) -> bool:
    if column.dtype.kind == "O":
        return all(type(one) in (int, float) for one in column.tolist())
    return column.dtype.kind != "b"


def exact_column(values: Sequence[Any]) -> npt.NDArray[Any]:
    """Return values as a column from which `tolist` gives them back; objects where no plain type can."""
    kinds = {type(value) for value in values}
    plain = _PLAIN.get(kinds.pop()) if len(kinds) == 1 else None
    if plain is not None and (plain is not np.int64 or max(map(abs, values)) < 2**63):
        return np.array(values, dtype=plain)
    column = np.empty(len(values), dtype=np.object_)
    column[:] = values
    return column


@dataclass(eq=False)
class Trust:
    """What is known of a strategy and columns, shared by all that ask it.

    Attributes:
        values: Values of parameters for which its answer to columns was held against that to numbers.
        refused: Whether it once answered otherwise, and is not asked columns again.
    """

    values: set[tuple[str, Any]] = field(default_factory=set)
    refused: bool = False
