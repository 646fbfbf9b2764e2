"""Columns mode: a strategy asked once for many parameter sets.

A function is called with a :class:`Column` for each parameter, which has a value for each set.
What it asks of ``ind`` are then :class:`Rows`: the distinct rows, and which of them each set reads. It may

- calculate with columns and single values (``2 * slow``, ``25 * (a + b)``, ``np.sqrt(entry_z)``), which
  gives for each set what it gives for the set alone,
- ask any indicator with columns, numbers and texts (``ind.sma(fast)``, ``ind.macd(fast, slow, 9)``),
- compare rows with rows, numbers or columns: ``ind.rsi(period) > level``, ``Above(fast, slow)``,
- return ``rows * column`` as ``stop_distance``.

Anything else raises, and the sets are asked one by one. The same function answers for one set of plain
numbers, as everywhere outside of a sweep. ``@strategy(columns=True)`` declares that all this is meant.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

from sweeps.bars.frame import Bars
from sweeps.strategies.column import Codes, Column, joined, rows_of
from sweeps.strategies.contract import Above, FloatArray
from sweeps.strategies.errors import ColumnsError, TooManyRowsError
from sweeps.strategies.indicators import Indicators

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
        factor = numbers_of(factors[0], len(self.of_set))
        if self.scale is not None or factor is None:
            raise ColumnsError("rows are multiplied once, by a number or by a column of numbers")
        return Rows(self.rows, self.of_set, factor)

    def __array_function__(self, function: Callable[..., Any], *_: Any) -> Any:
        raise ColumnsError(f"rows of an indicator are not for {function.__name__}")

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise ColumnsError("rows of an indicator are no array")


def numbers_of(given: Any, sets: int) -> FloatArray | None:
    """Return the number of each set, shape (sets,); None if that is no number and no column of numbers."""
    if isinstance(given, Column):
        return given.numbers()
    return np.full(sets, float(given)) if isinstance(given, (int, float)) else None


class ColumnIndicators:
    """Indicators as a strategy sees them in columns mode: the methods of :class:`Indicators`, giving Rows.

    Made for one call by one thread.

    Attributes:
        bars: The bars, as ever.
        warm: First bar by which all that a set used is known, shape (sets,).
        near: Rounded rows, by which rows are compared first.
        refused: What was refused of the call's columns.
    """

    def __init__(self, ind: Indicators, sets: int) -> None:
        self.bars: Bars = ind.bars
        self.warm: Codes = np.zeros(sets, np.int64)
        self._ind, self._sets, self.near = ind, sets, ind.near
        self._asked_rows: set[tuple[str, ...]] = set()
        self.refused: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._ind, name)
        if name.startswith("_") or not callable(method) or name == "recording":
            raise ColumnsError(f"there is no ind.{name}")
        return lambda *given, **named: self._asked(method, given, named)

    def _asked(
        self, method: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]
    ) -> Rows | tuple[Rows, ...]:
        """Return what a method gives for each set; it is called once for all that ask the same."""
        everything = (*given, *named.values())
        of_set, first = joined([one for one in everything if isinstance(one, Column)], self._sets)
        answers, warms = [], []
        each = rows_of(everything, first)
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

    def _reserve(self, rows: set[tuple[str, ...]]) -> None:
        """Count what is asked, each row once, before it is made."""
        self._asked_rows |= rows
        if 8 * len(self._asked_rows) * len(self.bars) > MOST_BYTES and self._sets > 1:
            raise TooManyRowsError(len(self._asked_rows), self._sets)
