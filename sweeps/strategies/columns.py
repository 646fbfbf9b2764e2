"""Columns mode: a strategy asked once for many parameter sets.

A function is called with a column for each parameter, one value a set.
What it asks of ``ind`` are then :class:`Rows`: the distinct rows, and which of them each set reads. It may

- calculate with columns alone (``2 * slow``, ``-entry_z``),
- ask any indicator with columns, numbers and texts (``ind.sma(fast)``, ``ind.macd(fast, slow, 9)``),
- compare rows with rows, numbers or columns: ``ind.rsi(period) > level``, ``Above(fast, slow)``,
- return ``rows * column`` as ``stop_distance``.

Anything else raises, and the sets are asked one by one. The same function answers for one set of plain
numbers, as everywhere outside of a sweep. ``@strategy(columns=True)`` declares that all this is meant.
"""

from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

from sweeps.bars.frame import Bars
from sweeps.strategies.contract import Above, FloatArray
from sweeps.strategies.errors import ColumnsError, TooManyRowsError
from sweeps.strategies.indicators import Indicators

Column = npt.NDArray[Any]
Codes = npt.NDArray[np.int64]

MOST_BYTES = 256 * 1024 * 1024
"""Rows that one call may hold; fewer sets are asked at once where theirs are more."""


class Rows(NDArrayOperatorsMixin):
    """Rows of one value a bar, and which of them each parameter set reads.

    Attributes:
        rows: Distinct rows, each of shape (bars,).
        of_set: Which of them a set reads, shape (sets,).
        scale: What a set multiplies its row with, shape (sets,); None for the rows as they are.
    """

    __slots__ = ("of_set", "rows", "scale")

    def __init__(
        self, rows: Sequence[npt.NDArray[Any]], of_set: Codes, scale: FloatArray | None = None
    ) -> None:
        self.rows, self.of_set, self.scale = tuple(rows), of_set, scale

    def __array_ufunc__(self, function: np.ufunc, method: str, *given: Any, **further: Any) -> "Rows | Above":
        if further:
            raise ColumnsError(f"rows of an indicator take no {', '.join(further)}")
        if function in (np.greater, np.less) and method == "__call__":
            left, right = given if function is np.greater else given[::-1]
            return Above(left, right)
        factors = [one for one in given if one is not self]
        if function is not np.multiply or method != "__call__" or len(factors) != 1:
            raise ColumnsError(f"rows of an indicator are not for {function.__name__}")
        factor = factors[0]
        if self.scale is not None or not _is_number(factor, len(self.of_set)):
            raise ColumnsError("rows are multiplied once, by a number or by a column of numbers")
        return Rows(self.rows, self.of_set, np.full(len(self.of_set), factor, dtype=np.float64))

    def __array_function__(self, function: Callable[..., Any], *_: Any) -> Any:
        raise ColumnsError(f"rows of an indicator are not for {function.__name__}")

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise ColumnsError("rows of an indicator are no array")


def _is_number(value: Any, sets: int) -> bool:
    if isinstance(value, np.ndarray):
        return value.shape == (sets,) and value.dtype.kind in "iuf"
    return isinstance(value, (int, float))


class ColumnIndicators:
    """Indicators as a strategy sees them in columns mode: the methods of :class:`Indicators`, giving Rows.

    Made for one call by one thread.

    Attributes:
        bars: The bars, as ever.
        warm: First bar by which all that a set used is known, shape (sets,).
        near: Rounded rows, by which rows are compared first.
    """

    def __init__(self, ind: Indicators, sets: int) -> None:
        self.bars: Bars = ind.bars
        self.warm: Codes = np.zeros(sets, np.int64)
        self._ind, self._sets, self.near = ind, sets, ind.near
        self._asked_rows: set[tuple[str, ...]] = set()
        self._known: dict[int, tuple[Column, Codes, int]] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._ind, name)
        if name.startswith("_") or not callable(method) or name == "recording":
            raise ColumnsError(f"there is no ind.{name}")
        return lambda *given, **named: self._asked(method, given, named)

    def codes(self, column: Column) -> tuple[Codes, int]:
        """Return which distinct value each set has, shape (sets,), and how many there may be."""
        found = self._known.get(id(column))
        if found is None:
            found = column, *_codes(column)
            self._known[id(column)] = found
        return found[1], found[2]

    def _asked(
        self, method: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]
    ) -> Rows | tuple[Rows, ...]:
        """Return what a method gives for each set; it is called once for all that ask the same."""
        everything = (*given, *named.values())
        of_set, first = np.zeros(self._sets, np.int64), np.zeros(1, np.int64)
        for column in filter(self._is_column, everything):
            codes, more = self.codes(column)
            of_set, first = distinct(of_set * more + codes, len(first) * more)
        answers, warms = [], []
        lists = (one[first].tolist() if self._is_column(one) else repeat(one) for one in everything)
        each = [asked for _, *asked in zip(first, *lists, strict=False)]
        self._reserve({(method.__name__, *map(repr, asked), *named) for asked in each})
        with self._ind.recording() as used:
            for asked in each:
                used.warm = 0
                further = dict(zip(named, asked[len(given) :], strict=True)) if named else {}
                answers.append(method(*asked[: len(given)], **further))
                warms.append(used.warm)
        np.maximum(self.warm, np.array(warms)[of_set], out=self.warm)
        if isinstance(answers[0], tuple):
            return tuple(Rows(rows, of_set) for rows in zip(*answers, strict=True))
        return Rows(answers, of_set)

    def _is_column(self, given: Any) -> bool:
        return isinstance(given, np.ndarray) and given.shape == (self._sets,)

    def _reserve(self, rows: set[tuple[str, ...]]) -> None:
        """Count what is asked, each row once, before it is made."""
        self._asked_rows |= rows
        if 8 * len(self._asked_rows) * len(self.bars) > MOST_BYTES and self._sets > 1:
            raise TooManyRowsError(len(self._asked_rows), self._sets)


def distinct(keys: Codes, size: int) -> tuple[Codes, Codes]:
    """Return which distinct key each one is, and where each distinct key stands first.

    Args:
        keys: Numbers in [0, size), shape (k,).
        size: Their bound; far above k it costs a sort.
    """
    if size > 16 * len(keys):
        _, first, codes = np.unique(keys, return_index=True, return_inverse=True)
        return codes, first
    at = np.full(size, -1, np.int64)
    at[keys[::-1]] = np.arange(len(keys) - 1, -1, -1)
    used = np.flatnonzero(at >= 0)
    first = at[used]
    at[used] = np.arange(len(used))
    return at[keys], first


def _codes(column: Column) -> tuple[Codes, int]:
    """Return which distinct value each one is, and a bound of these codes."""
    if column.dtype.kind in "iub":
        low, high = int(column.min()), int(column.max())
        if high - low < 16 * len(column):
            return column.astype(np.int64) - low, high - low + 1
    values, codes = np.unique(column, return_inverse=True)
    return codes.astype(np.int64), len(values)
