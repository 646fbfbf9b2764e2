"""Conditions: what a state, an entry or an exit compares, by the addresses of its rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping import conditions as kinds
from sweeps.simulation.hopping.conditions import Conditions, chosen, conditions
from sweeps.simulation.hopping.lines import address
from sweeps.simulation.hopping.packing import pack_conditions, words_of
from sweeps.strategies.column import Codes, Column, distinct
from sweeps.strategies.columns import Rows, numbers_of
from sweeps.strategies.contract import Above
from sweeps.strategies.errors import ColumnsError

Condition = tuple[int, int, int, float]
"""Kind, left address, right address, value; see `Conditions`."""

OFTEN = 8
"""Sets a row, from which on it pays to cut rows and compare these first."""

NEVER: Condition = kinds.NEVER, 0, 0, 0.0


class SharedRows:
    """The rows that many sets compare, by address, and which of them each is, counted from 1."""

    def __init__(self) -> None:
        self._known: dict[int, int] = {}

    def of(self, addresses: Codes) -> Codes:
        """Return which some rows are, shape (rows,)."""
        known = self._known
        return np.array([known.setdefault(at, len(known) + 1) for at in addresses.tolist()], np.int64)

    def addresses(self) -> Codes:
        """Return the addresses of all."""
        return np.array(list(self._known), np.int64)


class Addresses:
    """Where the windows of rows begin; rows stay alive as long as this does.

    Rows that somebody may write to again, as a strategy that fills one array for every set, are copied.
    """

    def __init__(self, bars: int, start: int) -> None:
        self._bars, self._start = bars, start
        self._known: dict[int, tuple[int, Any]] = {}
        self._copies: list[Any] = []

    def of(self, row: Any, kind: type[np.generic] = np.float64) -> int:
        """Return the address of a row's window; 0 if it is no plain row of that kind and the right length."""
        if type(row) is np.ndarray and row.flags.writeable:
            if row.dtype != kind or row.shape != (self._bars,):
                return 0
            copy = row[self._start :].copy()
            self._copies.append(copy)
            return address(copy)
        known = self._known.get(id(row))
        if known is None:
            held, at = row, 0
            if type(row) is np.ndarray and row.dtype == kind and row.shape == (self._bars,):
                held = np.ascontiguousarray(row)
                at = address(held) + held.itemsize * self._start
            known = at, (row, held)
            self._known[id(row)] = known
        return known[0]

    def condition(self, asked: Any) -> Condition | None:
        """Return the condition that a set asks for; None if it has to go by way of event codes."""
        if type(asked) is np.ndarray:
            at = self.of(asked, np.bool_)
            return (kinds.BYTES, at, 0, 0.0) if at else None
        if type(asked) is not Above:
            return None
        left, right = asked.left, asked.right
        if isinstance(right, (int, float)):
            found = kinds.ABOVE, self.of(left), 0, float(right)
        elif isinstance(left, (int, float)):
            found = kinds.BELOW, self.of(right), 0, float(left)
        else:
            found = kinds.ROWS, self.of(left), self.of(right), 0.0
        return found if found[1] and (found[2] or found[0] != kinds.ROWS) else None


class ColumnConditions:
    """The conditions of many sets that were asked in columns mode.

    A condition that two sets or more share on the average is packed once, and read by them as bits. Rows that
    many sets compare are noted as ``compared``.
    """

    def __init__(self, compared: SharedRows, bars: int, start: int, sets: int) -> None:
        self._compared, self._bars, self._start, self.sets = compared, bars, start, sets
        self._addresses = Addresses(bars, start)
        self._made: dict[int, tuple[Any, Conditions]] = {}
        self._bits: list[npt.NDArray[Any]] = []  # alive while their addresses are read

    def of(self, asked: Any) -> Conditions:
        """Return one condition a set, shape (sets,).

        Raises:
            ColumnsError: If it is nothing that columns mode knows.
        """
        made = self._made.get(id(asked))
        if made is None:
            made = asked, self._condition(asked)
            self._made[id(asked)] = made
        return made[1]

    def _condition(self, asked: Any) -> Conditions:
        if not isinstance(asked, Above):
            return self._shared(kinds.BYTES, self._rows(asked, np.bool_))
        left, right = asked.left, asked.right
        if numbers_of(right, self.sets) is not None:
            return self._shared(kinds.ABOVE, self._rows(left), values=right)
        if numbers_of(left, self.sets) is not None:
            return self._shared(kinds.BELOW, self._rows(right), values=left)
        both = self._rows(left), self._rows(right)
        whole = self._shared(kinds.ROWS, *both)
        if whole.kind[0] == kinds.ROWS and all(OFTEN * len(at) <= self.sets for at, _ in both):
            whole.left_coarse[:], whole.right_coarse[:] = (
                self._compared.of(at)[of_set] for at, of_set in both
            )
        return whole

    def _rows(self, given: Any, kind: type[np.generic] = np.float64) -> tuple[Codes, Codes]:
        """Return the addresses of distinct rows, and which of them each set reads."""
        rows, of_set = self._parts(given)
        at = np.array([self._addresses.of(row, kind) for row in rows], dtype=np.int64)
        if not at.all():
            found = type(given).__name__
            raise ColumnsError(f"a condition is of rows, numbers and columns of numbers, not {found}")
        return at, of_set

    def _parts(self, given: Any) -> tuple[Sequence[Any], Codes]:
        if isinstance(given, Rows) and given.scale is None:
            return given.rows, given.of_set
        return (given,), np.zeros(self.sets, np.int64)

    def _shared(
        self,
        kind: int,
        left: tuple[Codes, Codes],
        right: tuple[Codes, Codes] | None = None,
        values: Any = 0.0,
    ) -> Conditions:
        whole = conditions((self.sets,))
        whole.kind[:], whole.left[:] = kind, left[0][left[1]]
        keys, size = left[1], len(left[0])
        if right is not None:
            whole.right[:] = right[0][right[1]]
            keys, size = keys * len(right[0]) + right[1], size * len(right[0])
        else:
            whole.value[:] = numbers_of(values, self.sets)
        if isinstance(values, Column):
            keys, size = keys * len(values.values) + values.of_set, size * len(values.values)
        codes, first = distinct(keys, size)
        if 2 * len(first) > self.sets:
            return whole
        bits = np.empty((len(first), words_of(self._bars - self._start)), np.uint64)
        pack_conditions(chosen(whole, first), self._bars - self._start, bits)
        self._bits.append(bits)
        whole.kind[:], whole.left[:] = kinds.BITS, address(bits) + bits.strides[0] * codes
        return whole
