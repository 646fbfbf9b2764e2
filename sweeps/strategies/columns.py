"""Columns mode: a strategy asked once for many parameter sets.

A function is called with a :class:`Column` for each parameter that is a number, with a value for each set.
What it asks of ``ind`` are then :class:`Rows`: the distinct rows, and which of them each set reads. It may

- do as it likes with flags and texts, which are plain values: it is called once for each combination of them,
- calculate with columns and single values (``2 * slow``, ``25 * (a > b)``, ``np.sqrt(entry_z)``), which
  gives for each set what it gives for the set alone,
- ask any indicator with columns, numbers and texts (``ind.sma(fast)``, ``ind.macd(fast, slow, 9)``),
- compare rows with rows, numbers or columns: ``ind.rsi(period) > level``, ``Above(fast, slow)``,
- return ``rows * column`` as ``stop_distance``.

Anything else raises, and the sets are asked one by one. Whatever is raised is noted as well, so that what
catches it (a package's own code) cannot go on with one answer for all. The same function answers for one
set of plain numbers, as everywhere outside of a sweep. ``@strategy(columns=True)`` declares that all this is
meant.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

from sweeps.bars.frame import Bars
from sweeps.strategies.column import Codes, Column, Refusing, joined, noted, refusing, rows_of
from sweeps.strategies.contract import Above, FloatArray
from sweeps.strategies.errors import ColumnsError, TooManyRowsError
from sweeps.strategies.indicators import Indicators

MOST_BYTES = 256 * 1024 * 1024
"""Rows that one call may hold; fewer sets are asked at once where theirs are more."""


class Rows(NDArrayOperatorsMixin, Refusing):
    """Rows of one value a bar, and which of them each parameter set reads.

    Attributes:
        rows: Distinct rows, each of shape (bars,).
        of_set: Which of them a set reads, shape (sets,).
        scale: What a set multiplies its row with, shape (sets,); None for the rows as they are.
    """

    __slots__ = ("of_set", "refused", "rows", "scale")
    __hash__ = Refusing.__hash__
    __getitem__ = refusing("getitem")
    meaning = "an indicator asked by a column has a row for each set"

    def __init__(
        self,
        rows: Sequence[npt.NDArray[Any]],
        of_set: Codes,
        refused: list[str],
        scale: FloatArray | None = None,
    ) -> None:
        self.rows, self.of_set, self.refused, self.scale = tuple(rows), of_set, refused, scale

    def __array_ufunc__(
        self, function: np.ufunc, method: str, *given: Any, **further: Any
    ) -> "Rows | Higher":
        if further:
            self.refuse(", ".join(further))
        if function in (np.greater, np.less) and method == "__call__":
            left, right = map(_as_now, given if function is np.greater else given[::-1])
            return Higher(left, right, self.refused)
        factors = [one for one in given if one is not self]
        if function is not np.multiply or method != "__call__" or len(factors) != 1:
            self.refuse(function.__name__)
        factor = numbers_of(factors[0], len(self.of_set))
        if self.scale is not None or factor is None:
            self.refuse("factor but one, a number or a column of numbers")
        return Rows(self.rows, self.of_set, self.refused, factor)

    def __array_function__(self, function: Callable[..., Any], *_: Any) -> Any:
        self.refuse(function.__name__)


class Higher(Above, Refusing):
    """What comes of rows that are compared: a state, an entry or an exit of each set, and nothing else."""

    __slots__ = ("refused",)
    __array__, __getitem__ = refusing("array"), refusing("getitem")
    meaning = "a comparison of rows is a state, an entry or an exit"

    def __init__(self, left: Any, right: Any, refused: list[str]) -> None:
        self.left, self.right, self.refused = left, right, refused


def _as_now(given: Any) -> Any:
    """Return a side of a comparison, which is read later, as it is now."""
    return given.copy() if isinstance(given, np.ndarray) and given.flags.writeable else given


def numbers_of(given: Any, sets: int) -> FloatArray | None:
    """Return the number of each set, shape (sets,); None if that is no number and no column of numbers."""
    if isinstance(given, Column):
        return given.numbers()
    return np.full(sets, float(given)) if isinstance(given, (int, float)) else None


class Call:
    """What all columns, and all rows that they ask for, of one call share.

    Attributes:
        refused: What was refused of them.
    """

    def __init__(self, sets: int, bars: int) -> None:
        self.refused: list[str] = []
        self._sets, self._bars, self._rows = sets, bars, 0
        self._asked: set[tuple[str, ...]] = set()

    def reserve(self, answers: set[tuple[str, ...]], rows: int) -> None:
        """Count the rows of answers, each answer once, before they are made.

        Raises:
            TooManyRowsError: If they are too many.
        """
        self._rows += rows * len(answers - self._asked)
        self._asked |= answers
        if 8 * self._rows * self._bars > MOST_BYTES and self._sets > 1:
            raise TooManyRowsError(self._rows, self._sets)


class ColumnIndicators:
    """Indicators as a strategy sees them in columns mode: the methods of :class:`Indicators`, giving Rows.

    Made for one call by one thread.

    Attributes:
        bars: The bars, as ever.
        warm: First bar by which all that a set used is known, shape (sets,).
    """

    def __init__(self, ind: Indicators, sets: int, call: Call) -> None:
        self.bars: Bars = ind.bars
        self.warm: Codes = np.zeros(sets, np.int64)
        self._ind, self._sets, self._call = ind, sets, call

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._ind, name, None)
        if name.startswith("_") or not callable(method) or name == "recording":
            self._call.refused.append(f"there is no ind.{name}")
            raise ColumnsError(self._call.refused[-1])
        return lambda *given, **named: self._asked(method, given, named)

    def _asked(
        self, method: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]
    ) -> Rows | tuple[Rows, ...]:
        """Return what a method gives for each set; it is called once for all that ask the same."""
        everything = (*given, *named.values())
        of_set, first = joined([one for one in everything if isinstance(one, Column)], self._sets)
        answers, warms = [], []
        with noted(self._call.refused), self._ind.recording() as used:
            for asked in (each := rows_of(everything, first)):
                used.warm = 0
                further = dict(zip(named, asked[len(given) :], strict=True)) if named else {}
                answers.append(method(*asked[: len(given)], **further))
                warms.append(used.warm)
                if len(answers) == 1:
                    rows = len(answers[0]) if isinstance(answers[0], tuple) else 1
                    self._call.reserve({(method.__name__, *map(repr, one), *named) for one in each}, rows)
        np.maximum(self.warm, np.array(warms)[of_set], out=self.warm)
        refused = self._call.refused
        if isinstance(answers[0], tuple):
            return tuple(Rows(rows, of_set, refused) for rows in zip(*answers, strict=True))
        return Rows(answers, of_set, refused)
